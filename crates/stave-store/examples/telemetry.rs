//! Times what telemetry does most: lines in, lines filtered, metrics in and out.
//! `cargo run --release -p stave-store --example telemetry -- DIR [LINES] [SERIES] [DAYS]`

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use stave_core::log_filter::FilterPattern;
use stave_core::metrics::Samples;
use stave_core::{Clock, IdSource, Result};
use stave_store::telemetry::{LogQuery, NewEvent, NewPoints, SeriesKey, TelemetryStore};
use stave_store::{Store, StoreOptions};

const BATCH: usize = 1000;

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
    let mut number = |default: i64| {
        let next = arguments.next();
        next.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (lines, series, days) = (number(1_000_000), number(1000), number(1));
    for fsync in [false, true] {
        let home = format!("{dir}/{fsync}");
        let store = Store::open_with(
            &home,
            Arc::new(Now),
            Arc::new(Ids::default()),
            StoreOptions { fsync },
        )?;
        let telemetry = TelemetryStore::open(&store)?;
        println!("fsync {fsync}");
        logs(&telemetry, if fsync { lines / 10 } else { lines })?;
        println!(
            "  logs on disk: {} MB",
            size(&store.home().telemetry().join("logs")) / 1_000_000
        );
        if !fsync {
            metrics(&telemetry, series, days)?;
            println!(
                "  all on disk: {} MB",
                size(&store.home().telemetry()) / 1_000_000
            );
        }
    }
    Ok(())
}

fn logs(telemetry: &TelemetryStore, lines: i64) -> Result<()> {
    let start = Instant::now();
    let mut bytes = 0;
    for batch in 0..lines / BATCH as i64 {
        let texts: Vec<String> = (0..BATCH as i64)
            .map(|n| text(batch * BATCH as i64 + n))
            .collect();
        let events: Vec<NewEvent<'_>> = texts
            .iter()
            .enumerate()
            .map(|(n, message)| NewEvent {
                at_ms: batch * 100 + n as i64 / 10,
                message,
            })
            .collect();
        bytes += texts.iter().map(String::len).sum::<usize>();
        telemetry.append_logs(1, batch % 10, batch * 100, &events)?;
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "  {lines} lines ({} MB) in: {took:.2} s, {:.0} lines/s",
        bytes / 1_000_000,
        lines as f64 / took
    );
    let start = Instant::now();
    let done = telemetry.maintain_logs(1, i64::MAX / 2, None)?;
    println!(
        "  {} segments sealed: {:.2} s",
        done.sealed,
        start.elapsed().as_secs_f64()
    );
    for pattern in [
        "needle",
        "ERROR -timeout",
        "%took\\s99\\d%",
        "{ $.n = 1 }",
        "[..., ms>990]",
    ] {
        let pattern = FilterPattern::parse(pattern)?;
        let query = LogQuery {
            from_ms: 0,
            to_ms: i64::MAX,
            streams: None,
            after: None,
            backward: false,
            limit: 10_000,
        };
        let (start, mut seen) = (Instant::now(), 0);
        let found = telemetry.find_logs(1, &query, &mut |event| {
            seen += 1;
            pattern.matches(event.message)
        })?;
        let took = start.elapsed().as_secs_f64();
        println!(
            "  filter {:16} {seen} looked at, {} found: {took:.2} s, {:.2} s a million",
            pattern.text(),
            found.len(),
            took * 1e6 / f64::from(seen.max(1))
        );
    }
    Ok(())
}

/// A line of about 120 bytes.
fn text(n: i64) -> String {
    let level = if n % 100 == 0 { "ERROR" } else { "INFO" };
    let needle = if n % 100_000 == 0 { " needle" } else { "" };
    format!(
        "[{level}]\t2026-11-21T10:00:00.{:03}Z\t{:016x}\tread s3://raw/to_process/{n}.json{needle} took {}",
        n % 1000,
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()),
        n % 1009
    )
}

fn metrics(telemetry: &TelemetryStore, series: i64, days: i64) -> Result<()> {
    let now = 1_700_000_000 / 3600 * 3600;
    let start = Instant::now();
    let key = |n: i64| SeriesKey {
        namespace: "AWS/Lambda".to_owned(),
        name: "Duration".to_owned(),
        dimensions: BTreeMap::from([("FunctionName".to_owned(), format!("f{n}"))]),
        unit: "Milliseconds".to_owned(),
    };
    let minute = |at: i64, n: i64| {
        (
            at,
            Samples::of((at / 60 * 7 + n * 13) as f64 % 997.0 / 8.0, 1.0),
        )
    };
    // The last hour as it comes, minute by minute; the days before an hour at once.
    for hour in 0..days * 24 {
        let all: Vec<NewPoints> = (0..series)
            .map(|n| NewPoints {
                key: key(n),
                points: (0..60)
                    .map(|m| minute(now + hour * 3600 + m * 60, n))
                    .collect(),
            })
            .collect();
        telemetry.add_points(&all)?;
    }
    println!(
        "  {series} series, {days} days of minutes, hour by hour: {:.2} s",
        start.elapsed().as_secs_f64()
    );
    let (start, last) = (Instant::now(), now + days * 24 * 3600);
    for m in 0..60 {
        let all: Vec<NewPoints> = (0..series)
            .map(|n| NewPoints {
                key: key(n),
                points: vec![minute(last + m * 60, n)],
            })
            .collect();
        telemetry.add_points(&all)?;
    }
    println!(
        "  {series} series, a minute at once: {:.1} ms",
        start.elapsed().as_secs_f64() * 1000.0 / 60.0
    );
    let start = Instant::now();
    let found = telemetry.series_of(&key(1), false)?;
    let points = telemetry.points(found[0].id, now, last)?;
    println!(
        "  one series, all its {} points: {:.1} ms",
        points.len(),
        start.elapsed().as_secs_f64() * 1000.0
    );
    Ok(())
}

fn size(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return std::fs::metadata(path).map_or(0, |data| data.len());
    };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}
