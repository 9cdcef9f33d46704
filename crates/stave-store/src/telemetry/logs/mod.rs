//! Log events, in append-only segments: a folder a group, a segment a writing process.
//!
//! A process appends to a segment of its own, which it has locked, so writers never wait for
//! each other; a segment that is full is sealed: compressed in blocks behind which stands an
//! index. Readers read what there is, whoever writes it, up to the last whole frame. Within a
//! group events are ordered by their time, then by segment and place in it.
//!
//! ```text
//! <home>/telemetry/logs/<group>/<segment>.log   being written: frames with checksums
//! <home>/telemetry/logs/<group>/<segment>.seg   sealed: compressed blocks and an index
//! ```

mod frame;
mod group;
mod index;
mod maintain;
mod query;
mod seal;
mod writer;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use stave_core::Result;

pub use self::frame::{EventRef, NewEvent};
use self::group::GroupLog;
pub use self::index::StreamSpan;
pub use self::maintain::MaintainedLogs;
pub use self::query::{EventKey, LogEvent, LogQuery, TailCursor};
use super::TelemetryStore;

/// A segment is full with so many bytes.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// A segment is full after so long, so that old events can go: milliseconds.
const SEGMENT_AGE_MS: i64 = 24 * 60 * 60 * 1000;
/// How much of a segment is read, and compressed, at once.
const BLOCK_BYTES: u64 = 256 * 1024;
/// How many groups' indexes are kept at hand.
const MAX_GROUPS_AT_HAND: usize = 256;

/// The segments of all groups of a home.
#[derive(Debug)]
pub(super) struct Logs {
    dir: PathBuf,
    fsync: bool,
    groups: Mutex<HashMap<i64, Arc<GroupLog>>>,
}

impl Logs {
    pub(super) fn new(dir: PathBuf, fsync: bool) -> Self {
        Self {
            dir,
            fsync,
            groups: Mutex::default(),
        }
    }

    fn group(&self, id: i64) -> Arc<GroupLog> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = groups.get(&id) {
            return Arc::clone(group);
        }
        if groups.len() >= MAX_GROUPS_AT_HAND {
            // One that is in use now must stay: its writer holds a lock.
            groups.retain(|_, group| Arc::strong_count(group) > 1);
        }
        let group = Arc::new(GroupLog::new(self.dir.join(id.to_string()), self.fsync));
        groups.insert(id, Arc::clone(&group));
        group
    }
}

impl TelemetryStore {
    /// Appends events to a stream. When this returns they survive the death of the process.
    pub fn append_logs(
        &self,
        group: i64,
        stream: i64,
        ingested_ms: i64,
        events: &[NewEvent<'_>],
    ) -> Result<()> {
        self.0.logs.group(group).append(stream, ingested_ms, events)
    }

    /// The first events, in their order or from the last, that a query wants.
    pub fn find_logs(
        &self,
        group: i64,
        query: &LogQuery<'_>,
        wanted: &mut dyn FnMut(&EventRef<'_>) -> bool,
    ) -> Result<Vec<LogEvent>> {
        self.0.logs.group(group).find(query, wanted)
    }

    /// Shows all events that a query wants, in no particular order, until `seen` says no.
    pub fn each_log(
        &self,
        group: i64,
        query: &LogQuery<'_>,
        seen: &mut dyn FnMut(&EventRef<'_>) -> bool,
    ) -> Result<()> {
        self.0.logs.group(group).each(query, seen)
    }

    /// Events that came after `cursor`, in the order they came, with the cursor after them.
    /// Without a cursor: none, and the cursor from now on.
    pub fn tail_logs(
        &self,
        group: i64,
        cursor: Option<&TailCursor>,
        limit: usize,
        streams: Option<&HashSet<i64>>,
        wanted: &mut dyn FnMut(&EventRef<'_>) -> bool,
    ) -> Result<(Vec<LogEvent>, TailCursor)> {
        let group = self.0.logs.group(group);
        group.tail(cursor, limit, streams, wanted)
    }

    /// What is known of each stream of a group that has events, deleted streams included.
    pub fn log_spans(&self, group: i64) -> Result<BTreeMap<i64, StreamSpan>> {
        self.0.logs.group(group).spans()
    }

    /// Seals segments that are full or whose writer is gone, and removes those that hold only
    /// events from before `expired_before_ms`.
    pub fn maintain_logs(
        &self,
        group: i64,
        now_ms: i64,
        expired_before_ms: Option<i64>,
    ) -> Result<MaintainedLogs> {
        let group = self.0.logs.group(group);
        group.maintain(now_ms, expired_before_ms)
    }

    /// Removes everything of a group.
    pub fn remove_logs(&self, group: i64) -> Result<()> {
        let logs = &self.0.logs;
        let mut groups = logs.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.remove(&group);
        drop(groups);
        group::remove(&logs.dir.join(group.to_string()))
    }
}
