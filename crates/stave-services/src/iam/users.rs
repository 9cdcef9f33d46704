//! Users.

use jiff::Timestamp;
use stave_core::iam::{Context, Principal};
use stave_core::{Caller, Result};
use stave_store::iam::{Entity, EntityKind, Tags};

use super::access::request_tags;
use super::names::{check_entity_name, check_tags};
use super::{Iam, Page, PageRequest};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its ARN.
    pub arn: String,
    /// `AIDA…`.
    pub id: String,
    /// The friendly name.
    pub name: String,
    /// `/`, or `/division/`.
    pub path: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its password was last used.
    pub password_used_at: Option<Timestamp>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A user that is to be made.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// The friendly name.
    pub name: String,
    /// The path; `/` unless said.
    pub path: Option<String>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Iam {
    pub(super) fn user(&self, entity: Entity) -> User {
        User {
            arn: self.entity_arn(&entity),
            id: entity.id,
            name: entity.name,
            path: entity.path,
            created_at: entity.created_at,
            password_used_at: entity.used_at,
            boundary: entity.boundary,
            tags: entity.tags,
        }
    }

    /// Makes a user.
    pub fn create_user(&self, caller: &Caller, new: NewUser) -> Result<User> {
        check_entity_name(EntityKind::User, &new.name)?;
        let path = new.path.as_deref().unwrap_or("/");
        let mut keys = request_tags(&new.tags);
        if let Some(boundary) = &new.boundary {
            keys.set("iam:PermissionsBoundary", boundary);
        }
        let arn = self.arn("user", path, &new.name);
        self.permit(caller, "iam:CreateUser", &arn, &keys)?;
        if !new.tags.is_empty() {
            self.permit(caller, "iam:TagUser", &arn, &keys)?;
        }
        check_tags(&new.tags)?;
        self.store().iam_write(|rows| {
            if let Some(boundary) = &new.boundary {
                self.check_boundary(rows, boundary)?;
            }
            let entity = Entity {
                boundary: new.boundary,
                tags: new.tags,
                ..self.blank(rows, EntityKind::User, &new.name, path)
            };
            Self::add(rows, &entity)?;
            Ok(self.user(entity))
        })
    }

    /// The user of that name; without one the caller itself.
    pub fn get_user(&self, caller: &Caller, name: Option<&str>) -> Result<User> {
        if let (None, Principal::Root { account }) = (name, caller.principal()) {
            return self.root_user(caller, account);
        }
        let name = match name {
            Some(name) => name,
            None => Self::own_name(caller)?,
        };
        let entity = self.store().iam_read(|rows| {
            let user = (EntityKind::User, name);
            self.permitted(rows, caller, "iam:GetUser", user, Context::new())
        })?;
        Ok(self.user(entity))
    }

    /// The account's root, as `GetUser` shows it: its id is that of the account.
    fn root_user(&self, caller: &Caller, account: &str) -> Result<User> {
        let arn = caller.principal().arn();
        self.permit(caller, "iam:GetUser", &arn, &Context::new())?;
        let made = self
            .store()
            .iam_read(|rows| Ok(rows.account()?.map(|made| made.created_at)))?;
        Ok(User {
            arn,
            id: account.to_owned(),
            name: String::new(),
            path: String::new(),
            created_at: made.unwrap_or(Timestamp::UNIX_EPOCH),
            password_used_at: None,
            boundary: None,
            tags: Tags::new(),
        })
    }

    /// Gives a user another name or path.
    pub fn update_user(
        &self,
        caller: &Caller,
        name: &str,
        new_name: Option<&str>,
        new_path: Option<&str>,
    ) -> Result<()> {
        self.rename(caller, EntityKind::User, name, new_name, new_path)
    }

    /// Removes a user that nothing hangs on.
    pub fn delete_user(&self, caller: &Caller, name: &str) -> Result<()> {
        self.remove(caller, EntityKind::User, name)
    }

    /// A page of the users, by name. As with AWS, lists leave out boundary and tags.
    pub fn list_users(
        &self,
        caller: &Caller,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<User>> {
        let found = self.list(caller, EntityKind::User, path_prefix, page)?;
        Ok(found.map(|entity| self.brief_user(entity)))
    }

    pub(super) fn brief_user(&self, entity: Entity) -> User {
        User {
            boundary: None,
            tags: Tags::new(),
            ..self.user(entity)
        }
    }
}
