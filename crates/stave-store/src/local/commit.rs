//! A finished file becomes an object.
//!
//! In a bucket without versions: its row, then the rename, which is the moment
//! that the object changes (see [`super::arrive`]). In one with versions: a single
//! transaction that takes the old version aside, writes the row and the event,
//! and leaves the renames to the journal ([`super::journal`]): its commit is the
//! moment.

use std::fs;
use std::sync::Arc;

use rusqlite::Connection;
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

#[cfg(test)]
use super::CrashPoint;
use super::archive::{Next, version_file};
use super::files::{self, Identity, Touched};
use super::index::{self, Noted};
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
use crate::together::{Awaited, known};
use crate::transaction::Transaction;

/// What else is to happen in the transaction that makes the object.
pub(super) type Also = Arc<dyn Fn(&Transaction<'_>, &Noted) -> Result<()> + Send + Sync>;

/// A finished file that is to become an object.
pub(super) struct Incoming {
    pub(super) upload: Arc<Upload>,
    pub(super) bucket: BucketName,
    pub(super) key: ObjectKey,
    pub(super) noted: Noted,
    pub(super) condition: WriteCondition,
    pub(super) by: CreatedBy,
    pub(super) also: Option<Also>,
}

/// A file that may become an object without more ado.
pub(super) struct Begun {
    pub(super) incoming: Arc<Incoming>,
    /// Whether it is one then; if not, it is for [`LocalBuckets::commit`], which has more patience.
    pub(super) arrived: Awaited<bool>,
    /// What is known of it then.
    pub(super) details: ObjectDetails,
}

/// What a condition says of the object that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Holds,
    /// Its ETag is not known: it was changed by hand a moment ago.
    Unknown,
}

impl LocalBuckets {
    /// Begins to make a finished file an object. Blocking.
    pub(super) fn begin_commit(&self, incoming: Arc<Incoming>) -> Result<Begun> {
        let Incoming { upload, bucket, .. } = &*incoming;
        let identity = self.stamp(&upload.file, &upload.path)?;
        let takes_more = matches!(incoming.condition, WriteCondition::IfMatch(_))
            || self.store.keeps_versions(bucket);
        let arrived = if takes_more {
            known(Ok(false))
        } else {
            self.arrive(&incoming, identity)
        };
        let (key, noted) = (incoming.key.clone(), incoming.noted.clone());
        Ok(Begun {
            arrived,
            details: index::object_details(key, identity, noted, false, true)?,
            incoming,
        })
    }

    /// Makes a finished file an object. Blocking.
    pub(super) fn commit(&self, incoming: &Arc<Incoming>) -> Result<ObjectDetails> {
        let Incoming {
            upload,
            bucket,
            key,
            ..
        } = &**incoming;
        let identity = self.stamp(&upload.file, &upload.path)?;
        for _ in 0..TURNS {
            let versioned = self.sees_versioning(bucket)?;
            if matches!(incoming.condition, WriteCondition::IfMatch(_)) {
                // Makes its ETag known; it is compared in the transaction.
                self.open_object(bucket, key, Etag::Needed)?;
            }
            let made = if versioned {
                self.commit_version(incoming, identity)?
            } else {
                let arrived = self.arrive(incoming, identity).wait()?;
                arrived.then(|| incoming.noted.clone())
            };
            if let Some(noted) = made {
                return index::object_details(key.clone(), identity, noted, versioned, true);
            }
        }
        Err(Error::conflict(format!(
            "s3://{bucket}/{key} is being changed without a pause"
        ))
        .hint("try again"))
    }

    /// Whether `bucket` keeps versions, or did; remembered for the next one who writes to it.
    fn sees_versioning(&self, bucket: &BucketName) -> Result<bool> {
        let versioning = self.store.database().glance(|db| versioning(db, bucket))?;
        self.store.note_versions(bucket, versioning.is_some());
        Ok(versioning.is_some())
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
            self.record_arrival(tx, &event, (bucket, key), identity, &noted)?;
        }
        Ok(())
    }

    /// Sends the event of an object that is in its place now.
    pub(super) fn record_arrival(
        &self,
        tx: &Connection,
        event: &str,
        (bucket, key): (&BucketName, &str),
        identity: Identity,
        noted: &Noted,
    ) -> Result<()> {
        let event = NewEvent {
            name: event,
            bucket,
            key,
            version_id: noted.version_id.as_deref(),
            created: Some((identity.size(), &noted.etag)),
        };
        events::record(tx, self.store.now(), event)
    }

    /// None when the condition cannot be told yet.
    fn commit_version(&self, incoming: &Incoming, identity: Identity) -> Result<Option<Noted>> {
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
        incoming: &Incoming,
        identity: Identity,
    ) -> Result<Option<Noted>> {
        let Incoming { bucket, key, .. } = incoming;
        let root = self.existing_root(bucket)?;
        let Some(versioning) = versioning(tx, bucket)? else {
            return Ok(None);
        };
        if self.held(tx, bucket, key, &incoming.condition)? == Held::Unknown {
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
        if let Some(also) = &incoming.also {
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
    fn hand_over(&self, incoming: &Incoming) -> Result<String> {
        let file = version_file(&incoming.bucket, &self.new_version_file(0));
        let path = self.store.home().root().join(&file);
        let mut touched = Touched::default();
        journal::make_parent(&path, &mut touched)?;
        let from = &incoming.upload.path;
        fs::rename(from, &path).at("move", from)?;
        incoming.upload.note_moved();
        touched.entry(&path);
        if self.store.options().fsync {
            touched.sync()?;
        }
        Ok(file)
    }

    /// Whether the condition of a write holds; an error when it does not.
    pub(super) fn held(
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
