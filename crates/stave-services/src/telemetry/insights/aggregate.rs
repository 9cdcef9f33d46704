//! The functions of `stats`.

use std::collections::HashSet;

use stave_core::{Error, Result};

use super::MAX_HELD_ROWS;
use super::expression::Expression;
use super::row::Row;
use super::value::Value;

/// The most values that one percentile holds.
const MAX_VALUES: usize = 1_000_000;

#[derive(Debug, Clone)]
pub(super) struct Aggregate {
    pub(super) kind: Kind,
    /// What is summed up; `None` is `count(*)`.
    pub(super) of: Option<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Avg,
    Count,
    CountDistinct,
    Max,
    Min,
    Percentile(f64),
    StdDev,
    Sum,
    Earliest,
    Latest,
    SortsFirst,
    SortsLast,
}

impl Kind {
    /// The function of that name; a percentile's number comes later.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "avg" => Self::Avg,
            "count" => Self::Count,
            "count_distinct" => Self::CountDistinct,
            "max" => Self::Max,
            "min" => Self::Min,
            "pct" | "percentile" => Self::Percentile(50.0),
            "stddev" => Self::StdDev,
            "sum" => Self::Sum,
            "earliest" => Self::Earliest,
            "latest" => Self::Latest,
            "sortsfirst" => Self::SortsFirst,
            "sortslast" => Self::SortsLast,
            _ => return None,
        })
    }
}

/// What has been summed up so far.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    count: u64,
    numbers: u64,
    sum: f64,
    /// Mean and sum of squared differences from it.
    mean: f64,
    squares: f64,
    best: Option<(Value, i64)>,
    seen: HashSet<String>,
    values: Vec<f64>,
}

impl Aggregate {
    pub(super) fn add(&self, state: &mut State, row: &Row) -> Result<()> {
        let Some(of) = &self.of else {
            state.count += 1;
            return Ok(());
        };
        let value = of.of(row);
        if value.is_null() {
            return Ok(());
        }
        state.count += 1;
        match self.kind {
            Kind::Count => {}
            Kind::CountDistinct => {
                state.seen.insert(value.text());
                if state.seen.len() > MAX_HELD_ROWS {
                    return Err(too_many("different values", MAX_HELD_ROWS));
                }
            }
            Kind::Avg | Kind::Sum | Kind::StdDev => {
                if let Some(number) = value.number() {
                    state.add_number(number);
                }
            }
            Kind::Percentile(_) => {
                state.values.extend(value.number());
                if state.values.len() > MAX_VALUES {
                    return Err(too_many("values of a percentile", MAX_VALUES));
                }
            }
            Kind::Min | Kind::SortsFirst => {
                state.keep(value, 0, |new, old| new.0.order(&old.0).is_lt());
            }
            Kind::Max | Kind::SortsLast => {
                state.keep(value, 0, |new, old| new.0.order(&old.0).is_gt());
            }
            Kind::Earliest => state.keep(value, at(row), |new, old| new.1 < old.1),
            Kind::Latest => state.keep(value, at(row), |new, old| new.1 >= old.1),
        }
        Ok(())
    }

    pub(super) fn value(&self, state: &mut State) -> Value {
        match self.kind {
            Kind::Count => Value::Number(state.count as f64),
            Kind::CountDistinct => Value::Number(state.seen.len() as f64),
            Kind::Sum => Value::Number(state.sum),
            Kind::Avg | Kind::StdDev if state.numbers == 0 => Value::Null,
            Kind::Avg => Value::Number(state.sum / state.numbers as f64),
            Kind::StdDev => Value::Number((state.squares / state.numbers as f64).sqrt()),
            Kind::Percentile(percent) => percentile(&mut state.values, percent),
            _ => state.best.take().map_or(Value::Null, |(value, _)| value),
        }
    }
}

impl State {
    fn add_number(&mut self, number: f64) {
        self.numbers += 1;
        self.sum += number;
        // Welford's way: exact where a sum of squares would not be.
        let before = number - self.mean;
        self.mean += before / self.numbers as f64;
        self.squares += before * (number - self.mean);
    }

    fn keep(&mut self, value: Value, at: i64, better: fn(&(Value, i64), &(Value, i64)) -> bool) {
        let new = (value, at);
        if self.best.as_ref().is_none_or(|best| better(&new, best)) {
            self.best = Some(new);
        }
    }
}

fn at(row: &Row) -> i64 {
    row.get("@timestamp").number().unwrap_or_default() as i64
}

/// The value that so many percent of the values are no higher than.
fn percentile(values: &mut [f64], percent: f64) -> Value {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * percent / 100.0).ceil() as usize;
    let place = rank.saturating_sub(1).min(values.len().saturating_sub(1));
    values
        .get(place)
        .map_or(Value::Null, |value| Value::Number(*value))
}

pub(super) fn too_many(what: &str, max: usize) -> Error {
    Error::limit_exceeded(format!("the query holds more than {max} {what} at once"))
        .coded("LimitExceededException")
        .hint("ask for a shorter time, filter more, or sum up with stats")
}
