//! What the functions service needs of others: code from buckets, a place for log lines and
//! metrics, and somebody who delivers what is left of asynchronous invocations.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use stave_core::{Caller, Error, Result};

/// Reads the zips of code that lie in buckets.
#[async_trait]
pub trait CodeObjects: Send + Sync + fmt::Debug {
    /// The object, read as `caller` may; an error when it is larger than `max_bytes`.
    async fn fetch(
        &self,
        caller: &Caller,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        max_bytes: u64,
    ) -> Result<Bytes>;
}

/// A line that a function or its environment logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// When it came.
    pub at: Timestamp,
    /// What it says, without a line's end.
    pub message: String,
}

/// Takes log lines.
#[async_trait]
pub trait LogSink: Send + Sync + fmt::Debug {
    /// Keeps `events`, in their order, in the stream of the group; both are made if need be.
    async fn put(&self, group: &str, stream: &str, events: Vec<LogEvent>) -> Result<()>;
}

/// A figure of the namespace AWS/Lambda.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// `Invocations`, `Errors`, `Duration`, `Throttles`, `ConcurrentExecutions` …
    pub name: &'static str,
    /// The function's name.
    pub function: String,
    /// What was asked for: `name`, or `name:alias`.
    pub resource: String,
    /// The value: a count, or milliseconds.
    pub value: f64,
    /// `Count` or `Milliseconds`.
    pub unit: &'static str,
    /// When it was measured.
    pub at: Timestamp,
}

/// Takes metrics. It must not block.
pub trait MetricSink: Send + Sync + fmt::Debug {
    /// Notes one figure.
    fn record(&self, metric: Metric);
}

/// Delivers records of asynchronous invocations to what is not a function.
#[async_trait]
pub trait Destinations: Send + Sync + fmt::Debug {
    /// Whether the destination of that ARN can be delivered to: an error that names it, if not.
    fn check(&self, arn: &str, on_success: bool) -> Result<()>;

    /// Delivers `record`, as a session of the function's role. It may be delivered again.
    async fn deliver(&self, caller: &Caller, arn: &str, record: &Delivery) -> Result<()>;
}

/// The record of an asynchronous invocation, on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The function's name.
    pub function: String,
    /// The request's id.
    pub request_id: String,
    /// When it ended.
    pub at: Timestamp,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// The record as AWS writes it, JSON.
    pub record: String,
}

impl Delivery {
    /// The key that AWS gives the record in a bucket:
    /// `aws/lambda/async/fn/2026/11/21/2026-11-21T10.00.00-<id>`.
    pub fn object_key(&self) -> String {
        format!(
            "aws/lambda/async/{}/{}-{}",
            self.function,
            self.at.strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S"),
            self.request_id
        )
    }
}

/// Knows what else a function is given: what leads it to a server that is running.
pub trait Surroundings: Send + Sync + fmt::Debug {
    /// Variables for an environment of a function that has these of its own.
    fn variables(&self, own: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>>;
}

/// The ports together.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Code from buckets.
    pub code: std::sync::Arc<dyn CodeObjects>,
    /// Log lines.
    pub logs: std::sync::Arc<dyn LogSink>,
    /// Metrics.
    pub metrics: std::sync::Arc<dyn MetricSink>,
    /// Deliveries.
    pub destinations: std::sync::Arc<dyn Destinations>,
    /// What else functions are given.
    pub surroundings: std::sync::Arc<dyn Surroundings>,
}

impl Default for Ports {
    /// Ports that lead nowhere: code comes inline, and lines, metrics and records are not kept.
    fn default() -> Self {
        Self {
            code: std::sync::Arc::new(Nowhere),
            logs: std::sync::Arc::new(Nowhere),
            metrics: std::sync::Arc::new(Nowhere),
            destinations: std::sync::Arc::new(Nowhere),
            surroundings: std::sync::Arc::new(Nowhere),
        }
    }
}

#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl CodeObjects for Nowhere {
    async fn fetch(
        &self,
        _: &Caller,
        bucket: &str,
        key: &str,
        _: Option<&str>,
        _: u64,
    ) -> Result<Bytes> {
        Err(Error::unsupported(format!(
            "code from a bucket (s3://{bucket}/{key}) is not implemented here"
        )))
    }
}

#[async_trait]
impl LogSink for Nowhere {
    async fn put(&self, _: &str, _: &str, _: Vec<LogEvent>) -> Result<()> {
        Ok(())
    }
}

impl MetricSink for Nowhere {
    fn record(&self, _: Metric) {}
}

#[async_trait]
impl Destinations for Nowhere {
    fn check(&self, arn: &str, _: bool) -> Result<()> {
        Err(Error::unsupported(format!(
            "the destination {arn} is not implemented here"
        )))
    }

    async fn deliver(&self, _: &Caller, arn: &str, _: &Delivery) -> Result<()> {
        self.check(arn, false)
    }
}

impl Surroundings for Nowhere {
    fn variables(&self, _: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        Ok(BTreeMap::new())
    }
}
