//! What is set for a function, or for one version or alias of it, beside its definition: its
//! policy, how it is invoked by events.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::Result;

use super::super::limit;
use super::Rows;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The version or alias; empty for the function itself.
    pub qualifier: String,
    /// Changes whenever it does.
    pub revision: String,
    /// When it was set.
    pub updated_at: Timestamp,
    /// A document of the service's.
    pub document: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Setting> {
    Ok(Setting {
        qualifier: row.get(0)?,
        revision: row.get(1)?,
        updated_at: from_micros(row.get(2)?),
        document: row.get(3)?,
    })
}

impl Rows<'_> {
    /// The setting of that kind.
    pub fn setting(&self, function: &str, kind: &str, qualifier: &str) -> Result<Option<Setting>> {
        self.tx.one(
            "SELECT qualifier, revision, updated_at, document FROM function_settings
             WHERE function = ?1 AND kind = ?2 AND qualifier = ?3",
            [function, kind, qualifier],
            read,
        )
    }

    /// Adds or replaces a setting.
    pub fn put_setting(&self, function: &str, kind: &str, setting: &Setting) -> Result<()> {
        self.tx
            .run(
                "INSERT OR REPLACE INTO function_settings VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    function,
                    kind,
                    setting.qualifier,
                    setting.revision,
                    to_micros(setting.updated_at),
                    setting.document
                ],
            )
            .map(drop)
    }

    /// Removes a setting; says whether it was there.
    pub fn remove_setting(&self, function: &str, kind: &str, qualifier: &str) -> Result<bool> {
        let sql = "DELETE FROM function_settings
                   WHERE function = ?1 AND kind = ?2 AND qualifier = ?3";
        Ok(self.tx.run(sql, [function, kind, qualifier])? > 0)
    }

    /// At most `max` settings of a kind after that of `after`.
    pub fn settings(
        &self,
        function: &str,
        kind: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<Setting>> {
        self.tx.list(
            "SELECT qualifier, revision, updated_at, document FROM function_settings
             WHERE function = ?1 AND kind = ?2 AND (?3 IS NULL OR qualifier > ?3)
             ORDER BY qualifier LIMIT ?4",
            params![function, kind, after, limit(max)],
            read,
        )
    }
}
