//! Roles, and whom they trust.

use stave_services::Iam;
use stave_services::iam::NewRole;

use super::{count, page, show, tags_of};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_ROLE, |iam, caller, request| {
        let new = NewRole {
            name: request.role_name,
            path: request.path,
            trust: request.assume_role_policy_document,
            description: request.description,
            max_session_seconds: request.max_session_duration.map(count),
            boundary: request.permissions_boundary,
            tags: tags_of(request.tags),
        };
        let role = iam.create_role(caller, new)?;
        Ok(wire::CreateRoleResponse {
            role: Some(show::brief_role(role)),
        })
    })
    .on(iam, &wire::GET_ROLE, |iam, caller, request| {
        let role = iam.get_role(caller, &request.role_name)?;
        Ok(wire::GetRoleResponse {
            role: Some(show::role(role)),
        })
    })
    .on(iam, &wire::UPDATE_ROLE, |iam, caller, request| {
        let (name, description) = (&request.role_name, request.description.as_deref());
        let seconds = request.max_session_duration.map(count);
        iam.update_role(caller, name, description, seconds)?;
        Ok(wire::UpdateRoleResponse {})
    })
    .on(
        iam,
        &wire::UPDATE_ROLE_DESCRIPTION,
        |iam, caller, request| {
            let role =
                iam.update_role_description(caller, &request.role_name, &request.description)?;
            Ok(wire::UpdateRoleDescriptionResponse {
                role: Some(show::role(role)),
            })
        },
    )
    .on(
        iam,
        &wire::UPDATE_ASSUME_ROLE_POLICY,
        |iam, caller, request| {
            iam.update_trust(caller, &request.role_name, &request.policy_document)
        },
    )
    .on(iam, &wire::DELETE_ROLE, |iam, caller, request| {
        iam.delete_role(caller, &request.role_name)
    })
    .on(iam, &wire::LIST_ROLES, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let roles = iam.list_roles(caller, request.path_prefix.as_deref(), &page)?;
        Ok(wire::ListRolesResponse {
            roles: Some(roles.items.into_iter().map(show::brief_role).collect()),
            is_truncated: Some(roles.marker.is_some()),
            marker: roles.marker,
        })
    })
}
