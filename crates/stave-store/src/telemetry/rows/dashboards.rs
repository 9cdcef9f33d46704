//! Dashboards, as they are stored.

use rusqlite::params;
use stave_core::Result;

use super::Rows;
use crate::rows::limit;
use crate::statements::{Statements as _, after_prefix};

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardRow {
    /// Its name.
    pub name: String,
    /// What is on it, as JSON.
    pub body: String,
    /// When it was last put, in milliseconds since 1970.
    pub updated_ms: i64,
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<DashboardRow> {
    Ok(DashboardRow {
        name: row.get(0)?,
        body: row.get(1)?,
        updated_ms: row.get(2)?,
    })
}

impl Rows<'_> {
    /// The dashboard of that name.
    pub fn dashboard(&self, name: &str) -> Result<Option<DashboardRow>> {
        let sql = "SELECT name, body, updated_at FROM dashboards WHERE name = ?1";
        self.tx.one(sql, [name], read)
    }

    /// Dashboards whose name begins with `prefix` and comes after `after`, by name.
    pub fn dashboards(&self, prefix: &str, after: &str, max: usize) -> Result<Vec<DashboardRow>> {
        self.tx.list(
            "SELECT name, body, updated_at FROM dashboards
             WHERE name >= ?1 AND name < ?2 AND name > ?3 ORDER BY name LIMIT ?4",
            params![prefix, after_prefix(prefix), after, limit(max)],
            read,
        )
    }

    /// Writes a dashboard, in the place of the one of its name if there is one.
    pub fn put_dashboard(&self, dashboard: &DashboardRow) -> Result<()> {
        self.tx.run(
            "INSERT OR REPLACE INTO dashboards VALUES (?1, ?2, ?3)",
            params![dashboard.name, dashboard.body, dashboard.updated_ms],
        )?;
        Ok(())
    }

    /// Removes a dashboard; says whether there was one.
    pub fn remove_dashboard(&self, name: &str) -> Result<bool> {
        Ok(self
            .tx
            .run("DELETE FROM dashboards WHERE name = ?1", [name])?
            > 0)
    }
}
