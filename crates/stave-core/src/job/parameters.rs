//! Fills `${name}` in the texts of nodes from the run's arguments and the job's defaults.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::nearest;

/// The longest text that filling may make, in bytes.
const MAX_FILLED_BYTES: usize = 1 << 20;

/// The values that placeholders are filled from, and which of them were used.
pub(super) struct Filling<'a> {
    arguments: &'a BTreeMap<String, String>,
    /// Names that some placeholder asked for.
    pub used: BTreeSet<String>,
}

impl<'a> Filling<'a> {
    /// Fills from `arguments`, which hold no leading dashes.
    pub fn from(arguments: &'a BTreeMap<String, String>) -> Self {
        Self {
            arguments,
            used: BTreeSet::new(),
        }
    }

    /// Fills every text in `value`; an error comes with the place below `place`.
    pub fn fill(&mut self, value: &mut Value, place: &str) -> Result<(), (String, Error)> {
        match value {
            Value::String(text) => {
                if text.contains("${") {
                    let filled = self.fill_text(text);
                    *text = filled.map_err(|error| (place.to_owned(), error))?;
                }
                Ok(())
            }
            Value::Array(values) => {
                for (at, value) in values.iter_mut().enumerate() {
                    self.fill(value, &format!("{place}[{at}]"))?;
                }
                Ok(())
            }
            Value::Object(members) => {
                for (name, value) in members.iter_mut() {
                    let dot = if place.is_empty() { "" } else { "." };
                    self.fill(value, &format!("{place}{dot}{name}"))?;
                }
                Ok(())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    fn fill_text(&mut self, text: &str) -> Result<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let before = &rest[..start];
            let after = &rest[start + 2..];
            if let Some(before) = before.strip_suffix('$') {
                filled.push_str(before);
                filled.push_str("${");
                rest = after;
                continue;
            }
            filled.push_str(before);
            let name = placeholder(after)?;
            filled.push_str(self.value_of(name)?);
            rest = &after[name.len() + 1..];
            if filled.len() > MAX_FILLED_BYTES {
                let what = format!("the text is longer than {MAX_FILLED_BYTES} bytes when filled");
                return Err(Error::new(ErrorKind::LimitExceeded, what));
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn value_of(&mut self, name: &str) -> Result<&'a str> {
        self.used.insert(name.to_owned());
        if let Some(value) = self.arguments.get(name) {
            return Ok(value);
        }
        let names = self.arguments.keys().map(String::as_str);
        let given = match nearest::nearest(name, names.clone()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if self.arguments.is_empty() => "no argument is given".to_owned(),
            None => format!("given are: {}", names.collect::<Vec<_>>().join(", ")),
        };
        Err(Error::invalid(format!("the argument \"{name}\" is not given"))
            .hint(format!("{given}; add --arg {name}=VALUE or a default in DefaultArguments (--{name}); write $${{ for a plain ${{")))
    }
}

/// Whether some text in `value` waits to be filled.
pub(super) fn holds_placeholder(value: &Value) -> bool {
    match value {
        Value::String(text) => text.replace("$${", "").contains("${"),
        Value::Array(values) => values.iter().any(holds_placeholder),
        Value::Object(members) => members.values().any(holds_placeholder),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The name of the placeholder that `after` (what follows `${`) begins with.
fn placeholder(after: &str) -> Result<&str> {
    let name = after.split('}').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let named = !name.is_empty() && name.chars().all(plain) && name.len() < after.len();
    if named {
        return Ok(name);
    }
    let shown: String = after.chars().take(20).collect();
    Err(Error::invalid(format!("\"${{{shown}\" is no placeholder"))
        .hint("write ${name}, or $${ for a plain ${"))
}

/// `--name` and `name` are the same argument.
pub(super) fn plain_name(name: &str) -> &str {
    name.strip_prefix("--").unwrap_or(name)
}
