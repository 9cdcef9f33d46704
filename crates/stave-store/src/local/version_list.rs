//! Lists of versions: the current ones as the folders have them, the others and
//! the delete markers from their rows, merged by key.

use std::iter::Peekable;
use std::path::Path;

use rusqlite::{Connection, params};
use stave_core::{BucketName, ObjectKey, Result};

use super::archive::{self, Archived};
use super::files::{self, Identity};
use super::index::{self, Noted};
use super::walk::{Found, walk};
use super::{LocalBuckets, publish};
use crate::faults::SqlContext;
use crate::objects::{
    ListRequest, MAX_LISTED, NULL_VERSION, VersionEntry, VersionListRequest, VersionPage,
};

/// How often a listing is repeated before it holds up all writers.
const TRIES: usize = 8;
/// How many rows are read at once.
const ROWS: usize = 1000;

/// What stands in a list before versions of it are told.
enum Entry {
    Prefix(String),
    Current(ObjectKey, Identity),
    Archived(Box<Archived>),
}

impl Entry {
    /// By key, the current version first, then the newest.
    fn order(&self) -> (&str, i64) {
        match self {
            Self::Prefix(prefix) => (prefix, i64::MIN),
            Self::Current(key, _) => (key.as_str(), i64::MIN),
            Self::Archived(version) => (&version.key, -version.seq),
        }
    }
}

impl LocalBuckets {
    /// Lists versions and delete markers.
    pub async fn list_versions(
        &self,
        bucket: &BucketName,
        request: &VersionListRequest,
    ) -> Result<VersionPage> {
        let (bucket, request) = (bucket.clone(), request.clone());
        self.blocking(move |buckets| buckets.versions(&bucket, &request))
            .await
    }

    fn versions(&self, bucket: &BucketName, request: &VersionListRequest) -> Result<VersionPage> {
        let mut request = request.clone();
        request.max = request.max.min(MAX_LISTED);
        self.root(bucket)?;
        if request.max == 0 {
            return Ok(VersionPage::default());
        }
        for _ in 0..TRIES {
            self.finish_publications()?;
            let database = self.store.database();
            let before = database.glance(publish::state)?;
            let page = database.read(|tx| self.version_page(tx, bucket, &request))?;
            let after = database.glance(publish::state)?;
            if before == after && !after.pending {
                return Ok(page);
            }
        }
        self.change(|tx, _| self.version_page(tx, bucket, &request))
    }

    fn version_page(
        &self,
        tx: &Connection,
        bucket: &BucketName,
        request: &VersionListRequest,
    ) -> Result<VersionPage> {
        let root = self.existing_root(bucket)?;
        let limit = request.max + 1;
        let listing = ListRequest {
            prefix: request.prefix.clone(),
            delimiter: request.delimiter.clone().filter(|text| !text.is_empty()),
            start_after: request.key_marker.clone(),
            max: limit,
        };
        let current = walk(self.store.folders(), &root, &listing)?
            .into_iter()
            .map(|found| match found {
                Found::Object(key, identity) => Entry::Current(key, identity),
                Found::Prefix(prefix) => Entry::Prefix(prefix),
            });
        let marker = request.version_id_marker.as_deref();
        let first = match (request.key_marker.as_deref(), marker) {
            (Some(key), Some(id)) if key.starts_with(&request.prefix) => {
                promoted(tx, &root, bucket, key, id)?
            }
            _ => None,
        };
        let current = first.into_iter().chain(current);
        let archived = archived(tx, bucket, &listing, marker, limit)?;
        let mut merged = merge(current.peekable(), archived.into_iter().peekable());
        let more = merged.len() > request.max;
        merged.truncate(request.max);
        let mut page = VersionPage::default();
        let mut last: Option<(String, Option<String>)> = None;
        for entry in merged {
            last = Some(match entry {
                Entry::Prefix(prefix) => {
                    page.common_prefixes.push(prefix.clone());
                    (prefix, None)
                }
                Entry::Current(key, identity) => {
                    let (noted, _) = index::find(tx, bucket, key.as_str(), identity)?;
                    let version = current_entry(key, identity, noted);
                    let last = (version.key.to_string(), Some(version.version_id.clone()));
                    page.versions.push(version);
                    last
                }
                Entry::Archived(version) => {
                    let above = page.versions.last().map(|last| last.key.as_str());
                    let is_latest = above != Some(version.key.as_str())
                        && files::locate(&root, &version.key)?.is_none()
                        && archive::newest(tx, bucket, &version.key)?
                            .is_some_and(|newest| newest.seq == version.seq);
                    let last = (version.key.clone(), Some(version.id.clone()));
                    page.versions.push(archived_entry(*version, is_latest)?);
                    last
                }
            });
        }
        page.next = last.filter(|_| more);
        Ok(page)
    }
}

/// The current version of the marker's key, when it comes after the marker: it
/// became current since, because those before it were deleted.
fn promoted(
    tx: &Connection,
    root: &Path,
    bucket: &BucketName,
    key: &str,
    marker: &str,
) -> Result<Option<Entry>> {
    let Some(found) = files::locate(root, key)? else {
        return Ok(None);
    };
    let (noted, _) = index::find(tx, bucket, key, found.identity)?;
    let id = noted.as_ref().map_or(NULL_VERSION, Noted::id);
    let after = match archive::seq_of(id) {
        Some(seq) => id != marker && seq < marker_seq(tx, bucket, key, marker)?,
        None => id != marker && archive::find(tx, bucket, key, marker)?.is_none(),
    };
    Ok(Some(Entry::Current(ObjectKey::new(key)?, found.identity)).filter(|_| after))
}

fn current_entry(key: ObjectKey, identity: Identity, noted: Option<Noted>) -> VersionEntry {
    let noted_id = noted.as_ref().map_or(NULL_VERSION, Noted::id).to_owned();
    VersionEntry {
        key,
        version_id: noted_id,
        is_latest: true,
        delete_marker: false,
        modified_at: identity.modified_at(),
        size: identity.size(),
        storage_class: noted.as_ref().and_then(|noted| noted.storage_class.clone()),
        etag: noted.map(|noted| noted.etag),
    }
}

fn archived_entry(version: Archived, is_latest: bool) -> Result<VersionEntry> {
    let delete_marker = version.is_marker();
    Ok(VersionEntry {
        key: ObjectKey::new(version.key)?,
        version_id: version.id,
        is_latest,
        delete_marker,
        modified_at: version.identity.modified_at(),
        size: version.identity.size(),
        etag: Some(version.noted.etag).filter(|_| !delete_marker),
        storage_class: version.noted.storage_class,
    })
}

fn merge(
    mut current: Peekable<impl Iterator<Item = Entry>>,
    mut archived: Peekable<impl Iterator<Item = Entry>>,
) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::new();
    loop {
        let first = match (current.peek(), archived.peek()) {
            (Some(a), Some(b)) if a.order() <= b.order() => current.next(),
            (_, Some(_)) => archived.next(),
            (Some(_), None) => current.next(),
            (None, None) => return merged,
        };
        let Some(first) = first else { return merged };
        let again = matches!((&first, merged.last()),
            (Entry::Prefix(prefix), Some(Entry::Prefix(last))) if prefix == last);
        if !again {
            merged.push(first);
        }
    }
}

/// The rows that `request` asks for, folded, at most `limit`.
fn archived(
    tx: &Connection,
    bucket: &BucketName,
    request: &ListRequest,
    version_marker: Option<&str>,
    limit: usize,
) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let start = request.start_after.as_deref().unwrap_or_default();
    // After (key, seq): seqs go down.
    let mut at = match version_marker {
        Some(id) if !start.is_empty() => (start.to_owned(), marker_seq(tx, bucket, start, id)?),
        _ => (start.to_owned(), i64::MIN),
    };
    let mut passed = None;
    if at.0.as_str() < request.prefix.as_str() {
        at = (request.prefix.clone(), i64::MAX);
    } else if let Some(folded) = fold(&at.0, request).filter(|folded| *folded == at.0) {
        passed = Some(folded.to_owned());
        at = (beyond(folded), i64::MAX);
    }
    while entries.len() < limit {
        let rows = rows_after(tx, bucket, &at)?;
        let full = rows.len() == ROWS;
        let mut jumped = false;
        for version in rows {
            if !version.key.starts_with(&request.prefix) {
                return Ok(entries);
            }
            if entries.len() == limit {
                return Ok(entries);
            }
            let folded = fold(&version.key, request);
            if let Some(folded) = folded.filter(|folded| passed.as_deref() != Some(folded)) {
                entries.push(Entry::Prefix(folded.to_owned()));
                passed = Some(folded.to_owned());
                at = (beyond(folded), i64::MAX);
                jumped = true;
                break;
            }
            at = (version.key.clone(), version.seq);
            if folded.is_none() {
                entries.push(Entry::Archived(Box::new(version)));
            }
        }
        if !full && !jumped {
            break;
        }
    }
    Ok(entries)
}

/// Beyond nearly all keys that begin with `prefix`.
pub(super) fn beyond(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// The common prefix that a key folds into.
pub(super) fn fold<'k>(key: &'k str, request: &ListRequest) -> Option<&'k str> {
    let delimiter = request.delimiter.as_deref()?;
    let rest = key.get(request.prefix.len()..)?;
    let at = rest.find(delimiter)?;
    Some(&key[..request.prefix.len() + at + delimiter.len()])
}

/// The place of a marker in the order of its key's versions. The version may be
/// gone: whoever lists may delete what was listed.
fn marker_seq(tx: &Connection, bucket: &BucketName, key: &str, id: &str) -> Result<i64> {
    if let Some(version) = archive::find(tx, bucket, key, id)? {
        return Ok(version.seq);
    }
    Ok(archive::seq_of(id).unwrap_or(i64::MAX))
}

fn rows_after(
    tx: &Connection,
    bucket: &BucketName,
    (key, seq): &(String, i64),
) -> Result<Vec<Archived>> {
    let mut statement = tx
        .prepare_cached(&format!(
            "SELECT {} FROM object_versions WHERE bucket = ?1 AND key >= ?2
             AND (key > ?2 OR seq < ?3) ORDER BY key, seq DESC LIMIT ?4",
            archive::columns()
        ))
        .sql()?;
    let rows = statement
        .query_map(
            params![bucket.as_str(), key, seq, ROWS as i64],
            Archived::read,
        )
        .sql()?;
    rows.collect::<rusqlite::Result<_>>().sql()
}
