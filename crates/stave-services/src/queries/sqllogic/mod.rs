//! Runs the sqllogictest files of `tests/sql` (<https://sqlite.org/sqllogictest/>): small
//! files in a bucket, crawled into tables, and what statements on them answer.
//! `tests/sql/README.md` has the records.

mod records;
mod world;

use std::path::{Path, PathBuf};

use records::{Expected, Kind, Record, Sort};
use world::World;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql")
}

#[tokio::test]
async fn the_sqllogictest_files_hold() {
    let entries = std::fs::read_dir(folder()).expect("a folder");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("listed").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "slt"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut faults = Vec::new();
    for file in files {
        let world = World::new().await;
        for record in records::read(&file) {
            if let Err(fault) = check(&world, &record).await {
                faults.push(format!("{}: {fault}", record.place));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n\n"));
}

/// Does what a record says.
async fn check(world: &World, record: &Record) -> Result<(), String> {
    match &record.kind {
        Kind::File { key, content } => world.put(key, content.clone()).await,
        Kind::Parquet { key, sql } => world.put_parquet(key, sql).await,
        Kind::Crawl { prefix } => world.crawl(prefix).await,
        Kind::Statement { sql, expected } => {
            let answer = world.rows(sql).await;
            match (expected, answer) {
                (Expected::Ok, Ok(_)) => Ok(()),
                (Expected::Ok, Err(error)) => Err(format!("{sql}\nfailed: {error}")),
                (Expected::ErrorWith(part), Err(error)) if error.contains(part.as_str()) => Ok(()),
                (Expected::Error(text), Err(error)) if error == *text => Ok(()),
                (Expected::ErrorWith(text) | Expected::Error(text), answer) => Err(format!(
                    "{sql}\nexpected the error\n{text}\nfound\n{}",
                    answer.map_or_else(|error| error, |answer| answer.lines.join("\n"))
                )),
            }
        }
        Kind::Query {
            types,
            sort,
            sql,
            rows,
        } => {
            let answer = world.rows(sql).await;
            let answer = answer.map_err(|error| format!("{sql}\nfailed: {error}"))?;
            let (mut found, mut wanted) = (answer.lines, rows.clone());
            if *sort == Sort::Rows {
                found.sort();
                wanted.sort();
            }
            let found = format!("query {}\n{}", answer.types, found.join("\n"));
            let wanted = format!("query {types}\n{}", wanted.join("\n"));
            if found == wanted {
                return Ok(());
            }
            Err(format!("{sql}\nexpected\n{wanted}\nfound\n{found}"))
        }
        Kind::Plan { sql, lines } => {
            let answer = world.rows(&format!("EXPLAIN {sql}")).await;
            let plan = answer.map_err(|error| format!("{sql}\nfailed: {error}"))?;
            let plan = plan.lines.join("\n");
            let holds = |line: &&String| match line.strip_prefix('!') {
                Some(line) => plan.contains(line),
                None => !plan.contains(line.as_str()),
            };
            match lines.iter().find(holds) {
                Some(line) => Err(format!("{sql}\nthe plan against \"{line}\":\n{plan}")),
                None => Ok(()),
            }
        }
    }
}
