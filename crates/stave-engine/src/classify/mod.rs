//! What one object holds, found out from its beginning: format, dialect, columns.
//!
//! Glue's rules (<https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html>):
//! the first MiB or 1,000 records of text, the footer of Parquet. Knows nothing
//! of other objects, tables or catalogs.

mod csv;
mod head;
mod json;
mod parquet;
#[cfg(test)]
mod tests;

use futures::future::BoxFuture;
use object_store::{ObjectMeta, ObjectStore};
use stave_core::Result;
use stave_core::catalog::Column;

use crate::text::Compression;
use head::Head;

/// How many bytes of text are looked at.
const SAMPLE_BYTES: usize = 1 << 20;
/// How many bytes are looked at where the first JSON value is longer than that.
const LONG_SAMPLE_BYTES: usize = 10 << 20;
/// How many records are looked at.
const SAMPLE_RECORDS: usize = 1000;

/// Which format an object is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Classification {
    /// Delimited text.
    Csv,
    /// JSON objects.
    Json,
    /// Parquet.
    Parquet,
    /// None that is known, or nothing at all.
    Unknown,
}

impl Classification {
    /// The name that crawlers write as `classification`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// How delimited text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CsvFacts {
    /// What stands between fields: `,`, `|`, a tab, `;` or Ctrl-A.
    pub delimiter: u8,
    /// Whether values stand in quotes throughout, not only where they need them.
    pub quoted: bool,
    /// Whether the first record names the columns.
    pub header: bool,
}

/// What was found out of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// Its format.
    pub classification: Classification,
    /// How the whole object is compressed.
    pub compression: Compression,
    /// How it is written, for delimited text.
    pub csv: Option<CsvFacts>,
    /// Its columns with Hive's types.
    pub columns: Vec<Column>,
    /// The names as the data writes them, where these are not the columns' (JSON).
    pub paths: Vec<String>,
    /// How many records were looked at.
    pub records_sampled: u64,
    /// How many bytes a record has on average, uncompressed; 0 when there is none.
    pub average_record_bytes: u64,
    /// How many records there are, where the object says so or all of it was looked at.
    pub exact_records: Option<u64>,
}

impl Sampled {
    /// An object of no known format.
    pub fn unknown(compression: Compression) -> Self {
        Self {
            classification: Classification::Unknown,
            compression,
            csv: None,
            columns: Vec::new(),
            paths: Vec::new(),
            records_sampled: 0,
            average_record_bytes: 0,
            exact_records: None,
        }
    }
}

/// Finds out what the object `meta` of `store` holds; `name` is its name for people.
///
/// What is damaged or of no known format is [`Classification::Unknown`]; an
/// error is only what keeps the object from being read.
pub fn classify<'a>(
    store: &'a dyn ObjectStore,
    meta: &'a ObjectMeta,
    name: &'a str,
) -> BoxFuture<'a, Result<Sampled>> {
    Box::pin(async move {
        classify_object(store, meta)
            .await
            .map_err(|error| error.within(name))
    })
}

async fn classify_object(store: &dyn ObjectStore, meta: &ObjectMeta) -> Result<Sampled> {
    let compression = Compression::of_key(meta.location.as_ref());
    if meta.size == 0 {
        return Ok(Sampled::unknown(compression));
    }
    let mut head = Head::read(store, meta, compression).await?;
    if head.is_parquet() {
        return parquet::classify(store, meta, &head).await;
    }
    head.extend(store, meta, SAMPLE_BYTES).await?;
    if json::may_be(head.text()) {
        if json::needs_more(&head) {
            head.extend(store, meta, LONG_SAMPLE_BYTES).await?;
        }
        if let Some(found) = json::classify(&head)? {
            return Ok(found);
        }
    }
    Ok(csv::classify(&head).unwrap_or_else(|| Sampled::unknown(compression)))
}
