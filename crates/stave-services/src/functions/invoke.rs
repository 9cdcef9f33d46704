//! `Invoke`.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use stave_core::{Caller, Error, ErrorKind, Result};
use stave_store::functions::NewInvocation;

use super::Functions;
use super::definition::{FunctionVersion, State};
use super::environment::{Ended, Environment, Run, Work};
use super::errors::{ThrottleReason, conflict, invalid, too_large};
use super::names::Named;
use super::pool::Key;
use super::ports::{LogEvent, Metric};
use super::report::{Facts, Told, init_line, report_line, tell};

/// The largest event of an invocation that is waited for, in bytes.
const MAX_SYNC_BYTES: usize = 6_291_456;
/// The largest event of one that is not, in bytes.
const MAX_EVENT_BYTES: usize = 1_048_576;
/// The longest client context, in bytes of base64.
const MAX_CONTEXT_BYTES: usize = 3583;
/// How long credentials must last beyond a function's time-out, in seconds.
const CREDENTIAL_MARGIN_SECONDS: i64 = 60;

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

/// One event for one version.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub version: FunctionVersion,
    pub request_id: String,
    pub trace: String,
    pub client_context: Option<String>,
    pub payload: Bytes,
}

/// What became of a task.
#[derive(Debug)]
pub(super) struct Outcome {
    pub payload: Bytes,
    pub error: Option<FunctionError>,
    pub log_tail: Vec<u8>,
}

impl Functions {
    /// Invokes a function.
    pub async fn invoke(&self, caller: &Caller, request: InvocationRequest) -> Result<Invocation> {
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
        let request_id = self.uuid();
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

    /// Runs one event and says what came of it; an error when it could not be run.
    pub(super) async fn execute(&self, task: Task) -> Result<Outcome> {
        let version = &task.version;
        let name = version.name.clone();
        let account = self.options().concurrency;
        let limits = crate::blocking::blocking(self.store(), move |store| {
            store.functions_read(|rows| {
                let reserved = rows.function(&name)?.and_then(|function| function.reserved);
                let others = u32::try_from(rows.reserved_but("")?).unwrap_or(u32::MAX);
                Ok((reserved, account.saturating_sub(others)))
            })
        });
        let (reserved, unreserved) = limits.await?;
        let slot = self.admit(&version.name, reserved, unreserved);
        let slot = slot.inspect_err(|error| {
            if ThrottleReason::of(error).is_some() {
                self.measure(version, "Throttles", 1.0, "Count");
            }
        })?;
        let running = f64::from(self.0.pool.running(&version.name));
        self.measure(version, "ConcurrentExecutions", running, "Count");
        let (told, took, log_tail) = self.run(&task).await?;
        drop(slot);
        self.measure(version, "Invocations", 1.0, "Count");
        let failed = f64::from(u8::from(told.error.is_some()));
        self.measure(version, "Errors", failed, "Count");
        self.measure(
            version,
            "Duration",
            took.as_secs_f64() * 1000.0,
            "Milliseconds",
        );
        Ok(Outcome {
            payload: told.payload,
            error: told.error,
            log_tail,
        })
    }

    async fn run(&self, task: &Task) -> Result<(Told, Duration, Vec<u8>)> {
        let version = &task.version;
        let key = Key {
            function: version.name.clone(),
            version: version.version.clone(),
            revision: version.definition.revision.clone(),
        };
        while let Some(mut environment) = self.0.pool.take(&key) {
            if !environment.is_alive() || !self.lasts(&environment, version) {
                continue;
            }
            environment.begin_log(start_line(task));
            if let Some(run) = environment.run(self.work(task), limit(version)).await {
                return Ok(self.finish(task, key, environment, run, None));
            }
        }
        let mut environment = match self.start_environment(version).await {
            Ok(environment) => environment,
            Err(error) => return self.not_started(task, error).await,
        };
        let init = match environment.init(self.options().init_limit).await {
            Err((Ended::TimedOut, took)) => {
                let told = self.tell(task, Ended::TimedOut);
                environment.log(init_line(took, &told));
                // Once more, with the time that the function has.
                environment = match self.start_environment(version).await {
                    Ok(environment) => environment,
                    Err(error) => return self.not_started(task, error).await,
                };
                environment.init(limit(version)).await
            }
            init => init,
        };
        let init = match init {
            Ok(took) => took,
            Err((ended, took)) => {
                let told = self.tell(task, ended.clone());
                environment.log(init_line(took, &told));
                environment.begin_log(start_line(task));
                let run = Run { ended, took };
                return Ok(self.finish(task, key, environment, run, None));
            }
        };
        environment.begin_log(start_line(task));
        let run = environment.run(self.work(task), limit(version)).await;
        let run = run.unwrap_or(Run {
            ended: Ended::Exited(None),
            took: Duration::ZERO,
        });
        Ok(self.finish(task, key, environment, run, Some(init)))
    }

    /// Writes the last lines of an event's log, and keeps the environment if it can go on.
    fn finish(
        &self,
        task: &Task,
        key: Key,
        environment: Environment,
        run: Run,
        init: Option<Duration>,
    ) -> (Told, Duration, Vec<u8>) {
        let goes_on = matches!(run.ended, Ended::Answered(_));
        let told = self.tell(task, run.ended);
        for line in &told.lines {
            environment.log(line.trim_end());
        }
        let memory = (task.version.definition.memory_mb, environment.peak_mb());
        environment.log(format!("END RequestId: {}", task.request_id));
        environment.log(report_line(
            &task.request_id,
            run.took,
            init,
            memory,
            told.status.as_deref(),
        ));
        let log_tail = environment.log_tail();
        if goes_on {
            let max = self.options().idle_environments;
            self.0.pool.give_back(key, environment, max);
        }
        (told, run.took, log_tail)
    }

    /// A `bootstrap` that cannot be started is the function's failure; the rest is ours.
    async fn not_started(&self, task: &Task, error: Error) -> Result<(Told, Duration, Vec<u8>)> {
        let version = &task.version;
        let is_missing = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unavailable);
        let is_own = matches!(version.definition.runtime, super::Runtime::Provided(_));
        if !is_missing {
            return Err(error);
        }
        if !is_own {
            let said = Error::new(error.kind(), error.message()).coded("InvalidRuntimeException");
            return Err(match error.hint_text() {
                Some(hint) => said.hint(hint),
                None => said,
            });
        }
        let told = self.tell(task, Ended::NotStarted(error.message().to_owned()));
        let memory = (version.definition.memory_mb, 0);
        let (id, took) = (&task.request_id, Duration::ZERO);
        let mut lines = vec![start_line(task)];
        lines.extend(told.lines.clone());
        lines.push(format!("END RequestId: {id}"));
        lines.push(report_line(id, took, None, memory, told.status.as_deref()));
        let log_tail = lines.join("\n").into_bytes();
        let at = self.now();
        let events = lines.into_iter().map(|message| LogEvent { at, message });
        let stream = format!(
            "{}/[{}]{:032x}",
            at.strftime("%Y/%m/%d"),
            version.version,
            self.store().function_id()
        );
        let logs = &self.ports().logs;
        // As with what a process writes, a function does not fail because its log does.
        let _ = logs
            .put(&version.log_group(), &stream, events.collect())
            .await;
        Ok((told, took, log_tail))
    }

    fn tell(&self, task: &Task, ended: Ended) -> Told {
        let now = self.now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        tell(
            ended,
            Facts {
                request_id: &task.request_id,
                now: &now,
                timeout_seconds: task.version.definition.timeout_seconds,
            },
        )
    }

    fn work(&self, task: &Task) -> Work {
        let timeout = i64::from(task.version.definition.timeout_seconds);
        Work {
            id: task.request_id.clone(),
            deadline_ms: self.now().as_millisecond() + timeout * 1000,
            arn: task.version.arn.clone(),
            trace: task.trace.clone(),
            client_context: task.client_context.clone(),
            payload: task.payload.clone(),
        }
    }

    /// Whether an environment's credentials last as long as the function may.
    fn lasts(&self, environment: &Environment, version: &FunctionVersion) -> bool {
        let timeout = i64::from(version.definition.timeout_seconds);
        let left = environment.expires_at().as_second() - self.now().as_second();
        left > timeout + CREDENTIAL_MARGIN_SECONDS
    }

    pub(super) fn measure(
        &self,
        version: &FunctionVersion,
        name: &'static str,
        value: f64,
        unit: &'static str,
    ) {
        let resource = version.arn.rsplit_once(":function:");
        self.ports().metrics.record(Metric {
            name,
            function: version.name.clone(),
            resource: resource.map_or_else(|| version.name.clone(), |(_, name)| name.to_owned()),
            value,
            unit,
            at: self.now(),
        });
    }
}

fn limit(version: &FunctionVersion) -> Duration {
    Duration::from_secs(u64::from(version.definition.timeout_seconds))
}

fn start_line(task: &Task) -> String {
    format!(
        "START RequestId: {} Version: {}",
        task.request_id, task.version.version
    )
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
            text += &format!("\\u{unit:04x}");
        }
    }
    text
}
