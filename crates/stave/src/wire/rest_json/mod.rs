//! The REST protocol with JSON: the operation in method and path, members in path, query,
//! headers and body. Lambda speaks it.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>

mod route;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value as Json, json};
use stave_core::{Error, Result};

use self::route::Labels;
use super::Call;
use super::fault::Fault;
use super::json::{self, tree};
use super::model::{Operation, Service};
use super::path::Path;
use super::reply::{reply, set};
use super::shape::{Kind, Location, Member, Shape, TimestampFormat};
use super::text;
use super::value::Value;

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";
const NO_CONTENT: u16 = 204;

/// The operation that a request asks for, and its input.
pub fn decode(service: &'static Service, call: &Call) -> Result<(&'static Operation, Value)> {
    let found = route::route(service, &call.method, &call.uri);
    let (operation, labels) = found.ok_or_else(|| {
        let message = format!(
            "No operation answers to {} {}",
            call.method,
            call.uri.path()
        );
        Error::invalid(message).coded("InvalidAction")
    })?;
    let input = match operation.input {
        Some(shape) => input(shape, &labels, call)?,
        None => Value::Structure(Vec::new()),
    };
    Ok((operation, input))
}

fn input(shape: &Shape, labels: &Labels, call: &Call) -> Result<Value> {
    let members = shape.members();
    let payload = members
        .iter()
        .position(|member| member.location == Location::Payload);
    let in_body = members
        .iter()
        .any(|member| member.location == Location::Body);
    let mut values = match json_body(in_body && payload.is_none(), call)? {
        Json::Object(object) => match tree::structure(members, object, &Path::WHOLE)? {
            Value::Structure(values) => values,
            _ => Vec::new(),
        },
        _ => return Err(malformed("The body is not an object".to_owned())),
    };
    if let Some(place) = payload {
        values[place] = body_member(&members[place], call)?;
    }
    for (member, value) in members.iter().zip(&mut values) {
        match member.location {
            Location::Uri => {
                if let Some(text) = labels.get(member.wire) {
                    *value = Some(scalar(member, member.shape, text)?);
                }
            }
            Location::Query => *value = in_query(member, call)?,
            Location::Header => *value = in_header(member, &call.headers)?,
            Location::Headers => *value = Some(all_headers(member, &call.headers)),
            Location::Body | Location::Payload | Location::Status => {}
        }
    }
    Ok(Value::Structure(values))
}

fn malformed(message: String) -> Error {
    Error::invalid(message).coded("MalformedInput")
}

fn json_body(is_json: bool, call: &Call) -> Result<Json> {
    json::body(if is_json { &call.body } else { &[] })
}

/// The member that the body is.
fn body_member(member: &Member, call: &Call) -> Result<Option<Value>> {
    if call.body.is_empty() {
        return Ok(None);
    }
    match member.shape.kind {
        Kind::Blob => Ok(Some(Value::Blob(call.body.clone()))),
        Kind::String => match String::from_utf8(call.body.to_vec()) {
            Ok(text) => Ok(Some(Value::Text(text))),
            Err(_) => Err(malformed("The body is not UTF-8".to_owned())),
        },
        _ => tree::decode(
            member.shape,
            json::body(&call.body)?,
            &Path::WHOLE.member(member.wire),
        ),
    }
}

fn in_query(member: &Member, call: &Call) -> Result<Option<Value>> {
    let query = call.uri.query().unwrap_or_default().as_bytes();
    let mut given = form_urlencoded::parse(query)
        .filter(|(name, _)| name == member.wire)
        .map(|(_, value)| value);
    if let Kind::List { of, .. } = &member.shape.kind {
        let items = given.map(|text| scalar(member, of, &text));
        let items: Vec<Value> = items.collect::<Result<_>>()?;
        return Ok((!items.is_empty()).then_some(Value::List(items)));
    }
    given
        .next()
        .map(|text| scalar(member, member.shape, &text))
        .transpose()
}

fn in_header(member: &Member, headers: &HeaderMap) -> Result<Option<Value>> {
    let Some(text) = headers
        .get(member.wire)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(None);
    };
    if let Kind::List { of, .. } = &member.shape.kind {
        let items = text.split(',').map(|text| scalar(member, of, text.trim()));
        return items
            .collect::<Result<_>>()
            .map(|items| Some(Value::List(items)));
    }
    let format = match member.shape.kind {
        Kind::Timestamp(None) => TimestampFormat::Rfc822,
        _ => return scalar(member, member.shape, text).map(Some),
    };
    let at = text::parse_time(text, format);
    let at = at.ok_or_else(|| malformed(format!("{} is no timestamp", member.wire)))?;
    Ok(Some(Value::Time(at)))
}

fn all_headers(member: &Member, headers: &HeaderMap) -> Value {
    let prefix = member.wire.to_ascii_lowercase();
    let found = headers.iter().filter_map(|(name, value)| {
        let key = name.as_str().strip_prefix(&prefix)?;
        Some((key.to_owned(), Value::Text(value.to_str().ok()?.to_owned())))
    });
    Value::Map(found.collect())
}

fn scalar(member: &Member, shape: &Shape, text: &str) -> Result<Value> {
    let value = match &shape.kind {
        Kind::String => Some(Value::Text(text.to_owned())),
        Kind::Boolean => text.parse().ok().map(Value::Boolean),
        Kind::Integer(32) => text.parse::<i32>().ok().map(|n| Value::Integer(n.into())),
        Kind::Integer(_) => text.parse().ok().map(Value::Integer),
        Kind::Float => text.parse().ok().map(Value::Float),
        Kind::Timestamp(format) => {
            let format = format.unwrap_or(TimestampFormat::Iso8601);
            text::parse_time(text, format).map(Value::Time)
        }
        _ => None,
    };
    value.ok_or_else(|| malformed(format!("{} is \"{text}\", which it cannot be", member.wire)))
}

/// The answer to an operation that is done.
pub fn encode(operation: &Operation, output: Value, request_id: &str) -> Response<Bytes> {
    let Some(shape) = operation.output else {
        return reply(operation.status, JSON, request_id, Bytes::new());
    };
    let Value::Structure(mut values) = output else {
        return reply(operation.status, JSON, request_id, Bytes::new());
    };
    let mut headers = HeaderMap::new();
    let mut status = operation.status;
    let mut payload = None;
    for (member, value) in shape.members().iter().zip(&mut values) {
        match (member.location, &value) {
            (Location::Header, Some(value)) => set_header(&mut headers, member.wire, value),
            (Location::Headers, Some(Value::Map(entries))) => {
                for (name, value) in entries {
                    set_header(&mut headers, &format!("{}{name}", member.wire), value);
                }
            }
            (Location::Status, Some(Value::Integer(code))) => status = *code as u16,
            (Location::Payload, _) => payload = Some((member, value.take())),
            _ => {}
        }
    }
    let (content_type, body) = match payload {
        // Nothing may follow the head then: it would be taken for the next answer.
        _ if status == NO_CONTENT => (JSON, Bytes::new()),
        None => (
            JSON,
            tree::encode(shape, Value::Structure(values))
                .to_string()
                .into(),
        ),
        Some((_, None)) => (JSON, Bytes::new()),
        Some((_, Some(Value::Blob(bytes)))) => (BYTES, bytes),
        Some((_, Some(Value::Text(text)))) => (BYTES, text.into()),
        Some((member, Some(value))) => (JSON, tree::encode(member.shape, value).to_string().into()),
    };
    let mut response = reply(status, content_type, request_id, body);
    response.headers_mut().extend(headers);
    response
}

fn set_header(headers: &mut HeaderMap, name: &str, value: &Value) {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Time(at) => text::time(*at, TimestampFormat::Rfc822),
        _ => return,
    };
    if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
        set(headers, name, &text);
    }
}

/// The answer to an operation that has failed.
pub fn refuse(fault: &Fault, request_id: &str) -> Response<Bytes> {
    let blame = if fault.is_senders { "User" } else { "Service" };
    let mut body = json!({ "Type": blame, fault.message_member: fault.message });
    if let Some(reason) = &fault.reason {
        body["Reason"] = json!(reason);
    }
    let mut response = reply(fault.status, JSON, request_id, body.to_string());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    set(
        headers,
        HeaderName::from_static("x-amzn-errortype"),
        fault.name,
    );
    response
}
