//! `query`.

use crate::program::{Program, files};

/// In quotes all through, so that a comma in a value splits nothing.
const TRACKS: &str = "\
\"track_id\",\"name\",\"ms\",\"popularity\"
\"t1\",\"Blue\",\"188360\",\"67\"
\"t2\",\"Red\",\"\",\"48\"
\"t3\",\"Never, ever\",\"177483\",\"91\"
";

/// A home with a crawled table of three tracks.
fn tracks() -> Program {
    let program = Program::with_bucket("lake");
    program.put("s3://lake/raw/tracks/1.csv", TRACKS);
    crawl(&program);
    program
}

/// Crawls the two folders; each is a table of its own.
fn crawl(program: &Program) {
    let create = ["crawler", "create", "c", "--database", "db"];
    let targets = ["tracks", "copy"].map(|name| format!("--target=s3://lake/raw/{name}/"));
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    program.run(&[&create[..], &targets].concat());
    program.ok(&["crawler", "run", "c"]);
}

#[test]
fn results_come_in_every_format() {
    let program = tracks();
    let sql = "SELECT track_id, name, ms FROM tracks ORDER BY track_id";
    let query = ["query", "-d", "db", sql];
    let said = program.run(&query);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let drawn = "\
┌──────────┬─────────────┬────────┐
│ track_id ┆ name        ┆ ms     │
╞══════════╪═════════════╪════════╡
│ t1       ┆ Blue        ┆ 188360 │
│ t2       ┆ Red         ┆   NULL │
│ t3       ┆ Never, ever ┆ 177483 │
└──────────┴─────────────┴────────┘
";
    assert_eq!(said.out, drawn);
    assert!(
        said.err.starts_with("3 rows in ") && said.err.contains(" scanned"),
        "{}",
        said.err
    );
    let csv = "\"track_id\",\"name\",\"ms\"\n\"t1\",\"Blue\",\"188360\"\n\"t2\",\"Red\",\n\"t3\",\"Never, ever\",\"177483\"\n";
    let json = "{\"track_id\":\"t1\",\"name\":\"Blue\",\"ms\":188360}\n{\"track_id\":\"t2\",\"name\":\"Red\",\"ms\":null}\n{\"track_id\":\"t3\",\"name\":\"Never, ever\",\"ms\":177483}\n";
    for (format, expected) in [("table", drawn), ("csv", csv), ("json", json)] {
        assert_eq!(
            program.ok(&[&query[..], &["--format", format]].concat()),
            expected
        );
        // The same into a file, by the format or by the name's ending.
        let named = format!("out.{format}");
        let target = ["--output", &named, "--format", format];
        assert_eq!(program.ok(&[&query[..], &target].concat()), "");
        program.ok(&[&query[..], &["-o", "again.csv"]].concat());
        let written = std::fs::read_to_string(program.path(&named)).expect("written");
        assert_eq!(written, expected);
    }
    let again = std::fs::read_to_string(program.path("again.csv")).expect("written");
    assert_eq!(again, csv);
    assert_eq!(program.ok(&[&["--json"][..], &query].concat()), json);
}

#[test]
fn parquet_is_written_whole_and_read_back() {
    let program = tracks();
    let sql = "SELECT track_id, popularity, cast(ms AS double) AS ms FROM tracks";
    program.ok(&["query", "-d", "db", sql, "-o", "tracks.parquet"]);
    let bytes = std::fs::read(program.path("tracks.parquet")).expect("written");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    program.ok(&[
        "query",
        "-d",
        "db",
        sql,
        "-o",
        "s3://lake/raw/copy/1.parquet",
    ]);
    let there = std::fs::read(program.home().join("buckets/lake/raw/copy/1.parquet"));
    assert_eq!(there.expect("put").len(), bytes.len());
    crawl(&program);
    assert_eq!(
        program.csv(
            "db",
            "SELECT track_id, popularity, ms FROM copy ORDER BY popularity"
        ),
        [
            "\"track_id\",\"popularity\",\"ms\"",
            "\"t2\",\"48\",",
            "\"t1\",\"67\",\"188360.0\"",
            "\"t3\",\"91\",\"177483.0\"",
        ]
    );
    let error = program.fails(2, &["query", "SELECT 1", "--format", "parquet"]);
    assert!(error.contains("hint: add --output FILE.parquet"), "{error}");
}

#[test]
fn a_file_may_hold_several_statements() {
    let program = tracks();
    let sql = "-- first; not a statement\nSELECT count(*) AS n FROM tracks;\n\n/* a ; here */\nSELECT name FROM tracks WHERE name <> ';' ORDER BY name LIMIT 1;\n;\n";
    program.file("report.sql", sql);
    let query = ["query", "-d", "db", "--format", "csv"];
    let expected = "\"n\"\n\"3\"\n\"name\"\n\"Blue\"\n";
    assert_eq!(
        program.ok(&[&query[..], &["-f", "report.sql"]].concat()),
        expected
    );
    let said = program.run_with(&[&query[..], &["-f", "-"]].concat(), sql.as_bytes());
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), expected),
        "{}",
        said.err
    );
    let error = program.fails(
        2,
        &[&query[..], &["-f", "report.sql", "-o", "x.csv"]].concat(),
    );
    assert!(error.contains("2 statements cannot share x.csv"), "{error}");
    assert!(!program.path("x.csv").exists());
}

#[test]
fn errors_point_at_the_line_of_the_file() {
    let program = tracks();
    program.file(
        "bad.sql",
        "SELECT 1 AS one;\n\n-- here\nSELECT nmae\nFROM tracks;\nSELECT 3",
    );
    let said = program.run(&["query", "-d", "db", "-f", "bad.sql", "--format", "csv"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), "\"one\"\n\"1\"\n")
    );
    assert!(
        said.err.ends_with(
            "error: line 4, column 8: column \"nmae\" does not exist\n   4 | SELECT nmae\n     |        ^^^^\n  hint: did you mean \"name\"?\n"
        ),
        "{}",
        said.err
    );
    for (database, sql, expected) in [
        (
            Some("db"),
            "select * from track",
            "error: line 1, column 15: table \"db.track\" does not exist\n   1 | select * from track\n     |               ^^^^^\n  hint: did you mean \"tracks\"?\n",
        ),
        (
            None,
            "select * from tracks",
            "error: line 1, column 15: no database is chosen\n   1 | select * from tracks\n     |               ^^^^^^\n  hint: write database.table, or choose one with -d; there is: db\n",
        ),
        (
            Some("bd"),
            "select * from tracks",
            "error: line 1, column 15: database \"bd\" does not exist\n   1 | select * from tracks\n     |               ^^^^^^\n  hint: did you mean \"db\"?\n",
        ),
    ] {
        let database = database.map(|name| ["-d", name]);
        let database = database.iter().flatten().copied();
        let args: Vec<&str> = ["query", sql].into_iter().chain(database).collect();
        assert_eq!(program.fails(1, &args), expected);
    }
}

#[test]
fn a_wrong_target_is_refused_before_the_query_runs() {
    let program = tracks();
    program.file("folder/x", "");
    for (code, target, said) in [
        (1, "none/x.csv", "hint: make it first"),
        (
            1,
            "s3://none/x.csv",
            "hint: make it with: stave mb s3://none",
        ),
        (2, "s3://lake/x/", "write out the whole key"),
        (2, "folder", "is a directory"),
    ] {
        let error = program.fails(code, &["query", "SELECT 1", "-o", target]);
        assert!(error.contains(said), "{target}: {error}");
    }
    for args in [
        &["query"][..],
        &["query", ""],
        &["query", "-- nothing"],
        &["query", "SELECT 1", "-f", "x"],
    ] {
        program.fails(2, args);
    }
    let error = program.fails(1, &["query", "-f", "none.sql"]);
    assert!(error.contains("cannot read none.sql"), "{error}");
}

#[test]
fn a_result_that_fails_leaves_the_old_file() {
    let program = tracks();
    std::fs::write(program.path("old.csv"), "old").expect("written");
    program.put("s3://lake/old.csv", "old");
    // The last row is the one that is no number.
    let sql = "SELECT cast(CASE WHEN track_id = 't3' THEN name ELSE '1' END AS bigint) FROM tracks";
    for target in ["old.csv", "s3://lake/old.csv"] {
        let error = program.fails(1, &["query", "-d", "db", sql, "-o", target]);
        assert!(error.contains("Never, ever"), "{error}");
    }
    assert_eq!(
        files(&program.path("")),
        [("old.csv".to_owned(), b"old".to_vec())],
        "the old one, and nothing beside it"
    );
    assert_eq!(program.ok(&["cat", "s3://lake/old.csv"]), "old");
}

#[test]
fn a_damaged_file_fails_with_its_name() {
    let program = tracks();
    program.ok(&[
        "query",
        "-d",
        "db",
        "SELECT * FROM tracks",
        "-o",
        "s3://lake/raw/copy/1.parquet",
    ]);
    crawl(&program);
    let path = program.home().join("buckets/lake/raw/copy/1.parquet");
    let whole = std::fs::read(&path).expect("read");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let error = program.fails(1, &["query", "-d", "db", "SELECT * FROM copy"]);
    assert!(error.contains("s3://lake/raw/copy/1.parquet"), "{error}");
}
