//! What a run has got, what is missing, and why.

use jiff::Timestamp;
use serde::Serialize;

use super::stream::Stream;
use crate::client::{Error, ErrorKind};

/// How a stream stands at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// All that was asked for is there.
    Complete,
    /// Something is missing; `missing` says what and why.
    Partial,
    /// A quota is used up; the next run goes on after this time.
    ClosedUntil(Timestamp),
    /// Spotify refuses the whole stream.
    Denied,
}

/// Something that was asked for and is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What is missing: `playlist 37i9…`, `short_term`, `the rest`.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What became of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamReport {
    /// The stream.
    pub stream: Stream,
    /// How it stands.
    pub standing: Standing,
    /// How many rows Spotify says there are; nothing where it doesn't say.
    pub asked: Option<u64>,
    /// How many rows were got, `null` ones included.
    pub got: u64,
    /// How many of these were `null`.
    pub nulls: u64,
    /// How many pages were put.
    pub pages: u64,
    /// How many calls it took in this process.
    pub calls: u64,
    /// How many playlists, or other parts, had not changed.
    pub unchanged: u64,
    /// What is missing.
    pub missing: Vec<Missing>,
    /// What may be wrong: a suspected gap, a count that doesn't fit.
    pub warnings: Vec<String>,
}

/// What a run has got.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The run, as the time of its beginning.
    pub run: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Every stream that was selected.
    pub streams: Vec<StreamReport>,
    /// How many calls it took in this process.
    pub calls: u64,
    /// What ended the run before its time: only a login that is at its end.
    #[serde(skip)]
    pub stopped: Option<Error>,
}

impl Report {
    /// How the run stands: complete only if every stream is.
    pub fn standing(&self) -> Standing {
        let closed = self
            .streams
            .iter()
            .filter_map(|stream| match stream.standing {
                Standing::ClosedUntil(until) => Some(until),
                _ => None,
            });
        if self.stopped.is_some() {
            return Standing::Partial;
        }
        if let Some(first) = closed.min() {
            return Standing::ClosedUntil(first);
        }
        let all = |standing| {
            self.streams
                .iter()
                .all(|stream| stream.standing == standing)
        };
        if all(Standing::Complete) {
            Standing::Complete
        } else if all(Standing::Denied) {
            Standing::Denied
        } else {
            Standing::Partial
        }
    }

    /// The report of `stream`.
    pub fn stream(&self, stream: Stream) -> Option<&StreamReport> {
        self.streams.iter().find(|report| report.stream == stream)
    }
}

impl StreamReport {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            standing: Standing::Complete,
            asked: None,
            got: 0,
            nulls: 0,
            pages: 0,
            calls: 0,
            unchanged: 0,
            missing: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds to how many rows were asked for.
    pub(super) fn ask(&mut self, rows: Option<u64>) {
        if let Some(rows) = rows {
            *self.asked.get_or_insert(0) += rows;
        }
    }

    /// Notes something missing.
    pub(super) fn miss(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.missing.push(Missing {
            what: what.into(),
            why: why.into(),
            hint: None,
        });
        if self.standing == Standing::Complete {
            self.standing = Standing::Partial;
        }
    }

    /// Notes that `error` has left something out.
    pub(super) fn fail(&mut self, what: impl Into<String>, error: &Error) {
        self.miss(what, error.message());
        if let Some(missing) = self.missing.last_mut() {
            missing.hint = error.hint_text().map(String::from);
        }
        if let ErrorKind::Closed { until, .. } = error.kind() {
            self.standing = match self.standing {
                Standing::ClosedUntil(first) => Standing::ClosedUntil(first.min(until)),
                _ => Standing::ClosedUntil(until),
            };
        }
    }

    /// Notes that Spotify refuses the whole stream.
    pub(super) fn deny(&mut self, error: &Error) {
        self.fail("all of it", error);
        self.standing = Standing::Denied;
    }
}
