//! Rows come back, conflicts are told, nothing is lost between two handles.

use std::sync::Arc;

use serde_json::json;
use stave_core::catalog::{Column, Database, Parameters, Partition, StorageDescriptor, Table};
use stave_core::{ErrorKind, ManualClock, SequentialIds};
use tempfile::TempDir;

use super::*;
use crate::store::{Store, StoreOptions};

fn open(dir: &TempDir) -> Store {
    let at = "2026-11-21T10:00:00.123456Z".parse().expect("a time");
    let (clock, ids) = (
        Arc::new(ManualClock::new(at)),
        Arc::new(SequentialIds::default()),
    );
    Store::open_with(dir.path(), clock, ids, StoreOptions { fsync: false }).expect("a store")
}

fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(&dir);
    (dir, store)
}

fn database(name: &str) -> Database {
    Database {
        name: name.to_owned(),
        description: None,
        location: None,
        parameters: Parameters::new(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn table(name: &str) -> Table {
    Table {
        database: "spotify".to_owned(),
        name: name.to_owned(),
        description: None,
        owner: None,
        table_type: "EXTERNAL_TABLE".to_owned(),
        storage: StorageDescriptor {
            columns: vec![Column::new("track_id", "string")],
            location: "s3://lake/warehouse/".to_owned(),
            ..StorageDescriptor::default()
        },
        partition_keys: vec![
            Column::new("year", "string"),
            Column::new("month", "string"),
        ],
        parameters: Parameters::new(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        updated_at: jiff::Timestamp::UNIX_EPOCH,
        version: 7,
    }
}

fn partition(year: &str, month: &str) -> Partition {
    Partition {
        values: vec![year.to_owned(), month.to_owned()],
        storage: StorageDescriptor::default(),
        parameters: Parameters::new(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn databases_come_back() {
    let (_dir, store) = store();
    let made = store.create_database(&database("spotify")).expect("made");
    assert_eq!(made.created_at, store.now());
    assert_eq!(store.get_database("spotify").expect("there"), made);
    let error = store
        .create_database(&database("spotify"))
        .expect_err("there");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(
        store
            .create_database(&database("Bad"))
            .expect_err("case")
            .kind(),
        ErrorKind::Invalid
    );
    let error = store.get_database("spotfy").expect_err("absent");
    assert_eq!(
        (error.kind(), error.hint_text()),
        (ErrorKind::NotFound, Some("did you mean \"spotify\"?"))
    );
    let changed = Database {
        description: Some("music".to_owned()),
        ..database("spotify")
    };
    let updated = store.update_database(&changed).expect("updated");
    assert_eq!(
        (updated.created_at, updated.description.as_deref()),
        (made.created_at, Some("music"))
    );

    store.create_database(&database("another")).expect("made");
    let names = |list: Vec<Database>| {
        list.into_iter()
            .map(|database| database.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(store.list_databases(None, 9).expect("listed")),
        ["another", "spotify"]
    );
    assert_eq!(
        names(store.list_databases(Some("another"), 9).expect("listed")),
        ["spotify"]
    );
    assert_eq!(
        names(store.list_databases(None, 1).expect("listed")),
        ["another"]
    );

    store.create_table(&table("songs")).expect("made");
    assert_eq!(
        store
            .delete_database("spotify", false)
            .expect_err("full")
            .kind(),
        ErrorKind::Conflict
    );
    store.delete_database("spotify", true).expect("deleted");
    assert_eq!(
        store
            .get_table("spotify", "songs")
            .expect_err("gone")
            .kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn tables_have_versions() {
    let (_dir, store) = store();
    assert_eq!(
        store
            .create_table(&table("songs"))
            .expect_err("no database")
            .kind(),
        ErrorKind::NotFound
    );
    store.create_database(&database("spotify")).expect("made");
    let made = store.create_table(&table("songs")).expect("made");
    assert_eq!(made.version, 0);
    assert_eq!(store.get_table("spotify", "songs").expect("there"), made);
    assert_eq!(
        store
            .create_table(&table("songs"))
            .expect_err("there")
            .kind(),
        ErrorKind::AlreadyExists
    );
    let error = store.get_table("spotify", "song").expect_err("absent");
    assert_eq!(error.hint_text(), Some("did you mean \"songs\"?"));

    for version in 0..120 {
        let changed = Table {
            owner: Some(version.to_string()),
            ..made.clone()
        };
        assert_eq!(
            store
                .update_table(&changed, version)
                .expect("updated")
                .version,
            version + 1
        );
    }
    let error = store.update_table(&made, 3).expect_err("late");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let versions = store
        .list_table_versions("spotify", "songs")
        .expect("listed");
    assert_eq!(
        (versions.len(), versions[0].version, versions[100].version),
        (101, 120, 20)
    );
    assert_eq!(versions[1].table.owner.as_deref(), Some("118"));
    store.create_table(&table("albums")).expect("made");
    let names: Vec<String> = store
        .list_tables("spotify", None, 9)
        .expect("listed")
        .into_iter()
        .map(|table| table.name)
        .collect();
    assert_eq!(names, ["albums", "songs"]);
    store.delete_table("spotify", "songs").expect("deleted");
    assert_eq!(
        store
            .delete_table("spotify", "songs")
            .expect_err("gone")
            .kind(),
        ErrorKind::NotFound
    );
    store.create_table(&table("songs")).expect("made again");
    assert_eq!(
        store
            .list_table_versions("spotify", "songs")
            .expect("listed")
            .len(),
        1
    );
}

#[test]
fn partitions_are_known_by_their_values() {
    let (_dir, store) = store();
    store.create_database(&database("spotify")).expect("made");
    store.create_table(&table("songs")).expect("made");
    let create =
        |partitions: &[Partition], on| store.create_partitions("spotify", "songs", partitions, on);
    let given = [
        partition("2024", "2"),
        partition("2024", "10"),
        partition("2023", "1"),
    ];
    assert_eq!(create(&given, OnExisting::Refuse).expect("made"), 3);
    let more = [partition("2022", "1"), partition("2024", "2")];
    assert_eq!(
        create(&more, OnExisting::Refuse).expect_err("there").kind(),
        ErrorKind::AlreadyExists
    );
    let values = |list: Vec<Partition>| {
        list.into_iter()
            .map(|p| p.values.join("/"))
            .collect::<Vec<_>>()
    };
    let list = |after: Option<&[String]>, max| {
        values(
            store
                .list_partitions("spotify", "songs", after, max)
                .expect("listed"),
        )
    };
    assert_eq!(
        list(None, 9),
        ["2023/1", "2024/10", "2024/2"],
        "all or none"
    );
    assert_eq!(create(&more, OnExisting::Keep).expect("made"), 1);
    assert_eq!(create(&more, OnExisting::Replace).expect("made"), 2);
    assert_eq!(
        list(Some(&["2023".to_owned(), "1".to_owned()]), 1),
        ["2024/10"]
    );
    let wrong = Partition {
        values: vec!["2024".to_owned()],
        ..partition("", "")
    };
    assert_eq!(
        create(&[wrong], OnExisting::Keep)
            .expect_err("one value")
            .kind(),
        ErrorKind::Invalid
    );

    let two = [
        vec!["2022".to_owned(), "1".to_owned()],
        vec!["x".to_owned(), "y".to_owned()],
    ];
    assert_eq!(
        values(
            store
                .get_partitions("spotify", "songs", &two)
                .expect("found")
        ),
        ["2022/1"]
    );
    assert!(store.get_partition("spotify", "songs", &two[0]).is_ok());
    assert_eq!(
        store
            .get_partition("spotify", "songs", &two[1])
            .expect_err("absent")
            .kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        store
            .delete_partitions("spotify", "songs", &two)
            .expect("deleted"),
        1
    );
    store.delete_table("spotify", "songs").expect("deleted");
    store.create_table(&table("songs")).expect("made again");
    assert!(list(None, 9).is_empty());
}

#[test]
fn two_handles_lose_no_update() {
    let (dir, store) = store();
    store.create_database(&database("spotify")).expect("made");
    store.create_table(&table("songs")).expect("made");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let store = if writer % 2 == 0 {
                store.clone()
            } else {
                open(&dir)
            };
            scope.spawn(move || {
                for at in 0..10 {
                    loop {
                        let mut table = store.get_table("spotify", "songs").expect("there");
                        table
                            .parameters
                            .insert(format!("{writer}-{at}"), String::new());
                        match store.update_table(&table, table.version) {
                            Ok(_) => break,
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                        }
                    }
                }
            });
        }
    });
    let table = store.get_table("spotify", "songs").expect("there");
    assert_eq!((table.parameters.len(), table.version), (40, 40));
}

#[test]
fn jobs_and_their_runs_come_back() {
    let (dir, store) = store();
    store.put_job("etl", "one").expect("put");
    let job = store.put_job("etl", "two").expect("put");
    assert_eq!(store.get_job("etl").expect("there"), job);
    assert_eq!(job.definition, "two");
    assert_eq!(
        store.get_job("elt").expect_err("absent").hint_text(),
        Some("did you mean \"etl\"?")
    );
    assert_eq!(store.list_jobs(None, 9).expect("listed"), [job]);

    let lock = store
        .start_run("jr_1", "etl", 0, &json!({"--scale": "1"}))
        .expect("started");
    assert!(store.start_run("jr_1", "etl", 0, &json!({})).is_err());
    store.log_run("jr_1", &["one", "two"]).expect("logged");
    store.log_run("jr_1", &["three"]).expect("logged");
    let lines: Vec<_> = store
        .run_log("jr_1", 1, 9)
        .expect("read")
        .into_iter()
        .map(|l| (l.seq, l.line))
        .collect();
    assert_eq!(lines, [(2, "two".to_owned()), (3, "three".to_owned())]);
    store
        .update_run_steps("jr_1", &json!([{"rows": 1}]))
        .expect("noted");
    let other = open(&dir);
    assert!(other.mark_dead_runs().expect("looked").is_empty());
    let end = RunEnd {
        state: RunState::Succeeded,
        error: None,
        steps: json!([{"rows": 2}]),
    };
    store.finish_run("jr_1", &end).expect("finished");
    assert_eq!(
        store.finish_run("jr_1", &end).expect_err("ended").kind(),
        ErrorKind::Conflict
    );
    drop(lock);
    let run = store.get_run("jr_1").expect("there");
    assert_eq!(
        (run.state, run.steps, run.arguments),
        (RunState::Succeeded, end.steps, json!({"--scale": "1"}))
    );
    assert_eq!(run.finished_at, Some(store.now()));

    let _alive = store
        .start_run("jr_2", "etl", 1, &json!({}))
        .expect("started");
    drop(
        store
            .start_run("jr_3", "other", 0, &json!({}))
            .expect("started"),
    );
    assert_eq!(other.mark_dead_runs().expect("looked"), ["jr_3"]);
    let dead = other.get_run("jr_3").expect("there");
    assert_eq!(dead.state, RunState::Failed);
    assert!(
        dead.error.expect("said")["message"]
            .as_str()
            .expect("text")
            .contains("process")
    );
    let ids = |runs: Vec<JobRun>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(
        ids(store.list_runs(None, None, 9).expect("listed")),
        ["jr_3", "jr_2", "jr_1"]
    );
    assert_eq!(
        ids(store.list_runs(Some("etl"), None, 1).expect("listed")),
        ["jr_2"]
    );
    assert_eq!(
        ids(store
            .list_runs(Some("etl"), Some("jr_2"), 9)
            .expect("listed")),
        ["jr_1"]
    );
    store.delete_job("etl").expect("deleted");
    assert_eq!(
        store.delete_job("etl").expect_err("gone").kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn a_log_is_bounded_and_says_so() {
    let (_dir, store) = store();
    let _lock = store
        .start_run("jr_1", "etl", 0, &json!({}))
        .expect("started");
    store
        .log_run("jr_1", &vec!["line"; 10_005])
        .expect("logged");
    store.log_run("jr_1", &["later"]).expect("logged");
    let last = store.run_log("jr_1", 9_999, 9).expect("read");
    assert_eq!((last.len(), last[0].seq), (1, 10_000));
    assert!(last[0].line.contains("full"));
    assert_eq!(
        store.log_run("absent", &["x"]).expect_err("absent").kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn crawlers_crawl_once_at_a_time() {
    let (dir, store) = store();
    let made = store
        .create_crawler("songs", &json!({"targets": []}))
        .expect("made");
    assert_eq!((made.state, made.last_crawl), (CrawlerState::Ready, None));
    assert!(store.create_crawler("songs", &json!({})).is_err());
    let lock = store.start_crawl("c1", "songs").expect("started");
    let other = open(&dir);
    assert_eq!(
        other.start_crawl("c2", "songs").expect_err("busy").kind(),
        ErrorKind::Conflict
    );
    assert_eq!(
        other.delete_crawler("songs").expect_err("busy").kind(),
        ErrorKind::Conflict
    );
    store
        .finish_crawl("c1", CrawlState::Succeeded, &json!({"tables": 1}), None)
        .expect("finished");
    drop(lock);
    let crawler = store.get_crawler("songs").expect("there");
    assert_eq!(crawler.state, CrawlerState::Ready);
    assert_eq!(
        crawler.last_crawl.expect("noted").figures,
        json!({"tables": 1})
    );

    drop(store.start_crawl("c2", "songs").expect("started"));
    assert_eq!(
        store.get_crawler("songs").expect("there").state,
        CrawlerState::Running
    );
    assert_eq!(other.sweep().expect("swept").crawls, ["c2"]);
    let crawls: Vec<_> = store
        .list_crawls("songs", 9)
        .expect("listed")
        .into_iter()
        .map(|c| (c.id, c.state))
        .collect();
    assert_eq!(
        crawls,
        [
            ("c2".to_owned(), CrawlState::Failed),
            ("c1".to_owned(), CrawlState::Succeeded)
        ]
    );
    store
        .update_crawler("songs", &json!({"targets": ["s3://lake/"]}))
        .expect("updated");
    assert_eq!(store.list_crawlers(None, 9).expect("listed").len(), 1);
    store.delete_crawler("songs").expect("deleted");
    assert_eq!(
        store.get_crawler("songs").expect_err("gone").kind(),
        ErrorKind::NotFound
    );
}

fn read_object(key: &str, etag: Option<&str>) -> ReadObject {
    ReadObject {
        source: "pages".to_owned(),
        bucket: stave_core::BucketName::new("lake").expect("a name"),
        key: key.to_owned(),
        etag: etag.map(str::to_owned),
        size: 7,
        modified_at: "2026-11-21T09:00:00.5Z".parse().expect("a time"),
    }
}

fn moved_on(version: u64, objects: Vec<ReadObject>) -> BookmarkAdvance {
    let moves = objects
        .iter()
        .map(|object| ObjectMove {
            object: object.clone(),
            to_bucket: object.bucket.clone(),
            to_key: stave_core::ObjectKey::new(format!("done/{}", object.key)).expect("a key"),
        })
        .collect();
    BookmarkAdvance {
        job: "etl".to_owned(),
        version,
        objects,
        moves,
    }
}

#[test]
fn a_bookmark_moves_on_once() {
    let (_dir, store) = store();
    assert_eq!(
        store.job_bookmark("etl").expect("none"),
        JobBookmark::default()
    );
    let first = moved_on(0, vec![read_object("a", Some("1")), read_object("b", None)]);
    let advance =
        |run: &str, how: &BookmarkAdvance| store.database().write(|tx| advance(tx, run, how));
    advance("jr_1", &first).expect("moved");
    let kept = store.job_bookmark("etl").expect("there");
    assert_eq!((kept.version, kept.run_id.as_deref()), (1, Some("jr_1")));
    assert_eq!(kept.objects, first.objects);
    assert_eq!(store.pending_moves("etl").expect("there"), first.moves);

    let error = advance("jr_2", &first).expect_err("an old version");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    advance("jr_3", &moved_on(1, vec![read_object("a", Some("2"))])).expect("moved");
    let kept = store.job_bookmark("etl").expect("there");
    assert_eq!(kept.objects[0].etag.as_deref(), Some("2"));
    assert_eq!(kept.objects.len(), 2);

    store.finish_moves("etl", &first.moves[1..]).expect("noted");
    assert_eq!(store.pending_moves("etl").expect("there").len(), 1);
    assert_eq!(store.reset_job_bookmark("etl").expect("reset"), 2);
    let kept = store.job_bookmark("etl").expect("there");
    assert_eq!(
        (kept.version, kept.run_id, kept.objects.len()),
        (3, None, 0)
    );
}

#[test]
fn an_object_is_the_same_by_its_etag_or_else_by_size_and_time() {
    let (known, unknown) = (read_object("a", Some("1")), read_object("a", None));
    let at = known.modified_at;
    let later = at + jiff::SignedDuration::from_secs(1);
    for (object, etag, size, at, same) in [
        (&known, Some("1"), 8, later, true),
        (&known, Some("2"), 7, at, false),
        (&known, None, 7, at, true),
        (&unknown, Some("2"), 7, at, true),
        (&unknown, None, 7, later, false),
        (&unknown, None, 8, at, false),
    ] {
        assert_eq!(object.is_same(etag, size, at), same, "{etag:?} {size} {at}");
    }
}
