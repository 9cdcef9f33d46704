//! Points of a metric as periods of a frame.

use std::collections::BTreeMap;

use stave_core::Result;
use stave_core::metrics::{Frame, Samples, Series, Statistic};
use stave_store::telemetry::{SeriesKey, SeriesRow};

use super::{Metric, MetricStat};
use crate::telemetry::Telemetry;

const DAY_S: i64 = 24 * 60 * 60;

/// The start of the first period: the moment that is asked for, rounded down as finely as points
/// of its age are kept.
pub(in crate::telemetry) fn frame_start(start_s: i64, now_s: i64, period_s: i64) -> i64 {
    let step = match now_s - start_s {
        age if age > 63 * DAY_S => 3600,
        age if age > 15 * DAY_S => 300,
        _ if period_s < 60 => period_s.max(1),
        _ => 60,
    };
    start_s - start_s.rem_euclid(step)
}

impl Telemetry {
    /// The series of a metric: of one unit, or of all.
    pub(super) fn series_of(&self, metric: &Metric, unit: Option<&str>) -> Result<Vec<SeriesRow>> {
        let key = SeriesKey {
            namespace: metric.namespace.clone(),
            name: metric.name.clone(),
            dimensions: metric.dimensions.clone(),
            unit: unit.unwrap_or_default().to_owned(),
        };
        self.store().series_of(&key, unit.is_none())
    }

    /// What was measured in each period of a frame, by the period's start.
    pub(super) fn periods(&self, series: i64, frame: Frame) -> Result<BTreeMap<i64, Samples>> {
        let mut periods: BTreeMap<i64, Samples> = BTreeMap::new();
        for (at, samples) in self.store().points(series, frame.start, frame.end)? {
            let start = frame.start + (at - frame.start).div_euclid(frame.period) * frame.period;
            let known = periods.entry(start).or_insert_with(Samples::none);
            known.merge(&samples);
        }
        Ok(periods)
    }

    /// The samples of a metric, of all its units together where none is said.
    pub(in crate::telemetry) fn samples(
        &self,
        stat: &MetricStat,
        frame: Frame,
    ) -> Result<BTreeMap<i64, Samples>> {
        let mut all: BTreeMap<i64, Samples> = BTreeMap::new();
        for row in self.series_of(&stat.metric, stat.unit.as_deref())? {
            for (at, samples) in self.periods(row.id, frame)? {
                all.entry(at).or_insert_with(Samples::none).merge(&samples);
            }
        }
        Ok(all)
    }

    /// A statistic of a metric as a series.
    pub(in crate::telemetry) fn fetch(
        &self,
        stat: &MetricStat,
        frame: Frame,
        label: &str,
    ) -> Result<Series> {
        let statistic: Statistic = stat.statistic.parse()?;
        let samples = self.samples(stat, frame)?;
        let points = samples.into_iter();
        Ok(Series {
            label: label.to_owned(),
            period: frame.period,
            points: points
                .filter_map(|(at, samples)| Some((at, statistic.of(&samples)?)))
                .collect(),
        })
    }
}
