//! Into a bucket: from a file, or from another bucket.

use std::path::Path;

use bytes::BytesMut;
use futures::stream::{self, BoxStream, StreamExt};
use stave_core::{BucketName, Caller, ObjectKey, Result};
use stave_store::{PutBody, PutOptions};
use tokio::io::AsyncReadExt;

use super::{Event, LARGE_BYTES, Listener, io_error};
use crate::buckets::Buckets;

/// How much of a file is read at once.
const READ_BYTES: usize = 1 << 20;

/// Writes a file's content to an object.
pub(super) async fn upload(
    buckets: &Buckets,
    caller: &Caller,
    (path, size): (&Path, u64),
    (bucket, key): (&BucketName, &ObjectKey),
    listener: &Listener,
) -> Result<()> {
    let is_large = size > LARGE_BYTES;
    let body = if is_large {
        PutBody::Stream(counted(file_chunks(path).await?, listener))
    } else {
        PutBody::File(path.to_owned())
    };
    let options = PutOptions::default();
    buckets.put(caller, bucket, key, body, options).await?;
    if !is_large {
        listener(Event::Bytes(size));
    }
    Ok(())
}

/// Copies an object to another key or bucket.
pub(super) async fn copy(
    buckets: &Buckets,
    caller: &Caller,
    (from, size): ((&BucketName, &ObjectKey), u64),
    to: (&BucketName, &ObjectKey),
    listener: &Listener,
) -> Result<()> {
    // Within one remote bucket the server copies, and the bytes stay there.
    let here = !buckets.is_remote(from.0) || from.0 != to.0;
    if size > LARGE_BYTES && here {
        let read = buckets.get(caller, from.0, from.1, None).await?;
        let options = PutOptions {
            content_type: Some(read.info.content_type),
            user_metadata: read.info.user_metadata,
            only_if_absent: false,
        };
        let body = PutBody::Stream(counted(read.body, listener));
        buckets.put(caller, to.0, to.1, body, options).await?;
        return Ok(());
    }
    buckets.copy(caller, from, to).await?;
    listener(Event::Bytes(size));
    Ok(())
}

type Chunks = BoxStream<'static, Result<bytes::Bytes>>;

fn counted(chunks: Chunks, listener: &Listener) -> Chunks {
    let listener = listener.clone();
    chunks
        .inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                listener(Event::Bytes(chunk.len() as u64));
            }
        })
        .boxed()
}

async fn file_chunks(path: &Path) -> Result<Chunks> {
    let path = path.to_owned();
    let mut file = tokio::fs::File::open(&path)
        .await
        .map_err(|error| io_error(error, "open", &path))?;
    file.set_max_buf_size(READ_BYTES);
    Ok(stream::try_unfold((file, path), |(mut file, path)| async {
        let mut chunk = BytesMut::with_capacity(READ_BYTES);
        match file.read_buf(&mut chunk).await {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some((chunk.freeze(), (file, path)))),
            Err(error) => Err(io_error(error, "read", &path)),
        }
    })
    .boxed())
}
