//! Groups of schedules, and their tags.

use stave_services::Schedules;
use stave_services::schedules::scheduler::{Group, NewGroup};

use super::page;
use crate::wire::door::Door;
use crate::wire::types::scheduler as wire;

/// A group is there until it is not; deleting takes no time in which it would be `DELETING`.
const ACTIVE: &str = "ACTIVE";

pub(super) fn add(door: Door, service: &Schedules) -> Door {
    tagged(door, service)
        .on(
            service,
            &wire::CREATE_SCHEDULE_GROUP,
            |to, caller, request| {
                let new = NewGroup {
                    name: request.name,
                    tags: tags_of(request.tags.unwrap_or_default()),
                    client_token: request.client_token,
                };
                let arn = to.create_schedule_group(caller, &new)?;
                Ok(wire::CreateScheduleGroupOutput {
                    schedule_group_arn: Some(arn),
                })
            },
        )
        .on(service, &wire::GET_SCHEDULE_GROUP, |of, caller, request| {
            let group = of.get_schedule_group(caller, &request.name)?;
            Ok(wire::GetScheduleGroupOutput {
                arn: Some(group.arn),
                name: Some(group.name),
                state: Some(ACTIVE.to_owned()),
                creation_date: Some(group.created_at),
                last_modification_date: Some(group.updated_at),
            })
        })
        .on(
            service,
            &wire::DELETE_SCHEDULE_GROUP,
            |from, caller, request| {
                from.delete_schedule_group(caller, &request.name)?;
                Ok(wire::DeleteScheduleGroupOutput {})
            },
        )
        .on(
            service,
            &wire::LIST_SCHEDULE_GROUPS,
            |of, caller, request| {
                let page = page(request.next_token, request.max_results);
                let prefix = request.name_prefix.as_deref();
                let groups = of.list_schedule_groups(caller, prefix, &page)?;
                Ok(wire::ListScheduleGroupsOutput {
                    next_token: groups.next_token,
                    schedule_groups: Some(groups.items.into_iter().map(shown).collect()),
                })
            },
        )
}

fn tagged(door: Door, service: &Schedules) -> Door {
    door.on(service, &wire::TAG_RESOURCE, |of, caller, request| {
        let tags = tags_of(request.tags);
        of.tag_schedule_group(caller, &request.resource_arn, tags)?;
        Ok(wire::TagResourceOutput {})
    })
    .on(service, &wire::UNTAG_RESOURCE, |of, caller, request| {
        of.untag_schedule_group(caller, &request.resource_arn, &request.tag_keys)?;
        Ok(wire::UntagResourceOutput {})
    })
    .on(
        service,
        &wire::LIST_TAGS_FOR_RESOURCE,
        |of, caller, request| {
            let tags = of.list_schedule_group_tags(caller, &request.resource_arn)?;
            let tags = tags.into_iter();
            Ok(wire::ListTagsForResourceOutput {
                tags: Some(tags.map(|(key, value)| wire::Tag { key, value }).collect()),
            })
        },
    )
}

fn tags_of(tags: Vec<wire::Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn shown(group: Group) -> wire::ScheduleGroupSummary {
    wire::ScheduleGroupSummary {
        arn: Some(group.arn),
        name: Some(group.name),
        state: Some(ACTIVE.to_owned()),
        creation_date: Some(group.created_at),
        last_modification_date: Some(group.updated_at),
    }
}
