//! Tags of alarms.

use stave_services::Telemetry;
use stave_services::telemetry::Tags;

use super::tags_of;
use crate::wire::door::Door;
use crate::wire::types::cloudwatch as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(
        telemetry,
        &wire::LIST_TAGS_FOR_RESOURCE,
        |metrics, caller, request| {
            let tags = metrics
                .alarm_tags(caller, &request.resource_arn)?
                .into_iter();
            Ok(wire::ListTagsForResourceOutput {
                tags: Some(tags.map(|(key, value)| wire::Tag { key, value }).collect()),
            })
        },
    )
    .on(
        telemetry,
        &wire::TAG_RESOURCE,
        |metrics, caller, request| {
            let tags = tags_of(Some(request.tags));
            metrics.tag_alarm(caller, &request.resource_arn, &tags, &[])?;
            Ok(wire::TagResourceOutput {})
        },
    )
    .on(
        telemetry,
        &wire::UNTAG_RESOURCE,
        |metrics, caller, request| {
            let (arn, names) = (&request.resource_arn, &request.tag_keys);
            metrics.tag_alarm(caller, arn, &Tags::new(), names)?;
            Ok(wire::UntagResourceOutput {})
        },
    )
}
