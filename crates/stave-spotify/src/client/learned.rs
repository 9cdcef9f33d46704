//! What the client has found out about an account: the page sizes it may ask
//! for, what it is refused, how many calls each bucket has had and took.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clock::later;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// How long a refusal or a smaller page size is believed before it is asked for again.
const BELIEVED: Duration = Duration::from_hours(14 * 24);

/// A bucket is never closed for longer, whatever `Retry-After` says.
const CLOSED_MAX: Duration = Duration::from_hours(48);

/// The page sizes that have been seen as a maximum, largest first.
const SIZES: [u32; 5] = [50, 20, 10, 5, 1];

/// What has been found out about an account at run time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learned {
    /// The page sizes that were found to be the largest allowed, by bucket.
    pub limits: BTreeMap<String, Limit>,
    /// What was refused, by its name.
    pub refused: BTreeMap<String, Refused>,
    /// The calls of each bucket.
    pub buckets: BTreeMap<String, Bucket>,
}

/// The largest page that is allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Rows a page.
    pub rows: u32,
    /// When it was found out.
    pub learned_at: Timestamp,
}

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// What Spotify said.
    pub why: String,
    /// When it was found out.
    pub learned_at: Timestamp,
}

/// The calls of a bucket, and what it took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bucket {
    /// Calls by hour since 1970; the last 25 hours that had any.
    pub hours: Vec<(i64, u32)>,
    /// How many calls of a day it took before the quota was used up.
    pub ceiling: Option<u32>,
    /// When that was found out.
    pub ceiling_at: Option<Timestamp>,
    /// Nothing is asked before.
    pub closed_until: Option<Timestamp>,
    /// How often in a row it was closed without being told for how long.
    pub strikes: u32,
}

impl Bucket {
    /// The calls of the last 24 hours, counted by whole hours.
    pub fn calls_today(&self, now: Timestamp) -> u32 {
        let first = hour(now) - 24;
        let counted = self.hours.iter().filter(|(at, _)| *at > first);
        counted.map(|(_, calls)| calls).sum()
    }

    pub(super) fn count(&mut self, now: Timestamp) {
        let this = hour(now);
        match self.hours.iter_mut().find(|(at, _)| *at == this) {
            Some((_, calls)) => *calls += 1,
            None => self.hours.push((this, 1)),
        }
        self.hours.retain(|(at, _)| (this - 24..=this).contains(at));
    }

    /// Closes it, and says until when.
    ///
    /// Without a `Retry-After` it is closed for an hour, then twice as long
    /// each time, at most a day: asking while limited is said to lengthen it.
    pub(super) fn close(
        &mut self,
        now: Timestamp,
        retry_after: Option<Duration>,
        quota: bool,
    ) -> Timestamp {
        let length = retry_after.unwrap_or_else(|| {
            let doubled = HOUR.saturating_mul(1 << self.strikes.min(8));
            self.strikes += 1;
            doubled.min(DAY)
        });
        // A refusal right after a refusal says nothing about how many it takes.
        if quota && self.closed_until.is_none() {
            // The refused call is counted, but was not taken.
            self.ceiling = Some(self.calls_today(now).saturating_sub(1).max(1));
            self.ceiling_at = Some(now);
        }
        let until = later(now, length.min(CLOSED_MAX));
        self.closed_until = Some(until);
        until
    }

    /// The calls of a day that it is known to take, where these are used up.
    pub fn spent(&self, now: Timestamp) -> Option<u32> {
        let believed = self.ceiling_at.is_some_and(|at| believed(at, now));
        self.ceiling
            .filter(|ceiling| believed && self.calls_today(now) >= *ceiling)
    }

    /// Until when it is closed, if it is.
    pub fn closed(&self, now: Timestamp) -> Option<Timestamp> {
        // A clock that was set back must not close it for years.
        self.closed_until
            .filter(|until| *until > now && *until <= later(now, CLOSED_MAX))
    }

    /// Notes that a call was taken; says whether that is news.
    pub(super) fn taken(&mut self) -> bool {
        let news = self.closed_until.is_some() || self.strikes > 0;
        self.closed_until = None;
        self.strikes = 0;
        news
    }
}

impl Learned {
    /// The largest page of `bucket`, where it was found to be less than asked for.
    pub fn limit(&self, bucket: &str, now: Timestamp) -> Option<u32> {
        let limit = self.limits.get(bucket)?;
        believed(limit.learned_at, now).then_some(limit.rows)
    }

    /// Learns that `rows` are too many; gives the next size to try.
    pub(super) fn shrink(&mut self, bucket: &str, rows: u32, now: Timestamp) -> Option<u32> {
        let rows = SIZES.into_iter().find(|size| *size < rows)?;
        let limit = Limit {
            rows,
            learned_at: now,
        };
        self.limits.insert(bucket.to_owned(), limit);
        Some(rows)
    }

    /// Why `name` was refused, while that is believed.
    pub fn refusal(&self, name: &str, now: Timestamp) -> Option<&Refused> {
        let refused = self.refused.get(name)?;
        believed(refused.learned_at, now).then_some(refused)
    }
}

fn believed(learned_at: Timestamp, now: Timestamp) -> bool {
    learned_at <= now && now < later(learned_at, BELIEVED)
}

fn hour(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}
