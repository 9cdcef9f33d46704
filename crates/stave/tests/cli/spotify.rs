//! `spotify`: the program against its own sandbox, each a process.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, files, said};

const TOP_50: &str = "37i9dQZEVXbMDoHDwVN2tF";

/// A running sandbox; ends with the test.
struct Sandbox {
    process: Child,
    base: String,
}

impl Sandbox {
    fn start(program: &Program, words: &[&str]) -> Self {
        let mut args = vec![
            "spotify",
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--seed",
            "7",
        ];
        args.extend(["--tracks", "20000"]);
        args.extend(words);
        let mut command = program.command(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("started");
        let mut base = String::new();
        let out = process.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut base).expect("a line");
        Self {
            process,
            base: base.trim().to_owned(),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn extract<'a>(sandbox: &'a Sandbox, words: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["spotify", "extract", "--sandbox", &sandbox.base];
    args.extend(words);
    args
}

/// The rows of the playlist entries in a bucket, object by object.
fn entries(program: &Program, bucket: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for (name, bytes) in files(&program.home().join("buckets").join(bucket)) {
        if name.starts_with("raw_data/to_processed/") {
            let page: Value = serde_json::from_slice(&bytes).expect("JSON");
            rows.extend(page["items"].as_array().expect("rows").iter().cloned());
        }
    }
    rows
}

fn stream<'a>(report: &'a Value, name: &str) -> &'a Value {
    let streams = report["streams"].as_array().expect("streams").iter();
    let mut found = streams.filter(|stream| stream["stream"] == name);
    found.next().expect(name)
}

/// The id of the user's playlist with the most entries.
fn biggest(program: &Program, sandbox: &Sandbox) -> (String, u64) {
    program.ok(&["mb", "s3://lists"]);
    program.ok(&extract(
        sandbox,
        &[
            "--stream",
            "playlists",
            "--bucket",
            "s3://lists",
            "--account",
            "other",
        ],
    ));
    let mut best = (String::new(), 0);
    for (_, bytes) in files(&program.home().join("buckets/lists")) {
        let page: Value = serde_json::from_slice(&bytes).expect("JSON");
        for list in page["items"].as_array().expect("rows") {
            let total = list["tracks"]["total"].as_u64().unwrap_or(0);
            if total > best.1 {
                best = (list["id"].as_str().expect("an id").to_owned(), total);
            }
        }
    }
    best
}

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
    assert_eq!(planned.as_array().expect("rows").len(), 14);
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
    assert_eq!(account["streams"].as_array().expect("streams").len(), 14);
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

/// Asks as a browser does; gives the head and the body.
fn visit(url: &str) -> String {
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("connected");
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    answer
}

#[test]
fn a_login_goes_through_the_browser() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &[]);
    let api = format!("{}/v1", sandbox.base);
    let hosts = ["--accounts-url", &sandbox.base, "--api-url", &api];
    let mut args = vec!["spotify", "login", "--client-id", "me", "--no-browser"];
    args.extend(hosts);
    let mut login = program.start(&args);
    let mut url = String::new();
    let mut out = BufReader::new(login.stdout.take().expect("piped"));
    out.read_line(&mut url).expect("a line");
    assert!(url.contains("code_challenge_method=S256"), "{url}");
    let answer = visit(url.trim());
    let back = answer.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .starts_with("location: ")
            .then(|| line[10..].trim().to_owned())
    });
    let landed = visit(&back.expect("sent back"));
    assert!(landed.starts_with("HTTP/1.1 200"), "{landed}");
    let done = said(&login.wait_with_output().expect("ended"));
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.err.contains("logged in until 2"), "{}", done.err);

    let mut args = vec![
        "spotify", "extract", "--stream", "me", "--bucket", "s3://raw",
    ];
    args.extend(hosts);
    let report = program.json(&args);
    assert_eq!(stream(&report, "me")["standing"], "complete", "{report}");
    // A token of one Spotify is not sent to another.
    let other = program.fails(
        1,
        &[
            "spotify", "extract", "--stream", "me", "--bucket", "s3://raw",
        ],
    );
    assert!(other.contains("was read from http://127.0.0.1"), "{other}");
    let mixed = program.fails(
        1,
        &extract(
            &sandbox,
            &[
                "--stream",
                "me",
                "--bucket",
                "s3://raw",
                "--account",
                "default",
            ],
        ),
    );
    assert!(mixed.contains("not from a sandbox"), "{mixed}");
}

#[test]
fn an_app_alone_reads_public_playlists() {
    let program = Program::with_bucket("raw")
        .variable("SPOTIPY_CLIENT_ID", "app")
        .variable("SPOTIPY_CLIENT_SECRET", "do-not-print");
    let sandbox = Sandbox::start(&program, &["--client", "app:do-not-print"]);
    let api = format!("{}/v1", sandbox.base);
    let args = [
        "--json",
        "spotify",
        "extract",
        "--accounts-url",
        &sandbox.base,
        "--api-url",
        &api,
        "--playlist",
        TOP_50,
        "--stream",
        "me",
        "--bucket",
        "s3://raw",
    ];
    let said = program.run(&args);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(stream(&report, "playlist_items")["standing"], "complete");
    assert_eq!(stream(&report, "me")["standing"], "denied");
    let shown = program.ok(&["config", "show"]);
    for text in [&said.out, &said.err, &shown] {
        assert!(!text.contains("do-not-print"), "{text}");
    }
    assert!(
        shown.contains("environment SPOTIPY_CLIENT_SECRET"),
        "{shown}"
    );
}

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
