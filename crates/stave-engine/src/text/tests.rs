//! The reader as a whole: any cutting gives the same rows, and the rows are
//! those that Python's `csv` module reads.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;

use super::*;
use crate::scan::{BadRow, Format};

type Row = Vec<Option<String>>;

async fn file(bytes: Vec<u8>, compression: Compression) -> TextFile {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("data.csv");
    store
        .put(&path, Bytes::from(bytes).into())
        .await
        .expect("put");
    TextFile {
        meta: store.head(&path).await.expect("head"),
        store,
        name: "s3://bucket/data.csv".to_owned(),
        compression,
    }
}

fn columns(width: usize) -> Arc<Schema> {
    let field = |at| Field::new(format!("col{at}"), DataType::Utf8View, true);
    Arc::new(Schema::new((0..width).map(field).collect::<Vec<_>>()))
}

/// As [`try_read`], of what can be read.
async fn read(
    bytes: Vec<u8>,
    dialect: &Dialect,
    width: usize,
    chunk_bytes: usize,
    compression: Compression,
) -> (Vec<Row>, Vec<BadRow>) {
    let read = try_read(bytes, dialect, width, chunk_bytes, compression);
    read.await.expect("readable")
}

/// Reads everything; the records that are no rows come beside the rows.
async fn try_read(
    bytes: Vec<u8>,
    dialect: &Dialect,
    width: usize,
    chunk_bytes: usize,
    compression: Compression,
) -> Result<(Vec<Row>, Vec<BadRow>), String> {
    let schema = columns(width);
    let format = CsvFormat {
        chunk_bytes,
        ..CsvFormat::new(dialect.clone(), Matching::ByPosition, Arc::clone(&schema))
    };
    let mut feed = format.feed(vec![file(bytes, compression).await]);
    let projection: Vec<usize> = (0..width).collect();
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    while let Some(chunk) = feed.next().await.map_err(|error| error.to_string())? {
        let decoded = format.decode(chunk, &projection, &schema).expect("decoded");
        bad.extend(decoded.bad);
        for row in 0..decoded.batch.num_rows() {
            let value = |column: &Arc<dyn Array>| {
                let strings = column.as_string_view();
                (!strings.is_null(row)).then(|| strings.value(row).to_owned())
            };
            rows.push(decoded.batch.columns().iter().map(value).collect());
        }
    }
    Ok((rows, bad))
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// Python's `csv.reader` with the default dialect and `newline=""` (`Modules/_csv.c`);
/// none for a last row whose quote is never closed.
fn python_rows(text: &str) -> (Vec<Vec<String>>, bool) {
    #[derive(PartialEq)]
    enum State {
        StartRecord,
        StartField,
        InField,
        InQuotes,
        QuoteInQuotes,
    }
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut state = State::StartRecord;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let line_end = c == '\n' || c == '\r';
        if line_end && state != State::InQuotes {
            if c == '\r' && chars.peek() == Some(&'\n') {
                chars.next();
            }
            if state != State::StartRecord {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            state = State::StartRecord;
            continue;
        }
        state = match (state, c) {
            (State::StartRecord | State::StartField, '"') => State::InQuotes,
            (State::InQuotes, '"') => State::QuoteInQuotes,
            (State::QuoteInQuotes, '"') => {
                field.push('"');
                State::InQuotes
            }
            (State::InQuotes, c) => {
                field.push(c);
                State::InQuotes
            }
            (_, ',') => {
                row.push(std::mem::take(&mut field));
                State::StartField
            }
            (_, c) => {
                field.push(c);
                State::InField
            }
        };
    }
    let open = state == State::InQuotes;
    if state != State::StartRecord && !open {
        row.push(field);
        rows.push(row);
    }
    (rows, open)
}

fn nasty_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => Just("a".to_owned()),
        3 => Just(",".to_owned()),
        3 => Just("\"".to_owned()),
        2 => Just("\n".to_owned()),
        1 => Just("\r".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => Just("\"\"".to_owned()),
        1 => Just("é漢".to_owned()),
        1 => Just("x".repeat(70)),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn no_header() -> Dialect {
    Dialect {
        header: false,
        ..Dialect::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn rows_are_those_of_python(text in nasty_text(), chunk_bytes in 1_usize..200) {
        let (expected, open) = python_rows(&text);
        // The first record decides how wide the others must be.
        let Some(width) = expected.first().map(Vec::len) else { return Ok(()) };
        let right = |row: &&Vec<String>| row.len() == width;
        let rows: Vec<Row> = expected.iter().filter(right)
            .map(|row| row.iter().cloned().map(Some).collect()).collect();
        let wrong = expected.iter().filter(|row| !right(row)).count() + usize::from(open);
        let bytes = text.clone().into_bytes();
        let (found, bad) = block_on(read(bytes, &no_header(), width, chunk_bytes, Compression::None));
        prop_assert_eq!(found, rows);
        prop_assert_eq!(bad.len(), wrong);
    }

    #[test]
    fn any_cutting_gives_the_same_rows(
        text in nasty_text(),
        one in 1_usize..100,
        grammar in prop_oneof![Just(Grammar::Rfc4180), Just(Grammar::Hive), Just(Grammar::OpenCsv)],
        escape in prop_oneof![Just(None), Just(Some(b'a'))],
        comment in prop_oneof![Just(None), Just(Some(b'x'))],
    ) {
        let dialect = Dialect { grammar, escape, comment, ..no_header() };
        let whole = block_on(try_read(text.clone().into_bytes(), &dialect, 2, 1 << 20, Compression::None));
        let cut = block_on(try_read(text.into_bytes(), &dialect, 2, one, Compression::None));
        prop_assert_eq!(whole, cut);
    }
}

#[test]
fn compressed_files_read_as_the_plain_one() {
    use std::io::Write;
    let text: Vec<u8> = (0..5000)
        .flat_map(|row| format!("{row},\"line\nbreak {row}\"\n").into_bytes())
        .collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).expect("gzip");
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&text).expect("bzip2");
    let zstd = zstd::encode_all(text.as_slice(), 1).expect("zstd");
    let plain = block_on(read(text, &no_header(), 2, 4096, Compression::None));
    assert_eq!(plain.0.len(), 5000);
    for (bytes, compression) in [
        (gzip.finish().expect("gzip"), Compression::Gzip),
        (bzip2.finish().expect("bzip2"), Compression::Bzip2),
        (zstd, Compression::Zstd),
    ] {
        let read = block_on(read(bytes, &no_header(), 2, 4096, compression));
        assert_eq!(read, plain, "{compression:?}");
    }
}

#[test]
fn a_damaged_compressed_file_is_an_error() {
    let format = CsvFormat::new(no_header(), Matching::ByPosition, columns(1));
    let error = block_on(async {
        let file = file(b"this is not gzip".to_vec(), Compression::Gzip).await;
        format.feed(vec![file]).next().await.expect_err("damaged")
    });
    assert!(
        error.to_string().starts_with("s3://bucket/data.csv"),
        "{error}"
    );
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[test]
fn bad_rows_know_their_line_and_column() {
    let text = b"a,b\n1,2\n\"x\ny\",3\n4\n\xff,5\n6,7\n".to_vec();
    for chunk_bytes in [1, 7, 1 << 20] {
        let dialect = Dialect::default();
        let (rows, bad) = block_on(read(
            text.clone(),
            &dialect,
            2,
            chunk_bytes,
            Compression::None,
        ));
        assert_eq!(rows.len(), 3, "chunks of {chunk_bytes}");
        let places: Vec<_> = bad
            .iter()
            .map(|row| (row.line, row.column.as_deref()))
            .collect();
        assert_eq!(
            places,
            [(5, None), (6, Some("a"))],
            "chunks of {chunk_bytes}"
        );
    }
}

#[test]
fn a_bad_record_is_told_alone_whatever_follows() {
    let text = b"a,b\n\xff,2\n3\n4,5\n".to_vec();
    for chunk_bytes in [1, 7, 1 << 20] {
        let dialect = Dialect::default();
        let read = read(text.clone(), &dialect, 2, chunk_bytes, Compression::None);
        let (_, bad) = block_on(read);
        let records: Vec<_> = bad.iter().map(|row| row.record.trim_end()).collect();
        assert_eq!(records, ["\u{fffd},2", "3"], "chunks of {chunk_bytes}");
    }
}

#[test]
fn lines_are_counted_whatever_ends_them() {
    let text = b"a,b\r1,2\n3\r4\r\n5,6\n7".to_vec();
    for chunk_bytes in [1, 7, 1 << 20] {
        let dialect = Dialect::default();
        let read = read(text.clone(), &dialect, 2, chunk_bytes, Compression::None);
        let (rows, bad) = block_on(read);
        let lines: Vec<_> = bad.iter().map(|row| row.line).collect();
        assert_eq!(
            (rows.len(), lines),
            (2, vec![3, 4, 6]),
            "chunks of {chunk_bytes}"
        );
    }
}

#[test]
fn a_byte_order_mark_and_skipped_lines_are_no_data() {
    let dialect = Dialect {
        skip_lines: 2,
        ..Dialect::default()
    };
    let text = "\u{feff}made by x\r\n\"\r\na,b\r\n1,2\r\n"
        .as_bytes()
        .to_vec();
    for chunk_bytes in [1, 3, 1 << 20] {
        let (rows, bad) = block_on(read(
            text.clone(),
            &dialect,
            2,
            chunk_bytes,
            Compression::None,
        ));
        let row = vec![Some("1".to_owned()), Some("2".to_owned())];
        assert_eq!((rows, bad.len()), (vec![row], 0), "chunks of {chunk_bytes}");
    }
}

#[test]
fn null_values_are_null_unless_quoted() {
    let dialect = Dialect {
        null_values: vec!["NULL".to_owned(), String::new()],
        ..no_header()
    };
    let text = b"NULL,\"NULL\"\n,\"\"\n".to_vec();
    let (rows, _) = block_on(read(text, &dialect, 2, 1 << 20, Compression::None));
    let some = |value: &str| Some(value.to_owned());
    assert_eq!(rows, [vec![None, some("NULL")], vec![None, some("")]]);
}

#[test]
fn hive_reads_bytes_that_are_no_utf8_with_replacement() {
    let (rows, bad) = block_on(read(
        b"\xff,b\n".to_vec(),
        &Dialect::hive(b','),
        2,
        64,
        Compression::None,
    ));
    let some = |value: &str| Some(value.to_owned());
    assert_eq!(
        (rows, bad.len()),
        (vec![vec![some("\u{fffd}"), some("b")]], 0)
    );
}
