//! Uploads in parts, as clients make them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stave_core::ObjectKey;

use super::{
    Checksum, ChecksumAlgorithm, ChecksumType, ContentHeaders, ExpectedChecksum, Tags,
    UserMetadata, WriteCondition,
};

/// The most parts of an upload; they are numbered from 1.
pub const MAX_PARTS: u16 = 10_000;
/// The smallest part that is not the last, in bytes.
pub const MIN_PART_BYTES: u64 = 5 << 20;
/// The largest part, and the largest object that is written at once, in bytes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
pub const MAX_PART_BYTES: u64 = 5 << 30;
/// The largest object, in bytes.
pub const MAX_OBJECT_BYTES: u64 = 50 << 40;

/// What the object of an upload will be.
#[derive(Debug, Clone, Default)]
pub struct UploadOptions {
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
    /// The checksum of parts and object; without a type, the algorithm's default.
    pub checksum: Option<(ChecksumAlgorithm, Option<ChecksumType>)>,
}

/// An upload that has not been completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadInfo {
    /// The key that it will have.
    pub key: ObjectKey,
    /// Its id.
    pub upload_id: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// The storage class; none is STANDARD.
    pub storage_class: Option<String>,
    /// The checksum that it will have.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
}

/// A part that has been uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartInfo {
    /// Its number.
    pub number: u16,
    /// Its size in bytes.
    pub size: u64,
    /// Its MD5 in hexadecimal.
    pub etag: String,
    /// Its checksum in base64, of the upload's algorithm.
    pub checksum: Option<String>,
    /// When it was written.
    pub modified_at: Timestamp,
}

/// Some of an upload's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPage {
    /// The upload.
    pub upload: UploadInfo,
    /// Parts by number.
    pub parts: Vec<PartInfo>,
    /// The number after which the next ones are listed, when there are more.
    pub next: Option<u16>,
}

/// Which uploads to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadListRequest {
    /// Keys that begin with this.
    pub prefix: String,
    /// Folds keys that have this after the prefix into one common prefix.
    pub delimiter: Option<String>,
    /// Keys after this one, or the rest of its uploads when an upload is given too.
    pub key_marker: Option<String>,
    /// Uploads of `key_marker` after this one.
    pub upload_id_marker: Option<String>,
    /// The most entries, uploads and common prefixes together.
    pub max: usize,
}

/// Some uploads: by key, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadPage {
    /// Uploads.
    pub uploads: Vec<UploadInfo>,
    /// The folded prefixes.
    pub common_prefixes: Vec<String>,
    /// Where the next ones start: `key_marker` and `upload_id_marker`, when there are more.
    pub next: Option<(String, Option<String>)>,
}

/// A part as the client names it when it completes the upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its number.
    pub number: u16,
    /// Its ETag without quotes.
    pub etag: String,
    /// Its checksum in base64, when the client says it.
    pub checksum: Option<String>,
}

/// How an upload is to be completed.
#[derive(Debug, Clone, Default)]
pub struct CompleteRequest {
    /// The parts in ascending order.
    pub parts: Vec<CompletedPart>,
    /// What must hold of the object that is there.
    pub condition: WriteCondition,
    /// The checksum of the whole object.
    pub checksum: ExpectedChecksum,
    /// The size of the whole object in bytes.
    pub size: Option<u64>,
}

/// The object that an upload became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedUpload {
    /// The ETag without quotes.
    pub etag: String,
    /// The size in bytes.
    pub size: u64,
    /// The version, in a bucket that is or was versioned.
    pub version_id: Option<String>,
    /// The checksum.
    pub checksum: Option<Checksum>,
}
