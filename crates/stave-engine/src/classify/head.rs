//! The beginning of an object, uncompressed, read no further than asked for.

use std::io::Read;

use bytes::Bytes;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use stave_core::Result;

use crate::fault;
use crate::text::Compression;

/// How much is read before the format is known; most objects of text fit.
const FIRST_BYTES: u64 = 64 << 10;
const PARQUET_MAGIC: &[u8] = b"PAR1";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The beginning of an object.
pub(super) struct Head {
    /// The bytes as they are stored.
    raw: Bytes,
    /// The bytes uncompressed.
    text: Vec<u8>,
    /// Whether `text` is all there is.
    pub(super) whole: bool,
    pub(super) compression: Compression,
    size: u64,
}

impl Head {
    pub(super) async fn read(
        store: &dyn ObjectStore,
        meta: &ObjectMeta,
        compression: Compression,
    ) -> Result<Self> {
        let length = meta.size.min(FIRST_BYTES);
        let raw = store
            .get_range(&meta.location, 0..length)
            .await
            .map_err(fault::storage)?;
        Ok(Self {
            raw,
            text: Vec::new(),
            whole: false,
            compression,
            size: meta.size,
        })
    }

    pub(super) fn is_parquet(&self) -> bool {
        self.raw.starts_with(PARQUET_MAGIC)
    }

    /// The stored bytes, when they are all there are.
    pub(super) fn all_stored(&self) -> Option<&Bytes> {
        (self.raw.len() as u64 == self.size).then_some(&self.raw)
    }

    /// Reads and uncompresses up to `wanted` bytes.
    pub(super) async fn extend(
        &mut self,
        store: &dyn ObjectStore,
        meta: &ObjectMeta,
        wanted: usize,
    ) -> Result<()> {
        let length = self.size.min(wanted as u64);
        let have = self.raw.len() as u64;
        if have < length {
            let more = store
                .get_range(&meta.location, have..length)
                .await
                .map_err(fault::storage)?;
            self.raw = Bytes::from([self.raw.as_ref(), more.as_ref()].concat());
        }
        self.uncompress(wanted);
        Ok(())
    }

    /// What is damaged is as far as it can be read: the rest may be beyond the sample.
    fn uncompress(&mut self, wanted: usize) {
        let all = self.raw.len() as u64 == self.size;
        let mut text = Vec::new();
        let mut ended = false;
        let mut reader = self.compression.decode(self.raw.as_ref());
        let mut block = [0; 16 << 10];
        while text.len() <= wanted {
            match reader.read(&mut block) {
                Ok(0) => {
                    ended = true;
                    break;
                }
                Ok(read) => text.extend_from_slice(&block[..read]),
                Err(_) => break,
            }
        }
        drop(reader);
        self.whole = all && ended && text.len() <= wanted;
        text.truncate(wanted);
        if text.starts_with(BYTE_ORDER_MARK) {
            text.drain(..BYTE_ORDER_MARK.len());
        }
        self.text = text;
    }

    /// The bytes uncompressed.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }
}
