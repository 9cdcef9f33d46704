//! What every operation begins with: finding what is named, and asking whether the caller may.
//!
//! What is not there is asked about under the ARN that it would have: nobody learns what exists
//! who may not ask.

use std::sync::Arc;

use stave_core::iam::{Context, DocumentKind, Grant, Grants, Principal, ResourcePolicy};
use stave_core::{Caller, Credential, Error, Result};
use stave_store::iam::{Entity, EntityKind, Rows, Tags};

use super::Iam;
use super::errors::{no_such, no_such_entity, validation};
use super::names::check_entity_name;

/// `iam:AttachUserPolicy` of `Attach`, a user and `Policy`.
pub(super) fn action(before: &str, kind: EntityKind, after: &str) -> String {
    let kind = match kind {
        EntityKind::User => "User",
        EntityKind::Group => "Group",
        EntityKind::Role => "Role",
    };
    format!("iam:{before}{kind}{after}")
}

/// The condition keys of tags that a request sets.
pub(super) fn request_tags(tags: &Tags) -> Context {
    let mut keys = Context::new();
    for (key, value) in tags {
        keys.set(&format!("aws:RequestTag/{key}"), value);
    }
    if !tags.is_empty() {
        keys.set_all("aws:TagKeys", tags.iter().map(|(key, _)| key));
    }
    keys
}

/// The condition keys of tags that a resource has.
fn resource_tags(keys: &mut Context, tags: &Tags) {
    for (key, value) in tags {
        keys.set(&format!("aws:ResourceTag/{key}"), value);
        keys.set(&format!("iam:ResourceTag/{key}"), value);
    }
}

impl Iam {
    /// The ARN of an entity.
    pub(super) fn entity_arn(&self, entity: &Entity) -> String {
        self.arn(entity.kind.as_str(), &entity.path, &entity.name)
    }

    /// Checks that the caller may do `action` on the IAM resource `arn`.
    pub(super) fn permit(
        &self,
        caller: &Caller,
        action: &str,
        arn: &str,
        keys: &Context,
    ) -> Result<()> {
        self.permit_by(caller, action, arn, keys, ResourcePolicy::None)
    }

    /// As [`Self::permit`], where the resource has a policy of its own.
    pub(super) fn permit_by(
        &self,
        caller: &Caller,
        action: &str,
        arn: &str,
        keys: &Context,
        policy: ResourcePolicy<'_>,
    ) -> Result<()> {
        if caller.account() != self.account() {
            return Err(Error::internal(format!(
                "a caller of account {} came to account {}",
                caller.account(),
                self.account()
            )));
        }
        // AWS wants multi-factor authentication for this, which Stave does not have.
        if caller.credential() == Credential::SessionToken {
            return Err(
                Error::denied("The security token included in the request is invalid")
                    .coded("InvalidClientTokenId")
                    .hint("credentials of GetSessionToken cannot be used for IAM"),
            );
        }
        caller.may_by(action, arn, keys, policy)
    }

    /// The entity of that name, if the caller may do `action` on it.
    pub(super) fn permitted(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        (kind, name): (EntityKind, &str),
        keys: Context,
    ) -> Result<Entity> {
        check_entity_name(kind, name)?;
        let found = rows.entity(kind, name)?;
        let mut keys = keys;
        let arn = match &found {
            Some(entity) => {
                resource_tags(&mut keys, &entity.tags);
                self.entity_arn(entity)
            }
            None => self.arn(kind.as_str(), "/", name),
        };
        self.permit(caller, action, &arn, &keys)?;
        found.ok_or_else(|| no_such_entity(kind, name))
    }

    /// Checks that the caller may do `action` on the managed policy `arn`, by its tags.
    pub(super) fn permit_policy(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        arn: &str,
        mut keys: Context,
    ) -> Result<()> {
        if let Some(policy) = rows.policy(arn)? {
            resource_tags(&mut keys, &policy.tags);
        }
        self.permit(caller, action, arn, &keys)
    }

    /// The name of the user that an operation is about: the caller's own where none is given.
    pub(super) fn own_name(caller: &Caller) -> Result<&str> {
        match caller.principal() {
            Principal::User { name, .. } => Ok(name),
            _ => Err(validation(
                "Must specify userName when calling with non-User credentials",
            )),
        }
    }

    /// The text of the default version of a managed policy, ours or AWS's.
    pub(super) fn managed_text(&self, rows: &Rows<'_>, arn: &str) -> Result<String> {
        if let Some(policy) = self.0.aws_managed.get(arn) {
            return Ok(policy.document.clone());
        }
        let Some(policy) = rows.policy(arn)? else {
            return Err(no_such(format!("Policy {arn} was not found.")));
        };
        let version = rows.policy_version(arn, policy.default_version)?;
        let version = version
            .ok_or_else(|| Error::internal(format!("policy {arn} has no default version")))?;
        Ok(version.document)
    }

    fn managed_grant(&self, rows: &Rows<'_>, arn: &str) -> Result<Grant> {
        let text = self.managed_text(rows, arn)?;
        self.grant(arn.to_owned(), &text)
    }

    /// A policy that has been checked when it was stored, under `name`.
    pub(super) fn grant(&self, name: String, text: &str) -> Result<Grant> {
        let documents = &self.0.documents;
        let document = documents
            .read(text, DocumentKind::Identity)
            .map_err(|error| error.within(&name))?;
        Ok(Grant {
            name,
            document: Arc::clone(&document),
        })
    }

    /// The policies of an entity: a user's with those of its groups.
    ///
    /// An inline policy is called as AWS's simulator calls it: `user_ann_mine`.
    pub(super) fn grants(&self, rows: &Rows<'_>, entity: &Entity) -> Result<Grants> {
        let mut identity = Vec::new();
        self.add_grants(rows, entity, &mut identity)?;
        if entity.kind == EntityKind::User {
            for group in rows.groups_of(&entity.id, "", usize::MAX)? {
                self.add_grants(rows, &group, &mut identity)?;
            }
        }
        let boundary = entity.boundary.as_deref();
        Ok(Grants {
            identity,
            boundary: boundary
                .map(|arn| self.managed_grant(rows, arn))
                .transpose()?,
            session: None,
        })
    }

    fn add_grants(&self, rows: &Rows<'_>, entity: &Entity, grants: &mut Vec<Grant>) -> Result<()> {
        for (name, text) in rows.inline_policies(&entity.id)? {
            let name = format!("{}_{}_{name}", entity.kind.as_str(), entity.name);
            grants.push(self.grant(name, &text)?);
        }
        for arn in rows.attached(&entity.id)? {
            grants.push(self.managed_grant(rows, &arn)?);
        }
        Ok(())
    }

    /// The session policies: managed ones and one that was passed as text.
    pub(super) fn session_grants(
        &self,
        rows: &Rows<'_>,
        arns: &[String],
        text: Option<&str>,
    ) -> Result<Option<Vec<Grant>>> {
        if arns.is_empty() && text.is_none() {
            return Ok(None);
        }
        let managed = arns.iter().map(|arn| self.managed_grant(rows, arn));
        let passed = text.map(|text| self.grant("session policy".to_owned(), text));
        managed.chain(passed).collect::<Result<_>>().map(Some)
    }

    /// The principal that a user is.
    pub(super) fn principal(&self, user: &Entity) -> Principal {
        Principal::User {
            account: self.account().to_owned(),
            path: user.path.clone(),
            name: user.name.clone(),
            id: user.id.clone(),
        }
    }
}
