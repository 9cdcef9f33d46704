//! Makes a request one that s3s reads as S3 would: without its signature, and without headers that
//! S3 ignores and s3s refuses. Compares a document with the digests that come along.

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use s3s::S3Result;
use s3s::dto::{Range, Timestamp, TimestampFormat};

use super::convert;
use super::errors::s3_error;

/// Compares a document with the digests that come along; those of an object the store compares.
pub(super) fn check_digests(parts: &Parts, whole: &[u8], is_object: bool) -> S3Result<()> {
    if is_object {
        return Ok(());
    }
    let text = |name: &str| {
        let value = parts.headers.get(name);
        value.and_then(|value| value.to_str().ok())
    };
    if let Some(md5) = text("content-md5") {
        let announced = convert::content_md5(md5)?;
        if announced != stave_store::objects::md5_of(whole) {
            return Err(s3_error(
                "BadDigest",
                400,
                "The Content-MD5 you specified did not match what we received.",
            ));
        }
    }
    for algorithm in stave_store::ChecksumAlgorithm::ALL {
        let name = format!("x-amz-checksum-{}", algorithm.name().to_ascii_lowercase());
        if let Some(announced) = text(&name)
            && announced != algorithm.of(whole)
        {
            // The checksum of a completed upload is that of its object, not of the document.
            if parts.method == Method::POST
                && parts.uri.query().is_some_and(|q| q.contains("uploadId"))
            {
                continue;
            }
            return Err(s3_error(
                "BadDigest",
                400,
                format!(
                    "The {} you specified did not match the calculated checksum.",
                    algorithm.name()
                ),
            ));
        }
    }
    Ok(())
}

/// What signs a query, in lower case; other `x-amz-` parameters are headers that a client moved
/// there.
const SIGNING: [&str; 11] = [
    "awsaccesskeyid",
    "expires",
    "signature",
    "x-amz-algorithm",
    "x-amz-content-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// Other headers that boto3 moves into a URL of Signature Version 2.
const HEADERS_OF_URLS: [&str; 2] = ["content-md5", "content-type"];

/// Takes the signature out of the query, and puts headers that were moved there back.
pub(super) fn move_query_to_headers(parts: &mut Parts) -> S3Result<()> {
    let query = parts.uri.query().unwrap_or_default();
    let mut kept = Vec::new();
    let mut moved = Vec::new();
    for pair in query.split('&') {
        let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next() else {
            continue;
        };
        let name = name.to_ascii_lowercase();
        let is_header = name.starts_with("x-amz-") || HEADERS_OF_URLS.contains(&name.as_str());
        if SIGNING.contains(&name.as_str()) {
            continue;
        }
        if is_header {
            moved.push((name, value.into_owned()));
        } else {
            kept.push(pair);
        }
    }
    let invalid = || s3_error("InvalidURI", 400, "Couldn't parse the specified URI.");
    let path = parts.uri.path();
    let rest = if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    };
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    uri.path_and_query = Some(rest.parse().map_err(|_| invalid())?);
    parts.uri = Uri::from_parts(uri).map_err(|_| invalid())?;
    for (name, value) in moved {
        let name: HeaderName = name.parse().map_err(|_| invalid())?;
        let value = HeaderValue::from_str(&value).map_err(|_| invalid())?;
        parts.headers.entry(name).or_insert(value);
    }
    Ok(())
}

/// Makes the headers what s3s reads without complaint where S3 does not complain either; says
/// `Expires`, which may be any text.
pub(super) fn tidy(parts: &mut Parts) -> Option<String> {
    let headers = &mut parts.headers;
    headers.remove("authorization");
    let encoding = headers.get("content-encoding");
    if let Some(encoding) = encoding.and_then(|value| value.to_str().ok()) {
        let kept: Vec<&str> = encoding
            .split(',')
            .map(str::trim)
            .filter(|one| !one.eq_ignore_ascii_case("aws-chunked") && !one.is_empty())
            .collect();
        match HeaderValue::from_str(&kept.join(",")) {
            Ok(kept) if !kept.is_empty() => headers.insert("content-encoding", kept),
            _ => headers.remove("content-encoding"),
        };
    }
    let is_unreadable = |headers: &HeaderMap, name: &str, reads: &dyn Fn(&str) -> bool| {
        let value = headers.get(name);
        value.is_some_and(|value| !value.to_str().is_ok_and(reads))
    };
    for name in ["if-modified-since", "if-unmodified-since"] {
        let reads = |text: &str| Timestamp::parse(TimestampFormat::HttpDate, text).is_ok();
        if is_unreadable(headers, name, &reads) {
            headers.remove(name);
        }
    }
    if is_unreadable(headers, "range", &|text| Range::parse(text).is_ok()) {
        headers.remove("range");
    }
    let expires = headers.remove("expires")?;
    expires.to_str().ok().map(str::to_owned)
}
