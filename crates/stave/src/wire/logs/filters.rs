//! Metric filters.

use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{MetricFilter, MetricFilterQuery, Transformation};

use super::{invalid, page, refuse};
use crate::wire::door::Door;
use crate::wire::types::logs as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::PUT_METRIC_FILTER, put)
        .on(telemetry, &wire::DESCRIBE_METRIC_FILTERS, describe)
        .on(
            telemetry,
            &wire::DELETE_METRIC_FILTER,
            |logs, caller, request| {
                logs.delete_metric_filter(caller, &request.log_group_name, &request.filter_name)
            },
        )
        .on(telemetry, &wire::TEST_METRIC_FILTER, test)
}

fn put(logs: &Telemetry, caller: &Caller, request: wire::PutMetricFilterRequest) -> Result<()> {
    refuse(&[
        (
            "applyOnTransformedLogs",
            request.apply_on_transformed_logs == Some(true),
        ),
        (
            "fieldSelectionCriteria",
            request
                .field_selection_criteria
                .is_some_and(|text| !text.is_empty()),
        ),
        (
            "emitSystemFieldDimensions",
            request
                .emit_system_field_dimensions
                .is_some_and(|names| !names.is_empty()),
        ),
    ])?;
    let mut transformations = request.metric_transformations.into_iter();
    let (Some(to), None) = (transformations.next(), transformations.next()) else {
        return Err(invalid("a metric filter has one metric transformation"));
    };
    let transformation = Transformation {
        metric: to.metric_name,
        namespace: to.metric_namespace,
        value: to.metric_value,
        default_value: to.default_value,
        dimensions: to.dimensions.unwrap_or_default(),
        unit: to.unit,
    };
    logs.put_metric_filter(
        caller,
        &request.log_group_name,
        &request.filter_name,
        &request.filter_pattern,
        &transformation,
    )
}

fn describe(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::DescribeMetricFiltersRequest,
) -> Result<wire::DescribeMetricFiltersResponse> {
    let metric = match (request.metric_name, request.metric_namespace) {
        (Some(name), Some(namespace)) => Some((name, namespace)),
        (None, None) => None,
        _ => {
            return Err(invalid(
                "metricName and metricNamespace must be given together",
            ));
        }
    };
    let query = MetricFilterQuery {
        group: request.log_group_name,
        prefix: request.filter_name_prefix,
        metric,
    };
    let request = page(request.next_token, request.limit);
    let found = logs.describe_metric_filters(caller, &query, &request)?;
    Ok(wire::DescribeMetricFiltersResponse {
        metric_filters: Some(found.items.into_iter().map(shown).collect()),
        next_token: found.next,
    })
}

fn shown(filter: MetricFilter) -> wire::MetricFilter {
    let to = filter.transformation;
    let dimensions = (!to.dimensions.is_empty()).then_some(to.dimensions);
    wire::MetricFilter {
        filter_name: Some(filter.name),
        filter_pattern: Some(filter.pattern),
        metric_transformations: Some(vec![wire::MetricTransformation {
            metric_name: to.metric,
            metric_namespace: to.namespace,
            metric_value: to.value,
            default_value: to.default_value,
            dimensions,
            unit: to.unit,
        }]),
        creation_time: Some(filter.created_ms),
        log_group_name: Some(filter.group),
        ..wire::MetricFilter::default()
    }
}

fn test(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::TestMetricFilterRequest,
) -> Result<wire::TestMetricFilterResponse> {
    let wire::TestMetricFilterRequest {
        filter_pattern,
        log_event_messages,
    } = request;
    let found = logs.test_metric_filter(caller, &filter_pattern, &log_event_messages)?;
    let matches = found
        .into_iter()
        .map(|found| wire::MetricFilterMatchRecord {
            event_number: i64::try_from(found.number).ok(),
            event_message: Some(found.message),
            extracted_values: Some(found.extracted.into_iter().collect()),
        });
    Ok(wire::TestMetricFilterResponse {
        matches: Some(matches.collect()),
    })
}
