//! Which buckets lie where: those that a remote configuration names, there; all
//! others here.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::ObjectStore;
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

use crate::local::{LocalBuckets, key_at};
use crate::objects::{
    BucketInfo, BucketStore, ByteRange, DeleteFault, ListPage, ListRequest, ObjectInfo, ObjectRead,
    Publication, PutBody, PutOptions,
};
use crate::remote::RemoteBuckets;

/// Local and remote buckets as one store.
#[derive(Debug, Clone)]
pub struct Buckets {
    local: LocalBuckets,
    remotes: Vec<RemoteBuckets>,
}

impl Buckets {
    /// Buckets of `local`, but for those that one of `remotes` claims (the first that does).
    pub fn new(local: LocalBuckets, remotes: Vec<RemoteBuckets>) -> Self {
        Self { local, remotes }
    }

    /// The local ones.
    pub fn local(&self) -> &LocalBuckets {
        &self.local
    }

    /// The store that holds `bucket`.
    pub fn of(&self, bucket: &BucketName) -> &dyn BucketStore {
        match self.remotes.iter().find(|remote| remote.claims(bucket)) {
            Some(remote) => remote,
            None => &self.local,
        }
    }

    /// Whether `bucket` lies on a remote server.
    pub fn is_remote(&self, bucket: &BucketName) -> bool {
        self.remotes.iter().any(|remote| remote.claims(bucket))
    }

    /// The key of the object that [`BucketStore::object_store`] has at `path`.
    pub fn key_at(
        &self,
        bucket: &BucketName,
        path: &object_store::path::Path,
    ) -> Result<ObjectKey> {
        if self.is_remote(bucket) {
            return ObjectKey::new(path.as_ref());
        }
        key_at(path)
    }

    /// Takes what `claims` of the publication.
    fn part(publication: &mut Publication, claims: impl Fn(&BucketName) -> bool) -> Publication {
        Publication {
            run_id: publication.run_id.clone(),
            files: publication
                .files
                .extract_if(.., |file| claims(&file.bucket))
                .collect(),
            replace: publication
                .replace
                .extract_if(.., |(bucket, _)| claims(bucket))
                .collect(),
            // Rows are kept here, and change with the last step.
            bookmark: None,
        }
    }
}

#[async_trait]
impl BucketStore for Buckets {
    async fn create_bucket(&self, bucket: &BucketName) -> Result<()> {
        self.of(bucket).create_bucket(bucket).await
    }

    async fn delete_bucket(&self, bucket: &BucketName) -> Result<()> {
        self.of(bucket).delete_bucket(bucket).await
    }

    async fn list_buckets(&self) -> Result<Vec<BucketInfo>> {
        let mut buckets = self.local.list_buckets().await?;
        buckets.retain(|bucket| !self.is_remote(&bucket.name));
        for remote in &self.remotes {
            buckets.extend(remote.list_buckets().await?);
        }
        buckets.sort_by(|a, b| a.name.cmp(&b.name));
        buckets.dedup_by(|a, b| a.name == b.name);
        Ok(buckets)
    }

    async fn head_bucket(&self, bucket: &BucketName) -> Result<()> {
        self.of(bucket).head_bucket(bucket).await
    }

    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo> {
        self.of(bucket).put(bucket, key, body, options).await
    }

    async fn get(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<ObjectRead> {
        self.of(bucket).get(bucket, key, range).await
    }

    async fn head(&self, bucket: &BucketName, key: &ObjectKey) -> Result<ObjectInfo> {
        self.of(bucket).head(bucket, key).await
    }

    async fn list(&self, bucket: &BucketName, request: &ListRequest) -> Result<ListPage> {
        self.of(bucket).list(bucket, request).await
    }

    async fn copy(
        &self,
        from_bucket: &BucketName,
        from_key: &ObjectKey,
        bucket: &BucketName,
        key: &ObjectKey,
        replace: Option<PutOptions>,
    ) -> Result<ObjectInfo> {
        let from = self.of(from_bucket);
        let to = self.of(bucket);
        if !self.is_remote(from_bucket) && !self.is_remote(bucket) {
            return to.copy(from_bucket, from_key, bucket, key, replace).await;
        }
        if from_bucket == bucket {
            return to.copy(from_bucket, from_key, bucket, key, replace).await;
        }
        let read = from.get(from_bucket, from_key, None).await?;
        let options = replace.unwrap_or_else(|| PutOptions {
            content_type: Some(read.info.content_type.clone()),
            user_metadata: read.info.user_metadata.clone(),
            only_if_absent: false,
        });
        to.put(bucket, key, PutBody::Stream(read.body), options)
            .await
    }

    async fn delete_many(
        &self,
        bucket: &BucketName,
        keys: &[ObjectKey],
    ) -> Result<Vec<DeleteFault>> {
        self.of(bucket).delete_many(bucket, keys).await
    }

    /// Publishes to the remote servers first, then here: what fails, fails
    /// there. Only the local part is one atomic step.
    async fn publish(&self, mut publication: Publication) -> Result<()> {
        publication.check()?;
        for remote in &self.remotes {
            let part = Self::part(&mut publication, |bucket| {
                let first = self.remotes.iter().find(|remote| remote.claims(bucket));
                first.is_some_and(|first| std::ptr::eq(first, remote))
            });
            if !part.files.is_empty() || !part.replace.is_empty() {
                remote.publish(part).await?;
            }
        }
        let nothing_left = publication.files.is_empty() && publication.replace.is_empty();
        if nothing_left && publication.bookmark.is_none() {
            return Ok(());
        }
        self.local.publish(publication).await
    }

    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        self.of(bucket).object_store(bucket)
    }

    /// The path in either kind of bucket; a key that only local buckets can
    /// hold is refused, for want of knowing which is meant.
    fn object_path(&self, key: &ObjectKey) -> Result<object_store::path::Path> {
        let path = self.local.object_path(key)?;
        if path.as_ref() == key.as_str() {
            return Ok(path);
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("key \"{key}\" has no path that every kind of bucket understands"),
        )
        .hint("ask the bucket's own store"))
    }
}
