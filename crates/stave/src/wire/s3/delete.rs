//! `DeleteObject` and `DeleteObjects`.

use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ObjectIdentifier,
};
use s3s::{S3Error, S3Request, S3Response, S3Result, dto};
use stave_store::{DeleteRequest, DeletedVersion};

use super::backend::Backend;
use super::convert::{bucket, caller, key, malformed_xml, place};
use super::errors::{from_service, not_implemented};

/// The most keys of one request.
const MAX_KEYS: usize = 1000;

pub(super) async fn one(
    backend: &Backend,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let if_match = request.headers.get("if-match");
    let wanted = DeleteRequest {
        key,
        version_id: input.version_id.clone(),
        if_match: if_match
            .and_then(|value| value.to_str().ok())
            .map(|etag| etag.trim_matches('"').to_owned()),
    };
    let deleted = backend
        .buckets
        .delete_version(caller(&request)?, &bucket, wanted)
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(DeleteObjectOutput {
        delete_marker: deleted.delete_marker.then_some(true),
        version_id: deleted.version_id,
        ..DeleteObjectOutput::default()
    }))
}

pub(super) async fn many(
    backend: &Backend,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let input = &request.input;
    let bucket = bucket(&input.bucket)?;
    let objects = &input.delete.objects;
    if objects.is_empty() || objects.len() > MAX_KEYS {
        return Err(malformed_xml());
    }
    let mut errors = Vec::new();
    let mut asked = Vec::with_capacity(objects.len());
    for object in objects {
        match wanted(object) {
            Ok(wanted) => asked.push((wanted, object)),
            Err(error) => errors.push(not_deleted(object, &error)),
        }
    }
    let wanted = asked.iter().map(|(wanted, _)| wanted.clone()).collect();
    let done = backend
        .buckets
        .delete_versions(caller(&request)?, &bucket, wanted)
        .await
        .map_err(from_service)?;
    let mut deleted = Vec::new();
    for (done, (_, object)) in done.into_iter().zip(&asked) {
        match done {
            Ok(done) => deleted.push(shown(done, object.version_id.is_some())),
            Err(error) => errors.push(not_deleted(object, &from_service(error))),
        }
    }
    let is_quiet = input.delete.quiet == Some(true);
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: Some(deleted).filter(|deleted| !is_quiet && !deleted.is_empty()),
        errors: Some(errors).filter(|errors| !errors.is_empty()),
        ..DeleteObjectsOutput::default()
    }))
}

fn wanted(object: &ObjectIdentifier) -> S3Result<DeleteRequest> {
    if object.size.is_some() || object.last_modified_time.is_some() {
        return Err(not_implemented("Deleting on a condition of size or time"));
    }
    Ok(DeleteRequest {
        key: key(&object.key)?,
        version_id: object.version_id.clone().filter(|id| !id.is_empty()),
        if_match: object.e_tag.as_ref().map(|etag| etag.value().to_owned()),
    })
}

fn shown(done: DeletedVersion, named_version: bool) -> DeletedObject {
    DeletedObject {
        delete_marker: done.delete_marker.then_some(true),
        delete_marker_version_id: done.version_id.clone().filter(|_| done.delete_marker),
        key: Some(done.key.to_string()),
        version_id: done.version_id.filter(|_| named_version),
    }
}

fn not_deleted(object: &ObjectIdentifier, error: &S3Error) -> dto::Error {
    dto::Error {
        code: Some(error.code().as_str().to_owned()),
        key: Some(object.key.clone()),
        message: error.message().map(str::to_owned),
        version_id: object.version_id.clone(),
    }
}
