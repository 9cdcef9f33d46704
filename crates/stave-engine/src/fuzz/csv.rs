//! CSV: any cutting gives the same rows and the same bad ones, which say where they stand;
//! whatever the bytes, the reader comes to an end.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::Target;
use crate::scan::{BadRow, Format};
use crate::text::{Compression, CsvFormat, Dialect, Matching, TextFile};

const NAME: &str = "s3://bucket/data.csv";
/// A chunk that holds every input, and such that cut it everywhere.
const CHUNKS: [usize; 4] = [1 << 20, 1, 7, 64];

const PIECES: &[&str] = &[
    ",",
    ";",
    "|",
    "\t",
    "\"",
    "\"\"",
    "'",
    "\\",
    "\\\"",
    "\\N",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\u{feff}",
    "\u{0}",
    "é",
    "漢字",
    "😀",
    " ",
    "NULL",
    "true",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e400",
    "nan",
    "0x1",
    "1_000",
    "1970-01-01",
    "2024-02-30",
    "9999-12-31 23:59:59.999999999",
    "0000-00-00",
    "12.345",
    "99999999999999999999.99",
    "\"a\nb\"",
    ",,,,",
    "\"open",
    "id,name",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

#[test]
fn csv_files() {
    let target = Target {
        name: "csv",
        pieces: PIECES,
        rule: any_cutting_is_the_same,
        inputs: 400,
    };
    target.run(Vec::new());
}

#[test]
fn compressed_csv_files() {
    let text = b"id,name\n1,\"one\nline\"\n2,two\n".repeat(20);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).expect("gzip");
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&text).expect("bzip2");
    let whole = [
        gzip.finish().expect("gzip"),
        bzip2.finish().expect("bzip2"),
        zstd::encode_all(text.as_slice(), 1).expect("zstd"),
    ];
    let target = Target {
        name: "compressed",
        pieces: &["\u{0}", "\u{1f}", "BZh9", "(", "\n", ","],
        rule: what_is_damaged_says_so,
        inputs: 400,
    };
    target.run(whole.to_vec());
}

/// How a file is read: a dialect, and the columns that are wanted.
fn readings() -> Vec<CsvFormat> {
    let strings = schema(&["id", "name", "col2"].map(|name| (name, DataType::Utf8View)));
    let typed = schema(&[
        ("id", DataType::Int64),
        ("name", DataType::Utf8View),
        ("share", DataType::Float64),
        ("day", DataType::Date32),
        ("at", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("price", DataType::Decimal128(10, 2)),
        ("is", DataType::Boolean),
    ]);
    let plain = Dialect {
        header: false,
        ..Dialect::default()
    };
    let strange = Dialect {
        delimiter: b';',
        quote: Some(b'\''),
        escape: Some(b'\\'),
        comment: Some(b'#'),
        skip_lines: 1,
        null_values: vec!["NULL".to_owned(), String::new()],
        ..Dialect::default()
    };
    let unquoted = Dialect {
        quote: None,
        ..plain.clone()
    };
    let by_name = [Dialect::default(), strange];
    let by_name = by_name.map(|dialect| (dialect, Matching::ByName));
    let by_place = [plain, unquoted, Dialect::hive(b','), Dialect::open_csv()];
    let by_place = by_place.map(|dialect| (dialect, Matching::ByPosition));
    let all = by_name.into_iter().chain(by_place);
    all.flat_map(|(dialect, matching)| {
        [&strings, &typed]
            .map(|columns| CsvFormat::new(dialect.clone(), matching, Arc::clone(columns)))
    })
    .collect()
}

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// All that comes of a file.
#[derive(Debug, Default, PartialEq)]
struct Reading {
    rows: Vec<Vec<Option<String>>>,
    bad: Vec<BadRow>,
    /// What was wrong with the file as a whole.
    error: Option<String>,
}

fn any_cutting_is_the_same(input: &[u8]) -> Result<(), String> {
    for mut format in readings() {
        let mut whole: Option<Reading> = None;
        for chunk_bytes in CHUNKS {
            format.chunk_bytes = chunk_bytes;
            let reading = read(input, Compression::None, &format);
            check(&reading, input).map_err(|fault| format!("{:?}: {fault}", format.dialect))?;
            match &whole {
                None => whole = Some(reading),
                Some(whole) if *whole != reading => {
                    return Err(format!(
                        "{:?}, chunks of {chunk_bytes} bytes give\n{reading:?}\ninstead of\n{whole:?}",
                        format.dialect
                    ));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

fn what_is_damaged_says_so(input: &[u8]) -> Result<(), String> {
    let format = CsvFormat::new(
        Dialect::default(),
        Matching::ByName,
        schema(&[("id", DataType::Utf8View)]),
    );
    for compression in [Compression::Gzip, Compression::Bzip2, Compression::Zstd] {
        let reading = read(input, compression, &format);
        if let Some(error) = reading.error.filter(|error| !error.starts_with(NAME)) {
            return Err(format!(
                "{compression:?}: the error does not name the file: {error}"
            ));
        }
    }
    Ok(())
}

/// What is bad says where.
fn check(reading: &Reading, input: &[u8]) -> Result<(), String> {
    let breaks = input
        .iter()
        .filter(|byte| matches!(byte, b'\n' | b'\r'))
        .count() as u64;
    for bad in &reading.bad {
        let is_placed = bad.file == NAME && (1..=breaks + 1).contains(&bad.line);
        if !is_placed || bad.reason.is_empty() {
            return Err(format!("a bad row does not say where it stands: {bad:?}"));
        }
    }
    match &reading.error {
        Some(error) if !error.starts_with(NAME) => {
            Err(format!("the error does not name the file: {error}"))
        }
        _ => Ok(()),
    }
}

fn read(input: &[u8], compression: Compression, format: &CsvFormat) -> Reading {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut reading = Reading::default();
    if let Err(error) = runtime.block_on(read_into(&mut reading, input, compression, format)) {
        reading.error = Some(error.to_string());
    }
    reading
}

async fn read_into(
    reading: &mut Reading,
    input: &[u8],
    compression: Compression,
    format: &CsvFormat,
) -> stave_core::Result<()> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("data.csv");
    let put = store.put(&path, Bytes::copy_from_slice(input).into());
    put.await.expect("put");
    let file = TextFile {
        meta: store.head(&path).await.expect("head"),
        store,
        name: NAME.to_owned(),
        compression,
    };
    let mut feed = format.feed(vec![file]);
    let projection: Vec<usize> = (0..format.columns.fields().len()).collect();
    while let Some(chunk) = feed.next().await? {
        format.check_file(&chunk.file)?;
        let decoded = format.decode(chunk, &projection, &format.columns)?;
        reading.bad.extend(decoded.bad);
        reading.rows.extend(rows(&decoded.batch));
    }
    Ok(())
}

fn rows(batch: &RecordBatch) -> Vec<Vec<Option<String>>> {
    let options = FormatOptions::default();
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| {
            (
                column,
                ArrayFormatter::try_new(column, &options).expect("printable"),
            )
        })
        .collect();
    let cell = |row: usize| {
        let cells = columns.iter();
        cells
            .map(|(column, printed)| (!column.is_null(row)).then(|| printed.value(row).to_string()))
            .collect()
    };
    (0..batch.num_rows()).map(cell).collect()
}
