//! What is on its way to a target: a row from the moment that it is decided until it has
//! arrived or is given up.
//!
//! Taking a delivery notes who takes it, and moves the time from which it may be taken. If that
//! process dies, whoever looks takes it back; if it hangs, it is taken again at that time. Every
//! taking is counted, and only the last one may end it.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::Result;

use super::super::limit;
use super::Rows;
use crate::statements::Statements as _;
use crate::store::{Store, from_micros, to_micros};

/// How many deliveries that were given up are kept; the oldest go first.
const KEPT_DEAD_LETTERS: i64 = 10_000;

/// Something to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// What makes it one: a second of the same id is not added while the first is there.
    pub id: String,
    /// The ARN of the rule, schedule or bucket that sends it.
    pub source: String,
    /// The target's ARN.
    pub target: String,
    /// The role that it is sent with.
    pub role: Option<String>,
    /// What is sent.
    pub payload: String,
    /// What the service wants to know again when it is sent; not looked into here.
    pub details: Option<String>,
    /// How often it may be tried, at least once.
    pub max_attempts: u32,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// A delivery that has been taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its place in the queue.
    pub seq: u64,
    /// What was to be delivered.
    pub new: NewDelivery,
    /// When it was queued.
    pub created_at: Timestamp,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// A delivery that has been given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place among the dead letters.
    pub seq: u64,
    /// What makes it one.
    pub id: String,
    /// The ARN of the rule, schedule or bucket that sent it.
    pub source: String,
    /// The target's ARN.
    pub target: String,
    /// What was sent.
    pub payload: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last.
    pub error: String,
    /// When it was given up.
    pub failed_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        new: NewDelivery {
            id: row.get(1)?,
            source: row.get(2)?,
            target: row.get(3)?,
            role: row.get(4)?,
            payload: row.get(5)?,
            details: row.get(6)?,
            max_attempts: row.get(7)?,
            expires_at: from_micros(row.get(8)?),
        },
        created_at: from_micros(row.get(9)?),
        attempt: row.get(10)?,
    })
}

fn read_dead(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        id: row.get(1)?,
        source: row.get(2)?,
        target: row.get(3)?,
        payload: row.get(4)?,
        attempts: row.get(5)?,
        error: row.get(6)?,
        failed_at: from_micros(row.get(7)?),
    })
}

impl Store {
    /// Takes back what processes that have died had taken; says how many deliveries.
    pub fn take_back_deliveries(&self) -> Result<usize> {
        let owners = self.database().glance(|db| {
            let sql = "SELECT DISTINCT owner FROM eventing_deliveries WHERE owner IS NOT NULL";
            db.list(sql, [], |row| row.get::<_, String>(0))
        })?;
        let mut taken = 0;
        for owner in owners {
            if !self.is_alive(&owner)? {
                taken += self.eventing_note(|rows| rows.take_back(&owner))?;
            }
        }
        Ok(taken)
    }
}

impl Rows<'_> {
    /// Queues a delivery; `false` when one of its id is queued already.
    pub fn add_delivery(&self, new: &NewDelivery) -> Result<bool> {
        let now = to_micros(self.now);
        let added = self.tx.run(
            "INSERT OR IGNORE INTO eventing_deliveries (id, source, target, role, payload,
             details, max_attempts, expires_at, created_at, attempts, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?9)",
            params![
                new.id,
                new.source,
                new.target,
                new.role,
                new.payload,
                new.details,
                new.max_attempts,
                to_micros(new.expires_at),
                now
            ],
        )?;
        Ok(added > 0)
    }

    /// Gives the process `owner` the deliveries that may be taken now, the first queued first,
    /// and keeps them from others until `until`.
    pub fn take_deliveries(
        &self,
        owner: &str,
        until: Timestamp,
        max: usize,
    ) -> Result<Vec<Delivery>> {
        let now = to_micros(self.now);
        let mut taken = self.tx.list(
            "UPDATE eventing_deliveries SET next_at = ?2, attempts = attempts + 1, owner = ?4
             WHERE seq IN (SELECT seq FROM eventing_deliveries WHERE next_at <= ?1
                           ORDER BY next_at, seq LIMIT ?3)
             RETURNING seq, id, source, target, role, payload, details, max_attempts,
             expires_at, created_at, attempts",
            params![now, to_micros(until), limit(max), owner],
            read,
        )?;
        taken.sort_by_key(|delivery| delivery.seq);
        Ok(taken)
    }

    /// A delivery has arrived. `false` when somebody else has taken it since.
    pub fn end_delivery(&self, delivery: &Delivery) -> Result<bool> {
        let ended = self.tx.run(
            "DELETE FROM eventing_deliveries WHERE seq = ?1 AND attempts = ?2",
            params![delivery.seq.cast_signed(), delivery.attempt],
        )?;
        Ok(ended > 0)
    }

    /// A delivery is to be tried again at `at`. `false` when somebody else has taken it since.
    pub fn retry_delivery(&self, delivery: &Delivery, at: Timestamp) -> Result<bool> {
        let noted = self.tx.run(
            "UPDATE eventing_deliveries SET next_at = ?3, owner = NULL
             WHERE seq = ?1 AND attempts = ?2",
            params![delivery.seq.cast_signed(), delivery.attempt, to_micros(at)],
        )?;
        Ok(noted > 0)
    }

    /// Lets others take at once what the process `owner` has taken; says how much.
    fn take_back(&self, owner: &str) -> Result<usize> {
        self.tx.run(
            "UPDATE eventing_deliveries SET next_at = ?2, owner = NULL WHERE owner = ?1",
            params![owner, to_micros(self.now)],
        )
    }

    /// Gives a delivery up. `false` when somebody else has taken it since.
    pub fn bury_delivery(&self, delivery: &Delivery, error: &str) -> Result<bool> {
        if !self.end_delivery(delivery)? {
            return Ok(false);
        }
        let new = &delivery.new;
        self.tx.run(
            "INSERT INTO eventing_dead_letters (id, source, target, payload, attempts, error,
             failed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                new.id,
                new.source,
                new.target,
                new.payload,
                delivery.attempt,
                error,
                to_micros(self.now)
            ],
        )?;
        let last = self.tx.last_insert_rowid();
        self.tx.run(
            "DELETE FROM eventing_dead_letters WHERE seq <= ?1",
            [last - KEPT_DEAD_LETTERS],
        )?;
        Ok(true)
    }

    /// When the next delivery may be taken.
    pub fn next_delivery(&self) -> Result<Option<Timestamp>> {
        let next: Option<Option<i64>> =
            self.tx
                .one("SELECT min(next_at) FROM eventing_deliveries", [], |row| {
                    row.get(0)
                })?;
        Ok(next.flatten().map(from_micros))
    }

    /// How many deliveries are on their way.
    pub fn count_deliveries(&self) -> Result<u64> {
        let count: Option<i64> =
            self.tx
                .one("SELECT count(*) FROM eventing_deliveries", [], |row| {
                    row.get(0)
                })?;
        Ok(count.unwrap_or_default().cast_unsigned())
    }

    /// Deliveries that were given up, the latest first, before the one of the place `before`.
    pub fn dead_letters(&self, before: Option<u64>, max: usize) -> Result<Vec<DeadLetter>> {
        let before = before.map_or(i64::MAX, u64::cast_signed);
        self.tx.list(
            "SELECT seq, id, source, target, payload, attempts, error, failed_at
             FROM eventing_dead_letters WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
            params![before, limit(max)],
            read_dead,
        )
    }
}
