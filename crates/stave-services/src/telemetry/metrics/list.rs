//! `ListMetrics`.

use std::collections::BTreeMap;

use stave_core::{Caller, Error, Result};
use stave_store::telemetry::SeriesKey;

use super::Metric;
use crate::pages::token;
use crate::telemetry::errors::{bad_token, invalid_value};
use crate::telemetry::{Page, PageRequest, Telemetry};

/// How many metrics a page has.
const PAGE: u32 = 500;
/// Metrics without a point for so long are not listed: two weeks, in seconds.
const LISTED_S: i64 = 14 * 24 * 60 * 60;
/// What is recently active: three hours, in seconds.
const RECENT_S: i64 = 3 * 60 * 60;

/// Which metrics are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFilterList {
    /// Of this namespace.
    pub namespace: Option<String>,
    /// Of this name.
    pub name: Option<String>,
    /// With these dimensions, of any value where none is said.
    pub dimensions: BTreeMap<String, Option<String>>,
    /// With points within the last three hours (`PT3H`).
    pub recently_active: bool,
}

/// A metric in a list.
pub type ListedMetric = Metric;

impl Telemetry {
    /// A page of the metrics that had points within the last two weeks.
    pub fn list_metrics(
        &self,
        caller: &Caller,
        filter: &MetricFilterList,
        request: &PageRequest,
    ) -> Result<Page<ListedMetric>> {
        caller.may("cloudwatch:ListMetrics", "*")?;
        self.flush()?;
        let limit = request.limit(PAGE, invalid_value)?;
        let mut after = request
            .after("InvalidParameterValue")?
            .map(|text| read_key(&text))
            .transpose()?;
        let kept = if filter.recently_active {
            RECENT_S
        } else {
            LISTED_S
        };
        let since = self.now_ms().div_euclid(1000) - kept;
        let mut found: Vec<Metric> = Vec::new();
        loop {
            let (namespace, name) = (filter.namespace.as_deref(), filter.name.as_deref());
            let some = self
                .store()
                .series(namespace, name, since, after.as_ref(), 1000)?;
            let Some(last) = some.last() else {
                return Ok(Page {
                    items: found,
                    next: None,
                });
            };
            after = Some(last.key.clone());
            for row in some {
                let metric = Metric {
                    namespace: row.key.namespace,
                    name: row.key.name,
                    dimensions: row.key.dimensions,
                };
                if !takes(filter, &metric) || found.last() == Some(&metric) {
                    continue;
                }
                if found.len() == limit {
                    let next = found.last().map(key_text).transpose()?;
                    return Ok(Page {
                        items: found,
                        next: next.map(|text| token(&text)),
                    });
                }
                found.push(metric);
            }
        }
    }
}

fn takes(filter: &MetricFilterList, metric: &Metric) -> bool {
    filter.dimensions.iter().all(|(name, wanted)| {
        let value = metric.dimensions.get(name);
        value.is_some_and(|value| wanted.as_ref().is_none_or(|wanted| wanted == value))
    })
}

fn key_text(metric: &Metric) -> Result<String> {
    serde_json::to_string(metric)
        .map_err(|error| Error::internal("a metric is no JSON").caused_by(error))
}

/// The place behind all series of a metric, whatever their units.
fn read_key(text: &str) -> Result<SeriesKey> {
    let metric: Metric =
        serde_json::from_str(text).map_err(|_| bad_token("InvalidParameterValue"))?;
    Ok(SeriesKey {
        namespace: metric.namespace,
        name: metric.name,
        dimensions: metric.dimensions,
        unit: "\u{10ffff}".to_owned(),
    })
}
