//! Tables of every form: which files are read, and how.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use stave_core::catalog::{
    LAZY_SIMPLE_SERDE, OPEN_CSV_SERDE, OPENX_JSON_SERDE, PARQUET_SERDE, Table,
};

use super::{Lake, csv_table, read};
use crate::testing::{columns, table};

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn integers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn partitioned(lake: &Lake, mut table: Table, keys: &[&str]) {
    table.partition_keys = columns(keys);
    lake.catalog.add(table.clone());
    for (year, city) in [
        ("2023", "Kyiv"),
        ("2024", "Oslo"),
        ("2024", "__HIVE_DEFAULT_PARTITION__"),
    ] {
        let location = format!("s3://lake/t/year={year}/city={city}/");
        lake.catalog.add_partition(&table, &[year, city], &location);
    }
}

#[tokio::test]
async fn only_partitions_that_can_match_are_read() {
    let lake = Lake::new();
    for (key, text) in [
        ("2023/city=Kyiv", "n\n1\n"),
        ("2024/city=Oslo", "n\n2\n"),
        ("2024/city=__HIVE_DEFAULT_PARTITION__", "n\n3\n"),
    ] {
        lake.buckets
            .put(&format!("s3://lake/t/year={key}/a.csv"), text)
            .await;
    }
    let table = csv_table("spotify.t", "s3://lake/t/", &["n bigint"]);
    partitioned(&lake, table, &["year int", "city string"]);
    for (condition, rows, files) in [
        ("true", vec!["1|2023|Kyiv", "2|2024|Oslo", "3|2024|∅"], 3),
        ("year = 2024", vec!["2|2024|Oslo", "3|2024|∅"], 2),
        ("year > 2023 and n = 2", vec!["2|2024|Oslo"], 2),
        (
            "year in (2023, 2025) or city = 'Oslo'",
            vec!["1|2023|Kyiv", "2|2024|Oslo"],
            2,
        ),
        ("city is null", vec!["3|2024|∅"], 1),
        ("city <> 'Oslo'", vec!["1|2023|Kyiv"], 1),
        ("year = 1999", vec![], 0),
        (
            "year = (select max(2024))",
            vec!["2|2024|Oslo", "3|2024|∅"],
            3,
        ),
    ] {
        lake.buckets.take_read("lake");
        let sql = format!("select * from t where {condition} order by n");
        let mut result = lake.start(&sql).await.expect(&sql);
        assert_eq!(read(&mut result).await.expect(&sql), rows, "{sql}");
        assert_eq!(lake.buckets.take_read("lake").len(), files, "{sql}");
        assert_eq!(result.statistics().files, files as u64, "{sql}");
    }
    let partitions = lake.rows("show partitions t").await.unwrap();
    assert_eq!(partitions[0], "year=2023/city=Kyiv");
    let described = lake.rows("describe t").await.unwrap();
    assert_eq!(described[..3], ["n|bigint|", "year|int|", "city|string|"]);
    assert!(described.contains(&"# Partition Information||".to_owned()));
}

#[tokio::test]
async fn partitions_of_parquet_prune_too() {
    let lake = Lake::new();
    for (key, value) in [("2023/city=Kyiv", 1), ("2024/city=Oslo", 2)] {
        let bytes = parquet(vec![("n", integers(&[value]))]);
        lake.buckets
            .put(&format!("s3://lake/t/year={key}/a.parquet"), bytes)
            .await;
    }
    let table = table("spotify.t", PARQUET_SERDE, "s3://lake/t/", &["n bigint"]);
    partitioned(&lake, table, &["year string", "city string"]);
    let rows = lake
        .rows("select * from t where year = '2024'")
        .await
        .unwrap();
    assert_eq!(rows, ["2|2024|Oslo"]);
    assert_eq!(
        lake.buckets.take_read("lake"),
        ["t/year=2024/city=Oslo/a.parquet"]
    );
    assert_eq!(
        lake.rows("select count(*), sum(n) from t").await.unwrap(),
        ["2|3"]
    );
    assert_eq!(
        lake.rows("select city from t where n = 1").await.unwrap(),
        ["Kyiv"]
    );
}

#[tokio::test]
async fn a_new_object_is_seen_by_the_next_query() {
    let lake = Lake::new();
    lake.buckets
        .put(
            "s3://lake/p/a.parquet",
            parquet(vec![("n", integers(&[1]))]),
        )
        .await;
    lake.buckets.put("s3://lake/c/a.csv", "n\n1\n").await;
    lake.catalog.add(table(
        "spotify.p",
        PARQUET_SERDE,
        "s3://lake/p",
        &["n bigint"],
    ));
    lake.catalog
        .add(csv_table("spotify.c", "s3://lake/c", &["n bigint"]));
    let sql = "select count(*) from p union all select count(*) from c";
    assert_eq!(lake.rows(sql).await.unwrap(), ["1", "1"]);
    lake.buckets
        .put(
            "s3://lake/p/deep/b.parquet",
            parquet(vec![("n", integers(&[2, 3]))]),
        )
        .await;
    lake.buckets
        .put("s3://lake/c/deep/b.csv", "n\n2\n3\n")
        .await;
    assert_eq!(lake.rows(sql).await.unwrap(), ["3", "3"]);
}

#[tokio::test]
async fn hidden_and_empty_files_are_passed_over() {
    let lake = Lake::new();
    lake.buckets
        .put(
            "s3://lake/p/a.parquet",
            parquet(vec![("n", integers(&[1]))]),
        )
        .await;
    lake.buckets.put("s3://lake/p/_SUCCESS", "no parquet").await;
    lake.buckets.put("s3://lake/p/.a.crc", "no parquet").await;
    lake.buckets
        .put("s3://lake/p/_temporary/b.parquet", "no parquet")
        .await;
    lake.buckets.put("s3://lake/p/empty", "").await;
    lake.catalog.add(table(
        "spotify.p",
        PARQUET_SERDE,
        "s3://lake/p/",
        &["n bigint"],
    ));
    assert_eq!(lake.rows("select * from p").await.unwrap(), ["1"]);
    lake.catalog.add(table(
        "spotify.none",
        PARQUET_SERDE,
        "s3://lake/none/",
        &["n bigint"],
    ));
    assert_eq!(lake.rows("select count(*) from none").await.unwrap(), ["0"]);
    assert_eq!(
        lake.rows("select * from none where n > 1").await.unwrap(),
        [""; 0]
    );
}

#[tokio::test]
async fn parquet_columns_are_found_by_name_in_any_case() {
    let lake = Lake::new();
    let small: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let first = parquet(vec![
        ("Name", texts(&["x"])),
        ("N", small),
        ("extra", texts(&["!"])),
    ]);
    lake.buckets.put("s3://lake/p/a.parquet", first).await;
    lake.buckets
        .put(
            "s3://lake/p/b.parquet",
            parquet(vec![("n", integers(&[8]))]),
        )
        .await;
    let columns = ["n bigint", "name string", "gone double"];
    lake.catalog
        .add(table("spotify.p", PARQUET_SERDE, "s3://lake/p/", &columns));
    assert_eq!(
        lake.rows("select * from p order by n").await.unwrap(),
        ["7|x|∅", "8|∅|∅"]
    );
    assert_eq!(
        lake.rows("select n from p where name = 'x'").await.unwrap(),
        ["7"]
    );
    assert_eq!(
        lake.rows("select count(name), max(n), count(*) from p")
            .await
            .unwrap(),
        ["1|8|2"]
    );
    assert_eq!(
        lake.rows("select n from p where n > 7").await.unwrap(),
        ["8"]
    );
}

#[tokio::test]
async fn parquet_values_of_another_type_are_cast_or_refused() {
    let lake = Lake::new();
    lake.buckets
        .put("s3://lake/p/a.parquet", parquet(vec![("n", texts(&["5"]))]))
        .await;
    lake.catalog.add(table(
        "spotify.p",
        PARQUET_SERDE,
        "s3://lake/p/",
        &["n bigint"],
    ));
    assert_eq!(lake.rows("select n + 1 from p").await.unwrap(), ["6"]);
    lake.buckets
        .put(
            "s3://lake/p/b.parquet",
            parquet(vec![("n", texts(&["five"]))]),
        )
        .await;
    assert!(
        lake.error("select n from p")
            .await
            .to_string()
            .contains("five")
    );
    lake.buckets
        .put("s3://lake/p/c.parquet", "nothing of the kind")
        .await;
    let error = lake.error("select n from p").await;
    assert!(
        error.to_string().contains("s3://lake/p/c.parquet"),
        "{error}"
    );
}

#[tokio::test]
async fn open_csv_honours_quotes_and_lazy_simple_does_not() {
    let lake = Lake::new();
    lake.buckets
        .put("s3://lake/c/a.csv", "\"a,b\",1\n\"c\",2\n")
        .await;
    lake.catalog.add(table(
        "spotify.open",
        OPEN_CSV_SERDE,
        "s3://lake/c/",
        &["s string", "n string"],
    ));
    let mut lazy = table(
        "spotify.lazy",
        LAZY_SIMPLE_SERDE,
        "s3://lake/c/",
        &["s string", "n bigint"],
    );
    lazy.storage
        .serde
        .parameters
        .insert("field.delim".into(), ",".into());
    lake.catalog.add(lazy);
    assert_eq!(
        lake.rows("select * from open").await.unwrap(),
        ["a,b|1", "c|2"]
    );
    assert_eq!(
        lake.rows("select * from lazy").await.unwrap(),
        ["\"a|∅", "\"c\"|2"]
    );
}

#[tokio::test]
async fn delimiters_nulls_and_compression_are_the_tables() {
    let lake = Lake::new();
    let mut table = table(
        "spotify.c",
        LAZY_SIMPLE_SERDE,
        "s3://lake/c/",
        &["s string", "n bigint"],
    );
    for (name, value) in [
        ("field.delim", "|"),
        ("serialization.null.format", "-"),
        ("escape.delim", "\\"),
    ] {
        table
            .storage
            .serde
            .parameters
            .insert(name.into(), value.into());
    }
    lake.catalog.add(table);
    lake.buckets
        .put("s3://lake/c/a.csv", "a\\|b|1\n-|-\n")
        .await;
    let packed = zstd::encode_all(&b"c|3\n"[..], 1).unwrap();
    lake.buckets.put("s3://lake/c/b.csv.zst", packed).await;
    assert_eq!(
        lake.rows("select * from c order by n").await.unwrap(),
        ["a|b|1", "c|3", "∅|∅"]
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_when_it_is_queried() {
    let lake = Lake::new();
    let orc = "org.apache.hadoop.hive.ql.io.orc.OrcSerde";
    lake.catalog
        .add(table("spotify.orc", orc, "s3://lake/o/", &["n bigint"]));
    let mut view = table("spotify.v", "", "", &["n bigint"]);
    view.table_type = "VIRTUAL_VIEW".to_owned();
    lake.catalog.add(view);
    let mut projected = csv_table("spotify.projected", "s3://lake/c/", &["n bigint"]);
    projected
        .parameters
        .insert("projection.enabled".into(), "true".into());
    lake.catalog.add(projected);
    assert_eq!(
        lake.rows("show tables").await.unwrap(),
        ["orc", "projected", "v"]
    );
    assert_eq!(lake.rows("describe orc").await.unwrap(), ["n|bigint|"]);
    for (name, reason) in [
        ("orc", orc),
        ("v", "views are not supported yet"),
        ("projected", "partition projection"),
    ] {
        let error = lake.error(&format!("select * from {name}")).await;
        assert!(error.to_string().contains(reason), "{error}");
        assert!(
            error.to_string().contains(&format!("spotify.{name}")),
            "{error}"
        );
    }
    let mut keyed = csv_table("spotify.keyed", "s3://lake/k/", &["n bigint"]);
    keyed.partition_keys = columns(&["year int"]);
    lake.catalog.add(keyed.clone());
    lake.catalog
        .add_partition(&keyed, &["soon"], "s3://lake/k/year=soon/");
    let error = lake.error("select * from keyed").await;
    assert!(
        error.to_string().contains("partition's value of \"year\""),
        "{error}"
    );
}

#[tokio::test]
async fn json_columns_are_found_by_name_in_any_case() {
    let lake = Lake::new();
    let lines = "{\"Id\": 1, \"album\": {\"Name\": \"x\"}, \"more\": true}\n{\"id\": 2}\n";
    lake.buckets.put("s3://lake/j/a.json", lines).await;
    let columns = ["id bigint", "album struct<name:string>", "gone double"];
    lake.catalog.add(table(
        "spotify.j",
        OPENX_JSON_SERDE,
        "s3://lake/j/",
        &columns,
    ));
    let rows = lake
        .rows("select id, album, gone, album.name from j order by id")
        .await
        .unwrap();
    assert_eq!(rows, ["1|{name=x}|∅|x", "2|∅|∅|∅"]);
}
