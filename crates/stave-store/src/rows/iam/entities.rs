//! Users, groups and roles: what they have in common is one table, with who is in which
//! group, inline policies and attachments.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::{Error, Result};

use super::super::{from_json, limit, to_json};
use super::{Rows, fold};
use crate::faults::{SqlContext, rule_error};
use crate::statements::{Statements as _, after_prefix};
use crate::store::{from_micros, to_micros};

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntityKind {
    /// A person or a program.
    User,
    /// A set of users.
    Group,
    /// What a principal may become for a while.
    Role,
}

/// Tags: names with their values, in the order in which they were given.
pub type Tags = Vec<(String, String)>;

/// A user, a group or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// The unique id: `AIDA…`, `AGPA…`, `AROA…`.
    pub id: String,
    /// The friendly name.
    pub name: String,
    /// `/`, or `/division/`.
    pub path: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// A role's trust policy.
    pub trust: Option<String>,
    /// A role's description.
    pub description: Option<String>,
    /// How long a role's session may last, in seconds.
    pub max_session_seconds: Option<u32>,
    /// When a user's password, or a role, was last used.
    pub used_at: Option<Timestamp>,
    /// The region in which a role was last used.
    pub used_region: Option<String>,
}

impl EntityKind {
    /// `user`, `group`, `role`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
}

const COLUMNS: &str = "kind, id, name, path, created_at, boundary, tags, trust, description, \
                       max_session_seconds, used_at, used_region";

/// An entity whose tags are still text.
fn read(row: &Row<'_>) -> rusqlite::Result<(Entity, String)> {
    let kind: String = row.get(0)?;
    let entity = Entity {
        kind: match kind.as_str() {
            "user" => EntityKind::User,
            "group" => EntityKind::Group,
            _ => EntityKind::Role,
        },
        id: row.get(1)?,
        name: row.get(2)?,
        path: row.get(3)?,
        created_at: from_micros(row.get(4)?),
        boundary: row.get(5)?,
        tags: Tags::new(),
        trust: row.get(7)?,
        description: row.get(8)?,
        max_session_seconds: row.get(9)?,
        used_at: row.get::<_, Option<i64>>(10)?.map(from_micros),
        used_region: row.get(11)?,
    };
    Ok((entity, row.get(6)?))
}

fn with_tags((mut entity, tags): (Entity, String)) -> Result<Entity> {
    entity.tags = from_json("tags of an entity", &tags)?;
    Ok(entity)
}

impl Rows<'_> {
    /// The entity of that very name.
    pub fn entity(&self, kind: EntityKind, name: &str) -> Result<Option<Entity>> {
        self.tx.one(
            &format!(
                "SELECT {COLUMNS} FROM iam_entities WHERE kind = ?1 AND folded = ?2 AND name = ?3"
            ),
            params![kind.as_str(), fold(name), name],
            read,
        )?
        .map(with_tags)
        .transpose()
    }

    /// The entity of that unique id.
    pub fn entity_by_id(&self, id: &str) -> Result<Option<Entity>> {
        self.tx
            .one(
                &format!("SELECT {COLUMNS} FROM iam_entities WHERE id = ?1"),
                [id],
                read,
            )?
            .map(with_tags)
            .transpose()
    }

    /// At most `max` entities whose path begins with `path`, after the name `after`, by name.
    pub fn entities(
        &self,
        kind: EntityKind,
        path: &str,
        after: &str,
        max: usize,
    ) -> Result<Vec<Entity>> {
        self.tx
            .list(
                &format!(
                    "SELECT {COLUMNS} FROM iam_entities WHERE kind = ?1 AND folded > ?2
                 AND path >= ?3 AND path < ?4 ORDER BY folded LIMIT ?5"
                ),
                params![
                    kind.as_str(),
                    fold(after),
                    path,
                    after_prefix(path),
                    limit(max)
                ],
                read,
            )?
            .into_iter()
            .map(with_tags)
            .collect()
    }

    /// How many entities of a kind there are.
    pub fn count_entities(&self, kind: EntityKind) -> Result<usize> {
        let sql = "SELECT count(*) FROM iam_entities WHERE kind = ?1";
        self.count(sql, [kind.as_str()])
    }

    /// Adds an entity; [`stave_core::ErrorKind::AlreadyExists`] when its name is taken.
    pub fn add_entity(&self, entity: &Entity) -> Result<()> {
        let tags = to_json("tags of an entity", &entity.tags)?;
        self.tx
            .execute(
                &format!(
                    "INSERT INTO iam_entities ({COLUMNS}, folded)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
                ),
                params![
                    entity.kind.as_str(),
                    entity.id,
                    entity.name,
                    entity.path,
                    to_micros(entity.created_at),
                    entity.boundary,
                    tags,
                    entity.trust,
                    entity.description,
                    entity.max_session_seconds,
                    entity.used_at.map(to_micros),
                    entity.used_region,
                    fold(&entity.name),
                ],
            )
            .map_err(|error| rule_error(error, || taken(entity)))
            .map(drop)
    }

    /// Replaces all of an entity but its kind, its id and when it was made.
    pub fn replace_entity(&self, entity: &Entity) -> Result<()> {
        let tags = to_json("tags of an entity", &entity.tags)?;
        self.tx
            .execute(
                "UPDATE iam_entities SET folded = ?2, name = ?3, path = ?4, boundary = ?5,
                 tags = ?6, trust = ?7, description = ?8, max_session_seconds = ?9, used_at = ?10,
                 used_region = ?11 WHERE id = ?1",
                params![
                    entity.id,
                    fold(&entity.name),
                    entity.name,
                    entity.path,
                    entity.boundary,
                    tags,
                    entity.trust,
                    entity.description,
                    entity.max_session_seconds,
                    entity.used_at.map(to_micros),
                    entity.used_region,
                ],
            )
            .map_err(|error| rule_error(error, || taken(entity)))
            .map(drop)
    }

    /// Removes an entity, and what hangs on it.
    pub fn remove_entity(&self, id: &str) -> Result<()> {
        self.tx
            .run("DELETE FROM iam_entities WHERE id = ?1", [id])
            .map(drop)
    }

    /// Puts a user into a group; nothing happens when it is there.
    pub fn join(&self, user_id: &str, group_id: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO iam_memberships VALUES (?1, ?2)";
        self.tx.run(sql, [user_id, group_id]).map(drop)
    }

    /// Takes a user out of a group; says whether it was there.
    pub fn leave(&self, user_id: &str, group_id: &str) -> Result<bool> {
        let sql = "DELETE FROM iam_memberships WHERE user_id = ?1 AND group_id = ?2";
        Ok(self.tx.run(sql, [user_id, group_id])? > 0)
    }

    /// At most `max` of the groups that a user is in, after the name `after`, by name.
    pub fn groups_of(&self, user_id: &str, after: &str, max: usize) -> Result<Vec<Entity>> {
        self.members(
            "SELECT group_id FROM iam_memberships WHERE user_id = ?1",
            user_id,
            after,
            max,
        )
    }

    /// At most `max` of the users that are in a group, after the name `after`, by name.
    pub fn users_in(&self, group_id: &str, after: &str, max: usize) -> Result<Vec<Entity>> {
        self.members(
            "SELECT user_id FROM iam_memberships WHERE group_id = ?1",
            group_id,
            after,
            max,
        )
    }

    fn members(&self, ids: &str, of: &str, after: &str, max: usize) -> Result<Vec<Entity>> {
        self.tx
            .list(
                &format!(
                    "SELECT {COLUMNS} FROM iam_entities WHERE id IN ({ids}) AND folded > ?2
                 ORDER BY folded LIMIT ?3"
                ),
                params![of, fold(after), limit(max)],
                read,
            )?
            .into_iter()
            .map(with_tags)
            .collect()
    }

    /// The inline policies of an entity, names with documents, by name.
    pub fn inline_policies(&self, entity_id: &str) -> Result<Vec<(String, String)>> {
        self.tx.list(
            "SELECT name, document FROM iam_inline_policies WHERE entity_id = ?1 ORDER BY name",
            [entity_id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Adds or replaces an inline policy.
    pub fn put_inline_policy(&self, entity_id: &str, name: &str, document: &str) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO iam_inline_policies VALUES (?1, ?2, ?3)";
        self.tx.run(sql, [entity_id, name, document]).map(drop)
    }

    /// Removes an inline policy; says whether it was there.
    pub fn remove_inline_policy(&self, entity_id: &str, name: &str) -> Result<bool> {
        let sql = "DELETE FROM iam_inline_policies WHERE entity_id = ?1 AND name = ?2";
        Ok(self.tx.run(sql, [entity_id, name])? > 0)
    }

    /// The ARNs of the managed policies that are attached to an entity, in their order.
    pub fn attached(&self, entity_id: &str) -> Result<Vec<String>> {
        self.tx.list(
            "SELECT policy FROM iam_attachments WHERE entity_id = ?1 ORDER BY policy",
            [entity_id],
            |row| row.get(0),
        )
    }

    /// Attaches a managed policy; nothing happens when it is attached.
    pub fn attach(&self, entity_id: &str, policy: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO iam_attachments VALUES (?1, ?2)";
        self.tx.run(sql, [entity_id, policy]).map(drop)
    }

    /// Detaches a managed policy; says whether it was attached.
    pub fn detach(&self, entity_id: &str, policy: &str) -> Result<bool> {
        let sql = "DELETE FROM iam_attachments WHERE entity_id = ?1 AND policy = ?2";
        Ok(self.tx.run(sql, [entity_id, policy])? > 0)
    }

    /// How many entities a policy is attached to.
    pub fn count_attachments(&self, policy: &str) -> Result<usize> {
        let sql = "SELECT count(*) FROM iam_attachments WHERE policy = ?1";
        self.count(sql, [policy])
    }

    /// How many entities have a policy as their boundary.
    pub fn count_boundaries(&self, policy: &str) -> Result<usize> {
        let sql = "SELECT count(*) FROM iam_entities WHERE boundary = ?1";
        self.count(sql, [policy])
    }

    /// The entities that a policy is attached to, by kind and name.
    pub fn attached_to(&self, policy: &str) -> Result<Vec<Entity>> {
        self.tx
            .list(
                &format!(
                    "SELECT {COLUMNS} FROM iam_entities WHERE id IN
                 (SELECT entity_id FROM iam_attachments WHERE policy = ?1) ORDER BY kind, folded"
                ),
                [policy],
                read,
            )?
            .into_iter()
            .map(with_tags)
            .collect()
    }

    /// The entities that have a policy as their boundary, by kind and name.
    pub fn bounded_by(&self, policy: &str) -> Result<Vec<Entity>> {
        self.tx
            .list(
                &format!(
                    "SELECT {COLUMNS} FROM iam_entities WHERE boundary = ?1 ORDER BY kind, folded"
                ),
                [policy],
                read,
            )?
            .into_iter()
            .map(with_tags)
            .collect()
    }

    /// Notes that a user's password, or a role, was used now.
    pub fn note_used(&self, entity_id: &str, region: Option<&str>) -> Result<()> {
        self.tx
            .execute(
                "UPDATE iam_entities SET used_at = ?2, used_region = ?3 WHERE id = ?1",
                params![entity_id, to_micros(self.now), region],
            )
            .sql()
            .map(drop)
    }
}

fn taken(entity: &Entity) -> Error {
    Error::already_exists(format!(
        "{} \"{}\" exists already",
        entity.kind.as_str(),
        entity.name
    ))
}
