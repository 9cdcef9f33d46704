//! The rows beside the files: what a file itself cannot say of an object.
//! A row counts only for the very file it was written for ([`Identity`]).

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use stave_core::{BucketName, ObjectKey, Result};

use super::files::Identity;
use super::settings::VERSIONING;
use crate::faults::{SqlContext, bad_json};
use crate::objects::{
    ContentHeaders, Kept, NULL_VERSION, ObjectDetails, ObjectInfo, ObjectPart, Tags, UserMetadata,
    guess_content_type,
};
use crate::statements::Statements as _;

/// What a row says of an object. Texts are JSON as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Noted {
    pub(super) etag: String,
    pub(super) content_type: String,
    pub(super) user_metadata: Option<String>,
    /// None for the version `null`.
    pub(super) version_id: Option<String>,
    pub(super) storage_class: Option<String>,
    /// [`Kept`].
    pub(super) details: Option<String>,
    /// Of [`ObjectPart`]s.
    pub(super) parts: Option<String>,
    /// [`Tags`].
    pub(super) tags: Option<String>,
}

/// The columns of [`Noted`], as both tables have them.
pub(super) const NOTED: &str =
    "etag, content_type, user_metadata, version_id, storage_class, details, parts, tags";

/// Below this many objects, one look-up each is cheaper than reading the range between them.
const LOOK_UPS: usize = 256;

impl Noted {
    /// Of a file of which nothing is known but its ETag.
    pub(super) fn of_file(key: &str, etag: String) -> Self {
        Self {
            etag,
            content_type: guess_content_type(key).to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            etag: row.get(at)?,
            content_type: row.get(at + 1)?,
            user_metadata: row.get(at + 2)?,
            version_id: row.get(at + 3)?,
            storage_class: row.get(at + 4)?,
            details: row.get(at + 5)?,
            parts: row.get(at + 6)?,
            tags: row.get(at + 7)?,
        })
    }

    pub(super) fn metadata(&self) -> Result<UserMetadata> {
        parse("user metadata", self.user_metadata.as_deref())
    }

    pub(super) fn kept(&self) -> Result<Kept> {
        parse("details", self.details.as_deref())
    }

    pub(super) fn object_parts(&self) -> Result<Vec<ObjectPart>> {
        parse("parts", self.parts.as_deref())
    }

    pub(super) fn object_tags(&self) -> Result<Tags> {
        parse("tags", self.tags.as_deref())
    }

    /// The version as S3 names it.
    pub(super) fn id(&self) -> &str {
        self.version_id.as_deref().unwrap_or(NULL_VERSION)
    }
}

fn parse<T: serde::de::DeserializeOwned + Default>(what: &str, text: Option<&str>) -> Result<T> {
    match text {
        None => Ok(T::default()),
        Some(text) => serde_json::from_str(text).map_err(|error| bad_json(what, error)),
    }
}

/// The JSON that is stored; none for what is empty.
pub(super) fn store<T: Serialize + Default + PartialEq>(
    what: &str,
    value: &T,
) -> Result<Option<String>> {
    if *value == T::default() {
        return Ok(None);
    }
    let text = serde_json::to_string(value).map_err(|error| bad_json(what, error))?;
    Ok(Some(text))
}

/// An upload that is yet to be renamed into its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending<'a> {
    /// Its process's folder and its own name.
    pub(super) name: &'a str,
    /// The event to send when it is in its place.
    pub(super) event: &'a str,
}

/// Writes the row of the file `identity`.
pub(super) fn insert(
    tx: &Connection,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
    noted: &Noted,
    pending: Option<Pending<'_>>,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO objects (bucket, key, inode, mtime_ns, size, pending, event,
         etag, content_type, user_metadata, version_id, storage_class, details, parts, tags)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )
    .sql()?
    .execute(params![
        bucket.as_str(),
        key,
        identity.inode,
        identity.mtime_ns,
        identity.size,
        pending.map(|pending| pending.name),
        pending.map(|pending| pending.event),
        noted.etag,
        noted.content_type,
        noted.user_metadata,
        noted.version_id,
        noted.storage_class,
        noted.details,
        noted.parts,
        noted.tags,
    ])
    .sql()?;
    Ok(())
}

/// What a row is found by: `?1` to `?5` of a statement.
fn row_of<'a>(
    bucket: &'a BucketName,
    key: &'a str,
    identity: Identity,
) -> (&'a str, &'a str, i64, i64, i64) {
    let Identity {
        inode,
        mtime_ns,
        size,
    } = identity;
    (bucket.as_str(), key, inode, mtime_ns, size)
}

/// Makes the row of `identity` the only one of the key, but for uploads still under way. Says the
/// event that waited for this.
pub(super) fn settle(
    tx: &Connection,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
) -> Result<Option<(String, Noted)>> {
    let row = row_of(bucket, key, identity);
    let waited = tx
        .prepare_cached(&format!(
            "SELECT event, {NOTED} FROM objects WHERE bucket = ?1 AND key = ?2
             AND inode = ?3 AND mtime_ns = ?4 AND size = ?5 AND event IS NOT NULL"
        ))
        .sql()?
        .query_row(row, |row| Ok((row.get(0)?, Noted::read(row, 1)?)))
        .optional()
        .sql()?;
    settle_row(tx, bucket, key, identity)?;
    Ok(waited)
}

/// As [`settle`], for who knows the event. Says whether it waited for this.
pub(super) fn settle_row(
    tx: &Connection,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
) -> Result<bool> {
    let row = row_of(bucket, key, identity);
    let waited = tx
        .prepare_cached(
            "UPDATE objects SET pending = NULL, event = NULL WHERE bucket = ?1 AND key = ?2
             AND inode = ?3 AND mtime_ns = ?4 AND size = ?5 AND pending IS NOT NULL",
        )
        .sql()?
        .execute(row)
        .sql()?;
    tx.prepare_cached(
        "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 AND pending IS NULL
         AND NOT (inode = ?3 AND mtime_ns = ?4 AND size = ?5)",
    )
    .sql()?
    .execute(row)
    .sql()?;
    Ok(waited > 0)
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
        .prepare_cached(&format!(
            "SELECT {NOTED} FROM objects WHERE bucket = ?1 AND key = ?2
             AND inode = ?3 AND mtime_ns = ?4 AND size = ?5"
        ))
        .sql()?
        .query_row(row_of(bucket, key, identity), |row| Noted::read(row, 0))
        .optional()
        .sql()?;
    if noted.is_some() {
        return Ok((noted, true));
    }
    let any: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = ?1 AND key = ?2)")
        .sql()?
        .query_row(params![bucket.as_str(), key], |row| row.get(0))
        .sql()?;
    Ok((None, any))
}

/// What is noted of the file `identity`, and whether its bucket keeps versions or did; none while
/// a publication is under way. All in one statement, for who reads small objects.
pub(super) fn find_settled(
    db: &Connection,
    bucket: &BucketName,
    key: &str,
    identity: Identity,
) -> Result<Option<(Noted, bool)>> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM bucket_settings WHERE bucket = ?1 AND name = '{VERSIONING}'),
         {NOTED} FROM objects WHERE bucket = ?1 AND key = ?2
         AND inode = ?3 AND mtime_ns = ?4 AND size = ?5
         AND NOT EXISTS (SELECT 1 FROM publications) AND NOT EXISTS (SELECT 1 FROM moves)"
    );
    db.one(&sql, row_of(bucket, key, identity), |row| {
        Ok((Noted::read(row, 1)?, row.get(0)?))
    })
}

/// What is noted of each of `found` (sorted by key), and whether its key has rows at all.
/// Not read: details, parts and tags.
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
            "SELECT key, inode, mtime_ns, size, etag, content_type, user_metadata, version_id,
             storage_class FROM objects WHERE bucket = ?1 AND key >= ?2 AND key <= ?3",
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
            notes[at].0 = Some(Noted {
                etag: row.get(4).sql()?,
                content_type: row.get(5).sql()?,
                user_metadata: row.get(6).sql()?,
                version_id: row.get(7).sql()?,
                storage_class: row.get(8).sql()?,
                ..Noted::default()
            });
        }
    }
    Ok(notes)
}

/// An object from its file and what is noted of it.
pub(super) fn object_info(
    key: ObjectKey,
    identity: Identity,
    noted: Option<Noted>,
) -> Result<ObjectInfo> {
    let (etag, noted) = match noted {
        Some(noted) => (Some(noted.etag.clone()), noted),
        None => (None, Noted::of_file(key.as_str(), String::new())),
    };
    Ok(ObjectInfo {
        size: identity.size(),
        modified_at: identity.modified_at(),
        etag,
        user_metadata: noted.metadata()?,
        content_type: noted.content_type,
        storage_class: noted.storage_class,
        key,
    })
}

/// All that is known of a version. `versioned` says whether its id means anything.
pub(super) fn object_details(
    key: ObjectKey,
    identity: Identity,
    noted: Noted,
    versioned: bool,
    is_latest: bool,
) -> Result<ObjectDetails> {
    let Kept { headers, checksum } = noted.kept()?;
    let headers: ContentHeaders = headers;
    Ok(ObjectDetails {
        version_id: versioned.then(|| noted.id().to_owned()),
        is_latest,
        headers,
        checksum,
        parts: noted.object_parts()?,
        tag_count: noted.object_tags()?.len(),
        info: object_info(key, identity, Some(noted))?,
    })
}
