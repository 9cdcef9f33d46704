//! The rows of telemetry: log groups, streams and filters, alarms with their history and what
//! they are to do, dashboards.
//!
//! Rules of several rows are the service's, so a transaction is handed out
//! ([`TelemetryStore::read`], [`TelemetryStore::write`]) with functions of one row or list.

mod alarms;
mod dashboards;
mod logs;

use stave_core::Result;

pub use self::alarms::{ActionRow, AlarmKind, AlarmRow, HistoryRow};
pub use self::dashboards::DashboardRow;
pub use self::logs::{FilterRow, GroupRow, StreamRow};
use super::TelemetryStore;
use crate::transaction::Transaction;

/// Telemetry's rows, within a transaction.
#[derive(Debug)]
pub struct Rows<'a> {
    tx: &'a Transaction<'a>,
}

impl TelemetryStore {
    /// Runs `work` on one unchanging view.
    pub fn read<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        self.database().read(|tx| work(&Rows { tx }))
    }

    /// Runs `work` alone among all processes; all of it is kept or nothing.
    pub fn write<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        self.database().write(|tx| work(&Rows { tx }))
    }
}
