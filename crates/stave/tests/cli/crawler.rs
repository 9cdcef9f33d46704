//! `crawler`.

use serde_json::{Value, json};

use crate::program::Program;

const ALBUMS: &str =
    "album_id,name,label,year,popularity\na1,Blue,Asylum,1971,61\na2,Red,EG,1974,48\n";
const WIDER: &str = "album_id,name,label,year,popularity,country\na3,Green,Warner,1988,7,US\n";

/// Makes a crawler `c` of a folder below `raw/` that writes to the database `db`.
fn crawler(program: &Program, folder: &str, more: &[&str]) {
    let target = format!("s3://lake/raw/{folder}");
    let create = [
        "crawler",
        "create",
        "c",
        "--target",
        &target,
        "--database",
        "db",
    ];
    program.ok(&[&create[..], more].concat());
}

/// Crawls; every table that was seen, as `name OUTCOME classification partitions objects`.
fn crawl(program: &Program) -> Vec<String> {
    let crawl = program.json(&["crawler", "run", "c"]);
    assert_eq!(crawl["State"], "SUCCEEDED");
    let tables = crawl["Tables"].as_array().expect("tables").iter();
    let text = |table: &Value, member: &str| match &table[member] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    tables
        .map(|table| {
            let members = [
                "Table",
                "Outcome",
                "Classification",
                "Partitions",
                "Objects",
            ];
            members.map(|member| text(table, member)).join(" ")
        })
        .collect()
}

#[test]
fn a_crawler_comes_crawls_and_goes() {
    let program = Program::with_bucket("lake");
    program.put("s3://lake/raw/albums/1.csv", ALBUMS);
    let said = program.run(&["crawler", "ls"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert!(said.err.contains("stave crawler create"), "{}", said.err);
    crawler(&program, "albums/", &["--prefix", "raw_"]);
    let list = program.json(&["crawler", "ls"]);
    assert_eq!(list[0]["Name"], "c");
    assert_eq!(list[0]["State"], "READY");
    assert_eq!(list[0]["LastCrawl"], Value::Null);
    let said = program.run(&["crawler", "show", "c"]);
    assert!(said.out.contains("s3://lake/raw/albums/"), "{}", said.out);
    assert!(said.err.contains("it has not crawled yet"), "{}", said.err);
    let error = program.fails(
        1,
        &[
            "crawler",
            "create",
            "c",
            "--target",
            "s3://lake/",
            "--database",
            "db",
        ],
    );
    assert!(error.contains("crawler \"c\" exists already"), "{error}");

    let said = program.run(&["crawler", "run", "c"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.out.contains("│ raw_albums ┆ CREATED ┆ csv "),
        "{}",
        said.out
    );
    assert!(
        said.err.contains("s3://lake/raw/albums/: 1 object, "),
        "{}",
        said.err
    );
    assert!(
        said.err
            .contains("crawler c: 1 table created, 0 updated, 0 deleted, 0 partitions added"),
        "{}",
        said.err
    );
    let shown = program.json(&["crawler", "show", "c"]);
    assert_eq!(shown["DatabaseName"], "db");
    assert_eq!(shown["TablePrefix"], "raw_");
    assert_eq!(shown["Crawls"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["Crawls"][0]["TablesCreated"], 1);
    assert_eq!(
        program.json(&["crawler", "ls"])[0]["LastCrawl"],
        "SUCCEEDED"
    );

    program.ok(&["crawler", "rm", "c"]);
    assert_eq!(program.json(&["crawler", "ls"]), json!([]));
    assert!(
        program
            .fails(1, &["crawler", "run", "c"])
            .contains("does not exist")
    );
    assert_eq!(
        program.json(&["catalog", "tables", "db"])[0]["Name"],
        "raw_albums"
    );
}

#[test]
fn what_cannot_be_crawled_is_refused_or_noted() {
    let program = Program::with_bucket("lake");
    for args in [
        &["crawler", "create", "x", "--database", "db"][..],
        &["crawler", "create", "x", "--target", "s3://lake/"],
        &[
            "crawler",
            "create",
            "x",
            "--target",
            "lake",
            "--database",
            "db",
        ],
    ] {
        program.fails(2, args);
    }
    program.ok(&[
        "crawler",
        "create",
        "far",
        "--target",
        "s3://none/",
        "--database",
        "db",
    ]);
    let error = program.fails(1, &["crawler", "run", "far"]);
    assert!(
        error.contains("hint: make it with: stave mb s3://none"),
        "{error}"
    );
    let shown = program.json(&["crawler", "show", "far"]);
    assert_eq!(shown["Crawls"][0]["State"], "FAILED");
    let message = shown["Crawls"][0]["ErrorMessage"]
        .as_str()
        .expect("a message");
    assert!(
        message.contains("bucket \"none\" does not exist"),
        "{message}"
    );
    let error = program.fails(1, &["crawler", "run", "fra"]);
    assert!(error.contains("crawler \"fra\" does not exist"), "{error}");
}

#[test]
fn folders_become_partition_keys_that_queries_prune_by() {
    let program = Program::with_bucket("lake");
    for (key, text) in [
        (
            "events/year=2023/month=01/a.json",
            "{\"id\":\"e1\",\"ms\":5}\n{\"id\":\"e2\",\"ms\":6}\n",
        ),
        (
            "events/year=2023/month=02/a.json",
            "{\"id\":\"e3\",\"ms\":7}\n",
        ),
        ("plays/eu/1.csv", "id,n\na,1\nb,2\n"),
        ("plays/us/1.csv", "id,n\nc,3\n"),
    ] {
        program.put(&format!("s3://lake/raw/{key}"), text);
    }
    crawler(&program, "", &[]);
    assert_eq!(
        crawl(&program),
        ["events CREATED json 2 2", "plays CREATED csv 2 2"]
    );
    let partitions = program.json(&["catalog", "partitions", "db.events"]);
    assert_eq!(partitions.as_array().map(Vec::len), Some(2));
    assert_eq!(
        program.csv("db", "SELECT * FROM plays ORDER BY id"),
        [
            "\"id\",\"n\",\"partition_0\"",
            "\"a\",\"1\",\"eu\"",
            "\"b\",\"2\",\"eu\"",
            "\"c\",\"3\",\"us\""
        ]
    );
    let sql = "SELECT id FROM events WHERE year = '2023' AND month = '02'";
    let said = program.run(&["query", "-d", "db", sql, "--format", "csv"]);
    assert_eq!(said.out, "\"id\"\n\"e3\"\n");
    assert!(
        said.err.contains("1 row in ") && said.err.contains(", 19 B scanned"),
        "{}",
        said.err
    );

    // A folder that comes later is a partition for the next crawl, an object in one for the next query.
    program.put(
        "s3://lake/raw/events/year=2023/month=03/a.json",
        "{\"id\":\"e4\",\"ms\":8}\n",
    );
    program.put(
        "s3://lake/raw/events/year=2023/month=02/b.json",
        "{\"id\":\"e5\",\"ms\":9}\n",
    );
    let count = "SELECT count(*) AS n FROM events";
    assert_eq!(program.csv("db", count), ["\"n\"", "\"4\""]);
    let crawled = program.json(&["crawler", "run", "c"]);
    assert_eq!(crawled["PartitionsAdded"], 1);
    assert_eq!(program.csv("db", count), ["\"n\"", "\"5\""]);
}

#[test]
fn a_changed_schema_is_taken_over_or_only_told() {
    for (policy, outcome, columns) in [("update-in-database", "UPDATED", 6), ("log", "LOGGED", 5)] {
        let program = Program::with_bucket("lake");
        program.put("s3://lake/raw/albums/1.csv", ALBUMS);
        crawler(&program, "albums/", &["--update-behavior", policy]);
        assert_eq!(crawl(&program), ["albums CREATED csv 0 1"]);
        program.put("s3://lake/raw/albums/2.csv", WIDER);
        assert_eq!(crawl(&program), [format!("albums {outcome} csv 0 2")]);
        let table = program.json(&["catalog", "table", "db.albums"]);
        let found = table["StorageDescriptor"]["Columns"]
            .as_array()
            .map(Vec::len);
        assert_eq!(found, Some(columns), "{policy}");
        assert_eq!(
            program
                .csv("db", "SELECT * FROM albums WHERE popularity > 50")
                .last()
                .map(String::as_str),
            Some(if columns == 6 {
                "\"a1\",\"Blue\",\"Asylum\",\"1971\",\"61\","
            } else {
                "\"a1\",\"Blue\",\"Asylum\",\"1971\",\"61\""
            })
        );
    }
}

#[test]
fn a_table_whose_data_is_gone_is_marked_or_removed() {
    for (policy, outcome, left) in [
        (
            "deprecate-in-database",
            Some("albums DEPRECATED csv 0 0"),
            1,
        ),
        ("delete-from-database", Some("albums DELETED csv 0 0"), 0),
        ("log", None, 1),
    ] {
        let program = Program::with_bucket("lake");
        program.put("s3://lake/raw/albums/1.csv", ALBUMS);
        crawler(&program, "albums/", &["--delete-behavior", policy]);
        crawl(&program);
        program.ok(&["rm", "--recursive", "s3://lake/raw/"]);
        assert_eq!(crawl(&program), Vec::from_iter(outcome), "{policy}");
        let tables = program.json(&["catalog", "tables", "db"]);
        assert_eq!(tables.as_array().map(Vec::len), Some(left), "{policy}");
        if policy == "deprecate-in-database" {
            let table = program.json(&["catalog", "table", "db.albums"]);
            assert!(
                table["Parameters"]["DEPRECATED_BY_CRAWLER"].is_string(),
                "{table}"
            );
        }
    }
}

#[test]
fn empty_broken_and_mixed_files_do_not_spoil_what_is_whole() {
    let program = Program::with_bucket("lake");
    let damaged = [b"PAR1".as_slice(), &[7; 90], b"PAR1"].concat();
    for (key, content) in [
        ("albums/1.csv", ALBUMS.as_bytes()),
        ("albums/empty.csv", b""),
        ("albums/_SUCCESS", b""),
        ("mixed/a.csv", b"x,y\n1,2\n3,4\n"),
        ("mixed/b.json", b"{\"z\":1}\n"),
        ("nothing/empty.csv", b""),
        ("damaged/a.parquet", &damaged),
        ("damaged2/a.csv.gz", b"\x1f\x8b\x08\x00garbage"),
        ("skipped/_tmp/a.json", b"{\"z\":1}\n"),
    ] {
        program.put(&format!("s3://lake/raw/{key}"), content);
    }
    crawler(&program, "", &["--exclude", "**/_tmp/**"]);
    assert_eq!(
        crawl(&program),
        [
            "albums CREATED csv 0 1",
            "a_csv CREATED csv 0 1",
            "b_json CREATED json 0 1"
        ]
    );
    assert_eq!(
        program.csv("db", "SELECT count(*) AS n FROM albums"),
        ["\"n\"", "\"2\""]
    );
    assert_eq!(
        program.csv("db", "SELECT z FROM b_json"),
        ["\"z\"", "\"1\""]
    );

    // A file that is damaged after the crawl fails the query with its name.
    let path = program.home().join("buckets/lake/raw/mixed/b.json");
    std::fs::write(path, b"{\"z\":1}\n{\"z\":\n").expect("written");
    let error = program.fails(1, &["query", "-d", "db", "SELECT z FROM b_json"]);
    assert!(
        error.contains("s3://lake/raw/mixed/b.json, line 2"),
        "{error}"
    );
}

#[test]
fn hostile_keys_are_crawled_and_queried() {
    let program = Program::with_bucket("lake");
    for (number, key) in [
        "a b",
        "quote'\"s",
        "日本 é",
        "%41",
        "semi;colon",
        "-dash",
        "#hash?q=1",
    ]
    .into_iter()
    .enumerate()
    {
        program.put(
            &format!("s3://lake/raw/odd/{key}/{key}.json"),
            format!("{{\"n\":{number}}}\n"),
        );
    }
    crawler(&program, "odd/", &[]);
    assert_eq!(crawl(&program), ["odd CREATED json 7 7"]);
    let rows = program.csv("db", "SELECT n, partition_0 FROM odd ORDER BY n");
    assert_eq!(
        rows[1..],
        [
            "\"0\",\"a b\"",
            "\"1\",\"quote'\"\"s\"",
            "\"2\",\"日本 é\"",
            "\"3\",\"%41\"",
            "\"4\",\"semi;colon\"",
            "\"5\",\"-dash\"",
            "\"6\",\"#hash?q=1\"",
        ]
    );
    let sql = "SELECT n FROM odd WHERE partition_0 = 'quote''\"s'";
    assert_eq!(program.csv("db", sql), ["\"n\"", "\"1\""]);
}
