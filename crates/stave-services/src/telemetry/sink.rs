//! Where the platform's own services write their log lines and figures: into memory, and out of
//! it from time to time, so that what they do never waits for telemetry.
//!
//! No `Caller` is asked for: a function's lines are the platform's, not the function's. Memory is
//! bounded; what does not fit, or cannot be written, is dropped and counted. What is in memory
//! is lost with the process; [`Flusher`] keeps that to its interval.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use stave_core::metrics::Samples;
use stave_core::{Error, Result};
use stave_store::telemetry::{GroupRow, NewPoints, Rows, TelemetryStore};

use super::Telemetry;
use super::logs::LogLine;
use super::names::{check_group_name, check_stream_name};
use super::waiting::{Points, Series};

/// The most bytes of lines that wait.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// With so much waiting it is written at once.
const WAKE_BYTES: usize = 1024 * 1024;
/// How many lines, and bytes of them, are written at once.
const BATCH_LINES: usize = 10_000;
const BATCH_BYTES: usize = 1024 * 1024;
/// How many series are written in one transaction.
const BATCH_SERIES: usize = 1000;
/// The longest line, in bytes; what is longer is cut.
const MAX_LINE_BYTES: usize = 1024 * 1024 - 26;

/// Takes lines and figures without making anybody wait. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sink {
    inner: Arc<Inner>,
    store: TelemetryStore,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    /// One writes at a time: lines of a stream keep their order.
    turn: Mutex<()>,
    dropped_lines: AtomicU64,
    dropped_points: AtomicU64,
}

/// Lines by group and stream.
type Lines = BTreeMap<(String, String), Vec<LogLine>>;

#[derive(Debug, Default)]
struct Waiting {
    lines: Lines,
    bytes: usize,
    points: Points,
    stopped: bool,
}

/// A figure that somebody has measured now.
#[derive(Debug, Clone, Copy)]
pub struct SinkMetric<'a> {
    /// `AWS/Lambda`.
    pub namespace: &'a str,
    /// `Duration`.
    pub name: &'a str,
    /// Names and values.
    pub dimensions: &'a [(&'a str, &'a str)],
    /// The value.
    pub value: f64,
    /// `Milliseconds`; see [`super::UNITS`].
    pub unit: &'a str,
}

/// What was written, and what was not since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Lines that were written now.
    pub lines: usize,
    /// Minutes of series that were written now.
    pub points: usize,
    /// Lines that were dropped, ever.
    pub dropped_lines: u64,
    /// Figures that were dropped, ever.
    pub dropped_points: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> SinkMetric<'a> {
    fn series(&self) -> Series<'a> {
        Series {
            namespace: self.namespace,
            name: self.name,
            dimensions: self.dimensions,
            unit: self.unit,
        }
    }
}

impl Sink {
    pub(super) fn new(store: TelemetryStore) -> Self {
        Self {
            inner: Arc::default(),
            store,
        }
    }

    /// Takes lines of a stream, which is made with its group when they are written.
    pub fn put_lines(&self, group: &str, stream: &str, lines: Vec<LogLine>) {
        let mut waiting = lock(&self.inner.waiting);
        let mut dropped = 0;
        let key = (group.to_owned(), stream.to_owned());
        let mut bytes = waiting.bytes;
        let of_stream = waiting.lines.entry(key).or_default();
        for mut line in lines {
            if line.message.is_empty() {
                continue;
            }
            cut(&mut line.message);
            let size = line.message.len() + size_of::<LogLine>();
            if bytes + size > MAX_BYTES {
                dropped += 1;
                continue;
            }
            bytes += size;
            of_stream.push(line);
        }
        waiting.bytes = bytes;
        drop(waiting);
        self.inner
            .dropped_lines
            .fetch_add(dropped, Ordering::Relaxed);
        if bytes >= WAKE_BYTES {
            self.inner.wake.notify_one();
        }
    }

    /// Takes a line of this moment.
    pub fn put_line(&self, group: &str, stream: &str, message: String) {
        let at_ms = self.store.now().as_millisecond();
        self.put_lines(group, stream, vec![LogLine { at_ms, message }]);
    }

    /// Takes figures of the present minute.
    pub fn put_metrics<'a>(&self, metrics: impl IntoIterator<Item = SinkMetric<'a>>) {
        let minute = self.store.now().as_second().div_euclid(60) * 60;
        let (mut waiting, mut dropped) = (lock(&self.inner.waiting), 0);
        for metric in metrics {
            let taken = metric.value.is_finite() && {
                let samples = Samples::of(metric.value, 1.0);
                waiting.points.add(&metric.series(), minute, &samples)
            };
            dropped += u64::from(!taken);
        }
        drop(waiting);
        self.drop_points(dropped);
    }

    /// Takes points.
    pub(super) fn put_points(&self, new: NewPoints) {
        let NewPoints { key, points } = new;
        let dimensions = key.dimensions.iter();
        let dimensions: Vec<(&str, &str)> =
            dimensions.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let series = Series {
            namespace: &key.namespace,
            name: &key.name,
            dimensions: &dimensions,
            unit: &key.unit,
        };
        let (mut waiting, mut dropped) = (lock(&self.inner.waiting), 0);
        for (at, samples) in points {
            let taken = waiting.points.add(&series, at, &samples);
            dropped += u64::from(!taken);
        }
        drop(waiting);
        self.drop_points(dropped);
    }

    fn drop_points(&self, count: u64) {
        let dropped = &self.inner.dropped_points;
        dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// What was dropped since the start: lines and figures.
    pub fn dropped(&self) -> (u64, u64) {
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        (
            count(&self.inner.dropped_lines),
            count(&self.inner.dropped_points),
        )
    }

    fn take(&self) -> (Lines, Vec<NewPoints>) {
        let mut waiting = lock(&self.inner.waiting);
        waiting.bytes = 0;
        let lines = std::mem::take(&mut waiting.lines);
        let points = std::mem::take(&mut waiting.points);
        drop(waiting);
        (lines, points.in_order())
    }
}

/// Cuts a line that is too long, between characters.
fn cut(message: &mut String) {
    if message.len() > MAX_LINE_BYTES {
        let mut end = MAX_LINE_BYTES;
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
    }
}

impl Telemetry {
    /// Where the platform's own services write.
    pub fn sink(&self) -> &Sink {
        &self.0.sink
    }

    /// Writes what waits in memory.
    pub fn flush(&self) -> Result<Flushed> {
        let sink = self.sink();
        let _turn = lock(&sink.inner.turn);
        let mut done = Flushed::default();
        // Filters make points of lines: a second round writes those.
        for _ in 0..2 {
            let (lines, points) = sink.take();
            for some in points.chunks(BATCH_SERIES) {
                if let Err(error) = self.store().add_points(some) {
                    let lost = points.iter().map(|new| new.points.len() as u64).sum();
                    sink.inner.dropped_points.fetch_add(lost, Ordering::Relaxed);
                    return Err(error);
                }
                done.points += some.len();
            }
            for ((group, stream), lines) in lines {
                let count = lines.len();
                if let Err(error) = self.flush_stream(&group, &stream, lines) {
                    let lost = count as u64;
                    sink.inner.dropped_lines.fetch_add(lost, Ordering::Relaxed);
                    return Err(error);
                }
                done.lines += count;
            }
        }
        (done.dropped_lines, done.dropped_points) = sink.dropped();
        Ok(done)
    }

    fn flush_stream(&self, group: &str, stream: &str, mut lines: Vec<LogLine>) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        check_group_name(group)?;
        check_stream_name(stream)?;
        lines.sort_by_key(|line| line.at_ms);
        let now_ms = self.now_ms();
        let known = self.store().read(|rows| find(rows, group, stream))?;
        let (row, stream, filters) = match known {
            Some(known) => known,
            None => self.store().write(|rows| {
                let new = GroupRow {
                    id: 0,
                    name: group.to_owned(),
                    created_ms: now_ms,
                    retention_days: None,
                    class: "STANDARD".to_owned(),
                    tags: "{}".to_owned(),
                };
                rows.add_group(&new)?;
                if let Some(row) = rows.group(group)? {
                    rows.add_stream(row.id, stream, now_ms)?;
                }
                find(rows, group, stream)?
                    .ok_or_else(|| Error::internal("a log stream is gone that was just made"))
            })?,
        };
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take(BATCH_LINES).take_while(|line| {
                bytes += line.message.len();
                bytes <= BATCH_BYTES
            });
            let (batch, after) = rest.split_at(fitting.count().max(1));
            self.write_lines(&row, stream, filters.clone(), batch)?;
            rest = after;
        }
        Ok(())
    }

    /// Writes what waits every `interval`, and sooner when much does, until the flusher is
    /// dropped, which writes the rest.
    pub fn start_flusher(&self, interval: Duration) -> Result<Flusher> {
        let telemetry = self.clone();
        let thread = std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn(move || telemetry.flush_until_stopped(interval))
            .map_err(|error| Error::unavailable("no thread for telemetry").caused_by(error))?;
        Ok(Flusher {
            telemetry: self.clone(),
            thread: Some(thread),
        })
    }

    fn flush_until_stopped(&self, interval: Duration) {
        let inner = &self.sink().inner;
        loop {
            let waiting = lock(&inner.waiting);
            let idle = |waiting: &mut Waiting| !waiting.stopped && waiting.bytes < WAKE_BYTES;
            let (waiting, _) = inner
                .wake
                .wait_timeout_while(waiting, interval, idle)
                .unwrap_or_else(PoisonError::into_inner);
            let stopped = waiting.stopped;
            drop(waiting);
            // What could not be written is counted; there is nobody here to tell.
            let _ = self.flush();
            if stopped {
                return;
            }
        }
    }
}

type Found = (GroupRow, i64, Vec<stave_store::telemetry::FilterRow>);

fn find(rows: &Rows<'_>, group: &str, stream: &str) -> Result<Option<Found>> {
    let Some(row) = rows.group(group)? else {
        return Ok(None);
    };
    let Some(stream) = rows.stream(row.id, stream)? else {
        return Ok(None);
    };
    let filters = rows.filters(Some(row.id))?;
    Ok(Some((row, stream.id, filters)))
}

/// Writes what waits, for as long as it lives.
#[derive(Debug)]
pub struct Flusher {
    telemetry: Telemetry,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Flusher {
    fn drop(&mut self) {
        let inner = &self.telemetry.sink().inner;
        lock(&inner.waiting).stopped = true;
        inner.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        lock(&inner.waiting).stopped = false;
    }
}
