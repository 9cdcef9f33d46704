//! Publishing to a remote server: everything is uploaded first and nothing is
//! visible; then all uploads are completed, one request each; then what they
//! replace is deleted. There is no transaction over several objects in S3, so a
//! process that dies between two completions leaves the first ones visible.

use futures::TryStreamExt;
use object_store::{MultipartUpload, PutMultipartOptions, PutPayload};
use stave_core::{Error, Result};

use super::put::{attributes_of, file_parts};
use super::{PART_BYTES, RemoteBuckets, path_of, place};
use crate::faults::remote_error;
use crate::objects::{BucketStore, ListRequest, Publication, PutOptions, StagedFile};

/// How many parts S3 allows for one object.
const MAX_PARTS: u64 = 10_000;

type Upload = Box<dyn MultipartUpload>;

impl RemoteBuckets {
    pub(super) async fn publish_files(&self, publication: &Publication) -> Result<()> {
        publication.check()?;
        let mut uploads: Vec<Upload> = Vec::new();
        let published = self.upload_and_complete(publication, &mut uploads).await;
        if let Err(error) = published {
            for upload in &mut uploads {
                // The first error is the one to tell; parts left behind cost storage only.
                let _ = upload.abort().await;
            }
            return Err(error);
        }
        self.delete_replaced(publication).await
    }

    async fn upload_and_complete(
        &self,
        publication: &Publication,
        uploads: &mut Vec<Upload>,
    ) -> Result<()> {
        for file in &publication.files {
            self.upload(file, uploads).await?;
        }
        for (upload, file) in uploads.iter_mut().zip(&publication.files) {
            let completed = upload.complete().await;
            completed.map_err(|error| remote_error(error, &place(&file.bucket, &file.key)))?;
        }
        Ok(())
    }

    async fn upload(&self, file: &StagedFile, uploads: &mut Vec<Upload>) -> Result<()> {
        let failed = |error| remote_error(error, &place(&file.bucket, &file.key));
        let size = std::fs::metadata(&file.path).map_or(0, |metadata| metadata.len());
        if size > MAX_PARTS * PART_BYTES as u64 {
            return Err(Error::limit_exceeded(format!(
                "{} of {size} bytes is too large for one upload",
                file.path.display()
            ))
            .hint("write more and smaller files"));
        }
        let options = PutOptions {
            content_type: file.content_type.clone(),
            user_metadata: file.user_metadata.clone(),
            ..PutOptions::default()
        };
        let multipart = PutMultipartOptions::from(attributes_of(&file.key, &options)?);
        let client = self.client(&file.bucket)?;
        let upload = client
            .put_multipart_opts(&path_of(&file.key)?, multipart)
            .await
            .map_err(failed)?;
        uploads.push(upload);
        let mut parts = file_parts(file.path.clone());
        while let Some(part) = parts.try_next().await? {
            if let Some(upload) = uploads.last_mut() {
                upload
                    .put_part(PutPayload::from(part))
                    .await
                    .map_err(failed)?;
            }
        }
        Ok(())
    }

    async fn delete_replaced(&self, publication: &Publication) -> Result<()> {
        for (bucket, prefix) in &publication.replace {
            let mut old = Vec::new();
            for object in self.list(bucket, &ListRequest::all(prefix)).await?.objects {
                let is_new = |file: &StagedFile| file.bucket == *bucket && file.key == object.key;
                if !publication.files.iter().any(is_new) {
                    old.push(object.key);
                }
            }
            let faults = self.delete_many(bucket, &old).await?;
            if let Some(fault) = faults.into_iter().next() {
                return Err(fault.error.within("published, but an old object is left"));
            }
        }
        Ok(())
    }
}
