//! Alarms: described, set, switched, removed.

use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{Alarm, AlarmFilter, AlarmKind, AlarmTarget, Metric};

use super::{dimensions, invalid_combination, page, show};
use crate::wire::door::Door;
use crate::wire::types::cloudwatch as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::DESCRIBE_ALARMS, describe)
        .on(telemetry, &wire::DESCRIBE_ALARMS_FOR_METRIC, of_metric)
        .on(
            telemetry,
            &wire::DELETE_ALARMS,
            |metrics, caller, request| metrics.delete_alarms(caller, &request.alarm_names),
        )
        .on(
            telemetry,
            &wire::ENABLE_ALARM_ACTIONS,
            |metrics, caller, request| {
                metrics.enable_alarm_actions(caller, &request.alarm_names, true)
            },
        )
        .on(
            telemetry,
            &wire::DISABLE_ALARM_ACTIONS,
            |metrics, caller, request| {
                metrics.enable_alarm_actions(caller, &request.alarm_names, false)
            },
        )
        .on(
            telemetry,
            &wire::SET_ALARM_STATE,
            |metrics, caller, request| {
                metrics.set_alarm_state(
                    caller,
                    &request.alarm_name,
                    &request.state_value,
                    &request.state_reason,
                    request.state_reason_data.as_deref(),
                )
            },
        )
}

/// The kinds of alarms that these types name; some types are of no alarm that is here.
pub(super) fn kinds(types: &[String]) -> Vec<AlarmKind> {
    let known = [AlarmKind::Metric, AlarmKind::Composite];
    let named = |kind: &AlarmKind| types.iter().any(|name| name == kind.as_str());
    known.into_iter().filter(named).collect()
}

fn describe(
    metrics: &Telemetry,
    caller: &Caller,
    request: wire::DescribeAlarmsInput,
) -> Result<wire::DescribeAlarmsOutput> {
    let types = request.alarm_types.unwrap_or_default();
    let filter = AlarmFilter {
        names: request.alarm_names.unwrap_or_default(),
        prefix: request.alarm_name_prefix,
        kinds: kinds(&types),
        state: request.state_value,
        action_prefix: request.action_prefix,
        children_of: request.children_of_alarm_name,
        parents_of: request.parents_of_alarm_name,
    };
    if !types.is_empty() && filter.kinds.is_empty() {
        return Ok(described(Vec::new(), None));
    }
    let request = page(request.next_token, request.max_records);
    let found = metrics.describe_alarms(caller, &filter, &request)?;
    let with_state = filter.children_of.is_some();
    if with_state || filter.parents_of.is_some() {
        return Ok(related(found.items, with_state, found.next));
    }
    Ok(described(found.items, found.next))
}

fn described(alarms: Vec<Alarm>, next_token: Option<String>) -> wire::DescribeAlarmsOutput {
    let (mut of_metrics, mut composites) = (Vec::new(), Vec::new());
    for alarm in alarms {
        if alarm.composite.is_some() {
            composites.push(show::composite(alarm));
        } else {
            of_metrics.push(show::alarm(alarm));
        }
    }
    wire::DescribeAlarmsOutput {
        composite_alarms: Some(composites),
        metric_alarms: Some(of_metrics),
        log_alarms: None,
        next_token,
    }
}

/// Alarms that stand above or below another: their names, and of those below their states.
fn related(
    alarms: Vec<Alarm>,
    with_state: bool,
    next_token: Option<String>,
) -> wire::DescribeAlarmsOutput {
    let (mut of_metrics, mut composites) = (Vec::new(), Vec::new());
    for alarm in alarms {
        let state = with_state.then(|| alarm.state.as_str().to_owned());
        let since = super::at_ms(alarm.state_ms).filter(|_| with_state);
        if alarm.composite.is_some() {
            composites.push(wire::CompositeAlarm {
                alarm_name: Some(alarm.name),
                alarm_arn: Some(alarm.arn),
                state_value: state,
                state_updated_timestamp: since,
                ..wire::CompositeAlarm::default()
            });
        } else {
            of_metrics.push(wire::MetricAlarm {
                alarm_name: Some(alarm.name),
                alarm_arn: Some(alarm.arn),
                state_value: state,
                state_updated_timestamp: since,
                ..wire::MetricAlarm::default()
            });
        }
    }
    wire::DescribeAlarmsOutput {
        composite_alarms: Some(composites),
        metric_alarms: Some(of_metrics),
        log_alarms: None,
        next_token,
    }
}

fn of_metric(
    metrics: &Telemetry,
    caller: &Caller,
    request: wire::DescribeAlarmsForMetricInput,
) -> Result<wire::DescribeAlarmsForMetricOutput> {
    if request.statistic.is_some() && request.extended_statistic.is_some() {
        return Err(invalid_combination(
            "The parameters Statistic and ExtendedStatistic are mutually exclusive and you have specified both.",
        ));
    }
    let metric = Metric {
        namespace: request.namespace,
        name: request.metric_name,
        dimensions: dimensions(request.dimensions)?,
    };
    let statistic = request.statistic.or(request.extended_statistic);
    let mut found = metrics.describe_alarms_for_metric(caller, &metric)?;
    found.retain(|alarm| {
        let target = alarm.metric.as_ref().map(|alarm| &alarm.target);
        let Some(AlarmTarget::Metric(stat)) = target else {
            return false;
        };
        let of_period = request
            .period
            .is_none_or(|period| i64::from(period) == stat.period_s);
        let of_statistic = statistic
            .as_ref()
            .is_none_or(|name| *name == stat.statistic);
        let of_unit = request
            .unit
            .as_ref()
            .is_none_or(|unit| stat.unit.as_ref() == Some(unit));
        of_period && of_statistic && of_unit
    });
    Ok(wire::DescribeAlarmsForMetricOutput {
        metric_alarms: Some(found.into_iter().map(show::alarm).collect()),
    })
}
