//! Small writes of many threads done at once: on a disk, the flush at the end of a transaction
//! costs more than all of them, and one is enough.
//!
//! Who comes while nobody leads takes what waits and does it; the others wait for the outcome,
//! and one of those who came meanwhile leads next. Nobody is woken for what is not theirs.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use stave_core::{Error, Result};

use crate::statements::Statements as _;
use crate::transaction::Transaction;

/// What one who waits is to do.
#[derive(Debug)]
enum Turn<T> {
    Wait,
    Lead,
    Done(Result<T>),
}

/// Where one who waits is told.
#[derive(Debug)]
struct Place<T> {
    turn: Mutex<Turn<T>>,
    told: Condvar,
}

impl<T> Place<T> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            turn: Mutex::new(Turn::Wait),
            told: Condvar::new(),
        })
    }

    fn tell(&self, turn: Turn<T>) {
        *lock(&self.turn) = turn;
        self.told.notify_one();
    }

    fn wait(&self) -> Turn<T> {
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

    fn outcome(&self) -> Result<T> {
        match self.wait() {
            Turn::Done(result) => result,
            Turn::Wait | Turn::Lead => Err(Error::internal("a write was left undone")),
        }
    }
}

/// Where it is told what became of something: who drops it without a word has died.
#[derive(Debug)]
pub(crate) struct Outcome<T>(Option<Arc<Place<T>>>);

impl<T> Outcome<T> {
    /// Tells it.
    pub(crate) fn set(mut self, result: Result<T>) {
        if let Some(place) = self.0.take() {
            place.tell(Turn::Done(result));
        }
    }
}

impl<T> Drop for Outcome<T> {
    fn drop(&mut self) {
        if let Some(place) = self.0.take() {
            let error = Error::internal("a write ended before its time");
            place.tell(Turn::Done(Err(error)));
        }
    }
}

/// An outcome that somebody else waits for.
#[derive(Debug)]
pub(crate) struct Awaited<T>(Arc<Place<T>>);

impl<T> Awaited<T> {
    /// Waits until it is told.
    pub(crate) fn wait(&self) -> Result<T> {
        self.0.outcome()
    }
}

/// Where something is to be told, and where it is waited for.
pub(crate) fn awaited<T>() -> (Outcome<T>, Awaited<T>) {
    let place = Place::new();
    (Outcome(Some(Arc::clone(&place))), Awaited(place))
}

struct Waiting<J, T> {
    jobs: Vec<(J, Outcome<T>)>,
    has_leader: bool,
}

/// Jobs that wait to be done.
pub(crate) struct Together<J, T>(Mutex<Waiting<J, T>>);

impl<J, T> Default for Together<J, T> {
    fn default() -> Self {
        Self(Mutex::new(Waiting {
            jobs: Vec::new(),
            has_leader: false,
        }))
    }
}

impl<J, T> std::fmt::Debug for Together<J, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Together(…)")
    }
}

/// Lets one of those who wait lead next, also when this one panics.
struct Leading<'a, J, T>(&'a Together<J, T>);

impl<J, T> Drop for Leading<'_, J, T> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.0.0);
        let next = waiting.jobs.first();
        match next.and_then(|(_, outcome)| outcome.0.as_ref()) {
            Some(next) => next.tell(Turn::Lead),
            None => waiting.has_leader = false,
        }
    }
}

/// The jobs that a leader does.
pub(crate) struct Batch<'a, J, T>(&'a Together<J, T>);

impl<J, T> Batch<'_, J, T> {
    /// All that wait by now, and where to tell what became of them.
    pub(crate) fn take(&self) -> Vec<(J, Outcome<T>)> {
        std::mem::take(&mut lock(&self.0.0).jobs)
    }
}

impl<J: Send, T: Send> Together<J, T> {
    /// Has `job` done, by `lead` if nobody else is at it. Does `beside` meanwhile, in this
    /// thread if it has nothing else to do. Returns when the job is done.
    pub(crate) fn join_in(
        &self,
        job: J,
        beside: Option<impl FnOnce() + Send>,
        lead: impl FnOnce(&Batch<'_, J, T>),
    ) -> Result<T> {
        let place = Place::new();
        let mut waiting = lock(&self.0);
        waiting.jobs.push((job, Outcome(Some(Arc::clone(&place)))));
        let others_lead = std::mem::replace(&mut waiting.has_leader, true);
        drop(waiting);
        match beside {
            Some(beside) if others_lead => beside(),
            Some(beside) => {
                return std::thread::scope(|scope| {
                    scope.spawn(beside);
                    self.lead(&place, lead)
                });
            }
            None => {}
        }
        if others_lead && let Turn::Done(result) = place.wait() {
            return result;
        }
        self.lead(&place, lead)
    }

    fn lead(&self, place: &Place<T>, lead: impl FnOnce(&Batch<'_, J, T>)) -> Result<T> {
        let leading = Leading(self);
        lead(&Batch(self));
        drop(leading);
        place.outcome()
    }
}

/// Runs `work` in `transaction` so that nothing of it stays when it fails.
pub(crate) fn alone<T>(
    transaction: &Transaction<'_>,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    transaction.run("SAVEPOINT job", [])?;
    let result = work();
    if result.is_err() {
        transaction.run("ROLLBACK TO job", [])?;
    }
    transaction.run("RELEASE job", [])?;
    result
}

/// The same error for another one who waits.
pub(crate) fn again(error: &Error) -> Error {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use crate::schema::STEPS;

    /// Writes `jobs` in a transaction of their own.
    fn insert(database: &Database, batch: &Batch<'_, usize, usize>) {
        let mut done = Vec::new();
        database
            .write(|tx| {
                for (at, outcome) in batch.take() {
                    let made = alone(tx, || {
                        tx.run("INSERT INTO buckets VALUES (?1, 0)", [format!("b-{at}")])?;
                        if at % 4 == 0 {
                            return Err(Error::invalid("changed my mind"));
                        }
                        Ok(at)
                    });
                    done.push((outcome, made));
                }
                Ok(())
            })
            .expect("written");
        for (outcome, made) in done {
            outcome.set(made);
        }
    }

    #[test]
    fn what_is_written_together_succeeds_or_fails_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Database::open(&dir.path().join("stave.db"), true, STEPS).expect("opened");
        let together = Together::default();
        let outcomes: Vec<Result<usize>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..32)
                .map(|at| {
                    let (database, together) = (&database, &together);
                    scope.spawn(move || {
                        let (told, beside) = awaited();
                        let joined = together.join_in(
                            at,
                            (at % 2 == 0).then_some(|| told.set(Ok(()))),
                            |batch| insert(database, batch),
                        );
                        if at % 2 == 0 {
                            beside.wait().expect("done beside");
                        }
                        joined
                    })
                })
                .collect();
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.map(|outcome| outcome.expect("joined")).collect()
        });
        for (at, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(made) => assert!(made == at && at % 4 != 0),
                Err(error) => assert!(at % 4 == 0, "{error}"),
            }
        }
        let count: i64 = database
            .read(|tx| {
                let count = tx.one("SELECT count(*) FROM buckets", [], |row| row.get(0))?;
                Ok(count.unwrap_or_default())
            })
            .expect("read");
        assert_eq!(count, 24);
    }

    #[test]
    fn one_who_dies_is_told_of() {
        let together: Together<(), ()> = Together::default();
        let error = together
            .join_in((), None::<fn()>, |batch| drop(batch.take()))
            .expect_err("nobody did it");
        assert!(error.message().contains("before its time"), "{error}");
        together
            .join_in((), None::<fn()>, |batch| {
                for ((), outcome) in batch.take() {
                    outcome.set(Ok(()));
                }
            })
            .expect("the next one leads");
    }
}
