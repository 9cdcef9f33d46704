//! `ListObjects` and `ListObjectsV2`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use s3s::dto::{
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    ObjectStorageClass,
};
use s3s::{S3Request, S3Response, S3Result, dto};
use stave_store::{ListPage, ListRequest, ObjectInfo};

use super::backend::Backend;
use super::convert::{Encoding, bucket, caller, count, etag, owner, page_size, time};
use super::errors::{from_service, invalid_argument};

pub(super) async fn first(
    backend: &Backend,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = &request.input;
    let encoding = Encoding::new(input.encoding_type.as_ref())?;
    let max = page_size(input.max_keys, "max-keys")?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().filter(|text| !text.is_empty());
    let listing = ListRequest {
        prefix: prefix.clone(),
        delimiter: delimiter.clone(),
        start_after: input.marker.clone().filter(|marker| !marker.is_empty()),
        max,
    };
    let page = page(backend, &request, &input.bucket, &listing).await?;
    let has_delimiter = delimiter.is_some();
    let shown_owner = owner(&backend.account);
    let output = ListObjectsOutput {
        name: Some(input.bucket.clone()),
        prefix: Some(encoding.write(&prefix)),
        marker: Some(encoding.write(input.marker.as_deref().unwrap_or_default())),
        max_keys: i32::try_from(max).ok(),
        is_truncated: Some(page.next.is_some()),
        // Without a delimiter the last key is the next marker.
        next_marker: page
            .next
            .filter(|_| has_delimiter)
            .map(|next| encoding.write(&next)),
        contents: contents(page.objects, encoding, Some(&shown_owner)),
        common_prefixes: encoding.prefixes(&page.common_prefixes),
        delimiter: delimiter.map(|delimiter| encoding.write(&delimiter)),
        encoding_type: input.encoding_type.clone(),
        ..ListObjectsOutput::default()
    };
    Ok(S3Response::new(output))
}

pub(super) async fn second(
    backend: &Backend,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = &request.input;
    let encoding = Encoding::new(input.encoding_type.as_ref())?;
    let max = page_size(input.max_keys, "max-keys")?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().filter(|text| !text.is_empty());
    let token = input.continuation_token.as_deref();
    let after = match token {
        Some(token) => Some(key_of(token)?),
        None => input.start_after.clone().filter(|after| !after.is_empty()),
    };
    let listing = ListRequest {
        prefix: prefix.clone(),
        delimiter: delimiter.clone(),
        start_after: after,
        max,
    };
    let page = page(backend, &request, &input.bucket, &listing).await?;
    let shown_owner = owner(&backend.account);
    let shown_owner = Some(&shown_owner).filter(|_| input.fetch_owner == Some(true));
    let entries = page.objects.len() + page.common_prefixes.len();
    let output = ListObjectsV2Output {
        name: Some(input.bucket.clone()),
        prefix: Some(encoding.write(&prefix)),
        max_keys: i32::try_from(max).ok(),
        key_count: i32::try_from(entries).ok(),
        continuation_token: input.continuation_token.clone(),
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.map(|next| STANDARD.encode(next)),
        contents: contents(page.objects, encoding, shown_owner),
        common_prefixes: encoding.prefixes(&page.common_prefixes),
        delimiter: delimiter.map(|delimiter| encoding.write(&delimiter)),
        encoding_type: input.encoding_type.clone(),
        start_after: input
            .start_after
            .as_deref()
            .map(|after| encoding.write(after)),
        ..ListObjectsV2Output::default()
    };
    Ok(S3Response::new(output))
}

async fn page<T>(
    backend: &Backend,
    request: &S3Request<T>,
    name: &str,
    listing: &ListRequest,
) -> S3Result<ListPage> {
    let (caller, bucket) = (caller(request)?, bucket(name)?);
    let page = backend
        .buckets
        .list_with_etags(caller, &bucket, listing)
        .await;
    page.map_err(from_service)
}

/// The key after which a continuation goes on.
fn key_of(token: &str) -> S3Result<String> {
    let key = STANDARD.decode(token).ok();
    key.and_then(|key| String::from_utf8(key).ok())
        .filter(|key| !key.is_empty())
        .ok_or_else(|| invalid_argument("The continuation token provided is incorrect"))
}

fn contents(
    objects: Vec<ObjectInfo>,
    encoding: Encoding,
    owner: Option<&dto::Owner>,
) -> Option<Vec<Object>> {
    let listed = objects.into_iter().map(|object| Object {
        e_tag: object.etag.map(etag),
        key: Some(encoding.write(object.key.as_str())),
        last_modified: Some(time(object.modified_at)),
        owner: owner.cloned(),
        size: Some(count(object.size)),
        storage_class: Some(object.storage_class.map_or(
            ObjectStorageClass::from_static(ObjectStorageClass::STANDARD),
            ObjectStorageClass::from,
        )),
        ..Object::default()
    });
    Some(listed.collect()).filter(|listed: &Vec<_>| !listed.is_empty())
}
