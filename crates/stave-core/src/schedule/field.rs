//! One field of a cron expression that holds numbers: lists, ranges, steps, names.

use crate::error::{Error, Result};

/// What a field may hold.
pub(super) struct Field {
    pub name: &'static str,
    pub first: u16,
    pub last: u16,
    /// Names for the values, from `first` on.
    pub names: &'static [&'static str],
    /// Whether `/` may stand in it.
    pub steps: bool,
}

pub(super) const MINUTES: Field = Field {
    name: "minutes",
    first: 0,
    last: 59,
    names: &[],
    steps: true,
};
pub(super) const HOURS: Field = Field {
    name: "hours",
    first: 0,
    last: 23,
    names: &[],
    steps: true,
};
pub(super) const DAYS_OF_MONTH: Field = Field {
    name: "day-of-month",
    first: 1,
    last: 31,
    names: &[],
    steps: true,
};
pub(super) const MONTHS: Field = Field {
    name: "month",
    first: 1,
    last: 12,
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
    steps: true,
};
pub(super) const DAYS_OF_WEEK: Field = Field {
    name: "day-of-week",
    first: 1,
    last: 7,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    steps: false,
};
pub(super) const YEARS: Field = Field {
    name: "year",
    first: 1970,
    last: 2199,
    names: &[],
    steps: true,
};

impl Field {
    /// Reads a whole field into the values that it holds, in order.
    pub fn values(&self, text: &str) -> Result<Vec<u16>> {
        let mut values = Vec::new();
        for item in text.split(',') {
            values.extend(self.item(item)?);
        }
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// Reads one item of a list: `*`, `5`, `MON-FRI`, `0/15`, `10-50/20`.
    pub fn item(&self, text: &str) -> Result<Vec<u16>> {
        let (range, step) = match text.split_once('/') {
            None => (text, None),
            Some(_) if !self.steps => {
                return Err(self.wrong(format!("takes no \"/\": \"{text}\"")));
            }
            Some((range, step)) => (range, Some(self.step(step)?)),
        };
        let (from, to) = if range == "*" {
            (self.first, self.last)
        } else if let Some((from, to)) = range.split_once('-') {
            (self.value(from)?, self.value(to)?)
        } else {
            let from = self.value(range)?;
            (from, if step.is_some() { self.last } else { from })
        };
        if from > to {
            return Err(self
                .wrong(format!(
                    "has a range that ends before it begins: \"{text}\""
                ))
                .hint("write the two parts of it, with a comma between them"));
        }
        Ok((from..=to).step_by(step.unwrap_or(1)).collect())
    }

    /// Reads one value: a number, or a name.
    pub fn value(&self, text: &str) -> Result<u16> {
        let by_name = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
            .map(|place| self.first + place as u16);
        let value = by_name
            .or_else(|| number(text))
            .ok_or_else(|| self.wrong(format!("has \"{text}\", which is no value")))?;
        if (self.first..=self.last).contains(&value) {
            Ok(value)
        } else {
            Err(self.wrong(format!(
                "goes from {} to {}: {value}",
                self.first, self.last
            )))
        }
    }

    fn step(&self, text: &str) -> Result<usize> {
        number(text)
            .filter(|step| *step > 0 && *step <= self.last)
            .map(usize::from)
            .ok_or_else(|| self.wrong(format!("has no step \"{text}\"")))
    }

    /// An error about this field.
    pub fn wrong(&self, fault: impl std::fmt::Display) -> Error {
        Error::invalid(format!("the {} field {fault}", self.name))
    }
}

fn number(text: &str) -> Option<u16> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}
