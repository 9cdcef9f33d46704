//! Rows: the Data Catalog, job definitions, runs and bookmarks, crawlers and crawls, IAM,
//! functions, rules and schedules, and what the extractor remembers.
//! Blocking. Every function is one transaction.

mod bookmarks;
mod crawlers;
mod databases;
pub mod eventing;
pub(crate) mod events;
pub mod functions;
pub mod iam;
mod jobs;
mod lifecycle;
mod memory;
mod partitions;
mod runs;
mod tables;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stave_core::Result;

pub(crate) use self::bookmarks::advance;
pub use self::bookmarks::{BookmarkAdvance, JobBookmark, ObjectMove, ReadObject};
pub use self::crawlers::{Crawl, CrawlState, Crawler, CrawlerState};
pub use self::events::{ObjectEvent, TakenEvents};
pub use self::jobs::Job;
pub(crate) use self::lifecycle::check_lifecycle;
pub use self::lifecycle::{Expiration, LifecycleFilter, LifecycleRule};
pub use self::partitions::OnExisting;
pub use self::runs::{JobRun, LogLine, RunEnd, RunState};
pub use self::tables::TableVersion;
use crate::faults::bad_json;

/// The most rows that one list answers.
const MAX_ROWS: usize = 10_000;

/// A limit as SQLite wants it, within [`MAX_ROWS`].
pub(crate) fn limit(max: usize) -> i64 {
    max.min(MAX_ROWS) as i64
}

fn to_json(what: &str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| bad_json(what, error))
}

fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| bad_json(what, error))
}
