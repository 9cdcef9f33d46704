//! Where a run is: one document, saved after every page.
//!
//! Order is everything here. A page is put first and the checkpoint saved
//! after it; the checkpoint already holds the key of the *next* page. Killed
//! between the two, the next run fetches the page again and puts it under the
//! same key.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::{Request, later};

/// A run that was killed is gone on with if it was alive so lately; what it
/// had finished is not asked for again.
const RESUMED_WITHIN: Duration = Duration::from_hours(1);

/// A list that was left in the middle is begun anew after so long.
const WALK_KEPT: Duration = Duration::from_hours(7 * 24);

/// Where the runs of an account are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// The run that has not ended, or was killed.
    pub run: Option<RunNote>,
    /// The last moment that was given to a page, in microseconds.
    pub last_stamp: i64,
    /// The lists that are not at their end, by key.
    pub walks: BTreeMap<String, Checkpoint>,
    /// How far the queue of each dimension is done.
    pub dimensions: BTreeMap<String, Dimension>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RunNote {
    pub id: String,
    pub started_at: Timestamp,
    pub touched_at: Timestamp,
    /// The lists that this run has finished.
    pub done: BTreeMap<String, Done>,
}

/// What a finished list has given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    pub asked: Option<u64>,
    pub got: u64,
    pub nulls: u64,
    pub pages: u32,
    /// Nothing had changed since the last run.
    pub unchanged: bool,
    /// Rows, or something of them, that are missing although the list is at its end.
    pub short: Option<String>,
    pub warning: Option<String>,
}

/// A list that is being walked through.
#[allow(clippy::struct_excessive_bools)] // It is written down; each is a fact of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub begun_at: Timestamp,
    /// The moment in the keys of this walk, in microseconds.
    pub begun: i64,
    /// The moment in the key of the next page, in microseconds.
    pub stamp: i64,
    /// The next page; nothing once all pages are there.
    pub next: Option<Request>,
    pub full: bool,
    #[serde(default)]
    pub page: u32,
    #[serde(default)]
    pub rows: u64,
    #[serde(default)]
    pub nulls: u64,
    /// Rows that no earlier run has seen.
    #[serde(default)]
    pub fresh: u64,
    #[serde(default)]
    pub total: Option<u64>,
    /// The mark of the last complete run: where an incremental walk stops.
    #[serde(default)]
    pub until: Mark,
    /// The mark that this walk leaves.
    #[serde(default)]
    pub leaves: Mark,
    /// Whether rows were met that an earlier run had seen.
    #[serde(default)]
    pub overlapped: bool,
    /// Whether it ended at what an earlier run had seen, before the list's end.
    #[serde(default)]
    pub reached: bool,
    #[serde(default)]
    pub unchanged: bool,
    #[serde(default)]
    pub drafts: Drafts,
    /// The playlist's path was changed from `/tracks` to `/items`.
    #[serde(default)]
    pub turned: bool,
}

/// Pages that wait to be put as one object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Drafts {
    pub from: u32,
    pub to: u32,
    pub bytes: u64,
}

/// What is remembered of a list that was walked through to its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Mark {
    /// The newest `added_at`.
    pub newest: Option<String>,
    /// The rows at just that moment, or the plays seen lately.
    pub seen: Vec<String>,
    /// The playlist's state.
    pub snapshot: Option<String>,
    /// The playlist's content could not be read at that state.
    pub inaccessible: bool,
    /// The day of a top list, in UTC.
    pub day: Option<String>,
    pub rows: u64,
    pub at: Option<Timestamp>,
}

/// How far the queue of a dimension is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Dimension {
    pub next: u64,
    /// Of the next object's key, in microseconds; 0 where none was given yet.
    pub stamp: i64,
    /// When the first of its rows was asked for, in microseconds.
    pub begun: i64,
    /// Ids that Spotify does not have.
    pub missing: Vec<String>,
}

impl Dimension {
    /// Begins again from the first id, once all `total` of them are there and the oldest rows
    /// are `age` old: what is missing comes before what is old.
    pub fn age(&mut self, total: u64, now: Timestamp, age: Duration) {
        let begun = Timestamp::from_microsecond(self.begun).unwrap_or(now);
        if self.begun > 0 && self.next >= total && later(begun, age) <= now {
            *self = Self::default();
        }
    }
}

/// How a run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    Anew,
    GoneOn,
}

impl Progress {
    /// Begins a run, or goes on with one that was killed; says which it is.
    pub fn begin(&mut self, now: Timestamp) -> Begun {
        self.walks
            .retain(|_, walk| now < later(walk.begun_at, WALK_KEPT));
        let alive =
            |run: &RunNote| run.touched_at <= now && now <= later(run.touched_at, RESUMED_WITHIN);
        if self.run.as_ref().is_some_and(alive) {
            return Begun::GoneOn;
        }
        let stamp = self.stamp(now);
        self.run = Some(RunNote {
            id: super::layout::compact(stamp),
            started_at: now,
            touched_at: now,
            done: BTreeMap::new(),
        });
        Begun::Anew
    }

    /// A moment for a page: now, or just after the last one that was given.
    pub fn stamp(&mut self, now: Timestamp) -> i64 {
        self.last_stamp = now.as_microsecond().max(self.last_stamp + 1);
        self.last_stamp
    }

    /// What the run has already got from the list `key`.
    pub fn done(&self, key: &str) -> Option<&Done> {
        self.run.as_ref()?.done.get(key)
    }

    /// Notes that the list `key` is at its end.
    pub fn finish(&mut self, key: &str, done: Done) {
        self.walks.remove(key);
        if let Some(run) = &mut self.run {
            run.done.insert(key.to_owned(), done);
        }
    }
}
