//! `CompleteMultipartUpload`: the parts of an upload become an object, which may take its time.

use std::time::Duration;

use s3s::dto::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput};
use s3s::{S3Error, S3Request, S3Response, S3Result, dto};
use stave_core::{BucketName, Caller, ObjectKey};
use stave_services::Buckets;
use stave_store::{CompleteRequest, CompletedPart, ExpectedChecksum};

use super::backend::Backend;
use super::conditions::write_condition;
use super::convert::{announced_if_any, asked, checksum, etag, malformed_xml, part_number, place};
use super::errors::{from_service, invalid_argument};

/// How long the client waits for the first byte of the answer. From then on it gets spaces until
/// the object is there, as S3 does it; what goes wrong then stands in the answer's document.
const SILENCE: Duration = Duration::from_secs(10);

pub(super) async fn complete(
    backend: &Backend,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let asked = asked(&request)?;
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let named = input.multipart_upload.as_ref();
    let named = named
        .and_then(|upload| upload.parts.clone())
        .unwrap_or_default();
    if named.is_empty() {
        return Err(malformed_xml());
    }
    let expected = announced_if_any(&request.headers, &asked.trailers)?;
    let size = input.mpu_object_size;
    let size = size.map(u64::try_from).transpose();
    let wanted = CompleteRequest {
        parts: named.into_iter().map(completed).collect::<S3Result<_>>()?,
        condition: write_condition(&request.headers)?,
        checksum: expected.map_or(ExpectedChecksum::None, |(_, expected)| expected),
        size: size.map_err(|_| invalid_argument("Invalid x-amz-mp-object-size"))?,
    };
    let upload = Upload {
        buckets: backend.buckets.clone(),
        caller: asked.caller.clone(),
        location: format!("{}/{bucket}/{key}", asked.base),
        bucket,
        key,
        id: input.upload_id.clone(),
    };
    // On a task of its own it goes on when the client goes away.
    let mut task = tokio::spawn(upload.complete(wanted));
    let output = match tokio::time::timeout(SILENCE, &mut task).await {
        Ok(done) => done.map_err(S3Error::internal_error)??,
        Err(_) => CompleteMultipartUploadOutput {
            future: Some(Box::pin(async move {
                task.await.map_err(S3Error::internal_error)?
            })),
            ..CompleteMultipartUploadOutput::default()
        },
    };
    Ok(S3Response::new(output))
}

/// An upload that is to be completed.
struct Upload {
    buckets: Buckets,
    caller: Caller,
    bucket: BucketName,
    key: ObjectKey,
    id: String,
    location: String,
}

impl Upload {
    async fn complete(self, wanted: CompleteRequest) -> S3Result<CompleteMultipartUploadOutput> {
        let done = self
            .buckets
            .complete_upload(&self.caller, &self.bucket, &self.key, &self.id, wanted)
            .await
            .map_err(from_service)?;
        let sums = checksum(done.checksum.as_ref());
        Ok(CompleteMultipartUploadOutput {
            bucket: Some(self.bucket.to_string()),
            key: Some(self.key.to_string()),
            location: Some(self.location),
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            checksum_type: sums.checksum_type,
            e_tag: Some(etag(done.etag)),
            version_id: done.version_id,
            ..CompleteMultipartUploadOutput::default()
        })
    }
}

fn completed(part: dto::CompletedPart) -> S3Result<CompletedPart> {
    let (Some(number), Some(etag)) = (part.part_number, part.e_tag) else {
        return Err(malformed_xml());
    };
    Ok(CompletedPart {
        number: part_number(number)?,
        etag: etag.value().to_owned(),
        checksum: part
            .checksum_crc32
            .or(part.checksum_crc32c)
            .or(part.checksum_crc64nvme)
            .or(part.checksum_sha1)
            .or(part.checksum_sha256),
    })
}
