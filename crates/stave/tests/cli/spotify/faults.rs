//! Runs that are killed, limited, misled and cut off.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Sandbox, TOP_50, biggest, entries, extract, stream};
use crate::program::Program;

#[test]
fn a_killed_run_is_gone_on_with() {
    let program = Program::with_bucket("raw");
    let slow = [
        "--at",
        "2026-03-01T00:00:00Z",
        "--fault",
        "GET /v1/playlists/*/*: delay 60ms",
    ];
    let sandbox = Sandbox::start(&program, &slow);
    let (id, total) = biggest(&program, &sandbox);
    assert!(total > 9_000, "{total}");
    let args = extract(&sandbox, &["--playlist", &id, "--bucket", "s3://raw"]);
    let folder = program.home().join("buckets/raw/raw_data/to_processed");
    let count = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    let mut calls = 0;
    for pages in [5, 20, 40] {
        let mut run = program.start(&args);
        let begun = Instant::now();
        while count() < pages {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "{} pages",
                count()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        run.kill().expect("killed");
        run.wait().expect("ended");
        calls += 1;
    }
    let report = program.json(&args);
    assert_eq!(
        stream(&report, "playlist_items")["standing"],
        "complete",
        "{report}"
    );
    // No page was fetched twice but those in flight when it was killed.
    assert!(
        report["calls"].as_u64() < Some(100 - 40 + 5 + calls),
        "{report}"
    );
    let killed = entries(&program, "raw");
    assert_eq!(killed.len() as u64, total);

    program.ok(&["mb", "s3://whole"]);
    program.ok(&extract(
        &sandbox,
        &[
            "--playlist",
            &id,
            "--bucket",
            "s3://whole",
            "--account",
            "b",
        ],
    ));
    let text = |rows: &[Value]| rows.iter().map(Value::to_string).collect::<Vec<_>>();
    assert!(
        text(&killed) == text(&entries(&program, "whole")),
        "the rows differ"
    );
}

#[test]
fn a_used_up_quota_has_its_own_exit_code() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &["--quota", "playlists=3"]);
    let lists = [
        "37i9dQZF1DXcBWIGoYBM5M",
        "37i9dQZEVXbNG2KDcFcKOF",
        "37i9dQZEVXbLRQDuF5jeBp",
    ];
    let mut words = vec![
        "--playlist",
        TOP_50,
        "--bucket",
        "s3://raw",
        "--stream",
        "me",
    ];
    for list in &lists {
        words.extend(["--playlist", list]);
    }
    let args = extract(&sandbox, &words);
    let said = program.run(&args);
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    assert!(said.out.contains("closed until 2"), "{}", said.out);
    assert!(said.err.contains("run it again after that"), "{}", said.err);
    assert!(
        said.out.contains("│ me             ┆ complete"),
        "{}",
        said.out
    );
    // Until then the closed part is not asked at all.
    let again = program.run(&[&["--json"], args.as_slice()].concat());
    assert_eq!(again.code, Some(3), "{}", again.err);
    let report: Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!(stream(&report, "playlist_items")["calls"], 0, "{report}");
    let drawn = program.ok(&["spotify", "status"]);
    assert!(drawn.contains("┆ closed"), "{drawn}");
}

#[test]
fn a_hostile_next_is_not_followed() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &["--hostile-next", "http://127.0.0.1:9"]);
    let words = ["--stream", "saved_tracks", "--bucket", "s3://raw"];
    let said = program.run(&extract(&sandbox, &words));
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(
        said.err.contains("`next` link is not followed"),
        "{}",
        said.err
    );
    assert!(said.out.contains("saved_tracks ┆ partial"), "{}", said.out);
}

#[test]
fn faults_are_got_over() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(
        &program,
        &[
            "--fault",
            "GET /v1/me/tracks: 502 x1",
            "--fault",
            "GET /v1/me/tracks: truncate once",
            "--fault",
            "GET /v1/me/tracks: 401 once",
        ],
    );
    let report = program.json(&extract(
        &sandbox,
        &["--stream", "saved_tracks", "--bucket", "s3://raw"],
    ));
    let saved = stream(&report, "saved_tracks");
    assert_eq!(
        (&saved["standing"], &saved["asked"]),
        (&json!("complete"), &saved["got"])
    );
}
