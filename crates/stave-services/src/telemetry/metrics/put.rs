//! `PutMetricData`.

use std::collections::BTreeMap;

use stave_core::iam::Context;
use stave_core::metrics::Samples;
use stave_core::{Caller, Result};
use stave_store::telemetry::{NewPoints, SeriesKey};

use super::{Metric, check_metric, check_unit};
use crate::telemetry::Telemetry;
use crate::telemetry::errors::{invalid_combination, invalid_value};

/// The most data of a request.
const MAX_DATA: usize = 1000;
/// The most values of a datum.
const MAX_VALUES: usize = 150;
const DAY_S: i64 = 24 * 60 * 60;
/// No datum is older, or further ahead.
const MAX_AGE_S: i64 = 14 * DAY_S;
const MAX_AHEAD_S: i64 = 2 * 60 * 60;

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// Values, each with how often it was measured.
    Values(Vec<(f64, f64)>),
    /// A statistic set.
    Set {
        /// How many samples.
        count: f64,
        /// Their sum.
        sum: f64,
        /// The lowest.
        min: f64,
        /// The highest.
        max: f64,
    },
}

/// A datum to be put.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDatum {
    /// The metric's name.
    pub name: String,
    /// Its dimensions, by name.
    pub dimensions: BTreeMap<String, String>,
    /// When, in milliseconds since 1970; now, where nothing is said.
    pub at_ms: Option<i64>,
    /// What was measured.
    pub value: MetricValue,
    /// The unit; `None` as AWS's text where nothing is said.
    pub unit: Option<String>,
    /// Kept to the second for three hours.
    pub high_resolution: bool,
}

impl Telemetry {
    /// Puts data into metrics of a namespace: all of them or, where one is wrong, none.
    pub fn put_metric_data(
        &self,
        caller: &Caller,
        namespace: &str,
        data: &[MetricDatum],
    ) -> Result<()> {
        let keys = Context::new().with("cloudwatch:namespace", namespace);
        caller.may_given("cloudwatch:PutMetricData", "*", &keys)?;
        if namespace.starts_with("AWS/") {
            return Err(invalid_value(
                "The value AWS/ for parameter Namespace is invalid: it is kept for AWS's own metrics",
            ));
        }
        if data.is_empty() || data.len() > MAX_DATA {
            return Err(invalid_value(format!(
                "a request holds 1 to {MAX_DATA} data, not {}",
                data.len()
            )));
        }
        let now_s = self.now_ms().div_euclid(1000);
        let mut all: BTreeMap<SeriesKey, BTreeMap<i64, Samples>> = BTreeMap::new();
        for datum in data {
            let (key, at, samples) = read(namespace, datum, now_s)?;
            let series = all.entry(key).or_default();
            series
                .entry(at)
                .or_insert_with(Samples::none)
                .merge(&samples);
        }
        let points = all.into_iter().map(|(key, points)| NewPoints {
            key,
            points: points.into_iter().collect(),
        });
        self.store().add_points(&points.collect::<Vec<_>>())
    }
}

fn read(namespace: &str, datum: &MetricDatum, now_s: i64) -> Result<(SeriesKey, i64, Samples)> {
    let metric = Metric {
        namespace: namespace.to_owned(),
        name: datum.name.clone(),
        dimensions: datum.dimensions.clone(),
    };
    check_metric(&metric)?;
    let unit = datum.unit.as_deref().unwrap_or("None");
    check_unit(unit)?;
    let at = datum.at_ms.map_or(now_s, |at_ms| at_ms.div_euclid(1000));
    if at < now_s - MAX_AGE_S || at > now_s + MAX_AHEAD_S {
        return Err(invalid_value(format!(
            "the timestamp of \"{}\" is more than two weeks ago or more than two hours ahead",
            datum.name
        )));
    }
    let at = if datum.high_resolution {
        at
    } else {
        at - at.rem_euclid(60)
    };
    let key = SeriesKey {
        namespace: metric.namespace,
        name: metric.name,
        dimensions: metric.dimensions,
        unit: unit.to_owned(),
    };
    Ok((key, at, samples(&datum.name, &datum.value)?))
}

fn samples(name: &str, value: &MetricValue) -> Result<Samples> {
    match value {
        MetricValue::Values(values) => {
            if values.is_empty() || values.len() > MAX_VALUES {
                return Err(invalid_combination(format!(
                    "\"{name}\" has {} values: a datum has 1 to {MAX_VALUES}, or a statistic set",
                    values.len()
                )));
            }
            let mut all = Samples::none();
            for (value, count) in values {
                check_number(name, *value)?;
                check_count(name, *count)?;
                all.merge(&Samples::of(*value, *count));
            }
            Ok(all)
        }
        MetricValue::Set {
            count,
            sum,
            min,
            max,
        } => {
            for number in [*sum, *min, *max] {
                check_number(name, number)?;
            }
            check_count(name, *count)?;
            if min > max {
                return Err(invalid_value(format!(
                    "the statistic set of \"{name}\" has a minimum above its maximum"
                )));
            }
            Ok(Samples::set(*count, *sum, *min, *max))
        }
    }
}

fn check_number(name: &str, number: f64) -> Result<()> {
    if number.is_finite() && number.abs() <= 2f64.powi(360) {
        return Ok(());
    }
    Err(invalid_value(format!(
        "\"{name}\" has a value that is not a number from -2^360 to 2^360"
    )))
}

fn check_count(name: &str, count: f64) -> Result<()> {
    check_number(name, count)?;
    if count > 0.0 {
        return Ok(());
    }
    Err(invalid_value(format!(
        "\"{name}\" has a count that is not positive"
    )))
}
