//! Patterns of space-delimited fields: `[ip, user, ..., status = 4* && status != 403, bytes > 9]`.

use super::scan::Scan;
use super::value::{Test, number_of};
use super::{MAX_PATTERN_CHARS, invalid};
use crate::error::Result;

/// The fields of an event, in order.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    before: Vec<Field>,
    /// The fields after the ellipsis; `None` without one.
    after: Option<Vec<Field>>,
}

/// A field with its conditions: any of the alternatives, of which all must hold.
#[derive(Debug, Clone, Default)]
struct Field {
    name: String,
    any: Vec<Vec<Test>>,
}

impl Field {
    fn takes(&self, text: &str) -> bool {
        let number = number_of(text);
        self.any.is_empty()
            || self
                .any
                .iter()
                .any(|all| all.iter().all(|test| test.holds(text, number)))
    }
}

impl Fields {
    /// The event's fields, if the event is meant.
    pub(super) fn matches<'a>(&self, message: &'a str) -> Option<Vec<&'a str>> {
        let found = split(message);
        let after = self.after.as_deref();
        let named = self.before.len() + after.map_or(0, <[Field]>::len);
        let fits = match after {
            Some(_) => found.len() >= named,
            None => found.len() == named,
        };
        let takes = fits
            && self
                .places(found.len())
                .all(|(place, field)| found.get(place).is_some_and(|text| field.takes(text)));
        takes.then_some(found)
    }

    /// Every field that is written down, with its place among `count`.
    fn places(&self, count: usize) -> impl Iterator<Item = (usize, &Field)> {
        let after = self.after.as_deref().unwrap_or_default();
        let skipped = count.saturating_sub(after.len());
        self.before.iter().enumerate().chain(
            after
                .iter()
                .enumerate()
                .map(move |(at, field)| (skipped + at, field)),
        )
    }

    /// The fields by name, `$3` where they have none.
    pub(super) fn extract(&self, found: &[&str]) -> Vec<(String, String)> {
        let mut names = vec![""; found.len()];
        for (place, field) in self.places(found.len()) {
            if let Some(name) = names.get_mut(place) {
                *name = &field.name;
            }
        }
        let named = names.into_iter().zip(found).enumerate();
        named
            .map(|(place, (name, text))| match name {
                "" => (format!("${}", place + 1), (*text).to_owned()),
                name => (format!("${name}"), (*text).to_owned()),
            })
            .collect()
    }
}

/// The fields of a message: between spaces, in brackets or in double quotes.
fn split(message: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = message.trim_start();
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let enclosed = close.and_then(|close| {
            let end = rest[1..].find(close)?;
            Some((&rest[1..=end], &rest[end + 2..]))
        });
        let (field, after) = enclosed.unwrap_or_else(|| {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            rest.split_at(end)
        });
        found.push(field);
        rest = after.trim_start();
        // More than any pattern names: no ellipsis needs their texts.
        if found.len() > MAX_PATTERN_CHARS * 16 {
            break;
        }
    }
    found
}

pub(super) fn read(scan: &mut Scan<'_>) -> Result<Fields> {
    scan.eat("[");
    let mut fields = Fields {
        before: Vec::new(),
        after: None,
    };
    loop {
        scan.skip_space();
        if scan.eat("...") || scan.eat("…") {
            if fields.after.is_some() {
                return Err(invalid("the filter pattern has more than one ellipsis"));
            }
            fields.after = Some(Vec::new());
        } else {
            let field = read_field(scan)?;
            fields
                .after
                .as_mut()
                .unwrap_or(&mut fields.before)
                .push(field);
        }
        scan.skip_space();
        if scan.eat(",") {
            continue;
        }
        if !scan.eat("]") {
            return scan.unexpected("a comma or ]");
        }
        scan.skip_space();
        return if scan.rest().is_empty() {
            Ok(fields)
        } else {
            scan.unexpected("the end of the pattern")
        };
    }
}

fn read_name<'a>(scan: &mut Scan<'a>) -> &'a str {
    scan.skip_space();
    scan.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

fn read_field(scan: &mut Scan<'_>) -> Result<Field> {
    let mut field = Field {
        name: read_name(scan).to_owned(),
        any: Vec::new(),
    };
    scan.skip_space();
    if field.name.is_empty() || matches!(scan.peek(), Some(',' | ']')) {
        return Ok(field);
    }
    let mut all = vec![read_test(scan)?];
    loop {
        scan.skip_space();
        let and = scan.eat("&&");
        if !and && !scan.eat("||") {
            break;
        }
        let name = read_name(scan);
        if name != field.name {
            return Err(invalid(format!(
                "a condition of the field \"{}\" is about \"{name}\"",
                field.name
            )));
        }
        scan.skip_space();
        let test = read_test(scan)?;
        if and {
            all.push(test);
        } else {
            field.any.push(std::mem::replace(&mut all, vec![test]));
        }
    }
    field.any.push(all);
    Ok(field)
}

fn read_test(scan: &mut Scan<'_>) -> Result<Test> {
    Test::read(scan, |c| matches!(c, ',' | ']'))
}
