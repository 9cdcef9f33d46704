//! A frame: the events of one request, with a checksum that tells whether it is whole.
//!
//! ```text
//! length (4) | checksum (4) | stream, time of ingestion, count | (time, length, message) …
//! ```

use stave_core::Result;

use crate::telemetry::codec::{Bytes, checksum, damaged, put, put_signed};

/// What every segment begins with.
pub(super) const MAGIC: &[u8; 8] = b"STAVELG1";
/// Length and checksum.
pub(super) const HEADER_BYTES: usize = 8;
/// No frame is longer: ten times what a request may hold.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// An event to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The message.
    pub message: &'a str,
}

/// An event that is being looked at.
#[derive(Debug, Clone, Copy)]
pub struct EventRef<'a> {
    /// The number of its stream.
    pub stream: i64,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// When it came, in milliseconds since 1970.
    pub ingested_ms: i64,
    /// The number of its segment.
    pub segment: u64,
    /// Its place in the segment.
    pub ordinal: u32,
    /// The message.
    pub message: &'a str,
}

/// Writes a frame.
pub(super) fn encode(stream: i64, ingested_ms: i64, events: &[NewEvent<'_>]) -> Vec<u8> {
    let bytes: usize = events.iter().map(|event| event.message.len() + 8).sum();
    let mut frame = Vec::with_capacity(bytes + 32);
    frame.extend([0; HEADER_BYTES]);
    put_signed(&mut frame, stream);
    put_signed(&mut frame, ingested_ms);
    put(&mut frame, events.len() as u64);
    let mut before = ingested_ms;
    for event in events {
        put_signed(&mut frame, event.at_ms.wrapping_sub(before));
        put(&mut frame, event.message.len() as u64);
        frame.extend(event.message.as_bytes());
        before = event.at_ms;
    }
    let length = (frame.len() - HEADER_BYTES) as u32;
    let sum = checksum(&frame[HEADER_BYTES..]);
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
    frame
}

/// The payload of the frame that `bytes` begin with; `None` where there is no whole one.
pub(super) fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 || length > MAX_FRAME_BYTES {
        return None;
    }
    let payload = rest.get(..length)?;
    (checksum(payload) == u32::from_le_bytes(*sum)).then_some(payload)
}

/// The head of a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) stream: i64,
    pub(super) ingested_ms: i64,
    pub(super) events: u32,
}

pub(super) fn head(bytes: &mut Bytes<'_>) -> Result<Head> {
    Ok(Head {
        stream: bytes.signed()?,
        ingested_ms: bytes.signed()?,
        events: u32::try_from(bytes.number()?).map_err(|_| damaged())?,
    })
}

/// Shows the events of a payload, of which the first has the place `ordinal`, until `seen` says
/// no; says whether it never did.
pub(super) fn each_event(
    payload: &[u8],
    segment: u64,
    ordinal: u32,
    seen: &mut dyn FnMut(&EventRef<'_>) -> bool,
) -> Result<bool> {
    let mut bytes = Bytes(payload);
    let head = head(&mut bytes)?;
    let mut at_ms = head.ingested_ms;
    for place in 0..head.events {
        at_ms = at_ms.wrapping_add(bytes.signed()?);
        let length = bytes.size()?;
        let message = std::str::from_utf8(bytes.take(length)?).map_err(|_| damaged())?;
        let event = EventRef {
            stream: head.stream,
            at_ms,
            ingested_ms: head.ingested_ms,
            segment,
            ordinal: ordinal + place,
            message,
        };
        if !seen(&event) {
            return Ok(false);
        }
    }
    Ok(true)
}
