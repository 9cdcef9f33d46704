//! Inline policies: those that are part of a user, a group or a role.

use stave_core::iam::{Context, DocumentKind, PolicyDocument, limits};
use stave_core::{Caller, Result};
use stave_store::iam::EntityKind;

use super::access::action;
use super::errors::{limit, malformed, no_such};
use super::names::check_name;
use super::{Iam, Page, PageRequest};

fn no_policy(kind: EntityKind, policy: &str) -> stave_core::Error {
    no_such(format!(
        "The {} policy with name {policy} cannot be found.",
        kind.as_str()
    ))
}

/// The size of all inline policies of one entity together.
const fn quota(kind: EntityKind) -> usize {
    match kind {
        EntityKind::User => limits::USER_INLINE_CHARS,
        EntityKind::Group => limits::GROUP_INLINE_CHARS,
        EntityKind::Role => limits::ROLE_INLINE_CHARS,
    }
}

impl Iam {
    /// Adds or replaces an inline policy (`PutUserPolicy` …).
    pub fn put_inline_policy(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        policy: &str,
        document: &str,
    ) -> Result<()> {
        let action = action("Put", kind, "Policy");
        self.store().iam_write(|rows| {
            let mut keys = Context::new();
            if let Some(boundary) = rows.entity(kind, name)?.and_then(|entity| entity.boundary) {
                keys.set("iam:PermissionsBoundary", boundary);
            }
            let entity = self.permitted(rows, caller, &action, (kind, name), keys)?;
            check_name("policyName", policy, 128)?;
            PolicyDocument::parse(document, DocumentKind::Identity).map_err(malformed)?;
            let others: usize = rows
                .inline_policies(&entity.id)?
                .iter()
                .filter(|(other, _)| other != policy)
                .map(|(_, text)| limits::policy_size(text))
                .sum();
            if others + limits::policy_size(document) > quota(kind) {
                return Err(limit(format!(
                    "Maximum policy size of {} bytes exceeded for {} {name}",
                    quota(kind),
                    kind.as_str()
                )));
            }
            rows.put_inline_policy(&entity.id, policy, document)
        })
    }

    /// What an inline policy says (`GetUserPolicy` …).
    pub fn get_inline_policy(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        policy: &str,
    ) -> Result<String> {
        let action = action("Get", kind, "Policy");
        let found = self.store().iam_read(|rows| {
            let entity = self.permitted(rows, caller, &action, (kind, name), Context::new())?;
            rows.inline_policies(&entity.id)
        })?;
        let found = found.into_iter().find(|(name, _)| name == policy);
        found
            .map(|(_, document)| document)
            .ok_or_else(|| no_policy(kind, policy))
    }

    /// Removes an inline policy (`DeleteUserPolicy` …).
    pub fn delete_inline_policy(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        policy: &str,
    ) -> Result<()> {
        let action = action("Delete", kind, "Policy");
        self.store().iam_write(|rows| {
            let entity = self.permitted(rows, caller, &action, (kind, name), Context::new())?;
            if rows.remove_inline_policy(&entity.id, policy)? {
                return Ok(());
            }
            Err(no_policy(kind, policy))
        })
    }

    /// A page of the names of an entity's inline policies (`ListUserPolicies` …).
    pub fn list_inline_policies(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        page: &PageRequest,
    ) -> Result<Page<String>> {
        let action = action("List", kind, "Policies");
        let found = self.store().iam_read(|rows| {
            let entity = self.permitted(rows, caller, &action, (kind, name), Context::new())?;
            rows.inline_policies(&entity.id)
        })?;
        let names = found.into_iter().map(|(name, _)| name).collect();
        page.cut(names, Clone::clone)
    }
}
