//! Delivers what is queued: taken for a time, tried, and ended, tried again, or given up.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use stave_core::events::NewEvent;
use stave_core::iam::Context;
use stave_core::{Error, ErrorKind, Result};
use stave_store::eventing::{Delivery, Rows};

use super::documents::read;
use super::scheduler::BusParameters;
use super::{BUSY, Schedules, Sender, Shipment};
use crate::blocking::blocking;

/// For how long a delivery is kept from others while who took it lives, in seconds.
const LEASE_SECONDS: i64 = 60;
/// How long a target may take to answer.
const ANSWER: Duration = Duration::from_secs(45);
/// How many deliveries are taken at once, and tried at the same time.
const BATCH: usize = 64;
const AT_ONCE: usize = 16;
/// The longest pause between two attempts, in seconds: 185 of them fill a day.
const MAX_PAUSE_SECONDS: i64 = 480;
/// The longest pause before a target that is busy, in seconds.
const MAX_BUSY_PAUSE_SECONDS: i64 = 30;
/// How often is looked for what other processes have queued.
const POLL: Duration = Duration::from_secs(1);

/// What became of deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many have arrived.
    pub arrived: usize,
    /// How many are to be tried again.
    pub retried: usize,
    /// How many were given up.
    pub given_up: usize,
}

/// What became of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Arrived,
    Retried,
    GivenUp,
}

/// Whether a delivery was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It was, for the first time or again.
    Made { is_retry: bool },
    /// Its target could take no more.
    Busy,
    /// Its time was over.
    TooLate,
}

impl Schedules {
    /// Fires what is due and delivers what is queued, until there is nothing more to do now;
    /// says when there will be.
    pub async fn work(&self) -> Result<Option<Timestamp>> {
        loop {
            let this = self.clone();
            blocking(self.store(), move |_| this.tick()).await?;
            if self.deliver().await? != Delivered::default() {
                continue;
            }
            let next = blocking(self.store(), |store| {
                store.eventing_read(|rows| {
                    let next = [rows.next_timer()?, rows.next_delivery()?];
                    Ok(next.into_iter().flatten().min())
                })
            })
            .await?;
            if next.is_none_or(|next| next > self.store().clock_now()) {
                return Ok(next);
            }
        }
    }

    /// Waits until there may be something to do: `next`, or something new; at most a second,
    /// for another process may have queued something.
    pub async fn wait(&self, next: Option<Timestamp>) {
        let until = next.map_or(POLL, |next| {
            let left = next.duration_since(self.store().clock_now());
            Duration::try_from(left).unwrap_or_default().min(POLL)
        });
        // Either will do; what comes later is told again.
        let _ = tokio::time::timeout(until, self.0.work.notified()).await;
    }

    /// Tries some of the deliveries that may be tried now.
    pub fn deliver(&self) -> BoxFuture<'_, Result<Delivered>> {
        Box::pin(async move {
            let taken = blocking(self.store(), |store| {
                store.take_back_deliveries()?;
                let next = store.eventing_read(next_delivery)?;
                if next.is_none_or(|next| next > store.clock_now()) {
                    return Ok(Vec::new());
                }
                let owner = store.process()?;
                store.eventing_note(|rows| {
                    let until = later(rows.now(), LEASE_SECONDS);
                    rows.take_deliveries(&owner, until, BATCH)
                })
            })
            .await?;
            let ends: Vec<Result<End>> = stream::iter(taken)
                .map(|delivery| self.try_delivery(delivery))
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            let mut delivered = Delivered::default();
            for end in ends {
                match end? {
                    End::Arrived => delivered.arrived += 1,
                    End::Retried => delivered.retried += 1,
                    End::GivenUp => delivered.given_up += 1,
                }
            }
            Ok(delivered)
        })
    }

    async fn try_delivery(&self, delivery: Delivery) -> Result<End> {
        let is_retry = delivery.attempt > 1;
        let is_late = is_retry && delivery.new.expires_at < self.store().clock_now();
        let tried = if is_late {
            Err(Error::new(
                ErrorKind::Timeout,
                "its time was over before it could be tried again",
            ))
        } else if let Some(bus) = self.own_bus(&delivery.new.target) {
            let (this, bus, passed) = (self.clone(), bus.to_owned(), delivery.clone());
            blocking(self.store(), move |_| this.pass_on(&bus, &passed)).await
        } else {
            self.ship(&delivery).await
        };
        let attempt = match &tried {
            _ if is_late => Attempt::TooLate,
            Err(error) if error.code() == Some(BUSY) => Attempt::Busy,
            _ => Attempt::Made { is_retry },
        };
        let source = delivery.new.source.clone();
        let end = blocking(self.store(), move |store| {
            store.eventing_note(|rows| match tried {
                Ok(()) => rows.end_delivery(&delivery).map(|_| End::Arrived),
                Err(error) => after_failure(rows, &delivery, &error),
            })
        })
        .await?;
        self.count_attempt(&source, attempt, end);
        Ok(end)
    }

    async fn ship(&self, delivery: &Delivery) -> Result<()> {
        let new = &delivery.new;
        let sender = Sender::of(&new.source);
        let payload = match sender {
            Sender::Schedule => {
                let attempt = delivery.attempt.to_string();
                new.payload
                    .replace("<aws.scheduler.attempt-number>", &attempt)
            }
            _ => new.payload.clone(),
        };
        let shipment = Shipment {
            id: new.id.clone(),
            sender,
            source_arn: new.source.clone(),
            target_arn: new.target.clone(),
            role_arn: new.role.clone(),
            payload,
            attempt: delivery.attempt,
        };
        let answer = tokio::time::timeout(ANSWER, self.0.targets.deliver(&shipment)).await;
        answer.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!("target {} did not answer in time", new.target),
            ))
        })
    }

    /// Puts what was delivered to a bus on it, in the transaction that ends the delivery.
    fn pass_on(&self, bus: &str, delivery: &Delivery) -> Result<()> {
        let now = self.store().clock_now();
        if let Some(role) = &delivery.new.role {
            let sender = Sender::of(&delivery.new.source).principal();
            let caller = self.0.iam.service_session(sender, role, "delivery")?;
            self.permit_on_bus(&caller, "events:PutEvents", bus, &Context::new())?;
        }
        let wrong = |error: serde_json::Error| {
            Error::invalid("what is sent to an event bus must be a JSON object").caused_by(error)
        };
        let event: Value = match &delivery.new.details {
            None => serde_json::from_str(&delivery.new.payload).map_err(wrong)?,
            Some(details) => {
                let parameters: BusParameters = read(details)?;
                let said = NewEvent {
                    source: parameters.source,
                    detail_type: parameters.detail_type,
                    resources: vec![delivery.new.source.clone()],
                    detail: serde_json::from_str(&delivery.new.payload).map_err(wrong)?,
                    at: None,
                };
                self.event(said, now).to_json()
            }
        };
        let was_forwarded = delivery.new.details.is_none();
        let routed = self.route(bus, &event, now, was_forwarded)?;
        let is_first = self.store().eventing_write(|rows| {
            let is_first = rows.end_delivery(delivery)?;
            if is_first {
                for delivery in &routed.deliveries {
                    rows.add_delivery(delivery)?;
                }
            }
            Ok(is_first)
        })?;
        if is_first {
            self.count_matches(&routed.matches);
        }
        Ok(())
    }
}

// A method's path is not general enough in its lifetimes.
fn next_delivery(rows: &Rows<'_>) -> Result<Option<Timestamp>> {
    rows.next_delivery()
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(at)
}

/// When an attempt that failed is made again: after 1, 2, 4 … 480 seconds.
fn pause_seconds(attempt: u32) -> i64 {
    1_i64
        .checked_shl(attempt.saturating_sub(1))
        .unwrap_or(MAX_PAUSE_SECONDS)
        .clamp(1, MAX_PAUSE_SECONDS)
}

/// When what met a target that is busy is tried again: after a second at first, after half a
/// minute at most, spread so that those who wait do not come all at once.
fn busy_pause_ms(delivery: &Delivery) -> i64 {
    let most_ms = 1000 * pause_seconds(delivery.attempt).min(MAX_BUSY_PAUSE_SECONDS);
    let some = delivery
        .new
        .id
        .bytes()
        .fold(delivery.attempt, |some, byte| {
            some.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
    most_ms / 2 + i64::from(some) % (most_ms / 2)
}

fn after_failure(rows: &Rows<'_>, delivery: &Delivery, error: &Error) -> Result<End> {
    let is_final = matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Invalid | ErrorKind::Unsupported
    );
    // Who is busy has not failed: only time runs out then.
    let is_busy = error.code() == Some(BUSY);
    let pause = if is_busy {
        SignedDuration::from_millis(busy_pause_ms(delivery))
    } else {
        SignedDuration::from_secs(pause_seconds(delivery.attempt))
    };
    let at = rows.now().saturating_add(pause).unwrap_or(rows.now());
    let is_spent = delivery.attempt >= delivery.new.max_attempts && !is_busy;
    let is_last = is_spent || at > delivery.new.expires_at;
    if is_final || is_last {
        rows.bury_delivery(delivery, error.message())?;
        Ok(End::GivenUp)
    } else {
        rows.retry_delivery(delivery, at)?;
        Ok(End::Retried)
    }
}
