//! Versions: whether a bucket keeps them, and which there are.

use stave_core::iam::Context;
use stave_core::{BucketName, Caller, Result};
use stave_store::{VersionListRequest, VersionPage, Versioning};

use super::Buckets;
use super::listing::listing_keys;

impl Buckets {
    /// Whether the bucket keeps versions; none when it never did.
    pub async fn versioning(
        &self,
        caller: &Caller,
        bucket: &BucketName,
    ) -> Result<Option<Versioning>> {
        self.permit(caller, "s3:GetBucketVersioning", bucket, &Context::new())?;
        self.local(bucket, "GetBucketVersioning")?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.versioning(&bucket)).await
    }

    /// Says whether the bucket keeps versions from now on.
    pub async fn set_versioning(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        versioning: Versioning,
    ) -> Result<()> {
        self.permit(caller, "s3:PutBucketVersioning", bucket, &Context::new())?;
        self.local(bucket, "PutBucketVersioning")?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.set_versioning(&bucket, versioning))
            .await
    }

    /// Lists versions and delete markers.
    pub async fn list_versions(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        request: &VersionListRequest,
    ) -> Result<VersionPage> {
        let keys = listing_keys(&request.prefix, request.delimiter.as_deref());
        let keys = keys.with("s3:max-keys", request.max.to_string());
        self.permit(caller, "s3:ListBucketVersions", bucket, &keys)?;
        let local = self.local(bucket, "ListObjectVersions")?;
        local.list_versions(bucket, request).await
    }
}
