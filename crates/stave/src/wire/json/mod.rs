//! The JSON protocols: JSON in and out, the operation in a header. Glue, Athena, CloudWatch,
//! EventBridge and CloudWatch Logs speak them.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

#[cfg(test)]
mod tests;
pub mod tree;

use bytes::Bytes;
use http::Response;
use http::header::{HeaderMap, HeaderName};
use serde_json::{Map, Value as Json, json};
use stave_core::{Error, Result};

use super::Call;
use super::fault::Fault;
use super::model::{Operation, Service};
use super::path::Path;
use super::reply::{reply, set};
use super::value::Value;

/// The header that names the operation: `AWSGlue.GetTable`.
pub const TARGET: &str = "x-amz-target";

fn content_type(version: &str) -> &'static str {
    match version {
        "1.0" => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}

/// The operation that a request asks for, and its input.
pub fn decode(
    service: &'static Service,
    target: &str,
    call: &Call,
) -> Result<(&'static Operation, Value)> {
    let asked = call
        .headers
        .get(TARGET)
        .and_then(|value| value.to_str().ok());
    let Some(asked) = asked else {
        let message = "The request must contain the header X-Amz-Target.";
        return Err(Error::invalid(message).coded("MissingAction"));
    };
    let operation = asked
        .rsplit_once('.')
        .filter(|(before, _)| *before == target)
        .and_then(|(_, name)| service.operation(name));
    let operation = operation.ok_or_else(|| {
        Error::invalid(format!("The operation {asked} is not known.")).coded("InvalidAction")
    })?;
    let input = match operation.input {
        Some(shape) => tree::decode(shape, body(&call.body)?, &Path::WHOLE)?,
        None => None,
    };
    Ok((operation, input.unwrap_or(Value::Structure(Vec::new()))))
}

/// The JSON of a body; an empty one is an empty object.
pub fn body(bytes: &[u8]) -> Result<Json> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Json::Object(Map::new()));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Error::invalid(format!("The body is not JSON: {error}")).coded("MalformedInput")
    })
}

/// The answer to an operation that is done.
pub fn encode(
    version: &str,
    operation: &Operation,
    output: Value,
    request_id: &str,
) -> Response<Bytes> {
    let body = match operation.output {
        Some(shape) => tree::encode(shape, output).to_string(),
        None => "{}".to_owned(),
    };
    reply(operation.status, content_type(version), request_id, body)
}

/// The answer to an operation that has failed. `headers` are those of the request: a client that
/// knew the query protocol before wants its code, too.
pub fn refuse(
    version: &str,
    headers: &HeaderMap,
    fault: &Fault,
    request_id: &str,
) -> Response<Bytes> {
    let body = json!({ "__type": fault.name, fault.message_member: fault.message });
    let mut response = reply(
        fault.status,
        content_type(version),
        request_id,
        body.to_string(),
    );
    tell_query_code(headers, fault, &mut response);
    response
}

/// Tells a client that knew the query protocol before, and says so, the code of that.
pub fn tell_query_code(headers: &HeaderMap, fault: &Fault, response: &mut Response<Bytes>) {
    let wants_code = headers
        .get("x-amzn-query-mode")
        .is_some_and(|mode| mode == "true");
    if wants_code {
        let blame = if fault.is_senders {
            "Sender"
        } else {
            "Receiver"
        };
        let name = HeaderName::from_static("x-amzn-query-error");
        let code = format!("{};{blame}", fault.code);
        set(response.headers_mut(), name, &code);
    }
}
