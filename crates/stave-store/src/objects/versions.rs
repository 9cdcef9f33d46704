//! Lists of versions and delete markers.

use jiff::Timestamp;
use stave_core::ObjectKey;

/// Whether a bucket keeps the versions of its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioning {
    /// Every write makes a version.
    Enabled,
    /// Writes make and replace the version `null`; those that are there stay.
    Suspended,
}

impl Versioning {
    /// S3's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }
}

/// Which versions to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionListRequest {
    /// Keys that begin with this.
    pub prefix: String,
    /// Folds keys that have this after the prefix into one common prefix.
    pub delimiter: Option<String>,
    /// Keys after this one, or the rest of its versions when a version is given too.
    pub key_marker: Option<String>,
    /// Versions of `key_marker` after this one.
    pub version_id_marker: Option<String>,
    /// The most entries, versions and common prefixes together.
    pub max: usize,
}

impl VersionListRequest {
    /// All versions of the keys under `prefix`, at most `max`.
    pub fn all(prefix: impl Into<String>, max: usize) -> Self {
        Self {
            prefix: prefix.into(),
            delimiter: None,
            key_marker: None,
            version_id_marker: None,
            max,
        }
    }
}

/// A version of an object, or a delete marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionEntry {
    /// The key.
    pub key: ObjectKey,
    /// The version; `null` for one without an id.
    pub version_id: String,
    /// Whether it is the current version.
    pub is_latest: bool,
    /// Whether it says that the object was deleted; size and ETag are nothing then.
    pub delete_marker: bool,
    /// When it was written.
    pub modified_at: Timestamp,
    /// The size in bytes.
    pub size: u64,
    /// The ETag without its quotes, where it is known.
    pub etag: Option<String>,
    /// The storage class; none is STANDARD.
    pub storage_class: Option<String>,
}

/// A part of a list of versions: by the bytes of the key, the newest version first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionPage {
    /// Versions and delete markers.
    pub versions: Vec<VersionEntry>,
    /// The folded prefixes.
    pub common_prefixes: Vec<String>,
    /// Where the next part starts: `key_marker` and `version_id_marker`, when there is one.
    pub next: Option<(String, Option<String>)>,
}
