//! Rules and schedules in process, with a clock that stands still.

mod delivering;
mod events;
mod figures;
mod firing;
mod permissions;
mod rules;
mod scheduler;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use stave_core::{Arn, Clock as _, Error, ErrorKind, ManualClock, SequentialIds};
use stave_store::StoreOptions;
use tempfile::TempDir;

use super::scheduler::{Named, NewSchedule, ScheduleDefinition, ScheduleTarget};
use super::*;
use crate::announce::Figure;
use crate::iam::{EntityKind, IamOptions, NewRole, NewUser, PasswordCost};

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:transform";
const SENDER: &str = "arn:aws:iam::123456789012:role/sender";

/// Targets that take note of what they get, and fail as they are told.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub got: Mutex<Vec<Shipment>>,
    pub figures: Mutex<Vec<Figure>>,
    failures: Mutex<HashMap<String, Vec<ErrorKind>>>,
}

impl Recorder {
    /// The next attempts at a target fail so.
    fn fail(&self, target: &str, kinds: &[ErrorKind]) {
        let mut kinds = kinds.to_vec();
        kinds.reverse();
        self.failures
            .lock()
            .expect("unpoisoned")
            .insert(target.to_owned(), kinds);
    }

    /// What came since this was last asked.
    pub fn take(&self) -> Vec<Shipment> {
        let mut got = std::mem::take(&mut *self.got.lock().expect("unpoisoned"));
        got.sort_by(|one, other| one.id.cmp(&other.id));
        got
    }
}

#[async_trait]
impl Targets for Recorder {
    fn check(&self, sender: Sender, _source_arn: &str, target: &Arn) -> Result<()> {
        if target.service() != "lambda" {
            return Err(Error::unsupported(format!(
                "targets of {} are not implemented",
                target.service()
            )));
        }
        if sender == Sender::Bucket && target.resource().ends_with("shy") {
            return Err(Error::denied("the function does not let the bucket"));
        }
        Ok(())
    }

    fn needs_role(&self, target: &Arn) -> bool {
        target.service() != "lambda"
    }

    async fn deliver(&self, shipment: &Shipment) -> Result<()> {
        let failure = self
            .failures
            .lock()
            .expect("unpoisoned")
            .get_mut(&shipment.target_arn)
            .and_then(Vec::pop);
        if let Some(kind) = failure {
            let error = Error::new(kind, "as told");
            // Who has reached its limit is busy.
            return Err(match kind {
                ErrorKind::LimitExceeded => error.coded(BUSY),
                _ => error,
            });
        }
        self.got.lock().expect("unpoisoned").push(shipment.clone());
        Ok(())
    }

    fn measured(&self, figures: &[Figure]) {
        let mut all = self.figures.lock().expect("unpoisoned");
        all.extend_from_slice(figures);
    }
}

/// A home with the service on it.
pub(crate) struct World {
    pub dir: TempDir,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    pub schedules: Schedules,
    pub targets: Arc<Recorder>,
    pub root: Caller,
    iam: Iam,
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn world() -> World {
    world_with(Missed::RunOnce)
}

fn world_with(missed: Missed) -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(at("2026-11-21T10:00:00Z")));
    let store = open(&dir, &clock);
    let options = IamOptions {
        password_cost: PasswordCost {
            memory_kib: 8,
            passes: 1,
        },
    };
    let iam = Iam::open(store.clone(), ACCOUNT, options).expect("opened");
    let targets = Arc::new(Recorder::default());
    let world = World {
        schedules: service(&store, &iam, &targets, missed),
        dir,
        clock,
        store,
        targets,
        root: Caller::root(ACCOUNT),
        iam,
    };
    let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal":
        {"Service": ["events.amazonaws.com", "scheduler.amazonaws.com"]}, "Action": "sts:AssumeRole"}}"#;
    let role = NewRole {
        name: "sender".to_owned(),
        trust: trust.to_owned(),
        ..NewRole::default()
    };
    world.iam.create_role(&world.root, role).expect("made");
    world
}

pub(crate) fn open(dir: &TempDir, clock: &Arc<ManualClock>) -> Store {
    let ids = Arc::new(SequentialIds::default());
    let options = StoreOptions { fsync: false };
    Store::open_with(dir.path(), Arc::clone(clock) as _, ids, options).expect("a store")
}

fn service(store: &Store, iam: &Iam, targets: &Arc<Recorder>, missed: Missed) -> Schedules {
    let options = ScheduleOptions {
        region: "us-east-1".to_owned(),
        missed,
    };
    let targets = Arc::clone(targets) as Arc<dyn Targets>;
    Schedules::open(store.clone(), iam.clone(), targets, options).expect("opened")
}

impl World {
    pub fn wait(&self, seconds: i64) {
        let later = self.clock.now() + SignedDuration::from_secs(seconds);
        self.clock.set(later);
    }

    /// Another process's service on the same home.
    pub fn other(&self, missed: Missed) -> Schedules {
        service(
            &open(&self.dir, &self.clock),
            &self.iam,
            &self.targets,
            missed,
        )
    }

    /// A user who may do `actions`.
    fn user(&self, name: &str, actions: &[&str]) -> Caller {
        let new = NewUser {
            name: name.to_owned(),
            ..NewUser::default()
        };
        self.iam.create_user(&self.root, new).expect("made");
        let document = serde_json::json!({"Version": "2012-10-17", "Statement":
            [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
        let (kind, text) = (EntityKind::User, document.to_string());
        self.iam
            .put_inline_policy(&self.root, kind, name, "p", &text)
            .expect("put");
        self.iam.caller_as(&self.root, name).expect("there")
    }

    /// Makes a rule with one target, the function.
    fn rule(&self, new: &NewRule) -> String {
        let arn = self.schedules.put_rule(&self.root, new).expect("put");
        let bus = new.bus.as_deref();
        self.schedules
            .put_targets(&self.root, bus, &new.name, &[target("t", FUNCTION)])
            .expect("put");
        arn
    }

    /// Makes a schedule of the function.
    fn schedule(&self, name: &str, definition: ScheduleDefinition) -> String {
        let new = NewSchedule {
            named: Named { group: None, name },
            definition,
        };
        self.schedules
            .create_schedule(&self.root, &new)
            .expect("made")
    }

    fn put(&self, entry: EventEntry) -> EventResult {
        let results = self.schedules.put_events(&self.root, &[entry]);
        results.expect("put").remove(0)
    }
}

fn scheduled(name: &str, schedule: &str) -> NewRule {
    NewRule {
        name: name.to_owned(),
        bus: None,
        description: None,
        schedule: Some(schedule.to_owned()),
        pattern: None,
        is_enabled: true,
        role_arn: None,
        tags: Vec::new(),
    }
}

fn matching(name: &str, pattern: &str) -> NewRule {
    NewRule {
        schedule: None,
        pattern: Some(pattern.to_owned()),
        ..scheduled(name, "")
    }
}

fn target(id: &str, arn: &str) -> Target {
    Target {
        id: id.to_owned(),
        arn: arn.to_owned(),
        ..Target::default()
    }
}

fn definition(expression: &str) -> ScheduleDefinition {
    ScheduleDefinition {
        expression: expression.to_owned(),
        target: ScheduleTarget {
            arn: FUNCTION.to_owned(),
            role_arn: SENDER.to_owned(),
            ..ScheduleTarget::default()
        },
        ..ScheduleDefinition::default()
    }
}

fn entry(source: &str, detail: &str) -> EventEntry {
    EventEntry {
        source: Some(source.to_owned()),
        detail_type: Some("t".to_owned()),
        detail: Some(detail.to_owned()),
        ..EventEntry::default()
    }
}

/// The code and the message of an error.
fn fault<T: std::fmt::Debug>(result: Result<T>) -> (&'static str, String) {
    let error = result.expect_err("refused");
    (error.code().unwrap_or("none"), error.message().to_owned())
}

fn validation(message: &str) -> (&'static str, String) {
    ("ValidationException", message.to_owned())
}
