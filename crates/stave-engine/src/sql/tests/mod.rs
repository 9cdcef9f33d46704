//! SQL from text to text over tables in memory.

mod errors;
mod output;
mod statements;
mod tables;

use std::sync::Arc;

use stave_core::catalog::{LAZY_SIMPLE_SERDE, Table};
use stave_core::{Error, Result};

use super::QueryResult;
use crate::Engine;
use crate::catalog::Catalog;
use crate::testing::{MemoryBuckets, MemoryCatalog, engine, table};

/// A small lake.
pub(super) struct Lake {
    pub(super) buckets: Arc<MemoryBuckets>,
    pub(super) catalog: Arc<MemoryCatalog>,
    pub(super) engine: Engine,
}

impl Lake {
    pub(super) fn new() -> Self {
        let buckets = Arc::new(MemoryBuckets::default());
        Self {
            engine: engine(&buckets),
            catalog: Arc::default(),
            buckets,
        }
    }

    pub(super) async fn start(&self, sql: &str) -> Result<QueryResult> {
        let catalog = Arc::clone(&self.catalog) as Arc<dyn Catalog>;
        self.engine.query(&catalog, Some("spotify"), sql).await
    }

    /// Every row as its cells between bars; NULL is `∅`.
    pub(super) async fn rows(&self, sql: &str) -> Result<Vec<String>> {
        read(&mut self.start(sql).await?).await
    }

    pub(super) async fn error(&self, sql: &str) -> Error {
        self.rows(sql).await.expect_err(sql)
    }
}

pub(super) async fn read(result: &mut QueryResult) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    while let Some(rows) = result.next().await? {
        for row in 0..rows.len() {
            let cells = rows
                .row(row)
                .map(|cell| cell.map_or("∅".to_owned(), std::borrow::Cow::into_owned));
            lines.push(cells.collect::<Vec<_>>().join("|"));
        }
    }
    Ok(lines)
}

pub(super) fn names(result: &QueryResult) -> Vec<&str> {
    result
        .columns()
        .iter()
        .map(|column| column.name.as_str())
        .collect()
}

/// A crawled CSV table with a header line.
pub(super) fn csv_table(name: &str, location: &str, columns: &[&str]) -> Table {
    let mut table = table(name, LAZY_SIMPLE_SERDE, location, columns);
    table
        .storage
        .serde
        .parameters
        .insert("field.delim".into(), ",".into());
    table
        .parameters
        .insert("skip.header.line.count".into(), "1".into());
    table
        .parameters
        .insert("classification".into(), "csv".into());
    table
}

/// Tracks and albums as a crawler sees them, warts and all.
pub(super) async fn spotify() -> Lake {
    let lake = Lake::new();
    let tracks = "track_id,track_name,track_duration,track_popularity, album_id\n\
        t1,Never Walk Alone,188360,67,a1\n\
        t2,\"Gone, Dance On\",200000,55,a2\n\
        t3,Move,177483,91,a1\n\
        t4,Short\n";
    let albums = "album_id,album_name,released\r\na1,Move,2024-06-07\r\na2,Blow,\r\n";
    lake.buckets.put("s3://raw/track_data/t.csv", tracks).await;
    lake.buckets.put("s3://raw/album_data/a.csv", albums).await;
    let columns = [
        "track_id string",
        "track_name string",
        "track_duration bigint",
        "track_popularity bigint",
        "album_id string",
    ];
    lake.catalog.add(csv_table(
        "spotify.track_data",
        "s3://raw/track_data/",
        &columns,
    ));
    let columns = ["album_id string", "album_name string", "released string"];
    lake.catalog.add(csv_table(
        "spotify.album_data",
        "s3://raw/album_data/",
        &columns,
    ));
    lake
}
