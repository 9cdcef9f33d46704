//! Functions of one series (or of each of an array): absolute values, rates, calendars.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::operators::each;
use super::{Inputs, Value, fault};
use crate::error::Result;
use crate::metrics::Series;

const KNOWN: &[&str] = &[
    "ABS",
    "CEIL",
    "FLOOR",
    "LOG",
    "LOG10",
    "RATE",
    "DIFF",
    "DIFF_TIME",
    "RUNNING_SUM",
    "PERIOD",
    "TIME_SERIES",
    "MINUTE",
    "HOUR",
    "DAY",
    "DATE",
    "MONTH",
    "YEAR",
    "EPOCH",
];

pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

pub(super) fn call(name: &str, argument: &Value, inputs: &Inputs) -> Result<Value> {
    match argument {
        Value::Many(many) if name != "PERIOD" && name != "TIME_SERIES" => {
            each(many, |one| call(name, one, inputs))
        }
        Value::Scalar(number) => of_number(name, *number, inputs),
        Value::Series(series) => of_series(name, series, inputs),
        Value::Many(_) => Err(fault(format!("{name} does not take an array"))),
    }
}

fn of_number(name: &str, number: f64, inputs: &Inputs) -> Result<Value> {
    let value = match name {
        "TIME_SERIES" => return Ok(Value::Series(regular(name, inputs, |_| Some(number)))),
        "ABS" => number.abs(),
        "CEIL" => number.ceil(),
        "FLOOR" => number.floor(),
        "LOG" => number.ln(),
        "LOG10" => number.log10(),
        _ => return Err(fault(format!("{name} takes a time series"))),
    };
    if value.is_finite() {
        Ok(Value::Scalar(value))
    } else {
        Err(fault(format!("{name} of {number} is not a number")))
    }
}

fn of_series(name: &str, series: &Series, inputs: &Inputs) -> Result<Value> {
    Ok(Value::Series(match name {
        "PERIOD" => return Ok(Value::Scalar(series.period as f64)),
        "ABS" => series.map(|_, value| Some(value.abs())),
        "CEIL" => series.map(|_, value| Some(value.ceil())),
        "FLOOR" => series.map(|_, value| Some(value.floor())),
        "LOG" => series.map(|_, value| Some(value.ln())),
        "LOG10" => series.map(|_, value| Some(value.log10())),
        "RATE" => steps(series, |time, change| change / time),
        "DIFF" => steps(series, |_, change| change),
        "DIFF_TIME" => steps(series, |time, _| time),
        "RUNNING_SUM" => running_sum(series),
        "TIME_SERIES" => return Err(fault("TIME_SERIES takes a number")),
        _ => regular(&series.label, inputs, |at| calendar(name, at)),
    }))
}

/// From each point to the next: the seconds between them and the change of the value.
fn steps(series: &Series, value: impl Fn(f64, f64) -> f64) -> Series {
    let pairs = series.points.windows(2).filter_map(|pair| match pair {
        [(before, old), (at, new)] => Some((*at, value((at - before) as f64, new - old))),
        _ => None,
    });
    Series {
        label: series.label.clone(),
        period: series.period,
        points: pairs.collect(),
    }
}

fn running_sum(series: &Series) -> Series {
    let mut sum = 0.0;
    let mut summed = series.clone();
    for (_, value) in &mut summed.points {
        sum += *value;
        *value = sum;
    }
    summed
}

/// A series with a value in every period of the frame.
fn regular(label: &str, inputs: &Inputs, value: impl Fn(i64) -> Option<f64>) -> Series {
    let points = inputs.frame.times();
    Series {
        label: label.to_owned(),
        period: inputs.frame.period,
        points: points.filter_map(|at| Some((at, value(at)?))).collect(),
    }
}

/// A part of the time (UTC): days of the week from 1 for Monday.
fn calendar(name: &str, at: i64) -> Option<f64> {
    let time = Timestamp::from_second(at).ok()?.to_zoned(TimeZone::UTC);
    Some(match name {
        "MINUTE" => f64::from(time.minute()),
        "HOUR" => f64::from(time.hour()),
        "DAY" => f64::from(time.weekday().to_monday_one_offset()),
        "DATE" => f64::from(time.day()),
        "MONTH" => f64::from(time.month()),
        "YEAR" => f64::from(time.year()),
        "EPOCH" => at as f64,
        _ => return None,
    })
}
