//! When something is due: an expression with what bounds it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use stave_core::schedule::{Grammar, Schedule};
use stave_core::{Error, Result};
use stave_store::eventing::Timer;

use super::errors::validation;

/// The smallest step of the clock.
const TICK: SignedDuration = SignedDuration::from_micros(1);

/// When an owner is due.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The ARN of the rule or schedule.
    pub owner: String,
    /// What it says.
    pub schedule: Schedule,
    /// Where its clock hangs.
    pub zone: TimeZone,
    /// What its rate counts from.
    pub anchor: Timestamp,
    /// It is not due before.
    pub start: Option<Timestamp>,
    /// It is not due after.
    pub end: Option<Timestamp>,
    /// Within how many minutes after it is due it fires.
    pub window_minutes: u32,
}

impl Plan {
    /// The plan of a rule whose rate counts from `anchor`.
    pub fn of_rule(owner: &str, expression: &str, anchor: Timestamp) -> Result<Self> {
        let schedule = Schedule::parse(expression, Grammar::Rule).map_err(|error| {
            let hint = error.message().to_owned();
            validation("Parameter ScheduleExpression is not valid.").hint(hint)
        })?;
        Ok(Self {
            owner: owner.to_owned(),
            schedule,
            zone: TimeZone::UTC,
            anchor,
            start: None,
            end: None,
            window_minutes: 0,
        })
    }

    /// When it is due next.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        if matches!(self.schedule, Schedule::At(_)) {
            return self.schedule.next_after(after, &self.zone, self.anchor);
        }
        let after = match self.start {
            Some(start) => after.max(start.saturating_sub(TICK).ok()?),
            None => after,
        };
        self.schedule
            .next_after(after, &self.zone, self.anchor)
            .filter(|due| self.end.is_none_or(|end| *due <= end))
    }

    /// The last time that it was due from `first`, when it was due, to `now`.
    ///
    /// Looks ever further back, so that years missed by the minute cost no more than days.
    pub fn last_until(&self, first: Timestamp, now: Timestamp) -> Timestamp {
        const MINUTE: i64 = 60;
        let mut back = MINUTE;
        loop {
            let from = now
                .saturating_sub(SignedDuration::from_secs(back))
                .unwrap_or(first);
            if from <= first {
                return self.last_from(first, now);
            }
            if let Some(due) = self.next_after(from).filter(|due| *due <= now) {
                return self.last_from(due, now);
            }
            back = back.saturating_mul(16);
        }
    }

    fn last_from(&self, first: Timestamp, now: Timestamp) -> Timestamp {
        std::iter::successors(Some(first), |due| {
            self.next_after(*due).filter(|next| *next <= now)
        })
        .last()
        .unwrap_or(first)
    }

    /// When it is fired that is due at `due`: within its window, the same for every process.
    pub fn fire_at(&self, due: Timestamp) -> Timestamp {
        if self.window_minutes == 0 {
            return due;
        }
        let digest = Sha256::digest(format!("{}@{}", self.owner, due.as_second()));
        let mut some = [0; 8];
        some.copy_from_slice(&digest[..8]);
        let seconds = u64::from_be_bytes(some) % (u64::from(self.window_minutes) * 60);
        due.saturating_add(SignedDuration::from_secs(seconds.cast_signed()))
            .unwrap_or(due)
    }

    /// The timer for when it is due next.
    pub fn timer_after(&self, after: Timestamp) -> Option<Timer> {
        let due_at = self.next_after(after)?;
        Some(Timer {
            owner: self.owner.clone(),
            anchor_at: self.anchor,
            due_at,
            fire_at: self.fire_at(due_at),
        })
    }

    /// The timer for when it is due first at `now` or after.
    pub fn timer_from(&self, now: Timestamp) -> Option<Timer> {
        self.timer_after(now.saturating_sub(TICK).unwrap_or(now))
    }
}

/// The time zone of that name.
pub(super) fn zone(name: &str) -> Result<TimeZone> {
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|error| {
        let known: Error = validation(format!("Invalid Schedule Expression Timezone {name}."));
        known
            .hint("use a name of the IANA time zone database: Europe/Berlin")
            .caused_by(error)
    })
}
