//! Events that come in, and whether a pattern matches one.

use stave_services::Schedules;
use stave_services::schedules::{EventEntry, EventResult};

use super::refuse;
use crate::wire::door::Door;
use crate::wire::types::events as wire;

pub(super) fn add(door: Door, schedules: &Schedules) -> Door {
    door.on(schedules, &wire::PUT_EVENTS, |to, caller, request| {
        refuse(&[("EndpointId", request.endpoint_id.is_some())])?;
        let entries: Vec<EventEntry> = request.entries.into_iter().map(entry).collect();
        let results = to.put_events(caller, &entries)?;
        let failed = results.iter().filter(|result| result.is_err()).count();
        Ok(wire::PutEventsResponse {
            failed_entry_count: Some(i32::try_from(failed).unwrap_or(i32::MAX)),
            entries: Some(results.into_iter().map(shown).collect()),
        })
    })
    .on(
        schedules,
        &wire::TEST_EVENT_PATTERN,
        |of, caller, request| {
            let matches = of.test_event_pattern(caller, &request.event_pattern, &request.event)?;
            Ok(wire::TestEventPatternResponse {
                result: Some(matches),
            })
        },
    )
}

// A trace header is for X-Ray alone; the event does not have it.
fn entry(entry: wire::PutEventsRequestEntry) -> EventEntry {
    EventEntry {
        at: entry.time,
        source: entry.source,
        resources: entry.resources.unwrap_or_default(),
        detail_type: entry.detail_type,
        detail: entry.detail,
        bus: entry.event_bus_name,
    }
}

fn shown(result: EventResult) -> wire::PutEventsResultEntry {
    match result {
        Ok(id) => wire::PutEventsResultEntry {
            event_id: Some(id),
            error_code: None,
            error_message: None,
        },
        Err((code, message)) => wire::PutEventsResultEntry {
            event_id: None,
            error_code: Some(code.to_owned()),
            error_message: Some(message),
        },
    }
}
