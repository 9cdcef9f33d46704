//! Conditional headers: on reading (304 and 412), on writing (412), on the source of a copy.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use s3s::{S3Error, S3Result};
use stave_core::{BucketName, ObjectKey};
use stave_store::{
    CopySource, DeleteMarker, EtagMatch, Lookup, NULL_VERSION, ObjectDetails, ReadConditions,
    WriteCondition,
};

use super::convert::{http_date, key};
use super::errors::{invalid_argument, not_implemented, s3_error};

/// The conditions of a read; with the prefix `x-amz-copy-source-`, of the source of a copy.
pub(super) fn read_conditions(headers: &HeaderMap, prefix: &str) -> ReadConditions {
    let text = |name: &str| {
        let value = headers.get(format!("{prefix}{name}"));
        value.and_then(|value| value.to_str().ok())
    };
    let date = |name: &str| text(name).and_then(parse_http_date);
    ReadConditions {
        if_match: text("if-match").map(etags),
        if_none_match: text("if-none-match").map(etags),
        if_modified_since: date("if-modified-since"),
        if_unmodified_since: date("if-unmodified-since"),
    }
}

fn parse_http_date(text: &str) -> Option<Timestamp> {
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(at.timestamp())
}

fn etags(text: &str) -> EtagMatch {
    if text.trim() == "*" {
        return EtagMatch::Any;
    }
    EtagMatch::OneOf(text.split(',').map(bare).collect())
}

fn bare(etag: &str) -> String {
    let etag = etag.trim();
    let etag = etag.strip_prefix("W/").unwrap_or(etag);
    etag.trim_matches('"').to_owned()
}

/// The condition of a write: `If-Match` with an ETag, or `If-None-Match: *`.
pub(super) fn write_condition(headers: &HeaderMap) -> S3Result<WriteCondition> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("if-match"), text("if-none-match")) {
        (None, None) => Ok(WriteCondition::None),
        (Some(etag), None) => Ok(WriteCondition::IfMatch(bare(etag))),
        (None, Some("*")) => Ok(WriteCondition::IfAbsent),
        (None, Some(_)) => Err(not_implemented(
            "The header If-None-Match with another value than * on a write",
        )),
        (Some(_), Some(_)) => Err(invalid_argument(
            "If-Match and If-None-Match cannot be specified together",
        )),
    }
}

/// `x-amz-copy-source` with its conditions.
pub(super) fn copy_source(
    source: &s3s::dto::CopySource,
    headers: &HeaderMap,
) -> S3Result<CopySource> {
    let s3s::dto::CopySource::Bucket {
        bucket,
        key: name,
        version_id,
    } = source
    else {
        return Err(not_implemented(
            "Copying from an access point or an outpost",
        ));
    };
    Ok(CopySource {
        bucket: super::convert::bucket(bucket)?,
        key: key(name)?,
        version_id: version_id.as_deref().map(str::to_owned),
        conditions: read_conditions(headers, "x-amz-copy-source-"),
    })
}

/// What was found; else the error that S3 gives for it.
pub(super) fn found<T>(
    lookup: Lookup<T>,
    bucket: &BucketName,
    key: &ObjectKey,
    version_id: Option<&str>,
) -> S3Result<T> {
    match lookup {
        Lookup::Found(found) => Ok(found),
        Lookup::NotModified(details) => Err(not_modified(&details)),
        Lookup::DeleteMarker(marker) => Err(deleted(&marker, bucket, key, version_id)),
    }
}

fn not_modified(details: &ObjectDetails) -> S3Error {
    let mut headers = HeaderMap::new();
    let etag = details.info.etag.as_deref().unwrap_or_default();
    let kept = &details.headers;
    let modified = http_date(details.info.modified_at);
    let quoted = format!("\"{etag}\"");
    for (name, value) in [
        ("etag", Some(&quoted)),
        ("last-modified", Some(&modified)),
        ("cache-control", kept.cache_control.as_ref()),
        ("expires", kept.expires.as_ref()),
        ("x-amz-version-id", details.version_id.as_ref()),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    let mut error = s3_error("NotModified", 304, "Not Modified");
    error.set_headers(headers);
    error
}

fn deleted(
    marker: &DeleteMarker,
    bucket: &BucketName,
    key: &ObjectKey,
    version_id: Option<&str>,
) -> S3Error {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    let id = if marker.version_id.is_empty() {
        NULL_VERSION
    } else {
        &marker.version_id
    };
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-amz-version-id", id);
    }
    let mut error = if version_id.is_some() {
        headers.insert("allow", HeaderValue::from_static("DELETE"));
        if let Ok(date) = HeaderValue::from_str(&http_date(marker.modified_at)) {
            headers.insert("last-modified", date);
        }
        s3_error(
            "MethodNotAllowed",
            405,
            "The specified method is not allowed against this resource.",
        )
    } else {
        tracing::debug!(%bucket, %key, "a deleted object was asked for");
        s3_error("NoSuchKey", 404, "The specified key does not exist.")
    };
    error.set_headers(headers);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("one")))
            .collect()
    }

    #[test]
    fn reads_name_etags_and_times() {
        let conditions = read_conditions(
            &headers(&[
                ("if-match", "\"a\", W/\"b\",c"),
                ("if-none-match", "*"),
                ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("if-unmodified-since", "yesterday"),
            ]),
            "",
        );
        let expected = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(conditions.if_match, Some(EtagMatch::OneOf(expected)));
        assert_eq!(conditions.if_none_match, Some(EtagMatch::Any));
        let at = "1994-11-06T08:49:37Z".parse().expect("a time");
        assert_eq!(conditions.if_modified_since, Some(at));
        assert_eq!(conditions.if_unmodified_since, None);
    }

    #[test]
    fn writes_have_one_condition() {
        let condition = |pairs: &[_]| write_condition(&headers(pairs)).ok();
        assert_eq!(condition(&[]), Some(WriteCondition::None));
        assert_eq!(
            condition(&[("if-match", "\"e\"")]),
            Some(WriteCondition::IfMatch("e".to_owned()))
        );
        assert_eq!(
            condition(&[("if-none-match", "*")]),
            Some(WriteCondition::IfAbsent)
        );
        assert_eq!(condition(&[("if-none-match", "\"e\"")]), None);
        assert_eq!(
            condition(&[("if-none-match", "*"), ("if-match", "e")]),
            None
        );
    }
}
