//! Buckets and objects, as S3 has them.
//!
//! Every operation asks at its top whether the caller may, under the action and the resource
//! that AWS names, by the caller's policies and the bucket's own ([`access`]). What only buckets
//! on this machine can do is refused by name for those on remote servers.
//!
//! Must not know where a bucket lies, nor files outside of buckets (that is
//! [`crate::transfer`]), nor wire formats.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

mod access;
mod deleting;
mod documents;
mod engine;
mod erasing;
mod guarded;
mod listing;
mod multipart;
mod names;
mod objects;
mod public;
mod settings;
mod tagging;
#[cfg(test)]
mod tests;
mod versions;

use std::sync::Arc;

use jiff::Timestamp;
use stave_core::iam::Context;
use stave_core::{BucketName, Caller, Error, ObjectKey, Result};
use stave_store::{BucketInfo, BucketStore, LocalBuckets};

pub use self::deleting::Deleted;
pub use self::engine::EngineBuckets;
pub use self::erasing::KeptVersion;
pub use self::public::PublicAccessBlock;

/// All buckets, as policies name them.
const ALL_BUCKETS: &str = "arn:aws:s3:::*";

/// The buckets service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Buckets {
    store: stave_store::Buckets,
    policies: Arc<documents::Documents>,
}

impl Buckets {
    /// The service over `store`.
    pub fn new(store: stave_store::Buckets) -> Self {
        Self {
            store,
            policies: Arc::default(),
        }
    }

    /// Whether `bucket` lies on a remote server.
    pub fn is_remote(&self, bucket: &BucketName) -> bool {
        self.store.is_remote(bucket)
    }

    /// The time by the clock of the home.
    pub fn now(&self) -> Timestamp {
        self.store.local().now()
    }

    /// Makes a bucket.
    pub async fn create(&self, caller: &Caller, bucket: &BucketName) -> Result<()> {
        caller.may("s3:CreateBucket", &bucket.arn())?;
        self.store.create_bucket(bucket).await
    }

    /// Removes a bucket; with `force`, what is in it first.
    pub async fn remove(&self, caller: &Caller, bucket: &BucketName, force: bool) -> Result<()> {
        self.permit(caller, "s3:DeleteBucket", bucket, &Context::new())?;
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
        caller.may("s3:ListAllMyBuckets", ALL_BUCKETS)?;
        self.store.list_buckets().await
    }

    /// Checks that a bucket exists.
    pub async fn head_bucket(&self, caller: &Caller, bucket: &BucketName) -> Result<()> {
        self.permit(caller, "s3:ListBucket", bucket, &Context::new())?;
        self.store.head_bucket(bucket).await
    }

    /// Checks that a bucket exists, for who asks where it lies (`GetBucketLocation`).
    pub async fn locate(&self, caller: &Caller, bucket: &BucketName) -> Result<()> {
        self.permit(caller, "s3:GetBucketLocation", bucket, &Context::new())?;
        self.store.head_bucket(bucket).await
    }

    /// The buckets of this machine, if `bucket` is one of them; else `operation` is refused.
    fn local(&self, bucket: &BucketName, operation: &str) -> Result<&LocalBuckets> {
        if self.store.is_remote(bucket) {
            return Err(not_remote(bucket, operation));
        }
        Ok(self.store.local())
    }

    /// Runs blocking `work` on the buckets of this machine where it holds up nobody.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&LocalBuckets) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let local = self.store.local().clone();
        stave_store::blocking("work on a bucket ended before its time", move || {
            work(&local)
        })
    }
}

/// The refusal of what only buckets on this machine can do.
fn not_remote(bucket: &BucketName, what: &str) -> Error {
    Error::unsupported(format!(
        "{what} is not implemented for remote buckets, and \"{bucket}\" is one"
    ))
    .hint("use the server's own tools")
}

/// The ARN of an object.
pub fn object_arn(bucket: &BucketName, key: &ObjectKey) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}
