//! Results as files.

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::spotify;

const SQL: &str =
    "select track_id, track_popularity / 2.0 as half, '' as \"Empty\", 'say \"hi\"' as said
    from track_data where track_id in ('t1', 't4') order by track_id";

#[tokio::test]
async fn csv_quotes_everything_but_null() {
    let lake = spotify().await;
    let mut out = Vec::new();
    let count = lake
        .start(SQL)
        .await
        .unwrap()
        .write_csv(&mut out)
        .await
        .unwrap();
    assert_eq!(count, 2);
    let expected = "\"track_id\",\"half\",\"Empty\",\"said\"\n\
        \"t1\",\"33.5\",\"\",\"say \"\"hi\"\"\"\n\
        \"t4\",,\"\",\"say \"\"hi\"\"\"\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[tokio::test]
async fn json_has_types() {
    let lake = spotify().await;
    let mut out = Vec::new();
    let count = lake
        .start(SQL)
        .await
        .unwrap()
        .write_json(&mut out)
        .await
        .unwrap();
    assert_eq!(count, 2);
    let expected = "{\"track_id\":\"t1\",\"half\":33.5,\"Empty\":\"\",\"said\":\"say \\\"hi\\\"\"}\n\
        {\"track_id\":\"t4\",\"half\":null,\"Empty\":\"\",\"said\":\"say \\\"hi\\\"\"}\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[tokio::test]
async fn parquet_appears_whole() {
    let lake = spotify().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.parquet");
    let count = lake
        .start(SQL)
        .await
        .unwrap()
        .write_parquet(&path)
        .await
        .unwrap();
    assert_eq!(count, 2);
    let file = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(file.metadata().file_metadata().num_rows(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let twice = lake
        .start("select 1 as n, 2 as n")
        .await
        .unwrap()
        .write_parquet(&path)
        .await;
    assert!(twice.unwrap_err().to_string().contains("are called \"n\""));
}
