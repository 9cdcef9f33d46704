//! What `extract` puts, where, and what it refuses.

use serde_json::Value;

use super::{Sandbox, TOP_50, extract, stream};
use crate::program::{Program, files};

#[test]
fn a_playlist_lies_where_the_public_pipelines_read_it() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &[]);
    let url = format!("https://open.spotify.com/playlist/{TOP_50}?si=1333723a6eff4b7f");
    let said = program.run(&extract(
        &sandbox,
        &["--playlist", &url, "--bucket", "s3://raw/a"],
    ));
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("playlist_items ┆ complete"),
        "{}",
        said.out
    );
    let objects = files(&program.home().join("buckets/raw/a"));
    let (name, bytes) = &objects
        .iter()
        .find(|(name, _)| name.contains("to_processed"))
        .expect("one");
    assert!(
        name.starts_with("raw_data/to_processed/spotify_raw_2"),
        "{name}"
    );
    let page: Value = serde_json::from_slice(bytes).expect("JSON");
    let rows = page["items"].as_array().expect("rows");
    assert_eq!(rows.len(), 50);
    assert!(
        rows.iter()
            .all(|row| row["track"]["album"]["id"].is_string())
    );

    // What has not changed costs one call, and puts nothing.
    let again = program.run(&[
        "--json",
        "spotify",
        "extract",
        "--sandbox",
        &sandbox.base,
        "--playlist",
        TOP_50,
        "--bucket",
        "s3://raw/a",
    ]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    let report: Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!(report["calls"], 1, "{report}");
    assert_eq!(stream(&report, "playlist_items")["unchanged"], 1);
    assert_eq!(files(&program.home().join("buckets/raw/a")), objects);

    // The login is for its owner only, and is never told.
    let login = program.home().join("spotify/sandbox.json");
    let mode = std::os::unix::fs::MetadataExt::mode(&login.metadata().expect("there"));
    assert_eq!(mode & 0o777, 0o600);
    let tokens: Value = serde_json::from_slice(&std::fs::read(login).expect("read")).expect("JSON");
    for token in ["access_token", "refresh_token"] {
        let token = tokens[token].as_str().expect("a token");
        for text in [&said.out, &said.err, &again.out, &again.err] {
            assert!(!text.contains(token), "{text}");
        }
    }
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    let program = Program::with_bucket("raw");
    for (args, words) in [
        (vec!["--bucket", "s3://raw"], "--playlist"),
        (
            vec!["--all", "--stream", "me", "--bucket", "s3://raw"],
            "cannot be used",
        ),
        (
            vec!["--stream", "mee", "--bucket", "s3://raw"],
            "the streams are plays",
        ),
        (
            vec!["--playlist", "x", "--bucket", "s3://raw"],
            "22-character id",
        ),
        (vec!["--all"], "--bucket"),
        (
            vec![
                "--all",
                "--bucket",
                "s3://raw",
                "--sandbox",
                "http://example.com",
            ],
            "only https",
        ),
    ] {
        let args: Vec<&str> = ["spotify", "extract"].into_iter().chain(args).collect();
        let error = program.fails(2, &args);
        assert!(error.contains(words), "{args:?}: {error}");
    }
    let none = program.fails(1, &["spotify", "extract", "--all", "--bucket", "s3://raw"]);
    assert!(none.contains("SPOTIFY_CLIENT_ID"), "{none}");
    // Nothing was read of any account.
    let status = program.run(&["spotify", "status"]);
    assert!(
        status.err.contains("nothing was extracted yet"),
        "{}",
        status.err
    );
    let absent = program.fails(
        1,
        &["spotify", "extract", "--all", "--bucket", "s3://absent"],
    );
    assert!(absent.contains("stave mb s3://absent"), "{absent}");
    let secret = program.fails(2, &["spotify", "login", "--client-secret", "x"]);
    assert!(secret.contains("unexpected argument"), "{secret}");
}

#[test]
fn every_stream_is_there_and_costs_little_the_second_time() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &["--no-warts"]);
    let planned = program.json(&extract(&sandbox, &["--all", "--dry-run"]));
    assert_eq!(planned.as_array().expect("rows").len(), 15);
    assert!(files(&program.home().join("buckets/raw")).is_empty());
    let all = [
        "--all",
        "--bucket",
        "s3://raw",
        "--budget",
        "2",
        "--layout",
        "by-stream",
        "--grain",
        "run",
    ];
    let first = program.run(&[&["--json"], extract(&sandbox, &all).as_slice()].concat());
    let report: Value = serde_json::from_str(&first.out).expect(&first.err);
    for name in [
        "me",
        "plays",
        "top_tracks",
        "saved_tracks",
        "saved_shows",
        "followed_artists",
    ] {
        let stream = stream(&report, name);
        assert_eq!(stream["standing"], "complete", "{stream}");
        // Spotify says no total for the account itself, nor for plays.
        let told = stream["asked"].is_null() || stream["asked"] == stream["got"];
        assert!(told && stream["got"].as_u64() > Some(0), "{stream}");
    }
    // The budget is spent before all artists are there, so the run says that it is partial.
    assert_eq!(first.code, Some(1), "{}", first.err);
    assert_eq!(stream(&report, "artists")["standing"], "partial");
    let second = program.run(&[&["--json"], extract(&sandbox, &all).as_slice()].concat());
    let again: Value = serde_json::from_str(&second.out).expect(&second.err);
    let (before, after) = (report["calls"].as_u64(), again["calls"].as_u64());
    assert!(
        after < before.map(|calls| calls / 3),
        "{before:?} {after:?}"
    );

    let status = program.json(&["spotify", "status"]);
    let account = &status.as_array().expect("accounts")[0];
    assert_eq!(account["account"], "sandbox");
    assert!(account["login"]["ends_at"].is_string() && account["login"]["warning"].is_null());
    assert_eq!(account["streams"].as_array().expect("streams").len(), 15);
    assert!(
        account["budgets"][0]["calls_today"].as_u64() > Some(0),
        "{account}"
    );
    let drawn = program.ok(&["spotify", "status"]);
    assert!(
        drawn.contains("saved_tracks") && drawn.contains("me-tracks"),
        "{drawn}"
    );
}
