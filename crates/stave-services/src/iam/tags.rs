//! Tags of users, roles and policies; permissions boundaries of users and roles.

use stave_core::iam::Context;
use stave_core::{Caller, Result};
use stave_store::iam::{EntityKind, Rows, Tags};

use super::access::{action, request_tags};
use super::errors::{no_such, validation};
use super::names::{check_tags, merge_tags};
use super::{Iam, Page, PageRequest};

/// The most keys that one request takes away.
const MAX_KEYS: usize = 50;

/// The condition keys of taking tags away.
fn tag_keys(keys: &[String]) -> Context {
    Context::new().with_all("aws:TagKeys", keys)
}

fn check_keys(keys: &[String]) -> Result<()> {
    if keys.len() > MAX_KEYS
        || keys
            .iter()
            .any(|key| key.is_empty() || key.chars().count() > 128)
    {
        return Err(validation(format!(
            "TagKeys must be at most {MAX_KEYS} keys of 1 to 128 characters"
        )));
    }
    Ok(())
}

/// `tags` without those of `keys`, whatever the case.
fn without(tags: Tags, keys: &[String]) -> Tags {
    let keep = |key: &String| keys.iter().all(|gone| !gone.eq_ignore_ascii_case(key));
    tags.into_iter().filter(|(key, _)| keep(key)).collect()
}

fn tag_page(tags: Tags, page: &PageRequest) -> Result<Page<(String, String)>> {
    let mut tags = tags;
    tags.sort();
    page.cut(tags, |(key, _)| key.clone())
}

impl Iam {
    /// Sets tags of a user or role (`TagUser`, `TagRole`).
    pub fn tag(&self, caller: &Caller, kind: EntityKind, name: &str, tags: Tags) -> Result<()> {
        let action = action("Tag", kind, "");
        self.store().iam_write(|rows| {
            let of = (kind, name);
            let mut entity = self.permitted(rows, caller, &action, of, request_tags(&tags))?;
            check_tags(&tags)?;
            entity.tags = merge_tags(entity.tags, tags);
            check_tags(&entity.tags)?;
            rows.replace_entity(&entity)
        })
    }

    /// Takes tags of a user or role away; those that are not there do not matter.
    pub fn untag(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        keys: &[String],
    ) -> Result<()> {
        check_keys(keys)?;
        let action = action("Untag", kind, "");
        self.store().iam_write(|rows| {
            let of = (kind, name);
            let mut entity = self.permitted(rows, caller, &action, of, tag_keys(keys))?;
            entity.tags = without(entity.tags, keys);
            rows.replace_entity(&entity)
        })
    }

    /// A page of the tags of a user or role, by key (`ListUserTags`, `ListRoleTags`).
    pub fn list_tags(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        page: &PageRequest,
    ) -> Result<Page<(String, String)>> {
        let action = action("List", kind, "Tags");
        let entity = self
            .store()
            .iam_read(|rows| self.permitted(rows, caller, &action, (kind, name), Context::new()))?;
        tag_page(entity.tags, page)
    }

    /// Sets tags of a policy of ours.
    pub fn tag_policy(&self, caller: &Caller, arn: &str, tags: Tags) -> Result<()> {
        let keys = request_tags(&tags);
        self.store().iam_write(|rows| {
            let mut policy = self.own_policy(rows, caller, "iam:TagPolicy", arn, keys)?;
            check_tags(&tags)?;
            policy.tags = merge_tags(policy.tags, tags);
            check_tags(&policy.tags)?;
            rows.replace_policy(&policy)
        })
    }

    /// Takes tags of a policy of ours away.
    pub fn untag_policy(&self, caller: &Caller, arn: &str, keys: &[String]) -> Result<()> {
        check_keys(keys)?;
        self.store().iam_write(|rows| {
            let given = tag_keys(keys);
            let mut policy = self.own_policy(rows, caller, "iam:UntagPolicy", arn, given)?;
            policy.tags = without(policy.tags, keys);
            rows.replace_policy(&policy)
        })
    }

    /// A page of the tags of a policy of ours, by key.
    pub fn list_policy_tags(
        &self,
        caller: &Caller,
        arn: &str,
        page: &PageRequest,
    ) -> Result<Page<(String, String)>> {
        let policy = self.store().iam_read(|rows| {
            self.own_policy(rows, caller, "iam:ListPolicyTags", arn, Context::new())
        })?;
        tag_page(policy.tags, page)
    }

    /// Bounds what a user or role may do, whatever its policies allow.
    pub fn put_boundary(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        policy: &str,
    ) -> Result<()> {
        let action = action("Put", kind, "PermissionsBoundary");
        let keys = Context::new().with("iam:PermissionsBoundary", policy);
        self.store().iam_write(|rows| {
            let mut entity = self.permitted(rows, caller, &action, (kind, name), keys)?;
            refuse_group(kind)?;
            self.check_boundary(rows, policy)?;
            entity.boundary = Some(policy.to_owned());
            rows.replace_entity(&entity)
        })
    }

    /// Takes the boundary of a user or role away.
    pub fn delete_boundary(&self, caller: &Caller, kind: EntityKind, name: &str) -> Result<()> {
        let action = action("Delete", kind, "PermissionsBoundary");
        self.store().iam_write(|rows| {
            let found = rows.entity(kind, name)?.and_then(|entity| entity.boundary);
            let mut keys = Context::new();
            if let Some(boundary) = found {
                keys.set("iam:PermissionsBoundary", boundary);
            }
            let mut entity = self.permitted(rows, caller, &action, (kind, name), keys)?;
            if entity.boundary.take().is_none() {
                return Err(no_such(format!(
                    "The {} with name {name} has no permissions boundary.",
                    kind.as_str()
                )));
            }
            rows.replace_entity(&entity)
        })
    }

    /// Checks that a policy can be a boundary: it must be there.
    pub(super) fn check_boundary(&self, rows: &Rows<'_>, policy: &str) -> Result<()> {
        if self.0.aws_managed.contains_key(policy) || rows.policy(policy)?.is_some() {
            return Ok(());
        }
        Err(no_such(format!(
            "Scope ARN: {policy} does not exist or is not attachable."
        )))
    }
}

fn refuse_group(kind: EntityKind) -> Result<()> {
    if kind == EntityKind::Group {
        return Err(validation("A group has no permissions boundary."));
    }
    Ok(())
}
