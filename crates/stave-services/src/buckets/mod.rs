//! Buckets and objects, as S3 has them.
//!
//! Must not know where a bucket lies, nor files outside of buckets (that is
//! [`crate::transfer`]).

mod engine;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use stave_core::{BucketName, Caller, Error, ErrorKind, ObjectKey, Result};
use stave_store::{
    BucketInfo, BucketStore, ByteRange, ListPage, ListRequest, ObjectInfo, ObjectRead, Publication,
    PutBody, PutOptions,
};

pub use self::engine::EngineBuckets;

/// How many objects one page of a long listing holds.
const PAGE: usize = 50_000;
/// How many keys are deleted in one request, as in S3.
const DELETE_BATCH: usize = 1000;
/// How many failed keys an error names.
const NAMED_FAULTS: usize = 5;

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// How many objects.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// The buckets service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Buckets {
    store: stave_store::Buckets,
}

impl Buckets {
    /// The service over `store`.
    pub fn new(store: stave_store::Buckets) -> Self {
        Self { store }
    }

    /// Whether `bucket` lies on a remote server.
    pub fn is_remote(&self, bucket: &BucketName) -> bool {
        self.store.is_remote(bucket)
    }

    /// The buckets as the engine reads them. What a caller may read is to be
    /// checked before a plan is made.
    pub fn for_engine(&self) -> EngineBuckets {
        EngineBuckets::new(self.store.clone())
    }

    /// Makes a bucket.
    pub async fn create(&self, caller: &Caller, bucket: &BucketName) -> Result<()> {
        caller.may("s3:CreateBucket", &bucket.arn())?;
        self.store.create_bucket(bucket).await
    }

    /// Removes a bucket; with `force`, what is in it first.
    pub async fn remove(&self, caller: &Caller, bucket: &BucketName, force: bool) -> Result<()> {
        caller.may("s3:DeleteBucket", &bucket.arn())?;
        if force && self.store.is_remote(bucket) {
            // It could be emptied but not removed: half of it would be worse than nothing.
            return self.store.delete_bucket(bucket).await;
        }
        if force {
            self.delete_prefix(caller, bucket, "", &mut |_| ()).await?;
        }
        self.store.delete_bucket(bucket).await
    }

    /// All buckets by name.
    pub async fn list_buckets(&self, caller: &Caller) -> Result<Vec<BucketInfo>> {
        caller.may("s3:ListAllMyBuckets", "*")?;
        self.store.list_buckets().await
    }

    /// Checks that a bucket exists.
    pub async fn head_bucket(&self, caller: &Caller, bucket: &BucketName) -> Result<()> {
        caller.may("s3:ListBucket", &bucket.arn())?;
        self.store.head_bucket(bucket).await
    }

    /// One page of a listing.
    pub async fn list(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        request: &ListRequest,
    ) -> Result<ListPage> {
        caller.may("s3:ListBucket", &bucket.arn())?;
        self.store.list(bucket, request).await
    }

    /// A listing of any length, page by page.
    pub fn pages<'a>(
        &'a self,
        caller: &'a Caller,
        bucket: &'a BucketName,
        request: ListRequest,
    ) -> BoxStream<'a, Result<ListPage>> {
        let first = Some(request.max(PAGE));
        stream::try_unfold(first, move |request| async move {
            let Some(request) = request else {
                return Ok(None);
            };
            let page = self.list(caller, bucket, &request).await?;
            let next = page.next.clone().map(|next| request.after(next));
            Ok(Some((page, next)))
        })
        .boxed()
    }

    /// What is known of an object.
    pub async fn head(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<ObjectInfo> {
        caller.may("s3:GetObject", &object_arn(bucket, key))?;
        self.store.head(bucket, key).await
    }

    /// Reads an object, or a range of it.
    pub async fn get(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<ObjectRead> {
        caller.may("s3:GetObject", &object_arn(bucket, key))?;
        self.store.get(bucket, key, range).await
    }

    /// Writes an object.
    pub async fn put(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo> {
        caller.may("s3:PutObject", &object_arn(bucket, key))?;
        self.store.put(bucket, key, body, options).await
    }

    /// Writes an object of bytes at hand.
    pub async fn put_bytes(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        bytes: impl Into<Bytes>,
    ) -> Result<ObjectInfo> {
        let body = PutBody::Bytes(bytes.into());
        self.put(caller, bucket, key, body, PutOptions::default())
            .await
    }

    /// Copies an object, with its content type and metadata.
    pub async fn copy(
        &self,
        caller: &Caller,
        from: (&BucketName, &ObjectKey),
        to: (&BucketName, &ObjectKey),
    ) -> Result<ObjectInfo> {
        caller.may("s3:GetObject", &object_arn(from.0, from.1))?;
        caller.may("s3:PutObject", &object_arn(to.0, to.1))?;
        self.store.copy(from.0, from.1, to.0, to.1, None).await
    }

    /// Moves an object: copies it, then deletes the old one. Refuses a move onto itself.
    pub async fn rename(
        &self,
        caller: &Caller,
        from: (&BucketName, &ObjectKey),
        to: (&BucketName, &ObjectKey),
    ) -> Result<ObjectInfo> {
        caller.may("s3:DeleteObject", &object_arn(from.0, from.1))?;
        if from == to {
            return Err(Error::invalid(format!(
                "s3://{}/{} cannot be moved onto itself",
                from.0, from.1
            )));
        }
        let copied = self.copy(caller, from, to).await?;
        self.store.delete(from.0, from.1).await?;
        Ok(copied)
    }

    /// Deletes an object. Deleting what is not there succeeds, as in S3.
    pub async fn delete(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<()> {
        caller.may("s3:DeleteObject", &object_arn(bucket, key))?;
        self.store.delete(bucket, key).await
    }

    /// Deletes every object whose key begins with `prefix`; tells `deleted` of
    /// each. What can be deleted is, then the error names what could not.
    pub async fn delete_prefix(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        prefix: &str,
        deleted: &mut (dyn FnMut(&ObjectInfo) + Send),
    ) -> Result<Deleted> {
        caller.may(
            "s3:DeleteObject",
            &format!("arn:aws:s3:::{bucket}/{prefix}*"),
        )?;
        let mut sum = Deleted::default();
        let mut faults = Vec::new();
        let mut pages = self.pages(caller, bucket, ListRequest::all(prefix));
        while let Some(page) = pages.next().await {
            for batch in page?.objects.chunks(DELETE_BATCH) {
                let keys: Vec<ObjectKey> = batch.iter().map(|object| object.key.clone()).collect();
                let failed = self.store.delete_many(bucket, &keys).await?;
                for object in batch {
                    if failed.iter().all(|fault| fault.key != object.key) {
                        sum.objects += 1;
                        sum.bytes += object.size;
                        deleted(object);
                    }
                }
                faults.extend(failed);
            }
        }
        let count = faults.len();
        let Some(first) = faults.first() else {
            return Ok(sum);
        };
        let named: Vec<&str> = faults
            .iter()
            .take(NAMED_FAULTS)
            .map(|fault| fault.key.as_str())
            .collect();
        Err(Error::new(
            first.error.kind(),
            format!(
                "{count} of {} objects of s3://{bucket} could not be deleted: {}{}",
                sum.objects + count as u64,
                named.join(", "),
                if count > NAMED_FAULTS { ", …" } else { "" }
            ),
        )
        .caused_by(faults.swap_remove(0).error))
    }

    /// Makes the output of a run visible.
    pub async fn publish(&self, caller: &Caller, publication: Publication) -> Result<()> {
        for file in &publication.files {
            caller.may("s3:PutObject", &object_arn(&file.bucket, &file.key))?;
        }
        for (bucket, prefix) in &publication.replace {
            caller.may(
                "s3:DeleteObject",
                &format!("arn:aws:s3:::{bucket}/{prefix}*"),
            )?;
        }
        self.store.publish(publication).await
    }

    /// Whether there is such an object.
    pub async fn exists(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<bool> {
        match self.head(caller, bucket, key).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // A bucket that is not there is a different matter.
                self.store.head_bucket(bucket).await.map(|()| false)
            }
            Err(error) => Err(error),
        }
    }
}

/// The ARN of an object.
pub fn object_arn(bucket: &BucketName, key: &ObjectKey) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}
