//! Where the present moment comes from, and how one waits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

/// A source of the present moment that can also be waited on.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;

    /// Returns once `length` has passed on this clock.
    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()>;
}

/// A clock that stands still until it is moved or slept on: a sleep moves it
/// forward at once and is written down.
#[derive(Debug)]
pub struct ManualClock {
    at: Mutex<Timestamp>,
    slept: Mutex<Vec<Duration>>,
}

impl ManualClock {
    /// A clock that stands at `at`.
    pub fn new(at: Timestamp) -> Self {
        Self {
            at: Mutex::new(at),
            slept: Mutex::new(Vec::new()),
        }
    }

    /// Moves the clock to `at`.
    pub fn set(&self, at: Timestamp) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// Moves the clock forward; stops at the end of time.
    pub fn advance(&self, length: Duration) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        *at = later(*at, length);
    }

    /// Every wait so far, in order.
    pub fn slept(&self) -> Vec<Duration> {
        self.slept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()> {
        self.advance(length);
        self.slept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(length);
        Box::pin(std::future::ready(()))
    }
}

/// `at` plus `length`, no later than the end of time.
pub(crate) fn later(at: Timestamp, length: Duration) -> Timestamp {
    SignedDuration::try_from(length)
        .ok()
        .and_then(|length| at.checked_add(length).ok())
        .unwrap_or(Timestamp::MAX)
}
