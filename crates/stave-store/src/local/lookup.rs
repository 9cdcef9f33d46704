//! Reading versions: the current one from its plain place, the others from
//! aside, and delete markers, which are not to be read.

use std::fs::File;
use std::io;

use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

use super::LocalBuckets;
use super::archive::{self, Archived, version_file};
use super::files::{self, Identity, Located};
use super::index::{self, Noted, object_details};
use super::publish;
use super::read::{Etag, body};
use super::settings::versioning;
use crate::faults::io_error;
use crate::objects::{
    DeleteMarker, Lookup, ObjectDetails, ObjectFault, ReadOptions, Verdict, VersionRead,
};

/// How often an object may change under a reader before it gives up.
const TRIES: usize = 16;

/// A version's file, open, and what is known of it.
#[derive(Debug)]
pub(super) struct OpenVersion {
    pub(super) file: File,
    pub(super) located: Located,
    pub(super) noted: Noted,
    pub(super) details: ObjectDetails,
}

impl LocalBuckets {
    /// Reads a version of an object, or a range or part of it.
    pub async fn open(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: ReadOptions,
    ) -> Result<Lookup<VersionRead>> {
        self.with_version(bucket, key, options, |options, open| {
            let range = options.range_of(&open.details)?;
            Ok(VersionRead {
                body: body(open.file, open.located, range.clone())?,
                range,
                details: open.details,
            })
        })
        .await
    }

    /// What is known of a version of an object. A range is not looked at, a part must be there.
    pub async fn describe(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: ReadOptions,
    ) -> Result<Lookup<ObjectDetails>> {
        self.with_version(bucket, key, options, |options, open| {
            if let Some(number) = options.part_number {
                open.details.part_range(number)?;
            }
            Ok(open.details)
        })
        .await
    }

    /// Opens a version when the conditions hold, and does with it what is small.
    async fn with_version<T: Send + 'static>(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: ReadOptions,
        read: fn(&ReadOptions, OpenVersion) -> Result<T>,
    ) -> Result<Lookup<T>> {
        let at_hand = self.store.reads().at_once(|| {
            let found = self.find_at_hand(bucket, key, &options)?;
            let read = |found: Lookup<_>| found.try_map(|open| read(&options, open));
            found.map(read).transpose()
        });
        if let Some(found) = at_hand.transpose()?.flatten() {
            return Ok(found);
        }
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| {
            let found = buckets.find(&bucket, &key, &options)?;
            found.try_map(|open| read(&options, open))
        })
        .await
    }

    /// Opens the current version where a look is enough; none where something is to be done or
    /// waited for first, or nothing is found: [`Self::find`] knows what to say then.
    fn find_at_hand(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &ReadOptions,
    ) -> Result<Option<Lookup<OpenVersion>>> {
        if options.version_id.is_some() {
            return Ok(None);
        }
        let root = self.store.home().bucket(bucket);
        let Some((file, located)) = files::open(&root, key.as_str())? else {
            return Ok(None);
        };
        let identity = located.identity;
        let database = self.store.database();
        let known =
            database.glance(|db| index::find_settled(db, bucket, key.as_str(), identity))?;
        let Some((noted, versioned)) = known else {
            return Ok(None);
        };
        let details = object_details(key.clone(), identity, noted.clone(), versioned, true)?;
        let open = OpenVersion {
            file,
            located,
            noted,
            details,
        };
        as_asked(bucket, open, options).map(Some)
    }

    /// Opens a version when the conditions hold.
    pub(super) fn find(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &ReadOptions,
    ) -> Result<Lookup<OpenVersion>> {
        let found = self.open_version(bucket, key, options.version_id.as_deref())?;
        let Lookup::Found(open) = found else {
            return Ok(found);
        };
        as_asked(bucket, open, options)
    }

    /// Opens a version: the current one when none is named.
    pub(super) fn open_version(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<&str>,
    ) -> Result<Lookup<OpenVersion>> {
        for _ in 0..TRIES {
            self.finish_publications()?;
            let database = self.store.database();
            let (before, versioned) =
                database.read(|tx| Ok((publish::state(tx)?, versioning(tx, bucket)?.is_some())))?;
            let found = self.look_up(bucket, key, version_id, versioned)?;
            // A version may have changed places between two looks.
            let missed = match &found {
                Err(error) => error.kind() == ErrorKind::NotFound,
                Ok(found) => found.is_none(),
            };
            if missed && versioned && before != database.glance(publish::state)? {
                continue;
            }
            if let Some(found) = found.transpose() {
                return found;
            }
        }
        Err(Error::conflict(format!(
            "s3://{bucket}/{key} is being changed without a pause"
        ))
        .hint("try again"))
    }

    /// None in `Ok` when a file is not where its row says.
    #[allow(clippy::type_complexity)]
    fn look_up(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<&str>,
        versioned: bool,
    ) -> Result<Result<Option<Lookup<OpenVersion>>>> {
        let current = match self.open_object(bucket, key, Etag::Needed) {
            Ok(open) => Some(open),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.existing_root(bucket)?;
                if !versioned && version_id.is_none() {
                    return Ok(Err(error));
                }
                None
            }
            Err(error) => return Err(error),
        };
        let has_current = current.is_some();
        if let Some(open) = current {
            let noted = open.noted.unwrap_or_default();
            if version_id.is_none_or(|id| id == noted.id()) {
                let identity = open.located.identity;
                let details =
                    object_details(key.clone(), identity, noted.clone(), versioned, true)?;
                return Ok(Ok(Some(Lookup::Found(OpenVersion {
                    file: open.file,
                    located: open.located,
                    noted,
                    details,
                }))));
            }
        }
        let (archived, newest) = self.store.database().read(|tx| {
            let newest = archive::newest(tx, bucket, key.as_str())?;
            let archived = match version_id {
                Some(id) => archive::find(tx, bucket, key.as_str(), id)?,
                None => newest.clone().filter(Archived::is_marker),
            };
            Ok((archived, newest))
        })?;
        let Some(archived) = archived else {
            return Ok(Err(match version_id {
                None => crate::objects::no_such_key(bucket, key.as_str()),
                Some(id) => no_such_version(bucket, key, id),
            }));
        };
        let is_latest = !has_current && newest.is_some_and(|newest| newest.seq == archived.seq);
        self.open_archived(bucket, key, archived, is_latest).map(Ok)
    }

    fn open_archived(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version: Archived,
        is_latest: bool,
    ) -> Result<Option<Lookup<OpenVersion>>> {
        let Some(file) = &version.file else {
            return Ok(Some(Lookup::DeleteMarker(DeleteMarker {
                key: key.clone(),
                version_id: version.id,
                is_latest,
                modified_at: version.identity.modified_at(),
            })));
        };
        let path = self.store.home().root().join(version_file(bucket, file));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error(error, "open", &path)),
        };
        let identity = file
            .metadata()
            .map(|metadata| Identity::of(&metadata))
            .map_err(|error| io_error(error, "read", &path))?;
        if identity.size != version.identity.size {
            return Err(Error::internal(format!(
                "version {} of s3://{bucket}/{key} is damaged: its file has {} bytes instead of {}",
                version.id, identity.size, version.identity.size
            )));
        }
        let details = object_details(
            key.clone(),
            version.identity,
            version.noted.clone(),
            true,
            is_latest,
        )?;
        Ok(Some(Lookup::Found(OpenVersion {
            file,
            located: Located {
                path,
                identity: version.identity,
            },
            noted: version.noted,
            details,
        })))
    }
}

/// The version that was found, when the conditions hold.
fn as_asked(
    bucket: &BucketName,
    open: OpenVersion,
    options: &ReadOptions,
) -> Result<Lookup<OpenVersion>> {
    match options.conditions.check(bucket, &open.details)? {
        Verdict::NotModified => Ok(Lookup::NotModified(Box::new(open.details))),
        _ => Ok(Lookup::Found(open)),
    }
}

pub(super) fn no_such_version(bucket: &BucketName, key: &ObjectKey, id: &str) -> Error {
    ObjectFault::NoSuchVersion.error(format!("s3://{bucket}/{key} has no version \"{id}\""))
}
