//! The rows beside the files: what a file itself cannot say of an object.
//! A row counts only for the very file it was written for ([`Identity`]).

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use stave_core::{BucketName, ObjectKey, Result};

use super::files::Identity;
use crate::faults::{SqlContext, bad_json};
use crate::objects::{ObjectInfo, UserMetadata, guess_content_type};

/// What a row says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) etag: String,
    pub(super) content_type: String,
    pub(super) user_metadata: UserMetadata,
}

/// Below this many objects, one look-up each is cheaper than reading the range between them.
const LOOK_UPS: usize = 256;

/// Writes the row of the file `identity`. `pending` names an upload that is yet to be renamed.
pub(super) fn insert(
    tx: &Connection,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
    noted: &Noted,
    pending: Option<&str>,
) -> Result<()> {
    let metadata = if noted.user_metadata.is_empty() {
        None
    } else {
        let text = serde_json::to_string(&noted.user_metadata);
        Some(text.map_err(|error| bad_json("user metadata", error))?)
    };
    tx.prepare_cached("INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        .sql()?
        .execute(params![
            bucket.as_str(),
            key,
            identity.inode,
            identity.mtime_ns,
            identity.size,
            noted.etag,
            noted.content_type,
            metadata,
            pending
        ])
        .sql()?;
    Ok(())
}

/// Makes the row of `identity` the only one of the key, but for uploads still under way.
pub(super) fn settle(
    tx: &Connection,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE objects SET pending = NULL WHERE bucket = ?1 AND key = ?2
         AND inode = ?3 AND mtime_ns = ?4 AND size = ?5 AND pending IS NOT NULL",
    )
    .sql()?
    .execute(params![
        bucket.as_str(),
        key,
        identity.inode,
        identity.mtime_ns,
        identity.size
    ])
    .sql()?;
    tx.prepare_cached(
        "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 AND pending IS NULL
         AND NOT (inode = ?3 AND mtime_ns = ?4 AND size = ?5)",
    )
    .sql()?
    .execute(params![
        bucket.as_str(),
        key,
        identity.inode,
        identity.mtime_ns,
        identity.size
    ])
    .sql()?;
    Ok(())
}

/// Removes the rows of a key, but for uploads still under way.
pub(super) fn remove(tx: &Connection, bucket: &BucketName, key: &str) -> Result<()> {
    tx.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2 AND pending IS NULL")
        .sql()?
        .execute(params![bucket.as_str(), key])
        .sql()?;
    Ok(())
}

/// Removes the row of an upload that will not be renamed.
pub(super) fn forget_pending(tx: &Connection, pending: &str) -> Result<()> {
    tx.prepare_cached("DELETE FROM objects WHERE pending = ?1")
        .sql()?
        .execute([pending])
        .sql()?;
    Ok(())
}

/// What is noted of the file `identity`, and whether the key has rows at all.
pub(super) fn find(
    tx: &Connection,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
) -> Result<(Option<Noted>, bool)> {
    let noted = tx
        .prepare_cached(
            "SELECT etag, content_type, user_metadata FROM objects WHERE bucket = ?1 AND key = ?2
             AND inode = ?3 AND mtime_ns = ?4 AND size = ?5",
        )
        .sql()?
        .query_row(
            params![
                bucket.as_str(),
                key,
                identity.inode,
                identity.mtime_ns,
                identity.size
            ],
            |row| read_noted(row, 0),
        )
        .optional()
        .sql()?;
    if let Some((etag, content_type, metadata)) = noted {
        return Ok((Some(parse_noted(etag, content_type, metadata)?), true));
    }
    let any: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = ?1 AND key = ?2)")
        .sql()?
        .query_row(params![bucket.as_str(), key], |row| row.get(0))
        .sql()?;
    Ok((None, any))
}

type NotedText = (String, String, Option<String>);

fn read_noted(row: &Row<'_>, at: usize) -> rusqlite::Result<NotedText> {
    Ok((row.get(at)?, row.get(at + 1)?, row.get(at + 2)?))
}

fn parse_noted(etag: String, content_type: String, metadata: Option<String>) -> Result<Noted> {
    let user_metadata = match metadata {
        None => UserMetadata::new(),
        Some(text) => {
            serde_json::from_str(&text).map_err(|error| bad_json("user metadata", error))?
        }
    };
    Ok(Noted {
        etag,
        content_type,
        user_metadata,
    })
}

/// What is noted of each of `found` (sorted by key), and whether its key has rows at all.
pub(super) fn find_all(
    tx: &Connection,
    bucket: &BucketName,
    found: &[(String, Identity)],
) -> Result<Vec<(Option<Noted>, bool)>> {
    if found.len() <= LOOK_UPS {
        return found
            .iter()
            .map(|(key, identity)| find(tx, bucket, key, *identity))
            .collect();
    }
    let positions: HashMap<&str, usize> = found
        .iter()
        .enumerate()
        .map(|(at, (key, _))| (key.as_str(), at))
        .collect();
    let mut notes = vec![(None, false); found.len()];
    let mut statement = tx
        .prepare_cached(
            "SELECT key, inode, mtime_ns, size, etag, content_type, user_metadata FROM objects
             WHERE bucket = ?1 AND key >= ?2 AND key <= ?3",
        )
        .sql()?;
    let mut rows = statement
        .query(params![
            bucket.as_str(),
            found[0].0,
            found[found.len() - 1].0
        ])
        .sql()?;
    while let Some(row) = rows.next().sql()? {
        let key = row.get_ref(0).sql()?.as_str().unwrap_or_default();
        let Some(&at) = positions.get(key) else {
            continue;
        };
        notes[at].1 = true;
        let identity = Identity {
            inode: row.get(1).sql()?,
            mtime_ns: row.get(2).sql()?,
            size: row.get(3).sql()?,
        };
        if identity == found[at].1 {
            let (etag, content_type, metadata) = read_noted(row, 4).sql()?;
            notes[at].0 = Some(parse_noted(etag, content_type, metadata)?);
        }
    }
    Ok(notes)
}

/// An object from its file and what is noted of it.
pub(super) fn object_info(key: ObjectKey, identity: Identity, noted: Option<Noted>) -> ObjectInfo {
    let (etag, content_type, user_metadata) = match noted {
        Some(noted) => (Some(noted.etag), noted.content_type, noted.user_metadata),
        None => (
            None,
            guess_content_type(key.as_str()).to_owned(),
            UserMetadata::new(),
        ),
    };
    ObjectInfo {
        size: identity.size(),
        modified_at: identity.modified_at(),
        etag,
        content_type,
        user_metadata,
        key,
    }
}
