//! What users, groups and roles have in common: names, paths, lists, and when they may go.

use stave_core::iam::Context;
use stave_core::{Caller, ErrorKind, Result};
use stave_store::iam::{Entity, EntityKind, Rows};

use super::access::action;
use super::errors::{delete_conflict, exists, limit};
use super::names::{check_entity_name, check_path, check_path_prefix};
use super::{Iam, Page, PageRequest, trust};

/// The most users, groups and roles of an account.
const fn quota(kind: EntityKind) -> (&'static str, usize) {
    match kind {
        EntityKind::User => ("UsersPerAccount", 5000),
        EntityKind::Group => ("GroupsPerAccount", 300),
        EntityKind::Role => ("RolesPerAccount", 1000),
    }
}

fn taken(kind: EntityKind, name: &str) -> stave_core::Error {
    let kind = match kind {
        EntityKind::User => "User",
        EntityKind::Group => "Group",
        EntityKind::Role => "Role",
    };
    exists(format!("{kind} with name {name} already exists."))
}

impl Iam {
    /// An entity that is to be made, without anything.
    pub(super) fn blank(
        &self,
        rows: &Rows<'_>,
        kind: EntityKind,
        name: &str,
        path: &str,
    ) -> Entity {
        Entity {
            kind,
            id: super::ids::entity(self.store(), kind),
            name: name.to_owned(),
            path: path.to_owned(),
            created_at: rows.now(),
            boundary: None,
            tags: Vec::new(),
            trust: None,
            description: None,
            max_session_seconds: None,
            used_at: None,
            used_region: None,
        }
    }

    /// Adds an entity that the caller may make.
    pub(super) fn add(rows: &Rows<'_>, entity: &Entity) -> Result<()> {
        check_entity_name(entity.kind, &entity.name)?;
        check_path(&entity.path)?;
        let (name, max) = quota(entity.kind);
        if rows.count_entities(entity.kind)? >= max {
            return Err(limit(format!("Cannot exceed quota for {name}: {max}")));
        }
        rows.add_entity(entity).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => taken(entity.kind, &entity.name),
            _ => error,
        })
    }

    /// Gives a user or group another name or path. The caller must be allowed to at both.
    pub(super) fn rename(
        &self,
        caller: &Caller,
        kind: EntityKind,
        name: &str,
        new_name: Option<&str>,
        new_path: Option<&str>,
    ) -> Result<()> {
        let action = action("Update", kind, "");
        self.store().iam_write(|rows| {
            let mut entity = self.permitted(rows, caller, &action, (kind, name), Context::new())?;
            let before = self.entity_arn(&entity);
            if let Some(new_path) = new_path {
                check_path(new_path)?;
                new_path.clone_into(&mut entity.path);
            }
            if let Some(new_name) = new_name {
                check_entity_name(kind, new_name)?;
                new_name.clone_into(&mut entity.name);
            }
            let after = self.entity_arn(&entity);
            if after == before {
                return Ok(());
            }
            self.permit(caller, &action, &after, &Context::new())?;
            rows.replace_entity(&entity)
                .map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => taken(kind, &entity.name),
                    _ => error,
                })?;
            if kind == EntityKind::Group {
                return Ok(());
            }
            trust::follow(rows, &before, &after)
        })
    }

    /// A page of the entities of a kind whose path begins with `path_prefix`, by name.
    pub(super) fn list(
        &self,
        caller: &Caller,
        kind: EntityKind,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Entity>> {
        let prefix = check_path_prefix(path_prefix)?;
        let action = format!("{}s", action("List", kind, ""));
        let arn = self.arn(kind.as_str(), prefix, "");
        self.permit(caller, &action, &arn, &Context::new())?;
        let (after, max) = (page.after()?, page.max()?);
        let found = self
            .store()
            .iam_read(|rows| rows.entities(kind, prefix, &after, max + 1))?;
        page.page(found, |entity| entity.name.clone())
    }

    /// Removes an entity that nothing hangs on.
    pub(super) fn remove(&self, caller: &Caller, kind: EntityKind, name: &str) -> Result<()> {
        let action = action("Delete", kind, "");
        self.store().iam_write(|rows| {
            let entity = self.permitted(rows, caller, &action, (kind, name), Context::new())?;
            if let Some(reason) = in_the_way(rows, &entity)? {
                return Err(delete_conflict(format!(
                    "Cannot delete entity, must {reason} first."
                )));
            }
            if kind != EntityKind::Group {
                trust::follow(rows, &self.entity_arn(&entity), &entity.id)?;
            }
            rows.remove_entity(&entity.id)
        })
    }
}

/// What must be done before an entity can be removed.
fn in_the_way(rows: &Rows<'_>, entity: &Entity) -> Result<Option<&'static str>> {
    let id = &entity.id;
    if !rows.inline_policies(id)?.is_empty() {
        return Ok(Some("delete policies"));
    }
    if !rows.attached(id)?.is_empty() {
        return Ok(Some("detach all policies"));
    }
    if entity.kind == EntityKind::Group {
        let full = !rows.users_in(id, "", 1)?.is_empty();
        return Ok(full.then_some("remove users from group"));
    }
    if entity.kind == EntityKind::User {
        if !rows.groups_of(id, "", 1)?.is_empty() {
            return Ok(Some("remove users from group"));
        }
        if !rows.access_keys(Some(id))?.is_empty() {
            return Ok(Some("delete access keys"));
        }
        if rows.login(id)?.is_some() {
            return Ok(Some("delete login profile"));
        }
    }
    Ok(None)
}
