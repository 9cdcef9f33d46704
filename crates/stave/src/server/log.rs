//! The server's log on standard error: a line for each request, as text or as JSON.

use std::io;
use std::time::Duration;

use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line that people read
    Text,
    /// A JSON object a line
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// What goes wrong.
    Faults,
    /// A line for each request, too.
    Requests,
    /// Also what goes wrong with single connections.
    Connections,
}

/// Begins to log, once a process.
pub fn start_log(format: LogFormat, logged: Logged) {
    let level = match logged {
        Logged::Faults => Level::WARN,
        Logged::Requests => Level::INFO,
        Logged::Connections => Level::DEBUG,
    };
    // Of the libraries only what somebody has to look at.
    // s3s takes a client's mistake for an error; the door logs what goes wrong inside.
    let filter = Targets::new()
        .with_default(Level::ERROR)
        .with_target("s3s", LevelFilter::OFF)
        .with_target("stave", level);
    let registry = tracing_subscriber::registry().with(filter);
    // Who has begun to log before goes on: a test, in one process with others.
    let _ = match format {
        LogFormat::Text => registry
            .with(
                fmt::layer()
                    .with_writer(io::stderr)
                    .with_ansi(false)
                    .with_target(false),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .with_writer(io::stderr)
                    .flatten_event(true),
            )
            .try_init(),
    };
}

/// A request and what became of it. The query is not told: it may carry a signature.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The id that the answer carries.
    pub request_id: &'a str,
    /// The service, by its signing name.
    pub service: &'a str,
    /// `PUT` …
    pub method: &'a str,
    /// The path as it was sent.
    pub path: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// From the head of the request to the head of the answer.
    pub took: Duration,
    /// Who asked, by its address.
    pub from: std::net::IpAddr,
}

impl Answered<'_> {
    /// Writes the line.
    pub fn log(&self) {
        let micros = self.took.as_micros() as u64;
        tracing::info!(
            request_id = self.request_id,
            service = self.service,
            method = self.method,
            path = self.path,
            status = self.status,
            took_us = micros,
            from = %self.from,
            "answered"
        );
    }
}
