//! `logs`: what functions and others have logged.
//!
//! It reads the home; a server that writes there is met as it writes.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use stave_core::{Caller, Error, ErrorKind, Result, nearest};
use stave_services::Telemetry;
use stave_services::telemetry::{
    FilterEvents, FilteredEvent, GroupFilter, LogGroup, NewQuery, Page, PageRequest, QueryResults,
    QueryRow, QueryStatus, StreamFilter, StreamOrder, TailEvents,
};

use crate::args::logs::{GroupsArgs, LogQueryArgs, LogsCommand, StreamsArgs, TailArgs};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Lines, Output, Table, text};

/// How often somebody who follows looks for what came.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// How often a query is asked whether it is done.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// Runs a command on logs.
pub async fn run(command: LogsCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    let desk = Desk {
        logs: &stave.platform()?.telemetry,
        caller: &stave.caller,
        output,
    };
    let now = stave.clock.now();
    match command {
        LogsCommand::Groups(args) => desk.groups(args),
        LogsCommand::Streams(args) => desk.streams(&args),
        LogsCommand::Tail(args) => desk.tail(args, now).await,
        LogsCommand::Query(args) => desk.query(args, now).await,
    }
}

/// What the commands work with.
struct Desk<'a> {
    logs: &'a Telemetry,
    caller: &'a Caller,
    output: Output,
}

impl Desk<'_> {
    fn groups(&self, args: GroupsArgs) -> Result<(), Failure> {
        let filter = GroupFilter {
            prefix: args.prefix,
            ..GroupFilter::default()
        };
        let found = all(usize::MAX, |page| {
            self.logs.describe_log_groups(self.caller, &filter, page)
        })?;
        let mut table = Table::new(&[
            "LogGroupName",
            "CreationTime",
            "RetentionInDays",
            "MetricFilterCount",
            "StoredBytes",
        ]);
        for group in found {
            table.row(cells(&group));
        }
        self.list(&table, "there is no log group")
    }

    fn streams(&self, args: &StreamsArgs) -> Result<(), Failure> {
        let filter = StreamFilter {
            order: StreamOrder::LastEvent,
            descending: true,
            ..StreamFilter::default()
        };
        let found = all(args.limit, |page| {
            let (logs, group) = (self.logs, &args.group);
            logs.describe_log_streams(self.caller, group, &filter, page)
        });
        let found = self.near(found, std::slice::from_ref(&args.group))?;
        let mut table = Table::new(&["LogStreamName", "FirstEventTime", "LastEventTime"]);
        for stream in found {
            table.row([
                stream.name.into(),
                stream.first_event_ms.and_then(at).into(),
                stream.last_event_ms.and_then(at).into(),
            ]);
        }
        self.list(&table, "the log group has no stream")
    }

    async fn tail(&self, args: TailArgs, now: Timestamp) -> Result<(), Failure> {
        let group = args.group.clone();
        let group = std::slice::from_ref(&group);
        // Before anything is printed: what comes meanwhile is followed.
        let mut following = TailEvents {
            group: args.group.clone(),
            streams: args.streams.clone(),
            stream_prefix: args.stream_prefix.clone(),
            pattern: args.filter.clone(),
            cursor: None,
        };
        if args.follow {
            let page = self.near(self.logs.tail(self.caller, &following), group)?;
            following.cursor = Some(page.cursor);
        }
        let mut wanted = FilterEvents {
            group: args.group,
            streams: args.streams,
            stream_prefix: args.stream_prefix,
            from_ms: Some(args.since.from(now).as_millisecond()),
            pattern: args.filter,
            ..FilterEvents::default()
        };
        loop {
            let page = self.logs.filter_log_events(self.caller, &wanted);
            let page = self.near(page, group)?;
            self.events(&page.events)?;
            wanted.page.token = page.next;
            if wanted.page.token.is_none() {
                break;
            }
        }
        if !args.follow {
            return Ok(());
        }
        loop {
            let page = self.logs.tail(self.caller, &following)?;
            self.events(&page.events)?;
            following.cursor = Some(page.cursor);
            if page.events.is_empty() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    fn events(&self, events: &[FilteredEvent]) -> Result<(), Failure> {
        let mut lines = self.output.writer();
        for event in events {
            self.event(event, &mut lines)?;
        }
        lines.finish()
    }

    /// A line an event: a JSON object, or time, stream and message.
    fn event(&self, event: &FilteredEvent, lines: &mut Lines) -> Result<(), Failure> {
        if self.output.is_json() {
            let object = json!({
                "timestamp": event.at_ms,
                "logStreamName": event.stream,
                "message": event.message,
                "ingestionTime": event.ingested_ms,
                "eventId": event.id,
            });
            return lines.line(&object.to_string());
        }
        let time = at(event.at_ms).map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        let stream = text::printable(&event.stream);
        let message = text::printable(event.message.trim_end());
        lines.line(&format!("{} {stream} {message}", time.unwrap_or_default()))
    }

    async fn query(&self, args: LogQueryArgs, now: Timestamp) -> Result<(), Failure> {
        let new = NewQuery {
            groups: args.groups,
            from_s: args.since.from(now).as_second(),
            to_s: args.until.from(now).as_second(),
            text: args.query,
            limit: args.limit,
        };
        let id = self.logs.start_query(self.caller, &new);
        let id = self.near(id, &new.groups)?;
        let found = loop {
            let found = self.logs.get_query_results(self.caller, &id)?;
            if found.status != QueryStatus::Running {
                break found;
            }
            tokio::time::sleep(ASK_EVERY).await;
        };
        if found.status != QueryStatus::Complete {
            let why = found
                .fault
                .unwrap_or_else(|| found.status.as_str().to_owned());
            return Err(Error::invalid(format!("the query has failed: {why}")).into());
        }
        self.rows(&found)?;
        self.output.say(&format!(
            "{} of {} matched",
            text::counted(found.statistics.records_matched, "event"),
            stave_core::units::count(found.statistics.records_scanned),
        ));
        Ok(())
    }

    fn rows(&self, found: &QueryResults) -> Result<(), Failure> {
        if self.output.is_json() {
            let rows = found.rows.iter().map(|row| {
                let fields = row.iter().map(|(name, value)| (name.clone(), json!(value)));
                Value::Object(fields.collect())
            });
            return self.output.value(&Value::Array(rows.collect()));
        }
        let text = drawn(&found.rows);
        self.output.data(text.as_bytes())
    }

    /// Adds to the want of a group, or of a stream in it, what there is in its place.
    fn near<T>(&self, asked: Result<T>, groups: &[String]) -> Result<T> {
        asked.map_err(|error| match error.kind() {
            ErrorKind::NotFound => self.hinted(error, groups),
            _ => error,
        })
    }

    fn hinted(&self, error: Error, groups: &[String]) -> Error {
        // Who may not list the groups is not told of any.
        let Ok(there) = all(usize::MAX, |page| {
            let filter = GroupFilter::default();
            self.logs.describe_log_groups(self.caller, &filter, page)
        }) else {
            return error;
        };
        let there: Vec<&str> = there.iter().map(|group| group.name.as_str()).collect();
        let is_arn = |name: &str| name.starts_with("arn:");
        let missing = groups
            .iter()
            .find(|name| !is_arn(name) && !there.contains(&name.as_str()));
        match (missing, groups) {
            (Some(name), _) => error.hint(nearest::hint(name, there)),
            (None, [group]) => error.hint(format!("list its streams: stave logs streams {group}")),
            (None, _) => error,
        }
    }

    /// Shows a list, and says that it is empty if it is.
    fn list(&self, table: &Table, nothing: &str) -> Result<(), Failure> {
        self.output.table(table)?;
        if table.is_empty() && !self.output.is_json() {
            self.output.say(nothing);
        }
        Ok(())
    }
}

fn cells(group: &LogGroup) -> [Cell; 5] {
    [
        group.name.as_str().into(),
        at(group.created_ms).into(),
        group.retention_days.map(u64::from).into(),
        Cell::Count(group.metric_filters as u64),
        Cell::Bytes(group.stored_bytes),
    ]
}

fn at(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

/// Rows of fields that the query names: a column for each, in the order in which they first come.
/// `@ptr`, which leads to the event, is of no use to eyes.
fn drawn(rows: &[QueryRow]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if name != "@ptr" && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let of = |row: &QueryRow, wanted: &str| {
        let field = row.iter().find(|(name, _)| name == wanted);
        field.map(|(_, value)| text::printable(value.trim_end()).into_owned())
    };
    let rows = rows.iter().map(|row| {
        let cells = names.iter().map(|name| of(row, name).unwrap_or_default());
        cells.collect::<Vec<_>>()
    });
    crate::output::table::draw(&names, rows)
}

/// All pages of a list, up to `limit` items.
pub(super) fn all<T>(
    limit: usize,
    mut list: impl FnMut(&PageRequest) -> Result<Page<T>>,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut request = PageRequest::default();
    loop {
        let page = list(&request)?;
        items.extend(page.items);
        request.token = page.next;
        if request.token.is_none() || items.len() >= limit {
            items.truncate(limit);
            return Ok(items);
        }
    }
}
