//! Versions: `GetBucketVersioning`, `PutBucketVersioning` and `ListObjectVersions`.

use s3s::dto::{
    BucketVersioningStatus, DeleteMarkerEntry, GetBucketVersioningInput, GetBucketVersioningOutput,
    ListObjectVersionsInput, ListObjectVersionsOutput, MFADelete, ObjectVersion,
    ObjectVersionStorageClass, PutBucketVersioningInput, PutBucketVersioningOutput,
};
use s3s::{S3Request, S3Response, S3Result};
use stave_store::{VersionListRequest, Versioning};

use super::backend::Backend;
use super::convert::{
    Encoding, bucket, caller, count, etag, malformed_xml, owner, page_size, time,
};
use super::errors::{from_service, invalid_argument, not_implemented};

pub(super) async fn get(
    backend: &Backend,
    request: S3Request<GetBucketVersioningInput>,
) -> S3Result<S3Response<GetBucketVersioningOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let versioning = backend.buckets.versioning(caller(&request)?, &bucket).await;
    let versioning = versioning.map_err(from_service)?;
    Ok(S3Response::new(GetBucketVersioningOutput {
        status: versioning.map(|one| BucketVersioningStatus::from_static(one.name())),
        ..GetBucketVersioningOutput::default()
    }))
}

pub(super) async fn put(
    backend: &Backend,
    request: S3Request<PutBucketVersioningInput>,
) -> S3Result<S3Response<PutBucketVersioningOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let wanted = &request.input.versioning_configuration;
    let mfa = wanted.mfa_delete.as_ref().map(MFADelete::as_str);
    if mfa.is_some_and(|mfa| mfa != "Disabled") {
        return Err(not_implemented("MFA delete"));
    }
    let versioning = match wanted.status.as_ref().map(BucketVersioningStatus::as_str) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(malformed_xml()),
    };
    backend
        .buckets
        .set_versioning(caller(&request)?, &bucket, versioning)
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(PutBucketVersioningOutput::default()))
}

pub(super) async fn list(
    backend: &Backend,
    request: S3Request<ListObjectVersionsInput>,
) -> S3Result<S3Response<ListObjectVersionsOutput>> {
    let input = &request.input;
    let bucket = bucket(&input.bucket)?;
    let encoding = Encoding::new(input.encoding_type.as_ref())?;
    let max = page_size(input.max_keys, "max-keys")?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let key_marker = input.key_marker.clone().filter(|marker| !marker.is_empty());
    let id_marker = input.version_id_marker.clone();
    let id_marker = id_marker.filter(|marker| !marker.is_empty());
    if id_marker.is_some() && key_marker.is_none() {
        return Err(invalid_argument(
            "A version-id marker cannot be specified without a key marker.",
        ));
    }
    let listing = VersionListRequest {
        prefix: prefix.clone(),
        delimiter: input.delimiter.clone().filter(|text| !text.is_empty()),
        key_marker,
        version_id_marker: id_marker,
        max,
    };
    let page = backend
        .buckets
        .list_versions(caller(&request)?, &bucket, &listing)
        .await
        .map_err(from_service)?;
    let shown_owner = owner(&backend.account);
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for entry in page.versions {
        let key = Some(encoding.write(entry.key.as_str()));
        let last_modified = Some(time(entry.modified_at));
        if entry.delete_marker {
            markers.push(DeleteMarkerEntry {
                is_latest: Some(entry.is_latest),
                key,
                last_modified,
                owner: Some(shown_owner.clone()),
                version_id: Some(entry.version_id),
            });
            continue;
        }
        versions.push(ObjectVersion {
            e_tag: entry.etag.map(etag),
            is_latest: Some(entry.is_latest),
            key,
            last_modified,
            owner: Some(shown_owner.clone()),
            size: Some(count(entry.size)),
            storage_class: Some(entry.storage_class.map_or(
                ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD),
                ObjectVersionStorageClass::from,
            )),
            version_id: Some(entry.version_id),
            ..ObjectVersion::default()
        });
    }
    let is_truncated = page.next.is_some();
    let (next_key, next_id) = page.next.unzip();
    Ok(S3Response::new(ListObjectVersionsOutput {
        common_prefixes: encoding.prefixes(&page.common_prefixes),
        delete_markers: Some(markers).filter(|markers| !markers.is_empty()),
        delimiter: listing
            .delimiter
            .map(|delimiter| encoding.write(&delimiter)),
        encoding_type: input.encoding_type.clone(),
        is_truncated: Some(is_truncated),
        key_marker: Some(encoding.write(input.key_marker.as_deref().unwrap_or_default())),
        max_keys: i32::try_from(max).ok(),
        name: Some(bucket.to_string()),
        next_key_marker: next_key.map(|next| encoding.write(&next)),
        next_version_id_marker: next_id.flatten(),
        prefix: Some(encoding.write(&prefix)),
        version_id_marker: Some(input.version_id_marker.clone().unwrap_or_default()),
        versions: Some(versions).filter(|versions| !versions.is_empty()),
        ..ListObjectVersionsOutput::default()
    }))
}
