//! Metrics and alarms as the wire shows them.

use stave_services::telemetry::{
    ActionsOf, Alarm, AlarmTarget, DataQuery, DataSource, Metric, MetricStat,
};

use super::at_ms;
use crate::wire::types::cloudwatch as wire;

/// The statistics that have a member of their own; all others are extended ones.
pub(super) const PLAIN: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

pub(super) fn metric(metric: Metric) -> wire::Metric {
    wire::Metric {
        dimensions: Some(dimensions(&metric)),
        namespace: Some(metric.namespace),
        metric_name: Some(metric.name),
    }
}

fn dimensions(metric: &Metric) -> Vec<wire::Dimension> {
    let pairs = metric.dimensions.iter();
    pairs
        .map(|(name, value)| wire::Dimension {
            name: name.clone(),
            value: value.clone(),
        })
        .collect()
}

fn query(query: DataQuery) -> wire::MetricDataQuery {
    let (metric_stat, expression) = match query.source {
        DataSource::Metric(stat) => (Some(stat), None),
        DataSource::Expression(text) => (None, Some(text)),
    };
    wire::MetricDataQuery {
        id: query.id,
        metric_stat: metric_stat.map(|stat| wire::MetricStat {
            metric: metric(stat.metric),
            period: number(stat.period_s),
            stat: stat.statistic,
            unit: stat.unit,
        }),
        expression,
        label: query.label,
        return_data: Some(query.returned),
        period: query.period_s.map(number),
        account_id: None,
    }
}

/// A number of seconds, which came in as one of 32 bits.
fn number(seconds: i64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// An alarm on a metric or an expression.
pub(super) fn alarm(alarm: Alarm) -> wire::MetricAlarm {
    let mut shown = wire::MetricAlarm {
        alarm_name: Some(alarm.name),
        alarm_arn: Some(alarm.arn),
        alarm_configuration_updated_timestamp: at_ms(alarm.updated_ms),
        actions_enabled: Some(alarm.actions_enabled),
        state_value: Some(alarm.state.as_str().to_owned()),
        state_reason: Some(alarm.reason),
        state_reason_data: alarm.reason_data,
        state_updated_timestamp: at_ms(alarm.state_ms),
        state_transitioned_timestamp: at_ms(alarm.transitioned_ms),
        ..wire::MetricAlarm::default()
    };
    let Some(definition) = alarm.metric else {
        return shown;
    };
    let few = definition.few_samples_ignored;
    let ActionsOf {
        ok,
        alarm,
        insufficient_data,
    } = definition.actions;
    shown.ok_actions = Some(ok);
    shown.alarm_actions = Some(alarm);
    shown.insufficient_data_actions = Some(insufficient_data);
    shown.alarm_description = definition.description;
    shown.evaluation_periods = Some(definition.evaluation_periods.cast_signed());
    shown.datapoints_to_alarm = definition.datapoints_to_alarm.map(u32::cast_signed);
    shown.threshold = Some(definition.threshold);
    shown.comparison_operator = Some(definition.comparison);
    shown.treat_missing_data = definition.missing;
    shown.evaluate_low_sample_count_percentile = few.then(|| "ignore".to_owned());
    match definition.target {
        AlarmTarget::Metric(stat) => watch(&mut shown, stat),
        AlarmTarget::Expressions(queries) => {
            shown.metrics = Some(queries.into_iter().map(query).collect());
        }
    }
    shown
}

fn watch(shown: &mut wire::MetricAlarm, stat: MetricStat) {
    shown.dimensions = Some(dimensions(&stat.metric));
    shown.namespace = Some(stat.metric.namespace);
    shown.metric_name = Some(stat.metric.name);
    shown.period = Some(number(stat.period_s));
    shown.unit = stat.unit;
    if PLAIN.contains(&stat.statistic.as_str()) {
        shown.statistic = Some(stat.statistic);
    } else {
        shown.extended_statistic = Some(stat.statistic);
    }
}

/// An alarm on other alarms.
pub(super) fn composite(alarm: Alarm) -> wire::CompositeAlarm {
    let mut shown = wire::CompositeAlarm {
        alarm_name: Some(alarm.name),
        alarm_arn: Some(alarm.arn),
        alarm_configuration_updated_timestamp: at_ms(alarm.updated_ms),
        actions_enabled: Some(alarm.actions_enabled),
        state_value: Some(alarm.state.as_str().to_owned()),
        state_reason: Some(alarm.reason),
        state_reason_data: alarm.reason_data,
        state_updated_timestamp: at_ms(alarm.state_ms),
        state_transitioned_timestamp: at_ms(alarm.transitioned_ms),
        ..wire::CompositeAlarm::default()
    };
    if let Some(definition) = alarm.composite {
        shown.ok_actions = Some(definition.actions.ok);
        shown.alarm_actions = Some(definition.actions.alarm);
        shown.insufficient_data_actions = Some(definition.actions.insufficient_data);
        shown.alarm_description = definition.description;
        shown.alarm_rule = Some(definition.rule);
    }
    shown
}
