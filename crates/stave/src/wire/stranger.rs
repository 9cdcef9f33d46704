//! Refusals to requests for services that are not here, in the protocol that a request shows.

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderMap};
use stave_core::Error;

use super::fault::fault;
use super::model::{Protocol, Service};
use super::{cbor, json, query, rest_json};

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

/// Says that a request is refused.
pub fn refuse(headers: &HeaderMap, error: &Error, request_id: &str) -> Response<Bytes> {
    let protocol = shown(headers);
    let fault = fault(&SERVICE, protocol, error, request_id);
    match protocol {
        Protocol::Query { namespace } => query::refuse(namespace, &fault, request_id),
        Protocol::Json { version, .. } => json::refuse(version, headers, &fault, request_id),
        Protocol::RestJson => rest_json::refuse(&fault, request_id),
        Protocol::Cbor { .. } => cbor::refuse(headers, &fault, request_id),
    }
}

fn shown(headers: &HeaderMap) -> Protocol {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    if cbor::is_spoken(headers) {
        return Protocol::Cbor { target: "" };
    }
    if headers.contains_key(json::TARGET) {
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
