//! Log groups, their streams and their metric filters.

use rusqlite::{Row, params};
use stave_core::Result;

use super::Rows;
use crate::faults::SqlContext;
use crate::rows::limit;
use crate::statements::{Statements as _, after_prefix};

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// Its number, which names its segments and never comes again.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// After how many days its events go.
    pub retention_days: Option<u32>,
    /// `STANDARD`, `INFREQUENT_ACCESS`.
    pub class: String,
    /// Its tags as JSON.
    pub tags: String,
}

/// A log stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRow {
    /// Its number, which stands in its events and never comes again.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

/// A metric filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterRow {
    /// The number of its group.
    pub group: i64,
    /// The name of its group.
    pub group_name: String,
    /// Its name.
    pub name: String,
    /// What it is, as JSON.
    pub definition: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

const GROUP: &str = "SELECT id, name, created_at, retention_days, class, tags FROM log_groups";

fn read_group(row: &Row<'_>) -> rusqlite::Result<GroupRow> {
    Ok(GroupRow {
        id: row.get(0)?,
        name: row.get(1)?,
        created_ms: row.get(2)?,
        retention_days: row.get(3)?,
        class: row.get(4)?,
        tags: row.get(5)?,
    })
}

fn read_stream(row: &Row<'_>) -> rusqlite::Result<StreamRow> {
    Ok(StreamRow {
        id: row.get(0)?,
        name: row.get(1)?,
        created_ms: row.get(2)?,
    })
}

fn read_filter(row: &Row<'_>) -> rusqlite::Result<FilterRow> {
    Ok(FilterRow {
        group: row.get(0)?,
        group_name: row.get(1)?,
        name: row.get(2)?,
        definition: row.get(3)?,
        created_ms: row.get(4)?,
    })
}

impl Rows<'_> {
    /// The group of that name.
    pub fn group(&self, name: &str) -> Result<Option<GroupRow>> {
        self.tx
            .one(&format!("{GROUP} WHERE name = ?1"), [name], read_group)
    }

    /// Groups whose name begins with `prefix` and comes after `after`, by name.
    pub fn groups(&self, prefix: &str, after: &str, max: usize) -> Result<Vec<GroupRow>> {
        self.tx.list(
            &format!("{GROUP} WHERE name >= ?1 AND name < ?2 AND name > ?3 ORDER BY name LIMIT ?4"),
            params![prefix, after_prefix(prefix), after, limit(max)],
            read_group,
        )
    }

    /// How many groups there are.
    pub fn group_count(&self) -> Result<i64> {
        let count = self
            .tx
            .one("SELECT count(*) FROM log_groups", [], |row| row.get(0))?;
        Ok(count.unwrap_or_default())
    }

    /// Adds a group (its number is given); says which number it got, `None` if it is there.
    pub fn add_group(&self, group: &GroupRow) -> Result<Option<i64>> {
        let added = self.tx.run(
            "INSERT OR IGNORE INTO log_groups (name, created_at, retention_days, class, tags)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                group.name,
                group.created_ms,
                group.retention_days,
                group.class,
                group.tags
            ],
        )?;
        Ok((added > 0).then(|| self.tx.last_insert_rowid()))
    }

    /// Sets how long a group keeps its events.
    pub fn set_retention(&self, group: i64, days: Option<u32>) -> Result<()> {
        self.tx.run(
            "UPDATE log_groups SET retention_days = ?2 WHERE id = ?1",
            params![group, days],
        )?;
        Ok(())
    }

    /// Sets the tags of a group.
    pub fn set_group_tags(&self, group: i64, tags: &str) -> Result<()> {
        self.tx.run(
            "UPDATE log_groups SET tags = ?2 WHERE id = ?1",
            (group, tags),
        )?;
        Ok(())
    }

    /// Removes a group with its streams and filters.
    pub fn remove_group(&self, group: i64) -> Result<()> {
        self.tx
            .run("DELETE FROM log_groups WHERE id = ?1", [group])?;
        Ok(())
    }

    /// A stream of a group.
    pub fn stream(&self, group: i64, name: &str) -> Result<Option<StreamRow>> {
        self.tx.one(
            "SELECT id, name, created_at FROM log_streams WHERE group_id = ?1 AND name = ?2",
            (group, name),
            read_stream,
        )
    }

    /// Streams of a group whose name begins with `prefix`, by name; all of them.
    pub fn streams(&self, group: i64, prefix: &str) -> Result<Vec<StreamRow>> {
        self.tx.list(
            "SELECT id, name, created_at FROM log_streams
             WHERE group_id = ?1 AND name >= ?2 AND name < ?3 ORDER BY name",
            params![group, prefix, after_prefix(prefix)],
            read_stream,
        )
    }

    /// Streams of a group whose name begins with `prefix` and comes after `after` (before it,
    /// where they are wanted backward), by name.
    pub fn stream_page(
        &self,
        group: i64,
        prefix: &str,
        after: Option<&str>,
        backward: bool,
        max: usize,
    ) -> Result<Vec<StreamRow>> {
        let (compared, order) = if backward {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        self.tx.list(
            &format!(
                "SELECT id, name, created_at FROM log_streams
                 WHERE group_id = ?1 AND name >= ?2 AND name < ?3 AND (?4 IS NULL OR name {compared} ?4)
                 ORDER BY name {order} LIMIT ?5"
            ),
            params![group, prefix, after_prefix(prefix), after, limit(max)],
            read_stream,
        )
    }

    /// Adds a stream; says which number it got, `None` if it is there.
    pub fn add_stream(&self, group: i64, name: &str, created_ms: i64) -> Result<Option<i64>> {
        let added = self.tx.run(
            "INSERT OR IGNORE INTO log_streams (group_id, name, created_at) VALUES (?1, ?2, ?3)",
            (group, name, created_ms),
        )?;
        Ok((added > 0).then(|| self.tx.last_insert_rowid()))
    }

    /// Removes a stream; says whether there was one.
    pub fn remove_stream(&self, group: i64, name: &str) -> Result<bool> {
        let sql = "DELETE FROM log_streams WHERE group_id = ?1 AND name = ?2";
        Ok(self.tx.run(sql, (group, name))? > 0)
    }

    /// The metric filters of a group (of all, without one), by group and name.
    pub fn filters(&self, group: Option<i64>) -> Result<Vec<FilterRow>> {
        self.tx.list(
            "SELECT f.group_id, g.name, f.name, f.definition, f.created_at FROM metric_filters f
             JOIN log_groups g ON g.id = f.group_id
             WHERE ?1 IS NULL OR f.group_id = ?1 ORDER BY g.name, f.name",
            [group],
            read_filter,
        )
    }

    /// Adds a metric filter, or puts it in the place of another of its name.
    pub fn put_filter(&self, filter: &FilterRow) -> Result<()> {
        self.tx.run(
            "INSERT INTO metric_filters VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (group_id, name) DO UPDATE SET definition = excluded.definition",
            params![
                filter.group,
                filter.name,
                filter.definition,
                filter.created_ms
            ],
        )?;
        Ok(())
    }

    /// Removes a metric filter; says whether there was one.
    pub fn remove_filter(&self, group: i64, name: &str) -> Result<bool> {
        let sql = "DELETE FROM metric_filters WHERE group_id = ?1 AND name = ?2";
        Ok(self.tx.run(sql, (group, name))? > 0)
    }

    /// A number that is another whenever another process has changed something.
    pub fn version(&self) -> Result<i64> {
        self.tx
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .sql()
    }
}
