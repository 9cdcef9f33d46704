//! Telemetry in process, with a clock that stands still.

mod alarms;
mod logs;
mod metrics;
mod others;
mod queries;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use stave_core::iam::{DocumentKind, Grant, Grants, PolicyDocument, Principal};
use stave_core::{Clock as _, Credential, ErrorKind, ManualClock, SequentialIds};
use stave_store::StoreOptions;
use tempfile::TempDir;

use super::*;
use stave_core::Caller;

const ACCOUNT: &str = "123456789012";
const GROUP: &str = "/aws/lambda/extract";
const NONE: PageRequest = PageRequest {
    token: None,
    limit: None,
};

/// A home with telemetry in it; it is ten o'clock.
struct World {
    dir: TempDir,
    clock: Arc<ManualClock>,
    telemetry: Telemetry,
    root: Caller,
}

fn open(dir: &TempDir, clock: &Arc<ManualClock>) -> Telemetry {
    let ids = Arc::new(SequentialIds::default());
    let options = StoreOptions { fsync: false };
    let store =
        Store::open_with(dir.path(), Arc::clone(clock) as _, ids, options).expect("a store");
    Telemetry::open(&store, ACCOUNT, "us-east-1").expect("opened")
}

fn world() -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let at = "2026-11-21T10:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(at));
    let telemetry = open(&dir, &clock);
    World {
        dir,
        clock,
        telemetry,
        root: Caller::root(ACCOUNT),
    }
}

impl World {
    fn wait(&self, seconds: i64) {
        let now: Timestamp = self.clock.now();
        self.clock.set(
            now.saturating_add(SignedDuration::from_secs(seconds))
                .expect("in range"),
        );
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    fn group(&self, name: &str, streams: &[&str]) {
        let new = NewLogGroup {
            name: name.to_owned(),
            ..NewLogGroup::default()
        };
        self.telemetry
            .create_log_group(&self.root, &new)
            .expect("made");
        for stream in streams {
            self.telemetry
                .create_log_stream(&self.root, name, stream)
                .expect("made");
        }
    }

    /// Puts messages, of now and of each second after.
    fn put(&self, stream: &str, messages: &[&str]) {
        let at = (self.now_ms()..).step_by(1000);
        let lines = at
            .zip(messages)
            .map(|(at_ms, message)| line(at_ms, message));
        let put =
            self.telemetry
                .put_log_events(&self.root, GROUP, stream, &lines.collect::<Vec<_>>());
        assert_eq!(put.expect("put"), PutLogs::default());
    }
}

fn line(at_ms: i64, message: &str) -> LogLine {
    LogLine {
        at_ms,
        message: message.to_owned(),
    }
}

/// A user whose policy allows some actions on a resource.
fn user(actions: &str, resource: &str, condition: &str) -> Caller {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": {actions}, "Resource": "{resource}"{condition}}}}}"#
    );
    let document = PolicyDocument::parse(&text, DocumentKind::Identity).expect("a policy");
    let principal = Principal::User {
        account: ACCOUNT.to_owned(),
        path: "/".to_owned(),
        name: "ann".to_owned(),
        id: "AIDAANNANNANNANNANNA".to_owned(),
    };
    let grants = Grants {
        identity: vec![Grant {
            name: "p".to_owned(),
            document: Arc::new(document),
        }],
        ..Grants::default()
    };
    Caller::new(ACCOUNT, principal, grants, Credential::LongTerm)
}

/// The kind and the code of an error.
fn fault<T: std::fmt::Debug>(result: Result<T>) -> (ErrorKind, &'static str) {
    let error = result.expect_err("refused");
    (error.kind(), error.code().unwrap_or("none"))
}

const NO_SUCH: (ErrorKind, &str) = (ErrorKind::NotFound, "ResourceNotFoundException");
const EXISTS: (ErrorKind, &str) = (ErrorKind::AlreadyExists, "ResourceAlreadyExistsException");
const INVALID: (ErrorKind, &str) = (ErrorKind::Invalid, "InvalidParameterException");
const DENIED: (ErrorKind, &str) = (ErrorKind::Denied, "AccessDenied");

fn dimensions(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    pairs.collect()
}

fn metric(name: &str) -> Metric {
    Metric {
        namespace: "App".to_owned(),
        name: name.to_owned(),
        dimensions: BTreeMap::new(),
    }
}

fn datum(name: &str, at_ms: i64, value: f64) -> MetricDatum {
    MetricDatum {
        name: name.to_owned(),
        dimensions: BTreeMap::new(),
        at_ms: Some(at_ms),
        value: MetricValue::Values(vec![(value, 1.0)]),
        unit: None,
        high_resolution: false,
    }
}
