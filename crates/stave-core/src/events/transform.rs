//! What a target is given of an event: all of it, a part, a constant, or a template filled in.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::path::InputPath;
use crate::error::{Error, Result};

/// The most variables.
const MAX_VARIABLES: usize = 100;
/// The longest template, in characters.
const MAX_TEMPLATE_CHARS: usize = 8192;
/// What the names of variables may not begin with.
const RESERVED: &str = "aws.";
const RULE_ARN: &str = "aws.events.rule-arn";
const RULE_NAME: &str = "aws.events.rule-name";
const INGESTED: &str = "aws.events.event.ingestion-time";
const EVENT: &str = "aws.events.event";
const EVENT_JSON: &str = "aws.events.event.json";
const PREDEFINED: &[&str] = &[RULE_ARN, RULE_NAME, INGESTED, EVENT, EVENT_JSON];

/// The rule that has matched, and when the event came.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'a> {
    /// The rule's ARN.
    pub rule_arn: &'a str,
    /// The rule's name.
    pub rule_name: &'a str,
    /// When the event came.
    pub ingested_at: Timestamp,
}

/// A template and the paths that fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputTransformer {
    paths: BTreeMap<String, InputPath>,
    template: String,
}

impl InputTransformer {
    /// Checks a template with its paths.
    pub fn new<'a>(
        paths: impl IntoIterator<Item = (&'a str, &'a str)>,
        template: &str,
    ) -> Result<Self> {
        let mut read = BTreeMap::new();
        for (name, path) in paths {
            if name.is_empty() || name.chars().count() > 256 || name.contains(['<', '>']) {
                return Err(Error::invalid(format!("\"{name}\" cannot name a variable")));
            }
            if name.to_ascii_lowercase().starts_with(RESERVED) {
                return Err(Error::invalid(format!(
                    "the variable \"{name}\" cannot begin with {RESERVED}"
                )));
            }
            read.insert(name.to_owned(), InputPath::parse(path)?);
        }
        if read.len() > MAX_VARIABLES {
            return Err(Error::invalid(format!(
                "there are {} variables; at most {MAX_VARIABLES} are allowed",
                read.len()
            )));
        }
        let chars = template.chars().count();
        if chars == 0 || chars > MAX_TEMPLATE_CHARS {
            return Err(Error::invalid(format!(
                "the template has {chars} characters; it must have 1 to {MAX_TEMPLATE_CHARS}"
            )));
        }
        let transformer = Self {
            paths: read,
            template: template.to_owned(),
        };
        transformer.check()?;
        Ok(transformer)
    }

    /// The template filled in: JSON if the values allow it, for they are not escaped.
    pub fn apply(&self, event: &Value, matched: &Matched<'_>) -> String {
        let mut filled = String::with_capacity(self.template.len());
        for part in parts(&self.template) {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Variable { name, in_text, .. } => {
                    let value = self.value(name, event, matched);
                    if in_text {
                        filled.push_str(&within_text(&value));
                    } else {
                        filled.push_str(&value.to_string());
                    }
                }
            }
        }
        filled
    }

    /// A variable's value. One that the event does not have is an empty text.
    fn value(&self, name: &str, event: &Value, matched: &Matched<'_>) -> Value {
        match name {
            RULE_ARN => Value::from(matched.rule_arn),
            RULE_NAME => Value::from(matched.rule_name),
            INGESTED => Value::from(super::seconds(matched.ingested_at)),
            EVENT => without_detail(event),
            EVENT_JSON => event.clone(),
            name => self
                .paths
                .get(name)
                .and_then(|path| path.select(event))
                .unwrap_or_else(|| Value::from("")),
        }
    }

    /// The names of the members of the object that the template is; none if it is none.
    pub fn members(&self) -> Option<Vec<String>> {
        let mut filled = String::new();
        for part in parts(&self.template) {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Variable { in_text, .. } => {
                    filled.push_str(if in_text { "" } else { "null" });
                }
            }
        }
        let members: Map<String, Value> = serde_json::from_str(&filled).ok()?;
        Some(members.into_iter().map(|(name, _)| name).collect())
    }

    fn check(&self) -> Result<()> {
        let mut filled = String::new();
        for part in parts(&self.template) {
            let Part::Variable {
                name,
                in_text,
                in_key,
            } = part
            else {
                if let Part::Text(text) = part {
                    filled.push_str(text);
                }
                continue;
            };
            if !self.paths.contains_key(name) && !PREDEFINED.contains(&name) {
                return Err(
                    Error::invalid(format!("it contains invalid placeholder {name}"))
                        .hint("name it in InputPathsMap"),
                );
            }
            if in_key {
                return Err(Error::invalid(format!(
                    "the placeholder <{name}> is in the name of a member"
                )));
            }
            filled.push_str(if in_text { "" } else { "null" });
        }
        let mut values = serde_json::Deserializer::from_str(&filled).into_iter::<Value>();
        // One value, or several lines of text.
        let is_good = match values.next() {
            Some(Ok(Value::String(_))) => values.all(|value| value.is_ok_and(|v| v.is_string())),
            Some(Ok(_)) => values.next().is_none(),
            _ => false,
        };
        if !is_good {
            return Err(Error::invalid("it is no JSON when it is filled in")
                .hint("put text into double quotes"));
        }
        Ok(())
    }
}

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Variable {
        name: &'a str,
        in_text: bool,
        in_key: bool,
    },
}

fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut begin, mut at, mut in_text) = (0, 0, false);
    while let Some(next) = template[at..].chars().next() {
        let name = template[at..]
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'));
        if let Some((name, _)) = name {
            parts.push(Part::Text(&template[begin..at]));
            at += name.len() + 2;
            parts.push(Part::Variable {
                name,
                in_text,
                in_key: in_text && is_key(&template[at..]),
            });
            begin = at;
            continue;
        }
        if next == '"' {
            in_text = !in_text;
        } else if next == '\\' && in_text {
            at += template[at + 1..].chars().next().map_or(0, char::len_utf8);
        }
        at += next.len_utf8();
    }
    parts.push(Part::Text(&template[begin..]));
    parts
}

/// Whether the string that goes on with `rest` is the name of a member.
fn is_key(rest: &str) -> bool {
    let mut chars = rest.chars();
    while let Some(next) = chars.next() {
        match next {
            '\\' => {
                chars.next();
            }
            '"' => return chars.as_str().trim_start().starts_with(':'),
            _ => {}
        }
    }
    false
}

/// A value within a text: it is not escaped, and what is no text loses its quotes.
fn within_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => value.to_string().replace('"', ""),
        plain => plain.to_string(),
    }
}

fn without_detail(event: &Value) -> Value {
    let Value::Object(members) = event else {
        return event.clone();
    };
    let mut kept = Map::new();
    for (name, value) in members {
        match name.as_str() {
            "detail" => {}
            "detail-type" => {
                kept.insert("detailType".to_owned(), value.clone());
            }
            _ => {
                kept.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(kept)
}
