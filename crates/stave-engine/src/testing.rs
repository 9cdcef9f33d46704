//! Buckets and a catalog in memory, for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use serde_json::json;
use stave_core::catalog::{Column, Partition, SerdeInfo, Table};
use stave_core::{BucketName, Error, Result, S3Uri};

use crate::catalog::Catalog;
use crate::{Buckets, Engine, EngineOptions};

/// Buckets in memory; every name is one.
#[derive(Debug, Default)]
pub(crate) struct MemoryBuckets(Mutex<BTreeMap<String, Arc<Watched>>>);

impl MemoryBuckets {
    fn bucket(&self, name: &str) -> Arc<Watched> {
        Arc::clone(self.0.lock().unwrap().entry(name.to_owned()).or_default())
    }

    /// Puts an object at an `s3://` address.
    pub(crate) async fn put(&self, uri: &str, bytes: impl Into<Vec<u8>>) {
        let uri: S3Uri = uri.parse().unwrap();
        let path = Path::parse(&uri.key).unwrap();
        let payload = PutPayload::from(bytes.into());
        self.bucket(uri.bucket.as_str())
            .inner
            .put(&path, payload)
            .await
            .unwrap();
    }

    /// The keys that were read since the last time.
    pub(crate) fn take_read(&self, bucket: &str) -> Vec<String> {
        let read = std::mem::take(&mut *self.bucket(bucket).read.lock().unwrap());
        read.into_iter().collect()
    }
}

impl Buckets for MemoryBuckets {
    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        Ok(self.bucket(bucket.as_str()))
    }
}

/// A store in memory that remembers what was read.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    inner: InMemory,
    read: Mutex<BTreeSet<String>>,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

type StoreResult<T> = object_store::Result<T>;

#[async_trait]
impl ObjectStore for Watched {
    async fn put_opts(
        &self,
        to: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> StoreResult<PutResult> {
        self.inner.put_opts(to, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        options: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(to, options).await
    }

    async fn get_opts(&self, from: &Path, options: GetOptions) -> StoreResult<GetResult> {
        if !options.head {
            self.read.lock().unwrap().insert(from.to_string());
        }
        self.inner.get_opts(from, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, StoreResult<Path>>,
    ) -> BoxStream<'static, StoreResult<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> StoreResult<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// An engine of two cores over `buckets`.
pub(crate) fn engine(buckets: &Arc<MemoryBuckets>) -> Engine {
    let options = EngineOptions {
        memory_bytes: 256 << 20,
        cores: NonZeroUsize::new(2).unwrap(),
        spill_dir: std::env::temp_dir(),
    };
    Engine::new(options, Arc::clone(buckets) as Arc<dyn Buckets>).unwrap()
}

/// A catalog in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryCatalog {
    tables: Mutex<BTreeMap<(String, String), Table>>,
    partitions: Mutex<BTreeMap<(String, String), Vec<Partition>>>,
}

impl MemoryCatalog {
    /// Adds a table, and its database if need be.
    pub(crate) fn add(&self, table: Table) {
        let key = (table.database.clone(), table.name.clone());
        self.tables.lock().unwrap().insert(key, table);
    }

    /// Registers a partition at `location`.
    pub(crate) fn add_partition(&self, table: &Table, values: &[&str], location: &str) {
        let mut storage = table.storage.clone();
        location.clone_into(&mut storage.location);
        let partition = Partition {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            storage,
            parameters: BTreeMap::new(),
            created_at: table.created_at,
        };
        let key = (table.database.clone(), table.name.clone());
        self.partitions
            .lock()
            .unwrap()
            .entry(key)
            .or_default()
            .push(partition);
    }
}

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn databases(&self) -> Result<Vec<String>> {
        let tables = self.tables.lock().unwrap();
        let names: BTreeSet<String> = tables
            .keys()
            .map(|(database, _)| database.clone())
            .collect();
        Ok(names.into_iter().collect())
    }

    async fn tables(&self, database: &str) -> Result<Vec<String>> {
        let tables = self.tables.lock().unwrap();
        let of_it = tables.keys().filter(|(of, _)| of == database);
        let names: Vec<String> = of_it.map(|(_, name)| name.clone()).collect();
        if names.is_empty() {
            return Err(Error::not_found(format!(
                "database \"{database}\" does not exist"
            )));
        }
        Ok(names)
    }

    async fn table(&self, database: &str, name: &str) -> Result<Option<Table>> {
        let key = (database.to_owned(), name.to_owned());
        Ok(self.tables.lock().unwrap().get(&key).cloned())
    }

    async fn partitions(&self, database: &str, table: &str) -> Result<Vec<Partition>> {
        let key = (database.to_owned(), table.to_owned());
        Ok(self
            .partitions
            .lock()
            .unwrap()
            .get(&key)
            .cloned()
            .unwrap_or_default())
    }
}

/// A table at `location` that `library` reads, with columns written `name type`.
pub(crate) fn table(name: &str, library: &str, location: &str, columns: &[&str]) -> Table {
    let (database, name) = name.split_once('.').unwrap();
    let mut table: Table = serde_json::from_value(json!({
        "database": database, "name": name, "description": null, "owner": null,
        "table_type": "EXTERNAL_TABLE",
        "storage": {
            "columns": [], "location": location, "input_format": "", "output_format": "",
            "compressed": false, "serde": {"library": "", "parameters": {}}, "parameters": {},
        },
        "partition_keys": [], "parameters": {},
        "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "version": 0,
    }))
    .unwrap();
    table.storage.columns = self::columns(columns);
    table.storage.serde = SerdeInfo {
        library: library.to_owned(),
        parameters: BTreeMap::new(),
    };
    table
}

/// Columns written `name type`.
pub(crate) fn columns(columns: &[&str]) -> Vec<Column> {
    let split = columns.iter().map(|column| column.split_once(' ').unwrap());
    split
        .map(|(name, type_name)| Column::new(name, type_name))
        .collect()
}
