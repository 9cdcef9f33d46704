//! What was measured: statistics of one metric, data of many.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{DataRequest, DataResult, Datapoint, Metric, StatisticsRequest};

use super::{at_s, dimensions, invalid_combination, missing, queries};
use crate::wire::door::Door;
use crate::wire::types::cloudwatch as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::GET_METRIC_STATISTICS, statistics)
        .on(telemetry, &wire::GET_METRIC_DATA, data)
}

/// The second that a stretch of time begins or ends with: both ends are rounded down, as AWS
/// rounds them.
fn second(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(1000)
}

fn statistics(
    metrics: &Telemetry,
    caller: &Caller,
    request: wire::GetMetricStatisticsInput,
) -> Result<wire::GetMetricStatisticsOutput> {
    let statistics = match (request.statistics, request.extended_statistics) {
        (Some(_), Some(_)) => {
            return Err(invalid_combination(
                "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.",
            ));
        }
        (Some(names), None) | (None, Some(names)) => names,
        (None, None) => {
            return Err(missing(
                "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
            ));
        }
    };
    let wanted = StatisticsRequest {
        metric: Metric {
            namespace: request.namespace,
            name: request.metric_name,
            dimensions: dimensions(request.dimensions)?,
        },
        from_s: second(request.start_time),
        to_s: second(request.end_time),
        period_s: request.period.into(),
        statistics,
        unit: request.unit,
    };
    let found = metrics.get_metric_statistics(caller, &wanted)?;
    Ok(wire::GetMetricStatisticsOutput {
        label: Some(wanted.metric.name),
        datapoints: Some(found.into_iter().map(datapoint).collect()),
    })
}

fn datapoint(mut point: Datapoint) -> wire::Datapoint {
    let mut plain = |name| point.values.remove(name);
    wire::Datapoint {
        timestamp: at_s(point.at_s),
        sample_count: plain("SampleCount"),
        average: plain("Average"),
        sum: plain("Sum"),
        minimum: plain("Minimum"),
        maximum: plain("Maximum"),
        unit: Some(point.unit),
        extended_statistics: extended(point.values),
    }
}

fn extended(values: BTreeMap<String, f64>) -> Option<BTreeMap<String, f64>> {
    (!values.is_empty()).then_some(values)
}

fn data(
    metrics: &Telemetry,
    caller: &Caller,
    request: wire::GetMetricDataInput,
) -> Result<wire::GetMetricDataOutput> {
    let wanted = DataRequest {
        queries: queries(caller, request.metric_data_queries)?,
        from_s: second(request.start_time),
        to_s: second(request.end_time),
        ascending: request.scan_by.as_deref() == Some("TimestampAscending"),
        max_datapoints: request.max_datapoints.map(i32::unsigned_abs),
        token: request.next_token,
    };
    let found = metrics.get_metric_data(caller, &wanted)?;
    Ok(wire::GetMetricDataOutput {
        metric_data_results: Some(found.results.into_iter().map(result).collect()),
        next_token: found.next,
        messages: Some(Vec::new()),
    })
}

fn result(found: DataResult) -> wire::MetricDataResult {
    let status = if found.complete {
        "Complete"
    } else {
        "PartialData"
    };
    let (times, values): (Vec<i64>, Vec<f64>) = found.points.into_iter().unzip();
    wire::MetricDataResult {
        id: Some(found.id),
        label: Some(found.label),
        timestamps: Some(times.into_iter().filter_map(at_s).collect()),
        values: Some(values),
        status_code: Some(status.to_owned()),
        messages: None,
    }
}
