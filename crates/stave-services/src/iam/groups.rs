//! Groups, and who is in them.

use jiff::Timestamp;
use stave_core::iam::Context;
use stave_core::{Caller, Result};
use stave_store::iam::{Entity, EntityKind};

use super::errors::{limit, no_such, no_such_entity};
use super::names::check_entity_name;
use super::{Iam, Page, PageRequest, User};

/// How many groups a user may be in.
const GROUPS_PER_USER: usize = 10;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its ARN.
    pub arn: String,
    /// `AGPA…`.
    pub id: String,
    /// The friendly name.
    pub name: String,
    /// `/`, or `/division/`.
    pub path: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Iam {
    pub(super) fn group(&self, entity: Entity) -> Group {
        Group {
            arn: self.entity_arn(&entity),
            id: entity.id,
            name: entity.name,
            path: entity.path,
            created_at: entity.created_at,
        }
    }

    /// Makes a group; its path is `/` unless said.
    pub fn create_group(&self, caller: &Caller, name: &str, path: Option<&str>) -> Result<Group> {
        check_entity_name(EntityKind::Group, name)?;
        let path = path.unwrap_or("/");
        let arn = self.arn("group", path, name);
        self.permit(caller, "iam:CreateGroup", &arn, &Context::new())?;
        self.store().iam_write(|rows| {
            let entity = self.blank(rows, EntityKind::Group, name, path);
            Self::add(rows, &entity)?;
            Ok(self.group(entity))
        })
    }

    /// A group, with a page of the users that are in it.
    pub fn get_group(
        &self,
        caller: &Caller,
        name: &str,
        page: &PageRequest,
    ) -> Result<(Group, Page<User>)> {
        let (after, max) = (page.after()?, page.max()?);
        let (group, users) = self.store().iam_read(|rows| {
            let group = (EntityKind::Group, name);
            let group = self.permitted(rows, caller, "iam:GetGroup", group, Context::new())?;
            let users = rows.users_in(&group.id, &after, max + 1)?;
            Ok((group, users))
        })?;
        let users = page.page(users, |user| user.name.clone())?;
        Ok((self.group(group), users.map(|user| self.brief_user(user))))
    }

    /// Gives a group another name or path.
    pub fn update_group(
        &self,
        caller: &Caller,
        name: &str,
        new_name: Option<&str>,
        new_path: Option<&str>,
    ) -> Result<()> {
        self.rename(caller, EntityKind::Group, name, new_name, new_path)
    }

    /// Removes a group that is empty and has no policies.
    pub fn delete_group(&self, caller: &Caller, name: &str) -> Result<()> {
        self.remove(caller, EntityKind::Group, name)
    }

    /// A page of the groups, by name.
    pub fn list_groups(
        &self,
        caller: &Caller,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Group>> {
        let found = self.list(caller, EntityKind::Group, path_prefix, page)?;
        Ok(found.map(|entity| self.group(entity)))
    }

    /// Puts a user into a group; nothing happens when it is there.
    pub fn add_user_to_group(&self, caller: &Caller, group: &str, user: &str) -> Result<()> {
        let action = "iam:AddUserToGroup";
        self.store().iam_write(|rows| {
            let of = (EntityKind::Group, group);
            let group = self.permitted(rows, caller, action, of, Context::new())?;
            check_entity_name(EntityKind::User, user)?;
            let user = rows
                .entity(EntityKind::User, user)?
                .ok_or_else(|| no_such_entity(EntityKind::User, user))?;
            let groups = rows.groups_of(&user.id, "", GROUPS_PER_USER)?;
            if groups.len() == GROUPS_PER_USER && groups.iter().all(|old| old.id != group.id) {
                return Err(limit(format!(
                    "Cannot exceed quota for GroupsPerUser: {GROUPS_PER_USER}"
                )));
            }
            rows.join(&user.id, &group.id)
        })
    }

    /// Takes a user out of a group.
    pub fn remove_user_from_group(&self, caller: &Caller, group: &str, user: &str) -> Result<()> {
        let action = "iam:RemoveUserFromGroup";
        self.store().iam_write(|rows| {
            let of = (EntityKind::Group, group);
            let group = self.permitted(rows, caller, action, of, Context::new())?;
            let found = rows
                .entity(EntityKind::User, user)?
                .ok_or_else(|| no_such_entity(EntityKind::User, user))?;
            if rows.leave(&found.id, &group.id)? {
                return Ok(());
            }
            Err(no_such(format!(
                "The user with name {user} is not in the group {}.",
                group.name
            )))
        })
    }

    /// A page of the groups that a user is in, by name.
    pub fn list_groups_for_user(
        &self,
        caller: &Caller,
        user: &str,
        page: &PageRequest,
    ) -> Result<Page<Group>> {
        let (after, max) = (page.after()?, page.max()?);
        let groups = self.store().iam_read(|rows| {
            let user = (EntityKind::User, user);
            let user =
                self.permitted(rows, caller, "iam:ListGroupsForUser", user, Context::new())?;
            rows.groups_of(&user.id, &after, max + 1)
        })?;
        let groups = page.page(groups, |group| group.name.clone())?;
        Ok(groups.map(|group| self.group(group)))
    }
}
