//! Layers and their versions. A version's number is never given twice.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::Result;

use super::super::limit;
use super::Rows;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// A version of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerVersion {
    /// The layer's name.
    pub layer: String,
    /// Counts from 1.
    pub version: u64,
    /// What is in it, by its hash.
    pub code: String,
    /// When it was published.
    pub created_at: Timestamp,
    /// A document of the service's.
    pub definition: String,
}

const COLUMNS: &str = "layer, version, code, created_at, definition";

fn read(row: &Row<'_>) -> rusqlite::Result<LayerVersion> {
    Ok(LayerVersion {
        layer: row.get(0)?,
        version: row.get::<_, i64>(1)?.cast_unsigned(),
        code: row.get(2)?,
        created_at: from_micros(row.get(3)?),
        definition: row.get(4)?,
    })
}

impl Rows<'_> {
    /// Adds a version of a layer, which need not be there before; says its number.
    pub fn add_layer_version(&self, layer: &str, code: &str, definition: &str) -> Result<u64> {
        self.tx.run(
            "INSERT INTO layers VALUES (?1, 1) ON CONFLICT (name)
             DO UPDATE SET last_version = last_version + 1",
            [layer],
        )?;
        let version = self.sum("SELECT last_version FROM layers WHERE name = ?1", [layer])?;
        self.tx.run(
            "INSERT INTO layer_versions VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                layer,
                version.cast_signed(),
                code,
                to_micros(self.now),
                definition
            ],
        )?;
        Ok(version)
    }

    /// That version of a layer.
    pub fn layer_version(&self, layer: &str, version: u64) -> Result<Option<LayerVersion>> {
        self.tx.one(
            &format!("SELECT {COLUMNS} FROM layer_versions WHERE layer = ?1 AND version = ?2"),
            params![layer, version.cast_signed()],
            read,
        )
    }

    /// Removes a version of a layer; says whether it was there.
    pub fn remove_layer_version(&self, layer: &str, version: u64) -> Result<bool> {
        let sql = "DELETE FROM layer_versions WHERE layer = ?1 AND version = ?2";
        Ok(self.tx.run(sql, params![layer, version.cast_signed()])? > 0)
    }

    /// At most `max` versions of a layer below the number `before`, newest first.
    pub fn layer_versions(
        &self,
        layer: &str,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<LayerVersion>> {
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM layer_versions WHERE layer = ?1 AND version < ?2
                 ORDER BY version DESC LIMIT ?3"
            ),
            params![layer, before.map_or(i64::MAX, u64::cast_signed), limit(max)],
            read,
        )
    }

    /// The newest version of each layer, of at most `max` layers after the name `after`.
    pub fn layers(&self, after: &str, max: usize) -> Result<Vec<LayerVersion>> {
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM layer_versions AS newest WHERE layer > ?1 AND version =
                 (SELECT max(version) FROM layer_versions WHERE layer = newest.layer)
                 ORDER BY layer LIMIT ?2"
            ),
            params![after, limit(max)],
            read,
        )
    }
}
