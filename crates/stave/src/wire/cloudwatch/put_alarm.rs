//! Alarms: made and given another definition.

use stave_core::{Caller, Error, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{
    ActionsOf, AlarmTarget, Metric, MetricStat, NewAlarm, NewCompositeAlarm,
};

use super::show::PLAIN;
use super::{dimensions, missing, queries, refuse, tags_of};
use crate::wire::door::Door;
use crate::wire::types::cloudwatch as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::PUT_METRIC_ALARM, put).on(
        telemetry,
        &wire::PUT_COMPOSITE_ALARM,
        put_composite,
    )
}

fn validation(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("ValidationError")
}

fn put(metrics: &Telemetry, caller: &Caller, mut request: wire::PutMetricAlarmInput) -> Result<()> {
    refuse(&[
        ("ThresholdMetricId", request.threshold_metric_id.is_some()),
        ("EvaluationWindow", request.evaluation_window.is_some()),
        (
            "WarmUpConfiguration",
            request.warm_up_configuration.is_some(),
        ),
        ("EvaluationCriteria", request.evaluation_criteria.is_some()),
        ("EvaluationInterval", request.evaluation_interval.is_some()),
        (
            "ActionConfiguration",
            request.action_configuration.is_some(),
        ),
    ])?;
    let target = target(caller, &mut request)?;
    let (Some(comparison), Some(threshold), Some(periods)) = (
        request.comparison_operator,
        request.threshold,
        request.evaluation_periods,
    ) else {
        return Err(missing(
            "The parameters ComparisonOperator, Threshold and EvaluationPeriods are required.",
        ));
    };
    let few_samples_ignored = match request.evaluate_low_sample_count_percentile.as_deref() {
        None | Some("evaluate") => false,
        Some("ignore") => true,
        Some(other) => {
            return Err(validation(format!(
                "EvaluateLowSampleCountPercentile is evaluate or ignore, not {other}"
            )));
        }
    };
    let new = NewAlarm {
        name: request.alarm_name,
        description: request.alarm_description,
        actions_enabled: request.actions_enabled.unwrap_or(true),
        actions: ActionsOf {
            ok: request.ok_actions.unwrap_or_default(),
            alarm: request.alarm_actions.unwrap_or_default(),
            insufficient_data: request.insufficient_data_actions.unwrap_or_default(),
        },
        target,
        comparison,
        threshold,
        evaluation_periods: periods.unsigned_abs(),
        datapoints_to_alarm: request.datapoints_to_alarm.map(i32::unsigned_abs),
        missing: request.treat_missing_data,
        few_samples_ignored,
        tags: tags_of(request.tags),
    };
    metrics.put_metric_alarm(caller, &new)
}

/// What an alarm watches: one metric, or metrics and expressions.
fn target(caller: &Caller, request: &mut wire::PutMetricAlarmInput) -> Result<AlarmTarget> {
    let given = request.metrics.take().filter(|given| !given.is_empty());
    let of_one = [
        request.metric_name.is_some(),
        request.namespace.is_some(),
        request.statistic.is_some(),
        request.extended_statistic.is_some(),
        request
            .dimensions
            .as_ref()
            .is_some_and(|all| !all.is_empty()),
        request.period.is_some(),
        request.unit.is_some(),
    ];
    if let Some(given) = given {
        if of_one.contains(&true) {
            return Err(validation(
                "Metrics list can not be used along with MetricName, Namespace, Statistic, ExtendedStatistic, Dimensions, Period or Unit",
            ));
        }
        return queries(caller, given).map(AlarmTarget::Expressions);
    }
    let (Some(name), Some(namespace), Some(period)) = (
        request.metric_name.take(),
        request.namespace.take(),
        request.period,
    ) else {
        return Err(missing(
            "The parameters MetricName, Namespace and Period, or the parameter Metrics, are required.",
        ));
    };
    let statistic = match (request.statistic.take(), request.extended_statistic.take()) {
        (None, Some(name)) if PLAIN.contains(&name.as_str()) => {
            return Err(validation(format!(
                "The value {name} for parameter ExtendedStatistic is not supported."
            )));
        }
        (Some(name), None) | (None, Some(name)) => name,
        _ => {
            return Err(validation(
                "Exactly one of Statistic and ExtendedStatistic must be specified",
            ));
        }
    };
    Ok(AlarmTarget::Metric(MetricStat {
        metric: Metric {
            namespace,
            name,
            dimensions: dimensions(request.dimensions.take())?,
        },
        period_s: period.into(),
        statistic,
        unit: request.unit.take(),
    }))
}

fn put_composite(
    metrics: &Telemetry,
    caller: &Caller,
    request: wire::PutCompositeAlarmInput,
) -> Result<()> {
    refuse(&[
        ("ActionsSuppressor", request.actions_suppressor.is_some()),
        (
            "ActionsSuppressorWaitPeriod",
            request.actions_suppressor_wait_period.is_some(),
        ),
        (
            "ActionsSuppressorExtensionPeriod",
            request.actions_suppressor_extension_period.is_some(),
        ),
        (
            "ActionConfiguration",
            request.action_configuration.is_some(),
        ),
    ])?;
    let new = NewCompositeAlarm {
        name: request.alarm_name,
        description: request.alarm_description,
        actions_enabled: request.actions_enabled.unwrap_or(true),
        actions: ActionsOf {
            ok: request.ok_actions.unwrap_or_default(),
            alarm: request.alarm_actions.unwrap_or_default(),
            insufficient_data: request.insufficient_data_actions.unwrap_or_default(),
        },
        rule: request.alarm_rule,
        tags: tags_of(request.tags),
    };
    metrics.put_composite_alarm(caller, &new)
}
