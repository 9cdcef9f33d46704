//! The place of an event as text: event ids, and the tokens that pages begin with.

use stave_store::telemetry::EventKey;

/// 20 digits of time, 20 of the segment, 16 of the place in it: as long as AWS's.
pub(super) fn text(key: EventKey) -> String {
    // Events from before 1970 are refused, so the time is never negative.
    format!(
        "{:020}{:020}{:016}",
        key.at_ms.max(0),
        key.segment,
        key.ordinal
    )
}

pub(super) fn read(text: &str) -> Option<EventKey> {
    if text.len() != 56 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(EventKey {
        at_ms: text[..20].parse().ok()?,
        segment: text[20..40].parse().ok()?,
        ordinal: text[40..].parse().ok()?,
    })
}

/// The place just behind `key`.
pub(super) fn behind(key: EventKey) -> EventKey {
    EventKey {
        ordinal: key.ordinal.saturating_add(1),
        ..key
    }
}

/// The place just before `key`.
pub(super) fn before(key: EventKey) -> EventKey {
    match key.ordinal.checked_sub(1) {
        Some(ordinal) => EventKey { ordinal, ..key },
        None => EventKey {
            segment: key.segment.saturating_sub(1),
            ordinal: u32::MAX,
            ..key
        },
    }
}
