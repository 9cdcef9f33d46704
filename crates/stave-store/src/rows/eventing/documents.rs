//! Buses, rules, targets, groups and schedules: a text each, which is not looked into.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::{Error, Result};

use super::super::limit;
use super::Rows;
use crate::faults::rule_error;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// What a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An event bus.
    Bus,
    /// A rule; its parent is the bus.
    Rule,
    /// A target; its parent is `bus/rule`.
    Target,
    /// A group of schedules.
    Group,
    /// A schedule; its parent is the group.
    Schedule,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Rule => "rule",
            Self::Target => "target",
            Self::Group => "group",
            Self::Schedule => "schedule",
        }
    }
}

/// A document with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it belongs to; empty for buses and groups.
    pub parent: String,
    /// Its name, unique within the parent.
    pub name: String,
    /// What it says.
    pub text: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last replaced.
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "parent, name, document, created_at, updated_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        parent: row.get(0)?,
        name: row.get(1)?,
        text: row.get(2)?,
        created_at: from_micros(row.get(3)?),
        updated_at: from_micros(row.get(4)?),
    })
}

impl Rows<'_> {
    /// How often documents have changed: what was read of them is good until it does.
    pub fn generation(&self) -> Result<i64> {
        let generation = self
            .tx
            .one("SELECT generation FROM eventing_state", [], |row| {
                row.get(0)
            })?;
        Ok(generation.unwrap_or_default())
    }

    fn changed(&self) -> Result<()> {
        self.tx
            .run("UPDATE eventing_state SET generation = generation + 1", [])
            .map(drop)
    }

    /// The document of that name.
    pub fn document(&self, kind: Kind, parent: &str, name: &str) -> Result<Option<Document>> {
        self.tx.one(
            &format!(
                "SELECT {COLUMNS} FROM eventing_documents
                 WHERE kind = ?1 AND parent = ?2 AND name = ?3"
            ),
            params![kind.as_str(), parent, name],
            read,
        )
    }

    /// Documents of a parent whose names begin with `prefix` and come after `after`, by name.
    pub fn documents(
        &self,
        kind: Kind,
        parent: &str,
        prefix: &str,
        after: &str,
        max: usize,
    ) -> Result<Vec<Document>> {
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM eventing_documents
                 WHERE kind = ?1 AND parent = ?2 AND name >= ?3 AND name > ?4
                 AND substr(name, 1, length(?3)) = ?3 ORDER BY name LIMIT ?5"
            ),
            params![kind.as_str(), parent, prefix, after, limit(max)],
            read,
        )
    }

    /// Documents of all parents that begin with `parents`, by parent and name, after one.
    pub fn documents_under(
        &self,
        kind: Kind,
        parents: &str,
        after: (&str, &str),
        max: usize,
    ) -> Result<Vec<Document>> {
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM eventing_documents
                 WHERE kind = ?1 AND parent >= ?2 AND substr(parent, 1, length(?2)) = ?2
                 AND (parent, name) > (?3, ?4) ORDER BY parent, name LIMIT ?5"
            ),
            params![kind.as_str(), parents, after.0, after.1, limit(max)],
            read,
        )
    }

    /// Adds a document; one of its name must not be there.
    pub fn add_document(&self, kind: Kind, parent: &str, name: &str, text: &str) -> Result<()> {
        let now = to_micros(self.now);
        self.tx
            .prepare_cached("INSERT INTO eventing_documents VALUES (?1, ?2, ?3, ?4, ?5, ?5)")
            .and_then(|mut statement| {
                statement.execute(params![kind.as_str(), parent, name, text, now])
            })
            .map_err(|error| {
                rule_error(error, || {
                    Error::already_exists(format!("{} \"{name}\" exists already", kind.as_str()))
                })
            })?;
        self.changed()
    }

    /// Adds a document or replaces the one of its name.
    pub fn put_document(&self, kind: Kind, parent: &str, name: &str, text: &str) -> Result<()> {
        let now = to_micros(self.now);
        self.tx.run(
            "INSERT INTO eventing_documents VALUES (?1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT (kind, parent, name) DO UPDATE SET document = ?4, updated_at = ?5",
            params![kind.as_str(), parent, name, text, now],
        )?;
        self.changed()
    }

    /// Removes a document; says whether it was there.
    pub fn remove_document(&self, kind: Kind, parent: &str, name: &str) -> Result<bool> {
        let removed = self.tx.run(
            "DELETE FROM eventing_documents WHERE kind = ?1 AND parent = ?2 AND name = ?3",
            params![kind.as_str(), parent, name],
        )?;
        if removed > 0 {
            self.changed()?;
        }
        Ok(removed > 0)
    }

    /// How many documents a parent has.
    pub fn count_documents(&self, kind: Kind, parent: &str) -> Result<usize> {
        let count: Option<i64> = self.tx.one(
            "SELECT count(*) FROM eventing_documents WHERE kind = ?1 AND parent = ?2",
            params![kind.as_str(), parent],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default() as usize)
    }
}
