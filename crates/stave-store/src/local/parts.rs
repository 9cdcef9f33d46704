//! Uploads in parts, as the query engine's writers make them.

use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, UploadPart};
use stave_core::{Error, ObjectKey, Result};

use super::engine::{LocalObjectStore, put_result};
use super::put::Upload;
use crate::blocking::blocking;
use crate::faults::{CUT_SHORT, IoContext, to_object_store};
use crate::md5::Md5;
use crate::objects::{PutOptions, hex};

/// An upload in parts, each written to its place as it comes.
#[derive(Debug)]
pub(super) struct LocalUpload {
    store: LocalObjectStore,
    key: ObjectKey,
    location: Path,
    options: PutOptions,
    offset: u64,
    parts: usize,
    written: Arc<Written>,
}

#[derive(Debug)]
struct Written {
    upload: Arc<Upload>,
    /// The MD5 of each part that has been written, by its number.
    digests: Mutex<Vec<(usize, [u8; 16])>>,
}

impl LocalUpload {
    pub(super) fn new(
        store: LocalObjectStore,
        upload: Upload,
        key: ObjectKey,
        location: Path,
        options: PutOptions,
    ) -> Self {
        Self {
            store,
            key,
            location,
            options,
            offset: 0,
            parts: 0,
            written: Arc::new(Written {
                upload: Arc::new(upload),
                digests: Mutex::new(Vec::new()),
            }),
        }
    }
}

#[async_trait]
impl MultipartUpload for LocalUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (offset, part) = (self.offset, self.parts);
        self.offset += data.content_length() as u64;
        self.parts += 1;
        let written = Arc::clone(&self.written);
        let location = self.location.clone();
        Box::pin(async move {
            blocking(CUT_SHORT, move || written.write(part, offset, &data))
                .await
                .map_err(|error| to_object_store(error, &location))
        })
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        let (written, parts) = (Arc::clone(&self.written), self.parts);
        let (key, options) = (self.key.clone(), self.options.clone());
        self.store
            .run(&self.location, move |buckets, bucket| {
                let etag = written.etag(parts)?;
                let upload = Arc::clone(&written.upload);
                buckets.commit_upload(upload, etag, bucket, &key, &options)
            })
            .await
            .map(put_result)
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        // The file goes when the upload is dropped.
        Ok(())
    }
}

impl Written {
    fn write(&self, part: usize, mut offset: u64, data: &PutPayload) -> Result<()> {
        let mut md5 = Md5::default();
        for bytes in data {
            md5.update(bytes);
            self.upload
                .file
                .write_all_at(bytes, offset)
                .at("write", &self.upload.path)?;
            offset += bytes.len() as u64;
        }
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        digests.push((part, md5.finish()));
        Ok(())
    }

    /// The ETag as S3 makes it: the MD5 of the parts' MD5s, and how many there are.
    fn etag(&self, parts: usize) -> Result<String> {
        let mut digests = self
            .digests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        digests.sort_unstable();
        if digests.len() != parts {
            return Err(Error::invalid(format!(
                "{} of {parts} parts have been written",
                digests.len()
            )));
        }
        let mut md5 = Md5::default();
        for (_, digest) in &digests {
            md5.update(digest);
        }
        Ok(format!("{}-{parts}", hex(&md5.finish())))
    }
}
