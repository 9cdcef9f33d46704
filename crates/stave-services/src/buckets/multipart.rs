//! Uploads in parts.

use stave_core::iam::Context;
use stave_core::{BucketName, Caller, ObjectKey, Result};
use stave_store::{
    ByteRange, CompleteRequest, CompletedUpload, CopySource, ExpectedBody, PartInfo, PartPage,
    PutBody, UploadInfo, UploadListRequest, UploadOptions, UploadPage, WriteCondition,
};

use super::Buckets;
use super::listing::listing_keys;
use super::names::{GET, PUT, PUT_TAGS};
use super::tagging::request_tags;

impl Buckets {
    /// Begins an upload in parts.
    pub async fn create_upload(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        options: UploadOptions,
    ) -> Result<UploadInfo> {
        let actions: &[&str] = if options.tags.is_empty() {
            &[PUT]
        } else {
            &[PUT, PUT_TAGS[0]]
        };
        let keys = request_tags(&options.tags);
        self.permit_object(caller, actions, (bucket, key, None), keys)
            .await?;
        let local = self.local(bucket, "CreateMultipartUpload")?;
        local.create_upload(bucket, key, options).await
    }

    /// Uploads a part.
    #[allow(clippy::too_many_arguments)]
    pub async fn upload_part(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        number: u16,
        body: PutBody,
        expected: ExpectedBody,
    ) -> Result<PartInfo> {
        self.permit_object(caller, &[PUT], (bucket, key, None), Context::new())
            .await?;
        let local = self.local(bucket, "UploadPart")?;
        local
            .upload_part(bucket, key, upload_id, number, body, expected)
            .await
    }

    /// Makes a part of a version of an object, or of a range of it.
    #[allow(clippy::too_many_arguments)]
    pub async fn upload_part_copy(
        &self,
        caller: &Caller,
        source: CopySource,
        range: Option<ByteRange>,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        number: u16,
    ) -> Result<PartInfo> {
        let id = source.version_id.as_deref();
        self.permit_read(caller, &source.bucket, &source.key, id)
            .await?;
        self.permit_object(caller, &[PUT], (bucket, key, None), Context::new())
            .await?;
        self.local(&source.bucket, "UploadPartCopy")?;
        let local = self.local(bucket, "UploadPartCopy")?;
        local
            .upload_part_copy(source, range, bucket, key, upload_id, number)
            .await
    }

    /// Makes an object of the parts of an upload.
    pub async fn complete_upload(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        request: CompleteRequest,
    ) -> Result<CompletedUpload> {
        let actions: &[&str] = match request.condition {
            WriteCondition::IfMatch(_) => &[PUT, GET[0]],
            _ => &[PUT],
        };
        self.permit_object(caller, actions, (bucket, key, None), Context::new())
            .await?;
        let local = self.local(bucket, "CompleteMultipartUpload")?;
        local.complete_upload(bucket, key, upload_id, request).await
    }

    /// Ends an upload without an object.
    pub async fn abort_upload(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
    ) -> Result<()> {
        let actions = ["s3:AbortMultipartUpload"];
        self.permit_object(caller, &actions, (bucket, key, None), Context::new())
            .await?;
        let local = self.local(bucket, "AbortMultipartUpload")?;
        local.abort_upload(bucket, key, upload_id).await
    }

    /// Lists the parts of an upload after the number `after`.
    pub async fn list_parts(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        after: u16,
        max: usize,
    ) -> Result<PartPage> {
        let actions = ["s3:ListMultipartUploadParts"];
        self.permit_object(caller, &actions, (bucket, key, None), Context::new())
            .await?;
        let local = self.local(bucket, "ListParts")?;
        local.list_parts(bucket, key, upload_id, after, max).await
    }

    /// Lists the uploads of a bucket that are not completed.
    pub async fn list_uploads(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        request: &UploadListRequest,
    ) -> Result<UploadPage> {
        let keys = listing_keys(&request.prefix, request.delimiter.as_deref());
        self.permit(caller, "s3:ListBucketMultipartUploads", bucket, &keys)?;
        let local = self.local(bucket, "ListMultipartUploads")?;
        local.list_uploads(bucket, request).await
    }
}
