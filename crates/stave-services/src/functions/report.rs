//! What an invocation's end looks like: the answer to who asked, and the lines of the log.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::environment::{Answer, Ended, MAX_ANSWER_BYTES};
use super::invoke::FunctionError;

/// What is answered, and what is logged of it.
#[derive(Debug)]
pub(super) struct Told {
    pub payload: Bytes,
    pub error: Option<FunctionError>,
    /// Lines before END.
    pub lines: Vec<String>,
    /// What REPORT says at its end.
    pub status: Option<String>,
}

/// What there is to know of an end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub request_id: &'a str,
    /// As the log shows it.
    pub now: &'a str,
    pub timeout_seconds: u32,
}

/// Tells an end as AWS does.
pub(super) fn tell(ended: Ended, facts: Facts<'_>) -> Told {
    let id = facts.request_id;
    match ended {
        Ended::Answered(Answer::Response(payload)) => Told {
            payload,
            error: None,
            lines: Vec::new(),
            status: None,
        },
        Ended::Answered(Answer::Error(payload, kind)) => Told {
            error: Some(match kind.as_deref() {
                Some("Handled") => FunctionError::Handled,
                _ => FunctionError::Unhandled,
            }),
            ..failed(payload, Vec::new(), None)
        },
        Ended::Answered(Answer::TooLarge(_)) => fault(
            "Function.ResponseSizeTooLarge",
            &format!(
                "Response payload size exceeded maximum allowed payload size ({MAX_ANSWER_BYTES} \
                 bytes)."
            ),
            Vec::new(),
        ),
        Ended::InitError(body) => {
            let kind = serde_json::from_slice::<Value>(&body);
            let kind = kind
                .ok()
                .and_then(|body| body["errorType"].as_str().map(str::to_owned));
            failed(
                body,
                Vec::new(),
                kind.as_deref().or(Some("Runtime.InitError")),
            )
        }
        Ended::NotStarted(why) => {
            let message = format!("RequestId: {id} Error: {why}");
            let line = format!("{message}\nRuntime.InvalidEntrypoint");
            fault("Runtime.InvalidEntrypoint", &message, vec![line])
        }
        Ended::TimedOut => {
            let said = format!("Task timed out after {}.00 seconds", facts.timeout_seconds);
            let line = format!("{} {id} {said}\n", facts.now);
            let told = fault(
                "Sandbox.Timedout",
                &format!("RequestId: {id} Error: {said}"),
                vec![line],
            );
            Told {
                status: Some("Status: timeout".to_owned()),
                ..told
            }
        }
        Ended::Exited(how) => {
            let said = match how {
                Some(how) => format!("Runtime exited with error: {how}"),
                None => "Runtime exited without providing a reason".to_owned(),
            };
            exit(id, &said)
        }
        Ended::OutOfMemory => exit(id, "Runtime exited with error: signal: killed"),
    }
}

fn exit(id: &str, said: &str) -> Told {
    let message = format!("RequestId: {id} Error: {said}");
    let line = format!("{message}\nRuntime.ExitError");
    fault("Runtime.ExitError", &message, vec![line])
}

fn fault(kind: &str, message: &str, lines: Vec<String>) -> Told {
    let body = json!({"errorType": kind, "errorMessage": message}).to_string();
    failed(Bytes::from(body), lines, Some(kind))
}

fn failed(payload: Bytes, lines: Vec<String>, kind: Option<&str>) -> Told {
    Told {
        payload,
        error: Some(FunctionError::Unhandled),
        lines,
        status: kind.map(|kind| format!("Status: error\tError Type: {kind}")),
    }
}

/// The REPORT line.
pub(super) fn report_line(
    request_id: &str,
    took: Duration,
    init: Option<Duration>,
    (memory_mb, peak_mb): (u32, u64),
    status: Option<&str>,
) -> String {
    let ms = took.as_secs_f64() * 1000.0;
    let mut line = format!(
        "REPORT RequestId: {request_id}\tDuration: {ms:.2} ms\tBilled Duration: {:.0} ms\tMemory \
         Size: {memory_mb} MB\tMax Memory Used: {peak_mb} MB\t",
        ms.ceil()
    );
    if let Some(init) = init {
        let ms = init.as_secs_f64() * 1000.0;
        let _ = write!(line, "Init Duration: {ms:.2} ms\t");
    }
    if let Some(status) = status {
        line += status;
    }
    line
}

/// The line that says that an environment could not begin.
pub(super) fn init_line(took: Duration, told: &Told) -> String {
    let status = told.status.as_deref().unwrap_or("Status: error");
    format!(
        "INIT_REPORT Init Duration: {:.2} ms\tPhase: init\t{status}",
        took.as_secs_f64() * 1000.0
    )
}
