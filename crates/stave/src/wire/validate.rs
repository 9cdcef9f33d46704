//! Whether a request holds to the rules of its shape, in AWS's words.
//!
//! Must not know: any protocol, any service.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>

use std::fmt::Write as _;

use stave_core::{Error, Result};

use super::path::Path;
use super::pattern::Pattern;
use super::shape::{Kind, Rules, Shape};
use super::value::Value;

/// The most faults that are told of at once.
const MAX_FAULTS: usize = 20;
/// The largest value that a fault shows, in bytes: a stranger's megabyte is not sent back.
const MAX_SHOWN_BYTES: usize = 1024;

/// Checks a request. Patterns and paths of members in `worded_elsewhere` are left to the service.
pub fn validate(shape: &Shape, value: &Value, worded_elsewhere: &[&str]) -> Result<()> {
    let mut check = Check {
        worded_elsewhere,
        faults: Vec::new(),
    };
    check.value(shape, value, &Path::WHOLE);
    let faults = check.faults;
    if faults.is_empty() {
        return Ok(());
    }
    let plural = if faults.len() == 1 { "" } else { "s" };
    let message = format!(
        "{} validation error{plural} detected: {}",
        faults.len(),
        faults.join("; ")
    );
    Err(Error::invalid(message).coded("ValidationError"))
}

struct Check<'a> {
    worded_elsewhere: &'a [&'a str],
    faults: Vec<String>,
}

impl Check<'_> {
    fn fault(&mut self, shown: &str, path: &Path<'_>, constraint: &str) {
        if self.faults.len() < MAX_FAULTS {
            let path = path.validated();
            self.faults.push(format!(
                "Value {shown}at '{path}' failed to satisfy constraint: {constraint}"
            ));
        }
    }

    fn value(&mut self, shape: &Shape, value: &Value, path: &Path<'_>) {
        for constraint in self.own(&shape.rules, value) {
            let shown = shown(&shape.rules, value);
            self.fault(&shown, path, &constraint);
        }
        match (&shape.kind, value) {
            (Kind::Structure(members), Value::Structure(values)) => {
                for (member, value) in members.iter().zip(values) {
                    let path = path.member(member.name);
                    match value {
                        Some(_) if self.is_worded_elsewhere(&path) => {}
                        Some(value) => self.value(member.shape, value, &path),
                        None if member.is_required => {
                            self.fault("null ", &path, "Member must not be null");
                        }
                        None => {}
                    }
                }
            }
            (Kind::List { of, .. }, Value::List(items)) => self.items(of, items, path),
            (Kind::Map { key, value: of, .. }, Value::Map(entries)) => {
                for (name, value) in entries {
                    let constraints = self.own(&key.rules, &Value::Text(name.clone()));
                    if !constraints.is_empty() {
                        let constraint = format!(
                            "Map keys must satisfy constraint: [{}]",
                            constraints.join(", ")
                        );
                        self.fault("", path, &constraint);
                    }
                    self.value(of, value, &path.entry(name));
                }
            }
            _ => {}
        }
    }

    /// The items of a list: simple ones are told of as one.
    fn items(&mut self, of: &Shape, items: &[Value], path: &Path<'_>) {
        if matches!(
            of.kind,
            Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. }
        ) {
            for (item, number) in items.iter().zip(1..) {
                self.value(of, item, &path.item(number));
            }
            return;
        }
        let wrong = items
            .iter()
            .find(|item| !self.own(&of.rules, item).is_empty());
        if wrong.is_some() {
            let constraints = self.constraints(&of.rules, &of.kind).join(", ");
            let shown = if of.rules.is_secret {
                String::new()
            } else {
                let texts: Vec<String> = items.iter().map(text).collect();
                format!("'[{}]' ", texts.join(", "))
            };
            let constraint = format!("Member must satisfy constraint: [{constraints}]");
            self.fault(&shown, path, &constraint);
        }
    }

    fn is_worded_elsewhere(&self, path: &Path<'_>) -> bool {
        let worded = self.worded_elsewhere;
        !worded.is_empty() && worded.contains(&path.validated().as_str())
    }

    fn checked_pattern(&self, rules: &Rules) -> Option<&'static Pattern> {
        rules
            .pattern
            .filter(|pattern| !self.worded_elsewhere.contains(&pattern.text()))
    }

    /// The constraints that a value itself does not satisfy.
    fn own(&self, rules: &Rules, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        if let Value::Text(text) = value {
            if !rules.one_of.is_empty() && !rules.one_of.contains(&text.as_str()) {
                faults.push(one_of(rules));
            }
            if let Some(pattern) = self.checked_pattern(rules)
                && !pattern.matches(text)
            {
                faults.push(of_pattern(pattern));
            }
        }
        let (size, what) = match value {
            Value::Text(text) => (text.chars().count() as f64, "length"),
            Value::Blob(bytes) => (bytes.len() as f64, "length"),
            Value::List(items) => (items.len() as f64, "length"),
            Value::Map(entries) => (entries.len() as f64, "length"),
            Value::Integer(number) => (*number as f64, "value"),
            Value::Float(number) => (*number, "value"),
            _ => return faults,
        };
        if let Some(min) = rules.min.filter(|min| size < *min) {
            faults.push(at_least(what, min));
        }
        if let Some(max) = rules.max.filter(|max| size > *max) {
            faults.push(at_most(what, max));
        }
        faults
    }

    /// All constraints of a simple shape.
    fn constraints(&self, rules: &Rules, kind: &Kind) -> Vec<String> {
        let what = match kind {
            Kind::Integer(_) | Kind::Float => "value",
            _ => "length",
        };
        let mut all = Vec::new();
        all.extend(rules.max.map(|max| at_most(what, max)));
        all.extend(rules.min.map(|min| at_least(what, min)));
        all.extend(self.checked_pattern(rules).map(of_pattern));
        if !rules.one_of.is_empty() {
            all.push(one_of(rules));
        }
        all
    }
}

fn at_least(what: &str, min: f64) -> String {
    format!("Member must have {what} greater than or equal to {min}")
}

fn at_most(what: &str, max: f64) -> String {
    format!("Member must have {what} less than or equal to {max}")
}

fn of_pattern(pattern: &Pattern) -> String {
    format!(
        "Member must satisfy regular expression pattern: {}",
        pattern.text()
    )
}

fn one_of(rules: &Rules) -> String {
    format!(
        "Member must satisfy enum value set: [{}]",
        rules.one_of.join(", ")
    )
}

/// A value as a fault shows it: `'ann' `; nothing of what is secret or large.
fn shown(rules: &Rules, value: &Value) -> String {
    let simple = match value {
        Value::List(items) => items.iter().all(is_plain),
        value => is_plain(value),
    };
    if rules.is_secret || !simple {
        return String::new();
    }
    let text = text(value);
    if text.len() > MAX_SHOWN_BYTES {
        return String::new();
    }
    format!("'{text}' ")
}

fn is_plain(value: &Value) -> bool {
    matches!(
        value,
        Value::Text(_) | Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Time(_)
    )
}

/// A value as Java writes it.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Time(at) => at.to_string(),
        Value::List(items) => {
            let mut list = String::from("[");
            for (number, item) in items.iter().enumerate() {
                let before = if number == 0 { "" } else { ", " };
                let _ = write!(list, "{before}{}", text(item));
            }
            list.push(']');
            list
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::shape::Member;

    static PATTERN: Pattern = Pattern::new(r"[\w+=,.@-]+");
    static NAME: Shape = Shape::string().min(1.0).max(8.0).pattern(&PATTERN);
    static STATUS: Shape = Shape::string().one_of(&["Active", "Inactive"]);
    static COUNT: Shape = Shape::integer().min(1.0).max(1000.0);
    static SECRET: Shape = Shape::string().max(3.0).secret();
    static TAG_MEMBERS: &[Member] = &[Member::new("Key", &NAME).required()];
    static TAG: Shape = Shape::structure(TAG_MEMBERS);
    static TAGS: Shape = Shape::list(&TAG).max(2.0);
    static NAMES: Shape = Shape::list(&NAME);
    static MEMBERS: &[Member] = &[
        Member::new("UserName", &NAME).required(),
        Member::new("Status", &STATUS),
        Member::new("MaxItems", &COUNT),
        Member::new("Password", &SECRET),
        Member::new("Tags", &TAGS),
        Member::new("ActionNames", &NAMES),
    ];
    static REQUEST: Shape = Shape::structure(MEMBERS);

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn tag(key: Option<&str>) -> Value {
        Value::Structure(vec![key.map(text)])
    }

    /// The message for a request with these members, by their places.
    fn message(members: &[(usize, Value)]) -> String {
        let mut values = vec![Some(text("ann")), None, None, None, None, None];
        for (place, value) in members {
            values[*place] = Some(value.clone());
        }
        said(values)
    }

    fn said(values: Vec<Option<Value>>) -> String {
        match validate(&REQUEST, &Value::Structure(values), &[]) {
            Ok(()) => String::new(),
            Err(error) => {
                assert_eq!(error.code(), Some("ValidationError"));
                let told = error
                    .message()
                    .strip_prefix("1 validation error detected: ");
                told.unwrap_or(error.message()).to_owned()
            }
        }
    }

    #[test]
    fn faults_are_told_as_aws_tells_them() {
        let cases: &[(usize, Value, &str)] = &[
            (0, text("ann"), ""),
            (
                0,
                text("annannann"),
                "Value 'annannann' at 'userName' failed to satisfy constraint: Member must have \
                 length less than or equal to 8",
            ),
            (
                0,
                text("a b"),
                r"Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+",
            ),
            (
                1,
                text("Off"),
                "Value 'Off' at 'status' failed to satisfy constraint: Member must satisfy enum \
                 value set: [Active, Inactive]",
            ),
            (
                2,
                Value::Integer(0),
                "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value \
                 greater than or equal to 1",
            ),
            (
                3,
                text("12345"),
                "Value at 'password' failed to satisfy constraint: Member must have length less \
                 than or equal to 3",
            ),
            (
                4,
                Value::List(vec![tag(Some("a")), tag(None)]),
                "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not \
                 be null",
            ),
            (
                4,
                Value::List(vec![tag(Some("a")); 3]),
                "Value at 'tags' failed to satisfy constraint: Member must have length less than \
                 or equal to 2",
            ),
            (
                5,
                Value::List(vec![text("a"), text("123456789")]),
                r"Value '[a, 123456789]' at 'actionNames' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 8, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\w+=,.@-]+]",
            ),
        ];
        for (place, value, expected) in cases {
            assert_eq!(message(&[(*place, value.clone())]), *expected);
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let missing = said(vec![None, Some(text("x")), None, None, None, None]);
        assert_eq!(
            missing,
            "2 validation errors detected: Value null at 'userName' failed to satisfy constraint: \
             Member must not be null; Value 'x' at 'status' failed to satisfy constraint: Member \
             must satisfy enum value set: [Active, Inactive]"
        );
    }

    #[test]
    fn what_the_service_words_itself_is_left_to_it() {
        let mut values = vec![None; 6];
        values[0] = Some(text("a b"));
        let value = Value::Structure(values);
        assert!(validate(&REQUEST, &value, &[r"[\w+=,.@-]+"]).is_ok());
        let mut values = vec![None; 6];
        values[0] = Some(text("ann"));
        values[1] = Some(text("Gone"));
        let value = Value::Structure(values);
        assert!(validate(&REQUEST, &value, &[]).is_err());
        assert!(validate(&REQUEST, &value, &["status"]).is_ok());
    }
}
