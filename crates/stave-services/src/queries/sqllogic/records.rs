//! Reads the records of a sqllogictest file.

use std::path::Path;

/// A record, and where it stands.
pub struct Record {
    /// `file:line`.
    pub place: String,
    /// What it asks for.
    pub kind: Kind,
}

pub enum Kind {
    /// Puts an object.
    File { key: String, content: String },
    /// Puts what a query answers as a Parquet object.
    Parquet { key: String, sql: String },
    /// Crawls a folder of the bucket.
    Crawl { prefix: String },
    /// Runs a statement.
    Statement { sql: String, expected: Expected },
    /// Runs a query and compares types and rows.
    Query {
        types: String,
        sort: Sort,
        sql: String,
        rows: Vec<String>,
    },
    /// Looks into a query's plan for lines; those that begin with `!` must not be there.
    Plan { sql: String, lines: Vec<String> },
}

pub enum Expected {
    Ok,
    /// An error that holds this text.
    ErrorWith(String),
    /// This error, with its hint.
    Error(String),
}

#[derive(PartialEq, Eq)]
pub enum Sort {
    No,
    Rows,
}

/// The records of `file`, and of those that it includes.
pub fn read(file: &Path) -> Vec<Record> {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut lines = text.lines().enumerate().peekable();
    let mut records = Vec::new();
    while let Some((at, head)) = lines.next() {
        if head.trim().is_empty() || head.starts_with('#') {
            continue;
        }
        if let Some(included) = head.strip_prefix("include ") {
            records.extend(read(&file.parent().unwrap_or(file).join(included)));
            continue;
        }
        let mut body = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| !line.trim().is_empty()) {
            body.push(line);
        }
        let place = format!("{name}:{}", at + 1);
        let kind = kind(head, &body).unwrap_or_else(|| panic!("{place}: {head}: no such record"));
        records.push(Record { place, kind });
    }
    records
}

fn kind(head: &str, body: &[&str]) -> Option<Kind> {
    let (word, rest) = head.split_once(' ').unwrap_or((head, ""));
    let split = body.iter().position(|line| *line == "----");
    let sql = body[..split.unwrap_or(body.len())].join("\n");
    let answer = split.map(|at| &body[at + 1..]);
    Some(match word {
        "file" => Kind::File {
            key: rest.to_owned(),
            content: body.iter().flat_map(|line| [*line, "\n"]).collect(),
        },
        "parquet" => Kind::Parquet {
            key: rest.to_owned(),
            sql,
        },
        "crawl" => Kind::Crawl {
            prefix: rest.to_owned(),
        },
        "statement" => Kind::Statement {
            expected: match (rest.split_once(' ').unwrap_or((rest, "")), answer) {
                (("ok", ""), None) => Expected::Ok,
                (("error", ""), Some(lines)) => Expected::Error(lines.join("\n")),
                (("error", part), None) => Expected::ErrorWith(part.to_owned()),
                _ => return None,
            },
            sql,
        },
        "query" => {
            let (types, sort) = rest.split_once(' ').unwrap_or((rest, "nosort"));
            Kind::Query {
                types: types.to_owned(),
                sort: match sort {
                    "nosort" => Sort::No,
                    "rowsort" => Sort::Rows,
                    _ => return None,
                },
                sql,
                rows: answer?.iter().map(|line| blanks_as_one(line)).collect(),
            }
        }
        "plan" => Kind::Plan {
            sql,
            lines: answer?.iter().map(|line| (*line).to_owned()).collect(),
        },
        _ => return None,
    })
}

/// Rows may be aligned: one blank is as good as many.
pub fn blanks_as_one(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
