//! Tags of buses and rules.

use stave_services::Schedules;

use super::tags_of;
use crate::wire::door::Door;
use crate::wire::types::events as wire;

pub(super) fn add(door: Door, schedules: &Schedules) -> Door {
    door.on(schedules, &wire::TAG_RESOURCE, |of, caller, request| {
        let tags = tags_of(Some(request.tags));
        of.tag_resource(caller, &request.resource_arn, tags)?;
        Ok(wire::TagResourceResponse {})
    })
    .on(schedules, &wire::UNTAG_RESOURCE, |of, caller, request| {
        of.untag_resource(caller, &request.resource_arn, &request.tag_keys)?;
        Ok(wire::UntagResourceResponse {})
    })
    .on(
        schedules,
        &wire::LIST_TAGS_FOR_RESOURCE,
        |of, caller, request| {
            let tags = of.list_tags_for_resource(caller, &request.resource_arn)?;
            let tags = tags.into_iter();
            Ok(wire::ListTagsForResourceResponse {
                tags: Some(tags.map(|(key, value)| wire::Tag { key, value }).collect()),
            })
        },
    )
}
