//! The rows of telemetry: log groups, streams and filters, alarms with their history and what
//! they are to do, dashboards.
//!
//! Rules of several rows are the service's, so a transaction is handed out
//! ([`TelemetryStore::read`], [`TelemetryStore::write`]) with functions of one row or list.

mod alarms;
mod dashboards;
mod logs;

use rusqlite::{OptionalExtension as _, Transaction};
use stave_core::Result;

pub use self::alarms::{ActionRow, AlarmKind, AlarmRow, HistoryRow};
pub use self::dashboards::DashboardRow;
pub use self::logs::{FilterRow, GroupRow, StreamRow};
use super::TelemetryStore;
use crate::faults::SqlContext;

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

impl Rows<'_> {
    fn list<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.tx.prepare_cached(sql).sql()?;
        let rows = statement.query_map(parameters, read).sql()?;
        rows.collect::<rusqlite::Result<_>>().sql()
    }

    fn one<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.tx.prepare_cached(sql).sql()?;
        statement.query_row(parameters, read).optional().sql()
    }

    /// Runs a statement; says how many rows it touched.
    fn run(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<usize> {
        let mut statement = self.tx.prepare_cached(sql).sql()?;
        statement.execute(parameters).sql()
    }
}

/// The text that all texts beginning with `prefix` come before.
fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}
