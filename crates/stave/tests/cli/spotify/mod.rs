//! `spotify`: the program against its own sandbox, each a process.

mod extract;
mod faults;
mod import;
mod login;
mod purge;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::program::{Program, files};

pub(super) const TOP_50: &str = "37i9dQZEVXbMDoHDwVN2tF";

/// A running sandbox; ends with the test.
pub(super) struct Sandbox {
    process: Child,
    pub(super) base: String,
}

impl Sandbox {
    pub(super) fn start(program: &Program, words: &[&str]) -> Self {
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

pub(super) fn extract<'a>(sandbox: &'a Sandbox, words: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["spotify", "extract", "--sandbox", &sandbox.base];
    args.extend(words);
    args
}

/// The rows of the playlist entries in a bucket, object by object.
pub(super) fn entries(program: &Program, bucket: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    for (name, bytes) in files(&program.home().join("buckets").join(bucket)) {
        if name.starts_with("raw_data/to_processed/") {
            let page: Value = serde_json::from_slice(&bytes).expect("JSON");
            rows.extend(page["items"].as_array().expect("rows").iter().cloned());
        }
    }
    rows
}

pub(super) fn stream<'a>(report: &'a Value, name: &str) -> &'a Value {
    let streams = report["streams"].as_array().expect("streams").iter();
    let mut found = streams.filter(|stream| stream["stream"] == name);
    found.next().expect(name)
}

/// The id of the user's playlist with the most entries.
pub(super) fn biggest(program: &Program, sandbox: &Sandbox) -> (String, u64) {
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
