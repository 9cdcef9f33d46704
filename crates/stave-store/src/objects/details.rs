//! All that S3 knows of one version of an object.

use std::fmt;
use std::ops::Range;

use futures::stream::BoxStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stave_core::{Error, ObjectKey, Result};

use super::{Checksum, ObjectFault, ObjectInfo};
use bytes::Bytes;

/// The id of the version that was written while the bucket was not versioned.
pub const NULL_VERSION: &str = "null";
/// The longest header that is kept, in bytes.
const MAX_HEADER_BYTES: usize = 2048;
/// The storage classes whose objects S3 gives out without a restore first.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html>
const STORAGE_CLASSES: [&str; 6] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
];

/// Headers that are kept with an object and given back as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentHeaders {
    /// `Cache-Control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// `Content-Encoding`, without `aws-chunked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// `Expires`, as the client wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

impl ContentHeaders {
    /// Refuses what cannot be sent back in a header.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in [
            ("Cache-Control", &self.cache_control),
            ("Content-Disposition", &self.content_disposition),
            ("Content-Encoding", &self.content_encoding),
            ("Content-Language", &self.content_language),
            ("Expires", &self.expires),
        ] {
            let Some(value) = value else { continue };
            if value.len() > MAX_HEADER_BYTES {
                return Err(Error::invalid(format!(
                    "{name} of {} bytes is longer than {MAX_HEADER_BYTES}",
                    value.len()
                )));
            }
            if value.chars().any(char::is_control) {
                return Err(Error::invalid(format!(
                    "{name} {value:?} has a control character"
                )));
            }
        }
        Ok(())
    }
}

/// The storage class to keep (`None` is STANDARD); an error for one that Stave does not have.
pub(crate) fn resolve_storage_class(class: Option<&str>) -> Result<Option<String>> {
    match class {
        None | Some("STANDARD") => Ok(None),
        Some(class) if STORAGE_CLASSES.contains(&class) => Ok(Some(class.to_owned())),
        Some(class @ ("GLACIER" | "DEEP_ARCHIVE" | "EXPRESS_ONEZONE" | "OUTPOSTS" | "SNOW")) => {
            Err(
                Error::unsupported(format!("storage class {class} is not implemented"))
                    .hint("take STANDARD or one that needs no restore, like GLACIER_IR"),
            )
        }
        Some(class) => Err(
            Error::invalid(format!("storage class \"{class}\" is not known"))
                .coded("InvalidStorageClass")
                .hint(format!("it is one of {}", STORAGE_CLASSES.join(", "))),
        ),
    }
}

/// What of the details is one document in the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    pub(crate) headers: ContentHeaders,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<Checksum>,
}

/// A part that an object was put together from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectPart {
    /// The number that it was uploaded under; parts are read by their position, from 1.
    pub number: u16,
    /// The size in bytes.
    pub size: u64,
    /// The checksum in base64, of the object's algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// What is known of one version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectDetails {
    /// What every kind of bucket knows.
    pub info: ObjectInfo,
    /// The version, [`NULL_VERSION`] for one without an id; none in a bucket that was never versioned.
    pub version_id: Option<String>,
    /// Whether it is the current version.
    pub is_latest: bool,
    /// Headers to give back.
    pub headers: ContentHeaders,
    /// The checksum, when one was asked for at writing.
    pub checksum: Option<Checksum>,
    /// The parts in their order; none when it was written whole.
    pub parts: Vec<ObjectPart>,
    /// How many tags it has.
    pub tag_count: usize,
}

impl ObjectDetails {
    /// The bytes of part `number`, counted from 1; an object written whole has one.
    pub fn part_range(&self, number: u16) -> Result<Range<u64>> {
        let outside = || {
            ObjectFault::InvalidPartNumber.error(format!(
                "\"{}\" has {} part(s): there is no part {number}",
                self.info.key,
                self.parts.len().max(1)
            ))
        };
        let at = usize::from(number).checked_sub(1).ok_or_else(outside)?;
        if self.parts.is_empty() {
            return if at == 0 {
                Ok(0..self.info.size)
            } else {
                Err(outside())
            };
        }
        let part = self.parts.get(at).ok_or_else(outside)?;
        let start = self.parts[..at].iter().map(|part| part.size).sum();
        Ok(start..start + part.size)
    }
}

/// A version that says that the object was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteMarker {
    /// The key.
    pub key: ObjectKey,
    /// The version.
    pub version_id: String,
    /// Whether it is the current version.
    pub is_latest: bool,
    /// When the object was deleted.
    pub modified_at: Timestamp,
}

/// What a read found.
#[derive(Debug)]
pub enum Lookup<T> {
    /// What was asked for.
    Found(T),
    /// The client has it already (`304`).
    NotModified(Box<ObjectDetails>),
    /// A delete marker: `404` when it is the current version and none was named, else `405`.
    DeleteMarker(DeleteMarker),
}

impl<T> Lookup<T> {
    /// Changes what was found.
    pub(crate) fn try_map<U>(self, change: impl FnOnce(T) -> Result<U>) -> Result<Lookup<U>> {
        Ok(match self {
            Self::Found(found) => Lookup::Found(change(found)?),
            Self::NotModified(details) => Lookup::NotModified(details),
            Self::DeleteMarker(marker) => Lookup::DeleteMarker(marker),
        })
    }
}

/// A version of an object that is being read.
pub struct VersionRead {
    /// What is known of it.
    pub details: ObjectDetails,
    /// Which of its bytes `body` holds.
    pub range: Range<u64>,
    /// The bytes; of this version, whoever overwrites it meanwhile.
    pub body: BoxStream<'static, Result<Bytes>>,
}

impl fmt::Debug for VersionRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersionRead")
            .field("details", &self.details)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}
