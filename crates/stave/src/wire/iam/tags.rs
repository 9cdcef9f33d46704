//! Tags of users, roles and policies.

use stave_services::Iam;
use stave_services::iam::EntityKind::{Role, User};

use super::{page, show, tags_of};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    of_policies(of_entities(door, iam), iam)
}

fn of_entities(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::TAG_USER, |iam, caller, request| {
        iam.tag(
            caller,
            User,
            &request.user_name,
            tags_of(Some(request.tags)),
        )
    })
    .on(iam, &wire::UNTAG_USER, |iam, caller, request| {
        iam.untag(caller, User, &request.user_name, &request.tag_keys)
    })
    .on(iam, &wire::LIST_USER_TAGS, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let tags = iam.list_tags(caller, User, &request.user_name, &page)?;
        Ok(wire::ListUserTagsResponse {
            tags: Some(show::all_tags(tags.items)),
            is_truncated: Some(tags.marker.is_some()),
            marker: tags.marker,
        })
    })
    .on(iam, &wire::TAG_ROLE, |iam, caller, request| {
        iam.tag(
            caller,
            Role,
            &request.role_name,
            tags_of(Some(request.tags)),
        )
    })
    .on(iam, &wire::UNTAG_ROLE, |iam, caller, request| {
        iam.untag(caller, Role, &request.role_name, &request.tag_keys)
    })
    .on(iam, &wire::LIST_ROLE_TAGS, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let tags = iam.list_tags(caller, Role, &request.role_name, &page)?;
        Ok(wire::ListRoleTagsResponse {
            tags: Some(show::all_tags(tags.items)),
            is_truncated: Some(tags.marker.is_some()),
            marker: tags.marker,
        })
    })
}

fn of_policies(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::TAG_POLICY, |iam, caller, request| {
        iam.tag_policy(caller, &request.policy_arn, tags_of(Some(request.tags)))
    })
    .on(iam, &wire::UNTAG_POLICY, |iam, caller, request| {
        iam.untag_policy(caller, &request.policy_arn, &request.tag_keys)
    })
    .on(iam, &wire::LIST_POLICY_TAGS, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let tags = iam.list_policy_tags(caller, &request.policy_arn, &page)?;
        Ok(wire::ListPolicyTagsResponse {
            tags: Some(show::all_tags(tags.items)),
            is_truncated: Some(tags.marker.is_some()),
            marker: tags.marker,
        })
    })
}
