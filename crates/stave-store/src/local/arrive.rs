//! Finished files become objects of a bucket without versions: first their rows,
//! then the renames. What arrives at the same time goes together, in two
//! transactions for all of it: on a disk, the flush at the end of a transaction
//! costs more than all that is in it, and one is enough.

use std::sync::Arc;

use stave_core::Result;

#[cfg(test)]
use super::CrashPoint;
use super::LocalBuckets;
use super::commit::{Held, Incoming};
use super::files::{self, Identity, Touched};
use super::index::{self, Pending};
use super::settings::versioning;
use crate::database::Durability;
use crate::together::{Awaited, Lead, Outcome, again, alone, awaited};
use crate::transaction::Transaction;

/// A finished file on its way to its place. It has arrived when it is there (true), or not: the
/// bucket has come to keep versions, or the condition cannot be told yet (false).
pub(crate) struct Arrival {
    incoming: Arc<Incoming>,
    identity: Identity,
    /// Whether its bytes are on the disk.
    flushed: Awaited<()>,
}

/// What became of arrivals, to be told.
type Settled = Vec<(Outcome<bool>, Result<bool>)>;

fn tell(settled: Settled) {
    for (outcome, result) in settled {
        outcome.set(result);
    }
}

impl Arrival {
    fn insert(&self, tx: &Transaction<'_>) -> Result<()> {
        let incoming = &self.incoming;
        let pending = Pending {
            name: &incoming.upload.pending,
            event: incoming.by.event_name(),
        };
        let (bucket, key) = (&incoming.bucket, incoming.key.as_str());
        index::insert(
            tx,
            bucket,
            key,
            self.identity,
            &incoming.noted,
            Some(pending),
        )
    }
}

impl LocalBuckets {
    /// Sends a finished file to its place. It has to be tried again when it has not arrived.
    /// Blocking.
    pub(super) fn arrive(&self, incoming: &Arc<Incoming>, identity: Identity) -> Awaited<bool> {
        let (told, flushed) = awaited();
        let arrival = Arrival {
            incoming: Arc::clone(incoming),
            identity,
            flushed,
        };
        let arrivals = self.store.arrivals();
        let flush = || told.set(self.flush(&incoming.upload.file, &incoming.upload.path));
        if self.store.options().fsync {
            // The row means nothing before the rename: it may reach the disk before the bytes do.
            let (arrived, lead) = arrivals.join(arrival);
            self.bring_in_apart(lead);
            flush();
            return arrived;
        }
        flush();
        let (arrived, lead) = arrivals.join(arrival);
        if let Some(lead) = lead {
            let (settled, lead) = self.bring_in(lead);
            tell(settled);
            self.bring_in_apart(lead);
        }
        arrived
    }

    /// Brings in what waits until nothing does, in a thread of its own: all of those that may
    /// block can be waiting for this.
    fn bring_in_apart(&self, lead: Option<Lead<Arrival, bool>>) {
        let Some(lead) = lead else {
            return;
        };
        let thread = std::thread::Builder::new().name("stave-arrivals".to_owned());
        let buckets = self.clone();
        // Where there are no more threads, who waits is told by the end of the lead.
        let _ = thread.spawn(move || {
            let (mut settled, mut lead) = buckets.bring_in(lead);
            while let Some(leading) = lead {
                tell(settled);
                (settled, lead) = buckets.bring_in(leading);
            }
            // Who is told last may end the process, and then cleans up only what nobody holds.
            drop(buckets);
            tell(settled);
        });
    }

    /// Brings in all that wait by now. Gives back what is to be told then, and the lead when more
    /// wait.
    fn bring_in(&self, lead: Lead<Arrival, bool>) -> (Settled, Option<Lead<Arrival, bool>>) {
        let mut settled = Settled::new();
        let mut flushed = Vec::new();
        for (mut arrival, outcome) in self.note_arrivals(&lead, &mut settled) {
            match arrival.flushed.wait() {
                Ok(()) => flushed.push((arrival, outcome)),
                Err(error) => {
                    self.forget(&arrival);
                    settled.push((outcome, Err(error)));
                }
            }
        }
        if !flushed.is_empty() {
            self.place_arrivals(flushed, &mut settled);
        }
        (settled, lead.unless_done())
    }

    /// Writes the rows; gives back whose are written.
    fn note_arrivals(
        &self,
        lead: &Lead<Arrival, bool>,
        settled: &mut Settled,
    ) -> Vec<(Arrival, Outcome<bool>)> {
        let mut noted = Vec::new();
        let written = self.store.database().write(|tx| {
            noted = lead.take();
            // Nothing but the disk refuses a row, and it refuses all of them.
            let mut arrivals = noted.iter().map(|(arrival, _)| arrival);
            arrivals.try_for_each(|arrival| arrival.insert(tx))
        });
        #[cfg(test)]
        let written = written.and_then(|()| self.may_crash(CrashPoint::UploadNoted));
        let Err(error) = written else {
            return noted;
        };
        let all = noted.into_iter().chain(lead.take());
        settled.extend(all.map(|(_, outcome)| (outcome, Err(again(&error)))));
        Vec::new()
    }

    fn place_arrivals(&self, arrivals: Vec<(Arrival, Outcome<bool>)>, settled: &mut Settled) {
        let mut touched = Touched::default();
        let mut done = Vec::new();
        let mut arrivals = arrivals.into_iter();
        let written = self.with_nothing_pending(Durability::Relaxed, |tx| {
            for (arrival, outcome) in arrivals.by_ref() {
                let mut place = || self.place(tx, &arrival, &mut touched);
                // Without more to write, what is refused is so before anything is written.
                let placed = match &arrival.incoming.also {
                    Some(_) => alone(tx, place),
                    None => place(),
                };
                done.push((arrival, outcome, placed));
            }
            Ok(())
        });
        let written = written.and_then(|()| self.settle_files(&touched));
        let left = arrivals.map(|(arrival, outcome)| (arrival, outcome, Ok(true)));
        for (arrival, outcome, placed) in done.into_iter().chain(left) {
            let placed = match &written {
                Err(error) if placed.is_ok() => Err(again(error)),
                _ => placed,
            };
            if !matches!(placed, Ok(true)) {
                self.forget(&arrival);
            }
            settled.push((outcome, placed));
        }
    }

    fn place(
        &self,
        tx: &Transaction<'_>,
        arrival: &Arrival,
        touched: &mut Touched,
    ) -> Result<bool> {
        let Incoming {
            upload,
            bucket,
            key,
            noted,
            ..
        } = &*arrival.incoming;
        let root = self.existing_root(bucket)?;
        if versioning(tx, bucket)?.is_some()
            || self.held(tx, bucket, key, &arrival.incoming.condition)? == Held::Unknown
        {
            return Ok(false);
        }
        if let Some(also) = &arrival.incoming.also {
            also(tx, noted)?;
        }
        files::place(&root, key.as_str(), &upload.path, touched)?;
        upload.note_moved();
        #[cfg(test)]
        self.may_crash(CrashPoint::UploadPlaced)?;
        let (key, identity) = (key.as_str(), arrival.identity);
        if index::settle_row(tx, bucket, key, identity)? {
            let event = arrival.incoming.by.event_name();
            self.record_arrival(tx, event, (bucket, key), identity, noted)?;
        }
        Ok(true)
    }

    /// Removes the row of an upload that did not become an object. What fails here is swept later.
    fn forget(&self, arrival: &Arrival) {
        #[cfg(test)]
        if self.store.crash_point().is_some() {
            return; // The dead clean up nothing.
        }
        let incoming = &arrival.incoming;
        let root = self.store.home().bucket(&incoming.bucket);
        let in_place = files::locate(&root, incoming.key.as_str())
            .is_ok_and(|found| found.is_some_and(|found| found.identity == arrival.identity));
        if !in_place {
            let database = self.store.database();
            let _ =
                database.write_relaxed(|tx| index::forget_pending(tx, &incoming.upload.pending));
        }
    }
}
