//! Job files: read or refused, and what was read is written and read again without loss.

use std::collections::BTreeMap;

use stave_core::Error;
use stave_core::job::{JobDocument, graph_text};

use super::Target;

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ", ",
    "\"",
    "'",
    "\n",
    "  ",
    "- ",
    "# ",
    "&a ",
    "*a",
    "!t ",
    "${",
    "$${x}",
    "${x}",
    "null",
    "true",
    "-1",
    "1e999",
    "1.0",
    ".nan",
    "0x1F",
    "0o7",
    "~",
    "yes",
    "2023-01-01",
    "Inputs",
    "node-1",
    "Join",
    "é",
    "\u{0}",
    "\u{85}",
    "\u{feff}",
    "\u{2028}",
    "|\n",
    ">-\n",
    "<<: *a",
    "? ",
    "---\n",
    "...\n",
    "\t",
    "\\",
    "\\u0000",
    "Name",
    "S3CsvSource",
    "SparkSQL",
    "[[a]]",
    "1234567890123456789012345678901234567890",
];

#[test]
fn job_files() {
    let target = Target {
        name: "jobs",
        pieces: PIECES,
        rule,
        inputs: 1_500,
    };
    target.run(Vec::new());
}

fn rule(input: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(input);
    let document = match JobDocument::parse(&text) {
        Ok(document) => document,
        Err(error) => return explains(&error, &text),
    };
    let value = document.to_value();
    for (form, written) in [("JSON", document.to_json()), ("YAML", document.to_yaml())] {
        let written = written.map_err(|error| format!("it has no {form}: {error}"))?;
        let again = JobDocument::parse(&written)
            .map_err(|error| format!("its {form} is refused: {error}\n{written}"))?;
        if again.to_value() != value {
            return Err(format!("its {form} means something else:\n{written}"));
        }
    }
    let arguments = BTreeMap::from([("x".to_owned(), "y".to_owned())]);
    let job = match document.fill(&arguments) {
        Ok(job) => job,
        Err(error) => return explains(&error, &text),
    };
    if graph_text(&job.nodes).is_empty() {
        return Err("its graph is drawn as nothing".to_owned());
    }
    let written = job
        .to_json()
        .map_err(|error| format!("the job has no JSON: {error}"))?;
    // What was filled may hold `${` again, which only a second filling would refuse.
    if written.contains("${") {
        return Ok(());
    }
    let again = JobDocument::parse(&written).and_then(|document| document.fill(&arguments));
    let again = again.map_err(|error| format!("the job's JSON is refused: {error}\n{written}"))?;
    if again.nodes != job.nodes {
        return Err(format!("the job's JSON is another job:\n{written}"));
    }
    match again.to_json() {
        Ok(twice) if twice == written => Ok(()),
        _ => Err(format!(
            "the job's JSON is written otherwise the second time:\n{written}"
        )),
    }
}

/// An error says something, and points into the file.
fn explains(error: &Error, text: &str) -> Result<(), String> {
    let message = error.message();
    // Where it is our own word, not one of the file's.
    let place = message
        .strip_prefix("line ")
        .or_else(|| message.strip_prefix("the job file is not JSON: line "))
        .or_else(|| message.strip_prefix("the job file is not YAML: line "));
    let line = place.and_then(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<usize>().ok()
    });
    // YAML 1.1 has more line breaks than most.
    let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    let lines = text.matches(breaks).count() + 2;
    match line {
        _ if message.trim().is_empty() => Err("an error says nothing".to_owned()),
        Some(line) if line > lines => Err(format!("line {line} of {lines}: {message}")),
        _ => Ok(()),
    }
}
