//! What a crawl did, as it is kept with the crawl.

use serde::{Deserialize, Serialize};

/// How many tables a crawl's figures name.
const MAX_TABLES: usize = 1000;
/// How many lines a crawl's log has.
const MAX_LINES: usize = 500;

/// What was done about a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TableOutcome {
    /// It is new.
    Created,
    /// It changed.
    Updated,
    /// It is as it was.
    Unchanged,
    /// It would have changed; the policy is to log that.
    Logged,
    /// Its data is gone; it is marked.
    Deprecated,
    /// Its data is gone, and so is it.
    Deleted,
}

impl TableOutcome {
    /// `CREATED`, `UPDATED`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Unchanged => "UNCHANGED",
            Self::Logged => "LOGGED",
            Self::Deprecated => "DEPRECATED",
            Self::Deleted => "DELETED",
        }
    }
}

/// A table of a crawl.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrawledTable {
    /// Its name.
    pub name: String,
    /// What was done about it.
    pub outcome: TableOutcome,
    /// `csv`, `json`, `parquet`, `UNKNOWN`.
    pub classification: String,
    /// How many columns it has, partition keys among them.
    pub columns: u64,
    /// How many partitions were found.
    pub partitions: u64,
    /// How many objects.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// How many rows: what the files say, or bytes by average.
    pub rows: u64,
    /// Where it is.
    pub location: String,
}

/// What a crawl did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrawlFigures {
    /// Tables that are new.
    pub tables_created: u64,
    /// Tables that changed, or whose partitions did.
    pub tables_updated: u64,
    /// Tables that were deleted or marked.
    pub tables_deleted: u64,
    /// Partitions that are new.
    pub partitions_added: u64,
    /// Partitions that changed or were marked.
    pub partitions_updated: u64,
    /// Partitions that were deleted.
    pub partitions_deleted: u64,
    /// Objects seen.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Objects looked into.
    pub sampled: u64,
    /// The tables; the first 1,000.
    pub tables: Vec<CrawledTable>,
    /// What is worth knowing; the first 500 lines.
    pub log: Vec<String>,
}

impl CrawlFigures {
    /// The names of the tables.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }

    pub(super) fn note(&mut self, line: String) {
        match self.log.len() {
            0..MAX_LINES => self.log.push(line),
            MAX_LINES => self.log.push("there is more, which is not kept".to_owned()),
            _ => (),
        }
    }

    pub(super) fn add(&mut self, table: CrawledTable) {
        match table.outcome {
            TableOutcome::Created => self.tables_created += 1,
            TableOutcome::Updated => self.tables_updated += 1,
            TableOutcome::Deprecated | TableOutcome::Deleted => self.tables_deleted += 1,
            TableOutcome::Unchanged | TableOutcome::Logged => (),
        }
        if self.tables.len() < MAX_TABLES {
            self.tables.push(table);
        }
    }
}
