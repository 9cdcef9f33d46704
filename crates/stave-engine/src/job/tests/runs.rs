//! Whole runs into a folder aside.

use std::collections::BTreeMap;
use std::sync::Mutex;

use stave_core::job::WriteMode;

use super::{World, csv};
use crate::job::{JobObserver, JobProgress};
use crate::write::OutputFormat;

#[derive(Default)]
struct Seen(Mutex<Vec<JobProgress>>);

impl JobObserver for Seen {
    fn progress(&self, progress: JobProgress) {
        self.0.lock().unwrap().push(progress);
    }
}

const NODES: &str = "
j: {Join: {Name: j, Inputs: [a, b], JoinType: equijoin, Columns: [{From: a, Keys: [[id]]}, {From: b, Keys: [[k]]}]}}
s: {Spigot: {Name: s, Inputs: [j], Path: s3://house/sample, Topk: 1}}
f: {Filter: {Name: f, Inputs: [s], LogicalOperator: AND, Filters: [{Operation: GT, Values: [{Type: COLUMNEXTRACTED, Value: [v]}, {Type: CONSTANT, Value: ['1']}]}]}}
d: {DropFields: {Name: d, Inputs: [f], Paths: [[k]]}}
out: {S3DirectTarget: {Name: out, Inputs: [d], Path: s3://house/out, Format: csv, PartitionKeys: [[g]], Mode: overwrite}}
";

#[tokio::test]
async fn a_run_writes_aside_and_counts() {
    let world = World::of(&[
        ("a.csv", "id,g\n1,x\n2,x\n3,y\n9,y\n"),
        ("b.csv", "k,v\n1,1\n2,2\n3,3\n"),
    ])
    .await;
    let job = world
        .plan(&format!("{}{}{NODES}", csv("a"), csv("b")))
        .await
        .expect("a plan");
    let kinds: Vec<(&str, bool)> = job
        .outputs()
        .iter()
        .map(|output| (output.node_id.as_str(), output.is_sample))
        .collect();
    assert_eq!(kinds, [("s", true), ("out", false)]);
    let destination = &job.outputs()[1].destination;
    assert_eq!(destination.folder.to_string(), "s3://house/out/");
    assert_eq!(destination.mode, WriteMode::Overwrite);
    assert!(matches!(destination.format, OutputFormat::Csv { .. }));
    let staging = tempfile::tempdir().expect("a folder");
    let seen = Seen::default();
    let outcome = world
        .engine
        .run_job(&job, staging.path(), "run-1", &seen)
        .await
        .expect("a run");
    let mut written = BTreeMap::new();
    for file in &outcome.outputs[1].files {
        let text = std::fs::read_to_string(&file.path).expect("a file");
        let folder = file.key.split('/').next().unwrap_or_default().to_owned();
        written.insert(folder, text);
    }
    let expected = [("g=x", "id,v\n2,2\n"), ("g=y", "id,v\n3,3\n")];
    let written: Vec<(&str, String)> = written
        .iter()
        .map(|(folder, text)| (folder.as_str(), text.replace('"', "")))
        .collect();
    assert_eq!(
        written,
        expected.map(|(folder, text)| (folder, text.to_owned()))
    );
    assert_eq!(outcome.outputs[0].rows(), 1);
    assert!(
        outcome.outputs[0]
            .files
            .iter()
            .all(|file| file.path.starts_with(staging.path().join("s")))
    );
    let rows: BTreeMap<&str, Option<u64>> = outcome
        .steps
        .iter()
        .map(|step| (step.node_id.as_str(), step.rows))
        .collect();
    assert_eq!(rows["out"], Some(2));
    assert_eq!(rows["d"], Some(2));
    assert_eq!(rows["f"], Some(2));
    let out = outcome
        .steps
        .iter()
        .find(|step| step.node_id == "out")
        .expect("a step");
    assert_eq!((out.files_written, out.node_type), (2, "S3DirectTarget"));
    assert!(out.bytes_written > 0);
    let last = *seen.0.lock().unwrap().last().expect("progress");
    assert_eq!(last.rows_written, 3);
    assert!(last.bytes_read >= last.bytes_total, "{last:?}");
}

#[tokio::test]
async fn figures_are_of_nodes() {
    let world = World::of(&[
        ("a.csv", "id\n1\n2\n3\n9\n"),
        ("b.csv", "k,v\n1,1\n2,2\n3,3\n"),
    ])
    .await;
    let nodes = format!(
        "{}{}j: {{Join: {{Name: j, Inputs: [a, b], JoinType: equijoin, Columns: [{{From: a, Keys: [[id]]}}, {{From: b, Keys: [[k]]}}]}}}}
u: {{DropDuplicates: {{Name: u, Inputs: [j], Columns: [[v]]}}}}
out: {{S3GlueParquetTarget: {{Name: out, Inputs: [u], Path: s3://house/out}}}}\n",
        csv("a"),
        csv("b")
    );
    let job = world.plan(&nodes).await.expect("a plan");
    let staging = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        let outcome = world
            .engine
            .run_job(&job, staging.path(), "run-1", &Seen::default())
            .await
            .expect("a run");
        let rows: Vec<(&str, Option<u64>)> = outcome
            .steps
            .iter()
            .map(|step| (step.node_id.as_str(), step.rows))
            .collect();
        let expected = [
            ("a", Some(4)),
            ("b", Some(3)),
            ("j", Some(3)),
            ("u", Some(3)),
            ("out", Some(3)),
        ];
        assert_eq!(rows, expected);
        assert_eq!(outcome.steps[0].bytes_read, Some(8), "the header apart");
        let file = &outcome.outputs[0].files[0].key;
        assert!(
            file.starts_with("run-1-part-block-0-r-") && file.ends_with("-snappy.parquet"),
            "{file}"
        );
    }
}

#[tokio::test]
async fn parquet_that_was_written_is_read_again() {
    let world = World::of(&[("a.csv", "id,day\n1,2023\n2,\n")]).await;
    let nodes = format!(
        "{}m: {{ApplyMapping: {{Name: m, Inputs: [a], Mapping: [{{FromPath: [id], ToKey: Id, ToType: long}}, {{FromPath: [day], ToKey: at, ToType: timestamp}}]}}}}
out: {{S3GlueParquetTarget: {{Name: out, Inputs: [m], Path: s3://house/out, NumberTargetPartitions: '1'}}}}\n",
        csv("a")
    );
    let job = world.plan(&nodes).await.expect("a plan");
    let staging = tempfile::tempdir().expect("a folder");
    let seen = Seen::default();
    let outcome = world
        .engine
        .run_job(&job, staging.path(), "run-1", &seen)
        .await
        .expect("a run");
    for (at, file) in outcome.outputs[0].files.iter().enumerate() {
        let bytes = std::fs::read(&file.path).expect("a file");
        let address = format!("s3://house/a b=c%20/{at}.parquet");
        world.buckets.put(&address, bytes).await;
    }
    let again = "p: {S3ParquetSource: {Name: p, Paths: ['s3://house/a b=c%20/']}}
f: {Filter: {Name: f, Inputs: [p], LogicalOperator: AND, Filters: [{Operation: LTE, Values: [{Type: COLUMNEXTRACTED, Value: [Id]}, {Type: CONSTANT, Value: ['2']}]}]}}
out: {S3GlueParquetTarget: {Name: out, Inputs: [f], Path: s3://house/two}}\n";
    let expected = ["Id bigint|at timestamp", "1|2023-01-01T00:00:00", "2|~"];
    assert_eq!(world.rows(again).await, expected);
    let job = world.plan(again).await.expect("a plan");
    let outcome = world
        .engine
        .run_job(&job, staging.path(), "run-2", &seen)
        .await
        .expect("a run");
    let source = &outcome.steps[0];
    assert!(
        source.bytes_read.is_some_and(|bytes| bytes > 0),
        "{source:?}"
    );
    assert_eq!(outcome.outputs[0].rows(), 2);
}
