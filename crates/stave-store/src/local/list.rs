//! Listing: the folders say which objects there are, the rows what is known of
//! them. A listing is of one state: it is repeated when a publication came
//! between, and in the end made alone.

use std::path::Path;

use rusqlite::Connection;
use stave_core::{BucketName, ErrorKind, Result};

use super::files::{self, Identity};
use super::index::{self, Noted, object_info};
use super::read::Etag;
use super::walk::{Found, walk};
use super::{LocalBuckets, publish};
use crate::objects::{ListPage, ListRequest, MAX_LISTED, ObjectInfo};

/// How often a listing is repeated before it holds up all writers.
const TRIES: usize = 8;

impl LocalBuckets {
    /// Finds out the ETags that a listing does not know: of files that were dropped by hand,
    /// each of which is read once and known from then on. What is gone meanwhile is left out.
    pub async fn know_etags(
        &self,
        bucket: &BucketName,
        objects: Vec<ObjectInfo>,
    ) -> Result<Vec<ObjectInfo>> {
        if objects.iter().all(|object| object.etag.is_some()) {
            return Ok(objects);
        }
        let bucket = bucket.clone();
        self.blocking(move |buckets| {
            let mut known = Vec::with_capacity(objects.len());
            for object in objects {
                if object.etag.is_some() {
                    known.push(object);
                    continue;
                }
                match buckets.open_object(&bucket, &object.key, Etag::Needed) {
                    Ok(open) => known.push(open.info),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(known)
        })
        .await
    }

    pub(super) fn list_objects(
        &self,
        bucket: &BucketName,
        mut request: ListRequest,
    ) -> Result<ListPage> {
        request.max = request.max.min(MAX_LISTED);
        let root = self.root(bucket)?;
        if request.max == 0 {
            return Ok(ListPage::default());
        }
        for _ in 0..TRIES {
            self.finish_publications()?;
            let before = self.store.database().glance(publish::state)?;
            let found = walk(self.store.folders(), &root, &request)?;
            let page = self
                .store
                .database()
                .read(|tx| page(tx, &root, bucket, found, request.max))?;
            let after = self.store.database().glance(publish::state)?;
            if before == after && !after.pending {
                return Ok(page);
            }
        }
        self.change(|tx, _| {
            page(
                tx,
                &root,
                bucket,
                walk(self.store.folders(), &root, &request)?,
                request.max,
            )
        })
    }
}

fn page(
    tx: &Connection,
    root: &Path,
    bucket: &BucketName,
    mut found: Vec<Found>,
    max: usize,
) -> Result<ListPage> {
    let mut page = ListPage::default();
    if found.len() > max {
        found.truncate(max);
        page.next = found.last().map(|last| last.key().to_owned());
    }
    let mut objects = Vec::new();
    for entry in found {
        match entry {
            Found::Object(key, identity) => {
                objects.push((String::from(key.as_str()), identity, key));
            }
            Found::Prefix(prefix) => page.common_prefixes.push(prefix),
        }
    }
    let keys: Vec<(String, Identity)> = objects
        .iter_mut()
        .map(|(key, identity, _)| (std::mem::take(key), *identity))
        .collect();
    let notes = index::find_all(tx, bucket, &keys)?;
    for (((_, identity, key), (name, _)), (noted, any)) in objects.into_iter().zip(keys).zip(notes)
    {
        let seen = match noted {
            None if any => look_again(tx, root, bucket, &name, identity)?,
            noted => Some((identity, noted)),
        };
        if let Some((identity, noted)) = seen {
            page.objects.push(object_info(key, identity, noted)?);
        }
    }
    Ok(page)
}

/// An object with rows for other versions only: overwritten since the walk saw
/// it (its row is there now), or changed by hand.
fn look_again(
    tx: &Connection,
    root: &Path,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
) -> Result<Option<(Identity, Option<Noted>)>> {
    let Some(found) = files::locate(root, key)? else {
        return Ok(None);
    };
    if found.identity == identity {
        return Ok(Some((identity, None)));
    }
    let (noted, _) = index::find(tx, bucket, key, found.identity)?;
    Ok(Some((found.identity, noted)))
}
