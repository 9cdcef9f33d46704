//! What a bucket can do, whether it lies on this machine or on a remote server.

mod attributes;
mod checksum;
#[cfg(test)]
pub(crate) mod contract;
mod details;
mod faults;
mod metadata;
mod requests;
mod tags;
mod uploads;
mod versions;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use jiff::Timestamp;
use object_store::ObjectStore;
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

use crate::md5::Md5;
use crate::rows::BookmarkAdvance;

pub(crate) use self::attributes::{from_attributes, to_attributes};
pub(crate) use self::checksum::Hasher;
pub use self::checksum::{Checksum, ChecksumAlgorithm, ChecksumType};
pub use self::details::{
    ContentHeaders, DeleteMarker, Lookup, NULL_VERSION, ObjectDetails, ObjectPart, VersionRead,
};
pub(crate) use self::details::{Kept, resolve_storage_class};
pub use self::faults::ObjectFault;
pub(crate) use self::metadata::{guess_content_type, resolve_metadata, resolve_options};
pub(crate) use self::requests::condition_failed;
pub use self::requests::{
    CopyOptions, CopySource, CreatedBy, DeleteRequest, DeletedVersion, EtagMatch, ExpectedBody,
    ExpectedChecksum, ReadConditions, ReadOptions, ReplacedMetadata, Verdict, WriteCondition,
    WriteOptions,
};
pub(crate) use self::tags::check_tags;
pub use self::tags::{MAX_BUCKET_TAGS, MAX_OBJECT_TAGS, Tags};
pub use self::uploads::{
    CompleteRequest, CompletedPart, CompletedUpload, MAX_OBJECT_BYTES, MAX_PART_BYTES, MAX_PARTS,
    MIN_PART_BYTES, PartInfo, PartPage, UploadInfo, UploadListRequest, UploadOptions, UploadPage,
};
pub use self::versions::{VersionEntry, VersionListRequest, VersionPage, Versioning};

/// The content type of an object that nobody gave one, as in S3.
pub const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";
/// The most entries that one listing answers.
pub const MAX_LISTED: usize = 5_000_000;
/// User metadata in bytes, names and values together.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
pub const MAX_USER_METADATA_BYTES: usize = 2048;

/// Names and values that the writer of an object gave it; names in lower case.
pub type UserMetadata = BTreeMap<String, String>;

/// A bucket in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketInfo {
    /// The name.
    pub name: BucketName,
    /// When it was made, where that is known.
    pub created_at: Option<Timestamp>,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The key.
    pub key: ObjectKey,
    /// The size in bytes.
    pub size: u64,
    /// The ETag without its quotes. Always there from put, get, head and copy;
    /// a listing does not read a file that was dropped in by hand to find it.
    pub etag: Option<String>,
    /// When it was last written.
    pub modified_at: Timestamp,
    /// The media type. A remote listing does not know it and says the default.
    pub content_type: String,
    /// What the writer noted. A remote listing does not know it.
    pub user_metadata: UserMetadata,
    /// The storage class; none is STANDARD. A remote listing does not know it.
    pub storage_class: Option<String>,
}

/// How an object is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutOptions {
    /// The media type; `None` is guessed from the key's ending.
    pub content_type: Option<String>,
    /// Kept with the object.
    pub user_metadata: UserMetadata,
    /// Refuses with [`ErrorKind::Precondition`] when the key exists (`If-None-Match: *`).
    pub only_if_absent: bool,
}

/// What an object is to hold.
pub enum PutBody {
    /// Bytes at hand.
    Bytes(Bytes),
    /// Bytes as they come.
    Stream(BoxStream<'static, Result<Bytes>>),
    /// A file of this machine, copied.
    File(PathBuf),
}

impl fmt::Debug for PutBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

impl From<Bytes> for PutBody {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&'static str> for PutBody {
    fn from(text: &'static str) -> Self {
        Self::Bytes(Bytes::from_static(text.as_bytes()))
    }
}

/// Which bytes of an object are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to before the second offset, cut at the object's end.
    Bounded(Range<u64>),
    /// From an offset to the end.
    From(u64),
    /// The last bytes, as many as there are.
    Last(u64),
}

impl ByteRange {
    /// The range within an object of `size` bytes; an error when it lies outside.
    pub fn within(&self, size: u64) -> Result<Range<u64>> {
        let range = match self {
            Self::Bounded(range) => range.start..range.end.min(size),
            Self::From(start) => *start..size,
            Self::Last(count) => size.saturating_sub(*count)..size,
        };
        if range.start >= range.end {
            return Err(Error::invalid(format!(
                "the range {self:?} has no byte of an object of {size} bytes"
            )));
        }
        Ok(range)
    }
}

/// An object that is being read.
pub struct ObjectRead {
    /// What is known of the object.
    pub info: ObjectInfo,
    /// Which of its bytes `body` holds.
    pub range: Range<u64>,
    /// The bytes; of one version of the object, whoever overwrites it meanwhile.
    pub body: BoxStream<'static, Result<Bytes>>,
}

impl fmt::Debug for ObjectRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRead")
            .field("info", &self.info)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl ObjectRead {
    /// All bytes; refuses with [`ErrorKind::LimitExceeded`] when there are more than `max`.
    pub async fn bytes(mut self, max: usize) -> Result<Bytes> {
        let size = self.range.end - self.range.start;
        if size > max as u64 {
            return Err(Error::limit_exceeded(format!(
                "{size} bytes of \"{}\" are more than the {max} that fit here",
                self.info.key
            )));
        }
        let mut bytes = BytesMut::with_capacity(size as usize);
        while let Some(chunk) = self.body.try_next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }
}

/// Which objects to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Keys that begin with this.
    pub prefix: String,
    /// Folds keys that have this after the prefix into one common prefix.
    pub delimiter: Option<String>,
    /// Keys after this one. When it is a common prefix, all keys under it are passed by.
    pub start_after: Option<String>,
    /// The most entries, objects and common prefixes together.
    pub max: usize,
}

impl ListRequest {
    /// Everything under `prefix`, at once.
    pub fn all(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            delimiter: None,
            start_after: None,
            max: MAX_LISTED,
        }
    }

    /// What stands directly in the folder `prefix`.
    pub fn folder(prefix: impl Into<String>) -> Self {
        Self {
            delimiter: Some("/".to_owned()),
            ..Self::all(prefix)
        }
    }

    /// At most `max` entries.
    pub fn max(mut self, max: usize) -> Self {
        self.max = max;
        self
    }

    /// Only what comes after `key`.
    pub fn after(mut self, key: impl Into<String>) -> Self {
        self.start_after = Some(key.into());
        self
    }
}

/// A part of a listing, sorted by the bytes of UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The objects.
    pub objects: Vec<ObjectInfo>,
    /// The folded prefixes.
    pub common_prefixes: Vec<String>,
    /// Where the next part starts ([`ListRequest::start_after`]), when there is one.
    pub next: Option<String>,
}

/// A key that was not deleted, and why.
#[derive(Debug)]
pub struct DeleteFault {
    /// The key.
    pub key: ObjectKey,
    /// Why.
    pub error: Error,
}

/// A finished file that is to become an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFile {
    /// Where it lies now: for local buckets in the run's [`crate::Store::staging`] folder.
    pub path: PathBuf,
    /// The bucket it goes to.
    pub bucket: BucketName,
    /// The key it gets.
    pub key: ObjectKey,
    /// Its media type; `None` is guessed from the key's ending.
    pub content_type: Option<String>,
    /// Kept with the object.
    pub user_metadata: UserMetadata,
}

/// The whole output of a run, which becomes visible at once or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// The run that wrote it.
    pub run_id: String,
    /// What it wrote.
    pub files: Vec<StagedFile>,
    /// Objects under these prefixes that are not among `files` are deleted.
    pub replace: Vec<(BucketName, String)>,
    /// How the bookmark of the run's job moves on, in the same moment.
    pub bookmark: Option<BookmarkAdvance>,
}

impl Publication {
    /// Refuses two files for one key.
    pub(crate) fn check(&self) -> Result<()> {
        let mut seen = std::collections::HashSet::new();
        for file in &self.files {
            if !seen.insert((&file.bucket, &file.key)) {
                return Err(Error::invalid(format!(
                    "run {} publishes s3://{}/{} twice",
                    self.run_id, file.bucket, file.key
                )));
            }
        }
        Ok(())
    }
}

/// Buckets and the objects in them.
///
/// Writes are atomic: a reader sees the old object or the new one. Deleting
/// what is not there succeeds, as in S3.
#[async_trait]
pub trait BucketStore: Send + Sync + fmt::Debug {
    /// Makes a bucket; [`ErrorKind::AlreadyExists`] when it is there.
    async fn create_bucket(&self, bucket: &BucketName) -> Result<()>;

    /// Removes an empty bucket; [`ErrorKind::Conflict`] when it is not empty.
    async fn delete_bucket(&self, bucket: &BucketName) -> Result<()>;

    /// All buckets by name.
    async fn list_buckets(&self) -> Result<Vec<BucketInfo>>;

    /// Checks that the bucket exists.
    async fn head_bucket(&self, bucket: &BucketName) -> Result<()>;

    /// Writes an object.
    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo>;

    /// Reads an object, or a range of it.
    async fn get(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<ObjectRead>;

    /// What is known of an object.
    async fn head(&self, bucket: &BucketName, key: &ObjectKey) -> Result<ObjectInfo>;

    /// Lists objects.
    async fn list(&self, bucket: &BucketName, request: &ListRequest) -> Result<ListPage>;

    /// Copies an object within this store, with its content type and metadata
    /// unless `replace` gives others.
    async fn copy(
        &self,
        from_bucket: &BucketName,
        from_key: &ObjectKey,
        bucket: &BucketName,
        key: &ObjectKey,
        replace: Option<PutOptions>,
    ) -> Result<ObjectInfo>;

    /// Deletes an object.
    async fn delete(&self, bucket: &BucketName, key: &ObjectKey) -> Result<()> {
        let faults = self.delete_many(bucket, std::slice::from_ref(key)).await?;
        faults
            .into_iter()
            .next()
            .map_or(Ok(()), |fault| Err(fault.error))
    }

    /// Deletes objects; says which ones could not be.
    async fn delete_many(
        &self,
        bucket: &BucketName,
        keys: &[ObjectKey],
    ) -> Result<Vec<DeleteFault>>;

    /// Makes the output of a run visible.
    async fn publish(&self, publication: Publication) -> Result<()>;

    /// The bucket as the query engine reads it.
    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>>;

    /// The path of `key` in [`Self::object_store`].
    fn object_path(&self, key: &ObjectKey) -> Result<object_store::path::Path>;

    /// Whether there is such an object.
    async fn exists(&self, bucket: &BucketName, key: &ObjectKey) -> Result<bool> {
        match self.head(bucket, key).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The MD5 of `bytes`, as `Content-MD5` announces it.
pub fn md5_of(bytes: &[u8]) -> [u8; 16] {
    Md5::of(bytes)
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The error for a key that is not there.
pub(crate) fn no_such_key(bucket: &BucketName, key: &str) -> Error {
    Error::not_found(format!("s3://{bucket}/{key} does not exist")).coded("NoSuchKey")
}

/// The error for a bucket that is not there.
pub(crate) fn no_such_bucket(bucket: &BucketName) -> Error {
    Error::not_found(format!("bucket \"{bucket}\" does not exist"))
        .coded("NoSuchBucket")
        .hint(format!("make it with: stave mb s3://{bucket}"))
}
