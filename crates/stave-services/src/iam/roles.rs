//! Roles, and whom they trust.

use jiff::Timestamp;
use stave_core::iam::Context;
use stave_core::{Caller, Result};
use stave_store::iam::{Entity, EntityKind, Rows, Tags};

use super::access::request_tags;
use super::errors::validation;
use super::names::{check_entity_name, check_tags};
use super::{Iam, Page, PageRequest};

/// How long a role's session may last unless the role says otherwise, in seconds.
pub(super) const DEFAULT_SESSION_SECONDS: u32 = 3600;
/// How long a role may let its sessions last, in seconds.
const MAX_SESSION_SECONDS: std::ops::RangeInclusive<u32> = 3600..=43_200;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// `AROA…`.
    pub id: String,
    /// The friendly name.
    pub name: String,
    /// `/`, or `/service-role/`.
    pub path: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The trust policy.
    pub trust: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session may last, in seconds.
    pub max_session_seconds: u32,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// When a session of it was last used.
    pub used_at: Option<Timestamp>,
    /// The region in which it was.
    pub used_region: Option<String>,
}

/// A role that is to be made.
#[derive(Debug, Clone, Default)]
pub struct NewRole {
    /// The friendly name.
    pub name: String,
    /// The path; `/` unless said.
    pub path: Option<String>,
    /// The trust policy.
    pub trust: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session may last, in seconds: 3,600 to 43,200; 3,600 unless said.
    pub max_session_seconds: Option<u32>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Iam {
    pub(super) fn role(&self, entity: Entity) -> Role {
        Role {
            arn: self.entity_arn(&entity),
            id: entity.id,
            name: entity.name,
            path: entity.path,
            created_at: entity.created_at,
            trust: entity.trust.unwrap_or_default(),
            description: entity.description,
            max_session_seconds: entity
                .max_session_seconds
                .unwrap_or(DEFAULT_SESSION_SECONDS),
            boundary: entity.boundary,
            tags: entity.tags,
            used_at: entity.used_at,
            used_region: entity.used_region,
        }
    }

    /// Makes a role.
    pub fn create_role(&self, caller: &Caller, new: NewRole) -> Result<Role> {
        check_entity_name(EntityKind::Role, &new.name)?;
        let path = new.path.as_deref().unwrap_or("/");
        let mut keys = request_tags(&new.tags);
        if let Some(boundary) = &new.boundary {
            keys.set("iam:PermissionsBoundary", boundary);
        }
        let arn = self.arn("role", path, &new.name);
        self.permit(caller, "iam:CreateRole", &arn, &keys)?;
        if !new.tags.is_empty() {
            self.permit(caller, "iam:TagRole", &arn, &keys)?;
        }
        check_tags(&new.tags)?;
        check_description(new.description.as_deref())?;
        check_session_seconds(new.max_session_seconds)?;
        self.store().iam_write(|rows| {
            self.check_trust(rows, &new.trust)?;
            if let Some(boundary) = &new.boundary {
                self.check_boundary(rows, boundary)?;
            }
            let entity = Entity {
                boundary: new.boundary,
                tags: new.tags,
                trust: Some(new.trust),
                description: new.description,
                max_session_seconds: new.max_session_seconds,
                ..self.blank(rows, EntityKind::Role, &new.name, path)
            };
            Self::add(rows, &entity)?;
            Ok(self.role(entity))
        })
    }

    /// The role of that name.
    pub fn get_role(&self, caller: &Caller, name: &str) -> Result<Role> {
        let entity = self.store().iam_read(|rows| {
            let role = (EntityKind::Role, name);
            self.permitted(rows, caller, "iam:GetRole", role, Context::new())
        })?;
        Ok(self.role(entity))
    }

    /// Sets a role's description and how long its sessions may last.
    pub fn update_role(
        &self,
        caller: &Caller,
        name: &str,
        description: Option<&str>,
        max_session_seconds: Option<u32>,
    ) -> Result<()> {
        check_description(description)?;
        check_session_seconds(max_session_seconds)?;
        self.change_role(caller, "iam:UpdateRole", name, |role| {
            if let Some(description) = description {
                role.description = Some(description.to_owned());
            }
            if max_session_seconds.is_some() {
                role.max_session_seconds = max_session_seconds;
            }
        })
        .map(drop)
    }

    /// Sets a role's description (`UpdateRoleDescription`).
    pub fn update_role_description(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
    ) -> Result<Role> {
        check_description(Some(description))?;
        self.change_role(caller, "iam:UpdateRoleDescription", name, |role| {
            role.description = Some(description.to_owned());
        })
    }

    /// Replaces a role's trust policy (`UpdateAssumeRolePolicy`).
    pub fn update_trust(&self, caller: &Caller, name: &str, trust: &str) -> Result<()> {
        self.change_role_checked(
            caller,
            "iam:UpdateAssumeRolePolicy",
            name,
            |rows| self.check_trust(rows, trust),
            |role| role.trust = Some(trust.to_owned()),
        )
        .map(drop)
    }

    fn change_role(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
        change: impl FnOnce(&mut Entity),
    ) -> Result<Role> {
        self.change_role_checked(caller, action, name, |_| Ok(()), change)
    }

    fn change_role_checked(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
        check: impl FnOnce(&Rows<'_>) -> Result<()>,
        change: impl FnOnce(&mut Entity),
    ) -> Result<Role> {
        self.store().iam_write(|rows| {
            let role = (EntityKind::Role, name);
            let mut role = self.permitted(rows, caller, action, role, Context::new())?;
            check(rows)?;
            change(&mut role);
            rows.replace_entity(&role)?;
            Ok(self.role(role))
        })
    }

    /// Removes a role that has no policies.
    pub fn delete_role(&self, caller: &Caller, name: &str) -> Result<()> {
        self.remove(caller, EntityKind::Role, name)
    }

    /// A page of the roles, by name. As with AWS, lists leave out boundary, tags and last use.
    pub fn list_roles(
        &self,
        caller: &Caller,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Role>> {
        let found = self.list(caller, EntityKind::Role, path_prefix, page)?;
        Ok(found.map(|entity| Role {
            boundary: None,
            tags: Tags::new(),
            used_at: None,
            used_region: None,
            ..self.role(entity)
        }))
    }
}

fn check_description(description: Option<&str>) -> Result<()> {
    let plain = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    match description {
        Some(text) if text.chars().count() > 1000 || !text.chars().all(plain) => Err(validation(
            "The specified value for description is invalid. It must have at most 1000 \
             characters of Latin-1.",
        )),
        _ => Ok(()),
    }
}

fn check_session_seconds(seconds: Option<u32>) -> Result<()> {
    match seconds {
        Some(seconds) if !MAX_SESSION_SECONDS.contains(&seconds) => Err(validation(format!(
            "MaxSessionDuration is {seconds}: it must be {} to {} seconds",
            MAX_SESSION_SECONDS.start(),
            MAX_SESSION_SECONDS.end()
        ))),
        _ => Ok(()),
    }
}
