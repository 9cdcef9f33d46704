//! Classification as a table: what a file says, and what is made of it.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field};
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;

use object_store::ObjectStoreExt;

use super::*;

fn look(key: &str, bytes: impl Into<Vec<u8>>) -> Sampled {
    let bytes = Bytes::from(bytes.into());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = InMemory::new();
        let path = Path::from(key);
        store.put(&path, bytes.into()).await.expect("put");
        let meta = store.head(&path).await.expect("head");
        classify(&store, &meta, key).await.expect("classified")
    })
}

fn columns(sampled: &Sampled) -> String {
    let text = sampled
        .columns
        .iter()
        .map(|column| format!("{} {}", column.name, column.type_name));
    text.collect::<Vec<_>>().join("; ")
}

/// Delimiter, then `q` when quoted and `h` with a header, then the columns.
fn csv(text: &str) -> String {
    let sampled = look("a.csv", text);
    let Some(facts) = sampled.csv else {
        return sampled.classification.name().to_owned();
    };
    let mut out = char::from(facts.delimiter).escape_debug().to_string();
    out.push_str(if facts.quoted { "q" } else { "" });
    out.push_str(if facts.header { "h " } else { " " });
    out.push_str(&columns(&sampled));
    out
}

#[test]
fn delimited_text_is_recognised_by_glues_rules() {
    for (text, expected) in [
        ("id,n\na,1\nb,2\n", ",h id string; n bigint"),
        ("id|n\na|1\nb|2.5\n", "|h id string; n double"),
        ("id\tn\na\ttrue\nb\tFalse\n", "\\th id string; n boolean"),
        ("id;n\r\na;1\r\nb;2\r\n", ";h id string; n bigint"),
        ("id\u{1}n\na\u{1}1\n", "\\u{1}h id string; n bigint"),
        // Strings only: no header.
        ("id,name\na,b\nc,d\n", ", col0 string; col1 string"),
        ("1,a\n2,b\n", ", col0 bigint; col1 string"),
        ("1,2\n3,4\n", ", col0 bigint; col1 bigint"),
        // Too little.
        ("id\n1\n2\n", "UNKNOWN"),
        ("id,n\n", "UNKNOWN"),
        (
            "just some words, with a comma\nand no more\nthan that\n",
            "UNKNOWN",
        ),
        // Types.
        (
            "d,t,n\n2024-01-01,2024-01-01 10:00:00,1\n2024-01-02,x,2\n",
            ",h d string; t string; n bigint",
        ),
        ("a,b\n1,\n,\n", ",h a bigint; b string"),
        ("a,b\n1,x\n1.5,y\n", ",h a double; b string"),
        ("a,b\n1,x\ntrue,y\n", ", col0 string; col1 string"),
        ("a,b\n12345678901234567890,1\n", ",h a string; b bigint"),
        ("a,b\nnan,1\ninf,1\n", ",h a string; b bigint"),
        ("a,b\n1e5,1\n-.5,1\n", ",h a double; b bigint"),
        // Names.
        (
            "Track Name, ID ,\nx,1,\ny,2,\n",
            ",h track name string; id bigint; col2 string",
        ),
        (",id,ID\n0,1,x\n", ",h col0 bigint; id bigint; id_1 string"),
        ("\u{feff}Id,n\nx,1\n", ",h id string; n bigint"),
        // Quotes.
        (
            "\"id\",\"n\"\n\"a\",\"1\"\n\"b,c\",\"2\"\n",
            ",qh id string; n bigint",
        ),
        ("id,n\n\"a\",1\n\"b,\nc\",2\n", ",qh id string; n bigint"),
        ("id,n\na,1\n\"b,c\",2\nd,3\n", ",h id string; n bigint"),
        ("id,n\n\"a,1\nb,2\nc,3\n", ",h id string; n bigint"),
        // Commas inside of another delimiter's fields, and a ragged row.
        ("t\tn\na, b\t1\nc, d, e\t2\n", "\\th t string; n bigint"),
        ("a,n\nx,1\ny,2\nz,3,oops\nw,4\n", ",h a string; n bigint"),
    ] {
        assert_eq!(csv(text), expected, "{text:?}");
    }
}

#[test]
fn a_header_is_shorter_than_150_characters_but_for_its_last_cell() {
    let long = "x".repeat(150);
    assert_eq!(
        csv(&format!("{long},n\na,1\n")),
        ", col0 string; col1 string"
    );
    assert_eq!(
        csv(&format!("n,{long}\n1,a\n")),
        format!(",h n bigint; {long} string")
    );
}

#[test]
fn empty_and_binary_objects_are_of_no_known_format() {
    for bytes in [
        &b""[..],
        b"\n\n",
        b"\x00\x01,\x02\n\x03,\x04\n",
        b"PAR1 no footer",
        b"PK\x03\x04",
    ] {
        assert_eq!(
            look("a", bytes).classification,
            Classification::Unknown,
            "{bytes:?}"
        );
    }
}

#[test]
fn large_files_are_sampled() {
    let mut text = "id,n\n".to_owned();
    while text.len() < 3 << 20 {
        let _ = writeln!(text, "row{:07},1", text.len());
    }
    text.push_str("not seen,x\n");
    let sampled = look("a.csv", text);
    assert_eq!(columns(&sampled), "id string; n bigint");
    assert_eq!(
        (sampled.records_sampled, sampled.average_record_bytes),
        (999, 12)
    );
}

#[test]
fn a_sample_may_end_anywhere() {
    // One record of 700 kB in quotes, and another that the sample cuts through.
    let long = "line\n".repeat(140_000);
    let text = format!("id,n\na,1\n\"{long}\",2\n\"{long}\",3\n");
    let sampled = look("a.csv", text);
    assert_eq!(
        (columns(&sampled), sampled.records_sampled),
        ("id string; n bigint".to_owned(), 2)
    );
}

#[test]
fn compressed_text_is_looked_into() {
    let text: String = std::iter::once("id,n\n".to_owned())
        .chain((0..200_000).map(|row| format!("r{row},{row}\n")))
        .collect();
    let packed = zstd::encode_all(text.as_bytes(), 1).expect("zstd");
    let sampled = look("a.csv.zst", packed);
    assert_eq!(columns(&sampled), "id string; n bigint");
    assert_eq!(sampled.compression.name(), "zstd");
    assert_eq!(
        look("a.csv.gz", "id,n\na,1\n").classification,
        Classification::Unknown
    );
}

#[test]
fn what_is_looked_at_whole_is_counted() {
    // The bytes of what is compressed say nothing of how many records there are.
    let packed = zstd::encode_all("{\"a\":1}\n".repeat(100).as_bytes(), 1).expect("zstd");
    assert_eq!(look("a.json.zst", packed).exact_records, Some(100));
    assert_eq!(look("a.json", "[{\"a\":1},null]").exact_records, Some(1));
    assert_eq!(look("a.csv", "id,n\na,1\nb,2\n").exact_records, Some(2));
    let long = "{\"a\":1}\n".repeat(1000);
    assert_eq!(look("a.json", long).exact_records, None);
}

#[test]
fn json_is_recognised_in_every_form() {
    let expected = "id int; album struct<name:string,tracks:array<int>>";
    for text in [
        "{\"Id\":1,\"album\":{\"name\":\"x\",\"Tracks\":[1]}}\n{\"Id\":2}\n",
        "[{\"Id\":1,\"album\":{\"name\":\"x\",\"Tracks\":[1]}},\n{\"Id\":2}]",
        "{\n  \"Id\": 1,\n  \"album\": {\"name\": \"x\", \"Tracks\": [1]}\n}\n",
    ] {
        let sampled = look("a.json", text);
        assert_eq!(sampled.classification, Classification::Json, "{text}");
        assert_eq!(columns(&sampled), expected, "{text}");
        assert_eq!(sampled.paths, ["Id", "album"]);
    }
    assert_eq!(
        look("a.json", "[1,2]\n[3,4]\n").classification,
        Classification::Csv
    );
    assert_eq!(
        look("a.json", "{\"a\": nonsense").classification,
        Classification::Unknown
    );
}

#[test]
fn a_long_json_object_is_read_beyond_the_sample() {
    let text = format!(
        "{{\"items\":[{}]}}",
        vec!["{\"id\":\"0123456789\"}"; 100_000].join(",")
    );
    assert!(text.len() > SAMPLE_BYTES);
    let sampled = look("a.json", text);
    assert_eq!(columns(&sampled), "items array<struct<id:string>>");
    let lines: Vec<String> = (0..100_000)
        .map(|row| format!("{{\"id\":{row},\"pad\":\"xxxxxxxx\"}}\n"))
        .collect();
    let text = lines.concat();
    let sampled = look("b.json", text);
    assert_eq!(
        (columns(&sampled), sampled.records_sampled),
        ("id int; pad string".to_owned(), 1000)
    );
}

#[test]
fn parquet_says_itself_what_it_holds() {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let inner = StructArray::from(vec![(
        Arc::new(Field::new("Name", DataType::Utf8, true)),
        Arc::clone(&texts),
    )]);
    let columns_in: Vec<(&str, ArrayRef)> = vec![("Id", numbers), ("o", Arc::new(inner))];
    let batch = RecordBatch::try_from_iter(columns_in).expect("a batch");
    let mut bytes = Vec::new();
    let mut writer =
        ::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    let sampled = look("a.parquet", bytes.clone());
    assert_eq!(sampled.classification, Classification::Parquet);
    assert_eq!(columns(&sampled), "id int; o struct<name:string>");
    assert_eq!(sampled.exact_records, Some(3));
    bytes.truncate(bytes.len() - 3);
    assert_eq!(
        look("cut.parquet", bytes).classification,
        Classification::Unknown
    );
}
