//! Small writes of many threads in one transaction: on a disk, the flush at its end costs more
//! than all of them, and one is enough.
//!
//! Who comes while nobody leads takes what waits and writes it; the others wait for the outcome.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Transaction;
use stave_core::{Error, Result};

/// A small write.
pub(crate) type Job = Box<dyn FnOnce(&Transaction<'_>) -> Result<()> + Send>;

/// What became of a job, once it is known.
#[derive(Debug, Clone, Default)]
struct Outcome(Arc<Mutex<Option<Result<()>>>>);

impl Outcome {
    fn set(&self, result: Result<()>) {
        *lock(&self.0) = Some(result);
    }

    fn take(&self) -> Option<Result<()>> {
        lock(&self.0).take()
    }
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<(Job, Outcome)>,
    has_leader: bool,
}

/// Jobs that wait to be written.
#[derive(Default)]
pub(crate) struct Together {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl std::fmt::Debug for Together {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Together(…)")
    }
}

/// Lets the next one lead, also when this one panics.
struct Leading<'a>(&'a Together);

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        lock(&self.0.waiting).has_leader = false;
        self.0.changed.notify_all();
    }
}

/// The jobs that a leader writes.
pub(crate) struct Batch<'a>(&'a Together);

impl Batch<'_> {
    /// All that wait by now.
    fn take(&self) -> Vec<(Job, Outcome)> {
        std::mem::take(&mut lock(&self.0.waiting).jobs)
    }

    /// Runs all jobs that wait by now in `transaction`, each wholly or not at all; says what
    /// became of them once `commit` has succeeded.
    pub(crate) fn run<'t>(
        &self,
        mut transaction: Transaction<'t>,
        commit: impl FnOnce(Transaction<'t>) -> Result<()>,
    ) {
        let mut done = Vec::new();
        for (job, outcome) in self.take() {
            match alone(&mut transaction, job) {
                Ok(()) => done.push(outcome),
                Err(error) => outcome.set(Err(error)),
            }
        }
        let committed = commit(transaction);
        for outcome in done {
            outcome.set(match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(again(error)),
            });
        }
    }

    /// Tells all jobs that wait by now that they could not begin.
    pub(crate) fn fail(&self, error: &Error) {
        for (_, outcome) in self.take() {
            outcome.set(Err(again(error)));
        }
    }
}

impl Together {
    /// Has `job` written, by `lead` if nobody else is at it. Returns when it is written.
    pub(crate) fn write(&self, job: Job, lead: impl FnOnce(&Batch<'_>)) -> Result<()> {
        let outcome = Outcome::default();
        let mut waiting = lock(&self.waiting);
        waiting.jobs.push((job, outcome.clone()));
        while waiting.has_leader {
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = outcome.take() {
                return result;
            }
        }
        waiting.has_leader = true;
        drop(waiting);
        let leading = Leading(self);
        lead(&Batch(self));
        drop(leading);
        outcome
            .take()
            .unwrap_or_else(|| Err(Error::internal("a write ended before its time")))
    }
}

/// Runs a job so that nothing of it stays when it fails.
fn alone(transaction: &mut Transaction<'_>, job: Job) -> Result<()> {
    use crate::faults::SqlContext;
    transaction.execute_batch("SAVEPOINT job").sql()?;
    let result = job(transaction);
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
