//! Crawls over a home with small files: what the catalog says afterwards.

use std::num::NonZeroUsize;

use jiff::{SignedDuration, Timestamp};
use stave_core::catalog::{Database, Parameters, Partition, StorageDescriptor, Table};
use stave_core::{BucketName, ErrorKind, ManualClock, ObjectKey, SequentialIds};
use stave_engine::EngineOptions;
use stave_engine::crawl::DEPRECATED;

use super::*;
use crate::Buckets;

const ALBUMS: &str = "album_id,name,popularity\na1,Blue,61\na2,Red,48\na3,Green,7\n";
const WIDER: &str = "album_id,name,popularity,label\na1,Blue,61,Asylum\na2,Red,48,Crimson\n";
const ARTISTS: &str = "{\"id\":\"x1\",\"followers\":12}\n{\"id\":\"x2\",\"followers\":7}\n";

struct World {
    _dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    store: Store,
    buckets: Buckets,
    catalog: Catalog,
    crawlers: Crawlers,
    engine: Engine,
    caller: Caller,
    bucket: BucketName,
}

impl World {
    async fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let ids = Arc::new(SequentialIds::default());
        let store = Store::open(dir.path(), clock.clone(), ids.clone()).expect("opened");
        let buckets = Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()));
        let catalog = Catalog::new(store.clone(), "us-east-1");
        let crawlers = Crawlers::new(
            store.clone(),
            catalog.clone(),
            buckets.clone(),
            clock.clone(),
            ids,
        );
        let options = EngineOptions {
            memory_bytes: 64 << 20,
            cores: NonZeroUsize::MIN,
            spill_dir: dir.path().to_owned(),
        };
        let owned = buckets.for_engine(&Caller::default());
        let engine = Engine::new(options, Arc::new(owned)).expect("an engine");
        let (caller, bucket) = (Caller::default(), BucketName::new("lake").expect("a name"));
        buckets.create(&caller, &bucket).await.expect("made");
        let world = Self {
            _dir: dir,
            clock,
            store,
            buckets,
            catalog,
            crawlers,
            engine,
            caller,
            bucket,
        };
        for (key, text) in files {
            world.put(key, text).await;
        }
        world
    }

    async fn put(&self, name: &str, text: &str) {
        let key = ObjectKey::new(name).expect("a key");
        let put = self
            .buckets
            .put_bytes(&self.caller, &self.bucket, &key, text.to_owned());
        put.await.expect(name);
    }

    async fn remove(&self, name: &str) {
        let key = ObjectKey::new(name).expect("a key");
        let deleted = self.buckets.delete(&self.caller, &self.bucket, &key);
        deleted.await.expect(name);
    }

    async fn make(&self, definition: CrawlerDefinition) {
        let made = self.crawlers.create(&self.caller, "c", definition);
        made.await.expect("made");
    }

    async fn try_run(&self) -> Result<Crawl> {
        let later = self.clock.now() + SignedDuration::from_secs(60);
        self.clock.set(later);
        self.crawlers
            .run(&self.caller, &self.engine, "c", &mut |_| ())
            .await
    }

    async fn run(&self) -> CrawlFigures {
        let crawl = self.try_run().await.expect("crawled");
        assert_eq!(crawl.state, CrawlState::Succeeded);
        crawl.figures
    }

    async fn table(&self, name: &str) -> Table {
        let found = self.catalog.get_table(&self.caller, "db", name);
        found.await.expect(name)
    }

    async fn tables(&self) -> Vec<String> {
        let found = self.catalog.list_tables(&self.caller, "db", None, 100);
        let tables = found.await.expect("listed").into_iter();
        tables.map(|table| table.name).collect()
    }

    async fn partitions(&self, table: &str) -> Vec<Partition> {
        let found = self
            .catalog
            .list_partitions(&self.caller, "db", table, None, 100);
        found.await.expect("listed")
    }
}

fn lake(prefix: &str) -> CrawlerDefinition {
    CrawlerDefinition::new("DB", vec![S3Target::new(format!("s3://lake/{prefix}"))])
}

fn with(update_behavior: UpdateWord, delete_behavior: DeleteWord) -> CrawlerDefinition {
    CrawlerDefinition {
        schema_change_policy: SchemaChangePolicy {
            update_behavior,
            delete_behavior,
        },
        ..lake("w/")
    }
}

fn columns(table: &Table) -> Vec<String> {
    let columns = table.all_columns();
    columns
        .map(|column| format!("{} {}", column.name, column.type_name))
        .collect()
}

#[tokio::test]
async fn partitions_are_found_added_and_marked() {
    let world = World::new(&[
        ("w/albums/year=2022/a.csv", ALBUMS),
        ("w/albums/year=2023/a.csv", ALBUMS),
    ])
    .await;
    world.make(lake("w/albums")).await;
    let first = world.run().await;
    assert_eq!((first.tables_created, first.partitions_added), (1, 2));
    assert_eq!(first.table_names().collect::<Vec<_>>(), ["albums"]);
    assert_eq!((first.objects, first.sampled), (2, 2));
    assert_eq!(first.bytes, 2 * ALBUMS.len() as u64);
    let table = world.table("albums").await;
    assert_eq!(table.storage.location, "s3://lake/w/albums/");
    assert_eq!(table.partition_keys[0].name, "year");
    assert_eq!(table.parameter("UPDATED_BY_CRAWLER"), Some("c"));
    assert_eq!(table.parameter("skip.header.line.count"), Some("1"));
    assert_eq!(
        columns(&table)[..3],
        ["album_id string", "name string", "popularity bigint"]
    );

    world.put("w/albums/year=2024/a.csv", ALBUMS).await;
    world.remove("w/albums/year=2022/a.csv").await;
    let second = world.run().await;
    assert_eq!((second.partitions_added, second.partitions_updated), (1, 1));
    assert_eq!(second.tables_created, 0);
    let partitions = world.partitions("albums").await;
    let seen: Vec<(&str, bool)> = partitions
        .iter()
        .map(|partition| {
            let marked = partition.parameters.contains_key(DEPRECATED);
            (partition.values[0].as_str(), marked)
        })
        .collect();
    assert_eq!(seen, [("2022", true), ("2023", false), ("2024", false)]);
}

#[tokio::test]
async fn two_crawls_without_a_change_write_once() {
    let world = World::new(&[
        ("w/albums/year=2022/a.csv", ALBUMS),
        ("w/artists/a.json", ARTISTS),
    ])
    .await;
    world.make(lake("w/")).await;
    assert_eq!(world.run().await.tables_created, 2);
    let second = world.run().await;
    assert_eq!(
        (second.tables_created, second.tables_updated),
        (0, 0),
        "{second:?}"
    );
    assert_eq!((second.partitions_added, second.partitions_updated), (0, 0));
    for name in world.tables().await {
        assert_eq!(world.table(&name).await.version, 0, "{name}");
    }
    let outcomes = second.tables.iter().map(|table| table.outcome);
    assert_eq!(outcomes.collect::<Vec<_>>(), [TableOutcome::Unchanged; 2]);
}

#[tokio::test]
async fn a_new_column_is_added() {
    let world = World::new(&[("w/albums/a.csv", ALBUMS)]).await;
    world.make(lake("w/albums/")).await;
    world.run().await;
    world.put("w/albums/a.csv", WIDER).await;
    assert_eq!(world.run().await.tables_updated, 1);
    let table = world.table("albums").await;
    assert_eq!(table.version, 1);
    assert_eq!(
        columns(&table),
        [
            "album_id string",
            "name string",
            "popularity bigint",
            "label string"
        ]
    );
}

#[tokio::test]
async fn the_log_policy_says_and_leaves() {
    let world = World::new(&[("w/albums/a.csv", ALBUMS), ("w/artists/a.json", ARTISTS)]).await;
    world.make(with(UpdateWord::Log, DeleteWord::Log)).await;
    world.run().await;
    world.put("w/albums/a.csv", WIDER).await;
    world.remove("w/artists/a.json").await;
    // Without JSON beside it, what is left would be one table in the target itself.
    world.put("w/genres/a.json", ARTISTS).await;
    let figures = world.run().await;
    let log = figures.log.join("\n");
    assert!(log.contains("\"label\""), "{log}");
    assert!(log.contains("\"artists\": its data is gone"), "{log}");
    let albums = world.table("albums").await;
    assert_eq!((albums.version, columns(&albums).len()), (0, 3));
    let artists = world.table("artists").await;
    assert!(!artists.parameters.contains_key(DEPRECATED));
    assert_eq!(world.tables().await, ["albums", "artists", "genres"]);
}

#[tokio::test]
async fn what_vanished_is_marked_and_comes_back() {
    let world = World::new(&[("w/albums/a.csv", ALBUMS), ("w/artists/a.json", ARTISTS)]).await;
    world.make(lake("w")).await;
    world.run().await;
    world.remove("w/artists/a.json").await;
    world.put("w/genres/a.json", ARTISTS).await;
    let figures = world.run().await;
    assert_eq!((figures.tables_deleted, figures.tables_created), (1, 1));
    let at_ms = world.clock.now().as_millisecond().to_string();
    let marked = world.table("artists").await;
    assert_eq!(marked.parameter(DEPRECATED), Some(at_ms.as_str()));
    // It is marked once.
    assert_eq!(world.run().await.tables_deleted, 0);
    assert_eq!(world.table("artists").await.version, marked.version);
    world.put("w/artists/a.json", ARTISTS).await;
    world.run().await;
    assert_eq!(world.table("artists").await.parameter(DEPRECATED), None);
}

#[tokio::test]
async fn what_vanished_is_deleted_if_asked_and_other_tables_stay() {
    let world = World::new(&[("w/albums/a.csv", ALBUMS), ("w/artists/a.json", ARTISTS)]).await;
    world
        .make(with(
            UpdateWord::UpdateInDatabase,
            DeleteWord::DeleteFromDatabase,
        ))
        .await;
    world.run().await;
    let made_by_hand = Table {
        name: "by_hand".to_owned(),
        parameters: Parameters::new(),
        storage: StorageDescriptor {
            location: "s3://lake/w/nothing/".to_owned(),
            ..StorageDescriptor::default()
        },
        ..world.table("albums").await
    };
    let made = world.catalog.create_table(&world.caller, made_by_hand);
    made.await.expect("made");
    for key in ["w/albums/a.csv", "w/artists/a.json"] {
        world.remove(key).await;
    }
    assert_eq!(world.run().await.tables_deleted, 2);
    assert_eq!(world.tables().await, ["by_hand"]);
}

#[tokio::test]
async fn empty_and_excluded_files_make_no_table() {
    let world = World::new(&[
        ("w/albums/a.csv", ALBUMS),
        ("w/albums/empty.csv", ""),
        ("w/albums/_SUCCESS", ""),
        ("w/albums/_temporary/b.json", ARTISTS),
        ("w/albums/skip/b.json", ARTISTS),
    ])
    .await;
    let target = S3Target {
        exclusions: vec!["skip/**".to_owned()],
        ..S3Target::new("s3://lake/w/albums/")
    };
    world.make(CrawlerDefinition::new("db", vec![target])).await;
    let figures = world.run().await;
    assert_eq!((figures.objects, figures.tables_created), (1, 1));
    assert_eq!(world.tables().await, ["albums"]);
    let table = world.table("albums").await;
    assert_eq!(table.classification(), Some("csv"));
}

#[tokio::test]
async fn an_empty_target_is_said_and_makes_the_database() {
    let world = World::new(&[]).await;
    world.make(lake("w/")).await;
    let figures = world.run().await;
    assert_eq!(
        figures.log,
        ["s3://lake/w/: there are no objects with data"]
    );
    assert!(world.tables().await.is_empty());
}

#[tokio::test]
async fn formats_in_one_folder_are_tables_of_their_own() {
    let world = World::new(&[
        ("w/mixed/albums.csv", ALBUMS),
        ("w/mixed/artists.json", ARTISTS),
    ])
    .await;
    world.make(lake("w/mixed/")).await;
    world.run().await;
    assert_eq!(world.tables().await, ["albums_csv", "artists_json"]);
    let csv = world.table("albums_csv").await;
    let json = world.table("artists_json").await;
    assert_eq!(
        (csv.classification(), json.classification()),
        (Some("csv"), Some("json"))
    );
}

#[tokio::test]
async fn a_name_that_is_taken_is_kept_apart() {
    let world = World::new(&[("w/albums/a.csv", ALBUMS)]).await;
    let database = Database {
        name: "db".to_owned(),
        description: None,
        location: None,
        parameters: Parameters::new(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let made = world.catalog.create_database(&world.caller, database);
    made.await.expect("made");
    let taken = Table {
        database: "db".to_owned(),
        name: "albums".to_owned(),
        description: None,
        owner: None,
        table_type: "EXTERNAL_TABLE".to_owned(),
        storage: StorageDescriptor {
            location: "s3://lake/elsewhere/".to_owned(),
            ..StorageDescriptor::default()
        },
        partition_keys: Vec::new(),
        parameters: Parameters::new(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        version: 0,
    };
    let made = world.catalog.create_table(&world.caller, taken);
    made.await.expect("made");
    world.make(lake("w/albums/")).await;
    world.run().await;
    let names = world.tables().await;
    assert_eq!(names.len(), 2);
    assert!(names[1].starts_with("albums_"), "{names:?}");
    // The name is kept when the other table goes.
    let gone = world.catalog.delete_table(&world.caller, "db", "albums");
    gone.await.expect("deleted");
    assert_eq!(world.run().await.tables_created, 0);
    assert_eq!(world.tables().await, names[1..]);
}

#[tokio::test]
async fn a_crawl_that_fails_or_is_dropped_is_noted() {
    let world = World::new(&[]).await;
    world
        .make(CrawlerDefinition::new(
            "db",
            vec![S3Target::new("s3://missing/w/")],
        ))
        .await;
    let error = world.try_run().await.expect_err("no bucket");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let crawls = world.crawlers.crawls(&world.caller, "c", 9);
    let crawls = crawls.await.expect("listed");
    assert_eq!(crawls[0].state, CrawlState::Failed);
    let said = crawls[0].error.as_deref().unwrap_or_default();
    assert!(said.contains("missing"), "{said}");

    let lock = world.store.start_crawl("dropped", "c").expect("started");
    let busy = world.try_run().await.expect_err("busy");
    assert_eq!(busy.kind(), ErrorKind::Conflict);
    drop(lock);
    let crawler = world.crawlers.get(&world.caller, "c").await.expect("got");
    assert_eq!(crawler.state, CrawlerState::Ready);
    assert_eq!(
        crawler.last_crawl.map(|crawl| crawl.state),
        Some(CrawlState::Failed)
    );
}

#[tokio::test]
async fn definitions_are_checked() {
    let world = World::new(&[]).await;
    let configured = |text: &str| CrawlerDefinition {
        configuration: Some(text.to_owned()),
        ..lake("w/")
    };
    let good = "{\"Version\":1.0,\"CrawlerOutput\":{\"Partitions\":{\"AddOrUpdateBehavior\":\"InheritFromTable\"},\
                \"Tables\":{\"AddOrUpdateBehavior\":\"MergeNewColumns\",\"TableThreshold\":1}}}";
    for (definition, said) in [
        (CrawlerDefinition::new("db", Vec::new()), "S3Targets"),
        (
            CrawlerDefinition::new("db", vec![S3Target::new("/tmp")]),
            "not an S3 address",
        ),
        (
            CrawlerDefinition::new("", vec![S3Target::new("s3://lake")]),
            "database",
        ),
        (configured("{\"Lineage\":1}"), "Lineage"),
        (configured("{\"Version\":2.0}"), "1.0"),
    ] {
        let made = world.crawlers.create(&world.caller, "c", definition);
        let error = made.await.expect_err(said);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
    world.make(configured(good)).await;
    world.put("w/a/a.csv", ALBUMS).await;
    world.put("w/b/b.json", ARTISTS).await;
    let error = world.try_run().await.expect_err("two tables");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
}
