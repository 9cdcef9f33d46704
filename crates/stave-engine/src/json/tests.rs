//! The reader as a whole: any cutting gives the same rows, in every form of file.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;

use super::*;
use crate::scan::{BadRow, Format};
use crate::text::{Compression, TextFile};
use crate::types;

async fn file(bytes: Vec<u8>, compression: Compression) -> TextFile {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("data.json");
    store
        .put(&path, Bytes::from(bytes).into())
        .await
        .expect("put");
    TextFile {
        meta: store.head(&path).await.expect("head"),
        store,
        name: "s3://bucket/data.json".to_owned(),
        compression,
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

fn schema(columns: &[(&str, &str)]) -> SchemaRef {
    let field = |(name, hive): &(&str, &str)| {
        arrow::datatypes::Field::new(*name, types::parse(hive).expect("a type"), true)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// Every row as JSON text, and the bad ones.
async fn read_with(
    bytes: Vec<u8>,
    format: JsonFormat,
    compression: Compression,
) -> (Vec<String>, Vec<BadRow>) {
    let schema = Arc::clone(&format.columns);
    let projection: Vec<usize> = (0..schema.fields().len()).collect();
    let mut feed = format.feed(vec![file(bytes, compression).await]);
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    while let Some(chunk) = feed.next().await.expect("a chunk") {
        let decoded = format.decode(chunk, &projection, &schema).expect("decoded");
        bad.extend(decoded.bad);
        let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
        writer.write(&decoded.batch).expect("rows");
        writer.finish().expect("rows");
        let text = String::from_utf8(writer.into_inner()).expect("text");
        rows.extend(text.lines().map(str::to_owned));
    }
    (rows, bad)
}

fn read(text: &str, columns: &[(&str, &str)], chunk_bytes: usize) -> (Vec<String>, Vec<BadRow>) {
    let format = JsonFormat {
        chunk_bytes,
        ..JsonFormat::new(schema(columns))
    };
    block_on(read_with(
        text.as_bytes().to_vec(),
        format,
        Compression::None,
    ))
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        "[a-z\"\\\\{}\\[\\],:\n é漢😀]{0,8}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            prop::collection::vec(("[ab\"{]{1,2}", inner), 0..3)
                .prop_map(|members| members.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

/// Writes rows in one of the forms of file.
fn write(rows: &[serde_json::Value], form: usize) -> String {
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let pretty = |row| serde_json::to_string_pretty(row).expect("text");
    match form {
        0 => lines.join("\n"),
        1 => lines.join("\r\n") + "\r\n",
        2 => format!("\u{feff}[{}]", lines.join(",")),
        3 => format!(
            " [\n  {}\n]\n",
            rows.iter().map(pretty).collect::<Vec<_>>().join(",\n")
        ),
        4 => rows.iter().map(pretty).collect(),
        _ => lines.concat(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_form_gives_the_same_rows_however_it_is_cut(
        values in prop::collection::vec(value(), 1..6),
        form in 0_usize..6,
        chunk_bytes in 1_usize..60,
    ) {
        let rows: Vec<_> = values.iter().map(|value| serde_json::json!({"id": 1, "v": value})).collect();
        let columns = [("id", "int"), ("v", "string")];
        let (found, bad) = read(&write(&rows, form), &columns, chunk_bytes);
        prop_assert_eq!(bad, vec![]);
        let expected: Vec<String> = values.iter().map(|value| match value {
            serde_json::Value::Null => serde_json::json!({"id": 1}),
            serde_json::Value::String(text) => serde_json::json!({"id": 1, "v": text}),
            other => serde_json::json!({"id": 1, "v": other.to_string()}),
        }).map(|row| row.to_string()).collect();
        let parse = |rows: &[String]| rows.iter()
            .map(|row| serde_json::from_str(row).expect("a row")).collect::<Vec<serde_json::Value>>();
        prop_assert_eq!(parse(&found), parse(&expected));
    }

    #[test]
    fn damaged_text_gives_the_same_rows_however_it_is_cut(
        pieces in prop::collection::vec(prop_oneof![
            4 => Just("{\"a\":1}"), 2 => Just("\n"), 1 => Just("["), 1 => Just("]"), 1 => Just(","),
            1 => Just("{"), 1 => Just("}"), 1 => Just("\""), 1 => Just("\\"), 1 => Just("x"),
            1 => Just("{\"a\":\"b\n\"}"), 1 => Just("null"),
        ], 0..20),
        chunk_bytes in 1_usize..40,
    ) {
        let text = pieces.concat();
        let columns = [("a", "string")];
        prop_assert_eq!(read(&text, &columns, chunk_bytes), read(&text, &columns, 1 << 20));
    }
}

#[test]
fn nested_values_and_nasty_text_are_read() {
    let text = concat!(
        r#"{"name":"a\"b\\c\/\u00e9\ud83d\ude00","o":{"k":[1,2,null],"n":{"x":1.5}},"m":{"p":1,"q":2}}"#,
        "\n",
        r#"{"name":"\ud800 half","o":{"k":[]},"m":{}}"#,
        "\n",
        r#"{"name":null,"o":null,"extra":[[[{"deep":"}"}]]]}"#,
        "\n",
        "{}\n",
    );
    let columns = [
        ("name", "string"),
        ("o", "struct<k:array<bigint>,n:struct<x:double>>"),
        ("m", "map<string,int>"),
    ];
    let (rows, bad) = read(text, &columns, 1 << 20);
    assert_eq!(bad, []);
    assert_eq!(
        rows,
        [
            r#"{"name":"a\"b\\c/é😀","o":{"k":[1,2,null],"n":{"x":1.5}},"m":{"p":1,"q":2}}"#,
            r#"{"name":"� half","o":{"k":[]},"m":{}}"#,
            "{}",
            "{}",
        ]
    );
}

#[test]
fn values_become_text_where_text_is_wanted() {
    let text = "{\"v\": 1.50}\n{\"v\": true}\n{\"v\": { \"a\" : [ 1, \" x \" ] }}\n{\"v\": 12345678901234567890123}";
    let (rows, bad) = read(text, &[("v", "string")], 1 << 20);
    assert_eq!(bad, []);
    assert_eq!(
        rows,
        [
            r#"{"v":"1.50"}"#,
            r#"{"v":"true"}"#,
            r#"{"v":"{\"a\":[1,\" x \"]}"}"#,
            r#"{"v":"12345678901234567890123"}"#,
        ]
    );
}

#[test]
fn values_of_another_type_are_bad_rows_with_place_and_reason() {
    let text = "{\"a\":{\"b\":[1,2]}}\n\n{\"a\":{\"b\":[1,\"x\"]}}\n{\"a\":7}\n{\"a\":{\"b\":[1e400]}}\n{\"a\":{\"b\":[3.0,\"4\"]}}\n";
    for chunk_bytes in [1, 25, 1 << 20] {
        let (rows, bad) = read(text, &[("a", "struct<b:array<int>>")], chunk_bytes);
        assert_eq!(rows, [r#"{"a":{"b":[1,2]}}"#, r#"{"a":{"b":[3,4]}}"#]);
        let places: Vec<_> = bad
            .iter()
            .map(|row| (row.line, row.column.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(
            places,
            [(3, "a.b[1]"), (4, "a"), (5, "a.b[0]")],
            "chunks of {chunk_bytes}"
        );
        assert_eq!(bad[0].reason, "the value is not of type int");
        assert_eq!(
            bad[1].reason,
            "the value is not of type struct<b:int>".replace("b:int", "b:array<int>")
        );
    }
}

#[test]
fn numbers_that_a_type_cannot_hold_are_refused() {
    for (hive, good, wrong) in [
        ("tinyint", "-128", "128"),
        ("int", "2147483647", "2147483648"),
        ("bigint", "-9223372036854775808", "9223372036854775808"),
        ("float", "1e38", "1e39"),
        ("double", "1.7976931348623157e308", "1e309"),
        ("boolean", "true", "1"),
        ("date", "\"2024-02-29\"", "\"2023-02-29\""),
        ("timestamp", "\"2024-01-01 00:00:00\"", "17"),
        ("decimal(4,2)", "12.34", "123.45"),
    ] {
        let text = format!("{{\"v\":{good}}}\n{{\"v\":{wrong}}}\n");
        let (rows, bad) = read(&text, &[("v", hive)], 1 << 20);
        assert_eq!((rows.len(), bad.len()), (1, 1), "{hive}");
        assert_eq!(bad[0].line, 2, "{hive}");
    }
}

#[test]
fn text_that_is_no_json_is_bad_row_by_row() {
    let text = "{\"a\":1}\n{\"a\":tru}\n{\"a\":\"open\n{\"a\":01}\n{\"a\":1}{\"a\":2}\n[1]\nnull\n{\"a\":2}\n{\"a\"";
    let (rows, bad) = read(text, &[("a", "bigint")], 1 << 20);
    assert_eq!(rows, [r#"{"a":1}"#, r#"{"a":2}"#]);
    let lines: Vec<u64> = bad.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 9]);
    assert!(bad[6].reason.contains("ends early"), "{}", bad[6].reason);
    // What is not asked for is checked too.
    assert_eq!(read(text, &[], 1 << 20).1.len(), 7);
}

#[test]
fn a_file_that_is_cut_short_loses_only_its_last_value() {
    for (text, rows_left) in [
        ("[{\"a\":1},\n{\"a\":2},\n{\"a\":", 2),
        ("[{\"a\":1},\n{\"a\":2}\n", 2),
        ("{\n\"a\":1\n}\n{\n\"a\":", 1),
        ("{\"a\":1}\n{\"a\":\"x", 1),
        ("[", 0),
    ] {
        for chunk_bytes in [1, 1 << 20] {
            let (rows, bad) = read(text, &[("a", "bigint")], chunk_bytes);
            assert_eq!((rows.len(), bad.len()), (rows_left, 1), "{text}");
        }
    }
}

#[test]
fn nesting_has_a_bound() {
    let nested = |depth: usize| format!("{{\"x\":{}{}}}\n", "[".repeat(depth), "]".repeat(depth));
    let text = [nested(100), nested(200), nested(1_000_000)].concat();
    let (rows, bad) = read(&text, &[("a", "bigint")], 1 << 20);
    assert_eq!((rows.len(), bad.len()), (1, 2));
    assert!(
        bad[0].reason.contains("deeper than 128"),
        "{}",
        bad[0].reason
    );
}

#[test]
fn of_a_name_that_comes_twice_the_last_counts() {
    let text = r#"{"a":{"x":[1,2]},"b":"one","a":{"x":[3]},"b":"two"}"#;
    let columns = [("a", "struct<x:array<int>>"), ("b", "string")];
    let (rows, _) = read(text, &columns, 1 << 20);
    assert_eq!(rows, [r#"{"a":{"x":[3]},"b":"two"}"#]);
}

#[test]
fn names_match_in_any_case_only_when_asked() {
    let text = r#"{"TrackId":"t","Album":{"Name":"n"}}"#;
    let format = JsonFormat::new(schema(&[
        ("trackid", "string"),
        ("album", "struct<name:string>"),
    ]));
    let exact = block_on(read_with(text.into(), format.clone(), Compression::None));
    assert_eq!(exact.0, ["{}"]);
    let folded = block_on(read_with(
        text.into(),
        format.folding_case(),
        Compression::None,
    ));
    assert_eq!(folded.0, [r#"{"trackid":"t","album":{"name":"n"}}"#]);
}

#[test]
fn bytes_that_are_no_utf8_are_one_bad_row() {
    let text = b"{\"a\":\"1\"}\n{\"a\":\"\xff\"}\n{\"a\":\"3\"}\n".to_vec();
    let format = JsonFormat::new(schema(&[("a", "string")]));
    let (rows, bad) = block_on(read_with(text, format, Compression::None));
    assert_eq!((rows.len(), bad.len(), bad[0].line), (2, 1, 2));
}

#[test]
fn compressed_files_read_as_the_plain_one() {
    let lines: Vec<String> = (0..3000).map(|row| format!("{{\"a\":{row}}}\n")).collect();
    let text = lines.concat();
    let format = || JsonFormat {
        chunk_bytes: 1000,
        ..JsonFormat::new(schema(&[("a", "int")]))
    };
    let plain = block_on(read_with(text.clone().into(), format(), Compression::None));
    let packed = zstd::encode_all(text.as_bytes(), 1).expect("zstd");
    assert_eq!(
        block_on(read_with(packed, format(), Compression::Zstd)),
        plain
    );
    assert_eq!(plain.0.len(), 3000);
}

#[test]
fn a_table_finds_its_columns_over_files() {
    let table = |texts: &'static [&'static str]| {
        block_on(async {
            let mut files = Vec::new();
            for text in texts {
                files.push(file(text.as_bytes().to_vec(), Compression::None).await);
            }
            json_table(files, JsonOptions::default()).await
        })
    };
    let found = table(&[
        "[{\"id\":1,\"t\":{\"n\":\"x\"}}]",
        "",
        "{\n\"id\": 2.5,\n\"t\":{\"m\":true}}\n",
    ]);
    let found = found.expect("a table");
    let columns: Vec<String> = found
        .format
        .columns()
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), types::name_of(field.data_type())))
        .collect();
    assert_eq!(columns, ["id double", "t struct<n:string,m:boolean>"]);
    let error = table(&["", "[1,2]"]).expect_err("no rows");
    assert!(
        error.to_string().contains("s3://bucket/data.json"),
        "{error}"
    );
}
