//! Completing an upload: its parts become one object, in one step. The same
//! request again gets the same answer.

use std::fs::File;
use std::io;
use std::sync::Arc;

use rusqlite::{Connection, params};
use stave_core::{BucketName, Error, ObjectKey, Result};

use super::{UploadRow, any_upload, no_such_upload, open_upload};
use crate::faults::{IoContext, SqlContext, bad_json};
#[cfg(test)]
use crate::local::CrashPoint;
use crate::local::LocalBuckets;
use crate::local::commit::Incoming;
use crate::local::index::{self, Noted};
use crate::local::put::{Upload, announced, bad_digest, too_large};
use crate::local::resolve::with_checksum;
use crate::local::settings::versioning;
use crate::md5::Md5;
use crate::objects::{
    Checksum, CompleteRequest, CompletedPart, CompletedUpload, CreatedBy, ExpectedChecksum,
    MAX_OBJECT_BYTES, MAX_PARTS, ObjectFault, ObjectPart, hex,
};
use crate::store::to_micros;
use crate::transaction::Transaction;

/// A part that the object is made of.
#[derive(Debug, Clone)]
struct Chosen {
    number: u16,
    file: String,
    size: u64,
    etag: String,
    checksum: Option<String>,
}

impl LocalBuckets {
    /// Completes an upload with the parts that are named.
    pub async fn complete_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        request: CompleteRequest,
    ) -> Result<CompletedUpload> {
        let (bucket, key, id) = (bucket.clone(), key.clone(), upload_id.to_owned());
        self.blocking(move |buckets| buckets.complete(&bucket, &key, &id, &request))
            .await
    }

    fn complete(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        id: &str,
        request: &CompleteRequest,
    ) -> Result<CompletedUpload> {
        self.existing_root(bucket)?;
        let fingerprint = fingerprint(&request.parts);
        let (upload, uploaded) = self.store.database().read(|tx| {
            let upload = any_upload(tx, bucket, key, id)?;
            Ok((upload, parts_of(tx, id)?))
        })?;
        if let Some(completed) = &upload.completed {
            return repeated(completed, &fingerprint, || no_such_upload(bucket, key, id));
        }
        let done = self.complete_open(bucket, key, id, request, &upload, uploaded);
        match done {
            Err(error) if ObjectFault::of(&error) == Some(ObjectFault::NoSuchUpload) => {
                // Completed by somebody else meanwhile, perhaps by the same request.
                let upload = self
                    .store
                    .database()
                    .read(|tx| any_upload(tx, bucket, key, id))?;
                match &upload.completed {
                    Some(completed) => repeated(completed, &fingerprint, || error),
                    None => Err(error),
                }
            }
            done => done,
        }
    }

    fn complete_open(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        id: &str,
        request: &CompleteRequest,
        upload: &UploadRow,
        uploaded: Vec<Chosen>,
    ) -> Result<CompletedUpload> {
        let chosen = self.choose(&request.parts, uploaded)?;
        let size: u64 = chosen.iter().map(|part| part.size).sum();
        if size > MAX_OBJECT_BYTES {
            return Err(too_large(size, MAX_OBJECT_BYTES));
        }
        if request.size.is_some_and(|said| said != size) {
            return Err(Error::invalid(format!(
                "the parts have {size} bytes, the request says {}",
                request.size.unwrap_or_default()
            )));
        }
        let checksum = checksum_of(upload, &chosen, &request.checksum)?;
        let parts: Vec<ObjectPart> = chosen
            .iter()
            .map(|part| ObjectPart {
                number: part.number,
                size: part.size,
                checksum: part.checksum.clone(),
            })
            .collect();
        let noted = Noted {
            parts: index::store("parts", &parts)?,
            ..with_checksum(
                upload.begun.noted.clone(),
                etag_of(&chosen)?,
                checksum.clone(),
            )?
        };
        let assembled = self.assemble(id, &chosen)?;
        #[cfg(test)]
        self.may_crash(CrashPoint::Assembled)?;
        let fingerprint = fingerprint(&request.parts);
        let (buckets, of) = (
            self.clone(),
            (bucket.clone(), key.clone(), id.to_owned(), checksum.clone()),
        );
        let mark = move |tx: &Transaction<'_>, noted: &Noted| {
            let (bucket, key, id, checksum) = &of;
            open_upload(tx, bucket, key, id)?;
            let result = CompletedUpload {
                etag: noted.etag.clone(),
                size,
                version_id: versioning(tx, bucket)?.map(|_| noted.id().to_owned()),
                checksum: checksum.clone(),
            };
            buckets.mark_completed(tx, id, &fingerprint, &result)
        };
        let details = self.commit(&Arc::new(Incoming {
            upload: Arc::new(assembled),
            bucket: bucket.clone(),
            key: key.clone(),
            noted,
            condition: request.condition.clone(),
            by: CreatedBy::CompleteMultipartUpload,
            also: Some(Arc::new(mark)),
        }))?;
        #[cfg(test)]
        self.may_crash(CrashPoint::Completed)?;
        self.remove_parts(id);
        Ok(CompletedUpload {
            etag: details.info.etag.unwrap_or_default(),
            size,
            version_id: details.version_id,
            checksum: details.checksum,
        })
    }

    fn mark_completed(
        &self,
        tx: &Connection,
        id: &str,
        fingerprint: &str,
        result: &CompletedUpload,
    ) -> Result<()> {
        let result = serde_json::to_string(result).map_err(|error| bad_json("an upload", error))?;
        tx.prepare_cached(
            "UPDATE uploads SET completed_at = ?2, request = ?3, result = ?4 WHERE id = ?1",
        )
        .sql()?
        .execute(params![
            id,
            to_micros(self.store.now()),
            fingerprint,
            result
        ])
        .sql()?;
        tx.prepare_cached("DELETE FROM upload_parts WHERE upload = ?1")
            .sql()?
            .execute([id])
            .sql()?;
        Ok(())
    }

    /// The parts that the request names, checked as S3 checks them.
    fn choose(&self, named: &[CompletedPart], uploaded: Vec<Chosen>) -> Result<Vec<Chosen>> {
        if named.is_empty() || named.len() > usize::from(MAX_PARTS) {
            return Err(Error::invalid(format!(
                "an upload is completed with 1 to {MAX_PARTS} parts, not with {}",
                named.len()
            )));
        }
        if !named.is_sorted_by(|a, b| a.number < b.number) {
            return Err(ObjectFault::InvalidPartOrder
                .error("the parts are not in ascending order of their numbers"));
        }
        let mut uploaded = uploaded.into_iter().peekable();
        let mut chosen: Vec<Chosen> = Vec::with_capacity(named.len());
        for part in named {
            while uploaded.next_if(|one| one.number < part.number).is_some() {}
            let found = uploaded
                .next_if(|one| one.number == part.number && one.etag == part.etag)
                .filter(|one| part.checksum.is_none() || one.checksum == part.checksum);
            let Some(found) = found else {
                return Err(ObjectFault::InvalidPart.error(format!(
                    "part {} was not uploaded, or is another than the one named",
                    part.number
                )));
            };
            chosen.push(found);
        }
        let least = self.store.min_part_bytes();
        let small = chosen[..chosen.len() - 1]
            .iter()
            .find(|part| part.size < least);
        match small {
            None => Ok(chosen),
            Some(part) => Err(ObjectFault::EntityTooSmall.error(format!(
                "part {} has {} bytes; all but the last have at least {least}",
                part.number, part.size
            ))),
        }
    }

    /// The parts in one file. The kernel copies: nothing of it passes through here.
    fn assemble(&self, id: &str, chosen: &[Chosen]) -> Result<Upload> {
        let assembled = Upload::begin(self)?;
        let folder = self.upload_folder(id);
        for part in chosen {
            let path = folder.join(&part.file);
            let source = match File::open(&path) {
                Ok(source) => source,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(ObjectFault::NoSuchUpload
                        .error(format!("the upload \"{id}\" has ended meanwhile")));
                }
                Err(error) => return Err(error).at("open", &path),
            };
            let copied = io::copy(&mut &source, &mut &assembled.file).at("copy", &path)?;
            if copied != part.size {
                return Err(Error::internal(format!(
                    "part {} of upload \"{id}\" is damaged: its file has {copied} bytes instead \
                     of {}",
                    part.number, part.size
                ))
                .hint("upload the part again"));
            }
        }
        Ok(assembled)
    }
}

/// The answer to a request that an upload was completed by.
fn repeated(
    (request, result): &(String, String),
    fingerprint: &str,
    otherwise: impl FnOnce() -> Error,
) -> Result<CompletedUpload> {
    if request != fingerprint {
        return Err(otherwise());
    }
    serde_json::from_str(result).map_err(|error| bad_json("an upload", error))
}

/// What tells one list of parts from another.
fn fingerprint(parts: &[CompletedPart]) -> String {
    let mut hash = Md5::default();
    for part in parts {
        hash.update(format!("{} {}\n", part.number, part.etag).as_bytes());
    }
    hex(&hash.finish())
}

/// The ETag as S3 makes it: the MD5 of the parts' MD5s, and how many there are.
fn etag_of(chosen: &[Chosen]) -> Result<String> {
    let mut hash = Md5::default();
    for part in chosen {
        for at in (0..part.etag.len()).step_by(2) {
            let byte = part.etag.get(at..at + 2);
            let byte = byte.and_then(|text| u8::from_str_radix(text, 16).ok());
            hash.update(&[
                byte.ok_or_else(|| Error::internal(format!("part {} has no MD5", part.number)))?
            ]);
        }
    }
    Ok(format!("{}-{}", hex(&hash.finish()), chosen.len()))
}

fn checksum_of(
    upload: &UploadRow,
    chosen: &[Chosen],
    expected: &ExpectedChecksum,
) -> Result<Option<Checksum>> {
    let Some((algorithm, kind)) = upload.begun.checksum else {
        return Ok(None);
    };
    let values = chosen
        .iter()
        .map(|part| (part.size, part.checksum.as_deref().unwrap_or_default()));
    let checksum = algorithm.of_parts(kind, values)?;
    let bare = |value: &str| value.split('-').next().unwrap_or_default().to_owned();
    match announced(expected, algorithm.name())? {
        // Some clients leave out the number of parts.
        Some(said) if bare(&said) != bare(&checksum.value) => Err(bad_digest(algorithm.name())),
        _ => Ok(Some(checksum)),
    }
}

fn parts_of(tx: &Connection, id: &str) -> Result<Vec<Chosen>> {
    let mut statement = tx
        .prepare_cached(
            "SELECT number, file, size, etag, checksum FROM upload_parts
             WHERE upload = ?1 ORDER BY number",
        )
        .sql()?;
    let rows = statement
        .query_map([id], |row| {
            Ok(Chosen {
                number: row.get(0)?,
                file: row.get(1)?,
                size: row.get::<_, i64>(2)?.cast_unsigned(),
                etag: row.get(3)?,
                checksum: row.get(4)?,
            })
        })
        .sql()?;
    rows.collect::<rusqlite::Result<_>>().sql()
}
