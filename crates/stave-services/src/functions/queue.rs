//! Asynchronous invocations: taken from the queue, tried, tried again after one and two minutes,
//! and told to their destination when they are at an end.
//!
//! Times are the clock's. What a worker owns when it dies goes back to the queue as soon as
//! another looks, after what it had started has been killed: so no event is lost, and none runs
//! twice at one time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use stave_core::Result;
use stave_store::functions::Invocation;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::Functions;
use super::definition::{FunctionVersion, State};
use super::destinations::Condition;
use super::environment::kill_noted;
use super::events::EventSettingsChange;
use super::names::{Named, Qualifier};
use super::run::{Outcome, Task};

/// How often the dead are looked for and idle environments are let go.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// How often unused code is looked for, in rounds of housekeeping.
const SWEEP_EVERY: u32 = 720;
/// The longest wait for what could not be tried, in seconds.
const MAX_SETBACK_SECONDS: i64 = 300;

/// Those who work on the queue; they stop when it is dropped.
#[derive(Debug)]
pub struct Workers {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Workers {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What is to be known of an invocation before it is tried.
struct Known {
    named: Named,
    version: FunctionVersion,
    events: EventSettingsChange,
    reserved: Option<u32>,
}

impl Functions {
    /// Takes back what the dead left, goes on with what they were making ready, and begins to
    /// work on the queue.
    pub async fn start(&self) -> Result<Workers> {
        let this = self.clone();
        crate::blocking::blocking(self.store(), move |_| this.bury_the_dead()).await?;
        self.resume()?;
        let (queue, house) = (self.clone(), self.clone());
        Ok(Workers {
            tasks: vec![
                tokio::spawn(async move { queue.work_on_queue().await }),
                tokio::spawn(async move { house.keep_house().await }),
            ],
        })
    }

    /// Looks at the queue now: the clock was turned.
    pub fn wake(&self) {
        self.0.queued.notify_one();
    }

    /// Kills what dead workers had started, and gives back what they owned. Blocking.
    fn bury_the_dead(&self) -> Result<()> {
        for dead in self.store().dead_function_workers()? {
            for entry in std::fs::read_dir(&dead.folder)
                .into_iter()
                .flatten()
                .flatten()
            {
                kill_noted(&entry.path().join("pid"));
            }
            if self.store().bury_function_worker(&dead)? > 0 {
                self.0.queued.notify_one();
            }
        }
        Ok(())
    }

    async fn keep_house(&self) {
        let mut rounds: u32 = 0;
        loop {
            tokio::time::sleep(HOUSEKEEPING).await;
            self.0.pool.retire_idle(self.options().idle);
            rounds = rounds.wrapping_add(1);
            let (this, sweep) = (self.clone(), rounds.is_multiple_of(SWEEP_EVERY));
            // What fails now is tried again in the next round.
            let _ = crate::blocking::blocking(self.store(), move |store| {
                this.bury_the_dead()?;
                if sweep {
                    store.sweep_function_code()?;
                }
                Ok(())
            })
            .await;
        }
    }

    async fn work_on_queue(&self) {
        let slots = Arc::new(Semaphore::new(self.options().queue_workers));
        loop {
            let free = slots.available_permits();
            // What cannot be read now is looked at again after the pause.
            let taken = self.take(free).await.unwrap_or_default();
            let more = free > 0 && taken.len() == free;
            for invocation in taken {
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                    return;
                };
                let this = self.clone();
                tokio::spawn(async move {
                    this.attend(invocation).await;
                    drop(slot);
                    this.0.queued.notify_one();
                });
            }
            if !more {
                let queued = self.0.queued.notified();
                let _ = tokio::time::timeout(self.options().poll, queued).await;
            }
        }
    }

    async fn take(&self, max: usize) -> Result<Vec<Invocation>> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let (full, owner) = (self.0.pool.full(), self.0.worker.id().to_owned());
        crate::blocking::blocking(self.store(), move |store| {
            let now = store.functions_read(|rows| Ok((rows.next_due()?, rows.now())))?;
            // A look costs nothing; taking makes everybody wait.
            if !matches!(now, (Some(due), now) if due <= now) {
                return Ok(Vec::new());
            }
            store.functions_note(|rows| rows.take_due(&owner, &full, max))
        })
        .await
    }

    async fn attend(&self, invocation: Invocation) {
        let attended = if invocation.outcome.is_some() {
            self.deliver(invocation.clone()).await
        } else {
            self.attempt(invocation.clone()).await
        };
        if attended.is_err() {
            // It is ours until we say otherwise.
            let _ = self.set_back(invocation).await;
        }
    }

    async fn attempt(&self, mut invocation: Invocation) -> Result<()> {
        let Some(known) = self.known(&invocation).await? else {
            // The function is gone, or the version.
            return self.done(&invocation).await;
        };
        if let Some(condition) = self.hopeless(&invocation, &known) {
            let (version, events) = (&known.version, &known.events);
            return self
                .conclude(invocation, version, events, None, condition)
                .await;
        }
        if known.version.definition.state != State::Active {
            return self.set_back(invocation).await;
        }
        let mut version = known.version.clone();
        version.arn = self.named_arn(&known.named);
        let outcome = self
            .execute(Task {
                version,
                request_id: invocation.id.clone(),
                trace: invocation.trace.clone().unwrap_or_default(),
                client_context: None,
                payload: Bytes::from(invocation.payload.clone()),
            })
            .await;
        let Ok(outcome) = outcome else {
            return self.set_back(invocation).await;
        };
        self.settle_attempt(&mut invocation, &known, outcome).await
    }

    /// Why an invocation is not to be tried at all, if so.
    fn hopeless(&self, invocation: &Invocation, known: &Known) -> Option<Condition> {
        if known.reserved == Some(0) {
            return Some(Condition::ZeroReservedConcurrency);
        }
        let age = self.now().duration_since(invocation.queued_at);
        if age <= SignedDuration::from_secs(i64::from(known.events.age_seconds())) {
            return None;
        }
        self.measure(&known.version, "AsyncEventsDropped", 1.0, "Count");
        Some(Condition::EventAgeExceeded)
    }

    async fn settle_attempt(
        &self,
        invocation: &mut Invocation,
        known: &Known,
        outcome: Outcome,
    ) -> Result<()> {
        invocation.attempts += 1;
        let condition = match outcome.error {
            None => Condition::Success,
            Some(_) if invocation.attempts <= known.events.retries() => {
                // After one minute, then after two.
                let wait = SignedDuration::from_mins(i64::from(invocation.attempts));
                let due = self.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
                return self.put_back(invocation.clone(), due).await;
            }
            Some(_) => Condition::RetriesExhausted,
        };
        let invocation = invocation.clone();
        self.conclude(
            invocation,
            &known.version,
            &known.events,
            Some(outcome),
            condition,
        )
        .await
    }

    async fn known(&self, invocation: &Invocation) -> Result<Option<Known>> {
        let (this, invocation) = (self.clone(), invocation.clone());
        crate::blocking::blocking(self.store(), move |store| {
            let qualifier = invocation.qualifier.as_deref().map(Qualifier::parse);
            let named = Named {
                name: invocation.function.clone(),
                qualifier: qualifier.transpose()?,
            };
            store.functions_read(|rows| {
                let Some(function) = rows.function(&named.name)? else {
                    return Ok(None);
                };
                let version = this
                    .routed(rows, &named)
                    .and_then(|routed| this.version(rows, &routed));
                match version {
                    Ok(version) => Ok(Some(Known {
                        events: Self::events_of(rows, &named)?,
                        reserved: function.reserved,
                        version,
                        named,
                    })),
                    Err(error) if error.kind() == stave_core::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                }
            })
        })
        .await
    }

    /// What could not be tried comes again after a while, a longer one each time.
    pub(super) async fn set_back(&self, mut invocation: Invocation) -> Result<()> {
        let seconds = (1_i64 << invocation.setbacks.min(9)).min(MAX_SETBACK_SECONDS);
        invocation.setbacks = invocation.setbacks.saturating_add(1);
        let wait = SignedDuration::from_secs(seconds);
        let due = self.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.put_back(invocation, due).await
    }

    pub(super) async fn put_back(&self, invocation: Invocation, due: Timestamp) -> Result<()> {
        let owner = self.0.worker.id().to_owned();
        crate::blocking::blocking(self.store(), move |store| {
            store.functions_write(|rows| rows.put_back(&owner, &invocation, due).map(drop))
        })
        .await
    }

    pub(super) async fn done(&self, invocation: &Invocation) -> Result<()> {
        let (owner, seq) = (self.0.worker.id().to_owned(), invocation.seq);
        crate::blocking::blocking(self.store(), move |store| {
            store.functions_write(|rows| rows.done(&owner, seq).map(drop))
        })
        .await
    }
}
