//! Finding events: in order of time over all segments, and those that came last.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use stave_core::{Error, Result};

use super::frame::{self, EventRef};
use super::group::{GroupLog, open, open_path, sealed_path};
use super::index::{Block, Index};
use super::seal::read_block;
use crate::telemetry::codec::damaged;

/// The place of an event in its group's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// The number of its segment.
    pub segment: u64,
    /// Its place in the segment.
    pub ordinal: u32,
}

/// An event that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// Its place.
    pub key: EventKey,
    /// The number of its stream.
    pub stream: i64,
    /// When it came, in milliseconds since 1970.
    pub ingested_ms: i64,
    /// The message.
    pub message: String,
}

/// Which events are wanted.
#[derive(Debug, Clone, Copy)]
pub struct LogQuery<'a> {
    /// From this time on, in milliseconds since 1970.
    pub from_ms: i64,
    /// Before this time.
    pub to_ms: i64,
    /// Only of these streams.
    pub streams: Option<&'a HashSet<i64>>,
    /// Behind this one in the direction that is looked in.
    pub after: Option<EventKey>,
    /// From the last to the first.
    pub backward: bool,
    /// How many at most.
    pub limit: usize,
}

/// Up to where somebody has seen what came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TailCursor {
    /// Segments that may grow, with how many of their events were seen.
    pub open: Vec<(u64, u32)>,
    /// Segments up to this one that are not listed were seen wholly.
    pub upto: u64,
}

impl EventRef<'_> {
    /// Its place in the order.
    pub fn key(&self) -> EventKey {
        EventKey {
            at_ms: self.at_ms,
            segment: self.segment,
            ordinal: self.ordinal,
        }
    }

    fn kept(&self) -> LogEvent {
        LogEvent {
            key: self.key(),
            stream: self.stream,
            ingested_ms: self.ingested_ms,
            message: self.message.to_owned(),
        }
    }
}

impl LogQuery<'_> {
    fn takes(&self, event: &EventRef<'_>) -> bool {
        let beyond = |after: EventKey| {
            if self.backward {
                event.key() < after
            } else {
                event.key() > after
            }
        };
        (self.from_ms..self.to_ms).contains(&event.at_ms)
            && self
                .streams
                .is_none_or(|streams| streams.contains(&event.stream))
            && self.after.is_none_or(beyond)
    }

    fn may_take(&self, block: &Block) -> bool {
        let beyond = |after: EventKey| {
            if self.backward {
                block.first_ms <= after.at_ms
            } else {
                block.last_ms >= after.at_ms
            }
        };
        block.first_ms < self.to_ms
            && block.last_ms >= self.from_ms
            && self.after.is_none_or(beyond)
            && self
                .streams
                .is_none_or(|streams| block.may_have(|id| streams.contains(&id)))
    }
}

impl GroupLog {
    /// The blocks that a query may want, by time in its direction.
    fn blocks<'a>(indexes: &'a [Arc<Index>], query: &LogQuery<'_>) -> Vec<(&'a Index, &'a Block)> {
        let mut blocks: Vec<(&Index, &Block)> = indexes
            .iter()
            .flat_map(|index| index.blocks.iter().map(move |block| (&**index, block)))
            .filter(|(_, block)| query.may_take(block))
            .collect();
        if query.backward {
            blocks.sort_by_key(|(_, block)| std::cmp::Reverse(block.last_ms));
        } else {
            blocks.sort_by_key(|(_, block)| block.first_ms);
        }
        blocks
    }

    /// Shows the events of a block until `seen` says no; says whether it never did.
    fn each_in(
        &self,
        index: &Index,
        block: &Block,
        seen: &mut dyn FnMut(&EventRef<'_>) -> bool,
    ) -> Result<bool> {
        let bytes = self.read(index, block)?;
        let mut rest = bytes.as_slice();
        let mut ordinal = block.ordinal;
        while !rest.is_empty() {
            let payload = frame::payload(rest).ok_or_else(damaged)?;
            let events = frame::head(&mut crate::telemetry::codec::Bytes(payload))?.events;
            if !frame::each_event(payload, index.id, ordinal, seen)? {
                return Ok(false);
            }
            ordinal += events;
            rest = &rest[frame::HEADER_BYTES + payload.len()..];
        }
        Ok(true)
    }

    fn read(&self, index: &Index, block: &Block) -> Result<Vec<u8>> {
        let path = if index.sealed {
            sealed_path(self.dir(), index.id)
        } else {
            open_path(self.dir(), index.id)
        };
        if let Some(mut file) = open(&path)? {
            return read_block(&mut file, &path, index.sealed, block);
        }
        // Sealed since it was looked at: the same blocks stand in another file.
        let indexes = self.indexes()?;
        let sealed = indexes.iter().find(|sealed| sealed.id == index.id);
        let moved = sealed.and_then(|sealed| {
            let same = |other: &&Block| other.ordinal == block.ordinal;
            Some((sealed, sealed.blocks.iter().find(same)?))
        });
        let path = sealed_path(self.dir(), index.id);
        match (moved, open(&path)?) {
            (Some((_, block)), Some(mut file)) => read_block(&mut file, &path, true, block),
            // Its time was over: there is nothing any more.
            _ => Ok(Vec::new()),
        }
    }

    /// The first events that are wanted, in the direction of the query.
    pub(super) fn find(
        &self,
        query: &LogQuery<'_>,
        wanted: &mut dyn FnMut(&EventRef<'_>) -> bool,
    ) -> Result<Vec<LogEvent>> {
        let indexes = self.indexes()?;
        let blocks = Self::blocks(&indexes, query);
        let mut found: BTreeMap<EventKey, LogEvent> = BTreeMap::new();
        for (index, block) in blocks {
            if found.len() >= query.limit && !may_improve(&found, block, query.backward) {
                break;
            }
            self.each_in(index, block, &mut |event| {
                if query.takes(event) && may_enter(&found, event, query) && wanted(event) {
                    found.insert(event.key(), event.kept());
                    if found.len() > query.limit {
                        if query.backward {
                            found.pop_first();
                        } else {
                            found.pop_last();
                        }
                    }
                }
                true
            })?;
        }
        let found = found.into_values();
        Ok(if query.backward {
            found.rev().collect()
        } else {
            found.collect()
        })
    }

    /// Shows everything that is wanted.
    pub(super) fn each(
        &self,
        query: &LogQuery<'_>,
        seen: &mut dyn FnMut(&EventRef<'_>) -> bool,
    ) -> Result<()> {
        let indexes = self.indexes()?;
        for (index, block) in Self::blocks(&indexes, query) {
            let go_on = self.each_in(index, block, &mut |event| {
                !query.takes(event) || seen(event)
            })?;
            if !go_on {
                break;
            }
        }
        Ok(())
    }

    /// What came after `cursor`.
    pub(super) fn tail(
        &self,
        cursor: Option<&TailCursor>,
        limit: usize,
        streams: Option<&HashSet<i64>>,
        wanted: &mut dyn FnMut(&EventRef<'_>) -> bool,
    ) -> Result<(Vec<LogEvent>, TailCursor)> {
        if limit == 0 {
            return Err(Error::invalid("a limit of no events"));
        }
        let indexes = self.indexes()?;
        let mut next = TailCursor {
            open: Vec::new(),
            upto: indexes.last().map_or(0, |index| index.id),
        };
        let mut found = Vec::new();
        for index in &indexes {
            let mut seen = match cursor {
                None => index.events,
                Some(cursor) => cursor.seen(index),
            };
            for block in &index.blocks {
                if block.ordinal + block.events <= seen || found.len() >= limit {
                    continue;
                }
                self.each_in(index, block, &mut |event| {
                    if event.ordinal < seen {
                        return true;
                    }
                    seen = event.ordinal + 1;
                    if streams.is_none_or(|s| s.contains(&event.stream)) && wanted(event) {
                        found.push(event.kept());
                    }
                    found.len() < limit
                })?;
            }
            if !index.sealed || seen < index.events {
                next.open.push((index.id, seen));
            }
        }
        Ok((found, next))
    }
}

impl TailCursor {
    fn seen(&self, index: &Index) -> u32 {
        match self.open.iter().find(|(id, _)| *id == index.id) {
            Some((_, seen)) => *seen,
            None if index.id <= self.upto => index.events,
            None => 0,
        }
    }
}

/// Whether a block may hold an event that comes before the last of those found.
fn may_improve(found: &BTreeMap<EventKey, LogEvent>, block: &Block, backward: bool) -> bool {
    if backward {
        let worst = found.first_key_value();
        worst.is_none_or(|(key, _)| block.last_ms >= key.at_ms)
    } else {
        let worst = found.last_key_value();
        worst.is_none_or(|(key, _)| block.first_ms <= key.at_ms)
    }
}

/// Whether there is room for an event, or it comes before the last of those found.
fn may_enter(
    found: &BTreeMap<EventKey, LogEvent>,
    event: &EventRef<'_>,
    query: &LogQuery<'_>,
) -> bool {
    if found.len() < query.limit {
        return true;
    }
    if query.backward {
        found
            .first_key_value()
            .is_some_and(|(key, _)| event.key() > *key)
    } else {
        found
            .last_key_value()
            .is_some_and(|(key, _)| event.key() < *key)
    }
}
