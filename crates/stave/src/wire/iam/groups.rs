//! Groups, and who is in them.

use stave_services::Iam;

use super::{page, show};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_GROUP, |iam, caller, request| {
        let group = iam.create_group(caller, &request.group_name, request.path.as_deref())?;
        Ok(wire::CreateGroupResponse {
            group: Some(show::group(group)),
        })
    })
    .on(iam, &wire::GET_GROUP, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let (group, users) = iam.get_group(caller, &request.group_name, &page)?;
        Ok(wire::GetGroupResponse {
            group: Some(show::group(group)),
            users: Some(users.items.into_iter().map(show::user).collect()),
            is_truncated: Some(users.marker.is_some()),
            marker: users.marker,
        })
    })
    .on(iam, &wire::UPDATE_GROUP, |iam, caller, request| {
        let (name, path) = (request.new_group_name, request.new_path);
        iam.update_group(
            caller,
            &request.group_name,
            name.as_deref(),
            path.as_deref(),
        )
    })
    .on(iam, &wire::DELETE_GROUP, |iam, caller, request| {
        iam.delete_group(caller, &request.group_name)
    })
    .on(iam, &wire::LIST_GROUPS, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let groups = iam.list_groups(caller, request.path_prefix.as_deref(), &page)?;
        Ok(wire::ListGroupsResponse {
            groups: Some(groups.items.into_iter().map(show::group).collect()),
            is_truncated: Some(groups.marker.is_some()),
            marker: groups.marker,
        })
    })
    .on(iam, &wire::LIST_GROUPS_FOR_USER, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let groups = iam.list_groups_for_user(caller, &request.user_name, &page)?;
        Ok(wire::ListGroupsForUserResponse {
            groups: Some(groups.items.into_iter().map(show::group).collect()),
            is_truncated: Some(groups.marker.is_some()),
            marker: groups.marker,
        })
    })
    .on(iam, &wire::ADD_USER_TO_GROUP, |iam, caller, request| {
        iam.add_user_to_group(caller, &request.group_name, &request.user_name)
    })
    .on(
        iam,
        &wire::REMOVE_USER_FROM_GROUP,
        |iam, caller, request| {
            iam.remove_user_from_group(caller, &request.group_name, &request.user_name)
        },
    )
}
