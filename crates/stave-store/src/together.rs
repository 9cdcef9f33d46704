//! Small writes of many threads in one transaction: on a disk, the flush at its end costs more
//! than all of them, and one is enough.
//!
//! Who comes while nobody leads takes what waits and writes it; the others wait for the outcome,
//! and one of those who came meanwhile leads next. Nobody is woken for what is not theirs.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Transaction;
use stave_core::{Error, Result};

use crate::faults::SqlContext;

/// A small write, and what it notes for the end of the transaction.
pub(crate) type Job<C> = Box<dyn FnOnce(&Transaction<'_>, &mut C) -> Result<()> + Send>;

/// What one who waits is to do.
#[derive(Debug)]
enum Turn {
    Wait,
    Lead,
    Done(Result<()>),
}

/// Where one who waits is told.
#[derive(Debug)]
struct Place {
    turn: Mutex<Turn>,
    told: Condvar,
}

impl Place {
    fn tell(&self, turn: Turn) {
        *lock(&self.turn) = turn;
        self.told.notify_one();
    }

    fn wait(&self) -> Turn {
        let mut turn = lock(&self.turn);
        loop {
            match std::mem::replace(&mut *turn, Turn::Wait) {
                Turn::Wait => {
                    turn = self.told.wait(turn).unwrap_or_else(PoisonError::into_inner);
                }
                other => return other,
            }
        }
    }
}

/// A job's end of its place: who drops it without a word has died.
#[derive(Debug)]
struct Outcome(Option<Arc<Place>>);

impl Outcome {
    fn set(mut self, result: Result<()>) {
        if let Some(place) = self.0.take() {
            place.tell(Turn::Done(result));
        }
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if let Some(place) = self.0.take() {
            let error = Error::internal("a write ended before its time");
            place.tell(Turn::Done(Err(error)));
        }
    }
}

struct Waiting<C> {
    jobs: Vec<(Job<C>, Outcome)>,
    has_leader: bool,
}

/// Jobs that wait to be written.
pub(crate) struct Together<C>(Mutex<Waiting<C>>);

impl<C> Default for Together<C> {
    fn default() -> Self {
        Self(Mutex::new(Waiting {
            jobs: Vec::new(),
            has_leader: false,
        }))
    }
}

impl<C> std::fmt::Debug for Together<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Together(…)")
    }
}

/// Lets one of those who wait lead next, also when this one panics.
struct Leading<'a, C>(&'a Together<C>);

impl<C> Drop for Leading<'_, C> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.0.0);
        let next = waiting.jobs.first();
        match next.and_then(|(_, outcome)| outcome.0.as_ref()) {
            Some(next) => next.tell(Turn::Lead),
            None => waiting.has_leader = false,
        }
    }
}

/// The jobs that a leader writes.
pub(crate) struct Batch<'a, C>(&'a Together<C>);

/// Jobs that have run, and wait for the commit.
#[derive(Debug, Default)]
pub(crate) struct Ran(Vec<Outcome>);

impl Ran {
    /// Tells what became of them.
    pub(crate) fn tell(self, committed: &Result<()>) {
        for outcome in self.0 {
            outcome.set(match committed {
                Ok(()) => Ok(()),
                Err(error) => Err(again(error)),
            });
        }
    }
}

impl<C> Batch<'_, C> {
    /// All that wait by now.
    fn take(&self) -> Vec<(Job<C>, Outcome)> {
        std::mem::take(&mut lock(&self.0.0).jobs)
    }

    /// Runs all jobs that wait by now in `transaction`, each wholly or not at all.
    pub(crate) fn run(&self, transaction: &Transaction<'_>, noted: &mut C) -> Ran {
        let mut ran = Ran::default();
        for (job, outcome) in self.take() {
            match alone(transaction, job, noted) {
                Ok(()) => ran.0.push(outcome),
                Err(error) => outcome.set(Err(error)),
            }
        }
        ran
    }

    /// Tells all jobs that wait by now that they could not begin.
    pub(crate) fn fail(&self, error: &Error) {
        for (_, outcome) in self.take() {
            outcome.set(Err(again(error)));
        }
    }
}

impl<C> Together<C> {
    /// Has `job` written, by `lead` if nobody else is at it. Returns when it is written.
    pub(crate) fn write(&self, job: Job<C>, lead: impl FnOnce(&Batch<'_, C>)) -> Result<()> {
        let place = Arc::new(Place {
            turn: Mutex::new(Turn::Wait),
            told: Condvar::new(),
        });
        let mut waiting = lock(&self.0);
        waiting.jobs.push((job, Outcome(Some(Arc::clone(&place)))));
        let others_lead = std::mem::replace(&mut waiting.has_leader, true);
        drop(waiting);
        if others_lead && let Turn::Done(result) = place.wait() {
            return result;
        }
        let leading = Leading(self);
        lead(&Batch(self));
        drop(leading);
        match place.wait() {
            Turn::Done(result) => result,
            Turn::Wait | Turn::Lead => Err(Error::internal("a write was left undone")),
        }
    }
}

/// Runs a job so that nothing of it stays when it fails.
fn alone<C>(transaction: &Transaction<'_>, job: Job<C>, noted: &mut C) -> Result<()> {
    transaction.execute_batch("SAVEPOINT job").sql()?;
    let result = job(transaction, noted);
    let end = match result {
        Ok(()) => "RELEASE job",
        Err(_) => "ROLLBACK TO job; RELEASE job",
    };
    transaction.execute_batch(end).sql()?;
    result
}

/// The same error for another one who waits.
fn again(error: &Error) -> Error {
    let same = Error::new(error.kind(), error.message());
    let same = match error.hint_text() {
        Some(hint) => same.hint(hint),
        None => same,
    };
    match error.code() {
        Some(code) => same.coded(code),
        None => same,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
