//! What a process writes, as lines of a log.
//!
//! Standard output and error are one pipe, so that lines stay in their order. When a function has
//! answered, all that it wrote before is in the pipe, and [`Output::drain`] has it before the
//! REPORT line is written: it reads the pipe itself, because what the runtime knows of the pipe
//! may lag behind.

use std::collections::VecDeque;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stave_core::{Clock, Error, Result};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::super::ports::{LogEvent, LogSink};

/// The longest line that is one event, in bytes: what CloudWatch takes.
const MAX_LINE_BYTES: usize = 256 * 1024 - 26;
/// How many lines may wait for the log; the process waits when there are more.
const MAX_WAITING: usize = 20_000;
/// How many lines are handed over at once.
const BATCH: usize = 5_000;
/// How much of an invocation's log is shown with its answer, in bytes.
const TAIL_BYTES: usize = 4096;

/// The log of one environment.
#[derive(Debug)]
pub(super) struct Output {
    shared: Arc<Shared>,
    reading: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    pipe: Receiver,
    /// The same pipe, to be read at once.
    direct: std::fs::File,
    clock: Arc<dyn Clock>,
    lines: Mutex<Lines>,
    /// There is something to be handed over.
    some: Notify,
    /// Something has been handed over.
    room: Notify,
}

#[derive(Debug, Default)]
struct Lines {
    unfinished: Vec<u8>,
    waiting: VecDeque<LogEvent>,
    /// The log of the invocation so far: its end.
    tail: VecDeque<u8>,
    closed: bool,
}

impl Lines {
    fn push(&mut self, at: jiff::Timestamp, message: String) {
        self.tail.extend(message.as_bytes());
        self.tail.push_back(b'\n');
        let over = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..over);
        self.waiting.push_back(LogEvent { at, message });
    }

    fn take(&mut self, bytes: &[u8], at: jiff::Timestamp) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.unfinished.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.unfinished.len() >= MAX_LINE_BYTES {
                self.finish(at);
            }
        }
    }

    /// What is unfinished is a line.
    fn finish(&mut self, at: jiff::Timestamp) {
        if self.unfinished.is_empty() {
            return;
        }
        let line = std::mem::take(&mut self.unfinished);
        let line = String::from_utf8_lossy(&line);
        // A runtime joins lines that belong together by carriage returns.
        let line = line.trim_end_matches(['\n', '\r']).replace('\r', "\n");
        self.push(at, line);
    }
}

impl Shared {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is in the pipe now, unless too much waits already; says whether the pipe has
    /// come to its end.
    fn read(
        &self,
        lines: &mut Lines,
        mut read: impl FnMut(&mut [u8]) -> std::io::Result<usize>,
    ) -> bool {
        let mut buffer = [0; 16 * 1024];
        while lines.waiting.len() < MAX_WAITING {
            match read(&mut buffer) {
                Ok(0) => return true,
                Ok(read) => lines.take(&buffer[..read], self.clock.now()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
            }
        }
        false
    }
}

/// Where the lines go.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub sink: Arc<dyn LogSink>,
    pub group: String,
    pub stream: String,
}

impl Output {
    /// The log of what comes out of `pipe`.
    pub fn new(pipe: OwnedFd, clock: Arc<dyn Clock>, to: Target) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::internal("cannot read what a function writes").caused_by(error)
        };
        let direct = std::fs::File::from(pipe.try_clone().map_err(failed)?);
        let shared = Arc::new(Shared {
            // Neither waits from here on: that is a property of the pipe.
            pipe: Receiver::from_owned_fd(pipe).map_err(failed)?,
            direct,
            clock,
            lines: Mutex::default(),
            some: Notify::new(),
            room: Notify::new(),
        });
        let reading = tokio::spawn(read(Arc::clone(&shared)));
        // Ends by itself, when all that was written has been handed over.
        tokio::spawn(hand_over(Arc::clone(&shared), to));
        Ok(Self { shared, reading })
    }

    /// Writes a line of ours.
    pub fn line(&self, message: impl Into<String>) {
        let now = self.shared.clock.now();
        self.shared.lines().push(now, message.into());
        self.shared.some.notify_one();
    }

    /// Begins the log of an invocation with a line of ours.
    pub fn begin(&self, message: String) {
        self.drain();
        self.shared.lines().tail.clear();
        self.line(message);
    }

    /// Takes in all that has been written so far, the last line whether it is finished or not.
    pub fn drain(&self) {
        let mut lines = self.shared.lines();
        let mut direct = &self.shared.direct;
        self.shared.read(&mut lines, |buffer| direct.read(buffer));
        lines.finish(self.shared.clock.now());
        drop(lines);
        self.shared.some.notify_one();
    }

    /// The end of the invocation's log: 4 KiB at most.
    pub fn tail(&self) -> Vec<u8> {
        self.shared.lines().tail.iter().copied().collect()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.reading.abort();
        self.drain();
        self.shared.lines().closed = true;
        self.shared.some.notify_one();
    }
}

async fn read(shared: Arc<Shared>) {
    loop {
        if shared.pipe.readable().await.is_err() {
            return;
        }
        let (ended, full) = {
            let mut lines = shared.lines();
            let ended = shared.read(&mut lines, |buffer| shared.pipe.try_read(buffer));
            (ended, lines.waiting.len() >= MAX_WAITING)
        };
        shared.some.notify_one();
        if ended {
            return;
        }
        if full {
            shared.room.notified().await;
        }
    }
}

async fn hand_over(shared: Arc<Shared>, to: Target) {
    loop {
        let (events, closed) = {
            let mut lines = shared.lines();
            let count = lines.waiting.len().min(BATCH);
            let events: Vec<LogEvent> = lines.waiting.drain(..count).collect();
            (events, lines.closed)
        };
        shared.room.notify_one();
        if events.is_empty() {
            if closed {
                return;
            }
            shared.some.notified().await;
            continue;
        }
        put(&to, events).await;
    }
}

/// Hands lines over; tries again a few times when they are not taken, and gives up then: a
/// function does not stand still because its log does.
async fn put(to: &Target, events: Vec<LogEvent>) {
    for pause_ms in [50, 500, 2000] {
        let put = to.sink.put(&to.group, &to.stream, events.clone()).await;
        if put.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}
