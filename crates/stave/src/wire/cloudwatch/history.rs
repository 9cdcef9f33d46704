//! What became of alarms.

use jiff::Timestamp;
use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{AlarmHistory, AlarmKind, HistoryFilter};

use super::alarms::kinds;
use super::{at_ms, page, refuse};
use crate::wire::door::Door;
use crate::wire::types::cloudwatch as wire;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::DESCRIBE_ALARM_HISTORY, describe)
}

fn describe(
    metrics: &Telemetry,
    caller: &Caller,
    request: wire::DescribeAlarmHistoryInput,
) -> Result<wire::DescribeAlarmHistoryOutput> {
    let of_contributor = request.alarm_contributor_id.is_some();
    refuse(&[("AlarmContributorId", of_contributor)])?;
    let kinds = match request.alarm_types {
        None if request.alarm_name.is_none() => vec![AlarmKind::Metric],
        // Who names an alarm means it, whatever its type.
        None => Vec::new(),
        Some(types) => match kinds(&types) {
            kinds if kinds.is_empty() => {
                return Ok(wire::DescribeAlarmHistoryOutput {
                    alarm_history_items: Some(Vec::new()),
                    next_token: None,
                });
            }
            kinds => kinds,
        },
    };
    let filter = HistoryFilter {
        alarm: request.alarm_name,
        kinds,
        item: request.history_item_type,
        from_ms: request.start_date.map(Timestamp::as_millisecond),
        to_ms: request.end_date.map(Timestamp::as_millisecond),
        ascending: request.scan_by.as_deref() == Some("TimestampAscending"),
    };
    let request = page(request.next_token, request.max_records);
    let found = metrics.describe_alarm_history(caller, &filter, &request)?;
    Ok(wire::DescribeAlarmHistoryOutput {
        alarm_history_items: Some(found.items.into_iter().map(shown).collect()),
        next_token: found.next,
    })
}

fn shown(line: AlarmHistory) -> wire::AlarmHistoryItem {
    wire::AlarmHistoryItem {
        alarm_name: Some(line.alarm),
        alarm_type: Some(line.kind.as_str().to_owned()),
        timestamp: at_ms(line.at_ms),
        history_item_type: Some(line.item),
        history_summary: Some(line.summary),
        history_data: Some(line.data),
        ..wire::AlarmHistoryItem::default()
    }
}
