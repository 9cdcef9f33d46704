//! CloudWatch Logs.

mod filter;
mod get;
mod groups;
mod ingest;
mod maintain;
mod metric_filters;
mod positions;
mod queries;
mod streams;
mod tail;

pub use self::filter::{FilterEvents, FilteredEvent, FilteredPage};
pub use self::get::{EventPage, GetEvents};
pub use self::groups::{GroupFilter, LogGroup, NewLogGroup};
pub(super) use self::ingest::Compiled;
pub use self::ingest::{LogLine, PutLogs, RejectedLogs};
pub use self::maintain::Maintained;
pub use self::metric_filters::{FilterMatch, MetricFilter, MetricFilterQuery, Transformation};
pub(super) use self::queries::Queries;
pub use self::queries::{NewQuery, QueryInfo, QueryResults, QueryStatistics, QueryStatus};
pub use self::streams::{LogStream, StreamFilter, StreamOrder};
pub use self::tail::{TailEvents, TailPage};

/// A day in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How many bytes of messages one answer holds.
const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// How many events one answer holds.
const MAX_PAGE_EVENTS: u32 = 10_000;

/// Whether a list of events is full with one more message.
#[derive(Debug, Default)]
struct Room {
    bytes: usize,
    events: usize,
}

impl Room {
    /// Takes a message; says no where there is no room. The first always has.
    fn take(&mut self, message: &str) -> bool {
        self.bytes += message.len() + 26;
        self.events += 1;
        self.events == 1 || self.bytes <= MAX_PAGE_BYTES
    }
}
