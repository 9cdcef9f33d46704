//! Who runs, and which environments wait for the next event.
//!
//! What is counted is what this process runs: two servers on one home each have the account's
//! concurrency.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stave_core::Result;

use super::Functions;
use super::environment::Environment;
use super::errors::{ThrottleReason, throttled};

/// What an environment was made for: it serves nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub function: String,
    pub version: String,
    pub revision: String,
}

#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    running: HashMap<String, u32>,
    /// How many of those that run have no reservation.
    unreserved: u32,
    /// Functions of which as many run as may.
    full: HashSet<String>,
    /// The one that was used last is at the end.
    idle: Vec<Idle>,
}

#[derive(Debug)]
struct Idle {
    key: Key,
    environment: Environment,
    since: Instant,
}

/// The right to run one event; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    functions: Functions,
    function: String,
    is_reserved: bool,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.functions.0.pool.state();
        if let Some(running) = state.running.get_mut(&self.function) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                state.running.remove(&self.function);
            }
        }
        if self.is_reserved {
            state.full.remove(&self.function);
        } else {
            state.unreserved = state.unreserved.saturating_sub(1);
            // Whoever had to wait for the account, had to wait for this.
            state.full.clear();
        }
        drop(state);
        self.functions.0.queued.notify_one();
    }
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The functions of which as many run as may.
    pub fn full(&self) -> Vec<String> {
        self.state().full.iter().cloned().collect()
    }

    /// How many of a function run.
    pub fn running(&self, function: &str) -> u32 {
        self.state()
            .running
            .get(function)
            .copied()
            .unwrap_or_default()
    }

    /// An environment that waits for such an event; those of other revisions are let go.
    pub fn take(&self, key: &Key) -> Option<Environment> {
        let mut gone = Vec::new();
        let mut state = self.state();
        let mut at = 0;
        while at < state.idle.len() {
            let other = &state.idle[at].key;
            let is_old = other.function == key.function
                && other.version == key.version
                && other.revision != key.revision;
            if is_old {
                gone.push(state.idle.remove(at));
            } else {
                at += 1;
            }
        }
        let at = state.idle.iter().rposition(|idle| idle.key == *key)?;
        let found = state.idle.remove(at).environment;
        drop(state);
        drop(gone);
        Some(found)
    }

    /// Keeps an environment for the next event; of too many the oldest goes.
    pub fn give_back(&self, key: Key, environment: Environment, max: usize) {
        let since = Instant::now();
        let mut state = self.state();
        state.idle.push(Idle {
            key,
            environment,
            since,
        });
        let over = state.idle.len().saturating_sub(max);
        let gone: Vec<Idle> = state.idle.drain(..over).collect();
        drop(state);
        drop(gone);
    }

    /// Lets go of the environments of a function that wait.
    pub fn retire(&self, function: &str) {
        self.let_go(|idle| idle.key.function == function);
    }

    /// Lets go of the environments that have waited for `patience`.
    pub fn retire_idle(&self, patience: Duration) {
        self.let_go(|idle| idle.since.elapsed() >= patience);
    }

    fn let_go(&self, which: impl Fn(&Idle) -> bool) {
        let mut state = self.state();
        let (gone, kept) = std::mem::take(&mut state.idle)
            .into_iter()
            .partition::<Vec<_>, _>(which);
        state.idle = kept;
        drop(state);
        // Their processes end outside of the lock.
        drop(gone);
    }
}

impl Functions {
    /// The right to run one event of a function of which `reserved` may run, or which shares
    /// `unreserved` with all others.
    pub(super) fn admit(
        &self,
        function: &str,
        reserved: Option<u32>,
        unreserved: u32,
    ) -> Result<Slot> {
        let mut state = self.0.pool.state();
        let running = state.running.get(function).copied().unwrap_or_default();
        let reason = match reserved {
            Some(reserved) if running >= reserved => {
                Some(ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded)
            }
            None if state.unreserved >= unreserved => {
                Some(ThrottleReason::ConcurrentInvocationLimitExceeded)
            }
            _ => None,
        };
        if let Some(reason) = reason {
            state.full.insert(function.to_owned());
            return Err(throttled(reason));
        }
        *state.running.entry(function.to_owned()).or_default() += 1;
        if reserved.is_none() {
            state.unreserved += 1;
        }
        drop(state);
        Ok(Slot {
            functions: self.clone(),
            function: function.to_owned(),
            is_reserved: reserved.is_some(),
        })
    }
}
