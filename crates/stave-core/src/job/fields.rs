//! Reads the members of a node from a tree of values, with errors that name the member.

use serde_json::{Map, Value};

use super::ColumnPath;
use super::words::Word;
use super::wrong::{Read, Wrong};
use crate::error::Error;
use crate::nearest;

/// What a value is, in words.
fn sort_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn wanted(what: &str, found: &Value) -> Error {
    Error::invalid(format!("{what} is wanted, not {}", sort_of(found)))
}

/// A text; whole numbers, true and false are taken as they are written.
pub(super) fn text_of(value: &Value, place: &str) -> Read<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
        Value::Number(_) => Err(Wrong::at(
            place,
            wanted("a text", value).hint("put the number in quotes"),
        )),
        other => Err(Wrong::at(place, wanted("a text", other))),
    }
}

/// A list, each element read by `each` with its place.
fn list_of<T>(value: &Value, place: &str, each: impl Fn(&Value, &str) -> Read<T>) -> Read<Vec<T>> {
    match value {
        Value::Array(values) => values
            .iter()
            .enumerate()
            .map(|(at, value)| each(value, &format!("{place}[{at}]")))
            .collect(),
        other => Err(Wrong::at(place, wanted("a list", other))),
    }
}

/// A column's path: a list of its parts, or one word.
fn path_of(value: &Value, place: &str) -> Read<ColumnPath> {
    let part = |value: &Value, place: &str| -> Read<String> {
        let text = text_of(value, place)?;
        // Glue's scripts put a part that holds a dot in backticks; it means the same.
        let plain = text
            .strip_prefix('`')
            .and_then(|text| text.strip_suffix('`'))
            .unwrap_or(&text);
        if plain.is_empty() {
            return Err(Wrong::at(
                place,
                Error::invalid("the column's name is empty"),
            ));
        }
        Ok(plain.to_owned())
    };
    let path = match value {
        Value::Array(_) => list_of(value, place, part)?,
        word => vec![part(word, place)?],
    };
    if path.is_empty() {
        return Err(Wrong::at(
            place,
            Error::invalid("the column's path is empty"),
        ));
    }
    Ok(path)
}

fn word_of<W: Word>(text: &str, place: &str) -> Read<W> {
    W::from_word(text).ok_or_else(|| {
        let words = W::WORDS.iter().map(|(word, _)| *word);
        Wrong::at(
            place,
            Error::invalid(format!("there is no \"{text}\" here")).hint(nearest::hint(text, words)),
        )
    })
}

/// The members of a node or of a map inside one, which remembers what it was asked for.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    place: String,
    asked: Vec<&'static str>,
    kept: Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The members of a node.
    pub fn of(map: &'a Map<String, Value>) -> Self {
        Self::inside(map, String::new())
    }

    fn inside(map: &'a Map<String, Value>, place: String) -> Self {
        Self {
            map,
            place,
            asked: Vec::new(),
            kept: Map::new(),
        }
    }

    /// The place of a member, from the node on: `Columns[0].Keys`.
    pub fn place(&self, name: &str) -> String {
        if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.place)
        }
    }

    /// An error about a member.
    pub fn wrong(&self, name: &str, error: Error) -> Wrong {
        Wrong::at(self.place(name), error)
    }

    /// An error about what these members belong to.
    pub fn wrong_here(&self, error: Error) -> Wrong {
        if self.place.is_empty() {
            Wrong::whole(error)
        } else {
            Wrong::at(self.place.clone(), error)
        }
    }

    /// A member as it stands; null is none.
    pub fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str) -> Read<&'a Value> {
        self.value(name).ok_or_else(|| {
            let near = nearest::nearest(name, self.map.keys().map(String::as_str))
                .filter(|near| !self.asked.contains(near));
            let error = Error::invalid("is missing");
            self.wrong(
                name,
                match near {
                    Some(near) => error.hint(format!("there is \"{near}\": is that what it is?")),
                    None => error,
                },
            )
        })
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &'static str) -> Read<String> {
        let value = self.required(name)?;
        text_of(value, &self.place(name))
    }

    /// A text that must be there and not be empty.
    pub fn filled_text(&mut self, name: &'static str) -> Read<String> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            return Err(self.wrong(name, Error::invalid("is empty")));
        }
        Ok(text)
    }

    /// A text that may be absent.
    pub fn text_opt(&mut self, name: &'static str) -> Read<Option<String>> {
        let value = self.value(name);
        value
            .map(|value| text_of(value, &self.place(name)))
            .transpose()
    }

    /// One character; an empty text is none.
    pub fn character_opt(&mut self, name: &'static str) -> Read<Option<char>> {
        let Some(text) = self.text_opt(name)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) if one.is_ascii() => Ok(Some(one)),
            _ => Err(self.wrong(
                name,
                Error::invalid(format!("one ASCII character is wanted, not \"{text}\"")),
            )),
        }
    }

    /// True or false, also as a text that a parameter was filled into.
    pub fn flag_opt(&mut self, name: &'static str) -> Read<Option<bool>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(other) => Err(self.wrong(name, wanted("true or false", other))),
        }
    }

    /// A whole number from 0 to `most`, also as a text.
    pub fn whole_opt(&mut self, name: &'static str, most: u64) -> Read<Option<u64>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number <= most => Ok(Some(number)),
            _ => Err(self.wrong(
                name,
                Error::invalid(format!("a whole number from 0 to {most} is wanted")),
            )),
        }
    }

    /// A number from 0 to 1, also as a text.
    pub fn ratio_opt(&mut self, name: &'static str) -> Read<Option<f64>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if (0.0..=1.0).contains(&number) => Ok(Some(number)),
            _ => Err(self.wrong(name, Error::invalid("a number from 0 to 1 is wanted"))),
        }
    }

    /// One of the words of `W` that must be there.
    pub fn word<W: Word>(&mut self, name: &'static str) -> Read<W> {
        let text = self.text(name)?;
        word_of(&text, &self.place(name))
    }

    /// One of the words of `W`, if it is there and not empty.
    pub fn word_opt<W: Word>(&mut self, name: &'static str) -> Read<Option<W>> {
        let text = self.text_opt(name)?.filter(|text| !text.is_empty());
        text.map(|text| word_of(&text, &self.place(name)))
            .transpose()
    }

    /// A list of texts; none when absent.
    pub fn texts(&mut self, name: &'static str) -> Read<Vec<String>> {
        let value = self.value(name);
        value.map_or(Ok(Vec::new()), |value| {
            list_of(value, &self.place(name), text_of)
        })
    }

    /// A column's path that must be there.
    pub fn path(&mut self, name: &'static str) -> Read<ColumnPath> {
        let value = self.required(name)?;
        path_of(value, &self.place(name))
    }

    /// A list of column paths that must be there.
    pub fn paths(&mut self, name: &'static str) -> Read<Vec<ColumnPath>> {
        let value = self.required(name)?;
        list_of(value, &self.place(name), path_of)
    }

    /// A list of column paths; none when absent.
    pub fn paths_opt(&mut self, name: &'static str) -> Read<Vec<ColumnPath>> {
        let value = self.value(name);
        value.map_or(Ok(Vec::new()), |value| {
            list_of(value, &self.place(name), path_of)
        })
    }

    /// A column's path or a constant: a list of texts, or one text, which may be empty.
    pub fn constant_or_path(&mut self, name: &'static str) -> Read<Vec<String>> {
        let place = self.place(name);
        match self.required(name)? {
            list @ Value::Array(_) => list_of(list, &place, text_of),
            word => Ok(vec![text_of(word, &place)?]),
        }
    }

    /// The map below a member, if it is there.
    pub fn below(&mut self, name: &'static str) -> Read<Option<Fields<'a>>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields::inside(map, self.place(name)))),
            Some(other) => Err(self.wrong(name, wanted("a map", other))),
        }
    }

    /// A list of maps, each read by `each`, which must ask for all of its members.
    pub fn each<T>(
        &mut self,
        name: &'static str,
        each: impl Fn(&mut Fields<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let Some(value) = self.value(name) else {
            return Ok(Vec::new());
        };
        list_of(value, &self.place(name), |value, place| match value {
            Value::Object(map) => {
                let mut fields = Fields::inside(map, place.to_owned());
                let read = each(&mut fields)?;
                fields.finish()?;
                Ok(read)
            }
            other => Err(Wrong::at(place, wanted("a map", other))),
        })
    }

    /// Whether a member was asked for.
    pub fn was_asked(&self, name: &str) -> bool {
        self.asked.contains(&name)
    }

    /// Whether a member is among those that go back as they are.
    pub fn kept_member(&self, name: &str) -> bool {
        self.kept.contains_key(name)
    }

    /// Keeps members that have no effect here, so that they go back.
    pub fn keep(&mut self, names: &[&'static str]) {
        for name in names {
            if let Some(value) = self.value(name) {
                self.kept.insert((*name).to_owned(), value.clone());
            }
        }
    }

    /// Refuses members that would change the result and are not honoured.
    pub fn refuse(&mut self, names: &[&'static str], why: &str) -> Read<()> {
        for name in names {
            if self.value(name).is_some() {
                let error = Error::unsupported(format!("{name} is not supported: {why}"))
                    .hint("remove it from the node");
                return Err(self.wrong(name, error));
            }
        }
        Ok(())
    }

    /// Refuses one word of Glue's by its name.
    pub fn refuse_words(&mut self, name: &'static str, words: &[&str], instead: &str) -> Read<()> {
        match self.text_opt(name)? {
            Some(word) if words.contains(&word.as_str()) => {
                let error = Error::unsupported(format!("{word} is not supported")).hint(instead);
                Err(self.wrong(name, error))
            }
            _ => Ok(()),
        }
    }

    /// What was kept, after every member has been asked for; an unknown one is refused.
    pub fn finish(self) -> Read<Map<String, Value>> {
        for name in self.map.keys() {
            if !self.asked.iter().any(|asked| asked == name) {
                let error = Error::invalid("there is no such member")
                    .hint(nearest::hint(name, self.asked.iter().copied()));
                return Err(self.wrong(name, error));
            }
        }
        Ok(self.kept)
    }
}
