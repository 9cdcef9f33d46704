//! `Invoke`.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::future::BoxFuture;
use stave_core::{Caller, Error, Result};
use stave_store::functions::NewInvocation;

use super::Functions;
use super::definition::{FunctionVersion, State};
use super::errors::{conflict, invalid, too_large};
use super::names::Named;
use super::ports::LogEvent;
use super::run::Task;

/// The largest event of an invocation that is waited for, in bytes.
const MAX_SYNC_BYTES: usize = 6_291_456;
/// The largest event of one that is not, in bytes.
const MAX_EVENT_BYTES: usize = 1_048_576;
/// The longest client context, in bytes of base64.
const MAX_CONTEXT_BYTES: usize = 3583;

/// How a function is invoked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// Its answer is waited for.
    #[default]
    RequestResponse,
    /// It is queued.
    Event,
    /// It is only checked whether it may be.
    DryRun,
}

/// An invocation that is asked for.
#[derive(Debug, Clone, Default)]
pub struct InvocationRequest {
    /// The function's name or ARN.
    pub name: String,
    /// A version or an alias.
    pub qualifier: Option<String>,
    /// How.
    pub kind: InvocationType,
    /// The event: JSON. Nothing is `{}`.
    pub payload: Bytes,
    /// What the client says of itself: JSON in base64.
    pub client_context: Option<String>,
    /// The trace header that the request came with.
    pub trace: Option<String>,
    /// Whether the end of the log is wanted.
    pub log_tail: bool,
    /// The id that it is to have, which no other has had; a new one if there is none.
    pub request_id: Option<String>,
}

/// How a function failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionError {
    /// The runtime says that it was handled.
    Handled,
    /// It was not.
    Unhandled,
}

impl FunctionError {
    /// `Handled`, `Unhandled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "Handled",
            Self::Unhandled => "Unhandled",
        }
    }
}

/// What came of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The request's id.
    pub request_id: String,
    /// 200, 202 for an event, 204 for a check.
    pub status: u16,
    /// The version that ran.
    pub version: Option<String>,
    /// What it answered, or the error's document.
    pub payload: Bytes,
    /// Whether it failed.
    pub error: Option<FunctionError>,
    /// The end of the log, in base64, if it was wanted.
    pub log_tail: Option<String>,
}

impl Functions {
    /// Invokes a function.
    pub fn invoke<'a>(
        &'a self,
        caller: &'a Caller,
        request: InvocationRequest,
    ) -> BoxFuture<'a, Result<Invocation>> {
        Box::pin(async move {
            let named = self.named(&request.name, request.qualifier.as_deref())?;
            let client_context = request.client_context.as_deref().map(context).transpose()?;
            let (this, by, asked) = (self.clone(), caller.clone(), named.clone());
            let version = crate::blocking::blocking(self.store(), move |store| {
                store.functions_read(|rows| {
                    this.permit_by_policy(rows, &by, "lambda:InvokeFunction", &asked)?;
                    let routed = this.routed(rows, &asked)?;
                    let mut version = this.version(rows, &routed)?;
                    version.arn = this.named_arn(&asked);
                    Ok(version)
                })
            })
            .await?;
            let payload = checked(request.payload, request.kind)?;
            let request_id = request.request_id.unwrap_or_else(|| self.uuid());
            let mut invocation = Invocation {
                request_id: request_id.clone(),
                status: 204,
                version: None,
                payload: Bytes::new(),
                error: None,
                log_tail: None,
            };
            if request.kind == InvocationType::DryRun {
                return Ok(invocation);
            }
            let trace = self.trace(request.trace.as_deref(), &version).await?;
            if request.kind == InvocationType::Event {
                self.queue(&named, &request_id, &payload, &trace).await?;
                invocation.status = 202;
                return Ok(invocation);
            }
            check_state(&version)?;
            invocation.status = 200;
            invocation.version = Some(version.version.clone());
            let task = Task {
                version,
                request_id,
                trace,
                client_context,
                payload,
            };
            // It goes on when the one who asked does not wait any longer.
            let this = self.clone();
            let outcome = tokio::spawn(async move { this.execute(task).await });
            let outcome = outcome.await.map_err(|error| {
                Error::internal("an invocation ended before its time").caused_by(error)
            })??;
            invocation.payload = outcome.payload;
            invocation.error = outcome.error;
            invocation.log_tail = request.log_tail.then(|| STANDARD.encode(&outcome.log_tail));
            Ok(invocation)
        })
    }

    /// The trace header of an invocation; a chain that comes back too often is stopped, and the
    /// function's log says so.
    async fn trace(&self, before: Option<&str>, version: &FunctionVersion) -> Result<String> {
        let trace = self.advance_lineage(before, &version.name);
        if let Err(error) = &trace {
            self.measure(version, "RecursiveInvocationsDropped", 1.0, "Count");
            let event = LogEvent {
                at: self.now(),
                message: format!("[ERROR] RecursiveInvocationException: {}", error.message()),
            };
            let stream = format!("{}/[recursion]", self.now().strftime("%Y/%m/%d"));
            let logs = &self.ports().logs;
            // The refusal says it, too.
            let _ = logs.put(&version.log_group(), &stream, vec![event]).await;
        }
        trace
    }

    async fn queue(&self, named: &Named, id: &str, payload: &Bytes, trace: &str) -> Result<()> {
        let (named, id) = (named.clone(), id.to_owned());
        let (payload, trace) = (payload.clone(), trace.to_owned());
        crate::blocking::blocking(self.store(), move |store| {
            let qualifier = named.qualifier.as_ref().map(ToString::to_string);
            store.functions_write(|rows| {
                rows.queue(&NewInvocation {
                    id: &id,
                    function: &named.name,
                    qualifier: qualifier.as_deref(),
                    payload: &payload,
                    trace: Some(&trace),
                })
            })
        })
        .await?;
        self.0.queued.notify_one();
        Ok(())
    }
}

/// Checks that a version can be invoked.
pub(super) fn check_state(version: &FunctionVersion) -> Result<()> {
    let definition = &version.definition;
    if definition.state == State::Active {
        return Ok(());
    }
    let said = conflict(format!(
        "The operation cannot be performed at this time. The function is currently in the \
         following state: {}",
        definition.state.as_str()
    ));
    Err(match &definition.state_reason {
        Some(reason) => said.hint(reason.message.clone()),
        None => said,
    })
}

fn checked(payload: Bytes, kind: InvocationType) -> Result<Bytes> {
    let max = match kind {
        InvocationType::Event => MAX_EVENT_BYTES,
        _ => MAX_SYNC_BYTES,
    };
    if payload.len() > max {
        return Err(too_large(max, "InvokeFunction"));
    }
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(&payload).map_err(|error| {
        Error::invalid(format!("Could not parse request body into json: {error}"))
            .coded("InvalidRequestContentException")
    })?;
    Ok(payload)
}

/// The client context as JSON.
fn context(text: &str) -> Result<String> {
    let wrong = || {
        Error::invalid("Client context must be a valid Base64-encoded JSON object.")
            .coded("InvalidRequestContentException")
    };
    if text.len() > MAX_CONTEXT_BYTES {
        return Err(invalid(format!(
            "Client context must be at most {MAX_CONTEXT_BYTES} bytes"
        )));
    }
    let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    // As one line of ASCII it can be a header.
    if !value.is_object() {
        return Err(wrong());
    }
    Ok(ascii(&value.to_string()))
}

fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}
