//! Patterns of space-delimited fields: `[ip, user, ..., status = 4* && status != 403, bytes > 9]`.

use super::invalid;
use super::scan::Scan;
use super::value::{Test, number_of};
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
        if self.any.is_empty() {
            return true;
        }
        let number = number_of(text);
        let mut any = self.any.iter();
        any.any(|all| all.iter().all(|test| test.holds(text, number)))
    }
}

impl Fields {
    /// Whether the event is meant. Nothing is kept of its fields: most events are not meant.
    pub(super) fn matches(&self, message: &str) -> bool {
        let mut found = Split { rest: message };
        let before = &mut self.before.iter();
        if !before.all(|field| found.next().is_some_and(|text| field.takes(text))) {
            return false;
        }
        match self.after.as_deref() {
            None => found.next().is_none(),
            Some([]) => true,
            Some([only]) => found.last().is_some_and(|text| only.takes(text)),
            Some(after) => ends_with(found, after),
        }
    }

    /// The event's fields, if the event is meant.
    pub(super) fn split<'a>(&self, message: &'a str) -> Option<Vec<&'a str>> {
        self.matches(message)
            .then(|| Split { rest: message }.collect())
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

/// Whether the last fields that were found are these.
fn ends_with(found: Split<'_>, fields: &[Field]) -> bool {
    let mut last = found.clone();
    let mut ahead = found;
    let count = fields.len();
    if ahead.by_ref().take(count).count() < count {
        return false;
    }
    for _ in ahead {
        last.next();
    }
    fields
        .iter()
        .all(|field| last.next().is_some_and(|text| field.takes(text)))
}

/// The fields of a message, one after the other: between spaces, in brackets or in double quotes.
#[derive(Debug, Clone)]
struct Split<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let close = match rest.as_bytes().first()? {
            b'[' => Some(b']'),
            b'"' => Some(b'"'),
            _ => None,
        };
        let enclosed = close.and_then(|close| {
            let end = rest.as_bytes()[1..]
                .iter()
                .position(|byte| *byte == close)?;
            Some((&rest[1..=end], &rest[end + 2..]))
        });
        let (field, after) = enclosed.unwrap_or_else(|| rest.split_at(word(rest)));
        self.rest = after;
        Some(field)
    }
}

/// How many bytes of a text come before the first space.
fn word(text: &str) -> usize {
    let bytes = text.as_bytes();
    // What is no ASCII may be a space, too: there it takes whole characters.
    let is_end = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ' | 0x80..);
    match bytes.iter().position(is_end) {
        None => text.len(),
        Some(at) if bytes[at] < 0x80 => at,
        Some(at) => text[at..]
            .find(char::is_whitespace)
            .map_or(text.len(), |space| at + space),
    }
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
