//! Metric filters: which events of a group count as what in which metric.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stave_core::log_filter::FilterPattern;
use stave_core::metrics::Samples;
use stave_core::{Caller, Error, Result};
use stave_store::telemetry::{FilterRow, NewPoints, SeriesKey};

use super::ingest::LogLine;
use crate::telemetry::errors::{invalid_parameter, logs_limit, no_such};
use crate::telemetry::metrics::check_unit;
use crate::telemetry::names::group;
use crate::telemetry::pages::page;
use crate::telemetry::{Page, PageRequest, Telemetry};

/// The most filters of a group.
const MAX_FILTERS: usize = 100;
/// The most dimensions that a filter gives its metric.
const MAX_DIMENSIONS: usize = 3;
/// The most messages that a test looks at.
const MAX_TESTED: usize = 50;

/// What an event counts as.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Transformation {
    /// The metric's name.
    pub metric: String,
    /// The metric's namespace.
    pub namespace: String,
    /// A number, or what the pattern names: `$.latency`, `$bytes`.
    pub value: String,
    /// What events that do not match count as.
    pub default_value: Option<f64>,
    /// The metric's dimensions: names, and what the pattern names.
    pub dimensions: BTreeMap<String, String>,
    /// The metric's unit.
    pub unit: Option<String>,
}

/// A metric filter.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFilter {
    /// Its group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Which events it is about.
    pub pattern: String,
    /// What they count as.
    pub transformation: Transformation,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

/// Which metric filters are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFilterQuery {
    /// Those of this group.
    pub group: Option<String>,
    /// The name begins so.
    pub prefix: Option<String>,
    /// The metric, with its namespace.
    pub metric: Option<(String, String)>,
}

/// An event that a pattern is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterMatch {
    /// Its number among those tested, from 1.
    pub number: usize,
    /// Its message.
    pub message: String,
    /// What the pattern names in it.
    pub extracted: Vec<(String, String)>,
}

/// A filter as its row says it.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    pattern: String,
    transformation: Transformation,
}

/// A filter that can be applied.
#[derive(Debug)]
pub(super) struct Definition {
    pattern: FilterPattern,
    transformation: Transformation,
}

fn read_stored(row: &FilterRow) -> Result<Stored> {
    serde_json::from_str(&row.definition).map_err(|error| {
        Error::internal(format!("metric filter \"{}\" is damaged", row.name)).caused_by(error)
    })
}

pub(super) fn read_definition(row: &FilterRow) -> Result<Definition> {
    let stored = read_stored(row)?;
    Ok(Definition {
        pattern: FilterPattern::parse(&stored.pattern)?,
        transformation: stored.transformation,
    })
}

/// What events of one request come to, by series and minute.
#[derive(Debug, Default)]
pub(super) struct Emitting(BTreeMap<(SeriesKey, i64), Samples>);

impl Emitting {
    pub(super) fn points(self) -> impl Iterator<Item = NewPoints> {
        self.0.into_iter().map(|((key, at), samples)| NewPoints {
            key,
            points: vec![(at, samples)],
        })
    }

    fn add(&mut self, key: SeriesKey, at_ms: i64, value: f64) {
        let minute = at_ms.div_euclid(60_000) * 60;
        let samples = self.0.entry((key, minute)).or_insert_with(Samples::none);
        samples.merge(&Samples::of(value, 1.0));
    }
}

impl Definition {
    /// Adds what an event comes to.
    pub(super) fn emit(&self, line: &LogLine, into: &mut Emitting) {
        let to = &self.transformation;
        let mut key = SeriesKey {
            namespace: to.namespace.clone(),
            name: to.metric.clone(),
            dimensions: BTreeMap::new(),
            unit: to.unit.clone().unwrap_or_else(|| "None".to_owned()),
        };
        if !self.pattern.matches(&line.message) {
            if let Some(value) = to.default_value {
                into.add(key, line.at_ms, value);
            }
            return;
        }
        for (name, selector) in &to.dimensions {
            // An event that lacks a dimension makes no metric, as with AWS.
            let Some(value) = self.pattern.value(&line.message, selector) else {
                return;
            };
            key.dimensions.insert(name.clone(), value);
        }
        let value = if to.value.starts_with('$') {
            let found = self.pattern.value(&line.message, &to.value);
            found.and_then(|text| text.parse::<f64>().ok())
        } else {
            to.value.parse().ok()
        };
        if let Some(value) = value.filter(|value| value.is_finite()) {
            into.add(key, line.at_ms, value);
        }
    }
}

impl Telemetry {
    /// Makes a metric filter, or puts it in the place of another of its name.
    pub fn put_metric_filter(
        &self,
        caller: &Caller,
        group_name: &str,
        name: &str,
        pattern: &str,
        transformation: &Transformation,
    ) -> Result<()> {
        self.permit_group(caller, "logs:PutMetricFilter", group_name)?;
        check_filter_name(name)?;
        FilterPattern::parse(pattern)?;
        check_transformation(transformation)?;
        let stored = Stored {
            pattern: pattern.to_owned(),
            transformation: transformation.clone(),
        };
        let definition = serde_json::to_string(&stored)
            .map_err(|error| Error::internal("a metric filter is no JSON").caused_by(error))?;
        let created_ms = self.now_ms();
        self.store().write(|rows| {
            let group = group(rows, group_name)?;
            let known = rows.filters(Some(group.id))?;
            if known.len() >= MAX_FILTERS && known.iter().all(|filter| filter.name != name) {
                return Err(logs_limit(format!(
                    "the log group has {MAX_FILTERS} metric filters already"
                )));
            }
            rows.put_filter(&FilterRow {
                group: group.id,
                group_name: String::new(),
                name: name.to_owned(),
                definition,
                created_ms,
            })
        })
    }

    /// A page of the metric filters, by group and name.
    pub fn describe_metric_filters(
        &self,
        caller: &Caller,
        query: &MetricFilterQuery,
        request: &PageRequest,
    ) -> Result<Page<MetricFilter>> {
        let group_name = query.group.as_deref();
        self.permit_group(
            caller,
            "logs:DescribeMetricFilters",
            group_name.unwrap_or_default(),
        )?;
        let limit = request.limit(50, invalid_parameter)?;
        let after = request.after("InvalidParameterException")?;
        let rows = self.store().read(|rows| {
            let id = match group_name {
                Some(name) => Some(group(rows, name)?.id),
                None => None,
            };
            rows.filters(id)
        })?;
        let mut found = Vec::new();
        for row in rows {
            let stored = read_stored(&row)?;
            let filter = MetricFilter {
                group: row.group_name,
                name: row.name,
                pattern: stored.pattern,
                transformation: stored.transformation,
                created_ms: row.created_ms,
            };
            let named = query
                .prefix
                .as_deref()
                .is_none_or(|prefix| filter.name.starts_with(prefix));
            let metric = query.metric.as_ref().is_none_or(|(metric, namespace)| {
                filter.transformation.metric == *metric
                    && filter.transformation.namespace == *namespace
            });
            let later = after
                .as_deref()
                .is_none_or(|after| place(&filter).as_str() > after);
            if named && metric && later {
                found.push(filter);
            }
        }
        found.sort_by_cached_key(place);
        Ok(page(found, limit, place))
    }

    /// Removes a metric filter.
    pub fn delete_metric_filter(
        &self,
        caller: &Caller,
        group_name: &str,
        name: &str,
    ) -> Result<()> {
        self.permit_group(caller, "logs:DeleteMetricFilter", group_name)?;
        self.store().write(|rows| {
            let group = group(rows, group_name)?;
            if rows.remove_filter(group.id, name)? {
                Ok(())
            } else {
                Err(no_such("The specified metric filter does not exist."))
            }
        })
    }

    /// Which of some messages a pattern is about.
    pub fn test_metric_filter(
        &self,
        caller: &Caller,
        pattern: &str,
        messages: &[String],
    ) -> Result<Vec<FilterMatch>> {
        caller.may("logs:TestMetricFilter", "*")?;
        if messages.is_empty() || messages.len() > MAX_TESTED {
            return Err(invalid_parameter(format!(
                "1 to {MAX_TESTED} messages are tested, not {}",
                messages.len()
            )));
        }
        let pattern = FilterPattern::parse(pattern)?;
        let numbered = messages.iter().enumerate();
        let found = numbered.filter_map(|(place, message)| {
            Some(FilterMatch {
                number: place + 1,
                extracted: pattern.extract(message)?,
                message: message.clone(),
            })
        });
        Ok(found.collect())
    }
}

/// Where a filter stands in a list.
fn place(filter: &MetricFilter) -> String {
    format!("{} {}", filter.group, filter.name)
}

fn check_filter_name(name: &str) -> Result<()> {
    let length = name.chars().count();
    if (1..=512).contains(&length) && !name.contains([':', '*']) {
        return Ok(());
    }
    Err(invalid_parameter(format!(
        "the filter name \"{name}\" is not 1 to 512 characters without : and *"
    )))
}

fn check_transformation(to: &Transformation) -> Result<()> {
    for (what, text) in [
        ("metric name", &to.metric),
        ("metric namespace", &to.namespace),
    ] {
        if text.is_empty() || text.chars().count() > 255 || text.contains([':', '*', '$']) {
            return Err(invalid_parameter(format!(
                "the {what} \"{text}\" is not 1 to 255 characters without :, * and $"
            )));
        }
    }
    if to.value.parse::<f64>().is_err() && !to.value.starts_with('$') {
        return Err(invalid_parameter(format!(
            "the metric value \"{}\" is no number and does not begin with $",
            to.value
        )));
    }
    if to.dimensions.len() > MAX_DIMENSIONS {
        return Err(invalid_parameter(format!(
            "a metric filter has at most {MAX_DIMENSIONS} dimensions"
        )));
    }
    if !to.dimensions.is_empty() && to.default_value.is_some() {
        return Err(invalid_parameter(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
        ));
    }
    if to
        .dimensions
        .values()
        .any(|selector| !selector.starts_with('$'))
    {
        return Err(invalid_parameter("the value of a dimension begins with $"));
    }
    to.unit.as_deref().map_or(Ok(()), check_unit)
}
