//! Writing objects: a file of its own in `tmp`, then its row, then the rename,
//! which is the moment that the object changes. The row is written for the file
//! that it describes (see [`super::index`]), so that it counts from the rename
//! on and not before: whenever the process dies, a reader finds the old object
//! with its row or the new one with its own. What follows when the bytes are
//! there is [`super::commit`].

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use futures::future::try_join;
use futures::stream::{BoxStream, Fuse};
use futures::{StreamExt, TryStreamExt};
use stave_core::{BucketName, Error, ObjectKey, Result};

use super::LocalBuckets;
use super::commit::Incoming;
use super::files::Identity;
use super::index::Noted;
use super::read::Etag;
use super::resolve::with_checksum;
use super::whole::Whole;
use crate::blocking::blocking;
use crate::faults::{CUT_SHORT, IoContext, io_error};
use crate::liveness::Scratch;
use crate::md5::{Md5, SideBySide};
use crate::objects::{
    Checksum, ChecksumType, CreatedBy, ExpectedBody, ExpectedChecksum, Hasher, MAX_PART_BYTES,
    ObjectDetails, ObjectFault, ObjectInfo, PutBody, PutOptions, WriteCondition, WriteOptions, hex,
};

/// How much of a stream is gathered before it is written, and in how many pieces.
const WRITE_BYTES: usize = 1 << 20;
const WRITE_PIECES: usize = 256;
/// What is smaller is hashed by the thread that writes it.
const APART_BYTES: usize = 256 << 10;

/// A file that is to become an object; removed when it does not.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// What its row is known by until the file is in its place.
    pub(super) pending: String,
    /// Whether it is no more where it was written.
    is_moved: AtomicBool,
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
                        is_moved: AtomicBool::new(false),
                        _scratch: scratch,
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io_error(error, "make", &path)),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).at("write", &self.path)
    }

    /// Notes that it has been moved.
    pub(super) fn note_moved(&self) {
        self.is_moved.store(true, Ordering::Relaxed);
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Gone already when it became an object; swept later when this fails.
        if !*self.is_moved.get_mut() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// An upload, its size so far, and the hashes of that.
pub(super) struct Hashed {
    upload: Upload,
    size: u64,
    max: u64,
    hashes: Hashes,
}

struct Hashes {
    md5: Md5,
    checksum: Option<Hasher>,
}

impl Hashes {
    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
    }
}

/// An upload whose bytes are all there and are what was announced.
pub(super) struct Received {
    pub(super) upload: Upload,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) checksum: Option<Checksum>,
}

impl Received {
    /// It, on its way to `key`.
    pub(super) fn incoming(
        self,
        (bucket, key): (BucketName, ObjectKey),
        noted: Noted,
        condition: WriteCondition,
        by: CreatedBy,
    ) -> Result<Arc<Incoming>> {
        Ok(Arc::new(Incoming {
            upload: Arc::new(self.upload),
            bucket,
            key,
            noted: with_checksum(noted, self.etag, self.checksum)?,
            condition,
            by,
            also: None,
        }))
    }
}

impl Hashed {
    pub(super) fn begin(buckets: &LocalBuckets, expected: &ExpectedBody, max: u64) -> Result<Self> {
        if let Some(size) = expected.size.filter(|size| *size > max) {
            return Err(too_large(size, max));
        }
        Ok(Self {
            upload: Upload::begin(buckets)?,
            size: 0,
            max,
            hashes: Hashes {
                md5: Md5::default(),
                checksum: expected.algorithm.map(Hasher::new),
            },
        })
    }

    /// All of it, when it is at hand as a whole.
    pub(super) fn whole(mut self, bytes: &[u8], expected: &ExpectedBody) -> Result<Received> {
        self.write(bytes)?;
        self.finish(expected)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.count(bytes.len())?;
        self.hashes.update(bytes);
        self.upload.write(bytes)
    }

    /// As [`Self::write`], where it holds up nobody; much is written while its MD5 is found, with
    /// those of others.
    async fn write_apart(mut self, pieces: Vec<Bytes>, others: &SideBySide) -> Result<Self> {
        if length(&pieces) < APART_BYTES {
            let write = move || {
                pieces
                    .iter()
                    .try_for_each(|bytes| self.write(bytes))
                    .map(|()| self)
            };
            return blocking(CUT_SHORT, write).await;
        }
        self.count(length(&pieces))?;
        let Self {
            mut upload,
            size,
            max,
            hashes,
        } = self;
        let Hashes { md5, mut checksum } = hashes;
        let hashed = others.update(md5, pieces.clone());
        let written = blocking(CUT_SHORT, move || {
            for bytes in &pieces {
                if let Some(checksum) = &mut checksum {
                    checksum.update(bytes);
                }
                upload.write(bytes)?;
            }
            Ok((upload, checksum))
        });
        let (md5, (upload, checksum)) = try_join(hashed, written).await?;
        Ok(Self {
            upload,
            size,
            max,
            hashes: Hashes { md5, checksum },
        })
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.size += bytes as u64;
        if self.size > self.max {
            return Err(too_large(self.size, self.max));
        }
        Ok(())
    }

    /// Writes what `source` holds from where it stands, at most `length` bytes.
    pub(super) fn write_from(&mut self, source: &File, length: u64, path: &Path) -> Result<()> {
        let mut source = source.take(length);
        let mut buffer = vec![0; WRITE_BYTES];
        loop {
            match source.read(&mut buffer).at("read", path)? {
                0 => return Ok(()),
                count => self.write(&buffer[..count])?,
            }
        }
    }

    /// Compares what came with what was announced.
    pub(super) fn finish(self, expected: &ExpectedBody) -> Result<Received> {
        if let Some(size) = expected.size.filter(|size| *size != self.size) {
            return Err(ObjectFault::IncompleteBody.error(format!(
                "the body has {} bytes, {size} were announced",
                self.size
            )));
        }
        let Hashes { md5, checksum } = self.hashes;
        let md5: [u8; 16] = md5.finish();
        if expected.md5.is_some_and(|announced| announced != md5) {
            return Err(bad_digest("MD5"));
        }
        let mut kept = None;
        if let (Some(algorithm), Some(hasher)) = (expected.algorithm, checksum) {
            let value = hasher.finish();
            let announced = announced(&expected.checksum, algorithm.name())?;
            if announced.is_some_and(|announced| announced != value) {
                return Err(bad_digest(algorithm.name()));
            }
            kept = Some(Checksum {
                algorithm,
                kind: ChecksumType::FullObject,
                value,
            });
        }
        Ok(Received {
            upload: self.upload,
            size: self.size,
            etag: hex(&md5),
            checksum: kept,
        })
    }
}

/// The checksum that was announced, now that the body has ended.
pub(super) fn announced(expected: &ExpectedChecksum, name: &str) -> Result<Option<String>> {
    match expected {
        ExpectedChecksum::None => Ok(None),
        ExpectedChecksum::Value(value) => Ok(Some(value.clone())),
        ExpectedChecksum::Trailing(ask) => match ask() {
            Some(value) => Ok(Some(value)),
            None => Err(ObjectFault::IncompleteBody
                .error(format!("the trailer with the {name} checksum did not come"))),
        },
    }
}

pub(super) fn bad_digest(name: &str) -> Error {
    ObjectFault::BadDigest
        .error(format!(
            "the body does not have the {name} that was announced"
        ))
        .hint("it was changed on its way: send it again")
}

pub(super) fn too_large(size: u64, max: u64) -> Error {
    ObjectFault::EntityTooLarge
        .error(format!(
            "{size} bytes are more than the {max} that S3 allows here"
        ))
        .hint("upload it in parts")
}

impl LocalBuckets {
    /// Writes an object.
    pub async fn write(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: WriteOptions,
    ) -> Result<ObjectDetails> {
        self.write_up_to(bucket, key, body, options, MAX_PART_BYTES)
            .await
    }

    pub(super) async fn put_object(
        &self,
        bucket: BucketName,
        key: ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo> {
        // Who is no client of S3 has no reason to put an object together from parts.
        let details = self.write_up_to(&bucket, &key, body, options.into(), u64::MAX);
        Ok(details.await?.info)
    }

    async fn write_up_to(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: WriteOptions,
        max: u64,
    ) -> Result<ObjectDetails> {
        let noted = options.resolved().noted(key)?;
        if let PutBody::Bytes(bytes) = body {
            let whole = Whole {
                bucket: bucket.clone(),
                key: key.clone(),
                bytes,
                noted,
                options,
                max,
            };
            return self.write_whole(whole).await;
        }
        let (into, expected) = (bucket.clone(), options.expected.clone());
        let received = self
            .receive(body, expected, max, move |buckets| {
                // Refuses early, before the body is read.
                buckets.existing_root(&into).map(|_| ())
            })
            .await?;
        let place = (bucket.clone(), key.clone());
        self.blocking(move |buckets| {
            buckets.commit(&received.incoming(place, noted, options.condition, options.by)?)
        })
        .await
    }

    /// Writes a body to a file of its own, when `may` lets it.
    pub(super) async fn receive(
        &self,
        body: PutBody,
        expected: ExpectedBody,
        max: u64,
        may: impl FnOnce(&Self) -> Result<()> + Send + 'static,
    ) -> Result<Received> {
        let begin = move |buckets: &Self, expected: &ExpectedBody| {
            may(buckets)?;
            Hashed::begin(buckets, expected, max)
        };
        match body {
            PutBody::Bytes(bytes) => {
                self.blocking(move |buckets| begin(buckets, &expected)?.whole(&bytes, &expected))
                    .await
            }
            PutBody::File(path) => {
                self.blocking(move |buckets| {
                    let source = File::open(&path).at("open", &path)?;
                    let mut hashed = begin(buckets, &expected)?;
                    hashed.write_from(&source, u64::MAX, &path)?;
                    hashed.finish(&expected)
                })
                .await
            }
            PutBody::Stream(stream) => {
                let mut stream = stream.fuse();
                let wanted = expected.clone();
                let mut hashed = self
                    .blocking(move |buckets| begin(buckets, &wanted))
                    .await?;
                let mut gathered = gather(&mut stream).await?;
                while !gathered.is_empty() {
                    // More comes, and is checked on its way, while this is written.
                    let written = hashed.write_apart(gathered, self.store.bodies());
                    (hashed, gathered) = try_join(written, gather(&mut stream)).await?;
                }
                hashed.finish(&expected)
            }
        }
    }

    /// Makes a finished upload the object `key`.
    pub(super) fn commit_upload(
        &self,
        upload: Arc<Upload>,
        etag: String,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &PutOptions,
    ) -> Result<ObjectInfo> {
        let options = WriteOptions::from(options.clone());
        let incoming = Incoming {
            upload,
            bucket: bucket.clone(),
            key: key.clone(),
            noted: with_checksum(options.resolved().noted(key)?, etag, None)?,
            condition: options.condition,
            by: CreatedBy::Put,
            also: None,
        };
        Ok(self.commit(&Arc::new(incoming))?.info)
    }

    /// Stamps the file with the clock's time and writes it to the disk.
    pub(super) fn seal(&self, file: &File, path: &Path) -> Result<Identity> {
        let identity = self.stamp(file, path)?;
        self.flush(file, path)?;
        Ok(identity)
    }

    /// Stamps the file with the clock's time.
    pub(super) fn stamp(&self, file: &File, path: &Path) -> Result<Identity> {
        file.set_modified(SystemTime::from(self.store.now()))
            .at("stamp", path)?;
        Ok(Identity::of(&file.metadata().at("read", path)?))
    }

    /// Writes the file to the disk.
    pub(super) fn flush(&self, file: &File, path: &Path) -> Result<()> {
        if self.store.options().fsync {
            file.sync_all().at("flush", path)?;
        }
        Ok(())
    }

    /// Copies an object as every kind of bucket can: the current version, without tags.
    pub(super) fn copy_plainly(
        &self,
        from: (&BucketName, &ObjectKey),
        to: (&BucketName, &ObjectKey),
        replace: Option<PutOptions>,
        only_if_absent: bool,
    ) -> Result<ObjectInfo> {
        let source = self.open_object(from.0, from.1, Etag::IfKnown)?;
        self.existing_root(to.0)?;
        let mut options = replace.unwrap_or_else(|| PutOptions {
            content_type: Some(source.info.content_type.clone()),
            user_metadata: source.info.user_metadata.clone(),
            only_if_absent: false,
        });
        options.only_if_absent |= only_if_absent;
        let expected = ExpectedBody::default();
        let mut hashed = Hashed::begin(self, &expected, u64::MAX)?;
        hashed.write_from(&source.file, u64::MAX, &source.located.path)?;
        let received = hashed.finish(&expected)?;
        let options = WriteOptions::from(options);
        let noted = options.resolved().noted(to.1)?;
        let place = (to.0.clone(), to.1.clone());
        let incoming = received.incoming(place, noted, options.condition, CreatedBy::Copy)?;
        Ok(self.commit(&incoming)?.info)
    }
}

/// What comes next of a stream; nothing at its end.
async fn gather(stream: &mut Fuse<BoxStream<'static, Result<Bytes>>>) -> Result<Vec<Bytes>> {
    let (mut pieces, mut bytes) = (Vec::new(), 0);
    while bytes < WRITE_BYTES
        && pieces.len() < WRITE_PIECES
        && let Some(piece) = stream.try_next().await?
    {
        bytes += piece.len();
        pieces.push(piece);
    }
    Ok(pieces)
}

fn length(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}
