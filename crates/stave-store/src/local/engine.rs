//! A local bucket in object_store's terms: how the query engine reads it. Files
//! are handed out open, so that the engine reads them itself.
//!
//! A path is the key, but for parts that object_store refuses (`//`, `..`),
//! which are escaped as on the disk. Empty objects whose key ends in `/` mark
//! folders and are not listed.

use std::fmt;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutPayload, PutResult,
};
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

use super::LocalBuckets;
use super::escape::{from_object_path, to_object_path};
use super::parts::LocalUpload;
use super::put::Upload;
use super::read::{Etag, OpenObject};
use crate::faults::{IoContext, to_object_store};
use crate::objects::{
    ListRequest, ObjectInfo, PutBody, PutOptions, from_attributes, to_attributes,
};

type StoreResult<T> = object_store::Result<T>;

/// One local bucket.
#[derive(Debug, Clone)]
pub(super) struct LocalObjectStore {
    buckets: LocalBuckets,
    bucket: BucketName,
}

/// The path of a key.
pub(super) fn object_path(key: &str) -> Result<Path> {
    Path::parse(to_object_path(key))
        .map_err(|error| Error::invalid(format!("key \"{key}\" has no path")).caused_by(error))
}

/// The key at a path.
pub(crate) fn key_at(location: &Path) -> Result<ObjectKey> {
    ObjectKey::new(from_object_path(location.as_ref()))
}

fn object_key(location: &Path) -> StoreResult<ObjectKey> {
    key_at(location).map_err(|error| to_object_store(error, location))
}

fn folder_prefix(prefix: Option<&Path>) -> String {
    match prefix {
        Some(prefix) if !prefix.as_ref().is_empty() => {
            format!("{}/", from_object_path(prefix.as_ref()))
        }
        _ => String::new(),
    }
}

fn meta(info: ObjectInfo, location: Path) -> ObjectMeta {
    let e_tag = info.etag.map(|etag| format!("\"{etag}\""));
    ObjectMeta {
        location,
        last_modified: SystemTime::from(info.modified_at).into(),
        size: info.size,
        e_tag,
        version: None,
    }
}

fn is_folder_mark(info: &ObjectInfo) -> bool {
    info.size == 0 && info.key.as_str().ends_with('/')
}

fn to_options(attributes: &Attributes) -> PutOptions {
    let (content_type, user_metadata) = from_attributes(attributes);
    PutOptions {
        content_type,
        user_metadata,
        only_if_absent: false,
    }
}

impl LocalObjectStore {
    pub(super) fn new(buckets: LocalBuckets, bucket: BucketName) -> Self {
        Self { buckets, bucket }
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        location: &Path,
        work: impl FnOnce(&LocalBuckets, &BucketName) -> Result<T> + Send + 'static,
    ) -> StoreResult<T> {
        let bucket = self.bucket.clone();
        self.buckets
            .blocking(move |buckets| work(buckets, &bucket))
            .await
            .map_err(|error| to_object_store(error, location))
    }

    async fn list_all(&self, prefix: Option<Path>) -> StoreResult<Vec<ObjectMeta>> {
        let request = ListRequest::all(folder_prefix(prefix.as_ref()));
        self.run(&prefix.unwrap_or_default(), move |buckets, bucket| {
            let page = buckets.list_objects(bucket, request)?;
            metas(page.objects)
        })
        .await
    }
}

fn metas(objects: Vec<ObjectInfo>) -> Result<Vec<ObjectMeta>> {
    objects
        .into_iter()
        .filter(|info| !is_folder_mark(info))
        .map(|info| {
            let location = object_path(info.key.as_str())?;
            Ok(meta(info, location))
        })
        .collect()
}

impl fmt::Display for LocalObjectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "local bucket {}", self.bucket)
    }
}

#[async_trait]
impl ObjectStore for LocalObjectStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: object_store::PutOptions,
    ) -> StoreResult<PutResult> {
        let key = object_key(location)?;
        let mut options = to_options(&opts.attributes);
        options.only_if_absent = match opts.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => {
                return Err(object_store::Error::NotImplemented {
                    operation: "put_opts with PutMode::Update".to_owned(),
                    implementer: self.to_string(),
                });
            }
        };
        let body = PutBody::Bytes(Bytes::from(payload));
        let put = self
            .buckets
            .put_object(self.bucket.clone(), key, body, options)
            .await;
        put.map(put_result)
            .map_err(|error| created_already(error, location))
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        let upload = self
            .run(location, |buckets, bucket| {
                buckets.existing_root(bucket)?;
                Upload::begin(buckets)
            })
            .await?;
        Ok(Box::new(LocalUpload::new(
            self.clone(),
            upload,
            object_key(location)?,
            location.clone(),
            to_options(&opts.attributes),
        )))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        let key = object_key(location)?;
        let OpenObject {
            file,
            located,
            info,
            ..
        } = self
            .run(location, move |buckets, bucket| {
                buckets.open_object(bucket, &key, Etag::IfKnown)
            })
            .await?;
        let attributes = to_attributes(info.content_type.clone(), info.user_metadata.clone());
        let meta = meta(info, location.clone());
        options.check_preconditions(&meta)?;
        let range = match options.range {
            Some(range) => {
                range
                    .as_range(meta.size)
                    .map_err(|error| object_store::Error::Generic {
                        store: "local",
                        source: Box::new(error),
                    })?
            }
            None => 0..meta.size,
        };
        Ok(GetResult {
            payload: GetResultPayload::File(file, located.path),
            meta,
            range,
            attributes,
        })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        let key = object_key(location)?;
        let ranges = ranges.to_vec();
        self.run(location, move |buckets, bucket| {
            let open = buckets.open_object(bucket, &key, Etag::IfKnown)?;
            ranges
                .into_iter()
                .map(|range| {
                    let range = crate::ByteRange::Bounded(range).within(open.info.size)?;
                    let mut buffer = vec![0; (range.end - range.start) as usize];
                    open.file
                        .read_exact_at(&mut buffer, range.start)
                        .at("read", &open.located.path)?;
                    Ok(Bytes::from(buffer))
                })
                .collect()
        })
        .await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, StoreResult<Path>>,
    ) -> BoxStream<'static, StoreResult<Path>> {
        let store = self.clone();
        locations
            .and_then(move |location| {
                let store = store.clone();
                async move {
                    let key = object_key(&location)?;
                    let faults = store
                        .run(&location, move |buckets, bucket| {
                            buckets.delete_plainly(bucket, &[key])
                        })
                        .await?;
                    match faults.into_iter().next() {
                        Some(fault) => Err(to_object_store(fault.error, &location)),
                        None => Ok(location),
                    }
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned());
        stream::once(async move { store.list_all(prefix).await })
            .map_ok(|metas| stream::iter(metas.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        let request = ListRequest::folder(folder_prefix(prefix));
        self.run(
            &prefix.cloned().unwrap_or_default(),
            move |buckets, bucket| {
                let page = buckets.list_objects(bucket, request)?;
                let common_prefixes = page
                    .common_prefixes
                    .iter()
                    .map(|folder| object_path(folder.strip_suffix('/').unwrap_or(folder)))
                    .collect::<Result<_>>()?;
                Ok(ListResult {
                    common_prefixes,
                    objects: metas(page.objects)?,
                })
            },
        )
        .await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> StoreResult<()> {
        let (from_key, to_key) = (object_key(from)?, object_key(to)?);
        let only_if_absent = options.mode == CopyMode::Create;
        let bucket = self.bucket.clone();
        self.buckets
            .blocking(move |buckets| {
                let (from, to) = ((&bucket, &from_key), (&bucket, &to_key));
                buckets.copy_plainly(from, to, None, only_if_absent)
            })
            .await
            .map(|_| ())
            .map_err(|error| created_already(error, to))
    }
}

pub(super) fn put_result(info: ObjectInfo) -> PutResult {
    PutResult {
        e_tag: info.etag.map(|etag| format!("\"{etag}\"")),
        version: None,
    }
}

/// object_store's word for "only if absent" failing.
fn created_already(error: Error, location: &Path) -> object_store::Error {
    if error.kind() == ErrorKind::Precondition {
        return object_store::Error::AlreadyExists {
            path: location.to_string(),
            source: Box::new(error),
        };
    }
    to_object_store(error, location)
}
