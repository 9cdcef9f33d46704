//! `spotify extract`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stave_core::{Error, Result, units};
use stave_services::extract::{Connection, Event, Listener, Target};
use stave_spotify::extract::{Plan, Report, Selection, Settings, Standing, Stream, StreamReport};

use super::connection;
use crate::args::spotify::extract::ExtractArgs;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Output, Table, text};
use crate::progress::{Progress, Unit};

/// Extracts, or says what it would cost.
pub async fn run(args: ExtractArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let connection =
        connection::resolve(&args.account, &stave.config.spotify).map_err(Failure::Usage)?;
    let settings = Settings {
        layout: args.layout.into(),
        grain: args.grain.into(),
        dimension_calls: args.budget,
        dimension_age: Duration::from_hours(24 * u64::from(args.refresh_days)),
    };
    let selection = selection(&args);
    let extracts = stave.extracts();
    let Some(uri) = args.bucket.filter(|_| !args.dry_run) else {
        let (_progress, listener) = progress("asking");
        let plan = extracts.plan(&stave.caller, &connection, &settings, &selection, listener);
        return show_plan(&plan.await?, output);
    };
    let target = Target { uri, settings };
    let (progress, listener) = progress("extracting");
    let run = extracts.run(&stave.caller, &connection, &target, &selection, listener);
    let report = run.await;
    drop(progress);
    let report = report?;
    show_report(&report, &target, output)?;
    warn_of_login(stave, &connection, output).await?;
    conclude(report)
}

fn selection(args: &ExtractArgs) -> Selection {
    let mut selection = if args.all {
        Selection::all()
    } else {
        Selection::of(&args.streams)
    };
    if !args.playlists.is_empty() {
        selection.streams.insert(Stream::PlaylistItems);
        selection.playlists.clone_from(&args.playlists);
    }
    selection.full = args.full;
    selection
}

/// Shows pages as they come, and says what it waits for.
fn progress(what: &str) -> (Arc<Progress>, Listener) {
    let progress = Arc::new(Progress::begin(what, 0, Unit::Items));
    let shown = Arc::clone(&progress);
    let pages = AtomicU64::new(0);
    let listener: Listener = Arc::new(move |event| match event {
        Event::Page(_) => {
            pages.fetch_add(1, Ordering::Relaxed);
            shown.add(1);
        }
        Event::Waiting(length) => shown.say(&format!(
            "waiting {} for Spotify, after {}",
            units::duration(length),
            text::counted(pages.load(Ordering::Relaxed), "page")
        )),
    });
    (progress, listener)
}

fn show_plan(plan: &Plan, output: Output) -> Result<(), Failure> {
    let mut table = Table::new(&["Stream", "Calls", "Exact", "Note"]);
    for stream in &plan.streams {
        table.row([
            stream.stream.name().into(),
            stream.calls.into(),
            if stream.exact { "yes" } else { "guessed" }.into(),
            stream.note.clone().into(),
        ]);
    }
    output.table(&table)?;
    let about = if plan.streams.iter().all(|stream| stream.exact) {
        ""
    } else {
        "about "
    };
    output.say(&format!(
        "{about}{} in all; {} to find out",
        text::counted(plan.calls(), "call"),
        plan.calls_spent
    ));
    Ok(())
}

fn show_report(report: &Report, target: &Target, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        let mut value = serde_json::to_value(report)
            .map_err(|error| Error::internal("the report has no JSON form").caused_by(error))?;
        value["standing"] = serde_json::json!(report.standing());
        value["target"] = target.uri.to_string().into();
        return output.value(&value);
    }
    let mut table = Table::new(&[
        "Stream",
        "Standing",
        "Asked",
        "Got",
        "Unchanged",
        "Pages",
        "Calls",
    ]);
    for stream in &report.streams {
        table.row([
            stream.stream.name().into(),
            standing(stream).into(),
            stream.asked.into(),
            stream.got.into(),
            stream.unchanged.into(),
            stream.pages.into(),
            stream.calls.into(),
        ]);
    }
    output.table(&table)?;
    for stream in &report.streams {
        tell_missing(stream, output);
    }
    let took = report.ended_at.duration_since(report.started_at);
    output.say(&format!(
        "{} in {}, into {}",
        text::counted(report.calls, "call"),
        units::duration(took.unsigned_abs()),
        target.uri
    ));
    Ok(())
}

fn standing(stream: &StreamReport) -> String {
    match stream.standing {
        Standing::Complete => "complete".to_owned(),
        Standing::Partial => "partial".to_owned(),
        Standing::ClosedUntil(until) => format!("closed until {}", text::time(until)),
        Standing::Denied => "denied".to_owned(),
    }
}

fn tell_missing(stream: &StreamReport, output: Output) {
    let name = stream.stream.name();
    let mut told = None;
    for missing in &stream.missing {
        let (what, why) = (
            text::printable(&missing.what),
            text::printable(&missing.why),
        );
        output.say(&format!("{name}: missing: {what}: {why}"));
        // Many playlists are missing for one reason: what to do is said once.
        if let Some(hint) = &missing.hint
            && told != Some(hint)
        {
            output.say(&format!("  hint: {hint}"));
            told = Some(hint);
        }
    }
    for warning in &stream.warnings {
        output.say(&format!("{name}: {}", text::printable(warning)));
    }
}

async fn warn_of_login(stave: &Stave, connection: &Connection, output: Output) -> Result<()> {
    let accounts = stave.extracts().status(&stave.caller).await?;
    let account = accounts
        .into_iter()
        .find(|account| account.account == connection.account);
    if let Some(warning) = account.and_then(|account| account.login?.warning) {
        output.say(&format!("warning: {warning}"));
    }
    Ok(())
}

/// The exit code that a report stands for.
fn conclude(report: Report) -> Result<(), Failure> {
    let standing = report.standing();
    if let Some(stopped) = report.stopped {
        let error = Error::denied(stopped.message());
        return Err(Failure::Failed(match stopped.hint_text() {
            Some(hint) => error.hint(hint),
            None => error,
        }));
    }
    match standing {
        Standing::Complete => Ok(()),
        Standing::ClosedUntil(until) => Err(Failure::Later(
            Error::limit_exceeded(format!(
                "Spotify's quota is used up for a part of it until {} UTC",
                text::time(until)
            ))
            .hint("run it again after that: it goes on from where it stopped"),
        )),
        Standing::Partial | Standing::Denied => Err(Failure::Failed(Error::unavailable(
            "not everything that was asked for is there; what is missing stands above",
        ))),
    }
}
