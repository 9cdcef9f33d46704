//! Log streams.

use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{LogStream, StreamFilter, StreamOrder};

use super::{group, page};
use crate::wire::door::Door;
use crate::wire::types::logs as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(
        telemetry,
        &wire::CREATE_LOG_STREAM,
        |logs, caller, request| {
            logs.create_log_stream(caller, &request.log_group_name, &request.log_stream_name)
        },
    )
    .on(
        telemetry,
        &wire::DELETE_LOG_STREAM,
        |logs, caller, request| {
            logs.delete_log_stream(caller, &request.log_group_name, &request.log_stream_name)
        },
    )
    .on(telemetry, &wire::DESCRIBE_LOG_STREAMS, describe)
}

fn describe(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::DescribeLogStreamsRequest,
) -> Result<wire::DescribeLogStreamsResponse> {
    let group = group(request.log_group_name, request.log_group_identifier)?;
    let filter = StreamFilter {
        prefix: request.log_stream_name_prefix,
        order: match request.order_by.as_deref() {
            Some("LastEventTime") => StreamOrder::LastEvent,
            _ => StreamOrder::Name,
        },
        descending: request.descending.unwrap_or_default(),
    };
    let request = page(request.next_token, request.limit);
    let found = logs.describe_log_streams(caller, &group, &filter, &request)?;
    Ok(wire::DescribeLogStreamsResponse {
        log_streams: Some(found.items.into_iter().map(shown).collect()),
        next_token: found.next,
    })
}

fn shown(stream: LogStream) -> wire::LogStream {
    wire::LogStream {
        log_stream_name: Some(stream.name),
        creation_time: Some(stream.created_ms),
        first_event_timestamp: stream.first_event_ms,
        last_event_timestamp: stream.last_event_ms,
        last_ingestion_time: stream.last_ingestion_ms,
        upload_sequence_token: stream.last_ingestion_ms.map(sequence_token),
        arn: Some(stream.arn),
        // AWS says nothing else since 2019.
        stored_bytes: Some(0),
    }
}

/// What old clients put into their next request, and nobody looks at.
pub(super) fn sequence_token(at_ms: i64) -> String {
    format!("{at_ms:056}")
}
