//! `GetMetricStatistics`.

use std::collections::BTreeMap;

use stave_core::metrics::{Frame, Statistic};
use stave_core::{Caller, Result};

use super::{Metric, check_metric, check_period, check_unit, frame_start};
use crate::telemetry::Telemetry;
use crate::telemetry::errors::{invalid_combination, invalid_value};

/// The most datapoints of an answer.
const MAX_DATAPOINTS: i64 = 1440;
/// The most statistics of a request: five plain and ten extended ones.
const MAX_STATISTICS: usize = 15;

/// Which statistics of which metric are wanted. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatisticsRequest {
    /// The metric.
    pub metric: Metric,
    /// From this time on.
    pub from_s: i64,
    /// Before this time.
    pub to_s: i64,
    /// The period in seconds.
    pub period_s: i64,
    /// The statistics by name, plain and extended.
    pub statistics: Vec<String>,
    /// Only of this unit.
    pub unit: Option<String>,
}

/// A datapoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Datapoint {
    /// The start of its period, in seconds since 1970.
    pub at_s: i64,
    /// The statistics by name.
    pub values: BTreeMap<String, f64>,
    /// The unit.
    pub unit: String,
}

impl Telemetry {
    /// Statistics of a metric, by time; of each unit on its own.
    pub fn get_metric_statistics(
        &self,
        caller: &Caller,
        request: &StatisticsRequest,
    ) -> Result<Vec<Datapoint>> {
        caller.may("cloudwatch:GetMetricStatistics", "*")?;
        check_metric(&request.metric)?;
        check_period(request.period_s)?;
        request.unit.as_deref().map_or(Ok(()), check_unit)?;
        if request.from_s >= request.to_s {
            return Err(invalid_value(
                "The parameter StartTime must be less than the parameter EndTime.",
            ));
        }
        if request.statistics.is_empty() || request.statistics.len() > MAX_STATISTICS {
            return Err(invalid_combination(
                "1 to 5 statistics, or 1 to 10 extended ones, are asked for",
            ));
        }
        let named = request
            .statistics
            .iter()
            .map(|name| Ok((name.clone(), name.parse::<Statistic>()?)));
        let statistics: Vec<(String, Statistic)> = named.collect::<Result<_>>()?;
        let count = (request.to_s - request.from_s) / request.period_s;
        if count > MAX_DATAPOINTS {
            return Err(invalid_combination(format!(
                "You have requested up to {count} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range."
            )));
        }
        self.flush()?;
        let now_s = self.now_ms().div_euclid(1000);
        let frame = Frame {
            start: frame_start(request.from_s, now_s, request.period_s),
            end: request.to_s,
            period: request.period_s,
        };
        let mut found = Vec::new();
        for row in self.series_of(&request.metric, request.unit.as_deref())? {
            for (at_s, samples) in self.periods(row.id, frame)? {
                let values: BTreeMap<String, f64> = statistics
                    .iter()
                    .filter_map(|(name, statistic)| Some((name.clone(), statistic.of(&samples)?)))
                    .collect();
                if !values.is_empty() {
                    found.push(Datapoint {
                        at_s,
                        values,
                        unit: row.key.unit.clone(),
                    });
                }
            }
        }
        found.sort_by_key(|point| point.at_s);
        Ok(found)
    }
}
