//! IAM's rows: the account, its users, groups and roles, policies, keys and passwords.
//!
//! Rules of several rows (nothing is deleted that something is attached to, five versions at
//! most) must hold in one transaction, and they are the service's: so here a transaction is
//! handed out ([`Store::iam_read`], [`Store::iam_write`]), with functions of one row or list.

mod account;
mod entities;
mod keys;
mod logins;
mod policies;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use stave_core::Result;

pub use self::account::Account;
pub use self::entities::{Entity, EntityKind, Tags};
pub use self::keys::AccessKey;
pub use self::logins::Login;
pub use self::policies::{Policy, PolicyVersion};
use crate::faults::SqlContext;
use crate::statements::Statements as _;
use crate::store::Store;
use crate::transaction::Transaction;

/// IAM's rows, within a transaction.
#[derive(Debug)]
pub struct Rows<'a> {
    tx: &'a Transaction<'a>,
    now: Timestamp,
}

impl Store {
    /// Runs `work` on one unchanging view of IAM.
    pub fn iam_read<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().read(|tx| work(&Rows { tx, now }))
    }

    /// Runs `work` alone among all processes; all of it is kept or nothing.
    pub fn iam_write<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().write(|tx| {
            let result = work(&Rows { tx, now })?;
            tx.execute("UPDATE iam_account SET generation = generation + 1", [])
                .sql()?;
            Ok(result)
        })
    }

    /// As [`Self::iam_write`], for what no decision depends on (when a key was last used): a
    /// loss of power may lose it.
    pub fn iam_note<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().write_relaxed(|tx| work(&Rows { tx, now }))
    }

    /// 128 bits that nobody had before, for unique ids.
    pub fn iam_id(&self) -> u128 {
        self.next_id()
    }
}

impl Rows<'_> {
    /// The moment of the transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    fn count(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<usize> {
        let count: Option<i64> = self.tx.one(sql, parameters, |row| row.get(0))?;
        Ok(count.unwrap_or_default() as usize)
    }
}

/// A name as it is unique.
fn fold(name: &str) -> String {
    name.to_lowercase()
}
