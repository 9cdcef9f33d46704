//! Versions that are not current: their rows, their files, and how the current
//! version becomes one of them and one of them the current version.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};
use stave_core::{BucketName, Result};

use super::LocalBuckets;
use super::files::{Identity, Touched};
use super::index::{self, NOTED, Noted};
use super::journal::{self, Move, Step};
use super::publish::made_etag;
use crate::faults::SqlContext;
use crate::objects::NULL_VERSION;
use crate::store::to_micros;
use crate::transaction::Transaction;

/// A version that is not current, or a delete marker.
#[derive(Debug, Clone)]
pub(super) struct Archived {
    pub(super) key: String,
    pub(super) seq: i64,
    pub(super) id: String,
    /// Below the bucket's folder of versions; none for a delete marker.
    pub(super) file: Option<String>,
    pub(super) identity: Identity,
    pub(super) noted: Noted,
}

pub(super) fn columns() -> String {
    format!("key, seq, id, file, inode, mtime_ns, size, {NOTED}")
}

impl Archived {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            seq: row.get(1)?,
            id: row.get(2)?,
            file: row.get(3)?,
            identity: Identity {
                inode: row.get(4)?,
                mtime_ns: row.get(5)?,
                size: row.get(6)?,
            },
            noted: Noted::read(row, 7)?,
        })
    }

    pub(super) fn is_marker(&self) -> bool {
        self.file.is_none()
    }
}

/// What takes the place of the current version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    /// It has no id of its own: it replaces the version `null`.
    pub(super) is_null: bool,
    /// It is a file, put into the same place in the same change.
    pub(super) is_file: bool,
}

/// The newest version that is not current.
pub(super) fn newest(tx: &Connection, bucket: &BucketName, key: &str) -> Result<Option<Archived>> {
    tx.prepare_cached(&format!(
        "SELECT {} FROM object_versions WHERE bucket = ?1 AND key = ?2 ORDER BY seq DESC LIMIT 1",
        columns()
    ))
    .sql()?
    .query_row([bucket.as_str(), key], Archived::read)
    .optional()
    .sql()
}

/// The version of that id, when it is not the current one.
pub(super) fn find(
    tx: &Connection,
    bucket: &BucketName,
    key: &str,
    id: &str,
) -> Result<Option<Archived>> {
    tx.prepare_cached(&format!(
        "SELECT {} FROM object_versions WHERE bucket = ?1 AND key = ?2 AND id = ?3",
        columns()
    ))
    .sql()?
    .query_row([bucket.as_str(), key, id], Archived::read)
    .optional()
    .sql()
}

pub(super) fn insert(
    tx: &Connection,
    bucket: &BucketName,
    version: &Archived,
    noncurrent_at: i64,
) -> Result<()> {
    let noted = &version.noted;
    tx.prepare_cached(&format!(
        "INSERT INTO object_versions (bucket, noncurrent_at, {}) VALUES
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        columns()
    ))
    .sql()?
    .execute(params![
        bucket.as_str(),
        noncurrent_at,
        version.key,
        version.seq,
        version.id,
        version.file,
        version.identity.inode,
        version.identity.mtime_ns,
        version.identity.size,
        noted.etag,
        noted.content_type,
        noted.user_metadata,
        noted.version_id,
        noted.storage_class,
        noted.details,
        noted.parts,
        noted.tags,
    ])
    .sql()?;
    Ok(())
}

pub(super) fn remove_row(tx: &Connection, bucket: &BucketName, version: &Archived) -> Result<()> {
    tx.prepare_cached("DELETE FROM object_versions WHERE bucket = ?1 AND key = ?2 AND seq = ?3")
        .sql()?
        .execute(params![bucket.as_str(), version.key, version.seq])
        .sql()?;
    Ok(())
}

/// The next place in the order of versions.
pub(super) fn next_seq(tx: &Connection) -> Result<i64> {
    tx.prepare_cached("UPDATE version_seq SET last = last + 1 RETURNING last")
        .sql()?
        .query_row([], |row| row.get(0))
        .sql()
}

/// The place in the order that a version's id tells.
pub(super) fn seq_of(id: &str) -> Option<i64> {
    let seq = id.get(..16).filter(|_| id.len() == 32)?;
    i64::from_str_radix(seq, 16).ok()
}

impl LocalBuckets {
    /// A new version's id, which sorts after all before it.
    pub(super) fn new_version_id(&self, tx: &Connection) -> Result<String> {
        let seq = next_seq(tx)?;
        let id = self.store.next_id() as u64;
        Ok(format!("{seq:016x}{id:016x}"))
    }

    /// A name for a version's file, on one of 256 shelves.
    pub(super) fn new_version_file(&self, seq: i64) -> String {
        let name = format!("{:032x}", self.store.next_id());
        // Ids of a test's source repeat between stores.
        format!("{}/{name}-{seq:x}", &name[30..])
    }

    /// Takes the current version of `key` out of the way of `next`: among the
    /// versions, or away when `next` has its id.
    pub(super) fn archive_current(
        &self,
        tx: &Transaction<'_>,
        touched: &mut Touched,
        root: &Path,
        (bucket, key): (&BucketName, &str),
        next: Next,
    ) -> Result<()> {
        if next.is_null {
            self.drop_archived(tx, touched, bucket, key, NULL_VERSION)?;
        }
        let Some(identity) = journal::current(tx, root, bucket, key)? else {
            return index::remove(tx, bucket, key);
        };
        let (noted, _) = index::find(tx, bucket, key, identity)?;
        let noted =
            noted.unwrap_or_else(|| Noted::of_file(key, made_etag(bucket.as_str(), key, identity)));
        index::remove(tx, bucket, key)?;
        let mut step = Move {
            step: if next.is_file {
                Step::Keep
            } else {
                Step::Aside
            },
            bucket: bucket.clone(),
            key: key.to_owned(),
            file: String::new(),
            identity,
        };
        if next.is_null && noted.version_id.is_none() {
            if !next.is_file {
                step.step = Step::Drop;
                journal::note(tx, &step)?;
            }
            return Ok(());
        }
        if noted.version_id.is_none() {
            self.drop_archived(tx, touched, bucket, key, NULL_VERSION)?;
        }
        let seq = match noted.version_id.as_deref().and_then(seq_of) {
            Some(seq) => seq,
            None => next_seq(tx)?,
        };
        let name = self.new_version_file(seq);
        step.file = version_file(bucket, &name);
        journal::note(tx, &step)?;
        let version = Archived {
            key: key.to_owned(),
            seq,
            id: noted.id().to_owned(),
            file: Some(name),
            identity,
            noted,
        };
        insert(tx, bucket, &version, to_micros(self.store.now()))
    }

    /// Removes a version that is not current; its file goes when this is committed.
    pub(super) fn drop_archived(
        &self,
        tx: &Connection,
        touched: &mut Touched,
        bucket: &BucketName,
        key: &str,
        id: &str,
    ) -> Result<Option<Archived>> {
        let version = find(tx, bucket, key, id)?;
        if let Some(version) = &version {
            remove_row(tx, bucket, version)?;
            if let Some(file) = &version.file {
                let path = version_file(bucket, file);
                touched.remove_later(self.store.home().root().join(path));
            }
        }
        Ok(version)
    }
}

/// Where a version's file lies, below the home.
pub(super) fn version_file(bucket: &BucketName, file: &str) -> String {
    format!("versions/{bucket}/{file}")
}

/// Makes the newest version the current one, in the place of whatever file is
/// there; says whether there is one that is no delete marker.
pub(super) fn promote(tx: &Connection, bucket: &BucketName, key: &str) -> Result<bool> {
    let Some(version) = newest(tx, bucket, key)? else {
        return Ok(false);
    };
    let Some(file) = &version.file else {
        return Ok(false);
    };
    remove_row(tx, bucket, &version)?;
    index::remove(tx, bucket, key)?;
    index::insert(tx, bucket, key, version.identity, &version.noted, None)?;
    journal::note(
        tx,
        &Move {
            step: Step::Place,
            bucket: bucket.clone(),
            key: key.to_owned(),
            file: version_file(bucket, file),
            identity: version.identity,
        },
    )?;
    Ok(true)
}
