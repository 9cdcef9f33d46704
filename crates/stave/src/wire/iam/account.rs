//! The account: its alias, its figures, and everything that it has.

use stave_services::Iam;
use stave_services::iam::{AccountDetails, DetailFilter, EntityDetail, EntityKind, PolicyDetail};

use super::{page, show};
use crate::wire::door::Door;
use crate::wire::types::iam as wire;

pub(super) fn add(door: Door, iam: &Iam) -> Door {
    door.on(iam, &wire::CREATE_ACCOUNT_ALIAS, |iam, caller, request| {
        iam.create_account_alias(caller, &request.account_alias)
    })
    .on(iam, &wire::DELETE_ACCOUNT_ALIAS, |iam, caller, request| {
        iam.delete_account_alias(caller, &request.account_alias)
    })
    .on(iam, &wire::LIST_ACCOUNT_ALIASES, |iam, caller, request| {
        let page = page(request.marker, request.max_items);
        let aliases = iam.list_account_aliases(caller, &page)?;
        Ok(wire::ListAccountAliasesResponse {
            account_aliases: Some(aliases.items),
            is_truncated: Some(aliases.marker.is_some()),
            marker: aliases.marker,
        })
    })
    .on(iam, &wire::GET_ACCOUNT_SUMMARY, |iam, caller, ()| {
        let figures = iam.account_summary(caller)?.into_iter();
        let figures = figures
            .filter_map(|(name, figure)| Some((name.to_owned(), i32::try_from(figure).ok()?)));
        Ok(wire::GetAccountSummaryResponse {
            summary_map: Some(figures.collect()),
        })
    })
    .on(
        iam,
        &wire::GET_ACCOUNT_AUTHORIZATION_DETAILS,
        |iam, caller, request| {
            let names = request.filter.unwrap_or_default();
            let filters: Vec<_> = names.iter().filter_map(|name| filter(name)).collect();
            let page = page(request.marker, request.max_items);
            let found = iam.account_authorization_details(caller, &filters, &page)?;
            Ok(details(found))
        },
    )
}

fn filter(name: &str) -> Option<DetailFilter> {
    match name {
        "User" => Some(DetailFilter::User),
        "Group" => Some(DetailFilter::Group),
        "Role" => Some(DetailFilter::Role),
        "LocalManagedPolicy" => Some(DetailFilter::LocalManagedPolicy),
        "AWSManagedPolicy" => Some(DetailFilter::AwsManagedPolicy),
        _ => None,
    }
}

fn details(found: AccountDetails) -> wire::GetAccountAuthorizationDetailsResponse {
    let (mut users, mut groups, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for entity in found.entities {
        match entity.kind {
            EntityKind::User => users.push(user(entity)),
            EntityKind::Group => groups.push(group(entity)),
            EntityKind::Role => roles.push(role(entity)),
        }
    }
    wire::GetAccountAuthorizationDetailsResponse {
        user_detail_list: Some(users),
        group_detail_list: Some(groups),
        role_detail_list: Some(roles),
        policies: Some(found.policies.into_iter().map(policy).collect()),
        is_truncated: Some(found.marker.is_some()),
        marker: found.marker,
    }
}

fn inline(policies: Vec<(String, String)>) -> Vec<wire::PolicyDetail> {
    let policies = policies.into_iter();
    let policies = policies.map(|(name, document)| wire::PolicyDetail {
        policy_name: Some(name),
        policy_document: Some(show::document(&document)),
    });
    policies.collect()
}

fn user(entity: EntityDetail) -> wire::UserDetail {
    wire::UserDetail {
        path: Some(entity.path),
        user_name: Some(entity.name),
        user_id: Some(entity.id),
        arn: Some(entity.arn),
        create_date: Some(entity.created_at),
        user_policy_list: Some(inline(entity.inline)),
        group_list: Some(entity.groups),
        attached_managed_policies: Some(show::attached(entity.attached)),
        permissions_boundary: show::boundary(entity.boundary),
        tags: Some(show::all_tags(entity.tags)),
    }
}

fn group(entity: EntityDetail) -> wire::GroupDetail {
    wire::GroupDetail {
        path: Some(entity.path),
        group_name: Some(entity.name),
        group_id: Some(entity.id),
        arn: Some(entity.arn),
        create_date: Some(entity.created_at),
        group_policy_list: Some(inline(entity.inline)),
        attached_managed_policies: Some(show::attached(entity.attached)),
    }
}

fn role(entity: EntityDetail) -> wire::RoleDetail {
    wire::RoleDetail {
        path: Some(entity.path),
        role_name: Some(entity.name),
        role_id: Some(entity.id),
        arn: Some(entity.arn),
        create_date: Some(entity.created_at),
        assume_role_policy_document: entity.trust.as_deref().map(show::document),
        instance_profile_list: Some(Vec::new()),
        role_policy_list: Some(inline(entity.inline)),
        attached_managed_policies: Some(show::attached(entity.attached)),
        permissions_boundary: show::boundary(entity.boundary),
        tags: Some(show::all_tags(entity.tags)),
        role_last_used: Some(show::last_used(entity.used_at, entity.used_region)),
    }
}

fn policy(detail: PolicyDetail) -> wire::ManagedPolicyDetail {
    let versions = detail.versions.into_iter().map(show::version);
    let policy = detail.policy;
    wire::ManagedPolicyDetail {
        policy_name: Some(policy.name),
        policy_id: Some(policy.id),
        arn: Some(policy.arn),
        path: Some(policy.path),
        default_version_id: Some(policy.default_version),
        attachment_count: show::number(policy.attachments),
        permissions_boundary_usage_count: show::number(policy.boundaries),
        is_attachable: Some(true),
        description: policy.description,
        create_date: Some(policy.created_at),
        update_date: Some(policy.updated_at),
        policy_version_list: Some(versions.collect()),
    }
}
