//! Transactions. Their first and last statements are prepared once a connection, as all others
//! are: to parse them anew takes as long as what a small transaction does.

use std::ops::Deref;

use rusqlite::Connection;
use stave_core::Result;

use crate::statements::Statements as _;

/// When a transaction takes the lock of who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locking {
    /// With its first write: for those that only read.
    Deferred,
    /// At once. One that reads first and writes later could not wait for its turn.
    Immediate,
}

/// A transaction. What it did is undone unless it is committed.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    connection: &'a Connection,
}

impl<'a> Transaction<'a> {
    /// Begins one; a connection has one at a time.
    pub(crate) fn begin(connection: &'a mut Connection, locking: Locking) -> Result<Self> {
        let begin = match locking {
            Locking::Deferred => "BEGIN DEFERRED",
            Locking::Immediate => "BEGIN IMMEDIATE",
        };
        connection.run(begin, [])?;
        Ok(Self { connection })
    }

    /// Keeps what was done.
    pub(crate) fn commit(self) -> Result<()> {
        self.connection.run("COMMIT", []).map(|_| ())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Over already when it was committed, or when SQLite has undone it by itself.
        if !self.connection.is_autocommit() {
            let _ = self.connection.run("ROLLBACK", []);
        }
    }
}
