//! A bucket as the engine reads it for somebody who may not read everything: every object and
//! every listing is asked about. What the engine writes does not come this way (see
//! [`Buckets::publish`]).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use stave_core::iam::Context;
use stave_core::{BucketName, Caller, Error};

use super::Buckets;

type StoreResult<T> = object_store::Result<T>;

/// A bucket, read on behalf of `caller`.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    pub(super) inner: Arc<dyn ObjectStore>,
    pub(super) buckets: Buckets,
    pub(super) caller: Caller,
    pub(super) bucket: BucketName,
}

impl Guarded {
    async fn may_read(&self, location: &Path) -> StoreResult<()> {
        let key = self.buckets.store.key_at(&self.bucket, location);
        let key = key.map_err(|error| refused(error, location))?;
        let object = (&self.bucket, &key, None);
        let may =
            self.buckets
                .permit_object(&self.caller, &["s3:GetObject"], object, Context::new());
        may.await.map_err(|error| refused(error, location))
    }

    fn may_list(&self, prefix: Option<&Path>, delimiter: Option<&str>) -> StoreResult<()> {
        let mut keys = Context::new();
        let prefix = prefix.cloned().unwrap_or_default();
        let folder = if prefix.as_ref().is_empty() { "" } else { "/" };
        keys.set("s3:prefix", format!("{prefix}{folder}"));
        if let Some(delimiter) = delimiter {
            keys.set("s3:delimiter", delimiter);
        }
        self.buckets
            .permit(&self.caller, "s3:ListBucket", &self.bucket, &keys)
            .map_err(|error| refused(error, &prefix))
    }

    fn read_only<T>(&self, operation: &str) -> StoreResult<T> {
        Err(object_store::Error::NotImplemented {
            operation: operation.to_owned(),
            implementer: self.to_string(),
        })
    }
}

fn refused(error: Error, location: &Path) -> object_store::Error {
    object_store::Error::PermissionDenied {
        path: location.to_string(),
        source: Box::new(error),
    }
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arn = self.caller.principal().arn();
        write!(f, "bucket {} as {arn} reads it", self.bucket)
    }
}

#[async_trait]
impl ObjectStore for Guarded {
    async fn put_opts(
        &self,
        _location: &Path,
        _payload: PutPayload,
        _options: PutOptions,
    ) -> StoreResult<PutResult> {
        self.read_only("put_opts")
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        self.read_only("put_multipart_opts")
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        self.may_read(location).await?;
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        self.may_read(location).await?;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        _locations: BoxStream<'static, StoreResult<Path>>,
    ) -> BoxStream<'static, StoreResult<Path>> {
        let refused = self.read_only("delete_stream");
        stream::once(async { refused }).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let (guarded, prefix) = (self.clone(), prefix.cloned());
        stream::once(async move {
            guarded.may_list(prefix.as_ref(), None)?;
            StoreResult::Ok(guarded.inner.list(prefix.as_ref()))
        })
        .try_flatten()
        .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.may_list(prefix, Some("/"))?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> StoreResult<()> {
        self.read_only("copy_opts")
    }
}
