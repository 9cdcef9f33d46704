//! Functions in process, run for real: handlers are Python, started behind the Runtime API.

mod asynchronous;
mod code;
mod definitions;
mod endings;
mod invocations;
mod permissions;
mod runtimes;
mod speed;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::SignedDuration;
use serde_json::{Value, json};
use stave_core::{Caller, Clock as _, Error, ErrorKind, ManualClock};
use stave_store::StoreOptions;
use tempfile::TempDir;

use super::*;
use crate::iam::{IamOptions, NewRole, PasswordCost};

const ACCOUNT: &str = "123456789012";
const ROLE: &str = "arn:aws:iam::123456789012:role/runs";

/// Ids that nobody guesses, and that differ between two stores on one home.
#[derive(Debug)]
struct Ids(std::sync::atomic::AtomicU64, u64);

impl stave_core::IdSource for Ids {
    fn next(&self) -> u128 {
        let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        u128::from(self.1) << 64 | u128::from(count + 1)
    }
}

/// Keeps what comes.
#[derive(Debug, Default)]
struct Kept {
    lines: Mutex<Vec<(String, String, String)>>,
    metrics: Mutex<Vec<Metric>>,
    deliveries: Mutex<Vec<(String, Delivery)>>,
    objects: Mutex<BTreeMap<String, Bytes>>,
}

#[async_trait]
impl LogSink for Kept {
    async fn put(&self, group: &str, stream: &str, events: Vec<LogEvent>) -> Result<()> {
        let mut lines = self.lines.lock().unwrap();
        for event in events {
            lines.push((group.to_owned(), stream.to_owned(), event.message));
        }
        Ok(())
    }
}

impl MetricSink for Kept {
    fn record(&self, metric: Metric) {
        self.metrics.lock().unwrap().push(metric);
    }
}

#[async_trait]
impl Destinations for Kept {
    fn check(&self, arn: &str, on_success: bool) -> Result<()> {
        if arn.starts_with("arn:aws:s3:::") && !on_success {
            return Ok(());
        }
        Err(Error::unsupported(format!(
            "the destination {arn} is not implemented"
        )))
    }

    async fn deliver(&self, caller: &Caller, arn: &str, delivery: &Delivery) -> Result<()> {
        caller.may("s3:PutObject", &format!("{arn}/{}", delivery.object_key()))?;
        let mut deliveries = self.deliveries.lock().unwrap();
        deliveries.push((arn.to_owned(), delivery.clone()));
        Ok(())
    }
}

#[async_trait]
impl CodeObjects for Kept {
    async fn fetch(
        &self,
        caller: &Caller,
        bucket: &str,
        key: &str,
        _: Option<&str>,
        _: u64,
    ) -> Result<Bytes> {
        caller.may("s3:GetObject", &format!("arn:aws:s3:::{bucket}/{key}"))?;
        let objects = self.objects.lock().unwrap();
        let object = objects.get(&format!("{bucket}/{key}")).cloned();
        object.ok_or_else(|| Error::not_found("no such key"))
    }
}

/// A home with functions in it.
struct World {
    dir: TempDir,
    clock: Arc<ManualClock>,
    iam: Iam,
    functions: Functions,
    kept: Arc<Kept>,
    root: Caller,
}

fn at() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

/// The interpreter itself, whatever stands for it in the search path.
fn python() -> PathBuf {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let asked = std::process::Command::new("python3")
            .args(["-c", "import sys; print(sys.executable)"])
            .output()
            .expect("python3 is in the search path");
        PathBuf::from(String::from_utf8(asked.stdout).expect("text").trim())
    };
    FOUND.get_or_init(find).clone()
}

fn options() -> FunctionsOptions {
    FunctionsOptions {
        search_path: std::env::var_os("PATH").unwrap_or_default(),
        interpreters: BTreeMap::from([("python3.8".to_owned(), python())]),
        provided_packages: Vec::new(),
        endpoint_url: Some("http://127.0.0.1:4566".to_owned()),
        poll: Duration::from_millis(20),
        // A machine may have a lot to do: nothing here is about how long a start takes.
        init_limit: Duration::from_mins(2),
        ..FunctionsOptions::default()
    }
}

fn open(dir: &TempDir, clock: &Arc<ManualClock>, kept: &Arc<Kept>, seed: u64) -> (Iam, Functions) {
    let ids = Arc::new(Ids(0.into(), seed));
    let store = StoreOptions { fsync: false };
    let store = Store::open_with(dir.path(), Arc::clone(clock) as _, ids, store).expect("a store");
    let password_cost = PasswordCost {
        memory_kib: 8,
        passes: 1,
    };
    let iam = Iam::open(store.clone(), ACCOUNT, IamOptions { password_cost }).expect("opened");
    let ports = Ports {
        code: Arc::clone(kept) as _,
        logs: Arc::clone(kept) as _,
        metrics: Arc::clone(kept) as _,
        destinations: Arc::clone(kept) as _,
        ..Ports::default()
    };
    let functions = Functions::open(store, iam.clone(), Arc::clone(clock) as _, ports, options());
    (iam, functions.expect("opened"))
}

fn world() -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(at()));
    let kept = Arc::new(Kept::default());
    let (iam, functions) = open(&dir, &clock, &kept, 7);
    let world = World {
        dir,
        clock,
        iam,
        functions,
        kept,
        root: Caller::root(ACCOUNT),
    };
    world.role("runs", "lambda.amazonaws.com");
    world
}

impl World {
    fn role(&self, name: &str, service: &str) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]});
        let role = NewRole {
            name: name.to_owned(),
            trust: trust.to_string(),
            ..NewRole::default()
        };
        self.iam.create_role(&self.root, role).expect("made");
    }

    fn let_role(&self, action: &str) {
        let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Action": action, "Resource": "*"}]});
        let (root, kind) = (&self.root, crate::iam::EntityKind::Role);
        let name = action.replace([':', '*'], "-");
        self.iam
            .put_inline_policy(root, kind, "runs", &name, &policy.to_string())
            .expect("put");
    }

    async fn make(&self, name: &str, code: &str) -> FunctionVersion {
        self.make_with(name, code, Settings::default()).await
    }

    async fn make_with(&self, name: &str, code: &str, settings: Settings) -> FunctionVersion {
        let zip = zipped(&[("lambda_function.py", code)]);
        self.make_zip(name, zip, settings).await
    }

    async fn make_zip(&self, name: &str, zip: Bytes, settings: Settings) -> FunctionVersion {
        let new = new_function(name, zip, settings);
        let made = self.functions.create_function(&self.root, new).await;
        made.expect("made")
    }

    async fn invoke(&self, name: &str, event: Value) -> Invocation {
        let invoked = self
            .functions
            .invoke(&self.root, request(name, &event))
            .await;
        invoked.expect("invoked")
    }

    async fn send(&self, name: &str, event: Value) -> Invocation {
        let request = InvocationRequest {
            kind: InvocationType::Event,
            ..request(name, &event)
        };
        let sent = self.functions.invoke(&self.root, request).await;
        sent.expect("queued")
    }

    fn turn(&self, seconds: i64) {
        let later = self
            .clock
            .now()
            .saturating_add(SignedDuration::from_secs(seconds));
        self.clock.set(later.expect("in range"));
        self.functions.wake();
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.kept.lines.lock().unwrap();
        lines.iter().map(|(_, _, line)| line.clone()).collect()
    }

    fn sum(&self, metric: &str) -> f64 {
        let metrics = self.kept.metrics.lock().unwrap();
        metrics
            .iter()
            .filter(|m| m.name == metric)
            .map(|m| m.value)
            .sum()
    }

    fn queued(&self) -> u64 {
        let store = self.functions.store();
        store
            .functions_read(|rows| rows.count_queued(None))
            .expect("counted")
    }

    fn next_due(&self) -> Option<Timestamp> {
        let store = self.functions.store();
        let due = store.functions_read(|rows| {
            let due = rows.next_due()?;
            Ok(due)
        });
        due.expect("read")
    }

    /// Waits until it is so.
    async fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        for _ in 0..12_000 {
            if is_so(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "it did not come to this: {what}; the log is {:#?}",
            self.lines()
        );
    }
}

fn new_function(name: &str, zip: Bytes, settings: Settings) -> NewFunction {
    NewFunction {
        name: name.to_owned(),
        code: CodeSource::Zip(zip),
        settings: Settings {
            role: settings.role.or(Some(ROLE.to_owned())),
            runtime: settings.runtime.or(Some("python3.8".to_owned())),
            handler: settings
                .handler
                .or(Some("lambda_function.lambda_handler".to_owned())),
            timeout_seconds: settings.timeout_seconds.or(Some(120)),
            ..settings
        },
        tags: Tags::new(),
        publish: false,
    }
}

fn request(name: &str, event: &Value) -> InvocationRequest {
    InvocationRequest {
        name: name.to_owned(),
        payload: Bytes::from(event.to_string()),
        log_tail: true,
        ..InvocationRequest::default()
    }
}

fn zipped(files: &[(&str, &str)]) -> Bytes {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        let mode = if name.ends_with("bootstrap") {
            0o755
        } else {
            0o644
        };
        let options = zip::write::SimpleFileOptions::default().unix_permissions(mode);
        zip.start_file(*name, options).expect("begun");
        zip.write_all(text.as_bytes()).expect("written");
    }
    Bytes::from(zip.finish().expect("finished").into_inner())
}

fn body(invocation: &Invocation) -> Value {
    serde_json::from_slice(&invocation.payload).expect("JSON")
}

fn tail(invocation: &Invocation) -> String {
    use base64::Engine as _;
    let tail = invocation.log_tail.as_deref().expect("wanted");
    let tail = base64::engine::general_purpose::STANDARD.decode(tail);
    String::from_utf8(tail.expect("base64")).expect("text")
}

fn fault<T: std::fmt::Debug>(result: Result<T>) -> (ErrorKind, &'static str) {
    let error = result.expect_err("refused");
    (error.kind(), error.code().unwrap_or("none"))
}

const GONE: (ErrorKind, &str) = (ErrorKind::NotFound, "ResourceNotFoundException");
const WRONG: (ErrorKind, &str) = (ErrorKind::Invalid, "InvalidParameterValueException");
const TAKEN: (ErrorKind, &str) = (ErrorKind::Conflict, "ResourceConflictException");
const STALE: (ErrorKind, &str) = (ErrorKind::Precondition, "PreconditionFailedException");
const DENIED: (ErrorKind, &str) = (ErrorKind::Denied, "AccessDenied");
const THROTTLED: (ErrorKind, &str) = (ErrorKind::LimitExceeded, "TooManyRequestsException");
