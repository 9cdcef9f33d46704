//! Smithy's RPC with CBOR: CBOR in and out, the operation in the path. CloudWatch speaks it.
//!
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

mod item;
#[cfg(test)]
mod tests;
mod tree;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response};
use stave_core::{Error, Result};

use self::item::Item;
use super::Call;
use super::fault::Fault;
use super::json;
use super::model::{Operation, Service};
use super::path::Path;
use super::reply::reply;
use super::value::Value;

const SMITHY_PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");
const NAME: HeaderValue = HeaderValue::from_static("rpc-v2-cbor");
const CBOR: &str = "application/cbor";

/// Whether a request says that it speaks this.
pub fn is_spoken(headers: &HeaderMap) -> bool {
    headers.get(SMITHY_PROTOCOL) == Some(&NAME)
}

/// The operation that a request asks for, and its input.
pub fn decode(
    service: &'static Service,
    target: &str,
    call: &Call,
) -> Result<(&'static Operation, Value)> {
    let path = call.uri.path();
    let operation = named(path)
        .filter(|(of, _)| *of == target && call.method == Method::POST)
        .and_then(|(_, name)| service.operation(name));
    let operation = operation.ok_or_else(|| {
        let asked = format!("{} {path}", call.method);
        Error::invalid(format!("The operation {asked} is not known.")).coded("InvalidAction")
    })?;
    if call.body.is_empty() {
        return Ok((operation, absent(operation)));
    }
    let content_type = call.headers.get(CONTENT_TYPE);
    if content_type.is_none_or(|is| is != CBOR) {
        let message = format!("The body is no CBOR: its Content-Type must be {CBOR}");
        return Err(Error::invalid(message).coded("MalformedInput"));
    }
    let body = Item::read(&call.body)?;
    let input = match operation.input {
        Some(shape) => tree::decode(shape, body, &Path::WHOLE)?,
        None => None,
    };
    Ok((operation, input.unwrap_or_else(|| absent(operation))))
}

/// The service and the operation of `…/service/NAME/operation/NAME`.
fn named(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/');
    let operation = parts.next()?;
    if parts.next()? != "operation" {
        return None;
    }
    let service = parts.next()?;
    (parts.next()? == "service").then_some((service, operation))
}

/// An input of which nothing is there.
fn absent(operation: &Operation) -> Value {
    let members = operation.input.map_or(0, |shape| shape.members().len());
    Value::Structure(vec![None; members])
}

/// The answer to an operation that is done.
pub fn encode(operation: &Operation, output: Value, request_id: &str) -> Response<Bytes> {
    let mut body = Vec::new();
    if let Some(shape) = operation.output {
        tree::encode(shape, output).write(&mut body);
    }
    let mut response = answer(operation.status, body, request_id);
    if operation.output.is_none() {
        response.headers_mut().remove(CONTENT_TYPE);
    }
    response
}

/// The answer to an operation that has failed. `headers` are those of the request: a client that
/// knew the query protocol before wants its code, too.
pub fn refuse(headers: &HeaderMap, fault: &Fault, request_id: &str) -> Response<Bytes> {
    let mut body = Vec::new();
    let text = |text: &str| Item::Text(text.to_owned());
    let members = vec![
        ("__type".to_owned(), text(fault.name)),
        (fault.message_member.to_owned(), text(&fault.message)),
    ];
    Item::Map(members).write(&mut body);
    let mut response = answer(fault.status, body, request_id);
    json::tell_query_code(headers, fault, &mut response);
    response
}

fn answer(status: u16, body: Vec<u8>, request_id: &str) -> Response<Bytes> {
    let mut response = reply(status, CBOR, request_id, body);
    response.headers_mut().insert(SMITHY_PROTOCOL, NAME);
    response
}
