//! CloudWatch's metrics.

mod data;
mod fetch;
mod list;
mod put;
mod statistics;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stave_core::Result;

pub use self::data::{DataPage, DataQuery, DataRequest, DataResult, DataSource};
pub(super) use self::data::{Evaluated, check_queries};
pub(super) use self::fetch::frame_start;
pub use self::list::{ListedMetric, MetricFilterList};
pub use self::put::{MetricDatum, MetricValue};
pub use self::statistics::{Datapoint, StatisticsRequest};
use super::errors::invalid_value;

/// The units that there are.
pub const UNITS: &[&str] = &[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
/// The most dimensions of a metric.
const MAX_DIMENSIONS: usize = 30;

/// A metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Metric {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its dimensions, by name.
    pub dimensions: BTreeMap<String, String>,
}

/// A statistic of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricStat {
    /// The metric.
    pub metric: Metric,
    /// The period in seconds.
    pub period_s: i64,
    /// The statistic's name: `Sum`, `p99`.
    pub statistic: String,
    /// Only of this unit; of all without one, which are not converted.
    pub unit: Option<String>,
}

/// Refuses a unit that there is not.
pub(super) fn check_unit(unit: &str) -> Result<()> {
    if UNITS.contains(&unit) {
        return Ok(());
    }
    Err(invalid_value(format!("\"{unit}\" is not a unit"))
        .hint(format!("one of {}", UNITS.join(", "))))
}

/// Refuses names that CloudWatch refuses.
pub(super) fn check_metric(metric: &Metric) -> Result<()> {
    for (what, text) in [("namespace", &metric.namespace), ("name", &metric.name)] {
        let length = text.chars().count();
        if !(1..=255).contains(&length)
            || text.starts_with(':')
            || text.chars().any(char::is_control)
        {
            return Err(invalid_value(format!(
                "the {what} \"{text}\" of a metric is not 1 to 255 characters, or begins with a colon"
            )));
        }
    }
    if metric.dimensions.len() > MAX_DIMENSIONS {
        return Err(invalid_value(format!(
            "the metric \"{}\" has more than {MAX_DIMENSIONS} dimensions",
            metric.name
        )));
    }
    for (name, value) in &metric.dimensions {
        let good = (1..=255).contains(&name.chars().count())
            && !name.starts_with(':')
            && (1..=1024).contains(&value.chars().count())
            && !value.trim().is_empty();
        if !good {
            return Err(invalid_value(format!(
                "the dimension \"{name}\" of the metric \"{}\" has a name of not 1 to 255, or a value of not 1 to 1024 characters",
                metric.name
            )));
        }
    }
    Ok(())
}

/// Refuses a period that CloudWatch refuses.
pub(super) fn check_period(period_s: i64) -> Result<()> {
    if matches!(period_s, 1 | 5 | 10 | 20 | 30) || (period_s >= 60 && period_s % 60 == 0) {
        return Ok(());
    }
    Err(invalid_value(format!(
        "the period {period_s} is not 1, 5, 10, 20, 30 or a multiple of 60 seconds"
    )))
}
