//! An execution environment: one process that is handed one event at a time.
//!
//! What keeps one function from another is what the operating system keeps two processes of one
//! user apart by: its own environment variables, working folder and temporary folder, and code
//! that is read-only; and what [`confine`] finds. A function can read what the user that runs
//! Stave can read, the files of other functions among it and, where namespaces cannot be made,
//! the home; its processes can be seen by others'. Who runs code that they don't trust must give
//! Stave a user, a container or a machine of its own.
//!
//! Must not know: definitions, queues, permissions.

mod confine;
mod memory;
mod output;
mod process;
mod runtime_api;

use std::fs;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use stave_core::{Clock, Result};
use tokio::time::{MissedTickBehavior, interval, sleep};

use self::output::{Output, Target};
use self::process::{Process, told};
use self::runtime_api::{Init, RuntimeApi};
use super::errors::io_error;
use super::ports::LogSink;

pub(super) use self::confine::{Confinement, Places};
pub(super) use self::process::{Program, kill_noted};
pub(super) use self::runtime_api::{Answer, MAX_ANSWER_BYTES, Work};

/// How often memory is looked at.
const MEMORY_TICK: Duration = Duration::from_millis(50);
/// What a process that has ended may have said and not been heard yet.
const LAST_WORDS: Duration = Duration::from_millis(30);
const MIB: u64 = 1024 * 1024;

/// What an environment is made of.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub program: Program,
    /// The folder that is the environment's own; it is removed with it.
    pub folder: PathBuf,
    pub log_group: String,
    pub log_stream: String,
    /// What is started, in words.
    pub label: String,
    pub memory_mb: u32,
    /// When the credentials that it has been given end.
    pub expires_at: Timestamp,
}

/// How a part of an environment's life ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Answered(Answer),
    /// The runtime could not begin, and says why.
    InitError(Bytes),
    /// The process could not be started.
    NotStarted(String),
    TimedOut,
    /// The process came to its end: `exit status 1`.
    Exited(Option<String>),
    /// It took more memory than it may.
    OutOfMemory,
}

/// One environment.
#[derive(Debug)]
pub(super) struct Environment {
    process: Process,
    api: RuntimeApi,
    output: Output,
    plan: Plan,
    peak_bytes: u64,
    _folder: Folder,
}

/// A folder that is removed when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is swept with the worker's folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How one event went.
#[derive(Debug)]
pub(super) struct Run {
    pub ended: Ended,
    pub took: Duration,
}

impl Environment {
    /// Starts the process.
    pub async fn start(
        mut plan: Plan,
        confinement: &Confinement,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn LogSink>,
    ) -> Result<Self> {
        let temporary = plan.folder.join("tmp");
        fs::create_dir_all(&temporary)
            .map_err(|error| io_error(error, "make the directory", &temporary))?;
        let folder = Folder(plan.folder.clone());
        let api = RuntimeApi::listen().await?;
        let started = Process::check(&plan.program)?;
        let namespaces = confinement.namespaces_for(&plan.program, &started);
        let environment = &mut plan.program.environment;
        environment.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), api.address());
        if namespaces.is_none() {
            environment
                .entry("TMPDIR".to_owned())
                .or_insert_with(|| temporary.to_string_lossy().into_owned());
        }
        let mut program = plan.program.clone();
        if let Some(namespaces) = namespaces {
            program = namespaces.wrap(program, &plan.folder, &temporary);
        }
        let group = confinement.group(&plan.folder, u64::from(plan.memory_mb) * MIB);
        if let Some(group) = &group {
            program = group.wrap(program);
        }
        let (process, pipe) = Process::start(&program, group, &plan.folder.join("pid"))?;
        let to = Target {
            sink,
            group: plan.log_group.clone(),
            stream: plan.log_stream.clone(),
        };
        let output = Output::new(pipe, clock, to)?;
        output.line(format!("INIT_START Runtime Version: {}", plan.label));
        Ok(Self {
            process,
            api,
            output,
            plan,
            peak_bytes: 0,
            _folder: folder,
        })
    }

    /// Waits until the runtime is ready; says how long it took. It does not matter how long it
    /// has been waited for before.
    pub async fn init(&mut self, limit: Duration) -> Result<Duration, (Ended, Duration)> {
        let began = Instant::now();
        let mut tick = interval(MEMORY_TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut late = std::pin::pin!(sleep(limit));
        let ended = loop {
            tokio::select! {
                biased;
                init = self.api.init() => match init {
                    Init::Ready => return Ok(began.elapsed()),
                    Init::Error(body) => break Ended::InitError(body),
                },
                status = self.process.wait() => {
                    break match tokio::time::timeout(LAST_WORDS, self.api.init()).await {
                        Ok(Init::Error(body)) => Ended::InitError(body),
                        _ => self.exited(status),
                    };
                }
                () = &mut late => break Ended::TimedOut,
                _ = tick.tick() => if Self::is_over(self.process.pid(), &self.plan, &mut self.peak_bytes) {
                    break Ended::OutOfMemory;
                },
            }
        };
        self.process.kill();
        self.output.drain();
        Err((ended, began.elapsed()))
    }

    /// Hands the process one event and waits for what becomes of it; `None` when the process was
    /// at its end before it fetched the event. After anything but an answer the process is dead.
    pub async fn run(&mut self, work: Work, limit: Duration) -> Option<Run> {
        let began = Instant::now();
        self.api.give(work);
        let mut tick = interval(MEMORY_TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once, and there is nothing to be seen yet.
        tick.tick().await;
        let mut late = std::pin::pin!(sleep(limit));
        let ended = loop {
            tokio::select! {
                biased;
                answer = self.api.answer() => break Ended::Answered(answer),
                status = self.process.wait() => {
                    if let Ok(answer) = tokio::time::timeout(LAST_WORDS, self.api.answer()).await {
                        break Ended::Answered(answer);
                    }
                    if self.api.take_back() {
                        return None;
                    }
                    break self.exited(status);
                }
                () = &mut late => break Ended::TimedOut,
                _ = tick.tick() => if Self::is_over(self.process.pid(), &self.plan, &mut self.peak_bytes) {
                    break Ended::OutOfMemory;
                },
            }
        };
        let took = began.elapsed();
        self.peak_bytes = self.peak_bytes.max(memory::peak(self.process.pid()));
        if !matches!(ended, Ended::Answered(_)) {
            self.process.kill();
        }
        self.output.drain();
        Some(Run { ended, took })
    }

    fn exited(&mut self, status: ExitStatus) -> Ended {
        if self.process.ran_out_of_memory() {
            // It had all that it may between two looks at it.
            self.peak_bytes = u64::from(self.plan.memory_mb) * MIB;
            return Ended::OutOfMemory;
        }
        Ended::Exited(told(status))
    }

    /// Whether the processes take more memory than they may.
    fn is_over(pid: u32, plan: &Plan, peak_bytes: &mut u64) -> bool {
        let limit = u64::from(plan.memory_mb) * MIB;
        let mut bytes = memory::resident(pid);
        if bytes > limit {
            bytes = memory::share(pid);
        }
        *peak_bytes = (*peak_bytes).max(bytes);
        bytes > limit
    }

    /// Whether it can be handed another event.
    pub fn is_alive(&mut self) -> bool {
        !self.process.has_ended()
    }

    /// When its credentials end.
    pub fn expires_at(&self) -> Timestamp {
        self.plan.expires_at
    }

    /// The most memory that it took, in MiB, and not more than it may.
    pub fn peak_mb(&self) -> u64 {
        let peak = self.peak_bytes.div_ceil(MIB);
        peak.min(u64::from(self.plan.memory_mb))
    }

    /// Begins the log of an event.
    pub fn begin_log(&self, line: String) {
        self.output.begin(line);
    }

    /// Writes a line into the log.
    pub fn log(&self, line: impl Into<String>) {
        self.output.line(line);
    }

    /// The end of the log of the event.
    pub fn log_tail(&self) -> Vec<u8> {
        self.output.tail()
    }
}
