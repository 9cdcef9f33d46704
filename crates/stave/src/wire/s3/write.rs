//! `PutObject`.

use bytes::Bytes;
use futures::StreamExt;
use s3s::dto::{PutObjectInput, PutObjectOutput, StreamingBlob};
use s3s::{S3Request, S3Response, S3Result, dto};
use stave_core::Error;
use stave_store::objects::DEFAULT_CONTENT_TYPE;
use stave_store::{
    ChecksumAlgorithm, ContentHeaders, ExpectedBody, ExpectedChecksum, PutBody, WriteOptions,
};

use super::backend::Backend;
use super::body::broken_off;
use super::conditions::write_condition;
use super::convert::{announced, asked, checksum, content_md5, etag, place, tags_of_header};
use super::door::Asked;
use super::errors::from_service;

pub(super) async fn put(
    backend: &Backend,
    mut request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let body = body(asked(&request)?.whole.clone(), request.input.body.take());
    let asked = asked(&request)?;
    let input = &request.input;
    let (bucket, key) = place(&input.bucket, &input.key)?;
    let (algorithm, expected) = announced(&request.headers, &asked.trailers)?
        // S3 keeps this one of objects that come without any.
        .unwrap_or((ChecksumAlgorithm::Crc64Nvme, ExpectedChecksum::None));
    let checksum_given = (Some(algorithm), expected);
    let options = WriteOptions {
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
        condition: write_condition(&request.headers)?,
        expected: expected_body(
            asked,
            input.content_length,
            input.content_md5.as_deref(),
            checksum_given,
        )?,
        ..WriteOptions::default()
    };
    let details = backend
        .buckets
        .write(&asked.caller, &bucket, &key, body, options)
        .await
        .map_err(from_service)?;
    let sums = checksum(details.checksum.as_ref());
    Ok(S3Response::new(PutObjectOutput {
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        e_tag: details.info.etag.map(etag),
        version_id: details.version_id,
        ..PutObjectOutput::default()
    }))
}

/// What the client says of the body.
pub(super) fn expected_body(
    asked: &Asked,
    content_length: Option<i64>,
    md5: Option<&str>,
    (algorithm, checksum): (Option<ChecksumAlgorithm>, ExpectedChecksum),
) -> S3Result<ExpectedBody> {
    let whole = asked.whole.as_ref().map(|whole| whole.len() as u64);
    let announced = content_length.and_then(|length| u64::try_from(length).ok());
    Ok(ExpectedBody {
        size: whole.or(announced),
        md5: md5.map(content_md5).transpose()?,
        algorithm,
        checksum,
    })
}

/// The body: at hand, or as it comes.
pub(super) fn body(whole: Option<Bytes>, blob: Option<StreamingBlob>) -> PutBody {
    if let Some(whole) = whole {
        return PutBody::Bytes(whole);
    }
    let Some(blob) = blob else {
        return PutBody::Bytes(Bytes::new());
    };
    let stream = blob.map(|item| {
        item.map_err(|fault| {
            let (code, message) = broken_off(fault.as_ref());
            Error::invalid(message).coded(code).caused_by(fault)
        })
    });
    PutBody::Stream(stream.boxed())
}

/// The media type; S3 does not guess.
pub(super) fn content_type(given: Option<&str>) -> String {
    given
        .filter(|given| !given.is_empty())
        .unwrap_or(DEFAULT_CONTENT_TYPE)
        .to_owned()
}

/// User metadata.
pub(super) fn user_metadata(given: Option<&dto::Metadata>) -> stave_store::objects::UserMetadata {
    let pairs = given.into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
