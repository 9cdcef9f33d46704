//! Running one event: an environment is taken or started, handed the event, and put back.

use std::time::Duration;

use bytes::Bytes;
use stave_core::{Error, ErrorKind, Result};

use super::Functions;
use super::definition::FunctionVersion;
use super::environment::{Ended, Environment, Run, Work};
use super::errors::ThrottleReason;
use super::invoke::FunctionError;
use super::pool::Key;
use super::ports::{LogEvent, Metric};
use super::report::{Facts, Told, init_line, report_line, tell};

/// How long credentials must last beyond a function's time-out, in seconds.
const CREDENTIAL_MARGIN_SECONDS: i64 = 60;

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
