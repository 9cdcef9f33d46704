//! Finished files become objects of a bucket without versions: first their rows,
//! then the renames. What arrives at the same time goes together, in two
//! transactions for all of it: on a disk, the flush at the end of a transaction
//! costs more than all that is in it, and one is enough.

use std::path::PathBuf;

use stave_core::{BucketName, ObjectKey, Result};

#[cfg(test)]
use super::CrashPoint;
use super::LocalBuckets;
use super::commit::{Also, Held, Incoming};
use super::files::{self, Identity, Touched};
use super::index::{self, Noted, Pending};
use super::settings::versioning;
use crate::database::Durability;
use crate::objects::WriteCondition;
use crate::together::{Awaited, Batch, Outcome, again, alone, awaited};
use crate::transaction::Transaction;

/// A finished file on its way to its place. It has arrived when it is there (true), or not: the
/// bucket has come to keep versions, or the condition cannot be told yet (false).
pub(crate) struct Arrival {
    bucket: BucketName,
    key: ObjectKey,
    noted: Noted,
    identity: Identity,
    path: PathBuf,
    /// What its row is known by until it has arrived.
    pending: String,
    event: &'static str,
    condition: WriteCondition,
    also: Option<Also>,
    /// Whether its bytes are on the disk.
    flushed: Awaited<()>,
}

impl Arrival {
    fn insert(&self, tx: &Transaction<'_>) -> Result<()> {
        let pending = Pending {
            name: &self.pending,
            event: self.event,
        };
        let (bucket, key) = (&self.bucket, self.key.as_str());
        index::insert(tx, bucket, key, self.identity, &self.noted, Some(pending))
    }
}

impl LocalBuckets {
    /// Makes a finished file an object. None when it has to be tried again: the bucket has come
    /// to keep versions, or the condition cannot be told yet.
    pub(super) fn commit_plain(
        &self,
        incoming: &Incoming<'_>,
        identity: Identity,
    ) -> Result<Option<Noted>> {
        let (told, flushed) = awaited();
        let arrival = Arrival {
            bucket: incoming.bucket.clone(),
            key: incoming.key.clone(),
            noted: incoming.noted.clone(),
            identity,
            path: incoming.upload.path.clone(),
            pending: incoming.upload.pending.clone(),
            event: incoming.by.event_name(),
            condition: incoming.condition.clone(),
            also: incoming.also.clone(),
            flushed,
        };
        // The row means nothing before the rename: it may reach the disk before the bytes do.
        let flush = || told.set(self.flush(&incoming.upload.file, &incoming.upload.path));
        let lead = |batch: &Batch<'_, Arrival, bool>| self.bring_in(batch);
        let arrivals = self.store.arrivals();
        let arrived = if self.store.options().fsync {
            arrivals.join_in(arrival, Some(flush), lead)
        } else {
            flush();
            arrivals.join_in(arrival, None::<fn()>, lead)
        };
        if !matches!(arrived, Ok(true)) {
            self.forget_upload(incoming, identity);
        }
        Ok(arrived?.then(|| incoming.noted.clone()))
    }

    /// Brings in all that wait by now.
    fn bring_in(&self, batch: &Batch<'_, Arrival, bool>) {
        let mut flushed = Vec::new();
        for (arrival, outcome) in self.note_arrivals(batch) {
            match arrival.flushed.wait() {
                Ok(()) => flushed.push((arrival, outcome)),
                Err(error) => outcome.set(Err(error)),
            }
        }
        if !flushed.is_empty() {
            self.place_arrivals(flushed);
        }
    }

    /// Writes the rows; gives back whose are written.
    fn note_arrivals(&self, batch: &Batch<'_, Arrival, bool>) -> Vec<(Arrival, Outcome<bool>)> {
        let mut noted = Vec::new();
        let written = self.store.database().write(|tx| {
            noted = batch.take();
            // Nothing but the disk refuses a row, and it refuses all of them.
            let mut arrivals = noted.iter().map(|(arrival, _)| arrival);
            arrivals.try_for_each(|arrival| arrival.insert(tx))
        });
        #[cfg(test)]
        let written = written.and_then(|()| self.may_crash(CrashPoint::UploadNoted));
        let Err(error) = written else {
            return noted;
        };
        for (_, outcome) in noted.into_iter().chain(batch.take()) {
            outcome.set(Err(again(&error)));
        }
        Vec::new()
    }

    fn place_arrivals(&self, arrivals: Vec<(Arrival, Outcome<bool>)>) {
        let mut touched = Touched::default();
        let mut placed = Vec::new();
        let mut arrivals = arrivals.into_iter();
        let written = self.with_nothing_pending(Durability::Relaxed, |tx| {
            for (arrival, outcome) in arrivals.by_ref() {
                let mut place = || self.place(tx, &arrival, &mut touched);
                // Without more to write, what is refused is so before anything is written.
                let done = match &arrival.also {
                    Some(_) => alone(tx, place),
                    None => place(),
                };
                match done {
                    Ok(true) => placed.push(outcome),
                    other => outcome.set(other),
                }
            }
            Ok(())
        });
        let settled = written.and_then(|()| self.settle_files(&touched));
        let left = arrivals.map(|(_, outcome)| outcome);
        for outcome in placed.into_iter().chain(left) {
            outcome.set(match &settled {
                Ok(()) => Ok(true),
                Err(error) => Err(again(error)),
            });
        }
    }

    fn place(
        &self,
        tx: &Transaction<'_>,
        arrival: &Arrival,
        touched: &mut Touched,
    ) -> Result<bool> {
        let Arrival { bucket, key, .. } = arrival;
        let root = self.existing_root(bucket)?;
        if versioning(tx, bucket)?.is_some()
            || self.held(tx, bucket, key, &arrival.condition)? == Held::Unknown
        {
            return Ok(false);
        }
        if let Some(also) = &arrival.also {
            also(tx, &arrival.noted)?;
        }
        files::place(&root, key.as_str(), &arrival.path, touched)?;
        #[cfg(test)]
        self.may_crash(CrashPoint::UploadPlaced)?;
        let (key, identity) = (key.as_str(), arrival.identity);
        if index::settle_row(tx, bucket, key, identity)? {
            self.record_arrival(tx, arrival.event, (bucket, key), identity, &arrival.noted)?;
        }
        Ok(true)
    }

    /// Removes the row of an upload that did not become an object. What fails here is swept later.
    fn forget_upload(&self, incoming: &Incoming<'_>, identity: Identity) {
        #[cfg(test)]
        if self.store.crash_point().is_some() {
            return; // The dead clean up nothing.
        }
        let root = self.store.home().bucket(incoming.bucket);
        let in_place = files::locate(&root, incoming.key.as_str())
            .is_ok_and(|found| found.is_some_and(|found| found.identity == identity));
        if !in_place {
            let _ = self
                .store
                .database()
                .write_relaxed(|tx| index::forget_pending(tx, &incoming.upload.pending));
        }
    }
}
