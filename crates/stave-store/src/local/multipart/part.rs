//! Writing parts. A part is no object: it lies in the folder of its upload,
//! under a name of its own, and counts when its row names it.

use std::fs;

use rusqlite::{OptionalExtension, params};
use stave_core::{BucketName, Error, ObjectKey, Result};

use super::open_upload;
use crate::database::Durability;
use crate::faults::{IoContext, SqlContext};
use crate::home::private_dir;
#[cfg(test)]
use crate::local::CrashPoint;
use crate::local::LocalBuckets;
use crate::local::files::sync_folder;
use crate::local::put::{Hashed, Received};
use crate::objects::{
    ByteRange, ChecksumAlgorithm, CopySource, ExpectedBody, MAX_PART_BYTES, MAX_PARTS, ObjectFault,
    PartInfo, PutBody,
};
use crate::store::{from_micros, to_micros};

/// The upload that a part belongs to.
#[derive(Debug, Clone)]
struct Target {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: String,
    number: u16,
}

impl LocalBuckets {
    /// Uploads a part, in place of one of the same number.
    pub async fn upload_part(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        number: u16,
        body: PutBody,
        expected: ExpectedBody,
    ) -> Result<PartInfo> {
        let target = Target::new(bucket, key, upload_id, number)?;
        let at = target.clone();
        let (kept, expected) = self
            .blocking(move |buckets| buckets.expect_part(&at, expected))
            .await?;
        let received = self
            .receive(body, expected, MAX_PART_BYTES, |_| Ok(()))
            .await?;
        self.blocking(move |buckets| buckets.place_part(&target, received, kept))
            .await
    }

    /// Uploads a version of an object, or a range of it, as a part.
    pub async fn upload_part_copy(
        &self,
        source: CopySource,
        range: Option<ByteRange>,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &str,
        number: u16,
    ) -> Result<PartInfo> {
        let target = Target::new(bucket, key, upload_id, number)?;
        self.blocking(move |buckets| {
            let open = buckets.open_source(&source)?;
            let size = open.details.info.size;
            let range = match &range {
                None => 0..size,
                Some(ByteRange::Bounded(range)) if range.end > size => {
                    return Err(Error::invalid(format!(
                        "Range specified is not valid for source object of size: {size}"
                    )));
                }
                Some(range) => range
                    .within(size)
                    .map_err(|error| ObjectFault::InvalidRange.error(error.message()))?,
            };
            let expected = ExpectedBody {
                size: Some(range.end - range.start),
                ..ExpectedBody::default()
            };
            let (kept, expected) = buckets.expect_part(&target, expected)?;
            let mut hashed = Hashed::begin(buckets, &expected, MAX_PART_BYTES)?;
            let path = &open.located.path;
            std::io::Seek::seek(&mut &open.file, std::io::SeekFrom::Start(range.start))
                .at("read", path)?;
            hashed.write_from(&open.file, range.end - range.start, path)?;
            buckets.place_part(&target, hashed.finish(&expected)?, kept)
        })
        .await
    }

    /// The algorithm whose checksum is kept, and what is to be computed.
    fn expect_part(
        &self,
        target: &Target,
        mut expected: ExpectedBody,
    ) -> Result<(Option<ChecksumAlgorithm>, ExpectedBody)> {
        self.existing_root(&target.bucket)?;
        let upload = self
            .store
            .database()
            .read(|tx| open_upload(tx, &target.bucket, &target.key, &target.upload_id))?;
        let kept = upload.begun.checksum.map(|(algorithm, _)| algorithm);
        match (kept, expected.algorithm) {
            (Some(kept), Some(given)) if kept != given => {
                return Err(Error::invalid(format!(
                    "the part has a {} checksum, its upload was begun with {}",
                    given.name(),
                    kept.name()
                )));
            }
            (Some(kept), None) => expected.algorithm = Some(kept),
            _ => {}
        }
        Ok((kept, expected))
    }

    fn place_part(
        &self,
        target: &Target,
        received: Received,
        kept: Option<ChecksumAlgorithm>,
    ) -> Result<PartInfo> {
        let upload = &received.upload;
        self.seal(&upload.file, &upload.path)?;
        let checksum = received
            .checksum
            .filter(|_| kept.is_some())
            .map(|checksum| checksum.value);
        let part = PartInfo {
            number: target.number,
            size: received.size,
            etag: received.etag,
            checksum,
            modified_at: from_micros(to_micros(self.store.now())),
        };
        let folder = self.upload_folder(&target.upload_id);
        self.change_as(Durability::Durable, |tx, touched| {
            self.existing_root(&target.bucket)?;
            open_upload(tx, &target.bucket, &target.key, &target.upload_id)?;
            let mut name = format!("{:05}-{:032x}", part.number, self.store.next_id());
            // Ids of a test's source repeat between stores.
            while folder.join(&name).exists() {
                name.push('x');
            }
            let path = folder.join(&name);
            private_dir(&folder)?;
            fs::rename(&upload.path, &path).at("put into place", &path)?;
            if self.store.options().fsync {
                // The row is to name what is there.
                sync_folder(&folder)?;
                sync_folder(&self.store.home().multipart())?;
            }
            #[cfg(test)]
            self.may_crash(CrashPoint::PartPlaced)?;
            let before: Option<String> = tx
                .prepare_cached("SELECT file FROM upload_parts WHERE upload = ?1 AND number = ?2")
                .sql()?
                .query_row(params![target.upload_id, part.number], |row| row.get(0))
                .optional()
                .sql()?;
            if let Some(before) = before {
                touched.remove_later(folder.join(before));
            }
            tx.prepare_cached(
                "INSERT OR REPLACE INTO upload_parts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .sql()?
            .execute(params![
                target.upload_id,
                part.number,
                name,
                part.size.cast_signed(),
                part.etag,
                part.checksum,
                to_micros(part.modified_at)
            ])
            .sql()?;
            Ok(())
        })?;
        Ok(part)
    }
}

impl Target {
    fn new(bucket: &BucketName, key: &ObjectKey, upload_id: &str, number: u16) -> Result<Self> {
        if !(1..=MAX_PARTS).contains(&number) {
            return Err(Error::invalid(format!(
                "part number {number} is not between 1 and {MAX_PARTS}"
            )));
        }
        Ok(Self {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: upload_id.to_owned(),
            number,
        })
    }
}
