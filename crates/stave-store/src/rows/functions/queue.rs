//! The queue of asynchronous invocations.
//!
//! An invocation is taken by a worker, which owns it for as long as it lives: its death is seen
//! by its lock, on the moment and without a guess about how long a function may take, so there
//! is no lease to renew. What a dead worker owned goes back as it was.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::Result;

use super::super::limit;
use super::Rows;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// An invocation to be queued.
#[derive(Debug, Clone)]
pub struct NewInvocation<'a> {
    /// The request's id.
    pub id: &'a str,
    /// The function's name.
    pub function: &'a str,
    /// The version or alias that was asked for.
    pub qualifier: Option<&'a str>,
    /// What the function is handed.
    pub payload: &'a [u8],
    /// The trace header.
    pub trace: Option<&'a str>,
}

/// An invocation in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Its place.
    pub seq: u64,
    /// The request's id.
    pub id: String,
    /// The function's name.
    pub function: String,
    /// The version or alias that was asked for.
    pub qualifier: Option<String>,
    /// What the function is handed.
    pub payload: Vec<u8>,
    /// The trace header.
    pub trace: Option<String>,
    /// How often the function has failed at it.
    pub attempts: u32,
    /// How often it could not even be tried.
    pub setbacks: u32,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// What is left to be delivered of an invocation that is done.
    pub outcome: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Invocation> {
    Ok(Invocation {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        id: row.get(1)?,
        function: row.get(2)?,
        qualifier: row.get(3)?,
        payload: row.get(4)?,
        trace: row.get(5)?,
        attempts: row.get(6)?,
        setbacks: row.get(7)?,
        queued_at: from_micros(row.get(8)?),
        outcome: row.get(9)?,
    })
}

impl Rows<'_> {
    /// Queues an invocation, due now.
    pub fn queue(&self, new: &NewInvocation<'_>) -> Result<()> {
        let now = to_micros(self.now);
        self.tx
            .run(
                "INSERT INTO invocations
             (id, function, qualifier, payload, trace, attempts, setbacks, queued_at, due_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6, ?6)",
                params![
                    new.id,
                    new.function,
                    new.qualifier,
                    new.payload,
                    new.trace,
                    now
                ],
            )
            .map(drop)
    }

    /// How many invocations are queued or at work, for one function or for all.
    pub fn count_queued(&self, function: Option<&str>) -> Result<u64> {
        let sql = "SELECT count(*) FROM invocations WHERE ?1 IS NULL OR function = ?1";
        self.sum(sql, [function])
    }

    /// Gives `owner` at most `max` invocations that are due, but for the functions `but`.
    pub fn take_due(&self, owner: &str, but: &[String], max: usize) -> Result<Vec<Invocation>> {
        let but = serde_json::Value::from(but).to_string();
        let taken = self.tx.list(
            "SELECT seq, id, function, qualifier, payload, trace, attempts, setbacks, queued_at,
             outcome FROM invocations WHERE owner IS NULL AND due_at <= ?1
             AND function NOT IN (SELECT value FROM json_each(?2))
             ORDER BY due_at, seq LIMIT ?3",
            params![to_micros(self.now), but, limit(max)],
            read,
        )?;
        for invocation in &taken {
            self.tx.run(
                "UPDATE invocations SET owner = ?2 WHERE seq = ?1",
                params![invocation.seq.cast_signed(), owner],
            )?;
        }
        Ok(taken)
    }

    /// Puts back an invocation that `owner` has, to be due at `due_at`, with what has changed of
    /// it: attempts, setbacks and outcome. Says whether the owner had it.
    pub fn put_back(
        &self,
        owner: &str,
        invocation: &Invocation,
        due_at: Timestamp,
    ) -> Result<bool> {
        let touched = self.tx.run(
            "UPDATE invocations SET owner = NULL, attempts = ?3, setbacks = ?4, due_at = ?5,
             outcome = ?6 WHERE seq = ?1 AND owner = ?2",
            params![
                invocation.seq.cast_signed(),
                owner,
                invocation.attempts,
                invocation.setbacks,
                to_micros(due_at),
                invocation.outcome
            ],
        )?;
        Ok(touched > 0)
    }

    /// Removes an invocation that `owner` has; says whether it had it.
    pub fn done(&self, owner: &str, seq: u64) -> Result<bool> {
        let sql = "DELETE FROM invocations WHERE seq = ?1 AND owner = ?2";
        Ok(self.tx.run(sql, params![seq.cast_signed(), owner])? > 0)
    }

    /// When the next invocation that nobody has is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>> {
        let due: Option<Option<i64>> = self.tx.one(
            "SELECT min(due_at) FROM invocations WHERE owner IS NULL",
            [],
            |row| row.get(0),
        )?;
        Ok(due.flatten().map(from_micros))
    }

    /// Everybody who has invocations.
    pub(super) fn owners(&self) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT owner FROM invocations WHERE owner IS NOT NULL";
        self.tx.list(sql, [], |row| row.get(0))
    }

    /// Takes everything from `owner`; says how many.
    pub(super) fn take_back(&self, owner: &str) -> Result<usize> {
        self.tx.run(
            "UPDATE invocations SET owner = NULL WHERE owner = ?1",
            [owner],
        )
    }
}
