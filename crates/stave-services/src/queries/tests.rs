//! What the service adds to the engine: the catalog, as the caller sees it.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::Value;
use stave_core::catalog::{
    Column, Database, LAZY_SIMPLE_SERDE, Parameters, SerdeInfo, StorageDescriptor, Table,
};
use stave_core::events::NewEvent;
use stave_core::{BucketName, ErrorKind, ManualClock, ObjectKey, SequentialIds};
use stave_engine::EngineOptions;
use stave_store::Store;

use super::*;
use crate::{Buckets, Figure};

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

/// Takes note of the states that are told, and of figures.
#[derive(Debug, Default)]
struct Heard {
    states: Mutex<Vec<String>>,
    figures: Mutex<Vec<Figure>>,
}

impl Announce for Heard {
    fn announce(&self, said: NewEvent) {
        let detail = said.detail;
        let words = ["previousState", "currentState", "statementType"];
        let word = |member| detail.get(member).and_then(Value::as_str).unwrap_or("-");
        let state = format!("{} {}", word("sequenceNumber"), words.map(word).join(" "));
        self.states.lock().expect("unpoisoned").push(state);
    }

    fn measure(&self, figures: &[Figure]) {
        let mut all = self.figures.lock().expect("unpoisoned");
        all.extend_from_slice(figures);
    }
}

impl Heard {
    fn states(&self) -> Vec<String> {
        std::mem::take(&mut *self.states.lock().expect("unpoisoned"))
    }

    /// The names, and what the last of them says of state and type.
    fn figures(&self) -> (Vec<&'static str>, String) {
        let figures = std::mem::take(&mut *self.figures.lock().expect("unpoisoned"));
        let pairs = figures.last().map(|figure| figure.dimensions.clone());
        let values = pairs
            .unwrap_or_default()
            .into_iter()
            .map(|(_, value)| value);
        let values: Vec<String> = values.collect();
        (
            figures.iter().map(|figure| figure.name).collect(),
            values.join(" "),
        )
    }
}

async fn heard() -> (tempfile::TempDir, Queries, Caller, Arc<Heard>) {
    let (dir, queries, caller) = service().await;
    let heard = Arc::new(Heard::default());
    let ids = Arc::new(SequentialIds::default());
    (dir, queries.announcing(heard.clone(), ids), caller, heard)
}

const BEGUN: [&str; 2] = ["1 - QUEUED DML", "2 QUEUED RUNNING DML"];

#[tokio::test]
async fn an_execution_tells_its_states_and_what_it_took() {
    let (_dir, queries, caller, heard) = heard().await;
    let mut result = queries.run(&caller, None, "SELECT 1").await.expect("run");
    assert_eq!(heard.states(), BEGUN);
    while result.next().await.expect("rows").is_some() {}
    assert_eq!(heard.states(), ["3 RUNNING SUCCEEDED DML"]);
    let times = [
        "TotalExecutionTime",
        "EngineExecutionTime",
        "QueryPlanningTime",
    ];
    let (names, of) = heard.figures();
    assert_eq!(
        (&names[..3], &names[3..]),
        (&times[..], &["ProcessedBytes"][..])
    );
    assert_eq!(of, "SUCCEEDED DML primary");
    // Nothing more is told when it is read again, or let go.
    assert!(result.next().await.expect("the end").is_none());
    drop(result);
    assert!(heard.states().is_empty());

    // What lies in storage of text that was read is not known.
    let sql = "SELECT sum(plays) FROM spotify.songs";
    let mut result = queries.run(&caller, None, sql).await.expect("run");
    while result.next().await.expect("rows").is_some() {}
    assert_eq!(heard.figures().0, times);

    heard.states();
    let mut result = queries
        .run(&caller, None, "SHOW DATABASES")
        .await
        .expect("run");
    while result.next().await.expect("rows").is_some() {}
    assert_eq!(
        heard.states().last().map(String::as_str),
        Some("3 RUNNING SUCCEEDED UTILITY")
    );
    assert_eq!(
        heard.figures(),
        (times.to_vec(), "SUCCEEDED UTILITY primary".to_owned())
    );
}

#[tokio::test]
async fn an_execution_that_comes_to_nothing_tells_it() {
    let (_dir, queries, caller, heard) = heard().await;
    let failed = queries.run(&caller, None, "SELECT a FROM spotify.song");
    failed.await.expect_err("no such table");
    assert_eq!(heard.states(), [BEGUN[0], BEGUN[1], "3 RUNNING FAILED DML"]);
    let total = vec!["TotalExecutionTime"];
    assert_eq!(
        heard.figures(),
        (total.clone(), "FAILED DML primary".to_owned())
    );

    let mut result = queries.run(&caller, None, "SELECT 1").await.expect("run");
    result.next().await.expect("a row");
    drop(result);
    assert_eq!(
        heard.states(),
        [BEGUN[0], BEGUN[1], "3 RUNNING CANCELLED DML"]
    );
    assert_eq!(heard.figures(), (total, "CANCELED DML primary".to_owned()));

    // What cannot be read is no execution.
    queries
        .run(&caller, None, "SELEC 1")
        .await
        .expect_err("no SQL");
    assert!(heard.states().is_empty());
}
