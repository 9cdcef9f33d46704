//! Reading objects. What has no row yet (a file dropped in by hand) gets one
//! when its ETag is asked for.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use stave_core::{BucketName, Error, ObjectKey, Result};

use super::LocalBuckets;
use super::files::{self, Identity, Located};
use super::index::{self, Noted};
use crate::blocking::blocking;
use crate::faults::{CUT_SHORT, IoContext};
use crate::md5::Md5;
use crate::objects::{ByteRange, ObjectInfo, ObjectRead, hex, no_such_key};

/// How much is read at once.
const CHUNK_BYTES: usize = 1 << 20;
/// Objects up to this are read when they are opened.
const EAGER_BYTES: u64 = 64 << 10;
/// How often an object may be overwritten under a reader before it gives up.
const TRIES: usize = 16;

/// Whether an unknown ETag is worth reading the whole file for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Etag {
    Needed,
    IfKnown,
}

/// An object's file, open, and what is known of it.
#[derive(Debug)]
pub(super) struct OpenObject {
    pub(super) file: File,
    pub(super) located: Located,
    pub(super) info: ObjectInfo,
    pub(super) noted: Option<Noted>,
}

impl LocalBuckets {
    /// Opens an object. File and row are of the same version.
    pub(super) fn open_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        etag: Etag,
    ) -> Result<OpenObject> {
        let mut before: Option<Identity> = None;
        for _ in 0..TRIES {
            let root = self.root(bucket)?;
            let Some((file, located)) = files::open(&root, key.as_str())? else {
                return Err(no_such_key(bucket, key.as_str()));
            };
            let identity = located.identity;
            let (noted, any) = self
                .store
                .database()
                .read(|tx| index::find(tx, bucket, key.as_str(), identity))?;
            // With rows for another version, this one may have been replaced between the two
            // looks. Seen twice, it is a file that was changed by hand.
            if noted.is_none() && any && before != Some(identity) {
                before = Some(identity);
                continue;
            }
            let noted = match (noted, etag) {
                (None, Etag::Needed) => match self.adopt(bucket, key, &root, &file, identity)? {
                    Some(noted) => Some(noted),
                    None => continue,
                },
                (noted, _) => noted,
            };
            let info = index::object_info(key.clone(), identity, noted.clone())?;
            return Ok(OpenObject {
                file,
                located,
                info,
                noted,
            });
        }
        Err(Error::conflict(format!(
            "s3://{bucket}/{key} is being overwritten without a pause"
        ))
        .hint("try again"))
    }

    /// Finds the ETag of a file that has no row, and writes the row. `None` when
    /// the file was changed meanwhile.
    fn adopt(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        root: &Path,
        file: &File,
        identity: Identity,
    ) -> Result<Option<Noted>> {
        let path = files::locate(root, key.as_str())?.map(|found| found.path);
        let path = path.as_deref().unwrap_or(root);
        let etag = md5_of(file).at("read", path)?;
        if Identity::of(&file.metadata().at("read", path)?) != identity {
            return Ok(None);
        }
        let noted = Noted::of_file(key.as_str(), etag);
        self.change(|tx, _| {
            let now = files::locate(root, key.as_str())?;
            if now.is_some_and(|found| found.identity == identity) {
                index::insert(tx, bucket, key.as_str(), identity, &noted, None)?;
                index::settle(tx, bucket, key.as_str(), identity)?;
            }
            Ok(())
        })?;
        Ok(Some(noted))
    }

    pub(super) fn read_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<ObjectRead> {
        let OpenObject {
            file,
            located,
            info,
            ..
        } = self.open_object(bucket, key, Etag::Needed)?;
        let range = match range {
            Some(range) => range.within(info.size)?,
            None => 0..info.size,
        };
        let body = body(file, located, range.clone())?;
        Ok(ObjectRead { info, range, body })
    }
}

/// The MD5 of a whole file in hexadecimal.
pub(super) fn md5_of(mut file: &File) -> std::io::Result<String> {
    let mut hash = Md5::default();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    std::io::Seek::rewind(&mut file)?;
    Ok(hex(&hash.finish()))
}

/// The bytes of `range`. Those of a small object are read at once, for there is only one piece
/// of them. Blocking.
pub(super) fn body(
    file: File,
    located: Located,
    range: Range<u64>,
) -> Result<BoxStream<'static, Result<Bytes>>> {
    if range.end - range.start > EAGER_BYTES {
        return Ok(chunks(file, located, range));
    }
    let mut buffer = vec![0; (range.end - range.start) as usize];
    file.read_exact_at(&mut buffer, range.start)
        .at("read", &located.path)?;
    Ok(stream::once(std::future::ready(Ok(Bytes::from(buffer)))).boxed())
}

fn chunks(file: File, located: Located, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
    stream::try_unfold(
        (file, located, range),
        |(file, located, range)| async move {
            if range.is_empty() {
                return Ok(None);
            }
            blocking(CUT_SHORT, move || {
                let length = (range.end - range.start).min(CHUNK_BYTES as u64);
                let mut buffer = vec![0; length as usize];
                file.read_exact_at(&mut buffer, range.start)
                    .at("read", &located.path)?;
                let rest = range.start + length..range.end;
                Ok(Some((Bytes::from(buffer), (file, located, rest))))
            })
            .await
        },
    )
    .boxed()
}
