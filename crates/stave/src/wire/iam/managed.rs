//! Managed policies, their versions, and who uses them.

use stave_core::{Error, Result};
use stave_services::Iam;
use stave_services::iam::{
    EntityKind, NewPolicy, PolicyEntity, PolicyFilter, PolicyScope, PolicyUsage,
};

use super::{page, show, tags_of};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    versions(policies(door, iam), iam)
}

fn policies(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_POLICY, |iam, caller, request| {
        let new = NewPolicy {
            name: request.policy_name,
            path: request.path,
            document: request.policy_document,
            description: request.description,
            tags: tags_of(request.tags),
        };
        let policy = iam.create_policy(caller, new)?;
        Ok(wire::CreatePolicyResponse {
            policy: Some(show::policy(policy)),
        })
    })
    .on(iam, &wire::GET_POLICY, |iam, caller, request| {
        let policy = iam.get_policy(caller, &request.policy_arn)?;
        Ok(wire::GetPolicyResponse {
            policy: Some(show::policy(policy)),
        })
    })
    .on(iam, &wire::DELETE_POLICY, |iam, caller, request| {
        iam.delete_policy(caller, &request.policy_arn)
    })
    .on(iam, &wire::LIST_POLICIES, |iam, caller, request| {
        let filter = PolicyFilter {
            scope: match request.scope.as_deref() {
                Some("AWS") => PolicyScope::Aws,
                Some("Local") => PolicyScope::Local,
                _ => PolicyScope::All,
            },
            only_attached: request.only_attached.unwrap_or_default(),
            path_prefix: request.path_prefix,
            usage: request.policy_usage_filter.as_deref().and_then(usage),
        };
        let page = page(request.marker, request.max_items);
        let policies = iam.list_policies(caller, &filter, &page)?;
        Ok(wire::ListPoliciesResponse {
            policies: Some(policies.items.into_iter().map(show::policy).collect()),
            is_truncated: Some(policies.marker.is_some()),
            marker: policies.marker,
        })
    })
    .on(
        iam,
        &wire::LIST_ENTITIES_FOR_POLICY,
        |iam, caller, request| {
            let kind = request.entity_filter.as_deref().map(kind).transpose()?;
            let usage = request.policy_usage_filter.as_deref().and_then(usage);
            let page = page(request.marker, request.max_items);
            let prefix = request.path_prefix.as_deref();
            let arn = &request.policy_arn;
            let found = iam.list_entities_for_policy(caller, arn, kind, prefix, usage, &page)?;
            Ok(entities(found.items, found.marker))
        },
    )
}

fn usage(usage: &str) -> Option<PolicyUsage> {
    match usage {
        "PermissionsPolicy" => Some(PolicyUsage::PermissionsPolicy),
        "PermissionsBoundary" => Some(PolicyUsage::PermissionsBoundary),
        _ => None,
    }
}

fn kind(filter: &str) -> Result<EntityKind> {
    match filter {
        "User" => Ok(EntityKind::User),
        "Group" => Ok(EntityKind::Group),
        "Role" => Ok(EntityKind::Role),
        other => Err(Error::invalid(format!(
            "EntityFilter is {other}: no policy is attached to one"
        ))
        .coded("ValidationError")),
    }
}

fn entities(
    found: Vec<PolicyEntity>,
    marker: Option<String>,
) -> wire::ListEntitiesForPolicyResponse {
    let (mut users, mut groups, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for entity in found {
        let (name, id) = (Some(entity.name), Some(entity.id));
        match entity.kind {
            EntityKind::User => users.push(wire::PolicyUser {
                user_name: name,
                user_id: id,
            }),
            EntityKind::Group => groups.push(wire::PolicyGroup {
                group_name: name,
                group_id: id,
            }),
            EntityKind::Role => roles.push(wire::PolicyRole {
                role_name: name,
                role_id: id,
            }),
        }
    }
    wire::ListEntitiesForPolicyResponse {
        policy_groups: Some(groups),
        policy_users: Some(users),
        policy_roles: Some(roles),
        is_truncated: Some(marker.is_some()),
        marker,
    }
}

fn versions(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_POLICY_VERSION, |iam, caller, request| {
        let (arn, document) = (&request.policy_arn, &request.policy_document);
        let as_default = request.set_as_default.unwrap_or_default();
        let version = iam.create_policy_version(caller, arn, document, as_default)?;
        Ok(wire::CreatePolicyVersionResponse {
            policy_version: Some(show::version(version)),
        })
    })
    .on(iam, &wire::GET_POLICY_VERSION, |iam, caller, request| {
        let version = iam.get_policy_version(caller, &request.policy_arn, &request.version_id)?;
        Ok(wire::GetPolicyVersionResponse {
            policy_version: Some(show::version(version)),
        })
    })
    .on(iam, &wire::LIST_POLICY_VERSIONS, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let versions = iam.list_policy_versions(caller, &request.policy_arn, &page)?;
        Ok(wire::ListPolicyVersionsResponse {
            versions: Some(versions.items.into_iter().map(show::version).collect()),
            is_truncated: Some(versions.marker.is_some()),
            marker: versions.marker,
        })
    })
    .on(iam, &wire::DELETE_POLICY_VERSION, |iam, caller, request| {
        iam.delete_policy_version(caller, &request.policy_arn, &request.version_id)
    })
    .on(
        iam,
        &wire::SET_DEFAULT_POLICY_VERSION,
        |iam, caller, request| {
            iam.set_default_policy_version(caller, &request.policy_arn, &request.version_id)
        },
    )
}
