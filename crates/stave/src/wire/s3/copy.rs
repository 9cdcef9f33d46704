//! `CopyObject`.

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, MetadataDirective, TaggingDirective,
};
use s3s::{S3Request, S3Response, S3Result};
use stave_store::{ContentHeaders, CopyOptions, ReplacedMetadata};

use super::backend::Backend;
use super::conditions::{copy_source, write_condition};
use super::convert::{asked, checksum, etag, from_algorithm, place, tags_of_header, time};
use super::errors::{from_service, invalid_argument};
use super::write::{content_type, user_metadata};

pub(super) async fn copy(
    backend: &Backend,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let asked = asked(&request)?;
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let source = copy_source(&input.copy_source, &request.headers)?;
    let version_id = source.version_id.clone();
    let metadata = input
        .metadata_directive
        .as_ref()
        .map(MetadataDirective::as_str);
    let replace = replaces(metadata, "metadata")?.then(|| ReplacedMetadata {
        content_type: Some(content_type(input.content_type.as_deref())),
        headers: ContentHeaders {
            cache_control: input.cache_control.clone(),
            content_disposition: input.content_disposition.clone(),
            content_encoding: input.content_encoding.clone(),
            content_language: input.content_language.clone(),
            expires: asked.expires.clone(),
        },
        user_metadata: user_metadata(input.metadata.as_ref()),
    });
    let tagging = input
        .tagging_directive
        .as_ref()
        .map(TaggingDirective::as_str);
    let tags = if replaces(tagging, "tagging")? {
        Some(tags_of_header(input.tagging.as_deref())?)
    } else {
        None
    };
    let algorithm = input.checksum_algorithm.as_ref();
    let options = CopyOptions {
        replace,
        tags,
        storage_class: input
            .storage_class
            .as_ref()
            .map(|class| class.as_str().to_owned()),
        algorithm: algorithm
            .map(|name| from_algorithm(name.as_str()))
            .transpose()?,
        condition: write_condition(&request.headers)?,
    };
    let details = backend
        .buckets
        .copy_version(&asked.caller, source, &bucket, &key, options)
        .await
        .map_err(from_service)?;
    let sums = checksum(details.checksum.as_ref());
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            checksum_type: sums.checksum_type,
            e_tag: details.info.etag.map(etag),
            last_modified: Some(time(details.info.modified_at)),
        }),
        copy_source_version_id: version_id,
        version_id: details.version_id,
        ..CopyObjectOutput::default()
    }))
}

/// Whether a directive says to replace what the source has.
fn replaces(directive: Option<&str>, what: &str) -> S3Result<bool> {
    match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(invalid_argument(format!("Unknown {what} directive."))),
    }
}
