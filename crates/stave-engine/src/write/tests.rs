//! What is written comes back, by the general reader and whatever the encoding.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::statistics::Statistics;
use arrow::array::{
    ArrayRef, Date32Array, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringViewArray, TimestampMillisecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use proptest::prelude::*;

use super::folders::Folders;
use super::parquet::parquet;
use super::sink::Sink;
use super::{OutputFormat, OutputSpec, ParquetCompression};
use crate::text::Compression;

fn write_batches(
    batches: &[RecordBatch],
    compression: ParquetCompression,
) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("out.parquet");
    let file = File::create_new(&path).expect("a file");
    let mut encoder = parquet(file, &batches[0].schema(), compression).expect("an encoder");
    for batch in batches {
        encoder.write(batch).expect("written");
    }
    encoder.finish().expect("finished");
    (dir, path)
}

fn read_back(path: &PathBuf, schema: &SchemaRef) -> RecordBatch {
    let file = File::open(path).expect("the file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .expect("a footer")
        .with_batch_size(1 << 20)
        .build()
        .expect("a reader");
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("a batch")).collect();
    let read = batches
        .first()
        .map_or_else(|| Arc::clone(schema), RecordBatch::schema);
    let whole = concat_batches(&read, &batches).expect("one batch");
    let columns = whole.columns().iter().zip(schema.fields());
    let columns = columns
        .map(|(column, field)| arrow::compute::cast(column, field.data_type()).expect("a cast"))
        .collect();
    RecordBatch::try_new(Arc::clone(schema), columns).expect("the schema")
}

fn round_trip(batches: &[RecordBatch], compression: ParquetCompression) {
    let schema = batches[0].schema();
    let (_dir, path) = write_batches(batches, compression);
    let expected = concat_batches(&schema, batches).expect("one batch");
    assert_eq!(read_back(&path, &schema), expected);
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch")
}

/// Columns of every kind: clustered and unique, with and without NULL.
fn many_rows(rows: usize, seed: usize) -> RecordBatch {
    let strings = |f: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new((0..rows).map(f).collect::<StringViewArray>())
    };
    batch(vec![
        (
            "unique",
            strings(&|row| Some(format!("value {} of {seed}", row * 7919 % rows))),
        ),
        (
            "clustered",
            strings(&|row| Some(format!("cluster {}", row / 5 % 900))),
        ),
        (
            "sparse",
            strings(&|row| (row % 7 == 0).then(|| format!("{}", row % 3))),
        ),
        ("empty", strings(&|_| None)),
        ("blank", strings(&|_| Some(String::new()))),
        (
            "ids",
            Arc::new(
                (0..rows)
                    .map(|row| Some((row * 31) as i64 - 5000))
                    .collect::<Int64Array>(),
            ),
        ),
        (
            "few",
            Arc::new(
                (0..rows)
                    .map(|row| (row % 11 > 0).then_some((row % 100) as i64))
                    .collect::<Int64Array>(),
            ),
        ),
        (
            "seconds",
            Arc::new(
                (0..rows)
                    .map(|row| Some(row as f64 / 1000.0))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "odd",
            Arc::new(
                (0..rows)
                    .map(|row| Some([f64::NAN, -0.0, 0.0, f64::INFINITY][row % 4]))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "int",
            Arc::new(
                (0..rows)
                    .map(|row| Some(row as i32))
                    .collect::<Int32Array>(),
            ),
        ),
        (
            "float",
            Arc::new(
                (0..rows)
                    .map(|row| Some(row as f32))
                    .collect::<Float32Array>(),
            ),
        ),
        (
            "day",
            Arc::new(
                (0..rows)
                    .map(|row| Some(row as i32 / 10))
                    .collect::<Date32Array>(),
            ),
        ),
        (
            "time",
            Arc::new(
                (0..rows)
                    .map(|row| Some(row as i64 * 999))
                    .collect::<TimestampMillisecondArray>(),
            ),
        ),
    ])
}

#[test]
fn tables_of_many_pages_come_back() {
    let batches: Vec<RecordBatch> = (0..5).map(|seed| many_rows(17_011, seed)).collect();
    for compression in [
        ParquetCompression::Snappy,
        ParquetCompression::None,
        ParquetCompression::Zstd,
    ] {
        round_trip(&batches, compression);
    }
}

#[test]
fn small_and_empty_tables_come_back() {
    for rows in [0, 1, 7, 8, 9, 63] {
        round_trip(&[many_rows(rows, 0)], ParquetCompression::Snappy);
    }
}

#[test]
fn a_dictionary_that_grows_too_large_is_left() {
    // Few values at first, then ever new ones.
    let values = |row: usize| match row {
        0..30_000 => format!("{}", row % 10),
        _ => format!("a long value that is never seen again {row}"),
    };
    let column: StringViewArray = (0..200_000).map(|row| Some(values(row))).collect();
    let numbers: Int64Array = (0..200_000)
        .map(|row| Some(if row < 30_000 { row % 10 } else { row }))
        .collect();
    round_trip(
        &[batch(vec![
            ("s", Arc::new(column)),
            ("n", Arc::new(numbers)),
        ])],
        ParquetCompression::Snappy,
    );
}

#[test]
fn the_footer_tells_ranges_and_nulls() {
    let strings: StringViewArray = ["b", "é", "a"]
        .into_iter()
        .map(Some)
        .chain([None])
        .collect();
    let numbers: Float64Array = [Some(f64::NAN), Some(0.0), Some(-2.0), None]
        .into_iter()
        .collect();
    let (_dir, path) = write_batches(
        &[batch(vec![
            ("s", Arc::new(strings)),
            ("n", Arc::new(numbers)),
        ])],
        ParquetCompression::Snappy,
    );
    let reader = SerializedFileReader::new(File::open(path).expect("the file")).expect("a footer");
    let group = reader.metadata().row_group(0);
    match group.column(0).statistics() {
        Some(Statistics::ByteArray(range)) => {
            assert_eq!(
                range.min_opt().map(::parquet::data_type::ByteArray::data),
                Some("a".as_bytes())
            );
            assert_eq!(
                range.max_opt().map(::parquet::data_type::ByteArray::data),
                Some("é".as_bytes())
            );
            assert_eq!(range.null_count_opt(), Some(1));
        }
        other => panic!("{other:?}"),
    }
    match group.column(1).statistics() {
        Some(Statistics::Double(range)) => {
            assert_eq!(
                (range.min_opt(), range.max_opt()),
                (Some(&-2.0), Some(&0.0))
            );
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_strings_and_numbers_come_back(
        strings in prop::collection::vec(prop::option::of("[a-c]{0,2}|.{0,40}"), 0..300),
        numbers in prop::collection::vec(prop::option::of(any::<i64>()), 300),
    ) {
        let numbers = numbers.into_iter().take(strings.len());
        round_trip(
            &[batch(vec![
                ("s", Arc::new(strings.iter().cloned().collect::<StringViewArray>())),
                ("n", Arc::new(numbers.collect::<Int64Array>())),
            ])],
            ParquetCompression::Snappy,
        );
    }
}

#[test]
fn csv_and_json_are_written_plain_and_compressed() {
    let dir = tempfile::tempdir().expect("a folder");
    let strings: StringViewArray = [Some("a,b"), None, Some("say \"hi\"\n")]
        .into_iter()
        .collect();
    let numbers: Int64Array = [Some(1), Some(2), None].into_iter().collect();
    let rows = batch(vec![("s", Arc::new(strings)), ("n", Arc::new(numbers))]);
    let csv = "s,n\n\"a,b\",1\n,2\n\"say \"\"hi\"\"\n\",\n";
    let json = "{\"s\":\"a,b\",\"n\":1}\n{\"n\":2}\n{\"s\":\"say \\\"hi\\\"\\n\"}\n";
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Bzip2,
        Compression::Zstd,
    ] {
        for (format, expected) in [
            (
                OutputFormat::Csv {
                    delimiter: b',',
                    compression,
                },
                csv,
            ),
            (OutputFormat::Json { compression }, json),
        ] {
            let key = format!("{format:?}").replace(['{', '}', ' ', ':', ','], "");
            let schema = rows.schema();
            let mut sink = Sink::create(dir.path(), key, &format, &schema).expect("a sink");
            sink.write(&rows).expect("written");
            let written = sink.finish().expect("finished");
            assert_eq!(written.rows, 3);
            let file = File::open(&written.path).expect("the file");
            let mut text = String::new();
            let mut reader = compression.decode(file);
            std::io::Read::read_to_string(&mut reader, &mut text).expect("text");
            assert_eq!(text, expected, "{format:?}");
        }
    }
}

#[test]
fn partition_columns_become_folders() {
    let dir = tempfile::tempdir().expect("a folder");
    let genre: StringViewArray = ["rock", "pop", "rock", "a/b"]
        .into_iter()
        .map(Some)
        .chain([None])
        .collect();
    let id: Int64Array = (0..5).map(Some).collect();
    let rows = batch(vec![("genre", Arc::new(genre)), ("id", Arc::new(id))]);
    let spec = OutputSpec {
        directory: dir.path().to_owned(),
        prefix: "run-1".to_owned(),
        format: OutputFormat::Json {
            compression: Compression::None,
        },
        partition_by: vec!["genre".to_owned()],
        files: None,
    };
    let mut folders = Folders::new(Arc::new(spec), &rows.schema(), 0).expect("folders");
    folders.write(&rows).expect("written");
    let mut written: Vec<(String, String)> = folders
        .finish()
        .expect("finished")
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file.path).expect("text");
            (
                file.key.split_once("/run").expect("a folder").0.to_owned(),
                text,
            )
        })
        .collect();
    written.sort();
    let expected = [
        ("genre=__HIVE_DEFAULT_PARTITION__", "{\"id\":4}\n"),
        ("genre=a%2Fb", "{\"id\":3}\n"),
        ("genre=pop", "{\"id\":1}\n"),
        ("genre=rock", "{\"id\":0}\n{\"id\":2}\n"),
    ];
    assert_eq!(
        written,
        expected.map(|(folder, text)| (folder.to_owned(), text.to_owned()))
    );
}

#[test]
fn a_partition_key_that_is_no_column_is_refused() {
    let spec = OutputSpec {
        directory: PathBuf::from("/nowhere"),
        prefix: "run-1".to_owned(),
        format: OutputFormat::Json {
            compression: Compression::None,
        },
        partition_by: vec!["genr".to_owned()],
        files: None,
    };
    let schema = Arc::new(Schema::new(vec![
        Field::new("genre", DataType::Utf8View, true),
        Field::new("id", DataType::Int64, true),
    ]));
    let error = Folders::new(Arc::new(spec), &schema, 0)
        .err()
        .expect("refused");
    assert_eq!(error.hint_text(), Some("did you mean \"genre\"?"));
}
