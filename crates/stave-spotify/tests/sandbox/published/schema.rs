//! `schema.txt`, read, and what of an answer is not as it says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The document, by names.
pub(super) struct Schema {
    /// Paths with `{…}` in them, and the type of their answers.
    pub(super) answers: Vec<(String, Type)>,
    objects: BTreeMap<String, Object>,
}

struct Object {
    base: Option<String>,
    members: Vec<Member>,
}

struct Member {
    name: String,
    optional: bool,
    kind: Type,
}

#[derive(Clone)]
pub(super) struct Type {
    what: What,
    nullable: bool,
}

#[derive(Clone)]
enum What {
    Text(Vec<String>),
    Time,
    Number {
        whole: bool,
        range: Option<(f64, f64)>,
    },
    Flag,
    AnyObject,
    List(Box<Type>),
    /// The one that the object's `type` names.
    OneOf(Vec<String>),
}

impl Schema {
    pub(super) fn read(text: &str) -> Self {
        let mut schema = Self {
            answers: Vec::new(),
            objects: BTreeMap::new(),
        };
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (head, rest) = line.split_once(':').expect(line);
            if let Some(path) = head.strip_prefix("GET ") {
                schema
                    .answers
                    .push((path.to_owned(), Type::read(rest.trim())));
                continue;
            }
            let (name, base) = match head.split_once(" = ") {
                Some((name, base)) => (name, Some(base.to_owned())),
                None => (head, None),
            };
            let members = rest
                .split(", ")
                .map(str::trim)
                .filter(|member| !member.is_empty());
            let object = Object {
                base,
                members: members.map(Member::read).collect(),
            };
            assert!(
                schema.objects.insert(name.to_owned(), object).is_none(),
                "{name} twice"
            );
        }
        schema
    }

    /// The path, as the document has it, that `path` is one of.
    pub(super) fn path_of(&self, path: &str) -> Option<&(String, Type)> {
        let path = path.split('?').next().unwrap_or(path);
        let like = |known: &str| {
            let (mut parts, mut known) = (path.split('/'), known.split('/'));
            loop {
                match (parts.next(), known.next()) {
                    (None, None) => return true,
                    (Some(part), Some(known)) if part == known || known.starts_with('{') => {}
                    _ => return false,
                }
            }
        };
        // Fixed words come before ids.
        let mut found: Vec<_> = self
            .answers
            .iter()
            .filter(|(known, _)| like(known))
            .collect();
        found.sort_by_key(|(known, _)| known.matches('{').count());
        found.first().copied()
    }

    pub(super) fn object(name: &str) -> Type {
        Type::read(name)
    }

    fn members(&self, name: &str) -> Vec<&Member> {
        let object = self
            .objects
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not described"));
        let mut members = object
            .base
            .as_deref()
            .map_or_else(Vec::new, |base| self.members(base));
        members.extend(&object.members);
        members
    }

    /// Adds what is not as the document says: `Object.member: what`, below `within`.
    pub(super) fn check(
        &self,
        value: &Value,
        kind: &Type,
        within: &str,
        faults: &mut BTreeSet<String>,
    ) {
        let mut fault = |what: &str| {
            faults.insert(format!("{within}: {what}"));
        };
        if value.is_null() {
            if !kind.nullable {
                fault("null");
            }
            return;
        }
        match (&kind.what, value) {
            (What::Text(allowed), Value::String(text)) => {
                if !allowed.is_empty() && !allowed.contains(text) {
                    fault(&format!("\"{text}\""));
                }
            }
            (What::Time, Value::String(text)) => {
                if text.parse::<jiff::Timestamp>().is_err() {
                    fault("no time");
                }
            }
            (What::Number { whole, range }, Value::Number(number)) => {
                let at = number.as_f64().unwrap_or(f64::NAN);
                if *whole && !(number.is_u64() || number.is_i64()) {
                    fault("no whole number");
                }
                if range.is_some_and(|(least, most)| !(least..=most).contains(&at)) {
                    fault("out of range");
                }
            }
            (What::Flag, Value::Bool(_)) | (What::AnyObject, Value::Object(_)) => {}
            (What::List(of), Value::Array(values)) => {
                for value in values {
                    self.check(value, of, within, faults);
                }
            }
            (What::OneOf(names), Value::Object(_)) => {
                self.check_object(value, names, within, faults);
            }
            _ => fault(&format!("{} is of another type", shortened(value))),
        }
    }

    fn check_object(
        &self,
        value: &Value,
        names: &[String],
        within: &str,
        faults: &mut BTreeSet<String>,
    ) {
        let Some(members) = value.as_object() else {
            return;
        };
        let type_of = |name: &&String| {
            let kind = self
                .members(name)
                .into_iter()
                .find(|member| member.name == "type");
            match kind.map(|member| &member.kind.what) {
                Some(What::Text(allowed)) => {
                    allowed.iter().any(|text| value["type"] == text.as_str())
                }
                _ => false,
            }
        };
        // An episode in the form of a track is neither.
        if names.len() > 1 && value["type"] == "episode" && members.contains_key("track_number") {
            faults.insert(format!("{within}: an episode as a track"));
            return;
        }
        let of_its_type = match names {
            [name] => Some(name),
            names => names.iter().find(type_of),
        };
        let Some(name) = of_its_type else {
            faults.insert(format!(
                "{within}: \"{}\" is none of its types",
                value["type"]
            ));
            return;
        };
        let known = self.members(name);
        // What is under a local file is told apart, since nothing else is so poor.
        let local = if value["is_local"] == true && *name == "TrackObject"
            || within.starts_with("local ")
        {
            "local "
        } else {
            ""
        };
        for member in &known {
            let within = format!("{local}{name}.{}", member.name);
            match members.get(&member.name) {
                Some(value) => self.check(value, &member.kind, &within, faults),
                None if member.optional => {}
                None => {
                    faults.insert(format!("{within}: missing"));
                }
            }
        }
        for unknown in members
            .keys()
            .filter(|key| known.iter().all(|member| member.name != **key))
        {
            faults.insert(format!("{local}{name}.{unknown}: not in the document"));
        }
    }
}

impl Member {
    fn read(text: &str) -> Self {
        let (name, kind) = text.split_once(' ').expect(text);
        Self {
            name: name.trim_end_matches('?').to_owned(),
            optional: name.ends_with('?'),
            kind: Type::read(kind),
        }
    }
}

impl Type {
    fn read(text: &str) -> Self {
        let (text, nullable) = match text.strip_suffix("|null") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (word, inside) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((word, inside)) => (word, Some(inside)),
            None => (text, None),
        };
        let range = || {
            let (least, most) = inside?.split_once("..")?;
            Some((least.parse().ok()?, most.parse().ok()?))
        };
        let what = match word {
            "text" => What::Text(inside.map_or_else(Vec::new, |words| {
                words.split(' ').map(str::to_owned).collect()
            })),
            "time" => What::Time,
            "whole" => What::Number {
                whole: true,
                range: range(),
            },
            "number" => What::Number {
                whole: false,
                range: range(),
            },
            "flag" => What::Flag,
            "object" => What::AnyObject,
            _ => match word
                .strip_prefix('[')
                .and_then(|word| word.strip_suffix(']'))
            {
                Some(of) => What::List(Box::new(Self::read(of))),
                None => What::OneOf(word.split('/').map(str::to_owned).collect()),
            },
        };
        Self { what, nullable }
    }
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}
