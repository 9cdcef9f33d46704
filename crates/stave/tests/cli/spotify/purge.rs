//! `purge`: what it takes, wherever it was copied to, and what it leaves.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Sandbox, TOP_50, extract, stream};
use crate::program::{Program, files};

#[test]
fn a_purge_takes_what_carries_the_tag_and_nothing_else() {
    let program = Program::with_bucket("raw");
    program.put("s3://raw/mine.txt", "mine");
    let sandbox = Sandbox::start(&program, &[]);
    for account in ["a", "b"] {
        program.ok(&extract(
            &sandbox,
            &[
                "--stream",
                "me",
                "--playlist",
                TOP_50,
                "--bucket",
                "s3://raw",
                "--account",
                account,
            ],
        ));
    }
    program.ok(&["mb", "s3://copies"]);
    program.ok(&[
        "cp",
        "--recursive",
        "--quiet",
        "s3://raw/raw_data/to_processed/",
        "s3://copies/done/",
    ]);
    let keys = |bucket: &str| -> BTreeSet<String> {
        let found = files(&program.home().join("buckets").join(bucket));
        found.into_iter().map(|(name, _)| name).collect()
    };
    let all = keys("raw");
    assert_eq!(all.len(), 7, "{all:?}");
    assert!(
        program
            .json(&["spotify", "purge", "--older-than", "1h"])
            .as_array()
            .expect("rows")
            .is_empty()
    );
    let groups = program.json(&["spotify", "purge", "--account", "a", "--dry-run"]);
    assert_eq!(groups.as_array().expect("rows").len(), 4, "{groups}");
    assert_eq!(keys("raw"), all);

    program.ok(&["spotify", "purge", "--account", "a"]);
    assert_eq!((keys("raw").len(), keys("copies").len()), (4, 1));
    assert!(!program.home().join("spotify/a.json").exists());
    assert!(program.home().join("spotify/b.json").exists());
    let status = program.json(&["spotify", "status"]);
    let a = status
        .as_array()
        .expect("accounts")
        .iter()
        .find(|one| one["account"] == "a");
    // What was spent of the quota stays spent.
    let a = a.expect("remembered");
    assert!(
        a["login"].is_null() && a["streams"] == json!([]) && a["budgets"] != json!([]),
        "{a}"
    );
    // What was purged is read again by the next run.
    let report = program.json(&extract(
        &sandbox,
        &[
            "--playlist",
            TOP_50,
            "--bucket",
            "s3://raw",
            "--account",
            "a",
        ],
    ));
    assert_eq!(stream(&report, "playlist_items")["got"], 50, "{report}");

    program.ok(&["spotify", "purge", "--older-than", "0h"]);
    assert_eq!(keys("raw"), BTreeSet::from(["mine.txt".to_owned()]));
    assert!(keys("copies").is_empty());
    let error = program.fails(2, &["spotify", "purge"]);
    assert!(error.contains("--older-than"), "{error}");
}

/// What a job makes of raw pages.
const TRANSFORM: &str = "
Name: transform
CodeGenConfigurationNodes:
  pages: {S3JsonSource: {Name: pages, Paths: [s3://raw/raw_data/to_processed/], JsonPath: '$.items[*]'}}
  mine: {S3JsonSource: {Name: mine, Paths: [s3://raw/mine/], Types: {n: bigint}}}
  songs: {SparkSQL: {Name: songs, Inputs: [pages], SqlAliases: [{From: pages, Alias: p}], SqlQuery: 'select p.track.id from p'}}
  out: {S3DirectTarget: {Name: out, Inputs: [songs], Path: s3://lake/songs/, Format: json, NumberTargetPartitions: '1'}}
  own: {S3DirectTarget: {Name: own, Inputs: [mine], Path: s3://lake/own/, Format: json, NumberTargetPartitions: '1'}}
";
/// What another job makes of a table of that.
const DERIVE: &str = "
Name: derive
CodeGenConfigurationNodes:
  in: {S3CatalogSource: {Name: in, Database: lake, Table: songs}}
  out: {S3DirectTarget: {Name: out, Inputs: [in], Path: s3://lake/copies/, Format: parquet}}
";

#[test]
fn a_purge_takes_what_jobs_have_made() {
    let program = Program::with_bucket("raw");
    program.ok(&["mb", "s3://lake"]);
    program.put("s3://raw/mine/one.json", r#"{"n": 1}"#);
    program.file("transform.yaml", TRANSFORM);
    program.file("derive.yaml", DERIVE);
    // Without an account nothing is from Spotify.
    let sandbox = Sandbox::start(&program, &[]);
    for account in ["a", "b"] {
        let words = [
            "--playlist",
            TOP_50,
            "--bucket",
            "s3://raw",
            "--account",
            account,
        ];
        program.ok(&extract(&sandbox, &words));
    }
    program.ok(&["job", "run", "transform.yaml"]);
    let crawler = ["crawler", "create", "lake", "--target", "s3://lake/songs/"];
    program.ok(&[&crawler[..], &["--database", "lake"]].concat());
    program.ok(&["crawler", "run", "lake"]);
    program.ok(&["job", "run", "derive.yaml"]);
    let made = |folder: &str| {
        let found = files(&program.home().join("buckets/lake"));
        found
            .iter()
            .filter(|(name, _)| name.starts_with(folder))
            .count()
    };
    assert_eq!((made("songs/"), made("copies/"), made("own/")), (1, 1, 1));

    // Nothing is older than an hour, whatever it was made of.
    program.ok(&["spotify", "purge", "--older-than", "1h"]);
    assert_eq!((made("songs/"), made("copies/")), (1, 1));
    // There is something of both accounts in it.
    let groups = program.json(&["spotify", "purge", "--account", "b", "--dry-run"]);
    let derived = groups.as_array().expect("rows").iter();
    let mut derived = derived.filter(|group| group["Stream"] == "derived");
    let group = derived.next().expect("derived");
    assert_eq!(
        (&group["Account"], &group["Objects"], &group["Bucket"]),
        (&json!("a,b"), &json!(2), &json!("lake")),
        "{groups}"
    );
    program.ok(&["spotify", "purge", "--account", "b"]);
    assert_eq!((made("songs/"), made("copies/"), made("own/")), (0, 0, 1));
    // What is left of the other is made anew.
    program.ok(&["job", "run", "transform.yaml"]);
    assert_eq!(made("songs/"), 1);
    program.ok(&["spotify", "purge", "--older-than", "0h"]);
    assert_eq!((made("songs/"), made("own/")), (0, 2));
}
