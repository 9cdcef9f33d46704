//! `FilterLogEvents`: events of all or some streams of a group that a pattern is about.

use std::collections::{HashMap, HashSet};

use stave_core::log_filter::FilterPattern;
use stave_core::{Caller, Result};
use stave_store::telemetry::{EventKey, GroupRow, LogQuery, Rows};

use super::positions::{read, text};
use super::{MAX_PAGE_EVENTS, Room};
use crate::telemetry::errors::{bad_token, invalid_parameter};
use crate::telemetry::names::{group, stream};
use crate::telemetry::{PageRequest, Telemetry};

/// The most streams that a request may name.
const MAX_STREAMS: usize = 100;

/// Which events are wanted. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterEvents {
    /// The group, or its ARN.
    pub group: String,
    /// Only these streams, where any are named.
    pub streams: Vec<String>,
    /// Only streams whose name begins so.
    pub stream_prefix: Option<String>,
    /// From this time on.
    pub from_ms: Option<i64>,
    /// Before this time.
    pub to_ms: Option<i64>,
    /// The filter pattern; all events without one.
    pub pattern: Option<String>,
    /// Which page.
    pub page: PageRequest,
    /// The latest first; a token goes on the way that its page went.
    pub from_tail: bool,
}

/// An event that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredEvent {
    /// Its id.
    pub id: String,
    /// The name of its stream.
    pub stream: String,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// When it came, in milliseconds since 1970.
    pub ingested_ms: i64,
    /// The message.
    pub message: String,
}

/// A page of events by time, the streams interleaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredPage {
    /// The events.
    pub events: Vec<FilteredEvent>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

/// A token says behind which event the next page begins, and which way it goes.
fn token(key: EventKey, backward: bool) -> String {
    format!("{}/{}", if backward { 'b' } else { 'f' }, text(key))
}

fn read_token(token: &str) -> Option<(EventKey, bool)> {
    let (way, key) = token.split_once('/')?;
    let backward = match way {
        "f" => false,
        "b" => true,
        _ => return None,
    };
    Some((read(key)?, backward))
}

/// Streams that events are looked for in: their names by their numbers.
pub(super) type StreamNames = HashMap<i64, String>;

/// The streams that are named, or whose name begins with the prefix.
pub(super) fn chosen(
    rows: &Rows<'_>,
    group: &GroupRow,
    names: &[String],
    prefix: Option<&str>,
) -> Result<StreamNames> {
    if !names.is_empty() && prefix.is_some() {
        return Err(invalid_parameter(
            "logStreamNames and logStreamNamePrefix cannot be given together",
        ));
    }
    if names.len() > MAX_STREAMS {
        return Err(invalid_parameter(format!(
            "more than {MAX_STREAMS} log streams are named"
        )));
    }
    if names.is_empty() {
        let all = rows.streams(group.id, prefix.unwrap_or_default())?;
        return Ok(all.into_iter().map(|row| (row.id, row.name)).collect());
    }
    let named = names.iter().map(|name| {
        let row = stream(rows, group.id, name)?;
        Ok((row.id, row.name))
    });
    named.collect()
}

impl Telemetry {
    /// A page of the events of a group that a pattern is about.
    pub fn filter_log_events(
        &self,
        caller: &Caller,
        wanted: &FilterEvents,
    ) -> Result<FilteredPage> {
        let group_name = self.group_name(&wanted.group);
        self.permit_group(caller, "logs:FilterLogEvents", group_name)?;
        let limit = wanted.page.limit(MAX_PAGE_EVENTS, invalid_parameter)?;
        let pattern = FilterPattern::parse(wanted.pattern.as_deref().unwrap_or_default())?;
        let (after, backward) = match &wanted.page.token {
            None => (None, wanted.from_tail),
            Some(token) => {
                let (after, backward) =
                    read_token(token).ok_or_else(|| bad_token("InvalidParameterException"))?;
                (Some(after), backward)
            }
        };
        let (group, names) = self.store().read(|rows| {
            let group = group(rows, group_name)?;
            let prefix = wanted.stream_prefix.as_deref();
            let names = chosen(rows, &group, &wanted.streams, prefix)?;
            Ok((group, names))
        })?;
        let streams: HashSet<i64> = names.keys().copied().collect();
        let query = LogQuery {
            from_ms: self
                .kept_from(group.retention_days)
                .max(wanted.from_ms.unwrap_or(0)),
            to_ms: wanted.to_ms.unwrap_or(i64::MAX),
            streams: Some(&streams),
            after,
            backward,
            limit: limit + 1,
        };
        let wants =
            &mut |event: &stave_store::telemetry::EventRef<'_>| pattern.matches(event.message);
        let mut found = self.store().find_logs(group.id, &query, wants)?;
        let mut room = Room::default();
        let fitting = found
            .iter()
            .take(limit)
            .take_while(|event| room.take(&event.message));
        let fitting = fitting.count();
        let more = found.len() > fitting;
        found.truncate(fitting);
        let last = found.last().filter(|_| more);
        let next = last.map(|last| token(last.key, backward));
        let events = found.into_iter().map(|event| FilteredEvent {
            id: text(event.key),
            stream: names.get(&event.stream).cloned().unwrap_or_default(),
            at_ms: event.key.at_ms,
            ingested_ms: event.ingested_ms,
            message: event.message,
        });
        Ok(FilteredPage {
            events: events.collect(),
            next,
        })
    }
}
