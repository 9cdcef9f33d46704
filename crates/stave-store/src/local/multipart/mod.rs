//! Uploads in parts, as clients make them: they live in rows and in a folder of
//! their own, over the death of processes, until they are completed or aborted.

mod complete;
mod list;
mod part;

use std::fs;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use stave_core::{BucketName, Error, ObjectKey, Result};

use super::LocalBuckets;
use super::index::Noted;
use super::resolve::Resolved;
use crate::faults::{SqlContext, bad_json};
use crate::objects::{ChecksumAlgorithm, ChecksumType, ObjectFault, UploadInfo, UploadOptions};
use crate::store::{from_micros, to_micros};

/// How long a completed upload answers a repeated request.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What was said of the object when its upload was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Begun {
    noted: Noted,
    checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
}

/// The row of an upload.
#[derive(Debug, Clone)]
struct UploadRow {
    begun: Begun,
    created_at: Timestamp,
    /// The request that completed it, and its result.
    completed: Option<(String, String)>,
}

impl UploadRow {
    fn info(&self, key: &ObjectKey, id: &str) -> UploadInfo {
        UploadInfo {
            key: key.clone(),
            upload_id: id.to_owned(),
            created_at: self.created_at,
            storage_class: self.begun.noted.storage_class.clone(),
            checksum: self.begun.checksum,
        }
    }
}

/// The upload of that id, completed or not.
fn any_upload(
    tx: &Connection,
    bucket: &BucketName,
    key: &ObjectKey,
    id: &str,
) -> Result<UploadRow> {
    let row = tx
        .prepare_cached(
            "SELECT options, created_at, request, result FROM uploads
             WHERE id = ?1 AND bucket = ?2 AND key = ?3",
        )
        .sql()?
        .query_row([id, bucket.as_str(), key.as_str()], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get(1)?,
                row.get::<_, Option<String>>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        })
        .optional()
        .sql()?;
    let Some((options, created_at, request, result)) = row else {
        return Err(no_such_upload(bucket, key, id));
    };
    Ok(UploadRow {
        begun: parse_begun(&options)?,
        created_at: from_micros(created_at),
        completed: request.zip(result),
    })
}

/// The upload of that id, which may still get parts.
fn open_upload(
    tx: &Connection,
    bucket: &BucketName,
    key: &ObjectKey,
    id: &str,
) -> Result<UploadRow> {
    let row = any_upload(tx, bucket, key, id)?;
    match row.completed {
        None => Ok(row),
        Some(_) => Err(no_such_upload(bucket, key, id)),
    }
}

fn parse_begun(text: &str) -> Result<Begun> {
    serde_json::from_str(text).map_err(|error| bad_json("an upload", error))
}

fn no_such_upload(bucket: &BucketName, key: &ObjectKey, id: &str) -> Error {
    ObjectFault::NoSuchUpload.error(format!(
        "s3://{bucket}/{key} has no upload \"{id}\": it never had, or it was completed or aborted"
    ))
}

impl LocalBuckets {
    /// Begins an upload in parts.
    pub async fn create_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: UploadOptions,
    ) -> Result<UploadInfo> {
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| buckets.begin_upload(&bucket, &key, &options))
            .await
    }

    fn begin_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
    ) -> Result<UploadInfo> {
        let resolved = Resolved {
            content_type: options.content_type.as_deref(),
            headers: &options.headers,
            user_metadata: &options.user_metadata,
            tags: &options.tags,
            storage_class: options.storage_class.as_deref(),
        };
        let checksum = match options.checksum {
            None => None,
            Some((algorithm, kind)) => {
                let kind = kind.unwrap_or_else(|| algorithm.default_type());
                algorithm.check_type(kind)?;
                Some((algorithm, kind))
            }
        };
        let begun = Begun {
            noted: resolved.noted(key)?,
            checksum,
        };
        let text = serde_json::to_string(&begun).map_err(|error| bad_json("an upload", error))?;
        let created_at = from_micros(to_micros(self.store.now()));
        let id = self.store.database().write(|tx| {
            self.existing_root(bucket)?;
            loop {
                let id = format!("{:032x}", self.store.next_id());
                let new = tx
                    .prepare_cached(
                        "INSERT OR IGNORE INTO uploads (id, bucket, key, created_at, options)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )
                    .sql()?
                    .execute(params![
                        id,
                        bucket.as_str(),
                        key.as_str(),
                        to_micros(created_at),
                        text
                    ])
                    .sql()?;
                // Ids of a test's source repeat between stores.
                if new == 1 {
                    return Ok(id);
                }
            }
        })?;
        let row = UploadRow {
            begun,
            created_at,
            completed: None,
        };
        Ok(row.info(key, &id))
    }

    /// Ends an upload without an object; its parts are gone.
    pub async fn abort_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
    ) -> Result<()> {
        let (bucket, key, id) = (bucket.clone(), key.clone(), upload_id.to_owned());
        self.blocking(move |buckets| buckets.abort(&bucket, &key, &id))
            .await
    }

    pub(super) fn abort(&self, bucket: &BucketName, key: &ObjectKey, id: &str) -> Result<()> {
        self.store.database().write(|tx| {
            self.existing_root(bucket)?;
            open_upload(tx, bucket, key, id)?;
            tx.execute("DELETE FROM uploads WHERE id = ?1", [id])
                .sql()?;
            Ok(())
        })?;
        self.remove_parts(id);
        Ok(())
    }

    /// Removes the files of an upload that is done. What cannot be removed is swept later.
    fn remove_parts(&self, id: &str) {
        let _ = fs::remove_dir_all(self.upload_folder(id));
    }

    fn upload_folder(&self, id: &str) -> PathBuf {
        self.store.home().multipart().join(id)
    }

    /// Forgets uploads that were completed long ago.
    pub(crate) fn forget_completed_uploads(&self) -> Result<()> {
        let before = self.store.now().saturating_sub(REMEMBERED);
        let before = before.map_or(i64::MIN, to_micros);
        self.store.database().write_relaxed(|tx| {
            tx.execute("DELETE FROM uploads WHERE completed_at < ?1", [before])
                .sql()?;
            Ok(())
        })
    }
}
