//! What is known of a segment without reading its events: its blocks, with the times and the
//! streams in them, and what each stream has in it.

use std::collections::BTreeMap;

use stave_core::Result;

use super::BLOCK_BYTES;
use super::frame;
use crate::telemetry::codec::{Bytes, damaged, put, put_signed};

/// A block names its streams as long as they are few.
const MAX_NAMED_STREAMS: usize = 64;
/// What AWS counts for an event besides its message, in bytes.
const EVENT_OVERHEAD_BYTES: u64 = 26;

/// What one stream has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSpan {
    /// The time of its first event, in milliseconds since 1970.
    pub first_ms: i64,
    /// The time of its last event.
    pub last_ms: i64,
    /// When an event last came.
    pub ingested_ms: i64,
    /// How many events it has.
    pub events: u64,
    /// How large they are as AWS counts it: the message and 26 bytes an event.
    pub bytes: u64,
}

impl StreamSpan {
    /// Adds what the stream has elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
        self.ingested_ms = self.ingested_ms.max(other.ingested_ms);
        self.events += other.events;
        self.bytes += other.bytes;
    }
}

/// A stretch of a segment that is read at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Where it stands in the file.
    pub(super) offset: u64,
    /// How long it is there.
    pub(super) stored: u64,
    /// How long it is when it is not compressed.
    pub(super) raw: u64,
    /// The place of its first event.
    pub(super) ordinal: u32,
    pub(super) events: u32,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    /// The streams in it; empty where they are many.
    pub(super) streams: Vec<i64>,
}

impl Block {
    pub(super) fn may_have(&self, stream: impl Fn(i64) -> bool) -> bool {
        self.streams.is_empty() || self.streams.iter().any(|id| stream(*id))
    }
}

/// The index of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    /// The number of the segment.
    pub(super) id: u64,
    pub(super) sealed: bool,
    /// Up to where the file holds whole frames.
    pub(super) upto: u64,
    /// When its first event came.
    pub(super) began_ms: Option<i64>,
    pub(super) events: u32,
    pub(super) blocks: Vec<Block>,
    pub(super) spans: BTreeMap<i64, StreamSpan>,
}

impl Index {
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            sealed: false,
            upto: frame::MAGIC.len() as u64,
            began_ms: None,
            events: 0,
            blocks: Vec::new(),
            spans: BTreeMap::new(),
        }
    }

    /// The time of its last event.
    pub(super) fn last_ms(&self) -> Option<i64> {
        self.blocks.iter().map(|block| block.last_ms).max()
    }

    /// Takes up the whole frames that stand in the file behind what is known already.
    pub(super) fn extend(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(payload) = frame::payload(bytes) {
            let length = frame::HEADER_BYTES + payload.len();
            self.take_up(payload, length as u64)?;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    fn take_up(&mut self, payload: &[u8], length: u64) -> Result<()> {
        let head = frame::head(&mut Bytes(payload))?;
        let mut span = StreamSpan {
            first_ms: i64::MAX,
            last_ms: i64::MIN,
            ingested_ms: head.ingested_ms,
            events: u64::from(head.events),
            bytes: 0,
        };
        frame::each_event(payload, self.id, 0, &mut |event| {
            span.first_ms = span.first_ms.min(event.at_ms);
            span.last_ms = span.last_ms.max(event.at_ms);
            span.bytes += event.message.len() as u64 + EVENT_OVERHEAD_BYTES;
            true
        })?;
        let fits = |block: &&mut Block| block.stored + length <= BLOCK_BYTES;
        match self.blocks.last_mut().filter(fits) {
            Some(block) => {
                block.stored += length;
                block.raw += length;
                block.events += head.events;
                block.first_ms = block.first_ms.min(span.first_ms);
                block.last_ms = block.last_ms.max(span.last_ms);
                if !block.streams.is_empty() && !block.streams.contains(&head.stream) {
                    block.streams.push(head.stream);
                    if block.streams.len() > MAX_NAMED_STREAMS {
                        block.streams.clear();
                    }
                }
            }
            None => self.blocks.push(Block {
                offset: self.upto,
                stored: length,
                raw: length,
                ordinal: self.events,
                events: head.events,
                first_ms: span.first_ms,
                last_ms: span.last_ms,
                streams: vec![head.stream],
            }),
        }
        let known = self.spans.entry(head.stream).or_insert(StreamSpan {
            events: 0,
            bytes: 0,
            ..span
        });
        known.add(&span);
        self.upto += length;
        self.events += head.events;
        self.began_ms.get_or_insert(head.ingested_ms);
        Ok(())
    }

    /// The index as it stands behind the blocks of a sealed segment.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_signed(&mut bytes, self.began_ms.unwrap_or_default());
        put(&mut bytes, u64::from(self.events));
        put(&mut bytes, self.blocks.len() as u64);
        for block in &self.blocks {
            for number in [block.offset, block.stored, block.raw] {
                put(&mut bytes, number);
            }
            put(&mut bytes, u64::from(block.ordinal));
            put(&mut bytes, u64::from(block.events));
            put_signed(&mut bytes, block.first_ms);
            put_signed(&mut bytes, block.last_ms);
            put(&mut bytes, block.streams.len() as u64);
            for stream in &block.streams {
                put_signed(&mut bytes, *stream);
            }
        }
        put(&mut bytes, self.spans.len() as u64);
        for (stream, span) in &self.spans {
            for number in [*stream, span.first_ms, span.last_ms, span.ingested_ms] {
                put_signed(&mut bytes, number);
            }
            put(&mut bytes, span.events);
            put(&mut bytes, span.bytes);
        }
        bytes
    }

    /// Reads what [`Self::encode`] wrote.
    pub(super) fn decode(id: u64, upto: u64, bytes: &[u8]) -> Result<Self> {
        let mut bytes = Bytes(bytes);
        let mut index = Self {
            sealed: true,
            upto,
            began_ms: Some(bytes.signed()?),
            events: small(&mut bytes)?,
            ..Self::new(id)
        };
        for _ in 0..bytes.number()? {
            let mut block = Block {
                offset: bytes.number()?,
                stored: bytes.number()?,
                raw: bytes.number()?,
                ordinal: small(&mut bytes)?,
                events: small(&mut bytes)?,
                first_ms: bytes.signed()?,
                last_ms: bytes.signed()?,
                streams: Vec::new(),
            };
            for _ in 0..bytes.number()? {
                block.streams.push(bytes.signed()?);
            }
            index.blocks.push(block);
        }
        for _ in 0..bytes.number()? {
            let stream = bytes.signed()?;
            let span = StreamSpan {
                first_ms: bytes.signed()?,
                last_ms: bytes.signed()?,
                ingested_ms: bytes.signed()?,
                events: bytes.number()?,
                bytes: bytes.number()?,
            };
            index.spans.insert(stream, span);
        }
        Ok(index)
    }
}

fn small(bytes: &mut Bytes<'_>) -> Result<u32> {
    u32::try_from(bytes.number()?).map_err(|_| damaged())
}
