//! When rules and schedules are due next. A firing is claimed by moving its timer on, in the
//! transaction that queues what it sends: so of several processes one fires it, once.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::Result;

use super::super::limit;
use super::Rows;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// When something is due next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The ARN of the rule or schedule.
    pub owner: String,
    /// What its rate counts from.
    pub anchor_at: Timestamp,
    /// When it is due.
    pub due_at: Timestamp,
    /// When it is to be fired: later than due within a flexible window.
    pub fire_at: Timestamp,
}

const COLUMNS: &str = "owner, anchor_at, due_at, fire_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Timer> {
    Ok(Timer {
        owner: row.get(0)?,
        anchor_at: from_micros(row.get(1)?),
        due_at: from_micros(row.get(2)?),
        fire_at: from_micros(row.get(3)?),
    })
}

impl Rows<'_> {
    /// Sets a timer, in place of the owner's old one.
    pub fn set_timer(&self, timer: &Timer) -> Result<()> {
        self.tx
            .run(
                "INSERT OR REPLACE INTO eventing_timers VALUES (?1, ?2, ?3, ?4)",
                params![
                    timer.owner,
                    to_micros(timer.anchor_at),
                    to_micros(timer.due_at),
                    to_micros(timer.fire_at)
                ],
            )
            .map(drop)
    }

    /// Takes a timer away; not an error where there is none.
    pub fn clear_timer(&self, owner: &str) -> Result<()> {
        self.tx
            .run("DELETE FROM eventing_timers WHERE owner = ?1", [owner])
            .map(drop)
    }

    /// The timer of an owner.
    pub fn timer(&self, owner: &str) -> Result<Option<Timer>> {
        self.tx.one(
            &format!("SELECT {COLUMNS} FROM eventing_timers WHERE owner = ?1"),
            [owner],
            read,
        )
    }

    /// Timers that are to be fired at `now` or were before, the oldest first.
    pub fn due_timers(&self, now: Timestamp, max: usize) -> Result<Vec<Timer>> {
        self.tx.list(
            &format!(
                "SELECT {COLUMNS} FROM eventing_timers WHERE fire_at <= ?1
                 ORDER BY fire_at, owner LIMIT ?2"
            ),
            params![to_micros(now), limit(max)],
            read,
        )
    }

    /// When the next timer is to be fired.
    pub fn next_timer(&self) -> Result<Option<Timestamp>> {
        let next: Option<Option<i64>> =
            self.tx
                .one("SELECT min(fire_at) FROM eventing_timers", [], |row| {
                    row.get(0)
                })?;
        Ok(next.flatten().map(from_micros))
    }
}
