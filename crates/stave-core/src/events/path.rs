//! Paths into an event: the part of JSONPath that EventBridge knows.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use serde_json::Value;

use crate::error::{Error, Result};

/// The longest path, in characters.
const MAX_CHARS: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
    /// All members or elements.
    All,
}

/// A path: `$`, `$.detail.state`, `$.resources[0]`, `$.detail.items[*].id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputPath(Vec<Step>);

impl InputPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!("\"{text}\" is no path into an event"))
                .hint("write it in dot notation: $.detail.state, $.resources[0]")
        };
        if text.chars().count() > MAX_CHARS {
            return Err(wrong());
        }
        let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(name) = rest.strip_prefix('.') {
                let end = name.find(['.', '[']).unwrap_or(name.len());
                steps.push(member(&name[..end]).ok_or_else(wrong)?);
                rest = &name[end..];
            } else {
                let (index, more) = rest
                    .strip_prefix('[')
                    .and_then(|inner| inner.split_once(']'))
                    .ok_or_else(wrong)?;
                steps.push(element(index).ok_or_else(wrong)?);
                rest = more;
            }
        }
        Ok(Self(steps))
    }

    /// What the path leads to in `event`: nothing where there is nothing, an array of all that
    /// it leads to where it has a `*`.
    pub fn select(&self, event: &Value) -> Option<Value> {
        let mut found = vec![event];
        for step in &self.0 {
            found = found
                .into_iter()
                .flat_map(|value| step.from(value))
                .collect();
        }
        if self.0.contains(&Step::All) {
            return Some(found.into_iter().cloned().collect());
        }
        found.first().map(|value| Value::clone(value))
    }
}

fn member(name: &str) -> Option<Step> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
    if name == "*" {
        return Some(Step::All);
    }
    (!name.is_empty() && name.chars().all(plain)).then(|| Step::Member(name.to_owned()))
}

fn element(index: &str) -> Option<Step> {
    if index == "*" {
        return Some(Step::All);
    }
    let is_number = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    index.parse().ok().filter(|_| is_number).map(Step::Element)
}

impl Step {
    fn from<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match (self, value) {
            (Self::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (Self::Element(index), Value::Array(elements)) => {
                elements.get(*index).into_iter().collect()
            }
            (Self::All, Value::Array(elements)) => elements.iter().collect(),
            (Self::All, Value::Object(members)) => members.values().collect(),
            _ => Vec::new(),
        }
    }
}
