//! Conditions on JSON events: `{ $.user.id = 1 && ($.n > 3 || $.gone NOT EXISTS) }`.

use serde_json::Value;

use super::invalid;
use super::scan::Scan;
use super::value::Test;
use crate::error::Result;

/// How deep parentheses may stand in each other.
const MAX_DEPTH: usize = 32;

/// A condition on one event.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Of(Selector, Check),
}

/// What is asked of what a selector finds.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Is(Test),
    Exists(bool),
    Null,
    Bool(bool),
}

/// `$.a.b[0]`.
#[derive(Debug, Clone)]
pub(super) struct Selector {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Member(String),
    Element(usize),
    AnyElement,
}

/// The event, if its message is a JSON object or array.
pub(super) fn read_event(message: &str) -> Option<Value> {
    let text = message.trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// A value node as text; objects, arrays and null are none.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Condition {
    pub(super) fn holds(&self, event: &Value) -> bool {
        match self {
            Self::And(all) => all.iter().all(|condition| condition.holds(event)),
            Self::Or(any) => any.iter().any(|condition| condition.holds(event)),
            Self::Of(selector, Check::Exists(wanted)) => selector.first(event).is_some() == *wanted,
            Self::Of(selector, check) => {
                let mut found = false;
                selector.visit(event, &mut |value| found = found || check.holds(value));
                found
            }
        }
    }

    /// What the selectors of the condition find.
    pub(super) fn extract(&self, event: &Value) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.extract_into(event, &mut found);
        found
    }

    fn extract_into(&self, event: &Value, into: &mut Vec<(String, String)>) {
        match self {
            Self::And(each) | Self::Or(each) => {
                for condition in each {
                    condition.extract_into(event, into);
                }
            }
            Self::Of(selector, _) => {
                let value = selector.first(event).and_then(text_of);
                let known = into.iter().any(|(name, _)| *name == selector.text);
                if let (Some(value), false) = (value, known) {
                    into.push((selector.text.clone(), value));
                }
            }
        }
    }
}

impl Check {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Is(test) => match value {
                Value::String(text) => test.holds(text, None),
                Value::Number(number) => test.holds(&number.to_string(), number.as_f64()),
                Value::Bool(flag) => test.holds(if *flag { "true" } else { "false" }, None),
                // The log's form does not fit the pattern: neither = nor != holds.
                Value::Null | Value::Array(_) | Value::Object(_) => false,
            },
            Self::Exists(wanted) => *wanted,
            Self::Null => value.is_null(),
            Self::Bool(wanted) => value.as_bool() == Some(*wanted),
        }
    }
}

impl Selector {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut scan = Scan::new(text);
        let selector = Self::read(&mut scan)?;
        if scan.rest().is_empty() {
            Ok(selector)
        } else {
            scan.unexpected("the end of the selector")
        }
    }

    fn read(scan: &mut Scan<'_>) -> Result<Self> {
        let before = scan.rest();
        if !scan.eat("$") {
            return scan.unexpected("a selector like $.name");
        }
        let mut steps = Vec::new();
        loop {
            if scan.eat("[") {
                steps.push(read_bracket(scan)?);
            } else if scan.eat(".") {
                if scan.eat("[") {
                    steps.push(read_bracket(scan)?);
                    continue;
                }
                let name = scan.take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
                if name.is_empty() {
                    return scan.unexpected("the name of a property");
                }
                steps.push(Step::Member(name.to_owned()));
            } else {
                break;
            }
        }
        if steps.is_empty() {
            return scan.unexpected("a property after $");
        }
        let text = before[..before.len() - scan.rest().len()].to_owned();
        Ok(Self { text, steps })
    }

    /// The first thing it finds.
    pub(super) fn first<'a>(&self, event: &'a Value) -> Option<&'a Value> {
        let mut first = None;
        self.visit(event, &mut |value| first = first.or(Some(value)));
        first
    }

    fn visit<'a>(&self, event: &'a Value, seen: &mut impl FnMut(&'a Value)) {
        visit(event, &self.steps, seen);
    }
}

fn visit<'a>(value: &'a Value, steps: &[Step], seen: &mut impl FnMut(&'a Value)) {
    let Some((step, rest)) = steps.split_first() else {
        seen(value);
        return;
    };
    match step {
        Step::Member(name) => {
            if let Some(value) = value.as_object().and_then(|members| members.get(name)) {
                visit(value, rest, seen);
            }
        }
        Step::Element(index) => {
            if let Some(value) = value.as_array().and_then(|elements| elements.get(*index)) {
                visit(value, rest, seen);
            }
        }
        Step::AnyElement => {
            for value in value.as_array().into_iter().flatten() {
                visit(value, rest, seen);
            }
        }
    }
}

/// What stands in brackets: an index, `*`, or a name in quotes.
fn read_bracket(scan: &mut Scan<'_>) -> Result<Step> {
    let step = if scan.eat("*") {
        Step::AnyElement
    } else if scan.peek() == Some('"') {
        Step::Member(scan.quoted()?)
    } else if scan.eat("'") {
        let name = scan.take_while(|c| c != '\'').to_owned();
        scan.eat("'");
        Step::Member(name)
    } else {
        match scan.take_while(|c| c.is_ascii_digit()).parse() {
            Ok(index) => Step::Element(index),
            Err(_) => return scan.unexpected("an index"),
        }
    };
    if scan.eat("]") {
        Ok(step)
    } else {
        scan.unexpected("]")
    }
}

pub(super) fn read(scan: &mut Scan<'_>) -> Result<Condition> {
    scan.eat("{");
    let condition = read_or(scan, 0)?;
    scan.skip_space();
    if !scan.eat("}") {
        return scan.unexpected("&&, || or }");
    }
    scan.skip_space();
    if scan.rest().is_empty() {
        Ok(condition)
    } else {
        scan.unexpected("the end of the pattern")
    }
}

fn read_or(scan: &mut Scan<'_>, depth: usize) -> Result<Condition> {
    if depth > MAX_DEPTH {
        return Err(invalid(format!(
            "parentheses of the filter pattern are nested deeper than {MAX_DEPTH}"
        )));
    }
    let mut any = vec![read_and(scan, depth)?];
    while next_is(scan, "||") {
        any.push(read_and(scan, depth)?);
    }
    Ok(one_or(any, Condition::Or))
}

fn read_and(scan: &mut Scan<'_>, depth: usize) -> Result<Condition> {
    let mut all = vec![read_one(scan, depth)?];
    while next_is(scan, "&&") {
        all.push(read_one(scan, depth)?);
    }
    Ok(one_or(all, Condition::And))
}

fn next_is(scan: &mut Scan<'_>, operator: &str) -> bool {
    scan.skip_space();
    scan.eat(operator)
}

fn one_or(mut each: Vec<Condition>, many: impl Fn(Vec<Condition>) -> Condition) -> Condition {
    match each.pop() {
        Some(only) if each.is_empty() => only,
        last => {
            each.extend(last);
            many(each)
        }
    }
}

fn read_one(scan: &mut Scan<'_>, depth: usize) -> Result<Condition> {
    scan.skip_space();
    if scan.eat("(") {
        let condition = read_or(scan, depth + 1)?;
        scan.skip_space();
        return if scan.eat(")") {
            Ok(condition)
        } else {
            scan.unexpected(")")
        };
    }
    let selector = Selector::read(scan)?;
    scan.skip_space();
    let check = if scan.eat_word("IS") {
        scan.skip_space();
        if scan.eat_word("NULL") {
            Check::Null
        } else if scan.eat_word("TRUE") {
            Check::Bool(true)
        } else if scan.eat_word("FALSE") {
            Check::Bool(false)
        } else {
            return scan.unexpected("NULL, TRUE or FALSE after IS");
        }
    } else if scan.eat_word("NOT") {
        scan.skip_space();
        if !scan.eat_word("EXISTS") {
            return scan.unexpected("EXISTS after NOT");
        }
        Check::Exists(false)
    } else if scan.eat_word("EXISTS") {
        Check::Exists(true)
    } else {
        Check::Is(Test::read(scan, |c| matches!(c, ')' | '}'))?)
    };
    Ok(Condition::Of(selector, check))
}
