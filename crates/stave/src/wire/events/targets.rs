//! Targets of rules.

use stave_core::{Error, Result};
use stave_services::Schedules;
use stave_services::schedules::{FailedTarget, RetryPolicy, Target, TargetTemplate};

use super::{count, failed_count, page};
use crate::wire::door::Door;
use crate::wire::fault::unsupported;
use crate::wire::types::events as wire;

pub(super) fn add(door: Door, schedules: &Schedules) -> Door {
    listed(door, schedules)
        .on(schedules, &wire::PUT_TARGETS, |to, caller, request| {
            let targets = request.targets.into_iter().map(read);
            let targets = targets.collect::<Result<Vec<_>>>()?;
            let bus = request.event_bus_name.as_deref();
            let failed = to.put_targets(caller, bus, &request.rule, &targets)?;
            let entry = |failed: FailedTarget| wire::PutTargetsResultEntry {
                target_id: Some(failed.id),
                error_code: Some(failed.code),
                error_message: Some(failed.message),
            };
            Ok(wire::PutTargetsResponse {
                failed_entry_count: Some(failed_count(&failed)),
                failed_entries: Some(failed.into_iter().map(entry).collect()),
            })
        })
        .on(schedules, &wire::REMOVE_TARGETS, |from, caller, request| {
            let bus = request.event_bus_name.as_deref();
            let failed = from.remove_targets(caller, bus, &request.rule, &request.ids)?;
            let entry = |failed: FailedTarget| wire::RemoveTargetsResultEntry {
                target_id: Some(failed.id),
                error_code: Some(failed.code),
                error_message: Some(failed.message),
            };
            Ok(wire::RemoveTargetsResponse {
                failed_entry_count: Some(failed_count(&failed)),
                failed_entries: Some(failed.into_iter().map(entry).collect()),
            })
        })
}

fn listed(door: Door, schedules: &Schedules) -> Door {
    door.on(
        schedules,
        &wire::LIST_TARGETS_BY_RULE,
        |of, caller, request| {
            let page = page(request.next_token, request.limit);
            let bus = request.event_bus_name.as_deref();
            let targets = of.list_targets_by_rule(caller, bus, &request.rule, &page)?;
            Ok(wire::ListTargetsByRuleResponse {
                targets: Some(targets.items.into_iter().map(shown).collect()),
                next_token: targets.next_token,
            })
        },
    )
    .on(
        schedules,
        &wire::LIST_RULE_NAMES_BY_TARGET,
        |of, caller, request| {
            let page = page(request.next_token, request.limit);
            let (bus, target) = (request.event_bus_name.as_deref(), &request.target_arn);
            let names = of.list_rule_names_by_target(caller, bus, target, &page)?;
            Ok(wire::ListRuleNamesByTargetResponse {
                rule_names: Some(names.items),
                next_token: names.next_token,
            })
        },
    )
}

fn read(target: wire::Target) -> Result<Target> {
    refuse_strangers(&target)?;
    Ok(Target {
        id: target.id,
        arn: target.arn,
        role_arn: target.role_arn,
        input: target.input,
        input_path: target.input_path,
        input_transformer: target.input_transformer.map(|template| TargetTemplate {
            paths: template.input_paths_map.unwrap_or_default(),
            template: template.input_template,
        }),
        retry_policy: target.retry_policy.map(|policy| {
            let usual = RetryPolicy::default();
            RetryPolicy {
                max_attempts: policy
                    .maximum_retry_attempts
                    .map_or(usual.max_attempts, count),
                max_age_seconds: policy
                    .maximum_event_age_in_seconds
                    .map_or(usual.max_age_seconds, count),
            }
        }),
        dead_letter_arn: target.dead_letter_config.and_then(|config| config.arn),
    })
}

/// Refuses what is only for targets that are not there.
fn refuse_strangers(target: &wire::Target) -> Result<()> {
    let given = [
        ("KinesisParameters", target.kinesis_parameters.is_some()),
        (
            "RunCommandParameters",
            target.run_command_parameters.is_some(),
        ),
        ("EcsParameters", target.ecs_parameters.is_some()),
        ("BatchParameters", target.batch_parameters.is_some()),
        ("SqsParameters", target.sqs_parameters.is_some()),
        ("HttpParameters", target.http_parameters.is_some()),
        (
            "RedshiftDataParameters",
            target.redshift_data_parameters.is_some(),
        ),
        (
            "SageMakerPipelineParameters",
            target.sage_maker_pipeline_parameters.is_some(),
        ),
        ("AppSyncParameters", target.app_sync_parameters.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((member, _)) => Err(stranger(member, &target.id)),
        None => Ok(()),
    }
}

fn stranger(member: &str, id: &str) -> Error {
    unsupported(format!("{member} of the target {id} is not implemented"))
}

fn shown(target: Target) -> wire::Target {
    wire::Target {
        id: target.id,
        arn: target.arn,
        role_arn: target.role_arn,
        input: target.input,
        input_path: target.input_path,
        input_transformer: target
            .input_transformer
            .map(|template| wire::InputTransformer {
                input_paths_map: Some(template.paths).filter(|paths| !paths.is_empty()),
                input_template: template.template,
            }),
        retry_policy: target.retry_policy.map(|policy| wire::RetryPolicy {
            maximum_retry_attempts: i32::try_from(policy.max_attempts).ok(),
            maximum_event_age_in_seconds: i32::try_from(policy.max_age_seconds).ok(),
        }),
        ..wire::Target::default()
    }
}
