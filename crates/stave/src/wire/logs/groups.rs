//! Log groups, their retention and their tags.

use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{GroupFilter, LogGroup, NewLogGroup};

use super::{count, page, refuse};
use crate::wire::door::Door;
use crate::wire::types::logs as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    let door = door
        .on(telemetry, &wire::CREATE_LOG_GROUP, create)
        .on(
            telemetry,
            &wire::DELETE_LOG_GROUP,
            |logs, caller, request| logs.delete_log_group(caller, &request.log_group_name),
        )
        .on(telemetry, &wire::DESCRIBE_LOG_GROUPS, describe)
        .on(
            telemetry,
            &wire::PUT_RETENTION_POLICY,
            |logs, caller, request| {
                let days = request.retention_in_days.unsigned_abs();
                logs.put_retention_policy(caller, &request.log_group_name, Some(days))
            },
        )
        .on(
            telemetry,
            &wire::DELETE_RETENTION_POLICY,
            |logs, caller, request| {
                logs.put_retention_policy(caller, &request.log_group_name, None)
            },
        );
    tags(door, telemetry)
}

fn tags(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::TAG_RESOURCE, |logs, caller, request| {
        logs.tag_log_group(caller, &request.resource_arn, &request.tags)
    })
    .on(telemetry, &wire::TAG_LOG_GROUP, |logs, caller, request| {
        logs.tag_log_group(caller, &request.log_group_name, &request.tags)
    })
    .on(telemetry, &wire::UNTAG_RESOURCE, |logs, caller, request| {
        logs.untag_log_group(caller, &request.resource_arn, &request.tag_keys)
    })
    .on(
        telemetry,
        &wire::UNTAG_LOG_GROUP,
        |logs, caller, request| {
            logs.untag_log_group(caller, &request.log_group_name, &request.tags)
        },
    )
    .on(
        telemetry,
        &wire::LIST_TAGS_FOR_RESOURCE,
        |logs, caller, request| {
            let tags = logs.log_group_tags(caller, &request.resource_arn)?;
            Ok(wire::ListTagsForResourceResponse { tags: Some(tags) })
        },
    )
    .on(
        telemetry,
        &wire::LIST_TAGS_LOG_GROUP,
        |logs, caller, request| {
            let tags = logs.log_group_tags(caller, &request.log_group_name)?;
            Ok(wire::ListTagsLogGroupResponse { tags: Some(tags) })
        },
    )
}

fn create(logs: &Telemetry, caller: &Caller, request: wire::CreateLogGroupRequest) -> Result<()> {
    refuse(&[
        ("kmsKeyId", request.kms_key_id.is_some()),
        (
            "deletionProtectionEnabled",
            request.deletion_protection_enabled == Some(true),
        ),
    ])?;
    let new = NewLogGroup {
        name: request.log_group_name,
        class: request.log_group_class,
        tags: request.tags.unwrap_or_default(),
    };
    logs.create_log_group(caller, &new)
}

fn describe(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::DescribeLogGroupsRequest,
) -> Result<wire::DescribeLogGroupsResponse> {
    // There are no linked accounts: with them the list is the same.
    refuse(&[(
        "accountIdentifiers",
        request
            .account_identifiers
            .is_some_and(|accounts| !accounts.is_empty()),
    )])?;
    let filter = GroupFilter {
        prefix: request.log_group_name_prefix,
        pattern: request.log_group_name_pattern,
        identifiers: request.log_group_identifiers.unwrap_or_default(),
        class: request.log_group_class,
    };
    let found =
        logs.describe_log_groups(caller, &filter, &page(request.next_token, request.limit))?;
    Ok(wire::DescribeLogGroupsResponse {
        log_groups: Some(found.items.into_iter().map(shown).collect()),
        next_token: found.next,
    })
}

fn shown(group: LogGroup) -> wire::LogGroup {
    wire::LogGroup {
        log_group_name: Some(group.name),
        creation_time: Some(group.created_ms),
        retention_in_days: group.retention_days.map(u32::cast_signed),
        metric_filter_count: Some(count(group.metric_filters)),
        arn: Some(format!("{}:*", group.arn)),
        stored_bytes: Some(group.stored_bytes.cast_signed()),
        log_group_class: Some(group.class),
        log_group_arn: Some(group.arn),
        ..wire::LogGroup::default()
    }
}
