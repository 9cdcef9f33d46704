//! The outbox of events: what happened to objects, in the order it happened,
//! until every consumer has acknowledged it.
//!
//! An event is written in the transaction that makes its object's row count, so
//! there is none for what did not happen. Nothing is written while nobody
//! consumes.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use stave_core::{BucketName, Error, ObjectKey, Result};

use super::limit;
use crate::faults::SqlContext;
use crate::home::check_id;
use crate::store::{Store, from_micros, to_micros};

/// How many events are kept for a consumer that does not come; the oldest go first.
const MAX_EVENTS: i64 = 1_000_000;
/// How often the bound is looked at, in events.
const TRIM_EVERY: i64 = 1024;

/// An object was created or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    /// Its place among all events.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// S3's name, without `s3:`: `ObjectCreated:Put`, `ObjectRemoved:Delete` …
    pub name: String,
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The version, in a bucket that is or was versioned.
    pub version_id: Option<String>,
    /// The size in bytes, of an object that was created.
    pub size: Option<u64>,
    /// The ETag without quotes, of an object that was created.
    pub etag: Option<String>,
}

impl ObjectEvent {
    /// S3's sequencer: of two events of one key, the later has the greater text.
    pub fn sequencer(&self) -> String {
        format!("{:016X}", self.seq)
    }
}

/// Events for a consumer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenEvents {
    /// The events, oldest first.
    pub events: Vec<ObjectEvent>,
    /// How many the consumer missed because it did not come for too long.
    pub missed: u64,
}

/// An event to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewEvent<'a> {
    pub(crate) name: &'a str,
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a str,
    pub(crate) version_id: Option<&'a str>,
    /// Size and ETag of what was created.
    pub(crate) created: Option<(u64, &'a str)>,
}

/// Whether anybody consumes.
pub(crate) fn anybody(tx: &Connection) -> Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM event_consumers)")
        .sql()?
        .query_row([], |row| row.get(0))
        .sql()
}

/// Writes an event in the caller's transaction.
pub(crate) fn record(tx: &Connection, at: Timestamp, event: NewEvent<'_>) -> Result<()> {
    if !anybody(tx)? {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO events (at, name, bucket, key, version_id, size, etag)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .sql()?
    .execute(params![
        to_micros(at),
        event.name,
        event.bucket.as_str(),
        event.key,
        event.version_id,
        event.created.map(|(size, _)| size.cast_signed()),
        event.created.map(|(_, etag)| etag)
    ])
    .sql()?;
    let seq = tx.last_insert_rowid();
    if seq % TRIM_EVERY == 0 {
        tx.execute("DELETE FROM events WHERE seq <= ?1", [seq - MAX_EVENTS])
            .sql()?;
    }
    Ok(())
}

impl Store {
    /// Makes `consumer` known: it is to have all events from now on. Known already, it stays
    /// where it is.
    pub fn add_event_consumer(&self, consumer: &str) -> Result<()> {
        check_id("consumer", consumer)?;
        self.database().write(|tx| {
            tx.execute(
                "INSERT OR IGNORE INTO event_consumers VALUES (?1,
                 coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0))",
                [consumer],
            )
            .sql()?;
            Ok(())
        })
    }

    /// Forgets `consumer`, and the events that only it had not acknowledged.
    pub fn remove_event_consumer(&self, consumer: &str) -> Result<()> {
        self.database().write(|tx| {
            tx.execute("DELETE FROM event_consumers WHERE name = ?1", [consumer])
                .sql()?;
            trim(tx)
        })
    }

    /// At most `max` events that `consumer` has not acknowledged. They come again until it has.
    pub fn take_events(&self, consumer: &str, max: usize) -> Result<TakenEvents> {
        self.database().read(|tx| {
            let position = position(tx, consumer)?;
            let mut statement = tx
                .prepare_cached(
                    "SELECT seq, at, name, bucket, key, version_id, size, etag FROM events
                     WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                )
                .sql()?;
            let mut rows = statement.query((position, limit(max))).sql()?;
            let mut taken = TakenEvents::default();
            while let Some(row) = rows.next().sql()? {
                taken.events.push(read_event(row)?);
            }
            if let Some(first) = taken.events.first() {
                taken.missed = first.seq.saturating_sub(position.cast_unsigned() + 1);
            }
            Ok(taken)
        })
    }

    /// `consumer` is done with all events up to and with `seq`.
    pub fn acknowledge_events(&self, consumer: &str, seq: u64) -> Result<()> {
        self.database().write(|tx| {
            position(tx, consumer)?;
            tx.execute(
                "UPDATE event_consumers SET position = max(position, min(?2,
                 coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)))
                 WHERE name = ?1",
                (consumer, i64::try_from(seq).unwrap_or(i64::MAX)),
            )
            .sql()?;
            trim(tx)
        })
    }
}

/// Notes that `consumer` is done with the events `first` to `last`, in the caller's
/// transaction; `false` when it was past `first` already.
pub(super) fn pass(tx: &Connection, consumer: &str, first: u64, last: u64) -> Result<bool> {
    if position(tx, consumer)? >= first.cast_signed() {
        return Ok(false);
    }
    tx.execute(
        "UPDATE event_consumers SET position = ?2 WHERE name = ?1",
        (consumer, last.cast_signed()),
    )
    .sql()?;
    trim(tx)?;
    Ok(true)
}

/// Removes what every consumer has acknowledged.
fn trim(tx: &Connection) -> Result<()> {
    tx.execute(
        "DELETE FROM events WHERE seq <=
         coalesce((SELECT min(position) FROM event_consumers), 9223372036854775807)",
        [],
    )
    .sql()?;
    Ok(())
}

fn position(tx: &Connection, consumer: &str) -> Result<i64> {
    tx.prepare_cached("SELECT position FROM event_consumers WHERE name = ?1")
        .sql()?
        .query_row([consumer], |row| row.get(0))
        .optional()
        .sql()?
        .ok_or_else(|| Error::not_found(format!("event consumer \"{consumer}\" does not exist")))
}

fn read_event(row: &Row<'_>) -> Result<ObjectEvent> {
    Ok(ObjectEvent {
        seq: row.get::<_, i64>(0).sql()?.cast_unsigned(),
        at: from_micros(row.get(1).sql()?),
        name: row.get(2).sql()?,
        bucket: BucketName::new(row.get::<_, String>(3).sql()?)?,
        key: ObjectKey::new(row.get::<_, String>(4).sql()?)?,
        version_id: row.get(5).sql()?,
        size: row.get::<_, Option<i64>>(6).sql()?.map(i64::cast_unsigned),
        etag: row.get(7).sql()?,
    })
}
