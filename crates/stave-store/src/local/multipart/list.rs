//! Lists of uploads and of their parts.

use rusqlite::{Connection, params};
use stave_core::{BucketName, ObjectKey, Result};

use super::{UploadRow, open_upload, parse_begun};
use crate::faults::SqlContext;
use crate::local::LocalBuckets;
use crate::local::version_list::{beyond, fold};
use crate::objects::{ListRequest, PartInfo, PartPage, UploadInfo, UploadListRequest, UploadPage};
use crate::store::from_micros;

/// The most entries that one list answers.
const MAX: usize = 10_000;
/// How many rows are read at once.
const ROWS: i64 = 1000;

/// A place among the uploads: key, time, id.
type Place = (String, i64, String);

impl LocalBuckets {
    /// Lists the parts of an upload after the number `after`.
    pub async fn list_parts(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        after: u16,
        max: usize,
    ) -> Result<PartPage> {
        let (bucket, key, id) = (bucket.clone(), key.clone(), upload_id.to_owned());
        let max = max.min(MAX);
        self.blocking(move |buckets| {
            buckets.existing_root(&bucket)?;
            buckets.store.database().read(|tx| {
                let upload = open_upload(tx, &bucket, &key, &id)?;
                let mut parts = parts_after(tx, &id, after, max + 1)?;
                let more = parts.len() > max;
                parts.truncate(max);
                Ok(PartPage {
                    upload: upload.info(&key, &id),
                    next: parts.last().filter(|_| more).map(|last| last.number),
                    parts,
                })
            })
        })
        .await
    }

    /// Lists the uploads of a bucket that are not completed.
    pub async fn list_uploads(
        &self,
        bucket: &BucketName,
        request: &UploadListRequest,
    ) -> Result<UploadPage> {
        let (bucket, request) = (bucket.clone(), request.clone());
        self.blocking(move |buckets| {
            buckets.existing_root(&bucket)?;
            let database = buckets.store.database();
            database.read(|tx| upload_page(tx, &bucket, &request))
        })
        .await
    }
}

fn parts_after(tx: &Connection, id: &str, after: u16, max: usize) -> Result<Vec<PartInfo>> {
    let mut statement = tx
        .prepare_cached(
            "SELECT number, size, etag, checksum, modified_at FROM upload_parts
             WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
        )
        .sql()?;
    let rows = statement
        .query_map(params![id, after, max as i64], |row| {
            Ok(PartInfo {
                number: row.get(0)?,
                size: row.get::<_, i64>(1)?.cast_unsigned(),
                etag: row.get(2)?,
                checksum: row.get(3)?,
                modified_at: from_micros(row.get(4)?),
            })
        })
        .sql()?;
    rows.collect::<rusqlite::Result<_>>().sql()
}

fn upload_page(
    tx: &Connection,
    bucket: &BucketName,
    request: &UploadListRequest,
) -> Result<UploadPage> {
    let listing = ListRequest {
        prefix: request.prefix.clone(),
        delimiter: request.delimiter.clone().filter(|text| !text.is_empty()),
        start_after: None,
        max: request.max.min(MAX),
    };
    let mut page = UploadPage::default();
    let mut last: Option<(String, Option<String>)> = None;
    let mut passed: Option<String> = None;
    let mut at = begin(tx, bucket, request, &listing, &mut passed)?;
    loop {
        let rows = rows_after(tx, bucket, &at)?;
        let full = rows.len() as i64 == ROWS;
        let mut jumped = false;
        for (place, upload) in rows {
            if !place.0.starts_with(&listing.prefix) {
                return Ok(page);
            }
            let folded = fold(&place.0, &listing);
            if folded.is_some() && folded == passed.as_deref() {
                at = place;
                continue;
            }
            if page.uploads.len() + page.common_prefixes.len() == listing.max {
                page.next = last;
                return Ok(page);
            }
            if let Some(folded) = folded.map(str::to_owned) {
                last = Some((folded.clone(), None));
                at = (beyond(&folded), i64::MIN, String::new());
                page.common_prefixes.push(folded.clone());
                passed = Some(folded);
                jumped = true;
                break;
            }
            last = Some((place.0.clone(), Some(place.2.clone())));
            page.uploads.push(upload);
            at = place;
        }
        if !full && !jumped {
            return Ok(page);
        }
    }
}

/// Where a list begins.
fn begin(
    tx: &Connection,
    bucket: &BucketName,
    request: &UploadListRequest,
    listing: &ListRequest,
    passed: &mut Option<String>,
) -> Result<Place> {
    let key = request.key_marker.clone().unwrap_or_default();
    if key < request.prefix || key.is_empty() {
        return Ok((request.prefix.clone(), i64::MIN, String::new()));
    }
    if let Some(folded) = fold(&key, listing).filter(|folded| *folded == key) {
        *passed = Some(folded.to_owned());
        return Ok((beyond(folded), i64::MIN, String::new()));
    }
    let Some(id) = &request.upload_id_marker else {
        return Ok((key, i64::MAX, String::new()));
    };
    // An upload that has ended since is not known any more: those of its key come again.
    let mut statement = tx
        .prepare_cached("SELECT created_at FROM uploads WHERE id = ?1 AND bucket = ?2")
        .sql()?;
    let mut rows = statement.query([id.as_str(), bucket.as_str()]).sql()?;
    let created_at = match rows.next().sql()? {
        Some(row) => row.get(0).sql()?,
        None => i64::MIN,
    };
    Ok((key, created_at, id.clone()))
}

fn rows_after(
    tx: &Connection,
    bucket: &BucketName,
    (key, created_at, id): &Place,
) -> Result<Vec<(Place, UploadInfo)>> {
    let mut statement = tx
        .prepare_cached(
            "SELECT key, created_at, id, options FROM uploads
             WHERE bucket = ?1 AND completed_at IS NULL AND key >= ?2
             AND (key, created_at, id) > (?2, ?3, ?4) ORDER BY key, created_at, id LIMIT ?5",
        )
        .sql()?;
    let mut rows = statement
        .query(params![bucket.as_str(), key, created_at, id, ROWS])
        .sql()?;
    let mut uploads = Vec::new();
    while let Some(row) = rows.next().sql()? {
        let place: Place = (row.get(0).sql()?, row.get(1).sql()?, row.get(2).sql()?);
        let upload = UploadRow {
            begun: parse_begun(&row.get::<_, String>(3).sql()?)?,
            created_at: from_micros(place.1),
            completed: None,
        };
        let info = upload.info(&ObjectKey::new(place.0.as_str())?, &place.2);
        uploads.push((place, info));
    }
    Ok(uploads)
}
