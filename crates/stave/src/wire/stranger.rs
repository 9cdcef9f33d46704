//! Refusals to requests for services that are not here, in the protocol that a request shows.

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use stave_core::Error;

use super::fault::{Fault, fault};
use super::model::{Protocol, Service};
use super::{json, query, reply, rest_json};

/// A service of which nothing is known.
static SERVICE: Service = Service {
    id: "unknown",
    signing_name: "",
    version: "",
    protocols: &[],
    operations: &[],
    others: &[],
    errors: &[],
};
/// The header of a protocol that writes CBOR.
const SMITHY_PROTOCOL: &str = "smithy-protocol";

/// Says that a request is refused.
pub fn refuse(headers: &HeaderMap, error: &Error, request_id: &str) -> Response<Bytes> {
    let protocol = shown(headers);
    let fault = fault(&SERVICE, protocol, error, request_id);
    if headers
        .get(SMITHY_PROTOCOL)
        .is_some_and(|name| name == "rpc-v2-cbor")
    {
        return cbor(&fault, request_id);
    }
    match protocol {
        Protocol::Query { namespace } => query::refuse(namespace, &fault, request_id),
        Protocol::Json { version, .. } => json::refuse(version, headers, &fault, request_id),
        Protocol::RestJson => rest_json::refuse(&fault, request_id),
    }
}

fn shown(headers: &HeaderMap) -> Protocol {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    if headers.contains_key(json::TARGET) || headers.contains_key(SMITHY_PROTOCOL) {
        let version = if content_type.ends_with("1.0") {
            "1.0"
        } else {
            "1.1"
        };
        return Protocol::Json {
            version,
            target: "",
        };
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Protocol::Query { namespace: "" };
    }
    Protocol::RestJson
}

/// `{"__type": …, "message": …}` in CBOR.
fn cbor(fault: &Fault, request_id: &str) -> Response<Bytes> {
    let mut body = vec![0xa2];
    for text in ["__type", fault.name, "message", &fault.message] {
        // A text of 0x78: its length in one byte follows; of 0x7a: in four.
        if let Ok(length) = u8::try_from(text.len()) {
            body.extend([0x78, length]);
        } else {
            body.push(0x7a);
            body.extend((text.len() as u32).to_be_bytes());
        }
        body.extend(text.as_bytes());
    }
    let mut response = reply::reply(fault.status, "application/cbor", request_id, body);
    response.headers_mut().insert(
        HeaderName::from_static(SMITHY_PROTOCOL),
        HeaderValue::from_static("rpc-v2-cbor"),
    );
    response
}
