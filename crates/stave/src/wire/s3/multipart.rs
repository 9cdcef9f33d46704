//! Uploads in parts.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, Initiator, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part,
    StorageClass, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result};
use stave_store::{
    ByteRange, ChecksumType, ContentHeaders, ExpectedChecksum, UploadListRequest, UploadOptions,
};

use super::backend::Backend;
use super::conditions::copy_source;
use super::convert::{
    Encoding, algorithm, announced, asked, bucket, caller, checksum_type, checksum_value, count,
    etag, from_algorithm, owner, page_size, part_number, place, tags_of_header, time,
};
use super::errors::{from_service, invalid_argument};
use super::write::{body, content_type, expected_body, user_metadata};

pub(super) async fn create(
    backend: &Backend,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let asked = asked(&request)?;
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let kind = input.checksum_type.as_ref();
    let kind = kind
        .map(|kind| ChecksumType::from_name(kind.as_str()))
        .transpose()
        .map_err(from_service)?;
    let sum = match &input.checksum_algorithm {
        Some(name) => Some((from_algorithm(name.as_str())?, kind)),
        None => None,
    };
    let options = UploadOptions {
        content_type: Some(content_type(input.content_type.as_deref())),
        headers: ContentHeaders {
            cache_control: input.cache_control.clone(),
            content_disposition: input.content_disposition.clone(),
            content_encoding: input.content_encoding.clone(),
            content_language: input.content_language.clone(),
            expires: asked.expires.clone(),
        },
        user_metadata: user_metadata(input.metadata.as_ref()),
        tags: tags_of_header(input.tagging.as_deref())?,
        storage_class: input
            .storage_class
            .as_ref()
            .map(|class| class.as_str().to_owned()),
        checksum: sum,
    };
    let upload = backend
        .buckets
        .create_upload(&asked.caller, &bucket, &key, options)
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(bucket.to_string()),
        key: Some(key.to_string()),
        upload_id: Some(upload.upload_id),
        checksum_algorithm: upload.checksum.map(|(sum, _)| algorithm(sum)),
        checksum_type: upload.checksum.map(|(_, kind)| checksum_type(kind)),
        ..CreateMultipartUploadOutput::default()
    }))
}

pub(super) async fn upload(
    backend: &Backend,
    mut request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let body = body(asked(&request)?.whole.clone(), request.input.body.take());
    let asked = asked(&request)?;
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let number = part_number(input.part_number)?;
    let (sum, expected) = match announced(&request.headers, &asked.trailers)? {
        Some((sum, expected)) => (Some(sum), expected),
        None => (None, ExpectedChecksum::None),
    };
    let md5 = input.content_md5.as_deref();
    let given = (sum, expected.clone());
    let wanted = expected_body(asked, input.content_length, md5, given)?;
    let upload_id = &input.upload_id;
    let part = backend
        .buckets
        .upload_part(
            &asked.caller,
            &bucket,
            &key,
            upload_id,
            number,
            body,
            wanted,
        )
        .await
        .map_err(from_service)?;
    let said = match expected {
        ExpectedChecksum::None => None,
        ExpectedChecksum::Value(value) => Some(value),
        ExpectedChecksum::Trailing(ask) => ask(),
    };
    let sums = sum
        .map(|sum| checksum_value(sum, part.checksum.or(said).as_ref()))
        .unwrap_or_default();
    Ok(S3Response::new(UploadPartOutput {
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        e_tag: Some(etag(part.etag)),
        ..UploadPartOutput::default()
    }))
}

pub(super) async fn upload_copy(
    backend: &Backend,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let number = part_number(input.part_number)?;
    let source = copy_source(&input.copy_source, &request.headers)?;
    let version_id = source.version_id.clone();
    let range = input.copy_source_range.as_deref().map(copy_range);
    let part = backend
        .buckets
        .upload_part_copy(
            caller(&request)?,
            source,
            range.transpose()?,
            &bucket,
            &key,
            &input.upload_id,
            number,
        )
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(CopyPartResult {
            e_tag: Some(etag(part.etag)),
            last_modified: Some(time(part.modified_at)),
            ..CopyPartResult::default()
        }),
        copy_source_version_id: version_id,
        ..UploadPartCopyOutput::default()
    }))
}

/// `bytes=first-last`, both of which must be there.
fn copy_range(text: &str) -> S3Result<ByteRange> {
    let bounds = text
        .strip_prefix("bytes=")
        .and_then(|bounds| bounds.split_once('-'));
    let range = bounds.and_then(|(first, last)| {
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some(first..last.checked_add(1)?)
    });
    range.map(ByteRange::Bounded).ok_or_else(|| {
        invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first \
             and last are the zero-based offsets of the first and last bytes to copy",
        )
    })
}

pub(super) async fn abort(
    backend: &Backend,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    backend
        .buckets
        .abort_upload(caller(&request)?, &bucket, &key, &input.upload_id)
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) async fn list_parts(
    backend: &Backend,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let max = page_size(input.max_parts, "max-parts")?;
    let marker = input.part_number_marker.unwrap_or(0);
    let after = u16::try_from(marker).map_err(|_| {
        invalid_argument("Argument part-number-marker must be an integer between 0 and 10000")
    })?;
    let page = backend
        .buckets
        .list_parts(
            caller(&request)?,
            &bucket,
            &key,
            &input.upload_id,
            after,
            max,
        )
        .await
        .map_err(from_service)?;
    let sum = page.upload.checksum;
    let parts = page.parts.into_iter().map(|part| {
        let sums = sum
            .map(|(sum, _)| checksum_value(sum, part.checksum.as_ref()))
            .unwrap_or_default();
        Part {
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            e_tag: Some(etag(part.etag)),
            last_modified: Some(time(part.modified_at)),
            part_number: Some(i32::from(part.number)),
            size: Some(count(part.size)),
        }
    });
    let parts: Vec<Part> = parts.collect();
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(bucket.to_string()),
        key: Some(key.to_string()),
        upload_id: Some(input.upload_id.clone()),
        checksum_algorithm: sum.map(|(sum, _)| algorithm(sum)),
        checksum_type: sum.map(|(_, kind)| checksum_type(kind)),
        initiator: Some(initiator(&backend.account)),
        owner: Some(owner(&backend.account)),
        is_truncated: Some(page.next.is_some()),
        max_parts: i32::try_from(max).ok(),
        next_part_number_marker: parts.last().and_then(|last| last.part_number),
        part_number_marker: Some(marker),
        parts: Some(parts).filter(|parts| !parts.is_empty()),
        storage_class: Some(storage_class(page.upload.storage_class)),
        ..ListPartsOutput::default()
    }))
}

pub(super) async fn list(
    backend: &Backend,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let input = &request.input;
    let bucket = bucket(&input.bucket)?;
    let encoding = Encoding::new(input.encoding_type.as_ref())?;
    let max = page_size(input.max_uploads, "max-uploads")?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let key_marker = input.key_marker.clone().filter(|marker| !marker.is_empty());
    let listing = UploadListRequest {
        prefix: prefix.clone(),
        delimiter: input.delimiter.clone().filter(|text| !text.is_empty()),
        upload_id_marker: input
            .upload_id_marker
            .clone()
            .filter(|marker| !marker.is_empty() && key_marker.is_some()),
        key_marker,
        max,
    };
    let page = backend
        .buckets
        .list_uploads(caller(&request)?, &bucket, &listing)
        .await
        .map_err(from_service)?;
    let uploads = page.uploads.into_iter().map(|upload| MultipartUpload {
        checksum_algorithm: upload.checksum.map(|(sum, _)| algorithm(sum)),
        checksum_type: upload.checksum.map(|(_, kind)| checksum_type(kind)),
        initiated: Some(time(upload.created_at)),
        initiator: Some(initiator(&backend.account)),
        key: Some(encoding.write(upload.key.as_str())),
        owner: Some(owner(&backend.account)),
        storage_class: Some(storage_class(upload.storage_class)),
        upload_id: Some(upload.upload_id),
    });
    let uploads: Vec<MultipartUpload> = uploads.collect();
    let is_truncated = page.next.is_some();
    let (next_key, next_id) = page.next.unzip();
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(bucket.to_string()),
        common_prefixes: encoding.prefixes(&page.common_prefixes),
        delimiter: listing
            .delimiter
            .map(|delimiter| encoding.write(&delimiter)),
        encoding_type: input.encoding_type.clone(),
        is_truncated: Some(is_truncated),
        key_marker: Some(encoding.write(input.key_marker.as_deref().unwrap_or_default())),
        max_uploads: i32::try_from(max).ok(),
        next_key_marker: next_key.map(|next| encoding.write(&next)),
        next_upload_id_marker: next_id.flatten(),
        prefix: Some(encoding.write(&prefix)),
        upload_id_marker: Some(input.upload_id_marker.clone().unwrap_or_default()),
        uploads: Some(uploads).filter(|uploads| !uploads.is_empty()),
        ..ListMultipartUploadsOutput::default()
    }))
}

fn initiator(account: &str) -> Initiator {
    Initiator {
        display_name: None,
        id: owner(account).id,
    }
}

fn storage_class(class: Option<String>) -> StorageClass {
    class.map_or(
        StorageClass::from_static(StorageClass::STANDARD),
        StorageClass::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_copies_have_both_ends() {
        let range = |text| copy_range(text).ok();
        assert_eq!(range("bytes=0-9"), Some(ByteRange::Bounded(0..10)));
        for wrong in ["bytes=0-", "bytes=-5", "bytes=9-0", "0-9", "bytes=a-b"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
