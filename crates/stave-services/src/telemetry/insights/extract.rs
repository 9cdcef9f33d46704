//! `parse`: fields out of text, by a pattern with asterisks or a regular expression.

use regex::Regex;
use stave_core::Result;

use super::expression::Expression;
use super::malformed;
use super::row::Row;
use super::value::Value;

/// The most memory that an expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 1024 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Extract {
    from: Expression,
    how: How,
}

#[derive(Debug, Clone)]
enum How {
    /// What stands between the asterisks, and the names of the fields in their places.
    Glob(Vec<String>, Vec<String>),
    Regex(Regex),
}

/// A regular expression of a query.
pub(super) fn regex(text: &str) -> Result<Regex> {
    // Insights writes named groups as `(?<name>…)`, as this crate does.
    regex::RegexBuilder::new(text)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .map_err(|error| {
            malformed(format!("/{text}/ is not a regular expression")).caused_by(error)
        })
}

impl Extract {
    pub(super) fn glob(from: Expression, pattern: &str, names: Vec<String>) -> Result<Self> {
        let parts: Vec<String> = pattern.split('*').map(str::to_owned).collect();
        if parts.len() != names.len() + 1 {
            return Err(malformed(format!(
                "the pattern \"{pattern}\" of parse has {} asterisks for {} fields",
                parts.len() - 1,
                names.len()
            )));
        }
        Ok(Self {
            from,
            how: How::Glob(parts, names),
        })
    }

    pub(super) fn regex(from: Expression, text: &str) -> Result<Self> {
        let regex = regex(text)?;
        if regex.capture_names().flatten().next().is_none() {
            return Err(malformed(format!(
                "/{text}/ of parse names no group: (?<name>…)"
            )));
        }
        Ok(Self {
            from,
            how: How::Regex(regex),
        })
    }

    /// Adds the fields to a row; where the text does not match they have no value.
    pub(super) fn apply(&self, row: &mut Row) {
        let text = self.from.of(row).text();
        match &self.how {
            How::Glob(parts, names) => {
                let values = split(&text, parts);
                for (place, name) in names.iter().enumerate() {
                    let value = values.as_ref().and_then(|values| values.get(place));
                    set(row, name, value.copied());
                }
            }
            How::Regex(regex) => {
                let found = regex.captures(&text);
                for name in regex.capture_names().flatten() {
                    let value = found.as_ref().and_then(|found| found.name(name));
                    set(row, name, value.map(|value| value.as_str()));
                }
            }
        }
    }
}

fn set(row: &mut Row, name: &str, value: Option<&str>) {
    row.set(
        name,
        value.map_or(Value::Null, |text| Value::Text(text.to_owned())),
    );
    if row.shown.is_some() {
        row.show(name);
    } else {
        row.show("@timestamp");
        row.show("@message");
        row.show(name);
    }
}

/// What stands for the asterisks: each as short as it can be, the last up to the end.
fn split<'a>(text: &'a str, parts: &[String]) -> Option<Vec<&'a str>> {
    let (first, rest) = parts.split_first()?;
    let start = text.find(first.as_str())? + first.len();
    let mut at = &text[start..];
    let mut values = Vec::with_capacity(rest.len());
    for (place, part) in rest.iter().enumerate() {
        let is_last = place + 1 == rest.len();
        let end = if is_last && part.is_empty() {
            at.len()
        } else {
            at.find(part.as_str())?
        };
        values.push(&at[..end]);
        at = &at[end + part.len()..];
    }
    Some(values)
}
