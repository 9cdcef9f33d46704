//! `GetLogEvents`: the events of one stream, by pages in both directions.

use std::collections::HashSet;

use stave_core::{Caller, Result};
use stave_store::telemetry::{EventKey, LogEvent, LogQuery};

use super::positions::{before, behind, read, text};
use super::{DAY_MS, MAX_PAGE_EVENTS, Room};
use crate::telemetry::errors::{bad_token, invalid_parameter};
use crate::telemetry::names::{group, stream};
use crate::telemetry::{PageRequest, Telemetry};

/// Which events of a stream are wanted. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetEvents {
    /// The group, or its ARN.
    pub group: String,
    /// The stream.
    pub stream: String,
    /// From this time on.
    pub from_ms: Option<i64>,
    /// Before this time.
    pub to_ms: Option<i64>,
    /// Which page.
    pub page: PageRequest,
    /// Without a token: the first events and not the last.
    pub from_head: bool,
}

/// A page of events, oldest first. The token of a direction in which there is nothing more is
/// the one that the page was asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<LogEvent>,
    /// The token for what came later.
    pub forward: String,
    /// The token for what came before.
    pub backward: String,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    backward: bool,
    after: Option<EventKey>,
}

impl GetEvents {
    fn start(&self) -> Result<Start> {
        let Some(token) = &self.page.token else {
            return Ok(Start {
                backward: !self.from_head,
                after: None,
            });
        };
        let (direction, rest) = token.split_at_checked(2).unwrap_or_default();
        let key = rest.strip_suffix("/s").and_then(read);
        match (direction, key) {
            ("f/" | "b/", Some(_)) => Ok(Start {
                backward: direction == "b/",
                after: key,
            }),
            _ => Err(bad_token("InvalidParameterException")),
        }
    }
}

fn token(direction: char, key: EventKey) -> String {
    format!("{direction}/{}/s", text(key))
}

impl Telemetry {
    /// A page of the events of a stream.
    pub fn get_log_events(&self, caller: &Caller, wanted: &GetEvents) -> Result<EventPage> {
        let group_name = self.group_name(&wanted.group);
        self.permit_stream(caller, "logs:GetLogEvents", group_name, &wanted.stream)?;
        let limit = wanted.page.limit(MAX_PAGE_EVENTS, invalid_parameter)?;
        let start = wanted.start()?;
        let (group, stream) = self.store().read(|rows| {
            let group = group(rows, group_name)?;
            let stream = stream(rows, group.id, &wanted.stream)?;
            Ok((group, stream))
        })?;
        let streams = HashSet::from([stream.id]);
        let query = LogQuery {
            from_ms: self
                .kept_from(group.retention_days)
                .max(wanted.from_ms.unwrap_or(0)),
            to_ms: wanted.to_ms.unwrap_or(i64::MAX),
            streams: Some(&streams),
            after: start.after,
            backward: start.backward,
            limit,
        };
        let mut events = self.store().find_logs(group.id, &query, &mut |_| true)?;
        let mut room = Room::default();
        let fitting = events
            .iter()
            .take_while(|event| room.take(&event.message))
            .count();
        events.truncate(fitting);
        if start.backward {
            events.reverse();
        }
        let (forward, backward) = match (events.first(), events.last(), start.after) {
            (Some(first), Some(last), _) => (token('f', last.key), token('b', first.key)),
            // Nothing there: the same token again, and one to turn round with.
            (_, _, Some(after)) if start.backward => (token('f', before(after)), token('b', after)),
            (_, _, Some(after)) => (token('f', after), token('b', behind(after))),
            _ => {
                let edge = EventKey {
                    at_ms: query.from_ms,
                    segment: 0,
                    ordinal: 0,
                };
                (token('f', edge), token('b', edge))
            }
        };
        Ok(EventPage {
            events,
            forward,
            backward,
        })
    }

    /// From when on events of a group with such a retention are there.
    pub(super) fn kept_from(&self, retention_days: Option<u32>) -> i64 {
        retention_days.map_or(0, |days| self.now_ms() - i64::from(days) * DAY_MS)
    }
}
