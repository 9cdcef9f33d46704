//! Deleting objects, versions and delete markers.
//!
//! Without versions the file is unlinked in the transaction that removes its row
//! and writes the event: a process that dies between the two has acknowledged
//! nothing. With versions the transaction decides and the journal moves.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use stave_core::{BucketName, ObjectKey, Result};

#[cfg(test)]
use super::CrashPoint;
use super::LocalBuckets;
use super::archive::{self, Archived, Next};
use super::files::{self, Identity, Touched};
use super::index::{self, Noted};
use super::journal::{self, Move, Step};
use super::publish::made_etag;
use super::settings::versioning;
use crate::database::Durability;
use crate::objects::{
    DeleteFault, DeleteRequest, DeletedVersion, NULL_VERSION, Versioning, condition_failed,
    no_such_key,
};
use crate::rows::events::{self, NewEvent};
use crate::store::to_micros;
use crate::transaction::Transaction;

/// How many objects are deleted before others get their turn at writing.
const BATCH: usize = 1000;

const REMOVED: &str = "ObjectRemoved:Delete";
const MARKED: &str = "ObjectRemoved:DeleteMarkerCreated";
/// Of an object that a lifecycle rule removed.
pub(super) const EXPIRED: &str = "LifecycleExpiration:Delete";
pub(super) const EXPIRED_MARKED: &str = "LifecycleExpiration:DeleteMarkerCreated";

/// Who deletes, for the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeletedBy {
    pub(super) removed: &'static str,
    pub(super) marked: &'static str,
    /// Only what was written by then.
    pub(super) written_by: Option<Timestamp>,
}

const CLIENT: DeletedBy = DeletedBy {
    removed: REMOVED,
    marked: MARKED,
    written_by: None,
};

impl LocalBuckets {
    /// Deletes objects, or versions of them; says of each what happened. Deleting
    /// what is not there succeeds, as in S3.
    pub async fn delete_versions(
        &self,
        bucket: &BucketName,
        requests: Vec<DeleteRequest>,
    ) -> Result<Vec<Result<DeletedVersion>>> {
        let bucket = bucket.clone();
        self.blocking(move |buckets| {
            let mut done = Vec::with_capacity(requests.len());
            for batch in requests.chunks(BATCH) {
                done.extend(buckets.delete_batch(&bucket, batch, CLIENT)?);
            }
            Ok(done)
        })
        .await
    }

    /// Deletes an object, or a version of it.
    pub async fn delete_version(
        &self,
        bucket: &BucketName,
        request: DeleteRequest,
    ) -> Result<DeletedVersion> {
        let key = request.key.clone();
        let done = self.delete_versions(bucket, vec![request]).await?;
        let nothing = DeletedVersion {
            key,
            version_id: None,
            delete_marker: false,
        };
        done.into_iter().next().unwrap_or(Ok(nothing))
    }

    /// Deletes objects as every kind of bucket can.
    pub(super) fn delete_plainly(
        &self,
        bucket: &BucketName,
        keys: &[ObjectKey],
    ) -> Result<Vec<DeleteFault>> {
        let requests: Vec<_> = keys.iter().cloned().map(DeleteRequest::object).collect();
        let done = self.delete_batch(bucket, &requests, CLIENT)?;
        let faults = done.into_iter().zip(keys).filter_map(|(done, key)| {
            let key = key.clone();
            done.err().map(|error| DeleteFault { key, error })
        });
        Ok(faults.collect())
    }

    pub(super) fn delete_batch(
        &self,
        bucket: &BucketName,
        requests: &[DeleteRequest],
        by: DeletedBy,
    ) -> Result<Vec<Result<DeletedVersion>>> {
        for request in requests.iter().filter(|request| request.if_match.is_some()) {
            // Makes the ETag known; what is not there is found out below.
            let _ = self.open_object(bucket, &request.key, super::read::Etag::Needed);
        }
        // What is to be told of must not be lost; the deletion alone shows in the files.
        let durability = self.store.database().read(|tx| {
            let told = events::anybody(tx)? || versioning(tx, bucket)?.is_some();
            Ok(if told {
                Durability::Durable
            } else {
                Durability::Relaxed
            })
        })?;
        let done = self.change_as(durability, |tx, touched| {
            let root = self.existing_root(bucket)?;
            let versioning = versioning(tx, bucket)?;
            let mut done = Vec::with_capacity(requests.len());
            for request in requests {
                done.push(match versioning {
                    None => self.delete_file(tx, touched, &root, bucket, request, by),
                    Some(versioning) => {
                        let at = (root.as_path(), bucket);
                        self.delete_one(tx, touched, at, request, versioning, by)
                    }
                });
            }
            Ok(done)
        })?;
        #[cfg(test)]
        self.may_crash(CrashPoint::Decided)?;
        // Decided already: what fails now is carried out by whoever comes next.
        let _ = self.finish_publications();
        Ok(done)
    }

    /// In a bucket that never kept versions. Files are removed at once.
    fn delete_file(
        &self,
        tx: &Transaction<'_>,
        touched: &mut Touched,
        root: &Path,
        bucket: &BucketName,
        request: &DeleteRequest,
        by: DeletedBy,
    ) -> Result<DeletedVersion> {
        let key = request.key.as_str();
        let nothing = DeletedVersion {
            key: request.key.clone(),
            version_id: None,
            delete_marker: false,
        };
        let is_null = |id: &String| id == NULL_VERSION;
        if !request.version_id.as_ref().is_none_or(is_null) {
            return Ok(nothing);
        }
        let found = files::locate(root, key)?;
        self.check_delete(
            tx,
            bucket,
            request,
            found.as_ref().map(|found| found.identity),
            by,
        )?;
        files::remove(root, key, touched)?;
        #[cfg(test)]
        self.may_crash(CrashPoint::Unlinked)?;
        index::remove(tx, bucket, key)?;
        if found.is_some() {
            self.record(tx, bucket, key, by.removed, None)?;
        }
        Ok(nothing)
    }

    fn delete_one(
        &self,
        tx: &Transaction<'_>,
        touched: &mut Touched,
        (root, bucket): (&Path, &BucketName),
        request: &DeleteRequest,
        versioning: Versioning,
        by: DeletedBy,
    ) -> Result<DeletedVersion> {
        let key = request.key.as_str();
        let current = journal::current(tx, root, bucket, key)?;
        let Some(id) = request.version_id.as_deref() else {
            self.check_delete(tx, bucket, request, current, by)?;
            let id = self.mark_with(tx, touched, root, (bucket, key), versioning, by)?;
            return Ok(DeletedVersion {
                key: request.key.clone(),
                version_id: Some(id),
                delete_marker: true,
            });
        };
        let mut deleted = DeletedVersion {
            key: request.key.clone(),
            version_id: Some(id.to_owned()),
            delete_marker: false,
        };
        let noted = match current {
            Some(identity) => Some((identity, self.noted_or_made(tx, bucket, key, identity)?)),
            None => None,
        };
        match noted {
            Some((identity, noted)) if noted.id() == id => {
                self.check_delete(tx, bucket, request, Some(identity), by)?;
                self.delete_current(tx, bucket, key, identity)?;
                self.record(tx, bucket, key, by.removed, Some(id))?;
            }
            current => {
                let was_latest = archive::newest(tx, bucket, key)?
                    .is_some_and(|newest| newest.id == id && current.is_none());
                if let Some(version) = self.drop_archived(tx, touched, bucket, key, id)? {
                    deleted.delete_marker = version.is_marker();
                    if was_latest {
                        files::prepare(root, key, touched)?;
                        archive::promote(tx, bucket, key)?;
                    }
                    if !version.is_marker() {
                        self.record(tx, bucket, key, by.removed, Some(id))?;
                    }
                }
            }
        }
        Ok(deleted)
    }

    fn delete_current(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        key: &str,
        identity: Identity,
    ) -> Result<()> {
        let _ = self;
        index::remove(tx, bucket, key)?;
        if !archive::promote(tx, bucket, key)? {
            let step = Move {
                step: Step::Drop,
                bucket: bucket.clone(),
                key: key.to_owned(),
                file: String::new(),
                identity,
            };
            journal::note(tx, &step)?;
        }
        Ok(())
    }

    /// Puts a delete marker before the versions of `key`; says its version.
    pub(super) fn mark_deleted(
        &self,
        tx: &Transaction<'_>,
        root: &Path,
        bucket: &BucketName,
        key: &ObjectKey,
        versioning: Versioning,
    ) -> Result<String> {
        // What is needless now is swept: until the commit it may be needed after all.
        let at = (bucket, key.as_str());
        self.mark_with(tx, &mut Touched::default(), root, at, versioning, CLIENT)
    }

    fn mark_with(
        &self,
        tx: &Transaction<'_>,
        touched: &mut Touched,
        root: &Path,
        (bucket, key): (&BucketName, &str),
        versioning: Versioning,
        by: DeletedBy,
    ) -> Result<String> {
        let next = Next {
            is_null: versioning == Versioning::Suspended,
            is_file: false,
        };
        self.archive_current(tx, touched, root, (bucket, key), next)?;
        let (seq, version_id) = if next.is_null {
            (archive::next_seq(tx)?, None)
        } else {
            let id = self.new_version_id(tx)?;
            (archive::seq_of(&id).unwrap_or_default(), Some(id))
        };
        let noted = Noted {
            version_id,
            ..Noted::default()
        };
        let now = self.store.now();
        let marker = Archived {
            key: key.to_owned(),
            seq,
            id: noted.id().to_owned(),
            file: None,
            identity: Identity {
                inode: 0,
                mtime_ns: i64::try_from(now.as_nanosecond()).unwrap_or_default(),
                size: 0,
            },
            noted,
        };
        archive::insert(tx, bucket, &marker, to_micros(now))?;
        self.record(tx, bucket, key, by.marked, Some(&marker.id))?;
        Ok(marker.id)
    }

    fn noted_or_made(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        key: &str,
        identity: Identity,
    ) -> Result<Noted> {
        let _ = self;
        let (noted, _) = index::find(tx, bucket, key, identity)?;
        Ok(noted.unwrap_or_else(|| Noted::of_file(key, made_etag(bucket.as_str(), key, identity))))
    }

    fn check_delete(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        request: &DeleteRequest,
        current: Option<Identity>,
        by: DeletedBy,
    ) -> Result<()> {
        if let Some(written_by) = by.written_by
            && current.is_none_or(|identity| identity.modified_at() > written_by)
        {
            return Err(condition_failed(bucket, request.key.as_str()));
        }
        let Some(etag) = &request.if_match else {
            return Ok(());
        };
        let key = request.key.as_str();
        let identity = current.ok_or_else(|| no_such_key(bucket, key))?;
        if etag != "*" && self.noted_or_made(tx, bucket, key, identity)?.etag != *etag {
            return Err(condition_failed(bucket, key));
        }
        Ok(())
    }

    /// Tells of an object that a publication replaces by nothing.
    pub(super) fn record_removal(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        key: &str,
    ) -> Result<()> {
        self.record(tx, bucket, key, REMOVED, None)
    }

    fn record(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        key: &str,
        name: &str,
        version_id: Option<&str>,
    ) -> Result<()> {
        let event = NewEvent {
            name,
            bucket,
            key,
            version_id,
            created: None,
        };
        events::record(tx, self.store.now(), event)
    }
}
