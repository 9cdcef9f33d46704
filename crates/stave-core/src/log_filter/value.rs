//! Comparisons of a value with what a pattern says: numbers, text with `*`, expressions.

use super::regex::Regex;
use super::scan::Scan;
use crate::error::Result;

/// A comparison.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// `=` and `!=` of text, and of a number where both are numbers.
    Equal {
        negated: bool,
        text: Wildcard,
        number: Option<f64>,
    },
    /// `=` and `!=` of an expression.
    Matches { negated: bool, regex: Regex },
    /// `<`, `<=`, `>`, `>=`.
    Ordered { order: Order, number: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Text in which `*` stands for any text.
#[derive(Debug, Clone)]
pub(super) struct Wildcard {
    /// What stands between the asterisks.
    parts: Vec<String>,
}

impl Wildcard {
    pub(super) fn new(text: &str) -> Self {
        Self {
            parts: text.split('*').map(str::to_owned).collect(),
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

impl Test {
    /// Reads an operator and its value; `ends` says where a value without quotes ends.
    pub(super) fn read(scan: &mut Scan<'_>, ends: impl Fn(char) -> bool) -> Result<Self> {
        let order = [
            ("<=", Order::LessOrEqual),
            (">=", Order::GreaterOrEqual),
            ("<", Order::Less),
            (">", Order::Greater),
        ]
        .into_iter()
        .find(|(text, _)| scan.eat(text));
        if let Some((_, order)) = order {
            scan.skip_space();
            let number = bare(scan, &ends);
            return match number_of(number) {
                Some(number) => Ok(Self::Ordered { order, number }),
                None => scan.unexpected("a number after <, <=, > or >="),
            };
        }
        let negated = scan.eat("!=");
        if !negated && !scan.eat("=") {
            return scan.unexpected("an operator (=, !=, <, <=, >, >=)");
        }
        scan.skip_space();
        // The guide writes `w1=!ERROR`, too.
        let negated = negated || scan.eat("!");
        match scan.peek() {
            Some('"') => Ok(Self::Equal {
                negated,
                text: Wildcard::new(&scan.quoted()?),
                number: None,
            }),
            Some('%') => Ok(Self::Matches {
                negated,
                regex: scan.regex()?,
            }),
            _ => {
                let text = bare(scan, &ends);
                if text.is_empty() {
                    return scan.unexpected("a value");
                }
                Ok(Self::Equal {
                    negated,
                    text: Wildcard::new(text),
                    number: number_of(text),
                })
            }
        }
    }

    /// Whether it holds of `text`, which is the number `number` if it is one.
    pub(super) fn holds(&self, text: &str, number: Option<f64>) -> bool {
        match self {
            Self::Equal {
                negated,
                text: wanted,
                number: wanted_number,
            } => {
                let equal = match (number, wanted_number) {
                    #[allow(clippy::float_cmp)]
                    (Some(number), Some(wanted)) => number == *wanted,
                    _ => wanted.matches(text),
                };
                equal != *negated
            }
            Self::Matches { negated, regex } => regex.is_match(text) != *negated,
            Self::Ordered {
                order,
                number: limit,
            } => number.is_some_and(|number| match order {
                Order::Less => number < *limit,
                Order::LessOrEqual => number <= *limit,
                Order::Greater => number > *limit,
                Order::GreaterOrEqual => number >= *limit,
            }),
        }
    }
}

fn bare<'a>(scan: &mut Scan<'a>, ends: &impl Fn(char) -> bool) -> &'a str {
    scan.take_while(|c| !c.is_whitespace() && !matches!(c, '&' | '|') && !ends(c))
}

/// A number as patterns write it: `+1000`, `-5.5`, `10e-3`.
pub(super) fn number_of(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.parse().ok()
}
