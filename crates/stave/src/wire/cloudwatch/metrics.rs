//! Metrics: put and listed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{MetricDatum, MetricFilterList, MetricValue};

use super::{dimensions, invalid_combination, invalid_value, missing, page, refuse};
use crate::wire::door::Door;
use crate::wire::types::cloudwatch as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::PUT_METRIC_DATA, put)
        .on(telemetry, &wire::LIST_METRICS, list)
}

fn put(metrics: &Telemetry, caller: &Caller, request: wire::PutMetricDataInput) -> Result<()> {
    let mut given = request.metric_data.unwrap_or_default();
    let entities = request.entity_metric_data.unwrap_or_default();
    // What is measured of an entity is measured: only that the entity is checked is not there.
    let is_strict = request.strict_entity_validation == Some(true);
    refuse(&[("StrictEntityValidation", is_strict && !entities.is_empty())])?;
    given.extend(
        entities
            .into_iter()
            .flat_map(|of_entity| of_entity.metric_data.unwrap_or_default()),
    );
    if given.is_empty() {
        return Err(missing("The parameter MetricData is required."));
    }
    let data = (1..).zip(given).map(|(number, given)| datum(number, given));
    let data = data.collect::<Result<Vec<_>>>()?;
    metrics.put_metric_data(caller, &request.namespace, &data)
}

fn datum(number: usize, given: wire::MetricDatum) -> Result<MetricDatum> {
    let at = format!("MetricData.member.{number}");
    let high_resolution = match given.storage_resolution {
        None | Some(60) => false,
        Some(1) => true,
        Some(other) => {
            return Err(invalid_value(format!(
                "The value {other} for parameter {at}.StorageResolution is invalid: it is 1 or 60"
            )));
        }
    };
    Ok(MetricDatum {
        name: given.metric_name,
        dimensions: dimensions(given.dimensions)?,
        at_ms: given.timestamp.map(Timestamp::as_millisecond),
        value: value(
            &at,
            given.value,
            given.statistic_values,
            given.values,
            given.counts,
        )?,
        unit: given.unit,
        high_resolution,
    })
}

fn value(
    at: &str,
    value: Option<f64>,
    set: Option<wire::StatisticSet>,
    values: Option<Vec<f64>>,
    counts: Option<Vec<f64>>,
) -> Result<MetricValue> {
    let exclusive = |one: &str, other: &str| {
        invalid_combination(format!(
            "The parameters {at}.{one} and {at}.{other} are mutually exclusive and you have specified both."
        ))
    };
    match (value, set, values) {
        (Some(_), Some(_), _) => Err(exclusive("Value", "StatisticValues")),
        (Some(_), _, Some(_)) => Err(exclusive("Value", "Values")),
        (None, Some(_), Some(_)) => Err(exclusive("StatisticValues", "Values")),
        (Some(value), None, None) => Ok(MetricValue::Values(vec![(value, 1.0)])),
        (None, Some(set), None) => Ok(MetricValue::Set {
            count: set.sample_count,
            sum: set.sum,
            min: set.minimum,
            max: set.maximum,
        }),
        (None, None, Some(values)) => {
            let counts = counts.unwrap_or_else(|| vec![1.0; values.len()]);
            if counts.len() != values.len() {
                return Err(invalid_value(format!(
                    "The parameters {at}.Values and {at}.Counts must be of the same size."
                )));
            }
            Ok(MetricValue::Values(
                values.into_iter().zip(counts).collect(),
            ))
        }
        (None, None, None) => Err(missing(format!(
            "At least one of the parameters {at}.Value, {at}.Values and {at}.StatisticValues must be specified."
        ))),
    }
}

fn list(
    metrics: &Telemetry,
    caller: &Caller,
    request: wire::ListMetricsInput,
) -> Result<wire::ListMetricsOutput> {
    // There are no linked accounts: with them the list is the same.
    refuse(&[("OwningAccount", request.owning_account.is_some())])?;
    let dimensions = request.dimensions.unwrap_or_default().into_iter();
    let filter = MetricFilterList {
        namespace: request.namespace,
        name: request.metric_name,
        dimensions: dimensions
            .map(|dimension| (dimension.name, dimension.value))
            .collect::<BTreeMap<_, _>>(),
        recently_active: request.recently_active.is_some(),
    };
    let found = metrics.list_metrics(caller, &filter, &page(request.next_token, None))?;
    let listed = found.items.into_iter().map(super::show::metric);
    Ok(wire::ListMetricsOutput {
        metrics: Some(listed.collect()),
        next_token: found.next,
        owning_accounts: None,
    })
}
