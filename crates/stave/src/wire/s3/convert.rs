//! Names, times, ETags, tags and checksums: from S3's types to ours and back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::Timestamp;
use s3s::{S3Error, S3Request, S3Result, dto};
use stave_core::{BucketName, Caller, ObjectKey};
use stave_store::{Checksum, ChecksumAlgorithm, ChecksumType, ExpectedChecksum, Tags};

use super::body::Trailers;
use super::door::Asked;
use super::errors::{invalid_argument, s3_error};

/// What the door knows of a request.
pub(super) fn asked<T>(request: &S3Request<T>) -> S3Result<&Asked> {
    let asked = request.extensions.get();
    asked.ok_or_else(|| s3_error("AccessDenied", 403, "Access Denied"))
}

/// Who asks.
pub(super) fn caller<T>(request: &S3Request<T>) -> S3Result<&Caller> {
    asked(request).map(|asked| &asked.caller)
}

pub(super) fn bucket(name: &str) -> S3Result<BucketName> {
    BucketName::new(name).map_err(|_| {
        s3_error(
            "InvalidBucketName",
            400,
            "The specified bucket is not valid.",
        )
    })
}

pub(super) fn key(key: &str) -> S3Result<ObjectKey> {
    ObjectKey::new(key).map_err(|error| {
        if key.len() > stave_core::names::MAX_KEY_BYTES {
            s3_error("KeyTooLongError", 400, "Your key is too long")
        } else {
            invalid_argument(error.message())
        }
    })
}

/// Bucket and key of a request.
pub(super) fn place(bucket_name: &str, object: &str) -> S3Result<(BucketName, ObjectKey)> {
    Ok((bucket(bucket_name)?, key(object)?))
}

/// A time as S3 shows it: in whole seconds.
pub(super) fn time(at: Timestamp) -> dto::Timestamp {
    let seconds = Timestamp::from_second(at.as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
    dto::Timestamp::from(std::time::SystemTime::from(seconds))
}

/// A time of a document.
pub(super) fn from_time(at: &dto::Timestamp) -> S3Result<Timestamp> {
    let mut text = Vec::new();
    at.format(dto::TimestampFormat::DateTime, &mut text)
        .map_err(S3Error::internal_error)?;
    let text = String::from_utf8_lossy(&text);
    text.parse()
        .map_err(|_| invalid_argument(format!("The time {text} is out of range")))
}

/// A time as headers have it.
pub(super) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub(super) fn etag(etag: impl Into<String>) -> dto::ETag {
    dto::ETag::Strong(etag.into())
}

/// A number that S3 counts in 64 bits with a sign.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many entries a list may have: what is asked for, 1,000 at most.
pub(super) fn page_size(asked: Option<i32>, name: &str) -> S3Result<usize> {
    match asked {
        None => Ok(1000),
        Some(max) => usize::try_from(max).map(|max| max.min(1000)).map_err(|_| {
            invalid_argument(format!(
                "Argument {name} must be an integer between 0 and 2147483647"
            ))
        }),
    }
}

pub(super) fn part_number(number: i32) -> S3Result<u16> {
    u16::try_from(number)
        .ok()
        .filter(|number| (1..=stave_store::MAX_PARTS).contains(number))
        .ok_or_else(|| {
            invalid_argument("Part number must be an integer between 1 and 10000, inclusive")
        })
}

/// The account as S3's canonical user id: 64 digits.
pub(super) fn owner(account: &str) -> dto::Owner {
    dto::Owner {
        display_name: None,
        id: Some(format!("{account:0>64}")),
    }
}

/// Writes names as `encoding-type` asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoding {
    is_url: bool,
}

impl Encoding {
    pub(super) fn new(asked: Option<&dto::EncodingType>) -> S3Result<Self> {
        match asked.map(dto::EncodingType::as_str) {
            None => Ok(Self { is_url: false }),
            Some("url") => Ok(Self { is_url: true }),
            Some(_) => Err(invalid_argument(
                "Invalid Encoding Method specified in Request",
            )),
        }
    }

    pub(super) fn write(self, name: &str) -> String {
        use std::fmt::Write;
        if !self.is_url {
            return name.to_owned();
        }
        name.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~/*".contains(&byte) {
                text.push(char::from(byte));
            } else {
                // Writing to a String does not fail.
                let _ = write!(text, "%{byte:02X}");
            }
            text
        })
    }

    pub(super) fn prefixes(self, prefixes: &[String]) -> Option<Vec<dto::CommonPrefix>> {
        let written = prefixes.iter().map(|prefix| dto::CommonPrefix {
            prefix: Some(self.write(prefix)),
        });
        Some(written.collect()).filter(|prefixes: &Vec<_>| !prefixes.is_empty())
    }
}

/// `Content-MD5`.
pub(super) fn content_md5(text: &str) -> S3Result<[u8; 16]> {
    let bytes = STANDARD.decode(text.trim()).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| {
            s3_error(
                "InvalidDigest",
                400,
                "The Content-MD5 you specified is not valid.",
            )
        })
}

/// `x-amz-tagging`: a query string.
pub(super) fn tags_of_header(text: Option<&str>) -> S3Result<Tags> {
    let mut tags = Tags::new();
    for (name, value) in form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
        if tags.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(invalid_argument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query \
                 parameters without tag name duplicates.",
            ));
        }
    }
    Ok(tags)
}

/// The tags of a document.
pub(super) fn tags_of_set(set: Vec<dto::Tag>) -> S3Result<Tags> {
    let mut tags = Tags::new();
    for tag in set {
        let (Some(name), Some(value)) = (tag.key, tag.value) else {
            return Err(malformed_xml());
        };
        if tags.insert(name, value).is_some() {
            return Err(s3_error(
                "InvalidTag",
                400,
                "Cannot provide multiple Tags with the same key",
            ));
        }
    }
    Ok(tags)
}

pub(super) fn tag_set(tags: Tags) -> Vec<dto::Tag> {
    tags.into_iter()
        .map(|(name, value)| dto::Tag {
            key: Some(name),
            value: Some(value),
        })
        .collect()
}

pub(super) fn malformed_xml() -> S3Error {
    s3_error(
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

/// A checksum as S3 writes it: a field for each algorithm.
pub(super) fn checksum(checksum: Option<&Checksum>) -> dto::Checksum {
    let Some(checksum) = checksum else {
        return dto::Checksum::default();
    };
    dto::Checksum {
        checksum_type: Some(checksum_type(checksum.kind)),
        ..checksum_value(checksum.algorithm, Some(&checksum.value))
    }
}

/// The checksum of a part, of the algorithm of its object.
pub(super) fn checksum_value(
    algorithm: ChecksumAlgorithm,
    value: Option<&String>,
) -> dto::Checksum {
    let mut written = dto::Checksum::default();
    let field = match algorithm {
        ChecksumAlgorithm::Crc32 => &mut written.checksum_crc32,
        ChecksumAlgorithm::Crc32C => &mut written.checksum_crc32c,
        ChecksumAlgorithm::Crc64Nvme => &mut written.checksum_crc64nvme,
        ChecksumAlgorithm::Sha1 => &mut written.checksum_sha1,
        ChecksumAlgorithm::Sha256 => &mut written.checksum_sha256,
    };
    *field = value.cloned();
    written
}

pub(super) fn checksum_type(kind: ChecksumType) -> dto::ChecksumType {
    dto::ChecksumType::from_static(kind.name())
}

pub(super) fn algorithm(algorithm: ChecksumAlgorithm) -> dto::ChecksumAlgorithm {
    dto::ChecksumAlgorithm::from_static(algorithm.name())
}

/// The algorithm that a client names.
pub(super) fn from_algorithm(name: &str) -> S3Result<ChecksumAlgorithm> {
    ChecksumAlgorithm::from_name(name).map_err(|_| {
        s3_error(
            "InvalidRequest",
            400,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid \
             types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )
    })
}

fn header_name(algorithm: ChecksumAlgorithm) -> String {
    format!("x-amz-checksum-{}", algorithm.name().to_ascii_lowercase())
}

/// The checksum that a request announces, in a header or in a trailer. Who names an algorithm
/// must announce one.
pub(super) fn announced(
    headers: &HeaderMap,
    trailers: &Trailers,
) -> S3Result<Option<(ChecksumAlgorithm, ExpectedChecksum)>> {
    let found = announced_if_any(headers, trailers)?;
    if let (None, Some(name)) = (&found, headers.get("x-amz-sdk-checksum-algorithm")) {
        from_algorithm(name.to_str().unwrap_or_default())?;
        return Err(s3_error(
            "InvalidRequest",
            400,
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or \
             x-amz-trailer headers were found.",
        ));
    }
    Ok(found)
}

/// As [`announced`], where an algorithm may be about something else.
pub(super) fn announced_if_any(
    headers: &HeaderMap,
    trailers: &Trailers,
) -> S3Result<Option<(ChecksumAlgorithm, ExpectedChecksum)>> {
    let text = |name: &str| {
        let value = headers.get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let trailing = text("x-amz-trailer").unwrap_or_default();
    let trails = |name: &str| {
        let mut names = trailing.split(',').map(str::trim);
        names.any(|other| other.eq_ignore_ascii_case(name))
    };
    check_trailers(trailing)?;
    let mut found = None;
    for algorithm in ChecksumAlgorithm::ALL {
        let name = header_name(algorithm);
        let expected = if let Some(value) = text(&name) {
            check_value(algorithm, &name, value)?;
            ExpectedChecksum::Value(value.to_owned())
        } else if trails(&name) {
            let trailers = trailers.clone();
            ExpectedChecksum::Trailing(std::sync::Arc::new(move || trailers.get(&name)))
        } else {
            continue;
        };
        if found.replace((algorithm, expected)).is_some() {
            return Err(s3_error(
                "InvalidRequest",
                400,
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not \
                 allowed.",
            ));
        }
    }
    Ok(found)
}

/// A checksum that nobody would check is not taken for one.
fn check_trailers(trailing: &str) -> S3Result<()> {
    let names = trailing
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase());
    let mut checksums = names.filter(|name| name.starts_with("x-amz-checksum-"));
    if checksums.all(|name| {
        ChecksumAlgorithm::ALL
            .into_iter()
            .any(|known| header_name(known) == name)
    }) {
        return Ok(());
    }
    Err(s3_error(
        "InvalidRequest",
        400,
        "The value specified in the x-amz-trailer header is not supported",
    ))
}

fn check_value(algorithm: ChecksumAlgorithm, name: &str, value: &str) -> S3Result<()> {
    let length = match algorithm {
        ChecksumAlgorithm::Crc32 | ChecksumAlgorithm::Crc32C => 4,
        ChecksumAlgorithm::Crc64Nvme => 8,
        ChecksumAlgorithm::Sha1 => 20,
        ChecksumAlgorithm::Sha256 => 32,
    };
    // That of an object in parts may end in their number.
    let bare = value.split('-').next().unwrap_or_default();
    let bytes = STANDARD.decode(bare).map(|bytes| bytes.len());
    if bytes == Ok(length) {
        return Ok(());
    }
    Err(s3_error(
        "InvalidRequest",
        400,
        format!("Value for {name} header is invalid."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_urls() {
        let url = dto::EncodingType::from_static("url");
        let encoding = Encoding::new(Some(&url)).expect("known");
        assert_eq!(encoding.write("a b/ü+&\n"), "a%20b/%C3%BC%2B%26%0A");
        let plain = Encoding::new(None).expect("none");
        assert_eq!(plain.write("a b"), "a b");
        assert!(Encoding::new(Some(&dto::EncodingType::from_static("x"))).is_err());
    }

    #[test]
    fn checksums_are_announced_once() {
        let announce = |pairs: &[(&'static str, &'static str)]| {
            let headers: HeaderMap = pairs
                .iter()
                .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("one")))
                .collect();
            announced(&headers, &Trailers::default())
                .map(|found| found.map(|(algorithm, _)| algorithm))
        };
        let crc = ("x-amz-checksum-crc32", "y/Q5Jg==");
        let crc32 = Some(ChecksumAlgorithm::Crc32);
        assert_eq!(announce(&[crc]).expect("read"), crc32);
        assert_eq!(announce(&[]).expect("read"), None);
        let trailer = ("x-amz-trailer", "x-amz-checksum-crc32");
        assert_eq!(announce(&[trailer]).expect("read"), crc32);
        for wrong in [
            &[crc, ("x-amz-checksum-sha1", "qUiQTy8PR5uPgZdpSzAYSw0u0cs=")][..],
            &[("x-amz-checksum-crc32", "AAAA")],
            &[("x-amz-checksum-crc32", "ä")],
            &[("x-amz-sdk-checksum-algorithm", "CRC32")],
        ] {
            // A header that is no text is as if it were not there.
            let outcome = announce(wrong);
            assert!(
                outcome.is_err() || outcome.is_ok_and(|found| found.is_none()),
                "{wrong:?}"
            );
        }
    }
}
