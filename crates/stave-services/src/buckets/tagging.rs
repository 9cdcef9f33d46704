//! Tags of objects and buckets.

use stave_core::iam::Context;
use stave_core::{BucketName, Caller, ObjectKey, Result};
use stave_store::Tags;

use super::Buckets;
use super::access::version_keys;
use super::names::{self, DELETE_TAGS, GET_TAGS, PUT_TAGS};

/// The condition keys of tags that a request gives to an object.
pub(super) fn request_tags(tags: &Tags) -> Context {
    let mut keys = Context::new();
    for (name, value) in tags {
        keys.set(&format!("s3:RequestObjectTag/{name}"), value);
    }
    if !tags.is_empty() {
        keys.set_all("s3:RequestObjectTagKeys", tags.keys());
    }
    keys
}

impl Buckets {
    /// The tags of an object, and which version they are of.
    pub async fn object_tags(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<String>,
    ) -> Result<(Tags, Option<String>)> {
        let id = version_id.as_deref();
        let actions = [names::of(GET_TAGS, id)];
        self.permit_object(caller, &actions, (bucket, key, id), version_keys(id))
            .await?;
        let local = self.local(bucket, "GetObjectTagging")?;
        let found = local.object_tags(bucket, key, version_id).await;
        match found {
            Err(error) => Err(self.hide_absent(caller, bucket, error)),
            found => found,
        }
    }

    /// Replaces the tags of an object; says which version they are of. No tags take them away
    /// (`DeleteObjectTagging`).
    pub async fn set_object_tags(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<String>,
        tags: Option<Tags>,
    ) -> Result<Option<String>> {
        let id = version_id.as_deref();
        let (actions, operation) = match tags {
            Some(_) => (PUT_TAGS, "PutObjectTagging"),
            None => (DELETE_TAGS, "DeleteObjectTagging"),
        };
        let tags = tags.unwrap_or_default();
        let mut keys = version_keys(id);
        keys.extend(&request_tags(&tags));
        self.permit_object(caller, &[names::of(actions, id)], (bucket, key, id), keys)
            .await?;
        let local = self.local(bucket, operation)?;
        let done = local.set_object_tags(bucket, key, version_id, tags).await;
        match done {
            Err(error) => Err(self.hide_absent(caller, bucket, error)),
            done => done,
        }
    }

    /// The tags of a bucket.
    pub async fn bucket_tags(&self, caller: &Caller, bucket: &BucketName) -> Result<Tags> {
        self.permit(caller, "s3:GetBucketTagging", bucket, &Context::new())?;
        self.local(bucket, "GetBucketTagging")?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.bucket_tags(&bucket)).await
    }

    /// Replaces the tags of a bucket; no tags take them away.
    pub async fn set_bucket_tags(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        tags: Tags,
    ) -> Result<()> {
        let mut keys = Context::new();
        for (name, value) in &tags {
            keys.set(&format!("aws:RequestTag/{name}"), value);
        }
        if !tags.is_empty() {
            keys.set_all("aws:TagKeys", tags.keys());
        }
        self.permit(caller, "s3:PutBucketTagging", bucket, &keys)?;
        self.local(bucket, "PutBucketTagging")?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.set_bucket_tags(&bucket, &tags))
            .await
    }
}
