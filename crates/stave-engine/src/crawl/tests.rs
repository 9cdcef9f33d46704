//! Layouts of folders and the tables they make.

use jiff::Timestamp;
use stave_core::S3Uri;
use stave_core::catalog::{Column, LAZY_SIMPLE_SERDE, OPEN_CSV_SERDE, OPENX_JSON_SERDE};

use super::*;
use crate::classify::{Classification, CsvFacts, Sampled};
use crate::text::Compression;

const ALBUMS: &str = "id string; name string; n bigint";
const ARTISTS: &str = "artist string; followers bigint";

fn columns(text: &str) -> Vec<Column> {
    let column = |part: &str| {
        let (name, hive) = part.split_once(' ').expect("a name and a type");
        Column::new(name, hive)
    };
    text.split("; ")
        .filter(|part| !part.is_empty())
        .map(column)
        .collect()
}

fn csv(text: &str) -> Sampled {
    Sampled {
        classification: Classification::Csv,
        csv: Some(CsvFacts {
            delimiter: b',',
            quoted: false,
            header: true,
        }),
        columns: columns(text),
        records_sampled: 10,
        average_record_bytes: 20,
        ..Sampled::unknown(Compression::None)
    }
}

fn of(classification: Classification, text: &str) -> Sampled {
    Sampled {
        classification,
        csv: None,
        ..csv(text)
    }
}

fn objects(keys: &[(&str, Sampled)]) -> Vec<Object> {
    let object = |(key, sampled): &(&str, Sampled)| Object {
        key: (*key).to_owned(),
        size: 205,
        sampled: Some(sampled.clone()),
    };
    keys.iter().map(object).collect()
}

/// Every table as `name location [keys] values…`.
fn found(target: &str, keys: &[(&str, Sampled)], options: &Grouping) -> Vec<String> {
    let target: S3Uri = target.parse().expect("a target");
    let line = |table: &FoundTable| {
        let keys: Vec<&str> = table
            .partition_keys
            .iter()
            .map(|key| key.name.as_str())
            .collect();
        let parts: Vec<String> = table
            .partitions
            .iter()
            .map(|part| part.values.join("/"))
            .collect();
        let location = table
            .location
            .strip_prefix("s3://bucket/")
            .expect("in the bucket");
        format!(
            "{} {location} [{}] {}",
            table.name,
            keys.join(","),
            parts.join(" ")
        )
        .trim_end()
        .to_owned()
    };
    group(&target, &objects(keys), options)
        .iter()
        .map(line)
        .collect()
}

/// A target, the objects under it, and the tables they make.
type Layout<'a> = (&'a str, Vec<(&'a str, Sampled)>, Vec<&'a str>);

#[test]
#[allow(clippy::too_many_lines)]
fn folders_become_tables_as_glue_makes_them() {
    let albums = || csv(ALBUMS);
    let artists = || csv(ARTISTS);
    let json = || of(Classification::Json, "id int");
    let strange = || of(Classification::Unknown, "");
    let layouts: Vec<Layout> = vec![
        (
            "s3://bucket/w/",
            vec![("w/a.csv", albums()), ("w/b.csv", albums())],
            vec!["w w/ []"],
        ),
        (
            "s3://bucket/w",
            vec![
                ("w/year=2023/month=01/a.csv", albums()),
                ("w/year=2024/month=02/b.csv", albums()),
            ],
            vec!["w w/ [year,month] 2023/01 2024/02"],
        ),
        (
            "s3://bucket/w",
            vec![("w/2023/eu/a.csv", albums()), ("w/2024/us/b.csv", albums())],
            vec!["w w/ [partition_0,partition_1] 2023/eu 2024/us"],
        ),
        (
            "s3://bucket/w",
            vec![
                ("w/2023/Land=a%3Ab/a.csv", albums()),
                ("w/2024/Land=us/b.csv", albums()),
            ],
            vec!["w w/ [partition_0,land] 2023/a:b 2024/us"],
        ),
        (
            "s3://bucket/transformed_data",
            vec![
                ("transformed_data/album_data/a.csv", albums()),
                ("transformed_data/Artist data/a.csv", artists()),
            ],
            vec![
                "artist_data transformed_data/Artist data/ []",
                "album_data transformed_data/album_data/ []",
            ],
        ),
        (
            "s3://bucket/staging",
            vec![
                ("staging/albums.csv", albums()),
                ("staging/artists.csv", artists()),
            ],
            vec![
                "albums_csv staging/albums.csv []",
                "artists_csv staging/artists.csv []",
            ],
        ),
        (
            "s3://bucket/mixed",
            vec![
                ("mixed/a.csv", albums()),
                ("mixed/b.json", json()),
                ("mixed/in/c.csv", albums()),
            ],
            vec![
                "a_csv mixed/a.csv []",
                "b_json mixed/b.json []",
                "in mixed/in/ []",
            ],
        ),
        (
            "s3://bucket/w/a.csv",
            vec![("w/a.csv", albums())],
            vec!["a_csv w/a.csv []"],
        ),
        (
            "s3://bucket/",
            vec![("a.csv", albums())],
            vec!["bucket  []"],
        ),
        // Two folders of one name.
        (
            "s3://bucket/w",
            vec![
                ("w/x/t/a.csv", albums()),
                ("w/y/t/a.csv", artists()),
                ("w/y/u/a.csv", albums()),
            ],
            vec!["x w/x/ [partition_0] t", "t w/y/t/ []", "u w/y/u/ []"],
        ),
        // Files at different depths share no folders.
        (
            "s3://bucket/w",
            vec![("w/a.csv", albums()), ("w/in/b.csv", albums())],
            vec!["w w/ []"],
        ),
        // A key that a column has already.
        (
            "s3://bucket/w",
            vec![("w/id=7/a.csv", albums())],
            vec!["w w/ [partition_0] 7"],
        ),
        // What Hive hides, and what is of no known format.
        (
            "s3://bucket/w",
            vec![
                ("w/a.csv", albums()),
                ("w/b.csv", albums()),
                ("w/c.csv", albums()),
                ("w/README", strange()),
                ("w/_SUCCESS", strange()),
            ],
            vec!["w w/ []"],
        ),
        (
            "s3://bucket/w",
            vec![("w/a.csv", albums()), ("w/b.png", strange())],
            vec!["a_csv w/a.csv []"],
        ),
        ("s3://bucket/w", vec![("w/b.png", strange())], vec![]),
        ("s3://bucket/w", vec![], vec![]),
    ];
    for (target, keys, expected) in layouts {
        let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
        assert_eq!(
            found(target, &keys, &Grouping::default()),
            expected,
            "{target}: {names:?}"
        );
    }
}

#[test]
fn tables_of_one_name_are_told_apart() {
    let keys = [
        ("w/x/t/a.csv", csv(ALBUMS)),
        ("w/x/u/a.csv", csv(ARTISTS)),
        ("w/y/t/a.csv", csv(ALBUMS)),
        ("w/y/u/a.csv", csv(ARTISTS)),
    ];
    let names: Vec<String> = found("s3://bucket/w", &keys, &Grouping::default())
        .iter()
        .map(|line| line.split(' ').next().expect("a name").to_owned())
        .collect();
    let distinct = |name, location| distinct_name(name, &format!("s3://bucket/{location}"));
    assert_eq!(
        names,
        [
            "t".to_owned(),
            "u".to_owned(),
            distinct("t", "w/y/t/"),
            distinct("u", "w/y/u/")
        ]
    );
}

#[test]
fn schemas_that_are_alike_are_one_table_with_all_columns() {
    let keys = [
        ("w/d=1/a.csv", csv("a bigint; b string; c string; d string")),
        (
            "w/d=2/a.csv",
            csv("a double; b string; c string; d string; e boolean"),
        ),
    ];
    let target = "s3://bucket/w".parse().expect("a target");
    let tables = group(&target, &objects(&keys), &Grouping::default());
    assert_eq!(tables.len(), 1);
    assert_eq!(
        tables[0].columns,
        columns("a double; b string; c string; d string; e boolean")
    );
    assert_eq!(
        tables[0].partitions[0].columns,
        columns("a bigint; b string; c string; d string")
    );
    assert_eq!(
        tables[0].partition_keys[0].name, "partition_0",
        "d is a column"
    );
    assert_eq!(
        tables[0].statistics,
        Statistics {
            objects: 2,
            bytes: 410,
            average_record_bytes: 20,
            records: 20
        }
    );
}

#[test]
fn grouping_can_be_told() {
    let keys = [("w/x/a.csv", csv(ALBUMS)), ("w/y/a.csv", csv(ARTISTS))];
    let combined = Grouping {
        combine: true,
        ..Grouping::default()
    };
    assert_eq!(
        found("s3://bucket/w", &keys, &combined),
        ["w w/ [partition_0] x y"]
    );
    let same = [("w/x/1/a.csv", csv(ALBUMS)), ("w/y/2/a.csv", csv(ALBUMS))];
    let level = Grouping {
        table_level: Some(3),
        prefix: "p_".to_owned(),
        ..Grouping::default()
    };
    assert_eq!(
        found("s3://bucket/w", &same, &level),
        ["p_x w/x/ [partition_0] 1", "p_y w/y/ [partition_0] 2"]
    );
}

#[test]
fn what_was_not_looked_into_is_like_its_neighbours() {
    let target = "s3://bucket/w".parse().expect("a target");
    let mut all = objects(&[("w/a/2.csv", csv(ALBUMS)), ("w/b/1.csv", csv(ARTISTS))]);
    for key in ["w/a/1.csv", "w/a/3.csv", "w/b/2.csv"] {
        all.push(Object {
            key: key.to_owned(),
            size: 205,
            sampled: None,
        });
    }
    let tables = group(&target, &all, &Grouping::default());
    let counts: Vec<_> = tables
        .iter()
        .map(|table| (table.name.as_str(), table.statistics.objects))
        .collect();
    assert_eq!(counts, [("a", 3), ("b", 2)]);
    assert_eq!(tables[0].statistics.records, 615 / 20);
}

fn crawl(run: &str) -> Crawl {
    Crawl {
        crawler: "c".to_owned(),
        run_id: run.to_owned(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn one_table(sampled: Sampled) -> FoundTable {
    let target = "s3://bucket/w".parse().expect("a target");
    group(
        &target,
        &objects(&[("w/k=1/a", sampled)]),
        &Grouping::default(),
    )
    .remove(0)
}

#[test]
fn the_catalog_carries_what_glue_writes() {
    let table = one_table(csv(ALBUMS)).table("db", &crawl("r1"));
    let parameters: Vec<String> = table
        .parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        parameters,
        [
            "CRAWL_RUN_ID=r1",
            "CrawlerSchemaDeserializerVersion=1.0",
            "CrawlerSchemaSerializerVersion=1.0",
            "UPDATED_BY_CRAWLER=c",
            "areColumnsQuoted=false",
            "averageRecordSize=20",
            "classification=csv",
            "columnsOrdered=true",
            "compressionType=none",
            "delimiter=,",
            "objectCount=1",
            "recordCount=10",
            "sizeKey=205",
            "skip.header.line.count=1",
            "typeOfData=file",
        ]
    );
    assert_eq!(table.storage.parameters, table.parameters);
    assert_eq!(table.storage.serde.library, LAZY_SIMPLE_SERDE);
    assert_eq!(table.storage.serde.parameters["field.delim"], ",");
    let mut quoted = csv(ALBUMS);
    quoted.csv = Some(CsvFacts {
        delimiter: b';',
        quoted: true,
        header: false,
    });
    let table = one_table(quoted).table("db", &crawl("r1"));
    assert_eq!(table.storage.serde.library, OPEN_CSV_SERDE);
    assert_eq!(table.storage.serde.parameters["separatorChar"], ";");
    assert_eq!(table.parameter("skip.header.line.count"), None);
    let mut json = of(Classification::Json, "b int; a int");
    json.paths = vec!["B".to_owned(), "a".to_owned()];
    let found = one_table(json);
    let table = found.table("db", &crawl("r1"));
    assert_eq!(table.storage.serde.library, OPENX_JSON_SERDE);
    assert_eq!(table.storage.serde.parameters["paths"], "B,a");
    let partition = &found.partitions(&crawl("r1"))[0];
    assert_eq!(
        (
            partition.values[0].as_str(),
            partition.storage.location.as_str()
        ),
        ("1", "s3://bucket/w/k=1/")
    );
}

#[test]
fn changes_follow_the_policy() {
    let mut old = one_table(csv(ALBUMS)).table("db", &crawl("r1"));
    old.storage.columns[0].comment = Some("the id".to_owned());
    old.parameters.insert("team".to_owned(), "data".to_owned());
    let same = one_table(csv(ALBUMS)).table("db", &crawl("r2"));
    let policy = ChangePolicy::default();
    assert_eq!(merge(&old, &same, policy), Change::None);
    let wider = one_table(csv("id string; n double; extra string")).table("db", &crawl("r2"));
    let Change::Update(next) = merge(&old, &wider, policy) else {
        panic!("no update")
    };
    assert_eq!(next.storage.columns[1..], columns("n double; extra string"));
    assert_eq!(next.storage.columns[0].comment.as_deref(), Some("the id"));
    assert_eq!(
        (next.parameter("team"), next.parameter("CRAWL_RUN_ID")),
        (Some("data"), Some("r2"))
    );
    let log = ChangePolicy {
        update: UpdateBehavior::Log,
        ..policy
    };
    let Change::Log(changes) = merge(&old, &wider, log) else {
        panic!("no log")
    };
    assert_eq!(
        changes,
        [
            "column \"n\" is of type double instead of bigint",
            "column \"extra\" of type string is new",
            "column \"name\" is gone",
        ]
    );
    let add_only = ChangePolicy {
        merge_new_columns: true,
        ..policy
    };
    let Change::Update(next) = merge(&old, &wider, add_only) else {
        panic!("no update")
    };
    assert_eq!(
        next.storage.columns[1..],
        columns("name string; n bigint; extra string")
    );
    let mut more = same.clone();
    more.parameters
        .insert("objectCount".to_owned(), "9".to_owned());
    assert!(
        matches!(merge(&old, &more, log), Change::Update(_)),
        "figures are no change of the schema"
    );
}

#[test]
fn what_vanishes_is_marked_once_deleted_or_logged() {
    let table = one_table(csv(ALBUMS)).table("db", &crawl("r1"));
    let at = Timestamp::from_millisecond(1_700_000_000_123).expect("a time");
    let policy = ChangePolicy::default();
    let Vanished::Deprecate(marked) = vanished(&table.parameters, policy, at) else {
        panic!("not marked")
    };
    assert_eq!(marked[DEPRECATED], "1700000000123");
    assert_eq!(vanished(&marked, policy, at), Vanished::Log);
    let delete = ChangePolicy {
        delete: DeleteBehavior::DeleteFromDatabase,
        ..policy
    };
    assert_eq!(vanished(&table.parameters, delete, at), Vanished::Delete);
    // What is back is no longer marked.
    let mut gone = table.clone();
    gone.parameters = marked;
    let Change::Update(back) = merge(&gone, &table, policy) else {
        panic!("no update")
    };
    assert_eq!(back.parameter(DEPRECATED), None);
}

#[test]
fn partitions_are_added_kept_and_marked() {
    let target: S3Uri = "s3://bucket/w".parse().expect("a target");
    let found = |keys: &[&str], run: &str| {
        let keys: Vec<(&str, Sampled)> = keys.iter().map(|key| (*key, csv(ALBUMS))).collect();
        let table = group(&target, &objects(&keys), &Grouping::default()).remove(0);
        (
            table.table("db", &crawl(run)),
            table.partitions(&crawl(run)),
        )
    };
    let (_, old) = found(&["w/k=1/a", "w/k=2/a"], "r1");
    let (table, new) = found(&["w/k=2/a", "w/k=3/a"], "r2");
    let changes = merge_partitions(
        &table,
        &old,
        &new,
        ChangePolicy::default(),
        Timestamp::UNIX_EPOCH,
    );
    let values = |partitions: &[stave_core::catalog::Partition]| {
        partitions
            .iter()
            .map(|partition| partition.values[0].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (values(&changes.add), values(&changes.update)),
        (vec!["3".to_owned()], vec!["1".to_owned()])
    );
    assert_eq!(changes.update[0].parameters[DEPRECATED], "0");
    assert!(changes.delete.is_empty() && changes.log.is_empty());
}

#[test]
fn ten_thousand_objects_are_grouped_at_once() {
    let target: S3Uri = "s3://bucket/w".parse().expect("a target");
    let all: Vec<Object> = (0..10_000)
        .map(|at| Object {
            key: format!("w/day={:04}/{at}.json", at % 1000),
            size: 100,
            sampled: Some(of(
                Classification::Json,
                &format!(
                    "id int; n bigint; x{} string; a int; b int; c int; d int",
                    at % 50
                ),
            )),
        })
        .collect();
    let tables = group(&target, &all, &Grouping::default());
    assert_eq!(
        (
            tables.len(),
            tables[0].partitions.len(),
            tables[0].columns.len()
        ),
        (1, 1000, 56)
    );
}
