//! Login profiles. A password is hashed before it comes here.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::Result;

use super::super::{from_json, to_json};
use super::Rows;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// A user's password, hashed, and how sign-ins with it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The unique id of the user.
    pub user_id: String,
    /// The hash in PHC's text form.
    pub hash: String,
    /// Whether the user must choose another at the next sign-in.
    pub must_change: bool,
    /// When the profile was made.
    pub created_at: Timestamp,
    /// When the password was last set.
    pub changed_at: Timestamp,
    /// The hashes of earlier passwords, newest first.
    pub earlier: Vec<String>,
    /// Failed sign-ins since the last one that succeeded.
    pub failures: u32,
    /// When a sign-in last failed.
    pub failed_at: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<(Login, String)> {
    let login = Login {
        user_id: row.get(0)?,
        hash: row.get(1)?,
        must_change: row.get(2)?,
        created_at: from_micros(row.get(3)?),
        changed_at: from_micros(row.get(4)?),
        earlier: Vec::new(),
        failures: row.get(6)?,
        failed_at: row.get::<_, Option<i64>>(7)?.map(from_micros),
    };
    Ok((login, row.get(5)?))
}

impl Rows<'_> {
    /// The login profile of a user.
    pub fn login(&self, user_id: &str) -> Result<Option<Login>> {
        let found = self.tx.one(
            "SELECT * FROM iam_logins WHERE user_id = ?1",
            [user_id],
            read,
        )?;
        let Some((mut login, earlier)) = found else {
            return Ok(None);
        };
        login.earlier = from_json("earlier passwords", &earlier)?;
        Ok(Some(login))
    }

    /// Adds or replaces a login profile.
    pub fn put_login(&self, login: &Login) -> Result<()> {
        self.tx
            .run(
                "INSERT OR REPLACE INTO iam_logins VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    login.user_id,
                    login.hash,
                    login.must_change,
                    to_micros(login.created_at),
                    to_micros(login.changed_at),
                    to_json("earlier passwords", &login.earlier)?,
                    login.failures,
                    login.failed_at.map(to_micros),
                ],
            )
            .map(drop)
    }

    /// Removes a login profile.
    pub fn remove_login(&self, user_id: &str) -> Result<()> {
        self.tx
            .run("DELETE FROM iam_logins WHERE user_id = ?1", [user_id])
            .map(drop)
    }
}
