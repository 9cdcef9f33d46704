//! The objects that a source reads, and whether it has read them before.

use jiff::Timestamp;
use stave_core::job::Node;
use stave_core::{Result, S3Uri};

use crate::listing::ListedObject;

/// An object of a source, as it was when the job was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceObject {
    /// Its address.
    pub uri: S3Uri,
    /// Its ETag without quotes, where the store knows it.
    pub etag: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified_at: Timestamp,
}

/// Says what a source has not read before.
pub trait Unread: Send + Sync {
    /// Whether the source `node` is to read `object`.
    fn is_unread(&self, node: &Node, object: &SourceObject) -> bool;
}

impl SourceObject {
    pub(super) fn of(object: &ListedObject) -> Result<Self> {
        let etag = object.meta.e_tag.as_deref();
        let micros = object.meta.last_modified.timestamp_micros();
        Ok(Self {
            uri: object.uri.clone(),
            etag: etag.map(|etag| etag.trim_matches('"').to_owned()),
            size: object.meta.size,
            modified_at: Timestamp::from_microsecond(micros).map_err(|error| {
                stave_core::Error::invalid(format!("{}: its time is out of range", object.uri))
                    .caused_by(error)
            })?,
        })
    }
}
