//! The segment that this process appends to, locked for as long as it does.

use std::fs::File;
use std::fs::TryLockError;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use stave_core::{Error, Result};

use super::frame::MAGIC;
use super::group::{extend, list, open_path, sealed_path};
use super::index::Index;
use super::{SEGMENT_AGE_MS, SEGMENT_BYTES};
use crate::faults::{IoContext, io_error};
use crate::home::private_dir;

/// How often another number is tried.
const ATTEMPTS: usize = 100;

/// A segment that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    // The lock lives as long as the open file does.
    file: File,
    length: u64,
    began_ms: Option<i64>,
}

impl Writer {
    /// Goes on with a segment that somebody has left, or begins one.
    pub(super) fn open(dir: &Path, now_ms: i64) -> Result<Self> {
        private_dir(dir)?;
        let listed = list(dir)?;
        let open = listed.iter().rev().filter(|(_, sealed)| !**sealed);
        for (id, _) in open {
            let Some((file, index)) = claim(dir, *id)? else {
                continue;
            };
            let writer = Self {
                path: open_path(dir, *id),
                file,
                length: index.upto,
                began_ms: index.began_ms,
            };
            if !writer.is_full(now_ms) {
                return Ok(writer);
            }
        }
        let mut id = listed.last_key_value().map_or(0, |(id, _)| *id);
        for _ in 0..ATTEMPTS {
            id += 1;
            if let Some(writer) = Self::create(dir, id)? {
                return Ok(writer);
            }
        }
        Err(Error::unavailable(
            "no segment of the log group could be begun",
        ))
    }

    fn create(dir: &Path, id: u64) -> Result<Option<Self>> {
        if sealed_path(dir, id).exists() {
            return Ok(None);
        }
        let path = open_path(dir, id);
        let made = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(io_error(error, "make", &path)),
        };
        if !try_lock(&file, &path)? {
            return Ok(None);
        }
        file.write_all(MAGIC).at("write", &path)?;
        Ok(Some(Self {
            path,
            file,
            length: MAGIC.len() as u64,
            began_ms: None,
        }))
    }

    /// Whether nothing is to be added: it is large or old enough to be sealed.
    pub(super) fn is_full(&self, now_ms: i64) -> bool {
        let old = |began: i64| now_ms.saturating_sub(began) >= SEGMENT_AGE_MS;
        self.length >= SEGMENT_BYTES || self.began_ms.is_some_and(old)
    }

    /// Appends a frame: wholly, or not at all.
    pub(super) fn append(&mut self, frame: &[u8], now_ms: i64, fsync: bool) -> Result<()> {
        // By its place and not at the end: what a failed write left there is overwritten.
        if let Err(error) = self.file.write_all_at(frame, self.length) {
            let _ = self.file.set_len(self.length);
            return Err(io_error(error, "write", &self.path));
        }
        if fsync {
            self.file.sync_data().at("flush", &self.path)?;
        }
        self.length += frame.len() as u64;
        self.began_ms.get_or_insert(now_ms);
        Ok(())
    }
}

/// Locks a segment that nobody writes, and cuts off what is not whole. `None` where somebody
/// writes it, or where it was sealed meanwhile.
pub(super) fn claim(dir: &Path, id: u64) -> Result<Option<(File, Index)>> {
    let path = open_path(dir, id);
    let mut file = match File::options().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error, "open", &path)),
    };
    if !try_lock(&file, &path)? || !is_still(&file, &path)? || sealed_path(dir, id).exists() {
        return Ok(None);
    }
    let length = file.metadata().at("read", &path)?.len();
    let mut index = Index::new(id);
    if length < index.upto {
        // Its writer died before the first frame.
        file.seek(SeekFrom::Start(0)).at("write", &path)?;
        file.write_all(MAGIC).at("write", &path)?;
    }
    extend(&mut index, &mut file, &path, length)?;
    if length > index.upto {
        file.set_len(index.upto).at("cut", &path)?;
    }
    Ok(Some((file, index)))
}

fn try_lock(file: &File, path: &Path) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(io_error(error, "lock", path)),
    }
}

fn is_still(file: &File, path: &Path) -> Result<bool> {
    let held = file.metadata().at("read", path)?;
    Ok(std::fs::symlink_metadata(path).is_ok_and(|there| there.ino() == held.ino()))
}
