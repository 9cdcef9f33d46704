//! Copies of versions, with or without what is kept beside their bytes.

use stave_core::{BucketName, Error, ObjectKey, Result};

use super::LocalBuckets;
use super::lookup::OpenVersion;
use super::put::{Hashed, too_large};
use super::resolve::Resolved;
use crate::objects::{
    CopyOptions, CopySource, CreatedBy, ExpectedBody, Lookup, MAX_PART_BYTES, ObjectDetails,
    ObjectFault, ReadOptions, condition_failed, no_such_key,
};

impl LocalBuckets {
    /// Copies a version of an object to `key`, whose new version it becomes. Its
    /// metadata and its tags come along unless others are given.
    pub async fn copy_version(
        &self,
        source: CopySource,
        bucket: &BucketName,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<ObjectDetails> {
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| buckets.copy_now(&source, &bucket, &key, &options))
            .await
    }

    fn copy_now(
        &self,
        source: &CopySource,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &CopyOptions,
    ) -> Result<ObjectDetails> {
        let itself = (&source.bucket, &source.key) == (bucket, key);
        if itself
            && source.version_id.is_none()
            && options.replace.is_none()
            && options.storage_class.is_none()
        {
            return Err(Error::invalid(format!(
                "a copy of s3://{bucket}/{key} onto itself changes nothing"
            ))
            .coded("InvalidRequest")
            .hint("give it other metadata or another storage class"));
        }
        let open = self.open_source(source)?;
        let size = open.details.info.size;
        if size > MAX_PART_BYTES {
            return Err(too_large(size, MAX_PART_BYTES));
        }
        self.existing_root(bucket)?;
        let kept = open.noted.kept()?;
        let tags = match &options.tags {
            Some(tags) => tags.clone(),
            None => open.noted.object_tags()?,
        };
        let metadata = open.noted.metadata()?;
        let mut resolved = Resolved {
            content_type: Some(&open.noted.content_type),
            headers: &kept.headers,
            user_metadata: &metadata,
            tags: &tags,
            storage_class: options.storage_class.as_deref(),
        };
        if let Some(replace) = &options.replace {
            resolved.content_type = replace.content_type.as_deref();
            resolved.headers = &replace.headers;
            resolved.user_metadata = &replace.user_metadata;
        }
        let noted = resolved.noted(key)?;
        let expected = ExpectedBody {
            size: Some(size),
            algorithm: options
                .algorithm
                .or_else(|| kept.checksum.as_ref().map(|checksum| checksum.algorithm)),
            ..ExpectedBody::default()
        };
        let mut hashed = Hashed::begin(self, &expected, MAX_PART_BYTES)?;
        hashed.write_from(&open.file, u64::MAX, &open.located.path)?;
        let received = hashed.finish(&expected)?;
        let place = (bucket.clone(), key.clone());
        let condition = options.condition.clone();
        self.commit(&received.incoming(place, noted, condition, CreatedBy::Copy)?)
    }

    /// Opens the source of a copy. Not modified is a failed condition here.
    pub(super) fn open_source(&self, source: &CopySource) -> Result<OpenVersion> {
        let options = ReadOptions {
            version_id: source.version_id.clone(),
            conditions: source.conditions.clone(),
            ..ReadOptions::default()
        };
        match self.find(&source.bucket, &source.key, &options)? {
            Lookup::Found(open) => Ok(open),
            Lookup::NotModified(_) => Err(condition_failed(&source.bucket, source.key.as_str())),
            Lookup::DeleteMarker(marker) => Err(match source.version_id {
                None => no_such_key(&source.bucket, source.key.as_str()),
                Some(_) => ObjectFault::MethodNotAllowed.error(format!(
                    "version {} of s3://{}/{} is a delete marker: it cannot be copied",
                    marker.version_id, source.bucket, source.key
                )),
            }),
        }
    }
}
