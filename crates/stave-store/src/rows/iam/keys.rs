//! Access keys. A secret is sealed before it comes here.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::Result;

use super::Rows;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// The unique id of its user; none for the account's root.
    pub user_id: Option<String>,
    /// The secret, sealed.
    pub secret: Vec<u8>,
    /// Whether it may be used.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// The service that it was last used for: `s3`.
    pub used_service: Option<String>,
    /// The region in which it was last used.
    pub used_region: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<AccessKey> {
    Ok(AccessKey {
        id: row.get(0)?,
        user_id: row.get(1)?,
        secret: row.get(2)?,
        is_active: row.get(3)?,
        created_at: from_micros(row.get(4)?),
        used_at: row.get::<_, Option<i64>>(5)?.map(from_micros),
        used_service: row.get(6)?,
        used_region: row.get(7)?,
    })
}

impl Rows<'_> {
    /// The access key of that id.
    pub fn access_key(&self, id: &str) -> Result<Option<AccessKey>> {
        self.tx
            .one("SELECT * FROM iam_access_keys WHERE id = ?1", [id], read)
    }

    /// The access keys of a user, or of the account's root, oldest first.
    pub fn access_keys(&self, user_id: Option<&str>) -> Result<Vec<AccessKey>> {
        self.tx.list(
            "SELECT * FROM iam_access_keys WHERE user_id IS ?1 ORDER BY created_at, id",
            [user_id],
            read,
        )
    }

    /// Adds an access key.
    pub fn add_access_key(&self, key: &AccessKey) -> Result<()> {
        self.tx
            .run(
                "INSERT INTO iam_access_keys (id, user_id, secret, active, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    key.id,
                    key.user_id,
                    key.secret,
                    key.is_active,
                    to_micros(key.created_at)
                ],
            )
            .map(drop)
    }

    /// Says whether an access key may be used.
    pub fn set_access_key_active(&self, id: &str, is_active: bool) -> Result<()> {
        let sql = "UPDATE iam_access_keys SET active = ?2 WHERE id = ?1";
        self.tx.run(sql, params![id, is_active]).map(drop)
    }

    /// Removes an access key.
    pub fn remove_access_key(&self, id: &str) -> Result<()> {
        self.tx
            .run("DELETE FROM iam_access_keys WHERE id = ?1", [id])
            .map(drop)
    }

    /// Notes that an access key was used now.
    pub fn note_access_key_used(&self, id: &str, service: &str, region: &str) -> Result<()> {
        self.tx
            .run(
                "UPDATE iam_access_keys SET used_at = ?2, used_service = ?3, used_region = ?4
             WHERE id = ?1",
                params![id, to_micros(self.now), service, region],
            )
            .map(drop)
    }
}
