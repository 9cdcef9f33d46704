//! Functions' rows: functions, their versions, aliases and settings, layers, the queue of
//! asynchronous invocations; and the folder of their code.
//!
//! As with IAM a transaction is handed out ([`Store::functions_read`],
//! [`Store::functions_write`]), because rules of several rows are the service's. What a
//! definition says is the service's, too: here it is a document.

mod aliases;
mod code;
mod layers;
mod queue;
mod settings;
#[cfg(test)]
mod tests;
mod versions;
mod worker;

use jiff::Timestamp;
use stave_core::Result;

pub use self::aliases::Alias;
pub use self::code::{CodeDraft, StoredCode};
pub use self::layers::LayerVersion;
pub use self::queue::{Invocation, NewInvocation};
pub use self::settings::Setting;
pub use self::versions::{Function, LATEST, Tags};
pub use self::worker::{DeadWorker, Worker};
use crate::statements::Statements as _;
use crate::store::Store;
use crate::transaction::Transaction;

/// Functions' rows, within a transaction.
#[derive(Debug)]
pub struct Rows<'a> {
    tx: &'a Transaction<'a>,
    now: Timestamp,
}

impl Store {
    /// Runs `work` on one unchanging view of the functions.
    pub fn functions_read<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().read(|tx| work(&Rows { tx, now }))
    }

    /// Runs `work` alone among all processes; all of it is kept or nothing.
    pub fn functions_write<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().write(|tx| work(&Rows { tx, now }))
    }

    /// As [`Self::functions_write`], for what may happen once more after a loss of power: that
    /// somebody is at work on an invocation.
    pub fn functions_note<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().write_relaxed(|tx| work(&Rows { tx, now }))
    }

    /// 128 bits that nobody had before, for ids.
    pub fn function_id(&self) -> u128 {
        self.next_id()
    }
}

impl Rows<'_> {
    /// The moment of the transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    fn sum(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<u64> {
        let sum: Option<Option<i64>> = self.tx.one(sql, parameters, |row| row.get(0))?;
        Ok(sum.flatten().unwrap_or_default().cast_unsigned())
    }
}
