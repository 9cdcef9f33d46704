//! Code of functions that lies in buckets.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use stave_core::{BucketName, Caller, Error, ObjectKey, Result};
use stave_services::Buckets;
use stave_services::functions::CodeObjects;
use stave_store::{Lookup, ReadOptions};

/// Reads code from buckets.
#[derive(Debug)]
pub(super) struct BucketCode {
    buckets: Buckets,
}

impl BucketCode {
    pub fn new(buckets: Buckets) -> Self {
        Self { buckets }
    }
}

#[async_trait]
impl CodeObjects for BucketCode {
    async fn fetch(
        &self,
        caller: &Caller,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        max_bytes: u64,
    ) -> Result<Bytes> {
        let (bucket, key) = (BucketName::new(bucket)?, ObjectKey::new(key)?);
        let options = ReadOptions {
            version_id: version.map(str::to_owned),
            ..ReadOptions::default()
        };
        let read = match self.buckets.open(caller, &bucket, &key, options).await? {
            Lookup::Found(read) => read,
            Lookup::DeleteMarker(_) | Lookup::NotModified(_) => {
                return Err(
                    Error::not_found(format!("s3://{bucket}/{key} was deleted")).coded("NoSuchKey")
                );
            }
        };
        let mut body = read.body;
        let mut bytes = BytesMut::new();
        while let Some(some) = body.next().await.transpose()? {
            if (bytes.len() + some.len()) as u64 > max_bytes {
                return Err(Error::limit_exceeded(format!(
                    "s3://{bucket}/{key} is larger than {max_bytes} bytes"
                ))
                .coded("CodeStorageExceededException"));
            }
            bytes.extend_from_slice(&some);
        }
        Ok(bytes.freeze())
    }
}
