//! Small writes of many done at once: on a disk, the flush at the end of a transaction
//! costs more than all of them, and one is enough.
//!
//! Who comes while nobody leads has to see to it that somebody does, until nothing waits. Nobody's
//! thread waits for the outcome, and nobody is woken for what is not theirs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;
use futures::executor::block_on;
use stave_core::{Error, Result};

use crate::statements::Statements as _;
use crate::transaction::Transaction;

/// Where it is told what became of something: who drops it without a word has died.
#[derive(Debug)]
pub(crate) struct Outcome<T>(oneshot::Sender<Result<T>>);

impl<T> Outcome<T> {
    /// Tells it.
    pub(crate) fn set(self, result: Result<T>) {
        // Who asked may have gone.
        let _ = self.0.send(result);
    }
}

/// An outcome that somebody waits for.
#[derive(Debug)]
pub(crate) struct Awaited<T>(oneshot::Receiver<Result<T>>);

impl<T> Awaited<T> {
    /// Comes when it is told, once.
    pub(crate) async fn told(&mut self) -> Result<T> {
        let told = (&mut self.0).await;
        told.unwrap_or_else(|_| Err(Error::internal("a write ended before its time")))
    }

    /// Waits until it is told, once. Blocking.
    pub(crate) fn wait(&mut self) -> Result<T> {
        block_on(self.told())
    }
}

/// Where something is to be told, and where it is waited for.
pub(crate) fn awaited<T>() -> (Outcome<T>, Awaited<T>) {
    let (sender, receiver) = oneshot::channel();
    (Outcome(sender), Awaited(receiver))
}

/// What is known already.
pub(crate) fn known<T>(result: Result<T>) -> Awaited<T> {
    let (outcome, awaited) = awaited();
    outcome.set(result);
    awaited
}

struct Waiting<J, T> {
    jobs: Vec<(J, Outcome<T>)>,
    has_leader: bool,
}

/// Jobs that wait to be done.
pub(crate) struct Together<J, T>(Arc<Mutex<Waiting<J, T>>>);

impl<J, T> std::fmt::Debug for Together<J, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Together(…)")
    }
}

impl<J, T> Default for Together<J, T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Waiting {
            jobs: Vec::new(),
            has_leader: false,
        })))
    }
}

impl<J, T> Together<J, T> {
    /// Has `job` done. Hands out the lead if nobody has it.
    pub(crate) fn join(&self, job: J) -> (Awaited<T>, Option<Lead<J, T>>) {
        let (outcome, awaited) = awaited();
        let mut waiting = lock(&self.0);
        waiting.jobs.push((job, outcome));
        let others_lead = std::mem::replace(&mut waiting.has_leader, true);
        let lead = (!others_lead).then(|| Lead(Some(Arc::clone(&self.0))));
        (awaited, lead)
    }
}

/// The lead: whose it is does what waits. Who drops it has died, and what waits with it.
pub(crate) struct Lead<J, T>(Option<Arc<Mutex<Waiting<J, T>>>>);

impl<J, T> Lead<J, T> {
    /// All that wait by now, and where to tell what became of them.
    pub(crate) fn take(&self) -> Vec<(J, Outcome<T>)> {
        let waiting = self.0.as_deref().map(lock);
        waiting.map_or_else(Vec::new, |mut waiting| std::mem::take(&mut waiting.jobs))
    }

    /// Gives up the lead, unless more waits.
    pub(crate) fn unless_done(mut self) -> Option<Self> {
        let together = self.0.take()?;
        let mut waiting = lock(&together);
        waiting.has_leader = !waiting.jobs.is_empty();
        let goes_on = waiting.has_leader;
        drop(waiting);
        self.0 = goes_on.then_some(together);
        goes_on.then_some(self)
    }
}

impl<J, T> Drop for Lead<J, T> {
    fn drop(&mut self) {
        if let Some(together) = &self.0 {
            let mut waiting = lock(together);
            waiting.has_leader = false;
            let left = std::mem::take(&mut waiting.jobs);
            drop(waiting);
            drop(left);
        }
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

    /// Writes what waits in transactions of their own.
    fn insert(database: &Database, mut lead: Lead<usize, usize>) {
        loop {
            let mut done = Vec::new();
            database
                .write(|tx| {
                    for (at, outcome) in lead.take() {
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
            match lead.unless_done() {
                Some(same) => lead = same,
                None => return,
            }
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
                        let (mut made, lead) = together.join(at);
                        if let Some(lead) = lead {
                            insert(database, lead);
                        }
                        made.wait()
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
    fn who_waits_for_one_who_dies_is_told() {
        let together: Together<u8, u8> = Together::default();
        let (first, lead) = together.join(1);
        let (second, none) = together.join(2);
        assert!(none.is_none());
        drop(lead);
        for mut left in [first, second] {
            let error = left.wait().expect_err("nobody did it");
            assert!(error.message().contains("before its time"), "{error}");
        }
        let (mut next, lead) = together.join(3);
        let lead = lead.expect("nobody leads");
        for (job, outcome) in lead.take() {
            outcome.set(Ok(job));
        }
        assert_eq!(next.wait().expect("done"), 3);
        assert!(lead.unless_done().is_none());
        assert!(together.join(4).1.is_some());
    }

    #[test]
    fn nobody_is_left_out_who_comes_while_the_lead_is_given_up() {
        let together: Together<usize, usize> = Together::default();
        std::thread::scope(|scope| {
            for client in 0..8 {
                let together = &together;
                scope.spawn(move || {
                    for round in 0..20_000 {
                        let (mut done, mut lead) = together.join(client + round);
                        while let Some(leading) = lead.take() {
                            for (job, outcome) in leading.take() {
                                outcome.set(Ok(job));
                            }
                            lead = leading.unless_done();
                        }
                        assert_eq!(done.wait().expect("done"), client + round);
                    }
                });
            }
        });
    }

    #[test]
    fn the_lead_is_kept_while_more_waits_and_when_nobody_listens() {
        let together: Together<u8, u8> = Together::default();
        let (gone, lead) = together.join(1);
        drop(gone);
        let lead = lead.expect("nobody leads");
        for (job, outcome) in lead.take() {
            outcome.set(Ok(job));
        }
        let (_late, none) = together.join(2);
        assert!(none.is_none());
        let lead = lead.unless_done().expect("more waits");
        assert_eq!(lead.take().len(), 1);
        assert!(lead.unless_done().is_none());
    }
}
