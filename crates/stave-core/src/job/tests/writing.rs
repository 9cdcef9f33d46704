//! The way back: what was read is written without loss.

use serde_json::Value;

use super::super::{EXTENSIONS, JobDocument, SUPPORTED_KINDS};
use super::{EVERYTHING, EXPORTED, fill, read};

#[test]
fn an_exported_job_goes_back() {
    let value: Value = serde_json::from_str(EXPORTED).unwrap();
    let document = JobDocument::parse(EXPORTED).unwrap();
    let job = read(EXPORTED);
    for text in [document.to_json().unwrap(), job.to_json().unwrap()] {
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
    for text in [document.to_yaml().unwrap(), job.to_yaml().unwrap()] {
        assert_eq!(serde_yaml_ng::from_str::<Value>(&text).unwrap(), value);
    }
}

#[test]
fn every_kind_goes_back() {
    let value: Value = serde_yaml_ng::from_str(EVERYTHING).unwrap();
    let job = read(EVERYTHING);
    let mut wanted = value.clone();
    // What is left out by Glue's rules is written with its default.
    wanted["house"]["S3GlueParquetTarget"]["PartitionKeys"] = Value::Array(Vec::new());
    assert_eq!(job.to_value()["CodeGenConfigurationNodes"], wanted);
    assert_eq!(JobDocument::parse(EVERYTHING).unwrap().to_value(), value);
    assert_eq!(read(&job.to_json().unwrap()).nodes, job.nodes);
    assert_eq!(read(&job.to_yaml().unwrap()).nodes, job.nodes);
}

#[test]
fn a_document_keeps_its_placeholders() {
    let text = "a: {S3CsvSource: {Name: a, Paths: ['s3://${bucket}/a.csv']}}\n\
                t: {S3GlueParquetTarget: {Name: t, Inputs: [a], Path: out}}";
    let document = JobDocument::parse(text).unwrap();
    assert!(document.to_json().unwrap().contains("s3://${bucket}/a.csv"));
    let job = fill(text, &[("bucket", "staging")]).unwrap();
    assert!(job.to_json().unwrap().contains("s3://staging/a.csv"));
}

#[test]
fn unknown_members_of_a_job_are_kept_and_told() {
    let text = EXPORTED.replacen(
        "\"JobMode\"",
        "\"SomethingNew\": {\"A\": 1}, \"JobMode\"",
        1,
    );
    let job = read(&text);
    assert_eq!(job.to_value()["SomethingNew"]["A"], 1);
    let said = job.warnings[0].to_string();
    assert!(said.contains("\"SomethingNew\" is not known"), "{said}");
}

#[test]
fn extensions_belong_to_kinds_that_exist() {
    for (kinds, field, meaning) in EXTENSIONS {
        assert!(
            kinds.iter().all(|kind| SUPPORTED_KINDS.contains(kind)),
            "{field}"
        );
        assert!(
            EVERYTHING.contains(&format!("{field}: ")),
            "{field} is not tested"
        );
        assert!(!meaning.is_empty());
    }
}
