//! The bytes of one object, in order, whatever it lies in and however it is compressed.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt};
use stave_core::{Error, Result};

use super::compression::Compression;
use crate::fault;

/// How many parts of a remote object may wait to be decompressed.
const PARTS_AHEAD: usize = 4;

/// A source of an object's uncompressed bytes.
pub(crate) enum Blocks {
    /// A file, read directly.
    File(File),
    /// A compressed object; its reader may block.
    Decoded(Box<dyn Read + Send>),
    /// A remote object as its parts arrive.
    Remote(BoxStream<'static, object_store::Result<Bytes>>),
}

impl Blocks {
    /// Opens the object at `path`.
    pub(crate) async fn open(
        store: &dyn ObjectStore,
        path: &Path,
        compression: Compression,
    ) -> Result<Self> {
        let result = store.get(path).await.map_err(fault::storage)?;
        Ok(match (result.payload, compression) {
            (GetResultPayload::File(file, _), Compression::None) => Self::File(file),
            (GetResultPayload::Stream(stream), Compression::None) => Self::Remote(stream),
            (GetResultPayload::File(file, _), _) => Self::Decoded(compression.decode(file)),
            (GetResultPayload::Stream(stream), _) => {
                Self::Decoded(compression.decode(StreamRead::new(stream)))
            }
        })
    }

    /// Appends about `wanted` bytes to `buffer`; false when there are no more.
    pub(crate) async fn read(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> Result<bool> {
        match self {
            Self::File(file) => read_some(file, buffer, wanted).map_err(fault::io),
            Self::Remote(stream) => {
                let before = buffer.len();
                while buffer.len() - before < wanted {
                    match stream.next().await {
                        Some(part) => buffer.extend_from_slice(&part.map_err(fault::storage)?),
                        None => return Ok(buffer.len() > before),
                    }
                }
                Ok(true)
            }
            Self::Decoded(reader) => {
                let mut moved = std::mem::replace(reader, Box::new(io::empty()));
                let mut bytes = std::mem::take(buffer);
                let work = move || {
                    let read = read_some(&mut moved, &mut bytes, wanted);
                    (moved, bytes, read)
                };
                let (moved, bytes, read) = tokio::task::spawn_blocking(work)
                    .await
                    .map_err(|error| Error::internal("decompression stopped").caused_by(error))?;
                *reader = moved;
                *buffer = bytes;
                read.map_err(|error| {
                    Error::invalid(format!("compressed data is damaged: {error}")).hint(
                        "the file may be cut short, or its ending may name another compression",
                    )
                })
            }
        }
    }
}

fn read_some(reader: &mut impl Read, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    buffer.reserve(wanted);
    let read = reader.take(wanted as u64).read_to_end(buffer)?;
    Ok(read > 0)
}

/// Reads a stream of parts from a thread that may block.
struct StreamRead {
    parts: tokio::sync::mpsc::Receiver<object_store::Result<Bytes>>,
    current: Bytes,
}

impl StreamRead {
    fn new(mut stream: BoxStream<'static, object_store::Result<Bytes>>) -> Self {
        let (sender, parts) = tokio::sync::mpsc::channel(PARTS_AHEAD);
        tokio::spawn(async move {
            while let Some(part) = stream.next().await {
                if sender.send(part).await.is_err() {
                    break;
                }
            }
        });
        Self {
            parts,
            current: Bytes::new(),
        }
    }
}

impl Read for StreamRead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.parts.blocking_recv() {
                Some(part) => self.current = part.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let length = out.len().min(self.current.len());
        out[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}
