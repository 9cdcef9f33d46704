//! Events: put, read, filtered.

use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{FilterEvents, GetEvents, LogLine, RejectedLogs};

use super::streams::sequence_token;
use super::{count, group, page};
use crate::wire::door::Door;
use crate::wire::types::logs as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::PUT_LOG_EVENTS, put)
        .on(telemetry, &wire::GET_LOG_EVENTS, get)
        .on(telemetry, &wire::FILTER_LOG_EVENTS, filter)
}

fn put(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::PutLogEventsRequest,
) -> Result<wire::PutLogEventsResponse> {
    let lines = request.log_events.into_iter().map(|event| LogLine {
        at_ms: event.timestamp,
        message: event.message,
    });
    let lines: Vec<LogLine> = lines.collect();
    let (group, stream) = (&request.log_group_name, &request.log_stream_name);
    let put = logs.put_log_events(caller, group, stream, &lines)?;
    let last = lines.last().map_or(0, |line| line.at_ms);
    // The events are taken all the same, as with AWS.
    let rejected_entity_info = request.entity.map(|_| wire::RejectedEntityInfo {
        error_type: Some("UnsupportedLogGroupType".to_owned()),
    });
    Ok(wire::PutLogEventsResponse {
        next_sequence_token: Some(sequence_token(last)),
        rejected_log_events_info: put.rejected.map(rejected),
        rejected_entity_info,
    })
}

fn rejected(rejected: RejectedLogs) -> wire::RejectedLogEventsInfo {
    wire::RejectedLogEventsInfo {
        too_new_log_event_start_index: rejected.too_new_from.map(count),
        too_old_log_event_end_index: rejected.too_old_to.map(count),
        expired_log_event_end_index: rejected.expired_to.map(count),
    }
}

fn get(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::GetLogEventsRequest,
) -> Result<wire::GetLogEventsResponse> {
    let wanted = GetEvents {
        group: group(request.log_group_name, request.log_group_identifier)?,
        stream: request.log_stream_name,
        from_ms: request.start_time,
        to_ms: request.end_time,
        page: page(request.next_token, request.limit),
        from_head: request.start_from_head.unwrap_or_default(),
    };
    let found = logs.get_log_events(caller, &wanted)?;
    let events = found.events.into_iter().map(|event| wire::OutputLogEvent {
        timestamp: Some(event.key.at_ms),
        message: Some(event.message),
        ingestion_time: Some(event.ingested_ms),
    });
    Ok(wire::GetLogEventsResponse {
        events: Some(events.collect()),
        next_forward_token: Some(found.forward),
        next_backward_token: Some(found.backward),
    })
}

fn filter(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::FilterLogEventsRequest,
) -> Result<wire::FilterLogEventsResponse> {
    let wanted = FilterEvents {
        group: group(request.log_group_name, request.log_group_identifier)?,
        streams: request.log_stream_names.unwrap_or_default(),
        stream_prefix: request.log_stream_name_prefix,
        from_ms: request.start_time,
        to_ms: request.end_time,
        pattern: request.filter_pattern,
        page: page(request.next_token, request.limit),
        from_tail: request.start_from_head == Some(false),
    };
    let found = logs.filter_log_events(caller, &wanted)?;
    let events = found
        .events
        .into_iter()
        .map(|event| wire::FilteredLogEvent {
            log_stream_name: Some(event.stream),
            timestamp: Some(event.at_ms),
            message: Some(event.message),
            ingestion_time: Some(event.ingested_ms),
            event_id: Some(event.id),
        });
    Ok(wire::FilterLogEventsResponse {
        events: Some(events.collect()),
        // AWS says nothing else since 2020.
        searched_log_streams: Some(Vec::new()),
        next_token: found.next,
    })
}
