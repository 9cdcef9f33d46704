//! What a job file means once it is read.

use super::super::{
    BadRows, CsvDialect, CsvTypes, FileCompression, JoinType, NodeKind, ParquetCompression,
    QuoteChar, SUPPORTED_KINDS, Separator, TargetFormat, WriteMode,
};
use super::{EVERYTHING, EXPORTED, read};
use crate::hive::HiveType;

fn kind(job: &super::JobDefinition, id: &str) -> NodeKind {
    job.nodes.get(id).expect(id).kind.clone()
}

#[test]
fn an_exported_job_is_read_as_it_is() {
    let job = read(EXPORTED);
    assert_eq!(job.name.as_deref(), Some("spotify-join"));
    assert_eq!(job.glue_version.as_deref(), Some("5.0"));
    assert_eq!(job.kept["WorkerType"], "G.1X");
    let ids: Vec<&str> = job.nodes.nodes().iter().map(|n| n.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "node-1", "node-2", "node-3", "node-4", "node-5", "node-6", "node-7"
        ]
    );
    let tracks = job.nodes.get("node-3").expect("node-3");
    assert_eq!(tracks.name, "tracks");
    assert_eq!(tracks.kept["GroupSize"], "1048576");
    let NodeKind::S3CsvSource(csv) = &tracks.kind else {
        panic!("{:?}", tracks.kind)
    };
    assert_eq!(csv.files.paths, ["s3://staging/track.csv"]);
    assert_eq!(
        (csv.separator, csv.quote_char),
        (Separator::Comma, QuoteChar::Quote)
    );
    assert_eq!(csv.types, CsvTypes::Strings);
    let said: Vec<String> = job.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "node \"Destination\" (node-7): AutoDataQuality is not evaluated; the rows are the same without it"
        ]
    );
}

#[test]
fn the_answer_of_get_job_and_the_nodes_alone_are_the_same_graph() {
    let whole = read(EXPORTED);
    let answer = read(&format!("{{\"Job\": {EXPORTED}}}"));
    assert_eq!(answer, whole);
    let value: serde_json::Value = serde_json::from_str(EXPORTED).unwrap();
    let nodes = read(&value["CodeGenConfigurationNodes"].to_string());
    assert_eq!(nodes.nodes, whole.nodes);
    assert_eq!(nodes.name, None);
    let yaml = serde_yaml_ng::to_string(&value).unwrap();
    assert_eq!(read(&yaml), whole);
}

#[test]
fn every_supported_kind_is_read() {
    let job = read(EVERYTHING);
    let mut found: Vec<&str> = job
        .nodes
        .nodes()
        .iter()
        .map(|n| n.kind.type_name())
        .collect();
    let mut wanted = SUPPORTED_KINDS.to_vec();
    found.sort_unstable();
    found.dedup();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    assert_eq!(job.warnings, []);
}

#[test]
fn members_mean_what_they_say() {
    let job = read(EVERYTHING);
    let NodeKind::S3CsvSource(csv) = kind(&job, "csv") else {
        panic!()
    };
    assert_eq!(csv.compression_type, Some(FileCompression::Gzip));
    assert_eq!(csv.separator.byte(), b'|');
    assert_eq!(csv.quote_char.byte(), Some(b'\''));
    assert_eq!(
        (csv.escaper, csv.comment, csv.skip_lines),
        (Some('\\'), Some('#'), Some(2))
    );
    assert_eq!(csv.dialect, Some(CsvDialect::OpenCsv));
    assert_eq!(csv.bad_rows, Some(BadRows::Reject));
    assert_eq!(csv.null_values, ["", "NA"]);
    let types = [
        ("n".to_owned(), HiveType::BigInt),
        ("d".to_owned(), HiveType::Decimal(10, 2)),
    ];
    assert_eq!(csv.types, CsvTypes::Declared(types.to_vec()));
    let NodeKind::S3DirectTarget(out) = kind(&job, "out") else {
        panic!()
    };
    assert_eq!(out.format, TargetFormat::Csv);
    assert_eq!(out.file_compression().unwrap(), FileCompression::Gzip);
    assert_eq!(out.number_target_partitions, Some(3));
    assert_eq!(out.options.partition_keys, [["e"]]);
    assert_eq!(out.options.updated_table(), Some(("d", "t")));
    assert_eq!(out.options.mode, Some(WriteMode::Overwrite));
    let NodeKind::S3CatalogTarget(kept) = kind(&job, "kept") else {
        panic!()
    };
    assert_eq!(
        kept.parquet_compression().unwrap(),
        ParquetCompression::Zstd
    );
    assert_eq!(job.nodes.get("csv").unwrap().extensions().len(), 7);
    assert_eq!(job.nodes.get("house").unwrap().extensions(), [""; 0]);
}

#[test]
fn keys_of_a_join_follow_its_inputs() {
    let job = read(EXPORTED);
    let node = job.nodes.get("node-5").unwrap();
    let NodeKind::Join(join) = &node.kind else {
        panic!()
    };
    // Columns name node-4 first, Inputs node-3.
    assert_eq!(
        join.pairs(&node.inputs),
        [(&vec!["track_id".to_owned()], &vec!["track_id".to_owned()])]
    );
    let node = job.nodes.get("node-4").unwrap();
    let NodeKind::Join(join) = &node.kind else {
        panic!()
    };
    assert_eq!(
        join.pairs(&node.inputs),
        [(&vec!["artist_id".to_owned()], &vec!["id".to_owned()])]
    );
    let mut swapped = node.inputs.clone();
    swapped.reverse();
    assert_eq!(
        join.pairs(&swapped),
        [(&vec!["id".to_owned()], &vec!["artist_id".to_owned()])]
    );
}

#[test]
fn a_filter_compares_the_column_wherever_it_stands() {
    let job = read(EVERYTHING);
    let NodeKind::Filter(filter) = kind(&job, "filter") else {
        panic!()
    };
    let first = &filter.filters[0];
    assert_eq!(first.column().unwrap(), &["e"]);
    assert_eq!(first.operand().unwrap().value, ["40"]);
    assert_eq!(filter.filters[1].column().unwrap(), &["s", "u"]);
    assert_eq!(filter.filters[1].operand(), None);
}

#[test]
fn types_of_a_mapping_are_glues() {
    let cases = [
        ("long", Some(HiveType::BigInt)),
        ("int", Some(HiveType::Int)),
        ("short", Some(HiveType::SmallInt)),
        ("byte", Some(HiveType::TinyInt)),
        ("decimal", Some(HiveType::Decimal(10, 2))),
        ("decimal(20,4)", Some(HiveType::Decimal(20, 4))),
        ("date", Some(HiveType::Date)),
        ("array", None),
        ("", None),
    ];
    for (word, wanted) in cases {
        let mapping = super::super::Mapping {
            to_type: Some(word.to_owned()),
            ..Default::default()
        };
        assert_eq!(mapping.target_type().unwrap(), wanted, "{word}");
    }
}

#[test]
fn shorter_spellings_are_taken() {
    let job = read(
        "in: {S3CsvSource: {Paths: [a.csv], Escaper: '', Exclusions: ['[\"**.pdf\", \"x*\"]']}}\n\
         other: {S3CsvSource: {Paths: [b.csv], Types: infer}}\n\
         j: {Join: {Inputs: [in, other], Columns: [{From: in, Keys: [id]}, {From: other, Keys: ['`a.id`']}]}}\n\
         d: {DropFields: {Inputs: [j], Paths: [id, [x, y]]}}\n\
         out: {S3DirectTarget: {Inputs: [d], Path: out, Format: json, NumberTargetPartitions: 4}}",
    );
    let node = job.nodes.get("in").unwrap();
    assert_eq!(node.name, "in");
    let NodeKind::S3CsvSource(csv) = &node.kind else {
        panic!()
    };
    assert_eq!(csv.escaper, None);
    assert_eq!(csv.files.exclusions, ["**.pdf", "x*"]);
    let node = job.nodes.get("j").unwrap();
    let NodeKind::Join(join) = &node.kind else {
        panic!()
    };
    assert_eq!(join.join_type, JoinType::Equijoin);
    assert_eq!(
        join.pairs(&node.inputs),
        [(&vec!["id".to_owned()], &vec!["a.id".to_owned()])]
    );
    let NodeKind::DropFields(drop) = kind(&job, "d") else {
        panic!()
    };
    assert_eq!(drop.paths, [vec!["id"], vec!["x", "y"]]);
    let NodeKind::S3DirectTarget(out) = kind(&job, "out") else {
        panic!()
    };
    assert_eq!(out.number_target_partitions, Some(4));
    assert_eq!(out.file_compression().unwrap(), FileCompression::None);
}
