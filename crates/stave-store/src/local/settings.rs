//! What is said of a bucket as a whole: whether it keeps versions, and documents
//! whose meaning is known elsewhere.

use rusqlite::{Connection, OptionalExtension};
use stave_core::{BucketName, Error, Result};

use super::LocalBuckets;
use crate::faults::SqlContext;
use crate::objects::{MAX_BUCKET_TAGS, ObjectFault, Tags, Versioning, check_tags};
use crate::rows::{LifecycleRule, check_lifecycle};
use crate::store::to_micros;

/// The largest document in bytes: S3's largest, a lifecycle of 1,000 rules, is below it.
const MAX_DOCUMENT_BYTES: usize = 1 << 20;
/// The largest bucket policy in bytes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>
const MAX_POLICY_BYTES: usize = 20 << 10;

/// A document that a bucket keeps. Its words are its owner's: here it is JSON, no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BucketSetting {
    /// The bucket policy.
    Policy,
    /// Where events go.
    Notification,
    /// CORS rules.
    Cors,
    /// The public access block.
    PublicAccessBlock,
    /// Who owns objects.
    Ownership,
    /// How objects are to be encrypted at rest.
    Encryption,
}

impl BucketSetting {
    fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Notification => "notification",
            Self::Cors => "cors",
            Self::PublicAccessBlock => "public-access-block",
            Self::Ownership => "ownership",
            Self::Encryption => "encryption",
        }
    }

    fn max_bytes(self) -> usize {
        match self {
            Self::Policy => MAX_POLICY_BYTES,
            _ => MAX_DOCUMENT_BYTES,
        }
    }
}

pub(super) const VERSIONING: &str = "versioning";
const TAGGING: &str = "tagging";
const LIFECYCLE: &str = "lifecycle";

/// Whether `bucket` keeps versions; none when it never did.
pub(super) fn versioning(tx: &Connection, bucket: &BucketName) -> Result<Option<Versioning>> {
    let text = document(tx, bucket, VERSIONING)?;
    Ok(text.map(|text| {
        if text == Versioning::Suspended.name() {
            Versioning::Suspended
        } else {
            Versioning::Enabled
        }
    }))
}

fn document(tx: &Connection, bucket: &BucketName, name: &str) -> Result<Option<String>> {
    tx.prepare_cached("SELECT document FROM bucket_settings WHERE bucket = ?1 AND name = ?2")
        .sql()?
        .query_row([bucket.as_str(), name], |row| row.get(0))
        .optional()
        .sql()
}

impl LocalBuckets {
    fn setting(&self, bucket: &BucketName, name: &str) -> Result<Option<String>> {
        self.existing_root(bucket)?;
        self.store
            .database()
            .glance(|db| document(db, bucket, name))
    }

    /// Writes a setting, or removes it.
    fn set(&self, bucket: &BucketName, name: &str, document: Option<&str>) -> Result<()> {
        let now = to_micros(self.store.now());
        self.store.database().write(|tx| {
            self.existing_root(bucket)?;
            match document {
                Some(document) => tx
                    .prepare_cached(
                        "INSERT OR REPLACE INTO bucket_settings VALUES (?1, ?2, ?3, ?4)",
                    )
                    .sql()?
                    .execute((bucket.as_str(), name, document, now))
                    .sql()?,
                None => tx
                    .prepare_cached("DELETE FROM bucket_settings WHERE bucket = ?1 AND name = ?2")
                    .sql()?
                    .execute((bucket.as_str(), name))
                    .sql()?,
            };
            Ok(())
        })
    }

    /// Whether `bucket` keeps versions; none when it never did. Blocking.
    pub fn versioning(&self, bucket: &BucketName) -> Result<Option<Versioning>> {
        self.existing_root(bucket)?;
        self.store.database().glance(|db| versioning(db, bucket))
    }

    /// Says whether `bucket` keeps versions from now on. There is no way back to never. Blocking.
    pub fn set_versioning(&self, bucket: &BucketName, versioning: Versioning) -> Result<()> {
        self.set(bucket, VERSIONING, Some(versioning.name()))
    }

    /// A document of `bucket`; none when it has none. Blocking.
    pub fn bucket_setting(
        &self,
        bucket: &BucketName,
        setting: BucketSetting,
    ) -> Result<Option<String>> {
        self.setting(bucket, setting.name())
    }

    /// The policy of `bucket`; none where there is no bucket, too. Blocking, for a row at most.
    pub fn bucket_policy(&self, bucket: &BucketName) -> Result<Option<String>> {
        let database = self.store.database();
        database.glance(|db| document(db, bucket, BucketSetting::Policy.name()))
    }

    /// Gives `bucket` a document, a JSON text; with none takes it away. Blocking.
    pub fn set_bucket_setting(
        &self,
        bucket: &BucketName,
        setting: BucketSetting,
        document: Option<&str>,
    ) -> Result<()> {
        if let Some(document) = document {
            let max = setting.max_bytes();
            if document.len() > max {
                return Err(Error::invalid(format!(
                    "the {} of bucket \"{bucket}\" has {} bytes; at most {max} are kept",
                    setting.name(),
                    document.len()
                )));
            }
            serde_json::from_str::<&serde_json::value::RawValue>(document).map_err(|error| {
                Error::invalid(format!(
                    "the {} of bucket \"{bucket}\" is no JSON",
                    setting.name()
                ))
                .caused_by(error)
            })?;
        }
        self.set(bucket, setting.name(), document)
    }

    /// The tags of `bucket`. Blocking.
    pub fn bucket_tags(&self, bucket: &BucketName) -> Result<Tags> {
        self.parsed(bucket, TAGGING)
    }

    /// Replaces the tags of `bucket`; no tags take them away. Blocking.
    pub fn set_bucket_tags(&self, bucket: &BucketName, tags: &Tags) -> Result<()> {
        check_tags(tags, MAX_BUCKET_TAGS)?;
        let text = super::index::store("tags", tags)?;
        self.set(bucket, TAGGING, text.as_deref())
    }

    /// The lifecycle rules of `bucket`. Blocking.
    pub fn lifecycle(&self, bucket: &BucketName) -> Result<Vec<LifecycleRule>> {
        self.parsed(bucket, LIFECYCLE)
    }

    /// Replaces the lifecycle rules of `bucket`; none take them away. Blocking.
    pub fn set_lifecycle(&self, bucket: &BucketName, rules: &Vec<LifecycleRule>) -> Result<()> {
        check_lifecycle(rules)?;
        let text = super::index::store("lifecycle", rules)?;
        self.set(bucket, LIFECYCLE, text.as_deref())
    }

    fn parsed<T: serde::de::DeserializeOwned + Default>(
        &self,
        bucket: &BucketName,
        name: &str,
    ) -> Result<T> {
        match self.setting(bucket, name)? {
            None => Ok(T::default()),
            Some(text) => {
                serde_json::from_str(&text).map_err(|error| crate::faults::bad_json(name, error))
            }
        }
    }
}

/// Refuses to remove a bucket that has versions. Its uploads go with it.
pub(super) fn refuse_versions(tx: &Connection, bucket: &BucketName) -> Result<()> {
    let key: Option<String> = tx
        .prepare_cached("SELECT key FROM object_versions WHERE bucket = ?1 LIMIT 1")
        .sql()?
        .query_row([bucket.as_str()], |row| row.get(0))
        .optional()
        .sql()?;
    match key {
        None => Ok(()),
        Some(key) => Err(ObjectFault::BucketNotEmpty
            .error(format!(
                "bucket \"{bucket}\" is not empty: it holds versions of \"{key}\""
            ))
            .hint("delete all versions and delete markers first")),
    }
}
