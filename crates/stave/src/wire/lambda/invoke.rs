//! Invocations.

use http::header::HeaderMap;
use stave_core::{Caller, Result};
use stave_services::Functions;
use stave_services::functions::{InvocationRequest, InvocationType};

use super::refuse;
use crate::wire::door::{Asked, Door};
use crate::wire::types::lambda as wire;

/// The header that tells which chain a request belongs to.
const TRACE: &str = "x-amzn-trace-id";

pub(super) fn add(door: Door, functions: &Functions) -> Door {
    door.on_request(functions, &wire::INVOKE, invoke)
        .on_request(functions, &wire::INVOKE_ASYNC, invoke_async)
}

fn trace(headers: &HeaderMap) -> Option<String> {
    let trace = headers.get(TRACE)?.to_str().ok()?;
    Some(trace.to_owned())
}

fn kind(text: Option<&str>) -> InvocationType {
    match text {
        Some("Event") => InvocationType::Event,
        Some("DryRun") => InvocationType::DryRun,
        _ => InvocationType::RequestResponse,
    }
}

async fn invoke(
    functions: Functions,
    caller: Caller,
    asked: Asked,
    request: wire::InvocationRequest,
) -> Result<wire::InvocationResponse> {
    refuse(
        "InvokeFunction",
        &[
            (
                "DurableExecutionName",
                request.durable_execution_name.is_some(),
            ),
            ("TenantId", request.tenant_id.is_some()),
        ],
    )?;
    let request = InvocationRequest {
        name: request.function_name,
        qualifier: request.qualifier,
        kind: kind(request.invocation_type.as_deref()),
        payload: request.payload.unwrap_or_default(),
        client_context: request.client_context,
        trace: trace(&asked.headers),
        log_tail: request.log_type.as_deref() == Some("Tail"),
        request_id: Some(asked.request_id),
    };
    let done = functions.invoke(&caller, request).await?;
    Ok(wire::InvocationResponse {
        status_code: Some(i32::from(done.status)),
        function_error: done.error.map(|error| error.as_str().to_owned()),
        log_result: done.log_tail,
        payload: Some(done.payload).filter(|payload| !payload.is_empty()),
        executed_version: done.version,
        durable_execution_arn: None,
    })
}

async fn invoke_async(
    functions: Functions,
    caller: Caller,
    asked: Asked,
    request: wire::InvokeAsyncRequest,
) -> Result<wire::InvokeAsyncResponse> {
    let request = InvocationRequest {
        name: request.function_name,
        kind: InvocationType::Event,
        payload: request.invoke_args,
        trace: trace(&asked.headers),
        request_id: Some(asked.request_id),
        ..InvocationRequest::default()
    };
    let queued = functions.invoke(&caller, request).await?;
    Ok(wire::InvokeAsyncResponse {
        status: Some(i32::from(queued.status)),
    })
}
