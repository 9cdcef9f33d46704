//! What S3's clients may ask for beyond bytes and keys: conditions, digests,
//! headers, versions.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

use super::{
    ByteRange, ChecksumAlgorithm, ContentHeaders, ObjectDetails, ObjectFault, PutOptions, Tags,
    UserMetadata,
};

/// Which operation wrote an object, for the event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CreatedBy {
    /// PutObject.
    #[default]
    Put,
    /// A form.
    Post,
    /// CopyObject.
    Copy,
    /// CompleteMultipartUpload.
    CompleteMultipartUpload,
}

impl CreatedBy {
    /// The name of the event.
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Put => "ObjectCreated:Put",
            Self::Post => "ObjectCreated:Post",
            Self::Copy => "ObjectCreated:Copy",
            Self::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
        }
    }
}

/// What must hold of the current object for a write to happen. Checked in the
/// same step as the write: of several with one condition only one succeeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WriteCondition {
    /// Nothing.
    #[default]
    None,
    /// There is none (`If-None-Match: *`).
    IfAbsent,
    /// It has this ETag, without quotes (`If-Match`); `*` is any.
    IfMatch(String),
}

/// A checksum that a client announces.
#[derive(Clone, Default)]
pub enum ExpectedChecksum {
    /// None: it is computed and kept, not compared.
    #[default]
    None,
    /// In a header: its value in base64.
    Value(String),
    /// In a trailer: asked for when the body has ended.
    Trailing(Arc<dyn Fn() -> Option<String> + Send + Sync>),
}

impl fmt::Debug for ExpectedChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Value(value) => write!(f, "Value({value})"),
            Self::Trailing(_) => f.write_str("Trailing"),
        }
    }
}

/// What a body must turn out to be, or it is refused.
#[derive(Debug, Clone, Default)]
pub struct ExpectedBody {
    /// The size in bytes.
    pub size: Option<u64>,
    /// `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// The checksum to compute.
    pub algorithm: Option<ChecksumAlgorithm>,
    /// Its value. Compared only where there is an `algorithm`.
    pub checksum: ExpectedChecksum,
}

/// How an object is to be written, in all that S3 knows.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// The media type; `None` is guessed from the key's ending.
    pub content_type: Option<String>,
    /// Kept and given back.
    pub headers: ContentHeaders,
    /// Kept and given back.
    pub user_metadata: UserMetadata,
    /// Tags.
    pub tags: Tags,
    /// The storage class, a label only.
    pub storage_class: Option<String>,
    /// What must hold of the object that is there.
    pub condition: WriteCondition,
    /// What the body must be.
    pub expected: ExpectedBody,
    /// Which operation this is.
    pub by: CreatedBy,
}

impl From<PutOptions> for WriteOptions {
    fn from(options: PutOptions) -> Self {
        Self {
            content_type: options.content_type,
            user_metadata: options.user_metadata,
            condition: if options.only_if_absent {
                WriteCondition::IfAbsent
            } else {
                WriteCondition::None
            },
            ..Self::default()
        }
    }
}

/// ETags that a condition names, without their quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EtagMatch {
    /// `*`.
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

impl EtagMatch {
    fn matches(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(etags) => etags.iter().any(|one| one == etag),
        }
    }
}

/// What must hold of an object for a read to answer it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadConditions {
    /// `If-Match`.
    pub if_match: Option<EtagMatch>,
    /// `If-None-Match`.
    pub if_none_match: Option<EtagMatch>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<Timestamp>,
}

/// What conditions say of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They hold.
    Holds,
    /// The client has it already.
    NotModified,
    /// They do not hold.
    Failed,
}

impl ReadConditions {
    /// What they say of an object, in the order of RFC 9110, section 13.2.2. Times
    /// count in whole seconds, as headers have them.
    pub fn verdict(&self, etag: &str, modified_at: Timestamp) -> Verdict {
        let newer = |since: Timestamp| modified_at.as_second() > since.as_second();
        let stale = match (&self.if_match, self.if_unmodified_since) {
            (Some(wanted), _) => !wanted.matches(etag),
            (None, Some(since)) => newer(since),
            (None, None) => false,
        };
        if stale {
            return Verdict::Failed;
        }
        let same = match (&self.if_none_match, self.if_modified_since) {
            (Some(had), _) => had.matches(etag),
            (None, Some(since)) => !newer(since),
            (None, None) => false,
        };
        if same {
            Verdict::NotModified
        } else {
            Verdict::Holds
        }
    }

    /// The verdict on `details`; an error when they fail.
    pub(crate) fn check(&self, bucket: &BucketName, details: &ObjectDetails) -> Result<Verdict> {
        let etag = details.info.etag.as_deref().unwrap_or_default();
        match self.verdict(etag, details.info.modified_at) {
            Verdict::Failed => Err(condition_failed(bucket, details.info.key.as_str())),
            verdict => Ok(verdict),
        }
    }
}

/// The error of a condition that does not hold.
pub(crate) fn condition_failed(bucket: &BucketName, key: &str) -> Error {
    Error::new(
        ErrorKind::Precondition,
        format!("a condition of the request does not hold for s3://{bucket}/{key}"),
    )
}

/// Which version of an object to read, and what of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The version; the current one when there is none.
    pub version_id: Option<String>,
    /// Which of its bytes.
    pub range: Option<ByteRange>,
    /// Which of its parts, from 1; not together with a range.
    pub part_number: Option<u16>,
    /// What must hold of it.
    pub conditions: ReadConditions,
}

impl ReadOptions {
    /// That version.
    pub fn version(version_id: impl Into<String>) -> Self {
        Self {
            version_id: Some(version_id.into()),
            ..Self::default()
        }
    }

    /// Which bytes of `details` are asked for.
    pub(crate) fn range_of(&self, details: &ObjectDetails) -> Result<std::ops::Range<u64>> {
        match (&self.range, self.part_number) {
            (Some(_), Some(_)) => Err(Error::invalid(
                "a range and a part number cannot be asked for together",
            )),
            (None, Some(number)) => details.part_range(number),
            (Some(range), None) => range
                .within(details.info.size)
                .map_err(|error| ObjectFault::InvalidRange.error(error.message())),
            (None, None) => Ok(0..details.info.size),
        }
    }
}

/// A version of an object that is copied.
#[derive(Debug, Clone)]
pub struct CopySource {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The version; the current one when there is none.
    pub version_id: Option<String>,
    /// What must hold of it.
    pub conditions: ReadConditions,
}

/// What a copy gets instead of what its source has.
#[derive(Debug, Clone, Default)]
pub struct CopyOptions {
    /// Content type, headers and user metadata: replaced by these, or kept.
    pub replace: Option<ReplacedMetadata>,
    /// Tags: replaced by these, or kept.
    pub tags: Option<Tags>,
    /// The storage class.
    pub storage_class: Option<String>,
    /// The checksum to compute; that of the source when there is none.
    pub algorithm: Option<ChecksumAlgorithm>,
    /// What must hold of the object that is there.
    pub condition: WriteCondition,
}

/// Metadata in place of the source's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplacedMetadata {
    /// The media type; `None` is guessed from the key's ending.
    pub content_type: Option<String>,
    /// Headers.
    pub headers: ContentHeaders,
    /// User metadata.
    pub user_metadata: UserMetadata,
}

/// A version, or the current one, that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRequest {
    /// The key.
    pub key: ObjectKey,
    /// The version; without one the object itself, which leaves a marker where versions are kept.
    pub version_id: Option<String>,
    /// The ETag that it must have, without quotes; `*` is any.
    pub if_match: Option<String>,
}

impl DeleteRequest {
    /// The object itself.
    pub fn object(key: ObjectKey) -> Self {
        Self {
            key,
            version_id: None,
            if_match: None,
        }
    }

    /// A version of it.
    pub fn version(key: ObjectKey, version_id: impl Into<String>) -> Self {
        Self {
            version_id: Some(version_id.into()),
            ..Self::object(key)
        }
    }
}

/// What a delete did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedVersion {
    /// The key.
    pub key: ObjectKey,
    /// The version that is gone, or the marker that was made.
    pub version_id: Option<String>,
    /// Whether that is a delete marker.
    pub delete_marker: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_weighed_as_http_does() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let modified = at("2026-11-21T10:00:00.5Z");
        let etags = |etag: &str| Some(EtagMatch::OneOf(vec!["x".to_owned(), etag.to_owned()]));
        let before = Some(at("2026-11-21T09:59:59Z"));
        let same = Some(at("2026-11-21T10:00:00Z"));
        for (if_match, if_none_match, if_modified_since, if_unmodified_since, expected) in [
            (None, None, None, None, Verdict::Holds),
            (etags("e"), None, None, None, Verdict::Holds),
            (etags("f"), None, None, None, Verdict::Failed),
            (Some(EtagMatch::Any), None, None, None, Verdict::Holds),
            (None, etags("e"), None, None, Verdict::NotModified),
            (None, Some(EtagMatch::Any), None, None, Verdict::NotModified),
            (None, etags("f"), None, None, Verdict::Holds),
            (None, None, same, None, Verdict::NotModified),
            (None, None, before, None, Verdict::Holds),
            (None, None, None, same, Verdict::Holds),
            (None, None, None, before, Verdict::Failed),
            // The ETag outweighs the time.
            (etags("e"), None, None, before, Verdict::Holds),
            (None, etags("f"), same, None, Verdict::Holds),
            (etags("e"), etags("e"), None, None, Verdict::NotModified),
        ] {
            let conditions = ReadConditions {
                if_match,
                if_none_match,
                if_modified_since,
                if_unmodified_since,
            };
            assert_eq!(
                conditions.verdict("e", modified),
                expected,
                "{conditions:?}"
            );
        }
    }
}
