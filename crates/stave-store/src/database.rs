//! The SQLite database: opening it, bringing it up to date, and transactions.
//! Knows no table.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use stave_core::{Error, Result};

use crate::faults::{IoContext, SqlContext};
use crate::transaction::{Locking, Transaction};

/// The steps that bring a database of some kind up to date, each by one version.
pub(crate) type Steps = &'static [&'static str];

/// How long a process waits for another one's write.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);
/// How many pages are written before they are moved from the log to the database, which flushes
/// both: 16 MiB, which cost whoever comes first after a crash some 20 ms.
const CHECKPOINT_PAGES: i64 = 4096;
/// Connections kept for reading; more are opened when needed and closed after.
const IDLE_READERS: usize = 16;

/// What a write costs and promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// On the disk when the transaction returns.
    Durable,
    /// Survives the death of the process, not that of the machine.
    Relaxed,
}

/// The connection that writes, and what its commits promise by now.
#[derive(Debug)]
struct Writer {
    connection: Connection,
    synchronous: Option<&'static str>,
}

/// One writer and a few readers on one database file.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    fsync: bool,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens the database at `path`, made or brought up to date if need be.
    pub(crate) fn open(path: &Path, fsync: bool, steps: Steps) -> Result<Self> {
        let mut writer = connect(path)?;
        if !is_current(&writer, steps)? {
            bring_up(&mut writer, path, steps)?;
        }
        writer.pragma_update(None, "foreign_keys", true).sql()?;
        writer
            .pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))
            .sql()?;
        Ok(Self {
            path: path.to_owned(),
            fsync,
            writer: Mutex::new(Writer {
                connection: writer,
                synchronous: None,
            }),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// Runs `work` on one unchanging view of the database.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.with_reader(|connection| work(&Transaction::begin(connection, Locking::Deferred)?))
    }

    /// As [`Self::read`], for work of a single statement, which sees one state by itself. It must
    /// not come back here.
    pub(crate) fn glance<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        // The one that writes knows what is there; the others read anew what it has changed.
        match self.writer.try_lock() {
            Ok(writer) => work(&writer.connection),
            Err(_) => self.with_reader(|connection| work(connection)),
        }
    }

    /// Whether nobody of this process writes at the moment.
    pub(crate) fn is_free(&self) -> bool {
        self.writer.try_lock().is_ok()
    }

    fn with_reader<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let idle = lock(&self.readers).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect_reader()?,
        };
        let result = work(&mut connection);
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        result
    }

    /// Runs `work` alone among all processes; all of it is kept, on the disk, or nothing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.transact(Durability::Durable, work)
    }

    /// As [`Self::write`], for what can be found out again after a loss of power.
    pub(crate) fn write_relaxed<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.transact(Durability::Relaxed, work)
    }

    /// As [`Self::write`], as durable as asked for.
    pub(crate) fn transact<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut writer = lock(&self.writer);
        let transaction = self.begin(&mut writer, durability)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    fn begin<'a>(&self, writer: &'a mut Writer, durability: Durability) -> Result<Transaction<'a>> {
        let level = if self.fsync && durability == Durability::Durable {
            "FULL"
        } else {
            "NORMAL"
        };
        let connection = &mut writer.connection;
        if writer.synchronous != Some(level) {
            writer.synchronous = None;
            connection.pragma_update(None, "synchronous", level).sql()?;
            writer.synchronous = Some(level);
        }
        Transaction::begin(connection, Locking::Immediate)
    }

    fn connect_reader(&self) -> Result<Connection> {
        let connection = connect(&self.path)?;
        connection.pragma_update(None, "query_only", true).sql()?;
        Ok(connection)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A transaction that panicked has been rolled back: the connection is as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).sql()?;
    connection.busy_timeout(BUSY_TIMEOUT).sql()?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn is_current(connection: &Connection, steps: Steps) -> Result<bool> {
    let version = version(connection, steps)?;
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .sql()?;
    Ok(version == steps.len() && mode.eq_ignore_ascii_case("wal"))
}

fn version(connection: &Connection, steps: Steps) -> Result<usize> {
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .sql()?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > steps.len() {
        return Err(Error::unsupported(format!(
            "the home's database is of version {version}; this Stave knows up to {}",
            steps.len()
        ))
        .hint("use the newer Stave that made it, or another --home"));
    }
    Ok(version)
}

/// Switches to WAL and applies the missing steps, one process at a time: SQLite
/// does not wait its turn for the change of the journal's mode.
fn bring_up(connection: &mut Connection, path: &Path, steps: Steps) -> Result<()> {
    let lock_path = path.with_extension("lock");
    let turn = std::fs::File::create(&lock_path).at("open the lock", &lock_path)?;
    turn.lock().at("lock", &lock_path)?;
    // In WAL mode NORMAL keeps the database whole; a step that is lost is made again.
    connection
        .pragma_update(None, "synchronous", "NORMAL")
        .sql()?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .sql()?;
    let transaction = Transaction::begin(connection, Locking::Immediate)?;
    for step in &steps[version(&transaction, steps)?..] {
        transaction.execute_batch(step).sql()?;
    }
    transaction
        .pragma_update(None, "user_version", steps.len() as i64)
        .sql()?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::STEPS;

    #[test]
    fn many_may_open_a_new_database_at_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("stave.db");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| Database::open(&path, false, STEPS).expect("opened"));
            }
        });
        let database = Database::open(&path, true, STEPS).expect("opened");
        let buckets: i64 = database
            .read(|tx| {
                tx.query_row("SELECT count(*) FROM buckets", [], |row| row.get(0))
                    .sql()
            })
            .expect("read");
        assert_eq!(buckets, 0);
    }

    #[test]
    fn a_newer_database_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("stave.db");
        let database = Database::open(&path, false, STEPS).expect("opened");
        database
            .write(|tx| tx.pragma_update(None, "user_version", 999).sql())
            .expect("written");
        drop(database);
        let error = Database::open(&path, false, STEPS).expect_err("refused");
        assert!(error.message().contains("version 999"), "{error}");
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = Database::open(&dir.path().join("stave.db"), false, STEPS).expect("opened");
        let failed: Result<()> = database.write(|tx| {
            tx.execute("INSERT INTO buckets VALUES ('abc', 0)", [])
                .sql()?;
            Err(Error::invalid("changed my mind"))
        });
        assert!(failed.is_err());
        let count: i64 = database
            .read(|tx| {
                tx.query_row("SELECT count(*) FROM buckets", [], |row| row.get(0))
                    .sql()
            })
            .expect("read");
        assert_eq!(count, 0);
    }
}
