//! `function invoke`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use stave_core::{Error, Result};
use stave_services::functions::{Invocation, InvocationRequest, InvocationType};
use tokio::io::AsyncReadExt as _;

use super::Desk;
use super::reach::Reach;
use crate::args::function::InvokeArgs;
use crate::failure::Failure;

/// The largest event that is read, in bytes: what Lambda takes.
const MAX_EVENT_BYTES: u64 = 6 << 20;

/// Runs a function, or queues an event for it.
pub(super) async fn run(args: InvokeArgs, desk: &Desk) -> Result<(), Failure> {
    let payload = event(&args.event).await?;
    let reach = Reach::open(desk).await?;
    let functions = desk.functions()?;
    let request = InvocationRequest {
        name: args.name.clone(),
        kind: if args.is_async {
            InvocationType::Event
        } else {
            InvocationType::RequestResponse
        },
        payload,
        log_tail: args.log || desk.output.is_json(),
        ..InvocationRequest::default()
    };
    let invoked = functions.invoke(desk.caller(), request).await;
    let serves = reach.is_server();
    reach.close(desk).await?;
    let invocation = invoked?;
    if args.log {
        desk.output.say(log_tail(&invocation).trim_end());
    }
    if args.is_async {
        let id = &invocation.request_id;
        desk.done(&format!("queued the event as {id}"));
        if !serves {
            desk.done("it waits for a server: stave serve");
        }
    }
    if desk.output.is_json() {
        desk.output.value(&envelope(&invocation))?;
    }
    if invocation.error.is_some() {
        return Err(failure(&args.name, &invocation, desk).into());
    }
    if !args.is_async && !desk.output.is_json() {
        desk.output
            .data(&[&invocation.payload[..], b"\n"].concat())?;
    }
    Ok(())
}

/// The event that was said: JSON, a file of it, or standard input.
async fn event(said: &str) -> Result<Bytes, Failure> {
    let text = if said == "-" {
        let mut text = Vec::new();
        let mut input = tokio::io::stdin().take(MAX_EVENT_BYTES + 1);
        let read = input.read_to_end(&mut text).await;
        read.map_err(|error| Error::invalid("cannot read the event").caused_by(error))?;
        text
    } else if let Some(path) = said.strip_prefix('@') {
        let cannot = |error| Error::invalid(format!("cannot read {path}")).caused_by(error);
        let size = tokio::fs::metadata(path).await.map_err(cannot)?.len();
        if size > MAX_EVENT_BYTES {
            return Err(Error::invalid(format!("{path} is larger than an event may be")).into());
        }
        tokio::fs::read(path).await.map_err(cannot)?
    } else {
        said.as_bytes().to_vec()
    };
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).map_err(|error| {
        let why = format!("the event is no JSON: {error}");
        Failure::Usage(Error::invalid(why).hint("--event '{\"name\": \"value\"}', @FILE, or -"))
    })?;
    Ok(text.into())
}

fn log_tail(invocation: &Invocation) -> String {
    let tail = invocation.log_tail.as_deref().unwrap_or_default();
    // It is what the service encoded.
    let tail = STANDARD.decode(tail).unwrap_or_default();
    String::from_utf8_lossy(&tail).into_owned()
}

/// All of an answer, in Lambda's words.
fn envelope(invocation: &Invocation) -> Value {
    let payload = &invocation.payload;
    let payload = serde_json::from_slice(payload)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(payload).into_owned()));
    let mut all = json!({
        "StatusCode": invocation.status,
        "RequestId": invocation.request_id,
    });
    if invocation.status == 200 {
        all["ExecutedVersion"] = json!(invocation.version);
        all["Payload"] = payload;
        all["LogTail"] = json!(log_tail(invocation));
    }
    if let Some(error) = invocation.error {
        all["FunctionError"] = json!(error.as_str());
    }
    all
}

/// Says where a function failed; the error says how.
fn failure(name: &str, invocation: &Invocation, desk: &Desk) -> Error {
    let document: Value = serde_json::from_slice(&invocation.payload).unwrap_or_default();
    let trace = [&document["stackTrace"], &document["trace"]];
    let trace = trace.iter().find_map(|trace| trace.as_array());
    for line in trace.into_iter().flatten().filter_map(Value::as_str) {
        desk.output.say(line.trim_end());
    }
    let text = |member: &str| document[member].as_str().filter(|text| !text.is_empty());
    let message = text("errorMessage").unwrap_or("it does not say why");
    let said = match text("errorType") {
        Some(kind) => format!("{name} failed: {kind}: {message}"),
        None => format!("{name} failed: {message}"),
    };
    let error = Error::invalid(said);
    if message.contains("No module named") {
        return error.hint("name the package: --package NAME, or in a requirements.txt");
    }
    if message.contains("Task timed out") {
        return error.hint("give it more time: stave function update NAME --timeout SECONDS");
    }
    error.hint(format!("its log: stave function logs {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_event_is_json_wherever_it_comes_from() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("event.json");
        std::fs::write(&path, "{\"a\": 1}").expect("written");
        let from_file = event(&format!("@{}", path.display())).await.expect("read");
        assert_eq!(from_file, event("{\"a\": 1}").await.expect("read"));
        for wrong in ["", "{", "{} {}", "a"] {
            assert!(
                matches!(event(wrong).await, Err(Failure::Usage(_))),
                "{wrong}"
            );
        }
        let missing = event("@/no/such/file").await;
        assert!(matches!(missing, Err(Failure::Failed(_))));
    }
}
