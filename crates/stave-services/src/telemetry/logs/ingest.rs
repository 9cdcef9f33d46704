//! `PutLogEvents`: what is taken, what is rejected, and the metrics that filters make of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use stave_core::{Caller, Result};
use stave_store::telemetry::{FilterRow, GroupRow, NewEvent};

use super::DAY_MS;
use super::metric_filters::{Definition, Emitting, read_definition};
use crate::telemetry::Telemetry;
use crate::telemetry::errors::invalid_parameter;
use crate::telemetry::names::{group, stream};

/// The most events of a request.
const MAX_EVENTS: usize = 10_000;
/// The most bytes of a request, 26 an event included.
const MAX_BYTES: usize = 1_048_576;
/// No event is older.
const MAX_AGE_MS: i64 = 14 * DAY_MS;
/// No event is further ahead.
const MAX_AHEAD_MS: i64 = 2 * 60 * 60 * 1000;
/// Of how many groups the filters are kept as they were read.
const MAX_COMPILED: usize = 1000;

/// An event to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// The message.
    pub message: String,
}

/// What became of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutLogs {
    /// What was not taken, if anything.
    pub rejected: Option<RejectedLogs>,
}

/// Which events of a request were not taken, by their places in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RejectedLogs {
    /// Those from here on are too far ahead.
    pub too_new_from: Option<usize>,
    /// Those up to and without this are too old.
    pub too_old_to: Option<usize>,
    /// Those up to and without this are older than the group's retention.
    pub expired_to: Option<usize>,
}

/// The metric filters of groups as they were last read.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Compiled(Mutex<HashMap<i64, Filters>>);

/// What the rows said, and what was made of it.
type Filters = (Vec<FilterRow>, Arc<Vec<Definition>>);

impl Compiled {
    fn of(&self, group: i64, rows: Vec<FilterRow>) -> Result<Arc<Vec<Definition>>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((same, read)) = known.get(&group)
            && *same == rows
        {
            return Ok(Arc::clone(read));
        }
        if known.len() >= MAX_COMPILED {
            known.clear();
        }
        let read = rows.iter().map(read_definition).collect::<Result<_>>()?;
        let read = Arc::new(read);
        known.insert(group, (rows, Arc::clone(&read)));
        Ok(read)
    }
}

impl Telemetry {
    /// Puts events into a stream, oldest first. Those that are too old or too new are left out
    /// and reported; when this returns the others survive the death of the process.
    pub fn put_log_events(
        &self,
        caller: &Caller,
        group_name: &str,
        stream_name: &str,
        lines: &[LogLine],
    ) -> Result<PutLogs> {
        self.permit_stream(caller, "logs:PutLogEvents", group_name, stream_name)?;
        check_lines(lines)?;
        let (group, stream, filters) = self.store().read(|rows| {
            let group = group(rows, group_name)?;
            let stream = stream(rows, group.id, stream_name)?;
            let filters = rows.filters(Some(group.id))?;
            Ok((group, stream, filters))
        })?;
        let (taken, rejected) = self.taken(&group, lines);
        self.write_lines(&group, stream.id, filters, taken)?;
        Ok(PutLogs { rejected })
    }

    fn taken<'a>(
        &self,
        group: &GroupRow,
        lines: &'a [LogLine],
    ) -> (&'a [LogLine], Option<RejectedLogs>) {
        let now = self.now_ms();
        let count = |limit: i64| lines.partition_point(|line| line.at_ms < limit);
        let expired = count(self.kept_from(group.retention_days));
        let old = count(now - MAX_AGE_MS);
        let new = count(now + MAX_AHEAD_MS + 1);
        let rejected = RejectedLogs {
            too_new_from: (new < lines.len()).then_some(new),
            too_old_to: (old > 0).then_some(old),
            expired_to: (expired > 0).then_some(expired),
        };
        let first = expired.max(old);
        let taken = lines.get(first..new).unwrap_or_default();
        (taken, (taken.len() < lines.len()).then_some(rejected))
    }

    /// Writes lines that were found good, and what filters make of them.
    pub(in crate::telemetry) fn write_lines(
        &self,
        group: &GroupRow,
        stream: i64,
        filters: Vec<FilterRow>,
        lines: &[LogLine],
    ) -> Result<()> {
        let events: Vec<NewEvent<'_>> = lines
            .iter()
            .map(|line| NewEvent {
                at_ms: line.at_ms,
                message: &line.message,
            })
            .collect();
        self.store()
            .append_logs(group.id, stream, self.now_ms(), &events)?;
        if filters.is_empty() || lines.is_empty() {
            return Ok(());
        }
        let filters = self.0.filters.of(group.id, filters)?;
        let mut emitting = Emitting::default();
        for line in lines {
            for filter in filters.iter() {
                filter.emit(line, &mut emitting);
            }
        }
        for points in emitting.points() {
            self.sink().put_points(points);
        }
        Ok(())
    }
}

fn check_lines(lines: &[LogLine]) -> Result<()> {
    if lines.is_empty() || lines.len() > MAX_EVENTS {
        return Err(invalid_parameter(format!(
            "a request holds 1 to {MAX_EVENTS} log events, not {}",
            lines.len()
        )));
    }
    let bytes: usize = lines.iter().map(|line| line.message.len() + 26).sum();
    if bytes > MAX_BYTES {
        return Err(invalid_parameter(format!(
            "Upload too large: {bytes} bytes exceeds limit of {MAX_BYTES}"
        )));
    }
    if lines.iter().any(|line| line.message.is_empty()) {
        return Err(invalid_parameter("the message of a log event is empty"));
    }
    if lines.iter().any(|line| line.at_ms < 0) {
        return Err(invalid_parameter(
            "the timestamp of a log event is negative",
        ));
    }
    if !lines.is_sorted_by_key(|line| line.at_ms) {
        return Err(invalid_parameter(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let (first, last) = (lines.first(), lines.last());
    if let (Some(first), Some(last)) = (first, last)
        && last.at_ms - first.at_ms > DAY_MS
    {
        return Err(invalid_parameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}
