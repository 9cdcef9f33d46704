//! `function logs`.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use stave_core::{Error, ErrorKind, Result};
use stave_services::telemetry::{FilterEvents, FilteredEvent, TailEvents};

use super::Desk;
use crate::args::function::LogsArgs;
use crate::failure::Failure;
use crate::output::text;
use crate::stop::Stop;

/// How often is looked for what comes.
const LOOK: Duration = Duration::from_millis(300);

/// Prints what a function has logged, and with `--follow` what it logs.
pub(super) async fn run(args: &LogsArgs, desk: &Desk, stop: &Stop) -> Result<(), Failure> {
    let log = Log {
        group: group(&args.name, desk)?,
        filter: args.filter.clone(),
        desk,
    };
    let mut printed = HashSet::new();
    let mut cursor = None;
    loop {
        match log.tail(cursor.clone()) {
            Ok((events, next)) => {
                if cursor.replace(next).is_none() {
                    // What came before: the cursor was there first, so nothing goes by in between.
                    log.print_since(args.since, args.follow, &mut printed)?;
                }
                for event in events.iter().filter(|event| !printed.contains(&event.id)) {
                    log.print(event, true)?;
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !args.follow {
                    desk.done(&format!("{} has logged nothing yet", args.name));
                }
            }
            Err(error) => return Err(error.into()),
        }
        if !args.follow {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.asked() => return Ok(()),
        }
    }
}

/// The log group of a function; the usual one where there is no such function any more.
fn group(name: &str, desk: &Desk) -> Result<String> {
    match desk
        .functions()?
        .get_configuration(desk.caller(), name, None)
    {
        Ok(function) => Ok(function.log_group()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let group = format!("/aws/lambda/{name}");
            let wanted = TailEvents {
                group: group.clone(),
                ..TailEvents::default()
            };
            let there = desk.platform()?.telemetry.tail(desk.caller(), &wanted);
            let none = |_| {
                Error::not_found(format!("there is no function {name}, and no log of one"))
                    .hint("stave function ls lists them")
            };
            there.map_err(none).map(|_| group)
        }
        Err(error) => Err(error),
    }
}

struct Log<'a> {
    group: String,
    filter: Option<String>,
    desk: &'a Desk,
}

impl Log<'_> {
    /// What came since `cursor`, and what to look with next.
    fn tail(&self, cursor: Option<String>) -> Result<(Vec<FilteredEvent>, String)> {
        let wanted = TailEvents {
            group: self.group.clone(),
            pattern: self.filter.clone(),
            cursor,
            ..TailEvents::default()
        };
        let telemetry = &self.desk.platform()?.telemetry;
        let page = telemetry.tail(self.desk.caller(), &wanted)?;
        Ok((page.events, page.cursor))
    }

    /// Prints what has come in the last `since`, and notes what it was.
    fn print_since(
        &self,
        since: Duration,
        in_lines: bool,
        printed: &mut HashSet<String>,
    ) -> Result<(), Failure> {
        let telemetry = &self.desk.platform()?.telemetry;
        let now = self.desk.stave.clock.now().as_millisecond();
        let since = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let mut wanted = FilterEvents {
            group: self.group.clone(),
            from_ms: Some(now.saturating_sub(since).max(0)),
            pattern: self.filter.clone(),
            ..FilterEvents::default()
        };
        let mut all = (!in_lines && self.desk.output.is_json()).then(Vec::new);
        loop {
            let page = telemetry.filter_log_events(self.desk.caller(), &wanted)?;
            for event in page.events {
                match &mut all {
                    Some(all) => all.push(value(&event)),
                    None => self.print(&event, in_lines)?,
                }
                if in_lines {
                    printed.insert(event.id);
                }
            }
            wanted.page.token = page.next;
            if wanted.page.token.is_none() {
                break;
            }
        }
        match all {
            Some(all) => self.desk.output.value(&all.into()),
            None => Ok(()),
        }
    }

    /// Prints one event: a line, or with `--json` an object of one line.
    fn print(&self, event: &FilteredEvent, in_lines: bool) -> Result<(), Failure> {
        let line = if in_lines && self.desk.output.is_json() {
            value(event).to_string()
        } else {
            format!("{} {}", at(event.at_ms), shown(event.message.trim_end()))
        };
        self.desk.output.data(format!("{line}\n").as_bytes())
    }
}

/// A message for eyes: its lines and tabs stay, what a terminal would obey does not.
fn shown(message: &str) -> String {
    let line = |line: &str| {
        let parts = line.split('\t').map(text::printable);
        parts.collect::<Vec<_>>().join("\t")
    };
    message.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn value(event: &FilteredEvent) -> serde_json::Value {
    json!({
        "timestamp": at(event.at_ms),
        "logStreamName": event.stream,
        "message": event.message,
    })
}

/// `2026-11-21T10:00:00.000Z`.
fn at(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_| ms.to_string(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_lines_and_tabs_and_nothing_else_that_moves() {
        assert_eq!(shown("a\tb\nc"), "a\tb\nc");
        assert!(!shown("a\u{1b}[2Jb").contains('\u{1b}'));
    }
}
