//! Text to a tree of values: YAML or JSON, with syntax errors that say where.
//!
//! A key that stands twice in one map is refused: the usual readers keep the last
//! one, and a node would vanish without a word.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::MAX_FILE_BYTES;
use crate::error::{Error, ErrorKind, Result};

/// The deepest brackets; both readers stop at 128 levels by themselves, but late.
const MAX_BRACKETS: usize = 256;

/// Reads `text` as JSON when it starts with `{`, as YAML otherwise.
pub(super) fn read(text: &str) -> Result<Value> {
    if text.len() > MAX_FILE_BYTES {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "the job file has {} bytes, more than {MAX_FILE_BYTES}",
                text.len()
            ),
        ));
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(Error::invalid("the job file is empty"));
    }
    refuse_depth(text)?;
    if !text.trim_start().starts_with('{') {
        return read_yaml(text);
    }
    match serde_json::from_str::<Tree>(text) {
        Ok(tree) => Ok(tree.0),
        // `{a: b}` is a YAML map that looks like JSON.
        Err(error) => serde_yaml_ng::from_str::<Tree>(text)
            .map(|tree| tree.0)
            .map_err(|_| {
                let place = format!("line {}, column {}", error.line(), error.column());
                let what = error.to_string();
                let what = what.split(" at line ").next().unwrap_or_default();
                Error::invalid(format!("the job file is not JSON: {place}: {what}"))
            }),
    }
}

/// The YAML reader's time grows with the depth of brackets times the length of the text.
fn refuse_depth(text: &str) -> Result<()> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACKETS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("the job file nests more than {MAX_BRACKETS} brackets"),
            ));
        }
    }
    Ok(())
}

fn read_yaml(text: &str) -> Result<Value> {
    serde_yaml_ng::from_str::<Tree>(text)
        .map(|tree| tree.0)
        .map_err(|error| {
            let place = error.location().map_or_else(String::new, |at| {
                format!("line {}, column {}: ", at.line(), at.column())
            });
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            Error::invalid(format!("the job file is not YAML: {place}{what}"))
        })
}

struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Tree)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map, a list, a text, a number, true, false or null")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Tree(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(Tree(key)) = map.next_key()? {
            let key = match key {
                Value::String(key) => key,
                // A YAML key such as `1:` or `2023:` is meant as a name.
                Value::Number(key) => key.to_string(),
                Value::Bool(key) => key.to_string(),
                _ => return Err(A::Error::custom("a key must be a text")),
            };
            if members.contains_key(&key) {
                return Err(A::Error::custom(format!("the key \"{key}\" stands twice")));
            }
            let Tree(value) = map.next_value()?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}
