//! Logins: in the browser, of an app alone, of two processes at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use super::{Sandbox, TOP_50, extract, stream};
use crate::program::{Program, Said, said};

/// Reads the account, which takes one call.
const ME: [&str; 6] = [
    "spotify", "extract", "--stream", "me", "--bucket", "s3://raw",
];

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

/// The arguments that name a sandbox as if it were Spotify itself.
fn hosts(sandbox: &Sandbox) -> [String; 4] {
    [
        "--accounts-url".to_owned(),
        sandbox.base.clone(),
        "--api-url".to_owned(),
        format!("{}/v1", sandbox.base),
    ]
}

fn with_hosts<'a>(words: &[&'a str], hosts: &'a [String; 4]) -> Vec<&'a str> {
    let hosts = hosts.iter().map(String::as_str);
    words.iter().copied().chain(hosts).collect()
}

/// Logs in as a user does, in a browser.
fn log_in(program: &Program, hosts: &[String; 4]) -> Said {
    let words = ["spotify", "login", "--client-id", "me", "--no-browser"];
    let mut login = program.start(&with_hosts(&words, hosts));
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
    said(&login.wait_with_output().expect("ended"))
}

#[test]
fn a_login_goes_through_the_browser() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &[]);
    let hosts = hosts(&sandbox);
    let done = log_in(&program, &hosts);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.err.contains("logged in until 2"), "{}", done.err);

    let report = program.json(&with_hosts(&ME, &hosts));
    assert_eq!(stream(&report, "me")["standing"], "complete", "{report}");
    // A token of one Spotify is not sent to another.
    let other = program.fails(1, &ME);
    assert!(other.contains("was read from http://127.0.0.1"), "{other}");
    let words = [&ME[2..], &["--account", "default"]].concat();
    let mixed = program.fails(1, &extract(&sandbox, &words));
    assert!(mixed.contains("not from a sandbox"), "{mixed}");
}

fn read_login(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON")
}

/// Makes a login look older than it is.
fn age(path: &Path, changes: &[(&str, String)]) {
    let mut login = read_login(path);
    for (name, value) in changes {
        login[name] = json!(value);
    }
    std::fs::write(path, login.to_string()).expect("written");
}

#[test]
fn two_processes_renew_one_login_one_after_the_other() {
    let one = Program::with_bucket("raw");
    // Slow, so that both would ask if nothing held them apart. Each refresh token is good once,
    // so the second one would be refused.
    let slow = ["--fault", "POST /api/token: delay 300ms"];
    let sandbox = Sandbox::start(&one, &slow);
    let hosts = hosts(&sandbox);
    assert_eq!(log_in(&one, &hosts).code, Some(0));
    // Another home with the same login: what keeps two runs of an account apart is not shared.
    let two = Program::with_bucket("raw");
    let shared = two.home().join("spotify");
    let _ = std::fs::remove_dir_all(&shared);
    std::os::unix::fs::symlink(one.home().join("spotify"), &shared).expect("linked");
    let login = one.home().join("spotify/default.json");
    for _ in 0..2 {
        age(&login, &[("expires_at", "2020-01-01T00:00:00Z".to_owned())]);
        let before = read_login(&login)["refresh_token"].clone();
        let runs = [&one, &two].map(|program| program.start(&with_hosts(&ME, &hosts)));
        for run in runs {
            let done = said(&run.wait_with_output().expect("ended"));
            assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
        }
        let after = read_login(&login);
        assert_ne!(after["refresh_token"], before);
        assert!(after["expires_at"].as_str() > Some("2026"), "{after}");
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the program that is tried has the machine's clock"
)]
fn a_login_of_six_months_ago_is_warned_of_and_then_over() {
    let program = Program::with_bucket("raw");
    let sandbox = Sandbox::start(&program, &[]);
    let hosts = hosts(&sandbox);
    assert_eq!(log_in(&program, &hosts).code, Some(0));
    let login = program.home().join("spotify/default.json");
    let ago = |days: i64| {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
        ("consented_at", at.to_string())
    };
    age(&login, &[ago(170)]);
    let status = program.json(&["spotify", "status"]);
    assert!(status[0]["login"]["warning"].is_string(), "{status}");
    let used_up = ("expires_at", "2020-01-01T00:00:00Z".to_owned());
    let gone = ("refresh_token", "revoked".to_owned());
    age(&login, &[ago(190), used_up, gone]);
    let ended = program.run(&with_hosts(&ME, &hosts));
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.contains("stave spotify login"), "{}", ended.err);
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
