//! What is wrong with a request for an object, in S3's words.

use std::fmt;

use stave_core::{Error, ErrorKind};

/// The reason beneath an [`Error`] of the store where its kind does not say enough;
/// found with [`ObjectFault::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectFault {
    /// The bytes do not have the digest that was announced.
    BadDigest,
    /// The bucket holds something.
    BucketNotEmpty,
    /// The object, or a part of it, is larger than S3 allows.
    EntityTooLarge,
    /// A part that is not the last is smaller than 5 MiB.
    EntityTooSmall,
    /// The body ended before its announced size.
    IncompleteBody,
    /// A part is not there, or is another than the one named.
    InvalidPart,
    /// The object has no part of that number.
    InvalidPartNumber,
    /// The parts are not in ascending order.
    InvalidPartOrder,
    /// No byte of the object is in the range.
    InvalidRange,
    /// The tags break a rule of S3's.
    InvalidTag,
    /// The version is a delete marker, which can only be deleted.
    MethodNotAllowed,
    /// The bucket has no such document.
    NoSuchConfiguration,
    /// The upload is not there: never was, was completed or aborted.
    NoSuchUpload,
    /// The key has no such version.
    NoSuchVersion,
}

impl ObjectFault {
    /// S3's code.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadDigest => "BadDigest",
            Self::BucketNotEmpty => "BucketNotEmpty",
            Self::EntityTooLarge => "EntityTooLarge",
            Self::EntityTooSmall => "EntityTooSmall",
            Self::IncompleteBody => "IncompleteBody",
            Self::InvalidPart => "InvalidPart",
            Self::InvalidPartNumber => "InvalidPartNumber",
            Self::InvalidPartOrder => "InvalidPartOrder",
            Self::InvalidRange => "InvalidRange",
            Self::InvalidTag => "InvalidTag",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NoSuchConfiguration => "NoSuchConfiguration",
            Self::NoSuchUpload => "NoSuchUpload",
            Self::NoSuchVersion => "NoSuchVersion",
        }
    }

    /// The fault beneath `error`, when there is one.
    pub fn of(error: &Error) -> Option<Self> {
        let source = std::error::Error::source(error)?;
        source.downcast_ref::<Self>().copied()
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::NoSuchConfiguration | Self::NoSuchUpload | Self::NoSuchVersion => {
                ErrorKind::NotFound
            }
            Self::BucketNotEmpty => ErrorKind::Conflict,
            _ => ErrorKind::Invalid,
        }
    }

    /// The error that says `message` for this reason.
    pub(crate) fn error(self, message: impl Into<String>) -> Error {
        Error::new(self.kind(), message).caused_by(self)
    }
}

impl fmt::Display for ObjectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for ObjectFault {}
