//! A home with a bucket, a crawler and SQL over what it found.

use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::Timestamp;
use stave_core::error::chain;
use stave_core::{BucketName, Caller, Error, ManualClock, ObjectKey, SequentialIds};
use stave_engine::{Engine, EngineOptions};
use stave_store::Store;

use super::records::blanks_as_one;
use crate::crawler::{CrawlProgress, CrawlerDefinition, S3Target};
use crate::{Buckets, Catalog, Crawlers, Queries};

/// The database that crawls write to and statements ask.
const DATABASE: &str = "spotify";

/// What a statement answered.
pub struct Answer {
    /// A letter for each column: `T`ext, `I`nteger, `R`eal, `B`oolean, `D`ate, `P`oint in time,
    /// `?` for what is nested.
    pub types: String,
    /// The rows, their cells with a blank between them.
    pub lines: Vec<String>,
}

pub struct World {
    dir: tempfile::TempDir,
    buckets: Buckets,
    crawlers: Crawlers,
    engine: Engine,
    queries: Queries,
    caller: Caller,
    bucket: BucketName,
}

impl World {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let ids = Arc::new(SequentialIds::default());
        let store = Store::open(dir.path(), clock.clone(), ids.clone()).expect("opened");
        let buckets = Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()));
        let catalog = Catalog::new(store.clone(), "us-east-1");
        let options = EngineOptions {
            memory_bytes: 256 << 20,
            cores: NonZeroUsize::new(2).expect("cores"),
            spill_dir: dir.path().join("spill"),
        };
        let owned = buckets.for_engine(&Caller::default());
        let engine = Engine::new(options, Arc::new(owned)).expect("an engine");
        let (caller, bucket) = (Caller::default(), BucketName::new("lake").expect("a name"));
        buckets.create(&caller, &bucket).await.expect("made");
        Self {
            dir,
            crawlers: Crawlers::new(store, catalog.clone(), buckets.clone(), clock, ids),
            queries: Queries::new(engine.clone(), catalog, buckets.clone()),
            engine,
            buckets,
            caller,
            bucket,
        }
    }

    /// Puts an object.
    pub async fn put(&self, key: &str, content: impl Into<Vec<u8>>) -> Result<(), String> {
        let named = ObjectKey::new(key).map_err(|error| error.to_string())?;
        let put = self
            .buckets
            .put_bytes(&self.caller, &self.bucket, &named, content.into());
        put.await.map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Puts what a query answers as a Parquet object.
    pub async fn put_parquet(&self, key: &str, sql: &str) -> Result<(), String> {
        let path = self.dir.path().join("aside.parquet");
        let result = self.queries.run(&self.caller, Some(DATABASE), sql).await;
        let written = match result {
            Ok(mut result) => result.write_parquet(&path).await,
            Err(error) => Err(error),
        };
        written.map_err(|error| describe(&error))?;
        let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
        std::fs::remove_file(&path).map_err(|error| error.to_string())?;
        self.put(key, bytes).await
    }

    /// Crawls a folder of the bucket, with a crawler of that name.
    pub async fn crawl(&self, prefix: &str) -> Result<(), String> {
        let target = S3Target::new(format!("s3://{}/{prefix}", self.bucket));
        let definition = CrawlerDefinition::new(DATABASE, vec![target]);
        let made = self.crawlers.create(&self.caller, prefix, definition);
        made.await.map_err(|error| describe(&error))?;
        let mut unheard = |_: CrawlProgress<'_>| ();
        let crawled = self
            .crawlers
            .run(&self.caller, &self.engine, prefix, &mut unheard);
        crawled.await.map_err(|error| describe(&error))?;
        Ok(())
    }

    /// Runs a statement to its end.
    pub async fn rows(&self, sql: &str) -> Result<Answer, String> {
        let result = self.queries.run(&self.caller, Some(DATABASE), sql).await;
        let mut result = result.map_err(|error| describe(&error))?;
        let types = result.columns().iter();
        let types = types.map(|column| letter(&column.type_name)).collect();
        let mut lines = Vec::new();
        while let Some(rows) = result.next().await.map_err(|error| describe(&error))? {
            for row in 0..rows.len() {
                let cells = rows.row(row).map(|cell| match cell.as_deref() {
                    None => "NULL".to_owned(),
                    Some("") => "(empty)".to_owned(),
                    Some(cell) => cell.to_owned(),
                });
                lines.push(blanks_as_one(&cells.collect::<Vec<_>>().join(" ")));
            }
        }
        Ok(Answer { types, lines })
    }
}

fn letter(type_name: &str) -> char {
    match type_name {
        "tinyint" | "smallint" | "integer" | "bigint" => 'I',
        "float" | "double" => 'R',
        "boolean" => 'B',
        "date" => 'D',
        name if name.starts_with("decimal") => 'R',
        name if name.starts_with("time") => 'P',
        name if name.starts_with("varchar") => 'T',
        _ => '?',
    }
}

/// An error with its causes and its hint, a line each.
fn describe(error: &Error) -> String {
    let mut lines = chain(error);
    lines.extend(error.hint_text().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}
