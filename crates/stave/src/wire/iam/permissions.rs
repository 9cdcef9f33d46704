//! What hangs on users, groups and roles: inline policies, managed policies, boundaries.

use stave_services::Iam;
use stave_services::iam::EntityKind::{Group, Role, User};

use super::{page, show};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    let parts = [of_users, of_groups, of_roles, boundaries];
    parts.into_iter().fold(door, |door, add| add(door, iam))
}

fn of_users(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::ATTACH_USER_POLICY, |iam, caller, request| {
        iam.attach_policy(caller, User, &request.user_name, &request.policy_arn)
    })
    .on(iam, &wire::DETACH_USER_POLICY, |iam, caller, request| {
        iam.detach_policy(caller, User, &request.user_name, &request.policy_arn)
    })
    .on(
        iam,
        &wire::LIST_ATTACHED_USER_POLICIES,
        |iam, caller, request| {
            let page = page(request.marker, request.max_items);
            let (name, prefix) = (&request.user_name, request.path_prefix.as_deref());
            let found = iam.list_attached_policies(caller, User, name, prefix, &page)?;
            Ok(wire::ListAttachedUserPoliciesResponse {
                attached_policies: Some(show::attached(found.items)),
                is_truncated: Some(found.marker.is_some()),
                marker: found.marker,
            })
        },
    )
    .on(iam, &wire::PUT_USER_POLICY, |iam, caller, request| {
        let (name, policy) = (&request.user_name, &request.policy_name);
        iam.put_inline_policy(caller, User, name, policy, &request.policy_document)
    })
    .on(iam, &wire::GET_USER_POLICY, |iam, caller, request| {
        let (name, policy) = (request.user_name, request.policy_name);
        let document = iam.get_inline_policy(caller, User, &name, &policy)?;
        Ok(wire::GetUserPolicyResponse {
            user_name: Some(name),
            policy_name: Some(policy),
            policy_document: Some(show::document(&document)),
        })
    })
    .on(iam, &wire::DELETE_USER_POLICY, |iam, caller, request| {
        iam.delete_inline_policy(caller, User, &request.user_name, &request.policy_name)
    })
    .on(iam, &wire::LIST_USER_POLICIES, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let found = iam.list_inline_policies(caller, User, &request.user_name, &page)?;
        Ok(wire::ListUserPoliciesResponse {
            policy_names: Some(found.items),
            is_truncated: Some(found.marker.is_some()),
            marker: found.marker,
        })
    })
}

fn of_groups(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::ATTACH_GROUP_POLICY, |iam, caller, request| {
        iam.attach_policy(caller, Group, &request.group_name, &request.policy_arn)
    })
    .on(iam, &wire::DETACH_GROUP_POLICY, |iam, caller, request| {
        iam.detach_policy(caller, Group, &request.group_name, &request.policy_arn)
    })
    .on(
        iam,
        &wire::LIST_ATTACHED_GROUP_POLICIES,
        |iam, caller, request| {
            let page = page(request.marker, request.max_items);
            let (name, prefix) = (&request.group_name, request.path_prefix.as_deref());
            let found = iam.list_attached_policies(caller, Group, name, prefix, &page)?;
            Ok(wire::ListAttachedGroupPoliciesResponse {
                attached_policies: Some(show::attached(found.items)),
                is_truncated: Some(found.marker.is_some()),
                marker: found.marker,
            })
        },
    )
    .on(iam, &wire::PUT_GROUP_POLICY, |iam, caller, request| {
        let (name, policy) = (&request.group_name, &request.policy_name);
        iam.put_inline_policy(caller, Group, name, policy, &request.policy_document)
    })
    .on(iam, &wire::GET_GROUP_POLICY, |iam, caller, request| {
        let (name, policy) = (request.group_name, request.policy_name);
        let document = iam.get_inline_policy(caller, Group, &name, &policy)?;
        Ok(wire::GetGroupPolicyResponse {
            group_name: Some(name),
            policy_name: Some(policy),
            policy_document: Some(show::document(&document)),
        })
    })
    .on(iam, &wire::DELETE_GROUP_POLICY, |iam, caller, request| {
        iam.delete_inline_policy(caller, Group, &request.group_name, &request.policy_name)
    })
    .on(iam, &wire::LIST_GROUP_POLICIES, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let found = iam.list_inline_policies(caller, Group, &request.group_name, &page)?;
        Ok(wire::ListGroupPoliciesResponse {
            policy_names: Some(found.items),
            is_truncated: Some(found.marker.is_some()),
            marker: found.marker,
        })
    })
}

fn of_roles(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::ATTACH_ROLE_POLICY, |iam, caller, request| {
        iam.attach_policy(caller, Role, &request.role_name, &request.policy_arn)
    })
    .on(iam, &wire::DETACH_ROLE_POLICY, |iam, caller, request| {
        iam.detach_policy(caller, Role, &request.role_name, &request.policy_arn)
    })
    .on(
        iam,
        &wire::LIST_ATTACHED_ROLE_POLICIES,
        |iam, caller, request| {
            let page = page(request.marker, request.max_items);
            let (name, prefix) = (&request.role_name, request.path_prefix.as_deref());
            let found = iam.list_attached_policies(caller, Role, name, prefix, &page)?;
            Ok(wire::ListAttachedRolePoliciesResponse {
                attached_policies: Some(show::attached(found.items)),
                is_truncated: Some(found.marker.is_some()),
                marker: found.marker,
            })
        },
    )
    .on(iam, &wire::PUT_ROLE_POLICY, |iam, caller, request| {
        let (name, policy) = (&request.role_name, &request.policy_name);
        iam.put_inline_policy(caller, Role, name, policy, &request.policy_document)
    })
    .on(iam, &wire::GET_ROLE_POLICY, |iam, caller, request| {
        let (name, policy) = (request.role_name, request.policy_name);
        let document = iam.get_inline_policy(caller, Role, &name, &policy)?;
        Ok(wire::GetRolePolicyResponse {
            role_name: Some(name),
            policy_name: Some(policy),
            policy_document: Some(show::document(&document)),
        })
    })
    .on(iam, &wire::DELETE_ROLE_POLICY, |iam, caller, request| {
        iam.delete_inline_policy(caller, Role, &request.role_name, &request.policy_name)
    })
    .on(iam, &wire::LIST_ROLE_POLICIES, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let found = iam.list_inline_policies(caller, Role, &request.role_name, &page)?;
        Ok(wire::ListRolePoliciesResponse {
            policy_names: Some(found.items),
            is_truncated: Some(found.marker.is_some()),
            marker: found.marker,
        })
    })
}

fn boundaries(door: Door, iam: &Iam) -> Door {
    door.on(
        iam,
        &wire::PUT_USER_PERMISSIONS_BOUNDARY,
        |iam, caller, request| {
            iam.put_boundary(
                caller,
                User,
                &request.user_name,
                &request.permissions_boundary,
            )
        },
    )
    .on(
        iam,
        &wire::DELETE_USER_PERMISSIONS_BOUNDARY,
        |iam, caller, request| iam.delete_boundary(caller, User, &request.user_name),
    )
    .on(
        iam,
        &wire::PUT_ROLE_PERMISSIONS_BOUNDARY,
        |iam, caller, request| {
            iam.put_boundary(
                caller,
                Role,
                &request.role_name,
                &request.permissions_boundary,
            )
        },
    )
    .on(
        iam,
        &wire::DELETE_ROLE_PERMISSIONS_BOUNDARY,
        |iam, caller, request| iam.delete_boundary(caller, Role, &request.role_name),
    )
}
