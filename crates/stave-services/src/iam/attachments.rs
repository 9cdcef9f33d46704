//! Managed policies on users, groups and roles.

use stave_core::iam::Context;
use stave_core::{Caller, Result};
use stave_store::iam::{Entity, EntityKind, Rows};

use super::access::action;
use super::errors::{limit, no_such};
use super::names::check_path_prefix;
use super::{Iam, Page, PageRequest};

/// How many managed policies one entity may have.
const POLICIES_PER_ENTITY: usize = 10;

/// A managed policy that is attached to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    /// The friendly name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

/// How a policy is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyUsage {
    /// It is attached: it allows and denies.
    PermissionsPolicy,
    /// It bounds what others allow.
    PermissionsBoundary,
}

/// A user, group or role that uses a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEntity {
    /// What it is.
    pub kind: EntityKind,
    /// The friendly name.
    pub name: String,
    /// The unique id.
    pub id: String,
}

/// A policy's name and path, of its ARN.
fn name_and_path(arn: &str) -> (&str, &str) {
    let resource = arn
        .split_once(":policy")
        .map_or(arn, |(_, resource)| resource);
    match resource.rfind('/') {
        Some(at) => (&resource[at + 1..], &resource[..=at]),
        None => (resource, "/"),
    }
}

pub(super) fn attached_policy(arn: &str) -> AttachedPolicy {
    AttachedPolicy {
        name: name_and_path(arn).0.to_owned(),
        arn: arn.to_owned(),
    }
}

fn quota(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "PoliciesPerUser",
        EntityKind::Group => "PoliciesPerGroup",
        EntityKind::Role => "PoliciesPerRole",
    }
}

impl Iam {
    /// Attaches a managed policy; nothing happens when it is attached (`AttachUserPolicy` …).
    pub fn attach_policy(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        arn: &str,
    ) -> Result<()> {
        let action = action("Attach", kind, "Policy");
        self.store().iam_write(|rows| {
            let entity = self.policy_target(rows, caller, &action, (kind, name), arn)?;
            if !self.0.aws_managed.contains_key(arn) && rows.policy(arn)?.is_none() {
                return Err(no_such(format!(
                    "Policy {arn} does not exist or is not attachable."
                )));
            }
            let attached = rows.attached(&entity.id)?;
            if attached.len() >= POLICIES_PER_ENTITY && !attached.iter().any(|old| old == arn) {
                return Err(limit(format!(
                    "Cannot exceed quota for {}: {POLICIES_PER_ENTITY}",
                    quota(kind)
                )));
            }
            rows.attach(&entity.id, arn)
        })
    }

    /// Detaches a managed policy (`DetachUserPolicy` …).
    pub fn detach_policy(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        arn: &str,
    ) -> Result<()> {
        let action = action("Detach", kind, "Policy");
        self.store().iam_write(|rows| {
            let entity = self.policy_target(rows, caller, &action, (kind, name), arn)?;
            if rows.detach(&entity.id, arn)? {
                return Ok(());
            }
            Err(no_such(format!("Policy {arn} was not found.")))
        })
    }

    fn policy_target(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        (kind, name): (EntityKind, &str),
        arn: &str,
    ) -> Result<Entity> {
        let mut keys = Context::new().with("iam:PolicyARN", arn);
        if let Some(boundary) = rows.entity(kind, name)?.and_then(|entity| entity.boundary) {
            keys.set("iam:PermissionsBoundary", boundary);
        }
        self.permitted(rows, caller, action, (kind, name), keys)
    }

    /// A page of the managed policies of an entity whose path begins with `path_prefix`
    /// (`ListAttachedUserPolicies` …).
    pub fn list_attached_policies(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<AttachedPolicy>> {
        let prefix = check_path_prefix(path_prefix)?;
        let action = action("ListAttached", kind, "Policies");
        let attached = self.store().iam_read(|rows| {
            let entity = self.permitted(rows, caller, &action, (kind, name), Context::new())?;
            rows.attached(&entity.id)
        })?;
        let attached = attached
            .iter()
            .filter(|arn| name_and_path(arn).1.starts_with(prefix))
            .map(|arn| attached_policy(arn));
        page.cut(attached.collect(), |policy| policy.arn.clone())
    }

    /// A page of those that use a policy, by kind and name.
    pub fn list_entities_for_policy(
        &self,
        caller: &Caller,
        arn: &str,
        kind: Option<EntityKind>,
        path_prefix: Option<&str>,
        usage: Option<PolicyUsage>,
        page: &PageRequest,
    ) -> Result<Page<PolicyEntity>> {
        let prefix = check_path_prefix(path_prefix)?;
        let found = self.store().iam_read(|rows| {
            let action = "iam:ListEntitiesForPolicy";
            self.permit_policy(rows, caller, action, arn, Context::new())?;
            if self.find_policy(rows, arn)?.is_none() {
                return Err(no_such(format!("Policy {arn} was not found.")));
            }
            let mut found = Vec::new();
            if usage != Some(PolicyUsage::PermissionsBoundary) {
                found.extend(rows.attached_to(arn)?);
            }
            if usage != Some(PolicyUsage::PermissionsPolicy) {
                found.extend(rows.bounded_by(arn)?);
            }
            Ok(found)
        })?;
        let mut found: Vec<PolicyEntity> = found
            .into_iter()
            .filter(|entity| entity.path.starts_with(prefix))
            .filter(|entity| kind.is_none_or(|kind| kind == entity.kind))
            .map(|entity| PolicyEntity {
                kind: entity.kind,
                name: entity.name,
                id: entity.id,
            })
            .collect();
        let key = |entity: &PolicyEntity| {
            let name = entity.name.to_lowercase();
            format!("{} {name} {}", entity.kind.as_str(), entity.id)
        };
        found.sort_by_cached_key(key);
        found.dedup();
        page.cut(found, key)
    }
}
