//! `GetMetricData`: many metrics and expressions over them at once.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use stave_core::metrics::math::{Expression, Inputs, SearchCall, Value};
use stave_core::metrics::search::Search;
use stave_core::metrics::{Frame, Series, Statistic};
use stave_core::{Caller, Result};

use super::{Metric, MetricStat, check_metric, check_period, check_unit, frame_start};
use crate::telemetry::Telemetry;
use crate::telemetry::errors::{bad_token, invalid_value, validation};

/// The most metrics and expressions of a request.
const MAX_QUERIES: usize = 500;
/// The most series that one search gives.
const MAX_FOUND: usize = 100;
/// The most datapoints of an answer.
const MAX_DATAPOINTS: usize = 100_800;
/// The most periods of a request: 1,440 days of minutes are never asked for in earnest.
const MAX_PERIODS: i64 = 1_000_000;

/// Where values come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataSource {
    /// A metric.
    Metric(MetricStat),
    /// An expression over others.
    Expression(String),
}

/// A metric or an expression of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataQuery {
    /// What others call it by.
    pub id: String,
    /// Where its values come from.
    pub source: DataSource,
    /// What the answer calls it.
    pub label: Option<String>,
    /// Whether the answer holds it.
    pub returned: bool,
    /// The period of an expression, in seconds.
    pub period_s: Option<i64>,
}

/// What is asked for. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataRequest {
    /// Metrics and expressions.
    pub queries: Vec<DataQuery>,
    /// From this time on.
    pub from_s: i64,
    /// Before this time.
    pub to_s: i64,
    /// Oldest first; otherwise latest first.
    pub ascending: bool,
    /// How many datapoints a page has at most.
    pub max_datapoints: Option<u32>,
    /// The token that the page before gave.
    pub token: Option<String>,
}

/// The values of a metric or an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct DataResult {
    /// The id in the request.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// Starts of periods (seconds since 1970) with their values.
    pub points: Vec<(i64, f64)>,
    /// Whether these are all; `PartialData` otherwise.
    pub complete: bool,
}

/// A page of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct DataPage {
    /// The results, in the order of the request.
    pub results: Vec<DataResult>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

impl Telemetry {
    /// Values of metrics, and of expressions over them.
    pub fn get_metric_data(&self, caller: &Caller, request: &DataRequest) -> Result<DataPage> {
        caller.may("cloudwatch:GetMetricData", "*")?;
        check_queries(&request.queries)?;
        if request.from_s >= request.to_s {
            return Err(validation(
                "The parameter StartTime must be less than the parameter EndTime.",
            ));
        }
        let limit = match request.max_datapoints {
            None => MAX_DATAPOINTS,
            Some(0) => return Err(invalid_value("MaxDatapoints is 0")),
            Some(limit) => (limit as usize).min(MAX_DATAPOINTS),
        };
        let skipped: usize = match &request.token {
            None => 0,
            Some(token) => token.parse().map_err(|_| bad_token("InvalidNextToken"))?,
        };
        self.flush()?;
        let range = (request.from_s, request.to_s);
        let mut evaluated = Evaluated::new(self, &request.queries, range, None);
        let mut all = Vec::new();
        for query in request.queries.iter().filter(|query| query.returned) {
            let value = evaluated.value(&query.id)?.clone();
            all.extend(results(query, value));
        }
        if !request.ascending {
            for result in &mut all {
                result.points.reverse();
            }
        }
        Ok(page(all, skipped, limit))
    }
}

/// The series of a query as results.
fn results(query: &DataQuery, value: Value) -> Vec<DataResult> {
    let (series, many) = match value {
        Value::Series(series) => (vec![series], false),
        Value::Many(many) => (many, true),
        Value::Scalar(_) => (Vec::new(), false),
    };
    let label = |series: &Series| match (&query.label, many) {
        (Some(label), true) => format!("{label} {}", series.label).trim().to_owned(),
        (Some(label), false) => label.clone(),
        (None, true) => series.label.clone(),
        (None, false) => match &query.source {
            DataSource::Metric(_) => series.label.clone(),
            DataSource::Expression(_) => query.id.clone(),
        },
    };
    let named = series.into_iter().map(|series| DataResult {
        id: query.id.clone(),
        label: label(&series),
        points: series.points,
        complete: true,
    });
    named.collect()
}

/// Leaves out what earlier pages had and what later ones will have.
fn page(mut results: Vec<DataResult>, mut skipped: usize, limit: usize) -> DataPage {
    let given = skipped;
    let (mut room, mut more) = (limit, false);
    for result in &mut results {
        let skip = skipped.min(result.points.len());
        skipped -= skip;
        result.points.drain(..skip);
        if result.points.len() > room {
            result.points.truncate(room);
            result.complete = false;
            more = true;
        }
        room -= result.points.len();
    }
    if given > 0 {
        results.retain(|result| !result.points.is_empty());
    }
    DataPage {
        results,
        next: more.then(|| (given + limit).to_string()),
    }
}

/// Refuses ids, sources and expressions that are wrong.
pub(in crate::telemetry) fn check_queries(queries: &[DataQuery]) -> Result<()> {
    if queries.is_empty() || queries.len() > MAX_QUERIES {
        return Err(validation(format!(
            "a request holds 1 to {MAX_QUERIES} metrics and expressions, not {}",
            queries.len()
        )));
    }
    let mut ids = HashSet::new();
    for query in queries {
        let id = &query.id;
        let good = id.len() <= 255
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good {
            return Err(validation(format!(
                "the id \"{id}\" is not letters, digits and _, beginning with a lower-case letter"
            )));
        }
        if !ids.insert(id) {
            return Err(validation(format!("the id \"{id}\" is there twice")));
        }
        query.period_s.map_or(Ok(()), check_period)?;
        match &query.source {
            DataSource::Metric(stat) => {
                check_metric(&stat.metric)?;
                check_period(stat.period_s)?;
                stat.statistic.parse::<Statistic>()?;
                stat.unit.as_deref().map_or(Ok(()), check_unit)?;
            }
            DataSource::Expression(text) => {
                Expression::parse(text).map_err(|error| error.within(format!("\"{id}\"")))?;
            }
        }
    }
    if !queries.iter().any(|query| query.returned) {
        return Err(validation(
            "none of the metrics and expressions is to be returned",
        ));
    }
    Ok(())
}

/// The values of queries, each evaluated when it is first needed.
#[derive(Debug)]
pub(in crate::telemetry) struct Evaluated<'a> {
    telemetry: &'a Telemetry,
    queries: &'a [DataQuery],
    range: (i64, i64),
    /// The start of the first period where it is not to be rounded.
    exact: Option<i64>,
    values: BTreeMap<String, Value>,
    /// What is being evaluated now.
    open: Vec<String>,
}

impl<'a> Evaluated<'a> {
    pub(in crate::telemetry) fn new(
        telemetry: &'a Telemetry,
        queries: &'a [DataQuery],
        range: (i64, i64),
        exact: Option<i64>,
    ) -> Self {
        Self {
            telemetry,
            queries,
            range,
            exact,
            values: BTreeMap::new(),
            open: Vec::new(),
        }
    }

    fn frame(&self, period: i64) -> Result<Frame> {
        let (from, to) = self.range;
        if (to - from) / period > MAX_PERIODS {
            return Err(validation("the stretch of time is too long for its period"));
        }
        let now = self.telemetry.now_ms().div_euclid(1000);
        Ok(Frame {
            start: self.exact.unwrap_or_else(|| frame_start(from, now, period)),
            end: to,
            period,
        })
    }

    pub(in crate::telemetry) fn value(&mut self, id: &str) -> Result<&Value> {
        if !self.values.contains_key(id) {
            if self.open.iter().any(|open| open == id) {
                return Err(validation(format!(
                    "the expression \"{id}\" refers to itself"
                )));
            }
            self.open.push(id.to_owned());
            let value = self.evaluate(id)?;
            self.open.pop();
            self.values.insert(id.to_owned(), value);
        }
        let value = self.values.get(id);
        value.ok_or_else(|| validation(format!("the id \"{id}\" is not in the request")))
    }

    fn evaluate(&mut self, id: &str) -> Result<Value> {
        let Some(query) = self.queries.iter().find(|query| query.id == id) else {
            return Err(validation(format!("the id \"{id}\" is not in the request")));
        };
        match &query.source {
            DataSource::Metric(stat) => {
                let label = query.label.as_deref().unwrap_or(&stat.metric.name);
                let frame = self.frame(stat.period_s)?;
                self.telemetry.fetch(stat, frame, label).map(Value::Series)
            }
            DataSource::Expression(text) => {
                let expression = Expression::parse(text)?;
                self.expression(query, &expression)
                    .map_err(|error| error.within(format!("\"{id}\"")))
            }
        }
    }

    fn expression(&mut self, query: &DataQuery, expression: &Expression) -> Result<Value> {
        let metrics: Vec<String> = self
            .queries
            .iter()
            .filter(|query| matches!(query.source, DataSource::Metric(_)))
            .map(|query| query.id.clone())
            .collect();
        let mut needed = expression.references();
        // METRICS() may use any of them.
        needed.extend(metrics.iter().cloned());
        let mut values = BTreeMap::new();
        for id in needed {
            let value = self.value(&id)?.clone();
            values.insert(id, value);
        }
        let period = query.period_s.unwrap_or_else(|| {
            let periods = values.values().filter_map(|value| match value {
                Value::Series(series) => Some(series.period),
                _ => None,
            });
            periods.max().unwrap_or(60)
        });
        let frame = self.frame(period)?;
        let mut searches = BTreeMap::new();
        for call in expression.searches() {
            let found = self.search(&call, period)?;
            searches.insert(call, found);
        }
        expression.evaluate(&Inputs {
            frame,
            values,
            metrics,
            searches,
        })
    }

    fn search(&self, call: &SearchCall, period: i64) -> Result<Vec<Series>> {
        let search = Search::parse(&call.search)?;
        let period = call.period.unwrap_or(period);
        check_period(period)?;
        let frame = self.frame(period)?;
        let namespace = Some(search.namespace.as_str());
        let rows = self
            .telemetry
            .store()
            .series(namespace, None, frame.start, None, 10_000)?;
        let mut metrics: Vec<Metric> = Vec::new();
        for row in rows {
            let dimensions: Vec<(String, String)> =
                row.key.dimensions.clone().into_iter().collect();
            if !search.takes(&row.key.namespace, &row.key.name, &dimensions) {
                continue;
            }
            let metric = Metric {
                namespace: row.key.namespace,
                name: row.key.name,
                dimensions: row.key.dimensions,
            };
            if metrics.last() != Some(&metric) {
                metrics.push(metric);
            }
        }
        metrics.truncate(MAX_FOUND);
        let found = metrics.into_iter().map(|metric| {
            let values = metric.dimensions.values().map(String::as_str);
            let label = values
                .chain([metric.name.as_str()])
                .collect::<Vec<_>>()
                .join(" ");
            let stat = MetricStat {
                metric,
                period_s: period,
                statistic: call.statistic.clone(),
                unit: None,
            };
            self.telemetry.fetch(&stat, frame, &label)
        });
        found.collect()
    }
}
