//! What telemetry keeps, beside the home's database and not in it, so that logs and metrics
//! never wait for what is done to objects, nor the other way round: log events in append-only
//! segments, metrics as an hour of points a row, and the rows of groups, filters and alarms in
//! a database of their own.
//!
//! Must not know: patterns, statistics, permissions. Blocking.

mod codec;
mod logs;
mod points;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use stave_core::Result;

pub use self::logs::{
    EventKey, EventRef, LogEvent, LogQuery, MaintainedLogs, NewEvent, StreamSpan, TailCursor,
};
pub use self::points::{NewPoints, RolledPoints, SeriesKey, SeriesRow};
pub use self::rows::{
    ActionRow, AlarmKind, AlarmRow, DashboardRow, FilterRow, GroupRow, HistoryRow, Rows, StreamRow,
};
use crate::database::Database;
use crate::home::private_dir;
use crate::store::Store;

/// The file of the database.
const DATABASE: &str = "telemetry.db";

/// Everything that telemetry keeps in one home. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TelemetryStore(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    database: Database,
    logs: logs::Logs,
}

impl TelemetryStore {
    /// What telemetry keeps in the home of `store`, made if it is not there. Log events are on
    /// the disk when they are acknowledged if the store's `fsync` says so; they survive the
    /// death of the process either way.
    pub fn open(store: &Store) -> Result<Self> {
        let dir = store.home().telemetry();
        private_dir(&dir)?;
        let fsync = store.options().fsync;
        let database = Database::open(&dir.join(DATABASE), fsync, schema::STEPS)?;
        Ok(Self(Arc::new(Parts {
            store: store.clone(),
            database,
            logs: logs::Logs::new(dir.join("logs"), fsync),
        })))
    }

    /// Whether the home of `store` has telemetry.
    pub fn is_there(store: &Store) -> bool {
        store.home().telemetry().join(DATABASE).exists()
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.0.store.now()
    }

    /// 128 bits that nobody had before.
    pub fn next_id(&self) -> u128 {
        self.0.store.next_id()
    }

    fn database(&self) -> &Database {
        &self.0.database
    }
}
