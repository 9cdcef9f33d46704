//! Arithmetic, comparison and logic between numbers, series and arrays of series.

use super::parse::Operator;
use super::{Value, fault};
use crate::error::Result;
use crate::metrics::Series;

pub(super) fn binary(operator: Operator, left: &Value, right: &Value) -> Result<Value> {
    Ok(match (left, right) {
        (Value::Scalar(a), Value::Scalar(b)) => {
            let value = apply(operator, *a, *b).filter(|value| value.is_finite());
            Value::Scalar(value.ok_or_else(|| fault("it divides a number by zero"))?)
        }
        (Value::Series(series), Value::Scalar(b)) => {
            Value::Series(series.map(|_, a| apply(operator, a, *b)))
        }
        (Value::Scalar(a), Value::Series(series)) => {
            Value::Series(series.map(|_, b| apply(operator, *a, b)))
        }
        (Value::Series(a), Value::Series(b)) => Value::Series(zip(operator, a, b)),
        (Value::Many(a), Value::Many(b)) => {
            if a.len() != b.len() {
                return Err(fault(format!(
                    "arrays of {} and of {} time series stand on the sides of an operator",
                    a.len(),
                    b.len()
                )));
            }
            let pairs = a.iter().zip(b);
            Value::Many(pairs.map(|(a, b)| zip(operator, a, b)).collect())
        }
        (Value::Many(many), other) => each(many, |one| binary(operator, one, other))?,
        (other, Value::Many(many)) => each(many, |one| binary(operator, other, one))?,
    })
}

/// Does something to every series of an array.
pub(super) fn each(many: &[Series], work: impl Fn(&Value) -> Result<Value>) -> Result<Value> {
    let mut all = Vec::with_capacity(many.len());
    for series in many {
        match work(&Value::Series(series.clone()))? {
            Value::Series(series) => all.push(series),
            _ => return Err(fault("an array of time series holds something else")),
        }
    }
    Ok(Value::Many(all))
}

/// Both series where at least one has a value; the other's counts as 0.
fn zip(operator: Operator, a: &Series, b: &Series) -> Series {
    let mut points = Vec::with_capacity(a.points.len().max(b.points.len()));
    for at in times(&[a, b]) {
        let (a, b) = (a.at(at).unwrap_or(0.0), b.at(at).unwrap_or(0.0));
        if let Some(value) = apply(operator, a, b).filter(|value| value.is_finite()) {
            points.push((at, value));
        }
    }
    Series {
        label: a.label.clone(),
        period: a.period,
        points,
    }
}

/// All times at which any of the series has a value, oldest first.
pub(super) fn times(all: &[&Series]) -> Vec<i64> {
    let mut times: Vec<i64> = all
        .iter()
        .flat_map(|series| series.points.iter().map(|(at, _)| *at))
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}

#[allow(clippy::float_cmp)]
fn apply(operator: Operator, a: f64, b: f64) -> Option<f64> {
    let truth = |holds: bool| f64::from(u8::from(holds));
    Some(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide if b == 0.0 => return None,
        Operator::Divide => a / b,
        Operator::Power => a.powf(b),
        Operator::Equal => truth(a == b),
        Operator::NotEqual => truth(a != b),
        Operator::Less => truth(a < b),
        Operator::LessOrEqual => truth(a <= b),
        Operator::Greater => truth(a > b),
        Operator::GreaterOrEqual => truth(a >= b),
        Operator::And => truth(a != 0.0 && b != 0.0),
        Operator::Or => truth(a != 0.0 || b != 0.0),
    })
}
