//! Values of a query, and how they compare.

use std::cmp::Ordering;

use jiff::Timestamp;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    /// Milliseconds since 1970.
    Time(i64),
    Text(String),
}

impl Value {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Bool(truth) => *truth,
            Self::Number(number) => *number != 0.0,
            _ => false,
        }
    }

    /// As a number, if it is one or the text of one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Time(at) => Some(*at as f64),
            Self::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            Self::Bool(_) | Self::Null => None,
        }
    }

    /// As a row shows it: numbers with at most four decimals, times to the millisecond.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(truth) => u8::from(*truth).to_string(),
            Self::Text(text) => text.clone(),
            Self::Time(at) => match Timestamp::from_millisecond(*at) {
                Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
                Err(_) => at.to_string(),
            },
            Self::Number(number) => {
                let text = format!("{number:.4}");
                let text = text.trim_end_matches('0').trim_end_matches('.');
                if text == "-0" {
                    "0".to_owned()
                } else {
                    text.to_owned()
                }
            }
        }
    }

    /// Numbers by size where both are numbers, else texts; null before everything.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self.is_null(), other.is_null()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => self.text().cmp(&other.text()),
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        !self.is_null() && !other.is_null() && {
            match (self, other) {
                (Self::Bool(a), Self::Bool(b)) => a == b,
                #[allow(clippy::float_cmp)]
                _ => match (self.number(), other.number()) {
                    (Some(a), Some(b)) => a == b,
                    _ => self.text() == other.text(),
                },
            }
        }
    }
}
