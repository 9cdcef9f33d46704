//! Statements: queries, names of columns, SHOW and DESCRIBE.

use super::{names, read, spotify};

#[tokio::test]
async fn delimited_text_splits_at_every_comma() {
    let lake = spotify().await;
    let rows = lake
        .rows("SELECT * FROM track_data ORDER BY track_id")
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            "t1|Never Walk Alone|188360|67|a1",
            "t2|\"Gone|∅|200000|55",
            "t3|Move|177483|91|a1",
            "t4|Short|∅|∅|∅",
        ]
    );
}

#[tokio::test]
async fn queries_answer_as_athena_does() {
    let lake = spotify().await;
    for (sql, expected) in [
        (
            "SELECT a.album_name, AVG(t.track_popularity) AS p FROM track_data t
             JOIN album_data a ON t.album_id = a.album_id GROUP BY a.album_name",
            vec!["Move|79.0"],
        ),
        (
            "select avg(track_duration) from \"spotify\".\"track_data\"",
            vec!["182921.5"],
        ),
        (
            "select count(*) from AwsDataCatalog.spotify.track_data;",
            vec!["4"],
        ),
        (
            "select track_id from `track_data` order by track_popularity desc limit 2",
            vec!["t2", "t3"],
        ),
        (
            "select track_id from track_data order by track_duration desc",
            vec!["t1", "t3", "t2", "t4"],
        ),
        (
            "select concat('a', NULL), concat('a', 'b', 'c')",
            vec!["∅|abc"],
        ),
        ("select regexp_replace('aXbX', 'X', '-')", vec!["a-b-"]),
        ("select element_at(make_array(5, 6), 2)", vec!["6"]),
        (
            "select true, cast('2024-01-02' as date), timestamp '2024-01-02 03:04:05'",
            vec!["true|2024-01-02|2024-01-02 03:04:05.000"],
        ),
        (
            "select make_array('a', NULL), named_struct('id', 1, 'name', 'x')",
            vec!["[a, null]|{id=1, name=x}"],
        ),
        (
            "with t as (select 1 as n union all select 2) select sum(n) from t",
            vec!["3"],
        ),
        ("select * from generate_series(1, 2)", vec!["1", "2"]),
        ("values (1, 'a'), (2, 'b')", vec!["1|a", "2|b"]),
    ] {
        let rows = lake.rows(sql).await;
        assert_eq!(
            rows.map_err(|error| error.to_string()),
            Ok(expected.into_iter().map(str::to_owned).collect()),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn columns_are_called_as_the_query_writes_them() {
    let lake = spotify().await;
    for (sql, expected) in [
        (
            "select Track_Name, count(*), 1 as \"Two Words\" from track_data group by track_name",
            vec!["Track_Name", "_col1", "Two Words"],
        ),
        (
            "select a.*, a.album_id from album_data a",
            vec!["album_id", "album_name", "released", "album_id"],
        ),
        (
            "select 1, 1, track_id, track_id from track_data",
            vec!["_col0", "_col1", "track_id", "track_id"],
        ),
        (
            "select t.album_id, a.album_id from track_data t, album_data a",
            vec!["album_id", "album_id"],
        ),
        ("select 1 as n union all select 2", vec!["n"]),
        (
            "select *, upper(album_name) from album_data",
            vec!["album_id", "album_name", "released", "_col3"],
        ),
    ] {
        let result = lake.start(sql).await.expect(sql);
        assert_eq!(names(&result), expected, "{sql}");
    }
}

#[tokio::test]
async fn types_have_the_names_of_athena() {
    let lake = spotify().await;
    let sql = "select track_id, track_duration, 1.5, make_array(1), true from track_data";
    let result = lake.start(sql).await.unwrap();
    let types: Vec<&str> = result
        .columns()
        .iter()
        .map(|column| column.type_name.as_str())
        .collect();
    assert_eq!(
        types,
        ["varchar", "bigint", "double", "array(bigint)", "boolean"]
    );
}

#[tokio::test]
async fn show_and_describe_ask_the_catalog() {
    let lake = spotify().await;
    for (sql, expected) in [
        ("SHOW DATABASES", vec!["spotify"]),
        ("show schemas like 's*'", vec!["spotify"]),
        ("show databases 'x*'", vec![]),
        ("SHOW TABLES", vec!["album_data", "track_data"]),
        ("show tables in Spotify 'al*'", vec!["album_data"]),
        (
            "SHOW COLUMNS IN album_data",
            vec!["album_id", "album_name", "released"],
        ),
        (
            "show columns from album_data from spotify",
            vec!["album_id", "album_name", "released"],
        ),
        (
            "DESCRIBE spotify.album_data;",
            vec!["album_id|string|", "album_name|string|", "released|string|"],
        ),
    ] {
        assert_eq!(lake.rows(sql).await.expect(sql), expected, "{sql}");
    }
    let result = lake.start("describe album_data").await.unwrap();
    assert_eq!(names(&result), ["col_name", "data_type", "comment"]);
}

#[tokio::test]
async fn explain_shows_the_plan() {
    let lake = spotify().await;
    let plan = lake
        .rows("explain select track_id from track_data")
        .await
        .unwrap()
        .join("\n");
    assert!(plan.contains("TextScan"), "{plan}");
    let plan = lake
        .rows("explain analyze select track_id from track_data")
        .await
        .unwrap()
        .join("\n");
    assert!(plan.contains("output_rows"), "{plan}");
}

#[tokio::test]
async fn what_was_read_is_counted() {
    let lake = spotify().await;
    let mut result = lake.start("select track_id from track_data").await.unwrap();
    read(&mut result).await.unwrap();
    let statistics = result.statistics();
    assert_eq!((statistics.rows, statistics.files), (4, 1));
    assert!(statistics.scanned_bytes > 90, "{statistics:?}");
}
