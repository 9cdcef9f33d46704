//! Buckets on a real S3 or a server that speaks like one, through object_store.
//!
//! What object_store cannot say is refused: keys with empty parts or dots
//! (`a//b`, `../x`), making and removing buckets. A folder mark (`a/`, empty)
//! is seen as `a` there.

mod config;
mod publish;
mod put;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{Attributes, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use stave_core::{BucketName, Error, ObjectKey, Result};

pub use self::config::RemoteConfig;
use self::put::file_parts;
use crate::faults::remote_error;
use crate::objects::{
    BucketInfo, BucketStore, ByteRange, DEFAULT_CONTENT_TYPE, DeleteFault, ListPage, ListRequest,
    MAX_LISTED, ObjectInfo, ObjectRead, Publication, PutBody, PutOptions, from_attributes,
};

/// The size of an upload's parts; smaller objects go in one request.
const PART_BYTES: usize = 8 << 20;

type Connect = dyn Fn(&BucketName) -> Result<Arc<dyn ObjectStore>> + Send + Sync;

/// Buckets of one remote server. Clones share their connections.
#[derive(Clone)]
pub struct RemoteBuckets {
    config: Arc<RemoteConfig>,
    connect: Arc<Connect>,
    clients: Arc<Mutex<HashMap<BucketName, Arc<dyn ObjectStore>>>>,
}

impl fmt::Debug for RemoteBuckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteBuckets").field(&self.config).finish()
    }
}

impl RemoteBuckets {
    /// The buckets that `config` names.
    pub fn new(config: RemoteConfig) -> Self {
        let config = Arc::new(config);
        let of = Arc::clone(&config);
        Self::connecting(config, Arc::new(move |bucket| of.connect(bucket)))
    }

    fn connecting(config: Arc<RemoteConfig>, connect: Arc<Connect>) -> Self {
        Self {
            config,
            connect,
            clients: Arc::default(),
        }
    }

    /// Whether `bucket` lies on this server.
    pub fn claims(&self, bucket: &BucketName) -> bool {
        self.config.claims(bucket)
    }

    fn client(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(bucket) {
            return Ok(Arc::clone(client));
        }
        let client = (self.connect)(bucket)?;
        clients.insert(bucket.clone(), Arc::clone(&client));
        Ok(client)
    }
}

fn place(bucket: &BucketName, key: &ObjectKey) -> String {
    format!("s3://{bucket}/{key}")
}

/// The path of a key: the key itself, or an error.
fn path_of(key: &ObjectKey) -> Result<Path> {
    match Path::parse(key.as_str()) {
        Ok(path) if path.as_ref() == key.as_str() => Ok(path),
        _ => Err(Error::unsupported(format!(
            "key \"{key}\" cannot be used in a remote bucket: it has an empty part or dots"
        ))),
    }
}

fn object_info(meta: ObjectMeta, attributes: &Attributes) -> Result<ObjectInfo> {
    let (content_type, user_metadata) = from_attributes(attributes);
    let modified_at = Timestamp::try_from(std::time::SystemTime::from(meta.last_modified));
    Ok(ObjectInfo {
        key: ObjectKey::new(String::from(meta.location))?,
        size: meta.size,
        etag: meta.e_tag.map(|etag| etag.trim_matches('"').to_owned()),
        modified_at: modified_at.unwrap_or(Timestamp::UNIX_EPOCH),
        content_type: content_type.unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned()),
        user_metadata,
        storage_class: None,
    })
}

impl RemoteBuckets {
    async fn read(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: GetOptions,
    ) -> Result<object_store::GetResult> {
        let client = self.client(bucket)?;
        let read = client.get_opts(&path_of(key)?, options).await;
        read.map_err(|error| remote_error(error, &place(bucket, key)))
    }

    /// Objects whose key begins with `prefix`, in order, after `start_after`.
    fn matching(
        client: &Arc<dyn ObjectStore>,
        request: &ListRequest,
    ) -> Result<BoxStream<'static, object_store::Result<ObjectMeta>>> {
        let folder = request
            .prefix
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let unusable = |error: object_store::path::Error| {
            Error::unsupported(format!(
                "prefix \"{}\" cannot be used in a remote bucket",
                request.prefix
            ))
            .caused_by(error)
        };
        let folder = Path::parse(folder).map_err(unusable)?;
        let folder = Some(&folder).filter(|folder| !folder.as_ref().is_empty());
        let after = request.start_after.as_deref().unwrap_or_default();
        let all = match Path::parse(after) {
            Ok(offset) if offset.as_ref() == after && !after.is_empty() => {
                client.list_with_offset(folder, &offset)
            }
            _ => client.list(folder),
        };
        let (prefix, after) = (request.prefix.clone(), after.to_owned());
        Ok(all
            .try_filter(move |meta| {
                let key = meta.location.as_ref();
                std::future::ready(key.starts_with(&prefix) && key > after.as_str())
            })
            .boxed())
    }
}

#[async_trait]
impl BucketStore for RemoteBuckets {
    async fn create_bucket(&self, bucket: &BucketName) -> Result<()> {
        Err(Error::unsupported(format!(
            "making the remote bucket \"{bucket}\" is not done here"
        ))
        .hint("make it with the server's own tools, such as: aws s3 mb"))
    }

    async fn delete_bucket(&self, bucket: &BucketName) -> Result<()> {
        Err(Error::unsupported(format!(
            "removing the remote bucket \"{bucket}\" is not done here"
        ))
        .hint("remove it with the server's own tools, such as: aws s3 rb"))
    }

    /// The buckets that the configuration names in full.
    async fn list_buckets(&self) -> Result<Vec<BucketInfo>> {
        Ok(self
            .config
            .named()
            .map(|name| BucketInfo {
                name,
                created_at: None,
            })
            .collect())
    }

    async fn head_bucket(&self, bucket: &BucketName) -> Result<()> {
        let client = self.client(bucket)?;
        let first = client.list(None).next().await.transpose();
        first
            .map(|_| ())
            .map_err(|error| remote_error(error, &format!("bucket \"{bucket}\"")))
    }

    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo> {
        match body {
            PutBody::Bytes(bytes) if bytes.len() <= PART_BYTES => {
                self.put_bytes(bucket, key, bytes, &options).await?;
            }
            PutBody::Bytes(bytes) => {
                let stream = stream::once(async { Ok(bytes) }).boxed();
                self.put_stream(bucket, key, stream, &options).await?;
            }
            PutBody::Stream(stream) => self.put_stream(bucket, key, stream, &options).await?,
            PutBody::File(path) => {
                self.put_stream(bucket, key, file_parts(path), &options)
                    .await?;
            }
        }
        self.head(bucket, key).await
    }

    async fn get(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<ObjectRead> {
        let options = GetOptions {
            range: match range {
                Some(ByteRange::Bounded(range)) if range.is_empty() => {
                    return Err(Error::invalid(format!("the range {range:?} has no byte")));
                }
                Some(ByteRange::Bounded(range)) => Some(GetRange::Bounded(range)),
                Some(ByteRange::From(start)) => Some(GetRange::Offset(start)),
                Some(ByteRange::Last(count)) => Some(GetRange::Suffix(count)),
                None => None,
            },
            ..GetOptions::default()
        };
        let read = self.read(bucket, key, options).await?;
        let place = place(bucket, key);
        let range = read.range.clone();
        let info = object_info(read.meta.clone(), &read.attributes)?;
        let body = read
            .into_stream()
            .map_err(move |error| remote_error(error, &place))
            .boxed();
        Ok(ObjectRead { info, range, body })
    }

    async fn head(&self, bucket: &BucketName, key: &ObjectKey) -> Result<ObjectInfo> {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        let read = self.read(bucket, key, options).await?;
        object_info(read.meta, &read.attributes)
    }

    async fn list(&self, bucket: &BucketName, request: &ListRequest) -> Result<ListPage> {
        let mut page = ListPage::default();
        let max = request.max.min(MAX_LISTED);
        if max == 0 {
            return Ok(page);
        }
        let delimiter = request
            .delimiter
            .as_deref()
            .filter(|delimiter| !delimiter.is_empty());
        let client = self.client(bucket)?;
        let mut matching = Self::matching(&client, request)?;
        let mut last = String::new();
        while let Some(meta) = matching
            .try_next()
            .await
            .map_err(|error| remote_error(error, &format!("bucket \"{bucket}\"")))?
        {
            let key = meta.location.as_ref();
            let folded = delimiter.and_then(|delimiter| {
                let at = key[request.prefix.len()..].find(delimiter)?;
                Some(key[..request.prefix.len() + at + delimiter.len()].to_owned())
            });
            if let Some(folded) = &folded
                && (*folded == last || request.start_after.as_ref() == Some(folded))
            {
                continue;
            }
            if page.objects.len() + page.common_prefixes.len() == max {
                page.next = Some(last);
                break;
            }
            last = folded.clone().unwrap_or_else(|| key.to_owned());
            match folded {
                Some(folded) => page.common_prefixes.push(folded),
                None => page.objects.push(object_info(meta, &Attributes::new())?),
            }
        }
        Ok(page)
    }

    async fn copy(
        &self,
        from_bucket: &BucketName,
        from_key: &ObjectKey,
        bucket: &BucketName,
        key: &ObjectKey,
        replace: Option<PutOptions>,
    ) -> Result<ObjectInfo> {
        if from_bucket == bucket && replace.is_none() {
            let client = self.client(bucket)?;
            let copied = client.copy(&path_of(from_key)?, &path_of(key)?).await;
            copied.map_err(|error| remote_error(error, &place(from_bucket, from_key)))?;
            return self.head(bucket, key).await;
        }
        let read = self.get(from_bucket, from_key, None).await?;
        let options = replace.unwrap_or_else(|| PutOptions {
            content_type: Some(read.info.content_type.clone()),
            user_metadata: read.info.user_metadata.clone(),
            only_if_absent: false,
        });
        self.put(bucket, key, PutBody::Stream(read.body), options)
            .await
    }

    async fn delete_many(
        &self,
        bucket: &BucketName,
        keys: &[ObjectKey],
    ) -> Result<Vec<DeleteFault>> {
        let client = self.client(bucket)?;
        let paths = keys.iter().map(path_of).collect::<Result<Vec<_>>>()?;
        let locations = stream::iter(paths.into_iter().map(Ok)).boxed();
        let results: Vec<object_store::Result<Path>> =
            client.delete_stream(locations).collect().await;
        if results.len() != keys.len() {
            // A whole request failed: its keys cannot be told apart.
            let failed = results.into_iter().find_map(object_store::Result::err);
            return Err(failed.map_or_else(
                || Error::unavailable(format!("bucket \"{bucket}\" did not confirm all deletes")),
                |error| remote_error(error, &format!("bucket \"{bucket}\"")),
            ));
        }
        let faults = keys
            .iter()
            .zip(results)
            .filter_map(|(key, result)| match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => None,
                Err(error) => Some(DeleteFault {
                    key: key.clone(),
                    error: remote_error(error, &place(bucket, key)),
                }),
            });
        Ok(faults.collect())
    }

    async fn publish(&self, publication: Publication) -> Result<()> {
        self.publish_files(&publication).await
    }

    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        self.client(bucket)
    }

    fn object_path(&self, key: &ObjectKey) -> Result<Path> {
        path_of(key)
    }
}
