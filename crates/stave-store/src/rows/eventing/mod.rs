//! The rows of rules and schedules: their documents, when they are due, and what is on its way
//! to their targets.
//!
//! What must hold together (a firing and what it sends, events and the position in the outbox
//! up to which they are sent) is the service's: so here a transaction is handed out
//! ([`Store::eventing_read`], [`Store::eventing_write`]), with functions of one row or list.

mod deliveries;
mod documents;
#[cfg(test)]
mod tests;
mod timers;

use jiff::Timestamp;
use stave_core::Result;

pub use self::deliveries::{DeadLetter, Delivery, NewDelivery};
pub use self::documents::{Document, Kind};
pub use self::timers::Timer;
use crate::store::Store;
use crate::transaction::Transaction;

/// The rows, within a transaction.
#[derive(Debug)]
pub struct Rows<'a> {
    tx: &'a Transaction<'a>,
    now: Timestamp,
}

impl Store {
    /// Runs `work` on one unchanging view.
    pub fn eventing_read<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().read(|tx| work(&Rows { tx, now }))
    }

    /// Runs `work` alone among all processes; all of it is kept, on the disk, or nothing.
    pub fn eventing_write<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().write(|tx| work(&Rows { tx, now }))
    }

    /// As [`Self::eventing_write`], for what a loss of power may undo: that something was taken
    /// or has arrived. It is then delivered again.
    pub fn eventing_note<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.database().write_relaxed(|tx| work(&Rows { tx, now }))
    }

    /// 128 bits that nobody had before, for the ids of events.
    pub fn event_id(&self) -> u128 {
        self.next_id()
    }

    /// The present moment, by the clock of the home.
    pub fn clock_now(&self) -> Timestamp {
        self.now()
    }
}

impl Rows<'_> {
    /// The moment of the transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Notes that `consumer` is done with the object events `first` to `last`, if that is still
    /// to be noted: `false` says that somebody else has done the same.
    pub fn pass_object_events(&self, consumer: &str, first: u64, last: u64) -> Result<bool> {
        super::events::pass(self.tx, consumer, first, last)
    }
}
