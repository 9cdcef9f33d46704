//! Wrong SQL: where it is wrong and what was meant.

use stave_core::ErrorKind;

use super::spotify;

#[tokio::test]
async fn errors_point_at_the_place() {
    let lake = spotify().await;
    for (sql, message, hint) in [
        (
            "SELECT track_id,\n  trakc_name FROM track_data",
            "line 2, column 3: column \"trakc_name\" does not exist\n   2 |   trakc_name FROM track_data\n     |   ^^^^^^^^^^",
            "did you mean \"track_name\"?",
        ),
        (
            "SELECT track_id FROM track_dat",
            "line 1, column 22: table \"spotify.track_dat\" does not exist\n   1 | SELECT track_id FROM track_dat\n     |                      ^^^^^^^^^",
            "did you mean \"track_data\"?",
        ),
        (
            "select * from sptify.track_data",
            "line 1, column 15: database \"sptify\" does not exist\n   1 | select * from sptify.track_data\n     |               ^^^^^^^^^^^^^^^^^",
            "did you mean \"spotify\"?",
        ),
        (
            "select track_id from track_data where track_name = \"Adam Port\"",
            "line 1, column 52: column \"adam port\" does not exist\n   1 | select track_id from track_data where track_name = \"Adam Port\"\n     |                                                    ^^^^^^^^^^^",
            "text stands in single quotes",
        ),
        (
            "# top tracks\nselect 1",
            "line 1, column 1: # does not begin a comment\n   1 | # top tracks\n     | ^",
            "--",
        ),
        (
            "SELEC track_id FROM track_data",
            "line 1, column 1: expected: an SQL statement, found: SELEC",
            "did you mean SELECT instead of \"SELEC\"?",
        ),
        (
            "select * form track_data",
            "found: form",
            "did you mean FROM instead of \"form\"?",
        ),
        ("select (1", "line 1, column 10: ", ""),
        (
            "select 'open",
            "unterminated string literal",
            "single quotes",
        ),
        (
            "select foo.track_id from track_data t",
            "table \"foo\" is not in this part of the query",
            "t",
        ),
        (
            "select album_id from track_data, album_data",
            "column \"album_id\" is in more than one of the tables",
            "table.album_id",
        ),
        (
            "select lowr(track_id) from track_data",
            "invalid function",
            "lower",
        ),
        (
            "select track_id from track_data order by nope",
            "column \"nope\" does not exist",
            "there is: ",
        ),
        (
            "select 1; select 2",
            "a second statement begins after this",
            "one statement",
        ),
        (
            "select * from other.spotify.track_data",
            "there is no catalog \"other\"",
            "awsdatacatalog",
        ),
        (
            "show tables in nowhere",
            "database \"nowhere\" does not exist",
            "spotify",
        ),
        (
            "describe trak_data",
            "table \"spotify.trak_data\" does not exist",
            "track_data",
        ),
        ("show partitions track_data", "is not partitioned", ""),
        (
            "select track_id, count(*) from track_data",
            "track_id",
            "GROUP BY",
        ),
    ] {
        let error = lake.error(sql).await;
        let text = error.to_string();
        assert!(
            text.to_lowercase().contains(&message.to_lowercase()),
            "{sql}\n{text}"
        );
        let given = error.hint_text().unwrap_or_default();
        assert!(given.contains(hint), "{sql}\n{text}\nhint: {given}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_its_name() {
    let lake = spotify().await;
    for (sql, name) in [
        (
            "create external table x (a int) location 's3://b/'",
            "CREATE EXTERNAL TABLE",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "CREATE EXTERNAL TABLE",
        ),
        ("copy (select 1) to '/tmp/x.csv'", "COPY"),
        ("set datafusion.execution.batch_size = 1", "SET"),
        ("create table x as select 1", "CREATE TABLE"),
        (
            "create or replace view v as select 1",
            "CREATE OR REPLACE VIEW",
        ),
        ("drop table track_data", "DROP TABLE"),
        ("insert into track_data values (1)", "INSERT INTO"),
        ("msck repair table track_data", "MSCK REPAIR"),
        ("unload (select 1) to 's3://b/'", "UNLOAD"),
        ("explain create table x as select 1", "EXPLAIN CREATE"),
        ("explain copy (select 1) to '/tmp/x'", "EXPLAIN COPY"),
        ("select 1 into x", "SELECT INTO"),
        (
            "with x as (select 1) insert into track_data select * from x",
            "a statement that changes data",
        ),
        ("show create table track_data", "SHOW CREATE TABLE"),
        ("show functions", "SHOW FUNCTIONS"),
        (
            "describe formatted track_data",
            "DESCRIBE EXTENDED and FORMATTED",
        ),
        (
            "select * from track_data tablesample bernoulli (10)",
            "TABLESAMPLE",
        ),
        (
            "select * from (select 1) t tablesample system (10)",
            "TABLESAMPLE",
        ),
        (
            "select cast('2024-01-01' as timestamp with time zone)",
            "TIMESTAMP WITH TIME ZONE",
        ),
        (
            "select timestamp '2024-01-01 00:00:00 UTC'",
            "TIMESTAMP WITH TIME ZONE",
        ),
        (
            "select substr('abc', -2)",
            "counting from the end in substr",
        ),
    ] {
        let error = lake.error(sql).await;
        let text = error.to_string();
        assert!(
            text.contains(&format!("{name} is not supported yet")),
            "{sql}\n{text}"
        );
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{sql}");
    }
}

#[tokio::test]
async fn no_file_is_read_by_its_name() {
    let lake = spotify().await;
    for sql in [
        "select * from '/etc/passwd'",
        "select * from \"/etc/passwd\"",
        "select * from read_csv('/etc/passwd')",
    ] {
        lake.error(sql).await;
    }
}

#[tokio::test]
async fn without_a_database_the_names_must_say_it() {
    let lake = spotify().await;
    let catalog =
        std::sync::Arc::clone(&lake.catalog) as std::sync::Arc<dyn crate::catalog::Catalog>;
    let error = lake
        .engine
        .query(&catalog, None, "select * from track_data")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("no database is chosen"),
        "{error}"
    );
    let result = lake
        .engine
        .query(&catalog, None, "select * from spotify.track_data")
        .await;
    assert!(result.is_ok());
}
