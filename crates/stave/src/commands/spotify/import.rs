//! `spotify import`.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use stave_core::{Result, units};
use stave_services::extract::{Import, Imported, Written};
use stave_spotify::history::Options;

use crate::args::spotify::history::ImportArgs;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table, text};
use crate::progress::{Progress, Unit};

/// So many files that hold no plays are named.
const NAMED_MAX: usize = 5;

/// Imports an export.
pub async fn run(args: ImportArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let import = Import {
        path: args.path,
        out: args.out,
        account: args.account,
        options: Options {
            keep_ip: args.keep_addresses,
            keep_user: args.keep_user,
        },
        with_api: !args.no_api,
    };
    let started_at = Instant::now();
    let progress = Arc::new(Progress::begin("importing", 0, Unit::Items));
    let shown = Arc::clone(&progress);
    let counter = Arc::new(move |rows| shown.add(rows));
    let imported = stave
        .extracts()
        .import(&stave.caller, &import, counter)
        .await;
    drop(progress);
    let imported = imported?;
    show(&imported, output)?;
    output.say(&format!(
        "{} in {}, without a call to Spotify",
        text::counted(imported.summary.rows, "play"),
        units::duration(started_at.elapsed())
    ));
    Ok(())
}

fn show(imported: &Imported, output: Output) -> Result<(), Failure> {
    let summary = &imported.summary;
    if output.is_json() {
        let object = |written: &Written| json!({"uri": written.uri.to_string(), "rows": written.rows, "bytes": written.bytes});
        let api = imported.api.as_ref().map(|api| {
            json!({
                "pages": api.pages, "read": api.read, "doubles": api.doubles,
                "written": object(&api.written),
            })
        });
        return output.value(&json!({
            "export": object(&imported.export), "summary": summary, "api": api,
        }));
    }
    let mut table = Table::new(&["File", "Rows"]);
    for file in &summary.files {
        table.row([file.name.as_str().into(), Cell::Count(file.rows)]);
    }
    output.table(&table)?;
    tell_oddities(imported, output);
    let told = |what: &str, written: &Written| {
        output.say(&format!(
            "{what}: {} in {} ({})",
            text::counted(written.rows, "play"),
            written.uri,
            units::bytes(written.bytes)
        ));
    };
    told("export", &imported.export);
    if let Some(api) = &imported.api {
        told("api", &api.written);
        output.say(&format!(
            "  out of {} in {}; {} left out, the export has them or they were told twice",
            text::counted(api.read, "play"),
            text::counted(api.pages, "raw page"),
            units::count(api.doubles)
        ));
    }
    Ok(())
}

fn tell_oddities(imported: &Imported, output: Output) {
    let summary = &imported.summary;
    if let (Some(first), Some(last)) = (summary.first_at, summary.last_at) {
        output.say(&format!(
            "from {} to {}",
            text::time(first),
            text::time(last)
        ));
    }
    let passed = &summary.passed_over;
    if !passed.is_empty() {
        let named: Vec<_> = passed.iter().take(NAMED_MAX).map(String::as_str).collect();
        let more = if passed.len() > NAMED_MAX {
            ", …"
        } else {
            ""
        };
        output.say(&format!(
            "passed over {} without plays: {}{more}",
            text::counted(passed.len() as u64, "JSON file"),
            text::printable(&named.join(", "))
        ));
    }
    if summary.odd > 0 {
        output.say(&format!(
            "{} kept although a time, a length or a field of theirs can't be read: {}{}",
            text::counted(summary.odd, "odd row"),
            text::printable(&summary.odd_rows.join("; ")),
            if summary.odd > summary.odd_rows.len() as u64 {
                "; …"
            } else {
                ""
            }
        ));
    }
}
