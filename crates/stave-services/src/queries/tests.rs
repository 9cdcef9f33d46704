//! What the service adds to the engine: the catalog, as the caller sees it.

use std::num::NonZeroUsize;

use jiff::Timestamp;
use stave_core::catalog::{
    Column, Database, LAZY_SIMPLE_SERDE, Parameters, SerdeInfo, StorageDescriptor, Table,
};
use stave_core::{BucketName, ErrorKind, ManualClock, ObjectKey, SequentialIds};
use stave_engine::EngineOptions;
use stave_store::Store;

use super::*;
use crate::Buckets;

async fn service() -> (tempfile::TempDir, Queries, Caller) {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let store = Store::open(dir.path(), clock, Arc::new(SequentialIds::default())).expect("opened");
    let buckets = Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()));
    let (caller, bucket) = (Caller::default(), BucketName::new("lake").expect("a name"));
    buckets.create(&caller, &bucket).await.expect("made");
    let key = ObjectKey::new("songs/1.csv").expect("a key");
    let put = buckets.put_bytes(&caller, &bucket, &key, "One,3\nTwo,5\n");
    put.await.expect("put");
    let catalog = Catalog::new(store, "us-east-1");
    let database = Database {
        name: "spotify".to_owned(),
        description: None,
        location: None,
        parameters: Parameters::new(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let made = catalog.create_database(&caller, database);
    made.await.expect("made");
    let made = catalog.create_table(&caller, songs());
    made.await.expect("made");
    let options = EngineOptions {
        memory_bytes: 256 << 20,
        cores: NonZeroUsize::MIN,
        spill_dir: dir.path().join("spill"),
    };
    let owned = buckets.for_engine(&caller);
    let engine = Engine::new(options, Arc::new(owned)).expect("an engine");
    (dir, Queries::new(engine, catalog, buckets), caller)
}

fn songs() -> Table {
    let parameters = [("field.delim".to_owned(), ",".to_owned())];
    Table {
        database: "spotify".to_owned(),
        name: "songs".to_owned(),
        description: None,
        owner: None,
        table_type: "EXTERNAL_TABLE".to_owned(),
        storage: StorageDescriptor {
            columns: vec![
                Column::new("name", "string"),
                Column::new("plays", "bigint"),
            ],
            location: "s3://lake/songs/".to_owned(),
            input_format: "org.apache.hadoop.mapred.TextInputFormat".to_owned(),
            serde: SerdeInfo {
                library: LAZY_SIMPLE_SERDE.to_owned(),
                parameters: parameters.into_iter().collect(),
            },
            ..StorageDescriptor::default()
        },
        partition_keys: Vec::new(),
        parameters: [("classification".to_owned(), "csv".to_owned())]
            .into_iter()
            .collect(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        version: 0,
    }
}

#[tokio::test]
async fn a_statement_reads_a_table_of_the_catalog() {
    let (_dir, queries, caller) = service().await;
    for (database, sql) in [
        (None, "SELECT sum(plays) FROM spotify.songs"),
        (Some("spotify"), "SELECT sum(plays) FROM Songs"),
    ] {
        let mut result = queries.run(&caller, database, sql).await.expect(sql);
        let rows = result.next().await.expect("rows").expect("a row");
        assert_eq!(rows.cell(0, 0).as_deref(), Some("8"), "{sql}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_with_the_nearest_name() {
    let (_dir, queries, caller) = service().await;
    let error = queries
        .run(&caller, Some("spotify"), "SELECT 1 FROM song")
        .await
        .expect_err("no such table");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.hint_text().is_some_and(|hint| hint.contains("songs")),
        "{error:?}"
    );
}
