//! Bookmarks of jobs: which objects each source has read, and which of them are still to
//! be moved away. Both change in the transaction that publishes the run's output.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

use crate::faults::SqlContext;
use crate::store::{Store, from_micros, to_micros};

/// The most objects that the bookmark of a job remembers.
const MAX_OBJECTS: usize = 1_000_000;
/// How many moves are handed out at a time.
const MOVES_AT_ONCE: i64 = 1000;

/// An object as a source has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadObject {
    /// The source: the id of its node.
    pub source: String,
    /// The object's bucket.
    pub bucket: BucketName,
    /// Its key.
    pub key: String,
    /// Its ETag, where it was known.
    pub etag: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

impl ReadObject {
    /// Whether `other`, of the same key, holds the same: by ETag, where both have one, or
    /// else by size and time.
    pub fn is_same(&self, etag: Option<&str>, size: u64, modified_at: Timestamp) -> bool {
        match (self.etag.as_deref(), etag) {
            (Some(one), Some(other)) => one == other,
            _ => self.size == size && to_micros(self.modified_at) == to_micros(modified_at),
        }
    }
}

/// What a job has read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobBookmark {
    /// Goes up with each run that moves the bookmark on, and with each reset.
    pub version: u64,
    /// The run that moved it last; none when it was reset, or never moved.
    pub run_id: Option<String>,
    /// The objects, by source, bucket and key.
    pub objects: Vec<ReadObject>,
}

/// An object that is to go to another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMove {
    /// The object, as it was read.
    pub object: ReadObject,
    /// The bucket that it goes to.
    pub to_bucket: BucketName,
    /// The key that it gets.
    pub to_key: ObjectKey,
}

/// How the bookmark of a job moves on when a run is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookmarkAdvance {
    /// The job.
    pub job: String,
    /// The version that the run began with; publishing fails when it is another by then.
    pub version: u64,
    /// What the run has read.
    pub objects: Vec<ReadObject>,
    /// What is to be moved away.
    pub moves: Vec<ObjectMove>,
}

/// Moves the bookmark on, as a part of the transaction that publishes `run_id`.
pub(crate) fn advance(tx: &Connection, run_id: &str, advance: &BookmarkAdvance) -> Result<()> {
    let job = advance.job.as_str();
    if version(tx, job)?.0 != advance.version {
        return Err(Error::conflict(format!(
            "another run of job \"{job}\" has read the same objects meanwhile, or its bookmark was reset"
        ))
        .hint("start the run again; run one at a time of a job with a bookmark"));
    }
    set_version(tx, job, advance.version + 1, Some(run_id))?;
    let mut statement = tx
        .prepare_cached(
            "INSERT OR REPLACE INTO bookmark_objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .sql()?;
    for object in &advance.objects {
        statement
            .execute(params![
                job,
                object.source,
                object.bucket.as_str(),
                object.key,
                object.etag,
                object.size.cast_signed(),
                to_micros(object.modified_at)
            ])
            .sql()?;
    }
    let mut statement = tx
        .prepare_cached(
            "INSERT OR REPLACE INTO bookmark_moves VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .sql()?;
    for ObjectMove {
        object,
        to_bucket,
        to_key,
    } in &advance.moves
    {
        statement
            .execute(params![
                job,
                object.source,
                object.bucket.as_str(),
                object.key,
                object.etag,
                object.size.cast_signed(),
                to_micros(object.modified_at),
                to_bucket.as_str(),
                to_key.as_str()
            ])
            .sql()?;
    }
    let count: i64 = tx
        .query_row(
            "SELECT count(*) FROM bookmark_objects WHERE job = ?1",
            [job],
            |row| row.get(0),
        )
        .sql()?;
    if count > MAX_OBJECTS as i64 {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("the bookmark of job \"{job}\" would hold more than {MAX_OBJECTS} objects"),
        )
        .hint("move away what was read (AfterRead), and reset the bookmark"));
    }
    Ok(())
}

fn version(tx: &Connection, job: &str) -> Result<(u64, Option<String>)> {
    let mut statement = tx
        .prepare_cached("SELECT version, run_id FROM bookmarks WHERE job = ?1")
        .sql()?;
    let mut rows = statement.query([job]).sql()?;
    match rows.next().sql()? {
        None => Ok((0, None)),
        Some(row) => Ok((
            row.get::<_, i64>(0).sql()?.cast_unsigned(),
            row.get(1).sql()?,
        )),
    }
}

fn set_version(tx: &Connection, job: &str, version: u64, run_id: Option<&str>) -> Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO bookmarks VALUES (?1, ?2, ?3)",
        params![job, version.cast_signed(), run_id],
    )
    .sql()?;
    Ok(())
}

/// Forgets what `job` has read; the version still goes up.
pub(super) fn forget(tx: &Connection, job: &str) -> Result<u64> {
    let forgotten = tx
        .execute("DELETE FROM bookmark_objects WHERE job = ?1", [job])
        .sql()?;
    let (version, _) = version(tx, job)?;
    set_version(tx, job, version + 1, None)?;
    Ok(forgotten as u64)
}

/// An object from seven columns, of which the first is the job.
fn object(row: &rusqlite::Row<'_>) -> Result<ReadObject> {
    Ok(ReadObject {
        source: row.get(1).sql()?,
        bucket: BucketName::new(row.get::<_, String>(2).sql()?)?,
        key: row.get(3).sql()?,
        etag: row.get(4).sql()?,
        size: row.get::<_, i64>(5).sql()?.cast_unsigned(),
        modified_at: from_micros(row.get(6).sql()?),
    })
}

impl Store {
    /// What a job has read; nothing when it never ran with a bookmark.
    pub fn job_bookmark(&self, job: &str) -> Result<JobBookmark> {
        self.database().read(|tx| {
            let (version, run_id) = version(tx, job)?;
            let mut statement = tx
                .prepare_cached("SELECT * FROM bookmark_objects WHERE job = ?1")
                .sql()?;
            let mut rows = statement.query([job]).sql()?;
            let mut objects = Vec::new();
            while let Some(row) = rows.next().sql()? {
                objects.push(object(row)?);
            }
            Ok(JobBookmark {
                version,
                run_id,
                objects,
            })
        })
    }

    /// Forgets what a job has read; says how many objects that were. What waits to be moved
    /// away still is.
    pub fn reset_job_bookmark(&self, job: &str) -> Result<u64> {
        self.database().write(|tx| forget(tx, job))
    }

    /// Objects that runs of a job have read and that wait to be moved away, some at a time.
    pub fn pending_moves(&self, job: &str) -> Result<Vec<ObjectMove>> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached("SELECT * FROM bookmark_moves WHERE job = ?1 LIMIT ?2")
                .sql()?;
            let mut rows = statement.query((job, MOVES_AT_ONCE)).sql()?;
            let mut moves = Vec::new();
            while let Some(row) = rows.next().sql()? {
                moves.push(ObjectMove {
                    object: object(row)?,
                    to_bucket: BucketName::new(row.get::<_, String>(7).sql()?)?,
                    to_key: ObjectKey::new(row.get::<_, String>(8).sql()?)?,
                });
            }
            Ok(moves)
        })
    }

    /// Notes that these objects wait no longer.
    pub fn finish_moves(&self, job: &str, moves: &[ObjectMove]) -> Result<()> {
        self.database().write(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "DELETE FROM bookmark_moves
                     WHERE job = ?1 AND source = ?2 AND bucket = ?3 AND key = ?4",
                )
                .sql()?;
            for ObjectMove { object, .. } in moves {
                let key = (job, &object.source, object.bucket.as_str(), &object.key);
                statement.execute(key).sql()?;
            }
            Ok(())
        })
    }
}
