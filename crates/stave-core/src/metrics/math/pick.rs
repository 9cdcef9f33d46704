//! Functions that choose from an array of series.

use super::evaluate::evaluate;
use super::parse::Node;
use super::{Inputs, Value, arrays, fault};
use crate::error::Result;
use crate::metrics::Series;

pub(super) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "SORT" | "SLICE" | "FIRST" | "LAST" | "REMOVE_EMPTY" | "METRIC_COUNT"
    )
}

pub(super) fn call(name: &str, arguments: &[Node], inputs: &Inputs) -> Result<Value> {
    let Some((first, rest)) = arguments.split_first() else {
        return Err(fault(format!("{name} takes an array of time series")));
    };
    let mut many = match evaluate(first, inputs)? {
        Value::Many(many) => many,
        Value::Series(series) => vec![series],
        Value::Scalar(_) => return Err(fault(format!("{name} takes an array of time series"))),
    };
    match (name, rest) {
        ("FIRST", []) if !many.is_empty() => Ok(Value::Series(many.swap_remove(0))),
        ("LAST", []) => many
            .pop()
            .map(Value::Series)
            .ok_or_else(|| fault("LAST of no time series")),
        ("FIRST", []) => Err(fault("FIRST of no time series")),
        ("METRIC_COUNT", []) => Ok(Value::Scalar(many.len() as f64)),
        ("REMOVE_EMPTY", []) => {
            many.retain(|series| !series.points.is_empty());
            Ok(Value::Many(many))
        }
        ("SORT", [Node::Word(by), Node::Word(order), limit @ ..]) if limit.len() <= 1 => {
            let limit = limit.first().map(|node| count(node, inputs)).transpose()?;
            sort(many, by, order, limit)
        }
        ("SLICE", [start]) => {
            let start = count(start, inputs)?.min(many.len());
            Ok(Value::Many(many.split_off(start)))
        }
        ("SLICE", [start, end]) => {
            many.truncate(count(end, inputs)?);
            let start = count(start, inputs)?.min(many.len());
            Ok(Value::Many(many.split_off(start)))
        }
        _ => Err(fault(format!("{name} does not take these arguments"))),
    }
}

fn count(node: &Node, inputs: &Inputs) -> Result<usize> {
    match evaluate(node, inputs)? {
        Value::Scalar(number) if number >= 0.0 && number.fract() == 0.0 => Ok(number as usize),
        _ => Err(fault("a whole number from 0 was expected")),
    }
}

fn sort(mut many: Vec<Series>, by: &str, order: &str, limit: Option<usize>) -> Result<Value> {
    if !matches!(by, "AVG" | "MIN" | "MAX" | "SUM") {
        return Err(fault(format!("SORT does not sort by {by}")));
    }
    let ascending = match order {
        "ASC" => true,
        "DESC" => false,
        _ => return Err(fault(format!("SORT sorts ASC or DESC, not {order}"))),
    };
    many.sort_by(|a, b| {
        let key = |series| arrays::scalar(by, series).unwrap_or(f64::NEG_INFINITY);
        let (a, b) = (key(a), key(b));
        if ascending {
            a.total_cmp(&b)
        } else {
            b.total_cmp(&a)
        }
    });
    many.truncate(limit.unwrap_or(usize::MAX));
    Ok(Value::Many(many))
}
