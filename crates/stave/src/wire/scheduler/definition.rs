//! What a schedule says, from the wire and to it.

use jiff::Timestamp;
use stave_core::{Error, Result};
use stave_services::schedules::RetryPolicy;
use stave_services::schedules::scheduler::{
    BusParameters, ScheduleDefinition, ScheduleInfo, ScheduleTarget,
};

use super::count;
use crate::wire::fault::unsupported;
use crate::wire::types::scheduler as wire;

pub(super) const ENABLED: &str = "ENABLED";
const DISABLED: &str = "DISABLED";
const FLEXIBLE: &str = "FLEXIBLE";
const OFF: &str = "OFF";
const DELETE: &str = "DELETE";
const NONE: &str = "NONE";
const UTC: &str = "UTC";

/// What creating and updating say alike.
pub(super) struct Said {
    pub expression: String,
    pub time_zone: Option<String>,
    pub start_at: Option<Timestamp>,
    pub end_at: Option<Timestamp>,
    pub description: Option<String>,
    pub state: Option<String>,
    pub key: Option<String>,
    pub target: wire::Target,
    pub window: wire::FlexibleTimeWindow,
    pub after_completion: Option<String>,
    pub client_token: Option<String>,
}

/// What is to be kept.
pub(super) fn read(said: Said) -> Result<ScheduleDefinition> {
    if said.key.is_some() {
        return Err(unsupported("KmsKeyArn is not implemented".to_owned()));
    }
    Ok(ScheduleDefinition {
        expression: said.expression,
        time_zone: said.time_zone,
        start_at: said.start_at,
        end_at: said.end_at,
        description: said.description,
        is_enabled: said.state.is_none_or(|state| state == ENABLED),
        window_minutes: window(&said.window)?,
        is_deleted_after: said.after_completion.is_some_and(|action| action == DELETE),
        target: target(said.target)?,
        client_token: said.client_token,
    })
}

fn invalid(message: &str) -> Error {
    Error::invalid(message).coded("ValidationException")
}

fn window(window: &wire::FlexibleTimeWindow) -> Result<Option<u32>> {
    match (window.mode.as_str(), window.maximum_window_in_minutes) {
        (FLEXIBLE, Some(minutes)) => Ok(Some(count(minutes))),
        (FLEXIBLE, None) => Err(invalid(
            "MaximumWindowInMinutes must be specified when FlexibleTimeWindow Mode is FLEXIBLE.",
        )),
        (_, None) => Ok(None),
        (_, Some(_)) => Err(invalid(
            "MaximumWindowInMinutes must not be specified when FlexibleTimeWindow Mode is OFF.",
        )),
    }
}

fn target(target: wire::Target) -> Result<ScheduleTarget> {
    let given = [
        ("EcsParameters", target.ecs_parameters.is_some()),
        (
            "EventBridgePutEventsV2Parameters",
            target.event_bridge_put_events_v2_parameters.is_some(),
        ),
        (
            "EventBridgePutRawEventsParameters",
            target.event_bridge_put_raw_events_parameters.is_some(),
        ),
        ("KinesisParameters", target.kinesis_parameters.is_some()),
        (
            "SageMakerPipelineParameters",
            target.sage_maker_pipeline_parameters.is_some(),
        ),
        ("SqsParameters", target.sqs_parameters.is_some()),
    ];
    if let Some((member, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        let said = format!("{member} of the target {} is not implemented", target.arn);
        return Err(unsupported(said));
    }
    let usual = RetryPolicy::default();
    Ok(ScheduleTarget {
        arn: target.arn,
        role_arn: target.role_arn,
        input: target.input,
        retry_policy: target.retry_policy.map(|policy| RetryPolicy {
            max_attempts: policy
                .maximum_retry_attempts
                .map_or(usual.max_attempts, count),
            max_age_seconds: policy
                .maximum_event_age_in_seconds
                .map_or(usual.max_age_seconds, count),
        }),
        bus: target
            .event_bridge_parameters
            .map(|parameters| BusParameters {
                detail_type: parameters.detail_type,
                source: parameters.source,
            }),
        dead_letter_arn: target.dead_letter_config.and_then(|config| config.arn),
    })
}

/// `ENABLED` or `DISABLED`.
pub(super) fn state(definition: &ScheduleDefinition) -> String {
    let state = if definition.is_enabled {
        ENABLED
    } else {
        DISABLED
    };
    state.to_owned()
}

/// A schedule with all that it says.
pub(super) fn shown(schedule: ScheduleInfo) -> wire::GetScheduleOutput {
    let definition = schedule.definition;
    let minutes = definition.window_minutes;
    let after = if definition.is_deleted_after {
        DELETE
    } else {
        NONE
    };
    wire::GetScheduleOutput {
        arn: Some(schedule.arn),
        group_name: Some(schedule.group),
        name: Some(schedule.name),
        state: Some(state(&definition)),
        schedule_expression: Some(definition.expression),
        start_date: definition.start_at,
        end_date: definition.end_at,
        description: definition.description,
        schedule_expression_timezone: definition.time_zone.or_else(|| Some(UTC.to_owned())),
        creation_date: Some(schedule.created_at),
        last_modification_date: Some(schedule.updated_at),
        kms_key_arn: None,
        target: Some(shown_target(definition.target)),
        flexible_time_window: Some(wire::FlexibleTimeWindow {
            mode: minutes.map_or(OFF, |_| FLEXIBLE).to_owned(),
            maximum_window_in_minutes: minutes.and_then(|minutes| i32::try_from(minutes).ok()),
        }),
        action_after_completion: Some(after.to_owned()),
    }
}

fn shown_target(target: ScheduleTarget) -> wire::Target {
    // The Scheduler shows the usual policy where none was given.
    let policy = target.retry_policy.unwrap_or_default();
    wire::Target {
        arn: target.arn,
        role_arn: target.role_arn,
        retry_policy: Some(wire::RetryPolicy {
            maximum_event_age_in_seconds: i32::try_from(policy.max_age_seconds).ok(),
            maximum_retry_attempts: i32::try_from(policy.max_attempts).ok(),
        }),
        input: target.input,
        event_bridge_parameters: target.bus.map(|bus| wire::EventBridgeParameters {
            detail_type: bus.detail_type,
            source: bus.source,
        }),
        ..wire::Target::default()
    }
}
