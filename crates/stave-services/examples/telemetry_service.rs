//! Times telemetry as a service: lines through the sink and through `PutLogEvents` of several
//! writers, figures of requests, lines filtered.
//! `cargo run --release -p stave-services --example telemetry_service -- DIR [LINES] [WRITERS]`

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use stave_core::{Caller, Clock, IdSource, Result};
use stave_services::Telemetry;
use stave_services::telemetry::{FilterEvents, LogLine, NewLogGroup, PageRequest, SinkMetric};
use stave_store::{Store, StoreOptions};

/// As boto3's users put them: at most 10,000 lines, at most 1 MiB with 26 bytes a line.
const BATCH: usize = 7000;

#[derive(Debug)]
struct Now;

impl Clock for Now {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

#[derive(Debug, Default)]
struct Ids(std::sync::atomic::AtomicU64);

impl IdSource for Ids {
    fn next(&self) -> u128 {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        u128::from(next) | (u128::from(std::process::id()) << 64)
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().unwrap_or_else(|| "telemetry".to_owned());
    let mut number = |default: usize| {
        let next = arguments.next();
        next.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (lines, writers) = (number(1_000_000), number(4));
    let store = Store::open_with(
        &dir,
        Arc::new(Now),
        Arc::new(Ids::default()),
        StoreOptions { fsync: true },
    )?;
    let telemetry = Telemetry::open(&store, "123456789012", "us-east-1")?;
    let root = Caller::root("123456789012");
    put(&telemetry, &root, lines, writers)?;
    filter(&telemetry, &root)?;
    sink(&telemetry, lines)?;
    figures(&telemetry)
}

fn message(n: usize) -> String {
    let level = if n.is_multiple_of(100) {
        "ERROR"
    } else {
        "INFO"
    };
    let needle = if n.is_multiple_of(100_000) {
        " needle"
    } else {
        ""
    };
    format!(
        "[{level}]\t2026-11-21T10:00:00.{:03}Z\t{:016x}\tread s3://raw/to_process/{n}.json{needle} took {}",
        n % 1000,
        (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        n % 1009
    )
}

fn batch(from: usize, count: usize) -> Vec<LogLine> {
    let at_ms = Now.now().as_millisecond();
    (from..from + count)
        .map(|n| LogLine {
            at_ms,
            message: message(n),
        })
        .collect()
}

/// Writers at once, each with a stream of its own.
fn put(telemetry: &Telemetry, root: &Caller, lines: usize, writers: usize) -> Result<()> {
    let new = NewLogGroup {
        name: "/put".to_owned(),
        ..NewLogGroup::default()
    };
    telemetry.create_log_group(root, &new)?;
    for writer in 0..writers {
        telemetry.create_log_stream(root, "/put", &format!("s{writer}"))?;
    }
    let start = Instant::now();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..writers)
            .map(|writer| {
                scope.spawn(move || -> Result<()> {
                    let stream = format!("s{writer}");
                    for first in (0..lines / writers).step_by(BATCH) {
                        let lines = batch(writer * lines + first, BATCH);
                        telemetry.put_log_events(root, "/put", &stream, &lines)?;
                    }
                    Ok(())
                })
            })
            .collect();
        all.into_iter().try_for_each(|writer| {
            writer
                .join()
                .unwrap_or_else(|_| Err(stave_core::Error::internal("a writer broke off")))
        })
    })?;
    let took = start.elapsed().as_secs_f64();
    println!(
        "put_log_events, {writers} writers, synced: {lines} lines in {took:.2} s, {:.0} lines/s",
        lines as f64 / took
    );
    Ok(())
}

fn filter(telemetry: &Telemetry, root: &Caller) -> Result<()> {
    for pattern in ["needle", "%took\\s99\\d%", "[..., ms>1007]"] {
        let mut wanted = FilterEvents {
            group: "/put".to_owned(),
            pattern: Some(pattern.to_owned()),
            page: PageRequest::default(),
            ..FilterEvents::default()
        };
        let (start, mut found) = (Instant::now(), 0);
        loop {
            let page = telemetry.filter_log_events(root, &wanted)?;
            found += page.events.len();
            wanted.page.token = page.next;
            if wanted.page.token.is_none() {
                break;
            }
        }
        println!(
            "filter {pattern}: {found} found in {:.2} s",
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn sink(telemetry: &Telemetry, lines: usize) -> Result<()> {
    let flusher = telemetry.start_flusher(Duration::from_millis(500))?;
    let start = Instant::now();
    // As fast as the promise: ten batches of a hundredth of a second's lines each.
    for first in (0..lines).step_by(1000) {
        telemetry.sink().put_lines("/sink", "s", batch(first, 1000));
        let due = Duration::from_micros(first as u64 * 10);
        std::thread::sleep(due.saturating_sub(start.elapsed()));
    }
    let given = start.elapsed().as_secs_f64();
    drop(flusher);
    println!(
        "sink: {lines} lines given in {given:.2} s, written after {:.2} s, {} dropped",
        start.elapsed().as_secs_f64(),
        telemetry.sink().dropped().0
    );
    Ok(())
}

/// What one request to a bucket costs.
fn figures(telemetry: &Telemetry) -> Result<()> {
    const REQUESTS: u32 = 100_000;
    let names = [
        "AllRequests",
        "GetRequests",
        "4xxErrors",
        "5xxErrors",
        "FirstByteLatency",
        "TotalRequestLatency",
        "BytesDownloaded",
    ];
    let start = Instant::now();
    for n in 0..REQUESTS {
        telemetry.sink().put_metrics(names.map(|name| SinkMetric {
            namespace: "AWS/S3",
            name,
            dimensions: &[("BucketName", "lake"), ("FilterId", "EntireBucket")],
            value: f64::from(n % 1000) / 8.0,
            unit: "Count",
        }));
    }
    println!(
        "figures of a request to a bucket: {:.2} µs",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(REQUESTS)
    );
    telemetry.flush().map(drop)
}
