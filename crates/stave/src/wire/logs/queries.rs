//! Queries of Logs Insights.

use stave_core::{Caller, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{MAX_RESULT_ROWS, NewQuery, QueryInfo, QueryStatus};

use super::{counted, invalid};
use crate::wire::door::Door;
use crate::wire::fault::unsupported;
use crate::wire::types::logs as wire;

/// The language of Logs Insights; there are PPL and SQL, too.
const LANGUAGE: &str = "CWLI";
/// How many queries are told of at once.
const MAX_QUERIES: usize = 1000;

pub fn add(door: Door, telemetry: &Telemetry) -> Door {
    door.on(telemetry, &wire::START_QUERY, start)
        .on(telemetry, &wire::GET_QUERY_RESULTS, results)
        .on(telemetry, &wire::STOP_QUERY, |logs, caller, request| {
            Ok(wire::StopQueryResponse {
                success: Some(logs.stop_query(caller, &request.query_id)?),
            })
        })
        .on(telemetry, &wire::DESCRIBE_QUERIES, describe)
}

fn start(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::StartQueryRequest,
) -> Result<wire::StartQueryResponse> {
    if let Some(language) = request.query_language.filter(|name| name != LANGUAGE) {
        return Err(unsupported(format!(
            "the query language {language} is not implemented"
        )));
    }
    let named = [
        request.log_group_name.map(|name| vec![name]),
        request.log_group_names,
        request.log_group_identifiers,
    ];
    let mut named = named.into_iter().flatten();
    let (Some(groups), None) = (named.next(), named.next()) else {
        return Err(invalid(
            "exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified",
        ));
    };
    let new = NewQuery {
        groups,
        from_s: request.start_time,
        to_s: request.end_time,
        text: request.query_string,
        limit: request.limit.map(i32::unsigned_abs),
    };
    Ok(wire::StartQueryResponse {
        query_id: Some(logs.start_query(caller, &new)?),
    })
}

fn results(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::GetQueryResultsRequest,
) -> Result<wire::GetQueryResultsResponse> {
    let wire::GetQueryResultsRequest {
        query_id,
        next_token,
        max_items,
    } = request;
    let found = logs.get_query_results(caller, &query_id)?;
    let token = next_token.as_deref();
    let (rows, next) = counted(found.rows, token, max_items, MAX_RESULT_ROWS)?;
    let rows = rows.into_iter().map(|row| {
        let fields = row.into_iter().map(|(field, value)| wire::ResultField {
            field: Some(field),
            value: Some(value),
        });
        fields.collect()
    });
    let looked_at = found.statistics;
    Ok(wire::GetQueryResultsResponse {
        query_language: Some(LANGUAGE.to_owned()),
        results: Some(rows.collect()),
        statistics: Some(wire::QueryStatistics {
            records_matched: Some(looked_at.records_matched as f64),
            records_scanned: Some(looked_at.records_scanned as f64),
            bytes_scanned: Some(looked_at.bytes_scanned as f64),
            // There is no index that would let anything be skipped.
            estimated_records_skipped: Some(0.0),
            estimated_bytes_skipped: Some(0.0),
            ..wire::QueryStatistics::default()
        }),
        status: Some(found.status.as_str().to_owned()),
        encryption_key: None,
        next_token: next,
    })
}

fn describe(
    logs: &Telemetry,
    caller: &Caller,
    request: wire::DescribeQueriesRequest,
) -> Result<wire::DescribeQueriesResponse> {
    let group = request.log_group_name.as_deref();
    let status = match request.status.as_deref() {
        None => None,
        Some("Running") => Some(QueryStatus::Running),
        Some("Complete") => Some(QueryStatus::Complete),
        Some("Failed") => Some(QueryStatus::Failed),
        Some("Cancelled") => Some(QueryStatus::Cancelled),
        // No query waits, none is forgotten while it is known.
        Some(_) => return Ok(no_queries()),
    };
    let mut found = logs.describe_queries(caller, group, status)?;
    if request.query_language.is_some_and(|name| name != LANGUAGE) {
        found.clear();
    }
    let token = request.next_token.as_deref();
    let (found, next) = counted(found, token, request.max_results, MAX_QUERIES)?;
    Ok(wire::DescribeQueriesResponse {
        queries: Some(found.into_iter().map(shown).collect()),
        next_token: next,
    })
}

fn no_queries() -> wire::DescribeQueriesResponse {
    wire::DescribeQueriesResponse {
        queries: Some(Vec::new()),
        next_token: None,
    }
}

fn shown(query: QueryInfo) -> wire::QueryInfo {
    wire::QueryInfo {
        query_language: Some(LANGUAGE.to_owned()),
        query_id: Some(query.id),
        query_string: Some(query.text),
        status: Some(query.status.as_str().to_owned()),
        create_time: Some(query.created_ms),
        log_group_name: query.groups.into_iter().next(),
        ..wire::QueryInfo::default()
    }
}
