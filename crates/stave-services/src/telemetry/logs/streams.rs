//! Log streams.

use std::collections::BTreeMap;

use stave_core::{Caller, Result};
use stave_store::telemetry::{StreamRow, StreamSpan};

use crate::pages::token;
use crate::telemetry::errors::{exists, invalid_parameter, no_such_stream};
use crate::telemetry::names::{check_stream_name, group};
use crate::telemetry::pages::page;
use crate::telemetry::{Page, PageRequest, Telemetry};

/// A log stream. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created_ms: i64,
    /// The time of its first event.
    pub first_event_ms: Option<i64>,
    /// The time of its last event.
    pub last_event_ms: Option<i64>,
    /// When an event last came.
    pub last_ingestion_ms: Option<i64>,
}

/// What streams are listed by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StreamOrder {
    /// Their names.
    #[default]
    Name,
    /// The time of their last event.
    LastEvent,
}

/// Which streams are listed, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFilter {
    /// The name begins so; not where they are listed by their last event.
    pub prefix: Option<String>,
    /// What they are listed by.
    pub order: StreamOrder,
    /// The other way round.
    pub descending: bool,
}

impl Telemetry {
    /// Makes a log stream.
    pub fn create_log_stream(&self, caller: &Caller, group_name: &str, name: &str) -> Result<()> {
        self.permit_group(caller, "logs:CreateLogStream", group_name)?;
        check_stream_name(name)?;
        let now = self.now_ms();
        self.store().write(|rows| {
            let group = group(rows, group_name)?;
            let added = rows.add_stream(group.id, name, now)?;
            added.ok_or_else(|| exists("The specified log stream already exists"))?;
            Ok(())
        })
    }

    /// Removes a log stream. Its events are not found any more.
    pub fn delete_log_stream(&self, caller: &Caller, group_name: &str, name: &str) -> Result<()> {
        self.permit_stream(caller, "logs:DeleteLogStream", group_name, name)?;
        self.store().write(|rows| {
            let group = group(rows, group_name)?;
            if rows.remove_stream(group.id, name)? {
                Ok(())
            } else {
                Err(no_such_stream())
            }
        })
    }

    /// A page of the streams of a group, which may be given by its ARN.
    pub fn describe_log_streams(
        &self,
        caller: &Caller,
        group_or_arn: &str,
        filter: &StreamFilter,
        request: &PageRequest,
    ) -> Result<Page<LogStream>> {
        let group_name = self.group_name(group_or_arn);
        self.permit_group(caller, "logs:DescribeLogStreams", group_name)?;
        let limit = request.limit(50, invalid_parameter)?;
        let after = request.after("InvalidParameterException")?;
        let by_event = filter.order == StreamOrder::LastEvent;
        if by_event && filter.prefix.is_some() {
            return Err(invalid_parameter(
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        let prefix = filter.prefix.as_deref().unwrap_or_default();
        let (group, streams) = self.store().read(|rows| {
            let group = group(rows, group_name)?;
            let streams = if by_event {
                rows.streams(group.id, "")?
            } else {
                let after = after.as_deref();
                rows.stream_page(group.id, prefix, after, filter.descending, limit + 1)?
            };
            Ok((group, streams))
        })?;
        let spans = self.store().log_spans(group.id)?;
        let found = if by_event {
            by_last_event(streams, &spans, filter.descending, after.as_deref(), limit)
        } else {
            page(streams, limit, |row| row.name.clone())
        };
        let shown = |row: StreamRow| {
            let span = spans.get(&row.id);
            LogStream {
                arn: self.arn(
                    "logs",
                    &format!("log-group:{group_name}:log-stream:{}", row.name),
                ),
                name: row.name,
                created_ms: row.created_ms,
                first_event_ms: span.map(|span| span.first_ms),
                last_event_ms: span.map(|span| span.last_ms),
                last_ingestion_ms: span.map(|span| span.ingested_ms),
            }
        };
        Ok(Page {
            items: found.items.into_iter().map(shown).collect(),
            next: found.next,
        })
    }
}

/// A page by the last event, then by name: the token says both.
fn by_last_event(
    mut streams: Vec<StreamRow>,
    spans: &BTreeMap<i64, StreamSpan>,
    descending: bool,
    after: Option<&str>,
    limit: usize,
) -> Page<StreamRow> {
    let place = |row: &StreamRow| {
        let last = spans.get(&row.id).map_or(0, |span| span.last_ms);
        (last, row.name.clone())
    };
    streams.sort_by_cached_key(place);
    if descending {
        streams.reverse();
    }
    let after = after.and_then(|text| {
        let (last, name) = text.split_once(' ')?;
        Some((last.parse::<i64>().ok()?, name.to_owned()))
    });
    if let Some(after) = after {
        streams.retain(|row| {
            let place = place(row);
            if descending {
                place < after
            } else {
                place > after
            }
        });
    }
    let more = streams.len() > limit;
    streams.truncate(limit);
    let next = streams.last().filter(|_| more).map(|row| {
        let (last, name) = place(row);
        token(&format!("{last} {name}"))
    });
    Page {
        items: streams,
        next,
    }
}
