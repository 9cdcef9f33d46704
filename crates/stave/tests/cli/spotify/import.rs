//! `import`: the account's export, alone and with the plays of the API.

use std::io::Write;

use serde_json::{Value, json};

use super::{Sandbox, extract};
use crate::program::{Program, files};

/// A row of the export of today.
fn played(at: &str, uri: &str, title: &str) -> Value {
    json!({
        "ts": at, "platform": "linux", "ms_played": 180_000, "conn_country": "DE",
        "ip_addr": "192.0.2.7", "master_metadata_track_name": title,
        "master_metadata_album_artist_name": "An Artist",
        "master_metadata_album_album_name": "An Album", "spotify_track_uri": uri,
        "episode_name": null, "episode_show_name": null, "spotify_episode_uri": null,
        "reason_start": "trackdone", "reason_end": "trackdone", "shuffle": false,
        "skipped": false, "offline": false, "offline_timestamp": null, "incognito_mode": false,
    })
}

/// A row of an export of before 2023.
fn played_then(at: &str, uri: &str, title: &str) -> Value {
    let mut row = played(at, uri, title);
    let fields = row.as_object_mut().expect("an object");
    fields.remove("ip_addr");
    fields.insert("ip_addr_decrypted".to_owned(), json!("192.0.2.8"));
    fields.insert("username".to_owned(), json!("somebody"));
    fields.insert("user_agent_decrypted".to_owned(), json!("unknown"));
    row
}

fn zipped(entries: &[(&str, &Value)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, value) in entries {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).expect("begun");
        zip.write_all(format!("{value:#}").as_bytes())
            .expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

/// An export: three plays of each era, two of them the first two of `extracted`.
fn export(extracted: &[(String, String)]) -> Vec<u8> {
    let now = json!([
        played(
            "2025-01-01T10:00:00Z",
            "spotify:track:0000000000000000000001",
            "One"
        ),
        played(&extracted[0].1, &extracted[0].0, "Two"),
        played(&extracted[1].1, &extracted[1].0, "Three"),
    ]);
    let then = json!([
        played_then(
            "2015-01-01T10:00:00Z",
            "spotify:track:0000000000000000000002",
            "Four"
        ),
        played_then(
            "2015-01-01T10:05:00Z",
            "spotify:track:0000000000000000000002",
            "Four"
        ),
        played_then(
            "2015-01-01T10:05:00Z",
            "spotify:track:0000000000000000000002",
            "Four"
        ),
    ]);
    zipped(&[
        ("MyData/Streaming_History_Audio_2025.json", &now),
        ("MyData/endsong_0.json", &then),
        ("MyData/Userdata.json", &json!({"username": "somebody"})),
        ("MyData/ReadMeFirst.pdf", &json!(null)),
    ])
}

#[test]
fn an_export_and_the_api_become_one_table() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &["--at", "2026-03-01T12:00:00Z"]);
    program.ok(&extract(
        &sandbox,
        &[
            "--stream",
            "plays",
            "--bucket",
            "s3://raw",
            "--account",
            "default",
        ],
    ));
    let mut extracted = Vec::new();
    for (name, bytes) in files(&program.home().join("buckets/raw/raw_data/plays")) {
        let page: Value = serde_json::from_slice(&bytes).expect(&name);
        for row in page["items"].as_array().expect("rows") {
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            extracted.push((text(&row["track"]["uri"]), text(&row["played_at"])));
        }
    }
    assert_eq!(extracted.len(), 50);
    program.file("my_spotify_data.zip", export(&extracted));
    program.ok(&["mb", "s3://lake"]);
    let import = [
        "spotify",
        "import",
        "my_spotify_data.zip",
        "--out",
        "s3://lake/plays",
    ];
    let imported = program.json(&import);
    assert_eq!(imported["export"]["rows"], 6, "{imported}");
    assert_eq!(
        imported["summary"]["passed_over"],
        json!(["MyData/Userdata.json"])
    );
    assert_eq!(
        (&imported["api"]["read"], &imported["api"]["doubles"]),
        (&json!(50), &json!(2))
    );

    program.ok(&[
        "crawler",
        "create",
        "plays",
        "--target",
        "s3://lake/plays/",
        "--database",
        "spotify",
    ]);
    program.ok(&["crawler", "run", "plays"]);
    let rows = program.csv("spotify", "SELECT origin, count(*) AS n, min(account) AS who FROM plays GROUP BY origin ORDER BY origin");
    assert_eq!(
        rows[1..],
        [r#""api","48","default""#, r#""export","6","default""#]
    );
    let columns = program.ok(&["catalog", "table", "spotify.plays"]);
    assert!(
        !columns.contains("ip_addr") && !columns.contains("username"),
        "{columns}"
    );

    // The unpacked folder gives the same, and takes the place of the import before.
    let before = files(&program.home().join("buckets/lake"));
    let mut archive =
        zip::ZipArchive::new(std::io::Cursor::new(export(&extracted))).expect("a zip");
    archive.extract(program.path("unpacked")).expect("unpacked");
    program.ok(&["spotify", "import", "unpacked", "--out", "s3://lake/plays"]);
    assert_eq!(
        files(&program.home().join("buckets/lake")).len(),
        before.len()
    );
    let rows = program.csv(
        "spotify",
        "SELECT count(*) AS n, count(DISTINCT play_key) AS keys FROM plays",
    );
    assert_eq!(
        rows[1], r#""54","53""#,
        "an exact repeat of the export is kept"
    );
    addresses_are_kept_when_asked_for(&program);
}

/// Imports the unpacked export once more.
fn addresses_are_kept_when_asked_for(program: &Program) {
    program.ok(&[
        "spotify",
        "import",
        "unpacked",
        "--out",
        "s3://lake/kept",
        "--keep-addresses",
        "--keep-user",
        "--no-api",
    ]);
    program.ok(&[
        "crawler",
        "create",
        "kept",
        "--target",
        "s3://lake/kept/",
        "--database",
        "spotify",
    ]);
    program.ok(&["crawler", "run", "kept"]);
    let rows = program.csv(
        "spotify",
        "SELECT ip_addr, username FROM kept ORDER BY played_at LIMIT 1",
    );
    assert_eq!(rows[1], r#""192.0.2.8","somebody""#);
}

#[test]
fn what_is_no_export_is_refused_and_leaves_nothing() {
    let program = Program::with_bucket("lake");
    let small = json!([{"endTime": "2026-01-01 10:00", "artistName": "A", "trackName": "T", "msPlayed": 1}]);
    program.file(
        "small.zip",
        zipped(&[("MyData/StreamingHistory_music_0.json", &small)]),
    );
    let row = played(
        "2025-01-01T10:00:00Z",
        "spotify:track:0000000000000000000001",
        "One",
    );
    program.file(
        "cut/Streaming_History_Audio_2025.json",
        format!("[{row}, {{\"ts\": \"20"),
    );
    program.file("odd.zip", "PK but no zip");
    for (path, words) in [
        ("small.zip", "request \"Extended streaming history\""),
        ("cut", "cut off or changed"),
        ("odd.zip", "no zip that can be read"),
        ("absent.zip", "is not there"),
    ] {
        let error = program.fails(1, &["spotify", "import", path, "--out", "s3://lake/plays"]);
        assert!(error.contains(words), "{path}: {error}");
        assert!(
            files(&program.home().join("buckets/lake")).is_empty(),
            "{path}"
        );
    }
}
