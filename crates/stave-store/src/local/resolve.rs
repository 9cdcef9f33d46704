//! What is kept of an object beside its bytes: checked, and in the form of its row.

use stave_core::{ObjectKey, Result};

use super::index::{self, Noted};
use crate::objects::{
    Checksum, ContentHeaders, Kept, MAX_OBJECT_TAGS, Tags, UserMetadata, WriteOptions, check_tags,
    resolve_metadata, resolve_storage_class,
};

/// What a request says is to be kept.
pub(super) struct Resolved<'a> {
    pub(super) content_type: Option<&'a str>,
    pub(super) headers: &'a ContentHeaders,
    pub(super) user_metadata: &'a UserMetadata,
    pub(super) tags: &'a Tags,
    pub(super) storage_class: Option<&'a str>,
}

impl Resolved<'_> {
    /// The row of an object of `key`, without ETag, checksum and version.
    pub(super) fn noted(&self, key: &ObjectKey) -> Result<Noted> {
        let (content_type, user_metadata) =
            resolve_metadata(key, self.content_type, self.user_metadata)?;
        self.headers.check()?;
        check_tags(self.tags, MAX_OBJECT_TAGS)?;
        let kept = Kept {
            headers: self.headers.clone(),
            checksum: None,
        };
        Ok(Noted {
            content_type,
            user_metadata: index::store("user metadata", &user_metadata)?,
            storage_class: resolve_storage_class(self.storage_class)?,
            details: index::store("details", &kept)?,
            tags: index::store("tags", self.tags)?,
            ..Noted::default()
        })
    }
}

/// Adds what is known of the bytes.
pub(super) fn with_checksum(
    mut noted: Noted,
    etag: String,
    checksum: Option<Checksum>,
) -> Result<Noted> {
    let kept = Kept {
        checksum,
        ..noted.kept()?
    };
    noted.details = index::store("details", &kept)?;
    noted.etag = etag;
    Ok(noted)
}

impl WriteOptions {
    /// What of the options is kept.
    pub(super) fn resolved(&self) -> Resolved<'_> {
        Resolved {
            content_type: self.content_type.as_deref(),
            headers: &self.headers,
            user_metadata: &self.user_metadata,
            tags: &self.tags,
            storage_class: self.storage_class.as_deref(),
        }
    }
}
