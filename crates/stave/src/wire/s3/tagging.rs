//! Tags of objects and buckets.

use s3s::dto::{
    DeleteBucketTaggingInput, DeleteBucketTaggingOutput, DeleteObjectTaggingInput,
    DeleteObjectTaggingOutput, GetBucketTaggingInput, GetBucketTaggingOutput,
    GetObjectTaggingInput, GetObjectTaggingOutput, PutBucketTaggingInput, PutBucketTaggingOutput,
    PutObjectTaggingInput, PutObjectTaggingOutput,
};
use s3s::{S3Request, S3Response, S3Result};
use stave_store::Tags;

use super::backend::Backend;
use super::convert::{bucket, caller, place, tag_set, tags_of_set};
use super::errors::{from_service, s3_error};

pub(super) async fn get(
    backend: &Backend,
    request: S3Request<GetObjectTaggingInput>,
) -> S3Result<S3Response<GetObjectTaggingOutput>> {
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let (tags, version_id) = backend
        .buckets
        .object_tags(caller(&request)?, &bucket, &key, input.version_id.clone())
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(GetObjectTaggingOutput {
        tag_set: tag_set(tags),
        version_id,
    }))
}

pub(super) async fn put(
    backend: &Backend,
    request: S3Request<PutObjectTaggingInput>,
) -> S3Result<S3Response<PutObjectTaggingOutput>> {
    let input = &request.input;
    let tags = Some(tags_of_set(input.tagging.tag_set.clone())?);
    let place = (input.bucket.as_str(), input.key.as_str(), &input.version_id);
    let version_id = set(backend, &request, place, tags).await?;
    Ok(S3Response::new(PutObjectTaggingOutput { version_id }))
}

pub(super) async fn delete(
    backend: &Backend,
    request: S3Request<DeleteObjectTaggingInput>,
) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
    let input = &request.input;
    let place = (input.bucket.as_str(), input.key.as_str(), &input.version_id);
    let version_id = set(backend, &request, place, None).await?;
    Ok(S3Response::new(DeleteObjectTaggingOutput { version_id }))
}

async fn set<T>(
    backend: &Backend,
    request: &S3Request<T>,
    (bucket, key, version_id): (&str, &str, &Option<String>),
    tags: Option<Tags>,
) -> S3Result<Option<String>> {
    let (bucket, key) = place(bucket, key)?;
    backend
        .buckets
        .set_object_tags(caller(request)?, &bucket, &key, version_id.clone(), tags)
        .await
        .map_err(from_service)
}

pub(super) async fn get_bucket(
    backend: &Backend,
    request: S3Request<GetBucketTaggingInput>,
) -> S3Result<S3Response<GetBucketTaggingOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let tags = backend
        .buckets
        .bucket_tags(caller(&request)?, &bucket)
        .await;
    let tags = tags.map_err(from_service)?;
    if tags.is_empty() {
        return Err(s3_error("NoSuchTagSet", 404, "The TagSet does not exist"));
    }
    Ok(S3Response::new(GetBucketTaggingOutput {
        tag_set: tag_set(tags),
    }))
}

pub(super) async fn put_bucket(
    backend: &Backend,
    request: S3Request<PutBucketTaggingInput>,
) -> S3Result<S3Response<PutBucketTaggingOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let tags = tags_of_set(request.input.tagging.tag_set.clone())?;
    let set = backend
        .buckets
        .set_bucket_tags(caller(&request)?, &bucket, tags);
    set.await.map_err(from_service)?;
    Ok(S3Response::new(PutBucketTaggingOutput::default()))
}

pub(super) async fn delete_bucket(
    backend: &Backend,
    request: S3Request<DeleteBucketTaggingInput>,
) -> S3Result<S3Response<DeleteBucketTaggingOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let set = backend
        .buckets
        .set_bucket_tags(caller(&request)?, &bucket, Tags::new());
    set.await.map_err(from_service)?;
    Ok(S3Response::new(DeleteBucketTaggingOutput::default()))
}
