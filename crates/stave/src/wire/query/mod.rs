//! The query protocol: a form in, XML out. IAM and STS speak it.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

mod form;
#[cfg(test)]
mod tests;
mod xml;

use bytes::Bytes;
use http::{Method, Response};
use stave_core::{Error, Result};

use self::form::Form;
use self::xml::Xml;
use super::Call;
use super::fault::Fault;
use super::model::{Operation, Service};
use super::reply::reply;
use super::value::Value;

const CONTENT_TYPE: &str = "text/xml";

/// The operation that a request asks for, and its input.
pub fn decode(service: &'static Service, call: &Call) -> Result<(&'static Operation, Value)> {
    let form = form(call)?;
    let Some(action) = form.text("Action") else {
        return Err(
            Error::invalid("The request must contain the parameter Action.").coded("MissingAction"),
        );
    };
    let version = form.text("Version").unwrap_or("NO_VERSION_SPECIFIED");
    let unknown = || {
        let message = format!("Could not find operation {action} for version {version}");
        Error::invalid(message).coded("InvalidAction")
    };
    if version != service.version {
        return Err(unknown());
    }
    let operation = service.operation(action).ok_or_else(unknown)?;
    let input = match operation.input {
        Some(shape) => form.structure(shape)?,
        None => Value::Structure(Vec::new()),
    };
    Ok((operation, input))
}

fn form(call: &Call) -> Result<Form> {
    let query = call.uri.query().unwrap_or_default();
    match call.method {
        Method::GET => Form::read(&[query.as_bytes()]),
        Method::POST => Form::read(&[query.as_bytes(), &call.body]),
        _ => Err(Error::invalid(format!(
            "The method {} is not allowed: use POST or GET.",
            call.method
        ))
        .coded("InvalidAction")),
    }
}

/// The answer to an operation that is done.
pub fn encode(
    namespace: &str,
    operation: &Operation,
    output: &Value,
    request_id: &str,
) -> Response<Bytes> {
    let mut xml = Xml::default();
    let frame = format!("{}Response", operation.name);
    xml.open_in(&frame, namespace);
    if let Some(shape) = operation.output {
        match operation.wrapper {
            Some(wrapper) => xml.value(wrapper, shape, output),
            None => xml.members(shape, output),
        }
    }
    xml.open("ResponseMetadata");
    xml.text("RequestId", request_id);
    xml.close("ResponseMetadata");
    xml.close(&frame);
    reply(operation.status, CONTENT_TYPE, request_id, xml.finish())
}

/// The answer to an operation that has failed.
pub fn refuse(namespace: &str, fault: &Fault, request_id: &str) -> Response<Bytes> {
    let mut xml = Xml::default();
    xml.open_in("ErrorResponse", namespace);
    xml.open("Error");
    xml.text(
        "Type",
        if fault.is_senders {
            "Sender"
        } else {
            "Receiver"
        },
    );
    xml.text("Code", fault.code);
    xml.text("Message", &fault.message);
    xml.close("Error");
    xml.text("RequestId", request_id);
    xml.close("ErrorResponse");
    reply(fault.status, CONTENT_TYPE, request_id, xml.finish())
}
