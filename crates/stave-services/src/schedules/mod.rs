//! EventBridge and its Scheduler: buses, rules and their targets, events, groups and schedules;
//! and the work that fires what is due and delivers what is queued.
//!
//! What is to be delivered is a row from the moment that it is decided, in the transaction that
//! decides it: it survives the process, and of several processes one delivers it. Operations
//! block; who runs on an async runtime decides where. Errors carry AWS's codes.
//!
//! Must not know: wire formats, the engine, what a target does with what it gets
//! ([`Targets`]).
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html>
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html>

mod buses;
mod deliver;
mod documents;
mod errors;
mod figures;
mod fire;
mod names;
mod plan;
mod policy;
mod ports;
mod put_events;
mod route;
mod rules;
pub mod scheduler;
mod tags;
mod targets;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use stave_core::{Caller, Result};
use stave_store::Store;
use stave_store::eventing::Kind;
pub use stave_store::eventing::{DeadLetter, NewDelivery};

pub use self::buses::{Bus, NewBus};
pub use self::deliver::Delivered;
pub use self::names::{Page, PageRequest, Tags};
pub use self::policy::{NewPermission, PermissionCondition};
pub use self::ports::{BUSY, Sender, Shipment, Targets};
pub use self::put_events::{EventEntry, EventResult};
pub(crate) use self::route::Routed;
pub use self::rules::{NewRule, Rule};
pub use self::targets::{FailedTarget, RetryPolicy, Target, TargetTemplate};
use crate::iam::Iam;

/// The bus, and the group, that is always there.
pub const DEFAULT: &str = "default";

/// What becomes of a firing that was due while nothing ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Missed {
    /// The last of those missed is made up for, once.
    #[default]
    RunOnce,
    /// It is left out.
    Skip,
}

/// How the service behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleOptions {
    /// The region in ARNs and events.
    pub region: String,
    /// What becomes of a firing that was due while nothing ran.
    pub missed: Missed,
}

/// The EventBridge and Scheduler service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Schedules(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    iam: Iam,
    targets: Arc<dyn Targets>,
    options: ScheduleOptions,
    compiled: route::Compiled,
    /// Woken when there may be something to fire or to deliver.
    work: tokio::sync::Notify,
}

impl Schedules {
    /// The service on the home in `store`, which delivers through `targets`.
    pub fn open(
        store: Store,
        iam: Iam,
        targets: Arc<dyn Targets>,
        options: ScheduleOptions,
    ) -> Result<Self> {
        let has_defaults = store.eventing_read(|rows| {
            let bus = rows.document(Kind::Bus, "", DEFAULT)?;
            Ok(bus.is_some() && rows.document(Kind::Group, "", DEFAULT)?.is_some())
        })?;
        if !has_defaults {
            store.eventing_write(|rows| {
                for kind in [Kind::Bus, Kind::Group] {
                    if rows.document(kind, "", DEFAULT)?.is_none() {
                        rows.add_document(kind, "", DEFAULT, "{}")?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(Self(Arc::new(Parts {
            store,
            iam,
            targets,
            options,
            compiled: route::Compiled::default(),
            work: tokio::sync::Notify::new(),
        })))
    }

    /// Whether the default bus of the home in `store` has a rule, so that it is worth while to
    /// open this service for what somebody has to say.
    pub fn has_rules(store: &Store) -> Result<bool> {
        let count = store.eventing_read(|rows| rows.count_documents(Kind::Rule, DEFAULT))?;
        Ok(count > 0)
    }

    /// The region in ARNs and events.
    pub fn region(&self) -> &str {
        &self.0.options.region
    }

    /// The twelve digits of the account.
    pub fn account(&self) -> &str {
        self.0.iam.account()
    }

    /// What was given up, the latest first, before the one of the place `before`.
    pub fn dead_letters(
        &self,
        caller: &Caller,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<DeadLetter>> {
        caller.may("events:ListRules", "*")?;
        self.store()
            .eventing_read(|rows| rows.dead_letters(before, max))
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    /// `arn:aws:events:us-east-1:123456789012:rule/name`.
    fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.region(),
            self.account()
        )
    }

    /// Checks a role that something is to be sent with: that the caller may pass it.
    fn check_role(&self, caller: &Caller, role: &str, service: &str) -> Result<()> {
        self.0.iam.pass_role(caller, role, service)
    }
}
