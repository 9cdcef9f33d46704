//! What a pattern asks of one value.

use std::net::IpAddr;

use serde_json::{Number, Value};

use super::cidr::{Network, address_of};
use super::wildcard::Wildcard;

/// Numbers are compared within this, either side of zero.
pub(super) const MAX_NUMBER: f64 = 5e9;

/// A number, with six digits after the point, as AWS compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Comparable(i64);

impl Comparable {
    /// The number, if it is one that can be compared.
    pub fn of(number: f64) -> Option<Self> {
        // The sum is within what a float holds to the last digit.
        (number.abs() <= MAX_NUMBER).then_some(Self((1e6 * (MAX_NUMBER + number)) as i64))
    }

    fn of_value(value: &Value) -> Option<Self> {
        value.as_f64().and_then(Self::of)
    }
}

/// One end of a range: the number, and whether it is itself outside.
pub(super) type End = (Comparable, bool);

/// What is asked of one value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// The very text.
    Text(String),
    /// The same address, however it is written.
    Address(IpAddr),
    /// The same number.
    Number(Number),
    /// `true`, `false` or `null`.
    Literal(Value),
    Prefix(String),
    Suffix(String),
    PrefixIgnoreCase(String),
    SuffixIgnoreCase(String),
    IgnoreCase(String),
    Wildcard(Wildcard),
    Range(Option<End>, Option<End>),
    Equal(Comparable),
    Cidr(Network),
    /// Any value.
    Exists,
    /// No value: asked of the event, not of a value.
    Absent,
    AnythingBut(Vec<Matcher>),
}

impl Matcher {
    /// Whether a value of an event, which is no object and no array, is as asked.
    pub fn matches(&self, value: &Value) -> bool {
        let text = value.as_str();
        let is = |test: &dyn Fn(&str) -> bool| text.is_some_and(test);
        match self {
            Self::Text(wanted) => text == Some(wanted),
            Self::Address(wanted) => is(&|text| address_of(text) == Some(*wanted)),
            Self::Number(wanted) => value
                .as_number()
                .is_some_and(|number| same_number(number, wanted)),
            Self::Literal(wanted) => value == wanted,
            Self::Prefix(prefix) => is(&|text| text.starts_with(prefix.as_str())),
            Self::Suffix(suffix) => is(&|text| text.ends_with(suffix.as_str())),
            Self::PrefixIgnoreCase(prefix) => is(&|text| begins(text.chars(), prefix.chars())),
            Self::SuffixIgnoreCase(suffix) => {
                is(&|text| begins(text.chars().rev(), suffix.chars().rev()))
            }
            Self::IgnoreCase(wanted) => is(&|text| {
                text.chars().count() == wanted.chars().count()
                    && begins(text.chars(), wanted.chars())
            }),
            Self::Wildcard(wildcard) => is(&|text| wildcard.matches(text)),
            Self::Range(bottom, top) => Comparable::of_value(value).is_some_and(|number| {
                let above = |(end, open): End| number > end || (number == end && !open);
                let below = |(end, open): End| number < end || (number == end && !open);
                bottom.is_none_or(above) && top.is_none_or(below)
            }),
            Self::Equal(wanted) => Comparable::of_value(value) == Some(*wanted),
            Self::Cidr(network) => is(&|text| network.contains(text)),
            Self::Exists => true,
            Self::Absent => false,
            Self::AnythingBut(others) => !others.iter().any(|other| other.matches(value)),
        }
    }
}

fn same_number(number: &Number, wanted: &Number) -> bool {
    let comparable = |number: &Number| number.as_f64().and_then(Comparable::of);
    match (comparable(number), comparable(wanted)) {
        (Some(number), Some(wanted)) => number == wanted,
        _ => number.to_string() == wanted.to_string(),
    }
}

fn begins(mut text: impl Iterator<Item = char>, mut wanted: impl Iterator<Item = char>) -> bool {
    wanted.all(|wanted| text.next().is_some_and(|found| same_letter(found, wanted)))
}

fn same_letter(one: char, other: char) -> bool {
    one == other
        || one.to_lowercase().eq(other.to_lowercase())
        || one.to_uppercase().eq(other.to_uppercase())
}
