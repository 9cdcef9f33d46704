//! Following a group: what came since, in the order it came.

use std::collections::HashSet;

use stave_core::log_filter::FilterPattern;
use stave_core::{Caller, Result};
use stave_store::telemetry::TailCursor;

use super::filter::{FilteredEvent, chosen};
use super::positions::text;
use crate::telemetry::Telemetry;
use crate::telemetry::errors::bad_token;
use crate::telemetry::names::group;

/// How many events one look gives at most.
const MAX_EVENTS: usize = 1000;

/// What is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TailEvents {
    /// The group, or its ARN.
    pub group: String,
    /// Only these streams, where any are named.
    pub streams: Vec<String>,
    /// Only streams whose name begins so.
    pub stream_prefix: Option<String>,
    /// The filter pattern; all events without one.
    pub pattern: Option<String>,
    /// What the look before gave; without it nothing is shown but what comes from now on.
    pub cursor: Option<String>,
}

/// What came since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailPage {
    /// The events, in the order they came.
    pub events: Vec<FilteredEvent>,
    /// What the next look is asked with.
    pub cursor: String,
}

impl Telemetry {
    /// Events of a group that came since the last look, each once, whoever wrote them and
    /// whatever time they bear.
    pub fn tail(&self, caller: &Caller, wanted: &TailEvents) -> Result<TailPage> {
        let group_name = self.group_name(&wanted.group);
        self.permit_group(caller, "logs:FilterLogEvents", group_name)?;
        let pattern = FilterPattern::parse(wanted.pattern.as_deref().unwrap_or_default())?;
        let cursor = wanted.cursor.as_deref().map(read_cursor).transpose()?;
        let (group, names) = self.store().read(|rows| {
            let group = group(rows, group_name)?;
            let prefix = wanted.stream_prefix.as_deref();
            let names = chosen(rows, &group, &wanted.streams, prefix)?;
            Ok((group, names))
        })?;
        let streams: HashSet<i64> = names.keys().copied().collect();
        let (found, cursor) = self.store().tail_logs(
            group.id,
            cursor.as_ref(),
            MAX_EVENTS,
            Some(&streams),
            &mut |event| pattern.matches(event.message),
        )?;
        let events = found.into_iter().map(|event| FilteredEvent {
            id: text(event.key),
            stream: names.get(&event.stream).cloned().unwrap_or_default(),
            at_ms: event.key.at_ms,
            ingested_ms: event.ingested_ms,
            message: event.message,
        });
        Ok(TailPage {
            events: events.collect(),
            cursor: cursor_text(&cursor),
        })
    }
}

/// `12;3:450,12:7`: all up to the segment 12, but of 3 only 450 events and of 12 only 7.
fn cursor_text(cursor: &TailCursor) -> String {
    let open: Vec<String> = cursor
        .open
        .iter()
        .map(|(id, n)| format!("{id}:{n}"))
        .collect();
    format!("{};{}", cursor.upto, open.join(","))
}

fn read_cursor(text: &str) -> Result<TailCursor> {
    let read = || {
        let (upto, open) = text.split_once(';')?;
        let open = open.split(',').filter(|part| !part.is_empty()).map(|part| {
            let (id, seen) = part.split_once(':')?;
            Some((id.parse().ok()?, seen.parse().ok()?))
        });
        Some(TailCursor {
            upto: upto.parse().ok()?,
            open: open.collect::<Option<_>>()?,
        })
    };
    read().ok_or_else(|| bad_token("InvalidParameterException"))
}
