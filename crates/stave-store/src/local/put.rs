//! Writing objects: a file of its own in `tmp`, then its row, then the rename,
//! which is the moment that the object changes. The row is written for the file
//! that it describes (see [`super::index`]), so that it counts from the rename
//! on and not before: whenever the process dies, a reader finds the old object
//! with its row or the new one with its own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use md5::{Digest, Md5};
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

#[cfg(test)]
use super::CrashPoint;
use super::LocalBuckets;
use super::files::{self, Identity};
use super::index::{self, Noted};
use super::read::{Etag, hex};
use crate::faults::{IoContext, io_error, join_error};
use crate::liveness::Scratch;
use crate::objects::{ObjectInfo, PutBody, PutOptions, resolve_options};

/// How much of a stream is gathered before it is written.
const WRITE_BYTES: usize = 1 << 20;

/// A file that is to become an object; removed when it does not.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// What its row is known by until the file is in its place.
    pending: String,
    // Shows that this process is alive.
    _scratch: Arc<Scratch>,
}

impl Upload {
    pub(super) fn begin(buckets: &LocalBuckets) -> Result<Self> {
        let scratch = buckets.store.uploads()?;
        loop {
            let name = format!("{:032x}", buckets.store.next_id());
            let path = scratch.path().join(&name);
            match File::options()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)
            {
                Ok(file) => {
                    return Ok(Self {
                        path,
                        file,
                        pending: format!("{}/{name}", scratch.id()),
                        _scratch: scratch,
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io_error(error, "make", &path)),
            }
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Gone already when it became an object; swept later when this fails.
        let _ = fs::remove_file(&self.path);
    }
}

/// An upload and the hash of what it has so far.
struct Hashed {
    upload: Upload,
    md5: Md5,
}

impl Hashed {
    fn begin(buckets: &LocalBuckets) -> Result<Self> {
        Ok(Self {
            upload: Upload::begin(buckets)?,
            md5: Md5::new(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.md5.update(bytes);
        self.upload
            .file
            .write_all(bytes)
            .at("write", &self.upload.path)
    }

    fn write_from(&mut self, mut source: &File, path: &Path) -> Result<()> {
        let mut buffer = vec![0; WRITE_BYTES];
        loop {
            match source.read(&mut buffer).at("read", path)? {
                0 => return Ok(()),
                count => self.write(&buffer[..count])?,
            }
        }
    }

    fn finish(self) -> (Upload, String) {
        (self.upload, hex(&self.md5.finalize()))
    }
}

impl LocalBuckets {
    pub(super) async fn put_object(
        &self,
        bucket: BucketName,
        key: ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo> {
        match body {
            PutBody::Bytes(bytes) => {
                self.blocking(move |buckets| {
                    let mut hashed = buckets.begin_put(&bucket)?;
                    hashed.write(&bytes)?;
                    buckets.finish_put(hashed, &bucket, key, &options)
                })
                .await
            }
            PutBody::File(path) => {
                self.blocking(move |buckets| {
                    let source = File::open(&path).at("open", &path)?;
                    let mut hashed = buckets.begin_put(&bucket)?;
                    hashed.write_from(&source, &path)?;
                    buckets.finish_put(hashed, &bucket, key, &options)
                })
                .await
            }
            PutBody::Stream(mut stream) => {
                let into = bucket.clone();
                let mut hashed = self
                    .blocking(move |buckets| buckets.begin_put(&into))
                    .await?;
                let mut gathered = BytesMut::new();
                while let Some(chunk) = stream.try_next().await? {
                    gathered.extend_from_slice(&chunk);
                    if gathered.len() >= WRITE_BYTES {
                        hashed = write_apart(hashed, gathered.split().freeze()).await?;
                    }
                }
                hashed = write_apart(hashed, gathered.freeze()).await?;
                self.blocking(move |buckets| buckets.finish_put(hashed, &bucket, key, &options))
                    .await
            }
        }
    }

    /// Refuses early, before the body is read, when the bucket is not there.
    fn begin_put(&self, bucket: &BucketName) -> Result<Hashed> {
        self.existing_root(bucket)?;
        Hashed::begin(self)
    }

    fn finish_put(
        &self,
        hashed: Hashed,
        bucket: &BucketName,
        key: ObjectKey,
        options: &PutOptions,
    ) -> Result<ObjectInfo> {
        let (upload, etag) = hashed.finish();
        self.commit_upload(&upload, etag, bucket, key, options)
    }

    /// Makes a finished upload the object `key`.
    pub(super) fn commit_upload(
        &self,
        upload: &Upload,
        etag: String,
        bucket: &BucketName,
        key: ObjectKey,
        options: &PutOptions,
    ) -> Result<ObjectInfo> {
        let (content_type, user_metadata) = resolve_options(&key, options)?;
        let noted = Noted {
            etag,
            content_type,
            user_metadata,
        };
        let identity = self.seal(&upload.file, &upload.path)?;
        self.store.database().write(|tx| {
            index::insert(
                tx,
                bucket,
                key.as_str(),
                identity,
                &noted,
                Some(&upload.pending),
            )
        })?;
        #[cfg(test)]
        self.may_crash(CrashPoint::UploadNoted)?;
        let placed = self.place_upload(upload, identity, bucket, &key, options.only_if_absent);
        if let Err(error) = placed {
            self.forget_upload(upload, identity, bucket, &key);
            return Err(error);
        }
        Ok(index::object_info(key, identity, Some(noted)))
    }

    /// Stamps the file with the clock's time and writes it to the disk.
    pub(super) fn seal(&self, file: &File, path: &Path) -> Result<Identity> {
        file.set_modified(SystemTime::from(self.store.now()))
            .at("stamp", path)?;
        if self.store.options().fsync {
            file.sync_all().at("flush", path)?;
        }
        Ok(Identity::of(&file.metadata().at("read", path)?))
    }

    fn place_upload(
        &self,
        upload: &Upload,
        identity: Identity,
        bucket: &BucketName,
        key: &ObjectKey,
        only_if_absent: bool,
    ) -> Result<()> {
        self.change(|tx, touched| {
            let root = self.existing_root(bucket)?;
            if only_if_absent && files::locate(&root, key.as_str())?.is_some() {
                return Err(Error::new(
                    ErrorKind::Precondition,
                    format!("s3://{bucket}/{key} exists already"),
                ));
            }
            files::place(&root, key.as_str(), &upload.path, touched)?;
            #[cfg(test)]
            self.may_crash(CrashPoint::UploadPlaced)?;
            index::settle(tx, bucket, key.as_str(), identity)
        })
    }

    /// Removes the row of an upload that did not become an object. What fails here is swept later.
    fn forget_upload(
        &self,
        upload: &Upload,
        identity: Identity,
        bucket: &BucketName,
        key: &ObjectKey,
    ) {
        let root = self.store.home().bucket(bucket);
        let in_place = files::locate(&root, key.as_str())
            .is_ok_and(|found| found.is_some_and(|found| found.identity == identity));
        if !in_place {
            let _ = self
                .store
                .database()
                .write_relaxed(|tx| index::forget_pending(tx, &upload.pending));
        }
    }

    pub(super) fn copy_object(
        &self,
        from: (&BucketName, &ObjectKey),
        to: (&BucketName, &ObjectKey),
        replace: Option<PutOptions>,
        only_if_absent: bool,
    ) -> Result<ObjectInfo> {
        let source = self.open_object(from.0, from.1, Etag::IfKnown)?;
        let mut hashed = self.begin_put(to.0)?;
        hashed.write_from(&source.file, &source.located.path)?;
        let mut options = replace.unwrap_or_else(|| PutOptions {
            content_type: Some(source.info.content_type.clone()),
            user_metadata: source.info.user_metadata.clone(),
            only_if_absent: false,
        });
        options.only_if_absent |= only_if_absent;
        self.finish_put(hashed, to.0, to.1.clone(), &options)
    }

    /// Removes the rows of uploads whose process died before the rename.
    pub(crate) fn forget_dead_uploads(&self) -> Result<()> {
        use crate::faults::SqlContext;
        use crate::liveness::{LivenessLock, lock_path};

        let pending = self.store.database().read(|tx| {
            let mut statement = tx
                .prepare(
                    "SELECT pending, bucket, key, inode, mtime_ns, size FROM objects
                     WHERE pending IS NOT NULL",
                )
                .sql()?;
            let rows = statement
                .query_map([], |row| {
                    let identity = Identity {
                        inode: row.get(3)?,
                        mtime_ns: row.get(4)?,
                        size: row.get(5)?,
                    };
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, String>(2)?,
                        identity,
                    ))
                })
                .sql()?;
            rows.collect::<rusqlite::Result<Vec<_>>>().sql()
        })?;
        for (pending, bucket, key, identity) in pending {
            let owner = pending.split('/').next().unwrap_or_default();
            if LivenessLock::is_held(&lock_path(&self.store.home().uploads(), owner))? {
                continue;
            }
            let bucket = BucketName::new(bucket)?;
            self.change(|tx, _| {
                let found = files::locate(&self.store.home().bucket(&bucket), &key)?;
                if found.is_some_and(|found| found.identity == identity) {
                    index::settle(tx, &bucket, &key, identity)
                } else {
                    index::forget_pending(tx, &pending)
                }
            })?;
        }
        Ok(())
    }
}

async fn write_apart(mut hashed: Hashed, bytes: Bytes) -> Result<Hashed> {
    tokio::task::spawn_blocking(move || {
        hashed.write(&bytes)?;
        Ok(hashed)
    })
    .await
    .map_err(join_error)?
}
