//! Tags of objects, changed without writing the object again.

use rusqlite::params;
use stave_core::{BucketName, ErrorKind, ObjectKey, Result};

use super::LocalBuckets;
use super::files;
use super::index;
use super::read::Etag;
use super::settings::versioning;
use super::{archive, lookup};
use crate::database::Durability;
use crate::faults::SqlContext;
use crate::objects::{Lookup, MAX_OBJECT_TAGS, ObjectFault, Tags, check_tags, no_such_key};
use crate::rows::events::{self, NewEvent};

impl LocalBuckets {
    /// The tags of a version of an object, and the version. Of a delete marker they
    /// cannot be asked.
    pub async fn object_tags(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<String>,
    ) -> Result<(Tags, Option<String>)> {
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| {
            match buckets.open_version(&bucket, &key, version_id.as_deref())? {
                Lookup::Found(open) => Ok((open.noted.object_tags()?, open.details.version_id)),
                _ => Err(of_marker(&bucket, &key, version_id.as_deref())),
            }
        })
        .await
    }

    /// Replaces the tags of a version of an object; no tags take them away. Says the version.
    pub async fn set_object_tags(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<String>,
        tags: Tags,
    ) -> Result<Option<String>> {
        check_tags(&tags, MAX_OBJECT_TAGS)?;
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| buckets.retag(&bucket, &key, version_id.as_deref(), &tags))
            .await
    }

    fn retag(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<&str>,
        tags: &Tags,
    ) -> Result<Option<String>> {
        let text = index::store("tags", tags)?;
        // A file that was dropped by hand gets the row that the tags are to stand in.
        match self.open_object(bucket, key, Etag::Needed) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.change_as(Durability::Durable, |tx, _| {
            let root = self.existing_root(bucket)?;
            let versioned = versioning(tx, bucket)?.is_some();
            let found = files::locate(&root, key.as_str())?;
            let current = match found {
                Some(found) => index::find(tx, bucket, key.as_str(), found.identity)?
                    .0
                    .map(|noted| (found.identity, noted)),
                None => None,
            };
            let id = match current {
                Some((identity, noted)) if version_id.is_none_or(|id| id == noted.id()) => {
                    tx.prepare_cached(
                        "UPDATE objects SET tags = ?6 WHERE bucket = ?1 AND key = ?2
                         AND inode = ?3 AND mtime_ns = ?4 AND size = ?5",
                    )
                    .sql()?
                    .execute(params![
                        bucket.as_str(),
                        key.as_str(),
                        identity.inode,
                        identity.mtime_ns,
                        identity.size,
                        text
                    ])
                    .sql()?;
                    noted.id().to_owned()
                }
                _ => {
                    let Some(id) = version_id else {
                        return Err(no_such_key(bucket, key.as_str()));
                    };
                    let version = archive::find(tx, bucket, key.as_str(), id)?
                        .ok_or_else(|| lookup::no_such_version(bucket, key, id))?;
                    if version.is_marker() {
                        return Err(of_marker(bucket, key, version_id));
                    }
                    tx.prepare_cached(
                        "UPDATE object_versions SET tags = ?4
                         WHERE bucket = ?1 AND key = ?2 AND seq = ?3",
                    )
                    .sql()?
                    .execute(params![bucket.as_str(), key.as_str(), version.seq, text])
                    .sql()?;
                    id.to_owned()
                }
            };
            let name = if tags.is_empty() {
                "ObjectTagging:Delete"
            } else {
                "ObjectTagging:Put"
            };
            let id = versioned.then_some(id);
            let event = NewEvent {
                name,
                bucket,
                key: key.as_str(),
                version_id: id.as_deref(),
                created: None,
            };
            events::record(tx, self.store.now(), event)?;
            Ok(id)
        })
    }
}

fn of_marker(bucket: &BucketName, key: &ObjectKey, version_id: Option<&str>) -> stave_core::Error {
    match version_id {
        None => no_such_key(bucket, key.as_str()),
        Some(id) => ObjectFault::MethodNotAllowed.error(format!(
            "version {id} of s3://{bucket}/{key} is a delete marker: it has no tags"
        )),
    }
}
