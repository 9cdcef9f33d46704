//! Filling `${…}`.

use super::super::{Bookmark, JobDocument, NodeKind};
use super::{fill, refused};

const JOB: &str = "Name: p
DefaultArguments: {--bucket: staging, --rows: '7'}
CodeGenConfigurationNodes:
  a: {S3CsvSource: {Name: 'from ${bucket}', Paths: ['s3://${bucket}/${file}.csv'], SkipLines: '${rows}', NullValues: ['$${bucket}', '${', 'plain $']}}
  t: {S3GlueParquetTarget: {Inputs: [a], Path: 's3://${bucket}/out/'}}
";

#[test]
fn placeholders_are_filled_from_arguments_then_defaults() {
    let job = JOB.replace("'${', ", "");
    let filled = fill(&job, &[("file", "albums"), ("--rows", "9")]).unwrap();
    let node = filled.nodes.get("a").unwrap();
    assert_eq!(node.name, "from staging");
    let NodeKind::S3CsvSource(csv) = &node.kind else {
        panic!()
    };
    assert_eq!(csv.files.paths, ["s3://staging/albums.csv"]);
    assert_eq!(csv.skip_lines, Some(9));
    assert_eq!(csv.null_values, ["${bucket}", "plain $"]);
    assert_eq!(filled.warnings, []);
}

#[test]
fn a_document_says_whether_it_waits_for_arguments() {
    let job = |path: &str| format!("t: {{S3GlueParquetTarget: {{Inputs: [a], Path: '{path}'}}}}");
    for (path, waits) in [
        ("s3://b/out/", false),
        ("s3://b/${x}/", true),
        ("s3://b/$${x}/", false),
        ("s3://b/$${x}${y}/", true),
        ("s3://b/$x/", false),
    ] {
        let document = JobDocument::parse(&job(path)).unwrap();
        assert_eq!(document.has_placeholders(), waits, "{path}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let job = JOB.replace("'${', ", "");
    let error = refused(&job);
    assert_eq!(
        error.to_string(),
        "line 4: node \"from staging\" (a), Paths[0]: the argument \"file\" is not given"
    );
    let hint = error.hint_text().unwrap();
    assert!(
        hint.contains("given are: bucket, rows") && hint.contains("--arg file=VALUE"),
        "{hint}"
    );
    let near = fill(&job, &[("fiel", "x")]).unwrap_err();
    assert!(near.hint_text().unwrap().contains("did you mean \"fiel\"?"));
}

#[test]
fn what_is_no_placeholder_is_refused() {
    let error = fill(JOB, &[("file", "x")]).unwrap_err();
    assert!(
        error
            .message()
            .contains("NullValues[1]: \"${\" is no placeholder"),
        "{error}"
    );
    assert!(error.hint_text().unwrap().contains("$${"));
    for text in ["${a b}", "${}", "${a", "x${${a}}"] {
        let job = JOB.replace("'${', ", &format!("'{text}', "));
        let error = fill(&job, &[("file", "x")]).unwrap_err();
        assert!(
            error.message().contains("is no placeholder"),
            "{text}: {error}"
        );
    }
}

#[test]
fn an_argument_that_nothing_uses_is_told() {
    let job = JOB.replace("'${', ", "");
    let filled = fill(
        &job,
        &[
            ("file", "x"),
            ("bukcet", "y"),
            ("job-bookmark-option", "job-bookmark-enable"),
        ],
    )
    .unwrap();
    let said: Vec<String> = filled.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said[0],
        "no node uses the argument \"bukcet\": did you mean \"bucket\"?"
    );
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(filled.bookmark, Bookmark::Enable);
}

#[test]
fn a_bookmark_is_asked_for_as_in_glue() {
    let job = JOB.replace("'${', ", "");
    let asked = |arguments: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = [("file", "x")]
            .into_iter()
            .chain(arguments.to_vec())
            .collect();
        fill(&job, &all).map(|job| job.bookmark)
    };
    assert_eq!(asked(&[]).unwrap(), Bookmark::Disable);
    let option = |word| asked(&[("--job-bookmark-option", word)]);
    assert_eq!(option("job-bookmark-pause").unwrap(), Bookmark::Pause);
    assert_eq!(option("disable").unwrap(), Bookmark::Disable);
    assert!(option("job-bookmark-on").is_err());
    let error = asked(&[("job-bookmark-from", "jr_1")]).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
    let table = "t: {CatalogSource: {Name: t, Database: d, Table: t}}\nout: {S3DirectTarget: {Name: out, Inputs: [t], Path: s3://b/o, Format: json}}";
    assert!(fill(table, &[]).is_ok());
    let error = fill(table, &[("job-bookmark-option", "job-bookmark-enable")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1: node \"t\": a table of the catalog has no bookmark here"
    );
}

#[test]
fn a_value_is_not_filled_again() {
    let filled = fill(&JOB.replace("'${', ", ""), &[("file", "${bucket}")]).unwrap();
    let NodeKind::S3CsvSource(csv) = &filled.nodes.get("a").unwrap().kind else {
        panic!()
    };
    assert_eq!(csv.files.paths, ["s3://staging/${bucket}.csv"]);
}

#[test]
fn filling_is_bounded() {
    let value = "x".repeat(600_000);
    let job = JOB
        .replace("'${', ", "")
        .replace("${file}", "${file}${file}");
    let error = fill(&job, &[("file", &value)]).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::LimitExceeded);
}
