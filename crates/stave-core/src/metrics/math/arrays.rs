//! Functions that sum up: a series to a number, an array of series to one series.

use super::operators::times;
use super::{Value, fault};
use crate::error::Result;
use crate::metrics::Series;

pub(super) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "SUM" | "AVG" | "MIN" | "MAX" | "STDDEV" | "DATAPOINT_COUNT"
    )
}

pub(super) fn call(name: &str, argument: &Value) -> Result<Value> {
    match argument {
        Value::Scalar(_) => Err(fault(format!("{name} takes one or more time series"))),
        Value::Series(series) => {
            let values: Vec<f64> = series.values().collect();
            let value = summed(name, &values, values.len());
            value.map(Value::Scalar).ok_or_else(|| {
                fault(format!(
                    "{name} of a time series without datapoints is not a number"
                ))
            })
        }
        Value::Many(many) => Ok(Value::Series(across(name, many))),
    }
}

/// Sums up a series, for sorting.
pub(super) fn scalar(name: &str, series: &Series) -> Option<f64> {
    let values: Vec<f64> = series.values().collect();
    summed(name, &values, values.len())
}

fn across(name: &str, many: &[Series]) -> Series {
    let all: Vec<&Series> = many.iter().collect();
    let points = times(&all).into_iter().filter_map(|at| {
        let values: Vec<f64> = many.iter().filter_map(|series| series.at(at)).collect();
        Some((at, summed(name, &values, many.len())?))
    });
    Series {
        label: name.to_owned(),
        period: many.first().map_or(60, |series| series.period),
        points: points.collect(),
    }
}

/// `count` values of which those that are not given are missing: 0 in an average.
fn summed(name: &str, values: &[f64], count: usize) -> Option<f64> {
    let sum: f64 = values.iter().sum();
    match name {
        "SUM" => Some(sum),
        "DATAPOINT_COUNT" => Some(values.len() as f64),
        _ if values.is_empty() => None,
        "AVG" => Some(sum / count as f64),
        "MIN" => values.iter().copied().reduce(f64::min),
        "MAX" => values.iter().copied().reduce(f64::max),
        "STDDEV" => {
            let mean = sum / values.len() as f64;
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            Some((squares / values.len() as f64).sqrt())
        }
        _ => None,
    }
}
