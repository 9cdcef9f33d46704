//! A finished file becomes an object.
//!
//! In a bucket without versions: its row, then the rename, which is the moment
//! that the object changes (see [`super::put`]). In one with versions: a single
//! transaction that takes the old version aside, writes the row and the event,
//! and leaves the renames to the journal ([`super::journal`]): its commit is the
//! moment.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, Transaction};
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

#[cfg(test)]
use super::CrashPoint;
use super::archive::{Next, version_file};
use super::files::{self, Identity, Touched};
use super::index::{self, Noted, Pending};
use super::journal::{self, Move, Step};
use super::put::Upload;
use super::read::Etag;
use super::settings::versioning;
use super::{LocalBuckets, TURNS};
use crate::database::Durability;
use crate::faults::IoContext;
use crate::objects::{
    CreatedBy, ObjectDetails, Versioning, WriteCondition, condition_failed, no_such_key,
};
use crate::rows::events::{self, NewEvent};

/// What else is to happen in the transaction that makes the object.
pub(super) type Also<'a> = &'a dyn Fn(&Transaction<'_>, &Noted) -> Result<()>;

/// A finished file that is to become an object.
pub(super) struct Incoming<'a> {
    pub(super) upload: &'a Upload,
    pub(super) bucket: &'a BucketName,
    pub(super) key: &'a ObjectKey,
    pub(super) noted: Noted,
    pub(super) condition: &'a WriteCondition,
    pub(super) by: CreatedBy,
    pub(super) also: Option<Also<'a>>,
}

/// A file whose row is written, on its way to its place.
struct Placing {
    bucket: BucketName,
    key: ObjectKey,
    path: PathBuf,
    condition: WriteCondition,
    identity: Identity,
}

/// What a condition says of the object that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Holds,
    /// Its ETag is not known: it was changed by hand a moment ago.
    Unknown,
}

impl LocalBuckets {
    /// Makes a finished file an object.
    pub(super) fn commit(&self, incoming: &Incoming<'_>) -> Result<ObjectDetails> {
        let Incoming { bucket, key, .. } = *incoming;
        let identity = self.stamp(&incoming.upload.file, &incoming.upload.path)?;
        for _ in 0..TURNS {
            if matches!(incoming.condition, WriteCondition::IfMatch(_)) {
                // Makes its ETag known; it is compared in the transaction.
                self.open_object(bucket, key, Etag::Needed)?;
            }
            let versioned = self.store.database().read(|tx| versioning(tx, bucket))?;
            let made = match versioned {
                None => self.commit_plain(incoming, identity)?,
                Some(_) => self.commit_version(incoming, identity)?,
            };
            if let Some(noted) = made {
                let versioned = versioned.is_some();
                return index::object_details(key.clone(), identity, noted, versioned, true);
            }
        }
        Err(Error::conflict(format!(
            "s3://{bucket}/{key} is being changed without a pause"
        ))
        .hint("try again"))
    }

    /// None when the bucket has come to keep versions meanwhile.
    fn commit_plain(&self, incoming: &Incoming<'_>, identity: Identity) -> Result<Option<Noted>> {
        let Incoming { bucket, key, .. } = *incoming;
        let (into, name) = (bucket.clone(), key.as_str().to_owned());
        let (noted, upload) = (incoming.noted.clone(), incoming.upload.pending.clone());
        let event = incoming.by.event_name();
        let insert = move |tx: &Transaction<'_>| {
            let pending = Pending {
                name: &upload,
                event,
            };
            index::insert(tx, &into, &name, identity, &noted, Some(pending))
        };
        // The row means nothing before the rename: it may reach the disk before the bytes do.
        let (flushed, written) = std::thread::scope(|scope| {
            let flushing =
                self.store.options().fsync.then(|| {
                    scope.spawn(|| self.flush(&incoming.upload.file, &incoming.upload.path))
                });
            let written = self.store.database().write_together(insert);
            let flushed = flushing.map_or(Ok(()), |thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Error::internal("a flush ended before its time")))
            });
            (flushed, written)
        });
        written?;
        if let Err(error) = flushed {
            self.forget_upload(incoming, identity);
            return Err(error);
        }
        #[cfg(test)]
        self.may_crash(CrashPoint::UploadNoted)?;
        let placed = self.place_upload(incoming, identity);
        if !matches!(placed, Ok(true)) {
            self.forget_upload(incoming, identity);
        }
        Ok(placed?.then(|| incoming.noted.clone()))
    }

    /// False when it has to be tried again.
    fn place_upload(&self, incoming: &Incoming<'_>, identity: Identity) -> Result<bool> {
        let placing = Placing {
            bucket: incoming.bucket.clone(),
            key: incoming.key.clone(),
            path: incoming.upload.path.clone(),
            condition: incoming.condition.clone(),
            identity,
        };
        if let Some(also) = incoming.also {
            return self.change(|tx, touched| {
                self.place(tx, &placing, touched, &|| also(tx, &incoming.noted))
            });
        }
        let (buckets, placed) = (self.clone(), Arc::new(AtomicBool::new(false)));
        let outcome = Arc::clone(&placed);
        self.change_together(move |tx, touched| {
            outcome.store(
                buckets.place(tx, &placing, touched, &|| Ok(()))?,
                Ordering::Release,
            );
            Ok(())
        })?;
        Ok(placed.load(Ordering::Acquire))
    }

    fn place(
        &self,
        tx: &Transaction<'_>,
        placing: &Placing,
        touched: &mut Touched,
        before: &dyn Fn() -> Result<()>,
    ) -> Result<bool> {
        let Placing { bucket, key, .. } = placing;
        let root = self.existing_root(bucket)?;
        if versioning(tx, bucket)?.is_some()
            || self.held(tx, bucket, key, &placing.condition)? == Held::Unknown
        {
            return Ok(false);
        }
        before()?;
        files::place(&root, key.as_str(), &placing.path, touched)?;
        #[cfg(test)]
        self.may_crash(CrashPoint::UploadPlaced)?;
        self.settle(tx, bucket, key.as_str(), placing.identity)?;
        Ok(true)
    }

    /// Makes the row of a file that is in its place the row of the object, and
    /// sends the event that waited for that.
    pub(super) fn settle(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        key: &str,
        identity: Identity,
    ) -> Result<()> {
        if let Some((event, noted)) = index::settle(tx, bucket, key, identity)? {
            let event = NewEvent {
                name: &event,
                bucket,
                key,
                version_id: noted.version_id.as_deref(),
                created: Some((identity.size(), &noted.etag)),
            };
            events::record(tx, self.store.now(), event)?;
        }
        Ok(())
    }

    /// Removes the row of an upload that did not become an object. What fails here is swept later.
    fn forget_upload(&self, incoming: &Incoming<'_>, identity: Identity) {
        let root = self.store.home().bucket(incoming.bucket);
        let in_place = files::locate(&root, incoming.key.as_str())
            .is_ok_and(|found| found.is_some_and(|found| found.identity == identity));
        if !in_place {
            let _ = self
                .store
                .database()
                .write_relaxed(|tx| index::forget_pending(tx, &incoming.upload.pending));
        }
    }

    /// None when the condition cannot be told yet.
    fn commit_version(&self, incoming: &Incoming<'_>, identity: Identity) -> Result<Option<Noted>> {
        self.flush(&incoming.upload.file, &incoming.upload.path)?;
        let made = self.change_as(Durability::Durable, |tx, touched| {
            self.write_version(tx, touched, incoming, identity)
        })?;
        if made.is_some() {
            #[cfg(test)]
            self.may_crash(CrashPoint::Decided)?;
            // It is done: what fails now is carried out by whoever comes next, who is told if it
            // fails again.
            let _ = self.finish_publications();
        }
        Ok(made)
    }

    fn write_version(
        &self,
        tx: &Transaction<'_>,
        touched: &mut Touched,
        incoming: &Incoming<'_>,
        identity: Identity,
    ) -> Result<Option<Noted>> {
        let Incoming { bucket, key, .. } = *incoming;
        let root = self.existing_root(bucket)?;
        let Some(versioning) = versioning(tx, bucket)? else {
            return Ok(None);
        };
        if self.held(tx, bucket, key, incoming.condition)? == Held::Unknown {
            return Ok(None);
        }
        // Found out now what could be in the way: after the commit it would be too late.
        files::prepare(&root, key.as_str(), touched)?;
        let next = Next {
            is_null: versioning == Versioning::Suspended,
            is_file: true,
        };
        self.archive_current(tx, touched, &root, (bucket, key.as_str()), next)?;
        let mut noted = incoming.noted.clone();
        noted.version_id = match versioning {
            Versioning::Enabled => Some(self.new_version_id(tx)?),
            Versioning::Suspended => None,
        };
        if let Some(also) = incoming.also {
            also(tx, &noted)?;
        }
        index::insert(tx, bucket, key.as_str(), identity, &noted, None)?;
        let event = NewEvent {
            name: incoming.by.event_name(),
            bucket,
            key: key.as_str(),
            version_id: Some(noted.id()),
            created: Some((identity.size(), &noted.etag)),
        };
        events::record(tx, self.store.now(), event)?;
        let step = Move {
            step: Step::Place,
            bucket: bucket.clone(),
            key: key.as_str().to_owned(),
            file: self.hand_over(incoming)?,
            identity,
        };
        journal::note(tx, &step)?;
        Ok(Some(noted))
    }

    /// Moves the file to where it outlives this process, for the journal. Without
    /// a commit it is swept.
    fn hand_over(&self, incoming: &Incoming<'_>) -> Result<String> {
        let file = version_file(incoming.bucket, &self.new_version_file(0));
        let path = self.store.home().root().join(&file);
        let mut touched = Touched::default();
        journal::make_parent(&path, &mut touched)?;
        let from = &incoming.upload.path;
        fs::rename(from, &path).at("move", from)?;
        touched.entry(&path);
        if self.store.options().fsync {
            touched.sync()?;
        }
        Ok(file)
    }

    /// Whether the condition of a write holds; an error when it does not.
    fn held(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        key: &ObjectKey,
        condition: &WriteCondition,
    ) -> Result<Held> {
        if *condition == WriteCondition::None {
            return Ok(Held::Holds);
        }
        let root = self.existing_root(bucket)?;
        let found = files::locate(&root, key.as_str())?;
        match (condition, found) {
            (WriteCondition::IfAbsent, Some(_)) => Err(Error::new(
                ErrorKind::Precondition,
                format!("s3://{bucket}/{key} exists already"),
            )),
            (WriteCondition::IfMatch(_), None) => Err(no_such_key(bucket, key.as_str())),
            (WriteCondition::IfMatch(etag), Some(found)) if etag != "*" => {
                let (noted, _) = index::find(tx, bucket, key.as_str(), found.identity)?;
                match noted {
                    None => Ok(Held::Unknown),
                    Some(noted) if noted.etag == *etag => Ok(Held::Holds),
                    Some(_) => Err(condition_failed(bucket, key.as_str())),
                }
            }
            _ => Ok(Held::Holds),
        }
    }
}
