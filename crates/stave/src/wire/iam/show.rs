//! What the service knows, as IAM shows it.

use jiff::Timestamp;
use stave_services::iam::{self as service, Tags};

use crate::wire::text::percent_encoded;
use crate::wire::types::iam::{
    AccessKeyMetadata, AttachedPermissionsBoundary, AttachedPolicy, Group, LoginProfile, Policy,
    PolicyVersion, Role, RoleLastUsed, Tag, User,
};

/// A policy document: encoded as in a URL, as AWS gives it.
pub fn document(text: &str) -> String {
    percent_encoded(text)
}

/// Tags; left out where there are none.
pub fn tags(tags: Tags) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| all_tags(tags))
}

/// Tags, also where there are none.
pub fn all_tags(tags: Tags) -> Vec<Tag> {
    let tags = tags.into_iter();
    tags.map(|(key, value)| Tag { key, value }).collect()
}

/// The boundary of a user or role.
pub fn boundary(arn: Option<String>) -> Option<AttachedPermissionsBoundary> {
    arn.map(|arn| AttachedPermissionsBoundary {
        permissions_boundary_type: Some("Policy".to_owned()),
        permissions_boundary_arn: Some(arn),
    })
}

/// Whether something may be used.
pub fn status(is_active: bool) -> String {
    if is_active { "Active" } else { "Inactive" }.to_owned()
}

/// A number of things.
pub fn number(number: usize) -> Option<i32> {
    i32::try_from(number).ok()
}

pub fn user(user: service::User) -> User {
    // The account's root has neither name nor path.
    let said = |text: String| (!text.is_empty()).then_some(text);
    User {
        path: said(user.path),
        user_name: said(user.name),
        user_id: Some(user.id),
        arn: Some(user.arn),
        create_date: Some(user.created_at),
        password_last_used: user.password_used_at,
        permissions_boundary: boundary(user.boundary),
        tags: tags(user.tags),
    }
}

pub fn group(group: service::Group) -> Group {
    Group {
        path: Some(group.path),
        group_name: Some(group.name),
        group_id: Some(group.id),
        arn: Some(group.arn),
        create_date: Some(group.created_at),
    }
}

/// When a role was last used: an empty structure if it never was.
pub fn last_used(at: Option<Timestamp>, region: Option<String>) -> RoleLastUsed {
    RoleLastUsed {
        last_used_date: at,
        region: region.filter(|_| at.is_some()),
    }
}

/// A role as lists show it.
pub fn brief_role(role: service::Role) -> Role {
    Role {
        path: Some(role.path),
        role_name: Some(role.name),
        role_id: Some(role.id),
        arn: Some(role.arn),
        create_date: Some(role.created_at),
        assume_role_policy_document: Some(document(&role.trust)),
        description: role.description,
        max_session_duration: i32::try_from(role.max_session_seconds).ok(),
        permissions_boundary: boundary(role.boundary),
        tags: tags(role.tags),
        ..Role::default()
    }
}

/// A role with when it was last used.
pub fn role(role: service::Role) -> Role {
    let used = last_used(role.used_at, role.used_region.clone());
    Role {
        role_last_used: Some(used),
        ..brief_role(role)
    }
}

pub fn policy(policy: service::ManagedPolicy) -> Policy {
    Policy {
        policy_name: Some(policy.name),
        policy_id: Some(policy.id),
        arn: Some(policy.arn),
        path: Some(policy.path),
        default_version_id: Some(policy.default_version),
        attachment_count: number(policy.attachments),
        permissions_boundary_usage_count: number(policy.boundaries),
        is_attachable: Some(true),
        description: policy.description,
        create_date: Some(policy.created_at),
        update_date: Some(policy.updated_at),
        tags: tags(policy.tags),
    }
}

pub fn version(version: service::PolicyVersion) -> PolicyVersion {
    PolicyVersion {
        document: version.document.as_deref().map(document),
        version_id: Some(version.id),
        is_default_version: Some(version.is_default),
        create_date: Some(version.created_at),
    }
}

pub fn attached(policies: Vec<service::AttachedPolicy>) -> Vec<AttachedPolicy> {
    let policies = policies.into_iter().map(|policy| AttachedPolicy {
        policy_name: Some(policy.name),
        policy_arn: Some(policy.arn),
    });
    policies.collect()
}

pub fn key(key: service::AccessKey) -> AccessKeyMetadata {
    AccessKeyMetadata {
        user_name: key.user,
        access_key_id: Some(key.id),
        status: Some(status(key.is_active)),
        create_date: Some(key.created_at),
    }
}

pub fn login(profile: service::LoginProfile) -> LoginProfile {
    LoginProfile {
        user_name: Some(profile.user),
        create_date: Some(profile.created_at),
        password_reset_required: Some(profile.must_change),
    }
}
