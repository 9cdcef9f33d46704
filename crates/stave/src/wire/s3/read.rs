//! `GetObject`, `HeadObject` and `GetObjectAttributes`.

use http::{HeaderMap, HeaderValue};
use s3s::dto::{
    GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts, GetObjectInput,
    GetObjectOutput, HeadObjectInput, HeadObjectOutput, Range, StorageClass,
};
use s3s::{S3Request, S3Response, S3Result, dto};
use stave_core::iam::Principal;
use stave_store::{ByteRange, ObjectDetails, ObjectFault, ReadOptions};

use super::backend::Backend;
use super::body;
use super::conditions::{found, read_conditions};
use super::convert::{
    caller, checksum, checksum_value, count, etag, page_size, part_number, place, time,
};
use super::errors::{from_service, s3_error};

const ACCEPT_RANGES: &str = "bytes";
const TAG_COUNT: &str = "x-amz-tagging-count";

pub(super) async fn get(
    backend: &Backend,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let caller = caller(&request)?;
    if matches!(caller.principal(), Principal::Anonymous) && overrides(&request.input) {
        return Err(s3_error(
            "InvalidRequest",
            400,
            "Request specific response headers cannot be used for anonymous GET requests.",
        ));
    }
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let asked = read_options(
        input.version_id.clone(),
        input.range,
        input.part_number,
        &request.headers,
    )?;
    let version_id = asked.version_id.clone();
    let is_partial = asked.range.is_some() || asked.part_number.is_some();
    let lookup = backend.buckets.open(caller, &bucket, &key, asked).await;
    let lookup = lookup.map_err(from_service)?;
    let read = found(lookup, &bucket, &key, version_id.as_deref())?;
    let details = read.details;
    let is_whole = read.range == (0..details.info.size);
    let shows_checksum = input.checksum_mode.is_some() && is_whole;
    let sums = checksum(details.checksum.as_ref().filter(|_| shows_checksum));
    let has_parts = input.part_number.is_some() && !details.parts.is_empty();
    let headers = kept_headers(&details);
    let output = GetObjectOutput {
        accept_ranges: Some(ACCEPT_RANGES.to_owned()),
        content_length: Some(count(read.range.end - read.range.start)),
        content_range: content_range(is_partial, &read.range, details.info.size),
        body: Some(body::answer(read.body)),
        cache_control: details.headers.cache_control,
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        content_disposition: details.headers.content_disposition,
        content_encoding: details.headers.content_encoding,
        content_language: details.headers.content_language,
        content_type: Some(details.info.content_type),
        e_tag: details.info.etag.map(etag),
        last_modified: Some(time(details.info.modified_at)),
        metadata: metadata(details.info.user_metadata),
        parts_count: has_parts.then_some(i32::try_from(details.parts.len()).unwrap_or(i32::MAX)),
        storage_class: details.info.storage_class.map(StorageClass::from),
        tag_count: Some(details.tag_count)
            .filter(|count| *count > 0)
            .and_then(|count| i32::try_from(count).ok()),
        version_id: details.version_id,
        ..GetObjectOutput::default()
    };
    Ok(S3Response::with_headers(output, headers))
}

pub(super) async fn head(
    backend: &Backend,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let asked = read_options(
        input.version_id.clone(),
        input.range,
        input.part_number,
        &request.headers,
    )?;
    let version_id = asked.version_id.clone();
    let (range, part) = (asked.range.clone(), asked.part_number);
    let lookup = backend
        .buckets
        .describe(caller(&request)?, &bucket, &key, asked)
        .await
        .map_err(from_service)?;
    let details = found(lookup, &bucket, &key, version_id.as_deref())?;
    let size = details.info.size;
    let bytes = match (&range, part) {
        (Some(range), _) => range
            .within(size)
            .map_err(|error| s3_error(ObjectFault::InvalidRange.code(), 416, error.message()))?,
        (None, Some(number)) => details.part_range(number).map_err(from_service)?,
        (None, None) => 0..size,
    };
    let is_partial = range.is_some() || part.is_some();
    let shows_checksum = input.checksum_mode.is_some() && bytes == (0..size);
    let sums = checksum(details.checksum.as_ref().filter(|_| shows_checksum));
    let has_parts = part.is_some() && !details.parts.is_empty();
    let mut headers = kept_headers(&details);
    if details.tag_count > 0 {
        // s3s knows no such member of this answer.
        headers.insert(TAG_COUNT, HeaderValue::from(details.tag_count));
    }
    let output = HeadObjectOutput {
        accept_ranges: Some(ACCEPT_RANGES.to_owned()),
        content_length: Some(count(bytes.end - bytes.start)),
        content_range: content_range(is_partial, &bytes, size),
        cache_control: details.headers.cache_control,
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        content_disposition: details.headers.content_disposition,
        content_encoding: details.headers.content_encoding,
        content_language: details.headers.content_language,
        content_type: Some(details.info.content_type),
        e_tag: details.info.etag.map(etag),
        last_modified: Some(time(details.info.modified_at)),
        metadata: metadata(details.info.user_metadata),
        parts_count: has_parts.then_some(i32::try_from(details.parts.len()).unwrap_or(i32::MAX)),
        storage_class: details.info.storage_class.map(StorageClass::from),
        version_id: details.version_id,
        ..HeadObjectOutput::default()
    };
    Ok(S3Response::with_headers(output, headers))
}

pub(super) async fn attributes(
    backend: &Backend,
    request: S3Request<GetObjectAttributesInput>,
) -> S3Result<S3Response<GetObjectAttributesOutput>> {
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let lookup = backend
        .buckets
        .attributes(caller(&request)?, &bucket, &key, input.version_id.clone())
        .await
        .map_err(from_service)?;
    let details = found(lookup, &bucket, &key, input.version_id.as_deref())?;
    // s3s takes a list in one header for one value.
    let listed = request.headers.get_all("x-amz-object-attributes").iter();
    let listed: Vec<&str> = listed
        .filter_map(|value| value.to_str().ok())
        .flat_map(|values| values.split(','))
        .map(str::trim)
        .collect();
    let wanted = |name: &str| listed.contains(&name);
    let shown = details.checksum.as_ref().filter(|_| wanted("Checksum"));
    let output = GetObjectAttributesOutput {
        checksum: shown.map(|sum| checksum(Some(sum))),
        e_tag: details
            .info
            .etag
            .clone()
            .filter(|_| wanted("ETag"))
            .map(etag),
        last_modified: Some(time(details.info.modified_at)),
        object_parts: if wanted("ObjectParts") {
            parts(input, &details)?
        } else {
            None
        },
        object_size: wanted("ObjectSize").then(|| count(details.info.size)),
        storage_class: wanted("StorageClass").then(|| {
            let class = details.info.storage_class.clone();
            class.map_or(StorageClass::from_static("STANDARD"), StorageClass::from)
        }),
        version_id: details.version_id,
        ..GetObjectAttributesOutput::default()
    };
    Ok(S3Response::new(output))
}

/// The parts of an object; each is listed only where it has a checksum, as in S3.
fn parts(
    input: &GetObjectAttributesInput,
    details: &ObjectDetails,
) -> S3Result<Option<GetObjectAttributesParts>> {
    if details.parts.is_empty() {
        return Ok(None);
    }
    let max = page_size(input.max_parts, "max-parts")?;
    let after = input.part_number_marker.unwrap_or(0);
    let total = i32::try_from(details.parts.len()).unwrap_or(i32::MAX);
    let listed = details
        .checksum
        .as_ref()
        .map(|checksum| {
            let numbered = (1..).zip(&details.parts);
            numbered
                .filter(|(number, _)| *number > after)
                .map(|(number, part)| {
                    let sums = checksum_value(checksum.algorithm, part.checksum.as_ref());
                    dto::ObjectPart {
                        checksum_crc32: sums.checksum_crc32,
                        checksum_crc32c: sums.checksum_crc32c,
                        checksum_crc64nvme: sums.checksum_crc64nvme,
                        checksum_sha1: sums.checksum_sha1,
                        checksum_sha256: sums.checksum_sha256,
                        part_number: Some(number),
                        size: Some(count(part.size)),
                    }
                })
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let is_truncated = listed.len() > max;
    let listed: Vec<_> = listed.into_iter().take(max).collect();
    Ok(Some(GetObjectAttributesParts {
        is_truncated: Some(is_truncated),
        max_parts: i32::try_from(max).ok(),
        next_part_number_marker: listed.last().and_then(|last| last.part_number),
        part_number_marker: Some(after),
        parts: Some(listed).filter(|listed| !listed.is_empty()),
        total_parts_count: Some(total),
    }))
}

fn read_options(
    version_id: Option<String>,
    range: Option<Range>,
    part: Option<i32>,
    headers: &HeaderMap,
) -> S3Result<ReadOptions> {
    let range = range.map(|range| match range {
        Range::Int {
            first,
            last: Some(last),
        } => ByteRange::Bounded(first..last.saturating_add(1)),
        Range::Int { first, last: None } => ByteRange::From(first),
        Range::Suffix { length } => ByteRange::Last(length),
    });
    if range.is_some() && part.is_some() {
        return Err(s3_error(
            "InvalidRequest",
            400,
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    Ok(ReadOptions {
        version_id,
        range,
        part_number: part.map(part_number).transpose()?,
        conditions: read_conditions(headers, ""),
    })
}

fn content_range(is_partial: bool, range: &std::ops::Range<u64>, size: u64) -> Option<String> {
    (is_partial && range.end > range.start)
        .then(|| format!("bytes {}-{}/{size}", range.start, range.end - 1))
}

fn overrides(input: &GetObjectInput) -> bool {
    input.response_expires.is_some()
        || [
            &input.response_cache_control,
            &input.response_content_disposition,
            &input.response_content_encoding,
            &input.response_content_language,
            &input.response_content_type,
        ]
        .iter()
        .any(|value| value.is_some())
}

/// Headers that come back as they were given.
fn kept_headers(details: &ObjectDetails) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let expires = details.headers.expires.as_deref();
    if let Some(expires) = expires.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert("expires", expires);
    }
    headers
}

fn metadata(kept: stave_store::objects::UserMetadata) -> Option<dto::Metadata> {
    (!kept.is_empty()).then(|| kept.into_iter().collect())
}
