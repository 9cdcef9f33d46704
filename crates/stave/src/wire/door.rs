//! A service's door: which handler does which operation. Decoding, validation, threads, encoding
//! and errors are the same for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::Response;
use http::header::{CONTENT_ENCODING, HeaderMap};
use stave_core::{Caller, Error, Result};
use stave_services::compressed::gunzip;

use super::fault::{fault, not_implemented};
use super::model::{Op, Operation, Protocol, Service};
use super::value::{FromValue, IntoValue, Value};
use super::{Call, cbor, json, query, rest_json, validate};
use stave_store::blocking;

/// What a compressed body may come to, in bytes.
const MAX_EXPANDED_BYTES: usize = 8 << 20;
/// Reading a body that is larger would hold up others on the same thread, in bytes.
const SMALL_BODY_BYTES: usize = 64 << 10;

type Blocking = dyn Fn(&Caller, Value) -> Result<Value> + Send + Sync;
type Waiting = dyn Fn(Caller, Asked, Value) -> BoxFuture<'static, Result<Value>> + Send + Sync;

/// What of a request is not in the input of its operation.
#[derive(Debug)]
pub struct Asked {
    /// The id that the answer names.
    pub request_id: String,
    /// The headers.
    pub headers: HeaderMap,
}

#[derive(Clone)]
enum Handler {
    /// It runs where it may block.
    Blocking(Arc<Blocking>),
    /// It waits without blocking.
    Waiting(Arc<Waiting>),
}

/// A service's door.
pub struct Door {
    reading: Reading,
    handlers: HashMap<&'static str, Handler>,
}

/// How a service's requests are read.
#[derive(Clone, Copy)]
struct Reading {
    service: &'static Service,
    worded_elsewhere: &'static [&'static str],
    refuses_as: Option<&'static str>,
}

/// An operation, its input, and whether that holds to the rules of its shape.
type Asking = (&'static Operation, Value, Result<()>);

impl Reading {
    fn read(self, protocol: Protocol, call: &mut Call) -> Result<Asking> {
        if protocol != Protocol::RestJson {
            expand(call)?;
        }
        let (operation, input) = match protocol {
            Protocol::Query { .. } => query::decode(self.service, call),
            Protocol::Json { target, .. } => json::decode(self.service, target, call),
            Protocol::RestJson => rest_json::decode(self.service, call),
            Protocol::Cbor { target } => cbor::decode(self.service, target, call),
        }?;
        let valid = match operation.input {
            Some(shape) => validate::validate(shape, &input, self.worded_elsewhere),
            None => Ok(()),
        };
        let valid = valid.map_err(|error| match self.refuses_as {
            Some(code) => error.coded(code),
            None => error,
        });
        Ok((operation, input, valid))
    }
}

impl Door {
    /// The door of a service, behind which nothing is done yet.
    pub fn new(service: &'static Service) -> Self {
        Self {
            reading: Reading {
                service,
                worded_elsewhere: &[],
                refuses_as: None,
            },
            handlers: HashMap::new(),
        }
    }

    /// Leaves these patterns, and members by their paths, to the service, which has words of its
    /// own for them.
    pub fn leaving(mut self, worded: &'static [&'static str]) -> Self {
        self.reading.worded_elsewhere = worded;
        self
    }

    /// Gives what breaks the rules of its shape this code instead of the one that is common.
    pub fn refusing_as(mut self, code: &'static str) -> Self {
        self.reading.refuses_as = Some(code);
        self
    }

    /// Lets `handler`, which may block, do an operation with `state`.
    pub fn on<S, I, O>(
        mut self,
        state: &S,
        op: &'static Op<I, O>,
        handler: fn(&S, &Caller, I) -> Result<O>,
    ) -> Self
    where
        S: Clone + Send + Sync + 'static,
        I: FromValue + 'static,
        O: IntoValue + 'static,
    {
        let state = state.clone();
        let handler = move |caller: &Caller, input: Value| {
            handler(&state, caller, input_of(op, input)?).map(IntoValue::into_value)
        };
        let handler = Handler::Blocking(Arc::new(handler));
        self.handlers.insert(op.operation.name, handler);
        self
    }

    /// As [`Self::on`], for a handler that waits and does not block.
    pub fn on_async<S, I, O, F>(
        self,
        state: &S,
        op: &'static Op<I, O>,
        handler: fn(S, Caller, I) -> F,
    ) -> Self
    where
        S: Clone + Send + Sync + 'static,
        I: FromValue + 'static,
        O: IntoValue + 'static,
        F: Future<Output = Result<O>> + Send + 'static,
    {
        self.waiting(state, op, move |state, caller, _, input| {
            handler(state, caller, input)
        })
    }

    /// As [`Self::on_async`], for a handler that looks at the request itself, too.
    pub fn on_request<S, I, O, F>(
        self,
        state: &S,
        op: &'static Op<I, O>,
        handler: fn(S, Caller, Asked, I) -> F,
    ) -> Self
    where
        S: Clone + Send + Sync + 'static,
        I: FromValue + 'static,
        O: IntoValue + 'static,
        F: Future<Output = Result<O>> + Send + 'static,
    {
        self.waiting(state, op, handler)
    }

    fn waiting<S, I, O, F>(
        mut self,
        state: &S,
        op: &'static Op<I, O>,
        handler: impl Fn(S, Caller, Asked, I) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Clone + Send + Sync + 'static,
        I: FromValue + 'static,
        O: IntoValue + 'static,
        F: Future<Output = Result<O>> + Send + 'static,
    {
        let state = state.clone();
        let handler = move |caller: Caller, asked: Asked, input: Value| match input_of(op, input) {
            Ok(input) => {
                let answer = handler(state.clone(), caller, asked, input);
                answer
                    .map(|answer| answer.map(IntoValue::into_value))
                    .boxed()
            }
            Err(error) => futures::future::ready(Err(error)).boxed(),
        };
        let handler = Handler::Waiting(Arc::new(handler));
        self.handlers.insert(op.operation.name, handler);
        self
    }

    /// The service.
    pub fn service(&self) -> &'static Service {
        self.reading.service
    }

    /// The operations that the model serves and nobody here does.
    #[cfg(test)]
    pub fn missing(&self) -> Vec<&'static str> {
        let served = self.reading.service.operations.iter();
        served
            .map(|operation| operation.name)
            .filter(|name| !self.handlers.contains_key(name))
            .collect()
    }

    /// Does what is asked for.
    pub async fn answer(&self, call: Call) -> Response<Bytes> {
        let protocol = self.protocol(&call.headers);
        let (request_id, headers) = (call.request_id.clone(), call.headers.clone());
        match self.run(protocol, call).await {
            Ok((operation, output)) => encode(protocol, operation, output, &request_id),
            Err(error) => self.refuse(&headers, &error, &request_id),
        }
    }

    /// Says in the request's protocol that it is refused.
    pub fn refuse(&self, headers: &HeaderMap, error: &Error, request_id: &str) -> Response<Bytes> {
        let protocol = self.protocol(headers);
        let fault = fault(self.reading.service, protocol, error, request_id);
        match protocol {
            Protocol::Query { namespace } => query::refuse(namespace, &fault, request_id),
            Protocol::Json { version, .. } => json::refuse(version, headers, &fault, request_id),
            Protocol::RestJson => rest_json::refuse(&fault, request_id),
            Protocol::Cbor { .. } => cbor::refuse(headers, &fault, request_id),
        }
    }

    /// The protocol of a request: of several that the service speaks the one that it shows.
    fn protocol(&self, headers: &HeaderMap) -> Protocol {
        let has_target = headers.contains_key(json::TARGET);
        let has_cbor = cbor::is_spoken(headers);
        let protocols = self.reading.service.protocols;
        let shown = protocols.iter().find(|protocol| match protocol {
            Protocol::Cbor { .. } => has_cbor,
            Protocol::Json { .. } => has_target && !has_cbor,
            Protocol::Query { .. } => !has_target && !has_cbor,
            Protocol::RestJson => true,
        });
        let first = protocols.first().copied();
        shown.copied().or(first).unwrap_or(Protocol::RestJson)
    }

    async fn run(&self, protocol: Protocol, call: Call) -> Result<(&'static Operation, Value)> {
        let (reading, mut call) = (self.reading, call);
        let large = call.body.len() > SMALL_BODY_BYTES;
        let read = move || {
            let asking = reading.read(protocol, &mut call)?;
            Ok((call, asking))
        };
        let (call, (operation, input, valid)) = if large {
            blocking("a body was not read", read).await?
        } else {
            read()?
        };
        let Some(handler) = self.handlers.get(operation.name) else {
            return Err(not_implemented(
                self.reading.service,
                operation.name,
                &call.caller,
            ));
        };
        valid?;
        let output = match handler.clone() {
            Handler::Waiting(handler) => {
                let asked = Asked {
                    request_id: call.request_id,
                    headers: call.headers,
                };
                handler(call.caller, asked, input).await?
            }
            Handler::Blocking(handler) => {
                let broken = format!("{} ended before its time", operation.name);
                blocking(broken, move || handler(&call.caller, input)).await?
            }
        };
        Ok((operation, output))
    }
}

/// Expands a body that the client has compressed (`PutMetricData`, in clients of today).
fn expand(call: &mut Call) -> Result<()> {
    let Some(encoding) = call.headers.remove(CONTENT_ENCODING) else {
        return Ok(());
    };
    if encoding == "identity" {
        return Ok(());
    }
    if encoding != "gzip" {
        let said = "The body is compressed in a way that is not known: use gzip";
        return Err(Error::invalid(said).coded("MalformedInput"));
    }
    let expanded = gunzip(&call.body, MAX_EXPANDED_BYTES);
    call.body = expanded
        .map_err(|error| error.coded("MalformedInput"))?
        .into();
    Ok(())
}

fn input_of<I: FromValue, O>(op: &Op<I, O>, input: Value) -> Result<I> {
    I::from_value(input).ok_or_else(|| {
        let said = format!("the input of {} does not fit its type", op.operation.name);
        Error::internal(said)
    })
}

fn encode(
    protocol: Protocol,
    operation: &'static Operation,
    output: Value,
    request_id: &str,
) -> Response<Bytes> {
    match protocol {
        Protocol::Query { namespace } => query::encode(namespace, operation, &output, request_id),
        Protocol::Json { version, .. } => json::encode(version, operation, output, request_id),
        Protocol::RestJson => rest_json::encode(operation, output, request_id),
        Protocol::Cbor { .. } => cbor::encode(operation, output, request_id),
    }
}
