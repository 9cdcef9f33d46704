//! Trust policies, and whom they name.
//!
//! A name in a trust policy means who had it when it was written: it must be there, it follows
//! when it is renamed, and when it is gone its unique id stands in its place, so that a later
//! one of the same name is not let in.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use serde_json::Value;
use stave_core::iam::{DocumentKind, PolicyDocument, PrincipalName, limits};
use stave_core::{Arn, Error, Result};
use stave_store::iam::{EntityKind, Rows};

use super::Iam;
use super::errors::{limit, malformed};

fn invalid(name: &str) -> Error {
    malformed(
        Error::invalid(format!("Invalid principal in policy: \"AWS\":\"{name}\""))
            .hint("whom a trust policy names must be there: make it first"),
    )
}

impl Iam {
    /// Checks a document that is to become a trust policy.
    pub(super) fn check_trust(&self, rows: &Rows<'_>, text: &str) -> Result<()> {
        let document = PolicyDocument::parse(text, DocumentKind::Trust).map_err(malformed)?;
        if limits::policy_size(text) > limits::TRUST_POLICY_CHARS {
            return Err(limit(format!(
                "Cannot exceed quota for ACLSizePerRole: {}",
                limits::TRUST_POLICY_CHARS
            )));
        }
        let statements = document.statements().iter();
        let principals = statements.filter_map(|statement| statement.principals());
        for name in principals.flat_map(|principals| &principals.names) {
            match name {
                PrincipalName::Arn(arn) => self.check_named(rows, arn)?,
                PrincipalName::UniqueId(id) if rows.entity_by_id(id)?.is_none() => {
                    return Err(invalid(id));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that a user, role or session that is named is of an entity that is there. Those of
    /// other accounts cannot be known.
    fn check_named(&self, rows: &Rows<'_>, text: &str) -> Result<()> {
        let arn: Arn = text.parse().map_err(|_| invalid(text))?;
        if arn.account() != self.account() {
            return Ok(());
        }
        let (kind, rest) = arn.typed_resource();
        let is_there = match kind {
            "user" | "role" => {
                let kind = if kind == "user" {
                    EntityKind::User
                } else {
                    EntityKind::Role
                };
                let name = rest.rsplit('/').next().unwrap_or(rest);
                let found = rows.entity(kind, name)?;
                found.is_some_and(|entity| self.entity_arn(&entity) == text)
            }
            "assumed-role" => {
                let role = rest.split('/').next().unwrap_or(rest);
                rows.entity(EntityKind::Role, role)?.is_some()
            }
            _ => true,
        };
        if is_there { Ok(()) } else { Err(invalid(text)) }
    }
}

/// Puts `to` in the place of the principal `from` in all trust policies that name it.
pub(super) fn follow(rows: &Rows<'_>, from: &str, to: &str) -> Result<()> {
    for mut role in rows.entities(EntityKind::Role, "/", "", usize::MAX)? {
        let Some(trust) = role.trust.as_deref() else {
            continue;
        };
        let place = format!("trust policy of role {}", role.name);
        let unreadable = |error: serde_json::Error| {
            Error::internal(format!("{place} is not readable")).caused_by(error)
        };
        let mut document: Value = serde_json::from_str(trust).map_err(unreadable)?;
        if replace(&mut document, from, to) {
            role.trust = Some(document.to_string());
            rows.replace_entity(&role)?;
        }
    }
    Ok(())
}

/// Replaces a principal in a document; says whether it was there.
fn replace(document: &mut Value, from: &str, to: &str) -> bool {
    let statements = match document.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.as_mut_slice(),
        Some(statement) => std::slice::from_mut(statement),
        None => return false,
    };
    let mut replaced = false;
    for statement in statements {
        for element in ["Principal", "NotPrincipal"] {
            let names = statement
                .get_mut(element)
                .and_then(|kinds| kinds.get_mut("AWS"));
            let names = match names {
                Some(Value::Array(names)) => names.as_mut_slice(),
                Some(name) => std::slice::from_mut(name),
                None => continue,
            };
            for name in names.iter_mut().filter(|name| name.as_str() == Some(from)) {
                *name = Value::String(to.to_owned());
                replaced = true;
            }
        }
    }
    replaced
}
