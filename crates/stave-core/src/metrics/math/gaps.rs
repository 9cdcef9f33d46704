//! `IF` and `FILL`: what stands where a value is missing.

use super::evaluate::evaluate;
use super::operators::each;
use super::parse::Node;
use super::{Inputs, Value, fault};
use crate::error::Result;
use crate::metrics::Series;

pub(super) fn if_else(arguments: &[Node], inputs: &Inputs) -> Result<Value> {
    let (condition, yes, no) = match arguments {
        [condition, yes] => (condition, yes, None),
        [condition, yes, no] => (condition, yes, Some(no)),
        _ => return Err(fault("IF takes a condition, a value and perhaps another")),
    };
    let condition = evaluate(condition, inputs)?;
    let yes = evaluate(yes, inputs)?;
    let no = no.map(|no| evaluate(no, inputs)).transpose()?;
    let many = |value: &Value| matches!(value, Value::Many(_));
    if many(&condition) || many(&yes) || no.as_ref().is_some_and(many) {
        return Err(fault("IF takes single time series and numbers, not arrays"));
    }
    match condition {
        Value::Scalar(number) if number != 0.0 => Ok(yes),
        Value::Scalar(_) => Ok(no.unwrap_or_else(|| {
            Value::Series(Series {
                label: String::new(),
                period: inputs.frame.period,
                points: Vec::new(),
            })
        })),
        Value::Series(condition) => Ok(Value::Series(condition.map(|at, holds| {
            if holds == 0.0 {
                no.as_ref().and_then(|no| value_at(no, at))
            } else {
                // The guide: 0 where the condition holds and there is no value.
                Some(value_at(&yes, at).unwrap_or(0.0))
            }
        }))),
        Value::Many(_) => Err(fault("IF does not take an array")),
    }
}

fn value_at(value: &Value, at: i64) -> Option<f64> {
    match value {
        Value::Scalar(number) => Some(*number),
        Value::Series(series) => series.at(at),
        Value::Many(_) => None,
    }
}

enum Filler {
    Repeat,
    Linear,
    Value(Value),
}

pub(super) fn fill(arguments: &[Node], inputs: &Inputs) -> Result<Value> {
    let [filled, filler] = arguments else {
        return Err(fault("FILL takes time series and what to fill them with"));
    };
    let filler = match filler {
        Node::Word(word) if word == "REPEAT" => Filler::Repeat,
        Node::Word(word) if word == "LINEAR" => Filler::Linear,
        node => match evaluate(node, inputs)? {
            Value::Many(_) => return Err(fault("FILL does not fill with an array")),
            value => Filler::Value(value),
        },
    };
    match evaluate(filled, inputs)? {
        Value::Scalar(_) => Err(fault("FILL takes one or more time series")),
        Value::Series(series) => Ok(Value::Series(fill_one(&series, &filler, inputs))),
        Value::Many(many) => each(&many, |one| match one {
            Value::Series(series) => Ok(Value::Series(fill_one(series, &filler, inputs))),
            _ => Err(fault("FILL takes time series")),
        }),
    }
}

fn fill_one(series: &Series, filler: &Filler, inputs: &Inputs) -> Series {
    let mut points = Vec::new();
    for at in inputs.frame.times() {
        let value = series.at(at).or_else(|| match filler {
            Filler::Repeat => points.last().map(|(_, value): &(i64, f64)| *value),
            Filler::Linear => between(series, at),
            Filler::Value(value) => value_at(value, at),
        });
        points.extend(value.map(|value| (at, value)));
    }
    Series {
        label: series.label.clone(),
        period: series.period,
        points,
    }
}

/// On the line between the points before and after.
fn between(series: &Series, at: i64) -> Option<f64> {
    let next = series.points.partition_point(|(time, _)| *time < at);
    let (before, old) = series.points.get(next.checked_sub(1)?)?;
    let (after, new) = series.points.get(next)?;
    let share = (at - before) as f64 / (after - before) as f64;
    Some(old + (new - old) * share)
}
