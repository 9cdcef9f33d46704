//! The account's own row.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use stave_core::Result;

use super::Rows;
use crate::statements::Statements as _;
use crate::store::{Store, from_micros, to_micros};

/// What the account itself has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub account: String,
    /// The name that stands for the digits at sign-in.
    pub alias: Option<String>,
    /// The password policy, in a text that the store does not look into.
    pub password_policy: Option<String>,
    /// When the home was first started.
    pub created_at: Timestamp,
}

impl Store {
    /// A number that changes whenever IAM does.
    pub fn iam_generation(&self) -> Result<i64> {
        self.database().glance(generation)
    }
}

fn generation(connection: &Connection) -> Result<i64> {
    let sql = "SELECT generation FROM iam_account";
    let found = connection.one(sql, [], |row| row.get(0))?;
    Ok(found.unwrap_or(-1))
}

impl Rows<'_> {
    /// The account; none before the first start.
    pub fn account(&self) -> Result<Option<Account>> {
        self.tx.one(
            "SELECT account, alias, password_policy, created_at FROM iam_account",
            [],
            |row| {
                Ok(Account {
                    account: row.get(0)?,
                    alias: row.get(1)?,
                    password_policy: row.get(2)?,
                    created_at: from_micros(row.get(3)?),
                })
            },
        )
    }

    /// A number that changes whenever IAM does.
    pub fn generation(&self) -> Result<i64> {
        generation(self.tx)
    }

    /// Makes the account.
    pub fn make_account(&self, account: &str) -> Result<()> {
        self.tx.run(
            "INSERT INTO iam_account (id, account, generation, created_at) VALUES (1, ?1, 0, ?2)",
            params![account, to_micros(self.now)],
        )
        .map(drop)
    }

    /// Sets or removes the account's alias.
    pub fn set_alias(&self, alias: Option<&str>) -> Result<()> {
        self.tx
            .run("UPDATE iam_account SET alias = ?1", [alias])
            .map(drop)
    }

    /// Sets or removes the password policy.
    pub fn set_password_policy(&self, policy: Option<&str>) -> Result<()> {
        self.tx
            .run("UPDATE iam_account SET password_policy = ?1", [policy])
            .map(drop)
    }
}
