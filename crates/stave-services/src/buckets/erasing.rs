//! Versions as whoever erases needs them: all of them, with what is noted of each.

use futures::stream::{self, BoxStream, StreamExt};
use stave_core::{BucketName, Caller, ErrorKind, Result};
use stave_store::{Lookup, ObjectInfo, ReadOptions, VersionEntry, VersionListRequest};

use super::Buckets;

/// How many versions one page of a listing holds.
const PAGE: usize = 1000;

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVersion {
    /// What is known of it.
    pub info: ObjectInfo,
    /// Its id.
    pub version_id: String,
}

impl Buckets {
    /// Whether deleting an object of `bucket` leaves its data as an old version. Of a remote
    /// server that is not known, and said to be so.
    pub async fn keeps_versions(&self, caller: &Caller, bucket: &BucketName) -> Result<bool> {
        if self.is_remote(bucket) {
            return Ok(false);
        }
        Ok(self.versioning(caller, bucket).await?.is_some())
    }

    /// The versions of all objects of a local bucket, the current ones among them, page by page.
    /// What was dropped in by hand has nothing noted and is left out.
    pub fn versions<'a>(
        &'a self,
        caller: &'a Caller,
        bucket: &'a BucketName,
    ) -> BoxStream<'a, Result<Vec<KeptVersion>>> {
        let first = Some(VersionListRequest::all("", PAGE));
        stream::try_unfold(first, move |request| async move {
            let Some(mut request) = request else {
                return Ok(None);
            };
            let page = self.list_versions(caller, bucket, &request).await?;
            let mut found = Vec::new();
            for entry in page.versions {
                found.extend(self.kept(caller, bucket, entry).await?);
            }
            let next = page.next.map(|(key, version)| {
                (request.key_marker, request.version_id_marker) = (Some(key), version);
                request
            });
            Ok(Some((found, next)))
        })
        .boxed()
    }

    async fn kept(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        entry: VersionEntry,
    ) -> Result<Option<KeptVersion>> {
        if entry.delete_marker || entry.etag.is_none() {
            return Ok(None);
        }
        let options = ReadOptions::version(&entry.version_id);
        match self.describe(caller, bucket, &entry.key, options).await {
            Ok(Lookup::Found(details)) => Ok(Some(KeptVersion {
                info: details.info,
                version_id: entry.version_id,
            })),
            // It has gone since it was listed.
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
