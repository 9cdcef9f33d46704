//! Sealed segments: compressed blocks, the index, and at the end where the index stands.
//!
//! ```text
//! magic (8) | block … | index | offset of the index (8) | length (4) | checksum (4) | magic (8)
//! ```

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use stave_core::Result;

use super::frame::MAGIC;
use super::group::{open_path, read_at, sealed_path};
use super::index::{Block, Index};
use crate::faults::IoContext;
use crate::local::sync_folder;
use crate::telemetry::codec::{checksum, damaged};

/// How hard is compressed: logs shrink to a tenth as fast as they are written.
const LEVEL: i32 = 1;
/// Where the index stands, its length and checksum, and the magic.
const TRAILER_BYTES: u64 = 24;
/// No block is larger when it is not compressed.
const MAX_RAW_BYTES: u64 = 64 * 1024 * 1024;

/// Compresses a segment that nobody writes. The caller has claimed it.
pub(super) fn seal(dir: &Path, file: &mut File, index: &Index, fsync: bool) -> Result<()> {
    let (from, to) = (open_path(dir, index.id), sealed_path(dir, index.id));
    let unfinished = to.with_extension("tmp");
    let mut out = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .at("make", &unfinished)?;
    out.write_all(MAGIC).at("write", &unfinished)?;
    let mut offset = MAGIC.len() as u64;
    let mut blocks = Vec::with_capacity(index.blocks.len());
    for block in &index.blocks {
        let raw = read_at(file, &from, block.offset, block.stored)?;
        let packed = zstd::bulk::compress(&raw, LEVEL).at("compress", &from)?;
        out.write_all(&packed).at("write", &unfinished)?;
        blocks.push(Block {
            offset,
            stored: packed.len() as u64,
            ..block.clone()
        });
        offset += packed.len() as u64;
    }
    let sealed = Index {
        blocks,
        ..index.clone()
    };
    let bytes = sealed.encode();
    let mut tail = bytes.clone();
    tail.extend(offset.to_le_bytes());
    tail.extend((bytes.len() as u32).to_le_bytes());
    tail.extend(checksum(&bytes).to_le_bytes());
    tail.extend(MAGIC);
    out.write_all(&tail).at("write", &unfinished)?;
    if fsync {
        out.sync_all().at("flush", &unfinished)?;
    }
    fs::rename(&unfinished, &to).at("put into place", &to)?;
    if fsync {
        sync_folder(dir)?;
    }
    fs::remove_file(&from).at("remove", &from)
}

/// The index of a sealed segment.
pub(super) fn read_index(file: &mut File, path: &Path, id: u64) -> Result<Index> {
    let wrong = || damaged().within(path.display());
    let length = file.metadata().at("read", path)?.len();
    let start = length.checked_sub(TRAILER_BYTES).ok_or_else(wrong)?;
    let trailer = read_at(file, path, start, TRAILER_BYTES)?;
    let (offset, rest) = trailer.split_first_chunk::<8>().ok_or_else(wrong)?;
    let (size, rest) = rest.split_first_chunk::<4>().ok_or_else(wrong)?;
    let (sum, magic) = rest.split_first_chunk::<4>().ok_or_else(wrong)?;
    let (offset, size) = (
        u64::from_le_bytes(*offset),
        u64::from(u32::from_le_bytes(*size)),
    );
    if magic != MAGIC || offset.checked_add(size) != Some(start) {
        return Err(wrong());
    }
    let bytes = read_at(file, path, offset, size)?;
    if checksum(&bytes) != u32::from_le_bytes(*sum) {
        return Err(wrong());
    }
    Index::decode(id, length, &bytes).map_err(|error| error.within(path.display()))
}

/// The frames of a block, of a segment that is sealed or not.
pub(super) fn read_block(
    file: &mut File,
    path: &Path,
    sealed: bool,
    block: &Block,
) -> Result<Vec<u8>> {
    let stored = read_at(file, path, block.offset, block.stored)?;
    if !sealed {
        return Ok(stored);
    }
    if block.raw > MAX_RAW_BYTES {
        return Err(damaged().within(path.display()));
    }
    zstd::bulk::decompress(&stored, block.raw as usize)
        .map_err(|error| damaged().within(path.display()).caused_by(error))
}
