//! CloudWatch's handlers: from the wire's types to an operation of the service, and back.
//!
//! Must not know: protocols, who may do what.

mod alarms;
mod dashboards;
mod data;
mod history;
mod metrics;
mod put_alarm;
mod show;
mod tags;

use std::collections::BTreeMap;

use jiff::Timestamp;
use stave_core::{Caller, Error, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{DataQuery, DataSource, Metric, MetricStat, PageRequest, Tags};

use super::door::Door;
use super::fault::unsupported;
use super::types::cloudwatch::{self as wire, SERVICE};

/// CloudWatch's door.
pub fn door(telemetry: &Telemetry) -> Door {
    let groups = [
        alarms::add,
        dashboards::add,
        data::add,
        history::add,
        metrics::add,
        put_alarm::add,
        tags::add,
    ];
    let door = Door::new(&SERVICE);
    groups
        .into_iter()
        .fold(door, |door, add| add(door, telemetry))
}

/// Which page of a list is asked for.
fn page(token: Option<String>, limit: Option<i32>) -> PageRequest {
    PageRequest {
        token,
        limit: limit.map(i32::unsigned_abs),
    }
}

fn invalid_value(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterValue")
}

fn invalid_combination(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterCombination")
}

fn missing(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("MissingParameter")
}

/// Refuses what would change the meaning of a request and is not there.
fn refuse(given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(unsupported(format!("{name} is not implemented"))),
        None => Ok(()),
    }
}

/// A moment of so many milliseconds since 1970.
fn at_ms(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

/// A moment of so many seconds since 1970.
fn at_s(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

fn tags_of(tags: Option<Vec<wire::Tag>>) -> Tags {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.key, tag.value)).collect()
}

/// The dimensions of a metric; none of them twice.
fn dimensions(given: Option<Vec<wire::Dimension>>) -> Result<BTreeMap<String, String>> {
    let mut dimensions = BTreeMap::new();
    for dimension in given.unwrap_or_default() {
        if dimensions.contains_key(&dimension.name) {
            return Err(invalid_value(format!(
                "the dimension \"{}\" is there twice",
                dimension.name
            )));
        }
        dimensions.insert(dimension.name, dimension.value);
    }
    Ok(dimensions)
}

/// Metrics and expressions of a request.
fn queries(caller: &Caller, given: Vec<wire::MetricDataQuery>) -> Result<Vec<DataQuery>> {
    given
        .into_iter()
        .map(|given| query(caller, given))
        .collect()
}

fn query(caller: &Caller, given: wire::MetricDataQuery) -> Result<DataQuery> {
    let id = given.id;
    let account = given.account_id.as_deref();
    refuse(&[
        (
            "AccountId of another account",
            account.is_some_and(|account| account != caller.account()),
        ),
        (
            "a Label with ${…}",
            given
                .label
                .as_ref()
                .is_some_and(|label| label.contains("${")),
        ),
    ])?;
    let source = match (given.metric_stat, given.expression) {
        (Some(stat), None) => DataSource::Metric(MetricStat {
            metric: Metric {
                namespace: stat.metric.namespace.unwrap_or_default(),
                name: stat.metric.metric_name.unwrap_or_default(),
                dimensions: dimensions(stat.metric.dimensions)?,
            },
            period_s: stat.period.into(),
            statistic: stat.stat,
            unit: stat.unit,
        }),
        (None, Some(expression)) => DataSource::Expression(expression),
        _ => {
            let message = format!("\"{id}\" has not exactly one of MetricStat and Expression");
            return Err(Error::invalid(message).coded("ValidationError"));
        }
    };
    Ok(DataQuery {
        id,
        source,
        label: given.label,
        returned: given.return_data.unwrap_or(true),
        period_s: given.period.map(i64::from),
    })
}
