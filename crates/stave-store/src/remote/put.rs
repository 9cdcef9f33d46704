//! Writing to a remote server: in one request, or in parts when it is long.

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::{Attributes, PutMode, PutMultipartOptions, PutPayload};
use stave_core::{BucketName, Error, ObjectKey, Result};

use super::{PART_BYTES, RemoteBuckets, path_of, place};
use crate::blocking::blocking;
use crate::faults::{CUT_SHORT, io_error, remote_error};
use crate::objects::{BucketStore, PutOptions, resolve_options, to_attributes};

/// The attributes of an object that is to be written.
pub(super) fn attributes_of(key: &ObjectKey, options: &PutOptions) -> Result<Attributes> {
    let (content_type, user_metadata) = resolve_options(key, options)?;
    Ok(to_attributes(content_type, user_metadata))
}

/// A file's bytes, a part at a time.
pub(super) fn file_parts(path: std::path::PathBuf) -> BoxStream<'static, Result<Bytes>> {
    stream::try_unfold((path, None), |(path, open)| async move {
        blocking(CUT_SHORT, move || {
            use std::io::Read;
            let mut file: std::fs::File = match open {
                Some(file) => file,
                None => {
                    std::fs::File::open(&path).map_err(|error| io_error(error, "open", &path))?
                }
            };
            let mut part = Vec::new();
            (&mut file)
                .take(PART_BYTES as u64)
                .read_to_end(&mut part)
                .map_err(|error| io_error(error, "read", &path))?;
            Ok((!part.is_empty()).then(|| (Bytes::from(part), (path, Some(file)))))
        })
        .await
    })
    .boxed()
}

impl RemoteBuckets {
    pub(super) async fn put_stream(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        mut stream: BoxStream<'static, Result<Bytes>>,
        options: &PutOptions,
    ) -> Result<()> {
        let mut gathered = BytesMut::new();
        while gathered.len() < PART_BYTES {
            match stream.try_next().await? {
                Some(chunk) => gathered.extend_from_slice(&chunk),
                None => {
                    return self
                        .put_bytes(bucket, key, gathered.freeze(), options)
                        .await;
                }
            }
        }
        let failed = |error| remote_error(error, &place(bucket, key));
        if options.only_if_absent && self.exists(bucket, key).await? {
            return Err(exists_already(bucket, key));
        }
        let multipart = PutMultipartOptions::from(attributes_of(key, options)?);
        let client = self.client(bucket)?;
        let mut upload = client
            .put_multipart_opts(&path_of(key)?, multipart)
            .await
            .map_err(failed)?;
        let sent: Result<()> = async {
            loop {
                while gathered.len() >= PART_BYTES {
                    let part = gathered.split_to(PART_BYTES).freeze();
                    upload
                        .put_part(PutPayload::from(part))
                        .await
                        .map_err(failed)?;
                }
                match stream.try_next().await? {
                    Some(chunk) => gathered.extend_from_slice(&chunk),
                    None => break,
                }
            }
            if !gathered.is_empty() {
                let part = PutPayload::from(gathered.freeze());
                upload.put_part(part).await.map_err(failed)?;
            }
            upload.complete().await.map_err(failed)?;
            Ok(())
        }
        .await;
        if sent.is_err() {
            // The first error is the one to tell; parts left behind cost storage only.
            let _ = upload.abort().await;
        }
        sent
    }

    pub(super) async fn put_bytes(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        bytes: Bytes,
        options: &PutOptions,
    ) -> Result<()> {
        let mut put = object_store::PutOptions::from(attributes_of(key, options)?);
        if options.only_if_absent {
            put.mode = PutMode::Create;
        }
        let client = self.client(bucket)?;
        match client
            .put_opts(&path_of(key)?, PutPayload::from(bytes), put)
            .await
        {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => Err(exists_already(bucket, key)),
            Err(error) => Err(remote_error(error, &place(bucket, key))),
        }
    }
}

fn exists_already(bucket: &BucketName, key: &ObjectKey) -> Error {
    Error::new(
        stave_core::ErrorKind::Precondition,
        format!("{} exists already", place(bucket, key)),
    )
}
