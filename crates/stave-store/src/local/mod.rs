//! Buckets on this machine: plain files below `<home>/buckets`, with rows
//! beside them for what a file cannot say of itself. A file dropped in by hand
//! is an object from then on; one removed by hand is none.

mod archive;
mod arrive;
mod commit;
mod copy;
mod delete;
mod engine;
mod escape;
mod files;
mod folders;
mod index;
mod journal;
mod lifecycle;
mod list;
mod lookup;
mod multipart;
mod parts;
mod prompt;
mod publish;
mod put;
mod read;
mod resolve;
mod settings;
mod sweep;
mod tagging;
#[cfg(test)]
mod tests;
mod version_list;
mod walk;
mod whole;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use object_store::ObjectStore;
use stave_core::{BucketName, Error, ErrorKind, ObjectKey, Result};

pub(crate) use self::arrive::Arrival;
pub(crate) use self::engine::key_at;
use self::files::look;
pub(crate) use self::files::{Touched, sync_folder};
pub(crate) use self::folders::Folders;
pub use self::lifecycle::LifecycleDone;
pub(crate) use self::prompt::Promptness;
pub use self::settings::BucketSetting;
use crate::blocking::blocking;
use crate::database::Durability;
use crate::faults::{CUT_SHORT, IoContext, SqlContext, io_error};
use crate::home::private_dir;
use crate::objects::{
    BucketInfo, BucketStore, ByteRange, DeleteFault, ListPage, ListRequest, ObjectFault,
    ObjectInfo, ObjectRead, Publication, PutBody, PutOptions, no_such_bucket, no_such_key,
};
use crate::store::{Store, from_micros, to_micros};
use crate::transaction::Transaction;

/// How many keys are deleted before others get their turn at writing.
const DELETE_BATCH: usize = 1000;
/// How often a write gives way to a publication that must be finished first.
const TURNS: usize = 100;

/// Where a test makes the process "die".
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrashPoint {
    /// The row of an upload is written, the file not renamed.
    UploadNoted,
    /// The file of an upload is renamed, its row not settled.
    UploadPlaced,
    /// The staged files are on the disk, nothing is committed.
    Staged,
    /// The publication is committed, nothing is moved.
    Committed,
    /// What is replaced has been deleted.
    Deleted,
    /// So many files have been moved.
    Moved(usize),
    /// All is in place, the journal not cleared.
    Applied,
    /// A change of versions is committed, no file moved.
    Decided,
    /// So many of its files have been moved.
    Stepped(usize),
    /// A part's file is in its place, its row not written.
    PartPlaced,
    /// The parts are put together, the object is not.
    Assembled,
    /// The object is there, the parts not removed.
    Completed,
    /// A file is deleted, its row and its event not written.
    Unlinked,
}

/// The buckets of a home.
#[derive(Debug, Clone)]
pub struct LocalBuckets {
    store: Store,
}

impl LocalBuckets {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// The time by the clock of the home.
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// The file that holds an object: for reading only, and only as long as
    /// nobody overwrites the object.
    pub fn local_path(&self, bucket: &BucketName, key: &ObjectKey) -> Result<PathBuf> {
        let root = self.root(bucket)?;
        match files::locate(&root, key.as_str())? {
            Some(found) => Ok(found.path),
            None => Err(no_such_key(bucket, key.as_str())),
        }
    }

    /// The folder of `bucket`; finishes a pending publication first, so that
    /// whatever is read next is of one state.
    fn root(&self, bucket: &BucketName) -> Result<PathBuf> {
        self.finish_publications()?;
        self.existing_root(bucket)
    }

    fn existing_root(&self, bucket: &BucketName) -> Result<PathBuf> {
        let root = self.store.home().bucket(bucket);
        if look(&root)?.is_some_and(|metadata| metadata.is_dir()) {
            Ok(root)
        } else {
            Err(no_such_bucket(bucket))
        }
    }

    /// Changes files and rows alone among all processes, with no publication pending.
    pub(crate) fn change<T>(
        &self,
        work: impl FnMut(&Transaction<'_>, &mut Touched) -> Result<T>,
    ) -> Result<T> {
        self.change_as(Durability::Relaxed, work)
    }

    /// As [`Self::change`]; `Durable` for what cannot be found out again from the files.
    fn change_as<T>(
        &self,
        durability: Durability,
        mut work: impl FnMut(&Transaction<'_>, &mut Touched) -> Result<T>,
    ) -> Result<T> {
        let mut touched = Touched::default();
        let done = self.with_nothing_pending(durability, |tx| work(tx, &mut touched))?;
        self.settle_files(&touched)?;
        Ok(done)
    }

    /// A transaction with no publication pending. `work` runs once, or not at all on an error.
    fn with_nothing_pending<T>(
        &self,
        durability: Durability,
        mut work: impl FnMut(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        for _ in 0..TURNS {
            let done = self.store.database().transact(durability, |tx| {
                if publish::is_pending(tx)? {
                    return Ok(None);
                }
                work(tx).map(Some)
            })?;
            match done {
                Some(done) => return Ok(done),
                None => self.finish_publications()?,
            }
        }
        Err(Error::conflict("other processes publish without a pause").hint("try again"))
    }

    /// What is left to do with files when a change is committed.
    fn settle_files(&self, touched: &Touched) -> Result<()> {
        if self.store.options().fsync {
            touched.sync()?;
        }
        touched.remove_needless();
        Ok(())
    }

    fn create(&self, bucket: &BucketName) -> Result<()> {
        let root = self.store.home().bucket(bucket);
        if look(&root)?.is_some() {
            return Err(
                Error::already_exists(format!("bucket \"{bucket}\" exists already"))
                    .coded("BucketAlreadyOwnedByYou"),
            );
        }
        private_dir(&root)?;
        if self.store.options().fsync {
            sync_folder(&self.store.home().buckets())?;
        }
        let now = to_micros(self.store.now());
        self.store.database().write_relaxed(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO buckets VALUES (?1, ?2)",
                (bucket.as_str(), now),
            )
            .sql()
        })?;
        Ok(())
    }

    fn remove(&self, bucket: &BucketName) -> Result<()> {
        self.change(|tx, _| {
            let root = self.existing_root(bucket)?;
            if let Some(object) =
                walk::walk(self.store.folders(), &root, &ListRequest::all("").max(1))?.first()
            {
                return Err(ObjectFault::BucketNotEmpty
                    .error(format!(
                        "bucket \"{bucket}\" is not empty: it holds \"{}\"",
                        object.key()
                    ))
                    .hint(format!("empty it with: stave rm --recursive s3://{bucket}")));
            }
            settings::refuse_versions(tx, bucket)?;
            remove_empty(&root).map_err(|error| {
                error.hint("it holds something that is no object (a link?); remove it by hand")
            })?;
            for table in [
                "DELETE FROM objects WHERE bucket = ?1",
                "DELETE FROM buckets WHERE name = ?1",
                "DELETE FROM bucket_settings WHERE bucket = ?1",
                "DELETE FROM uploads WHERE bucket = ?1",
            ] {
                tx.execute(table, [bucket.as_str()]).sql()?;
            }
            Ok(())
        })?;
        if self.store.options().fsync {
            sync_folder(&self.store.home().buckets())?;
        }
        Ok(())
    }

    fn all(&self) -> Result<Vec<BucketInfo>> {
        let folder = self.store.home().buckets();
        let mut buckets = Vec::new();
        for entry in fs::read_dir(&folder).at("list", &folder)? {
            let entry = entry.at("list", &folder)?;
            let name = entry.file_name().into_string().ok();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            // A foreign folder whose name no bucket can have is none.
            if let Some(name) = name
                .and_then(|name| BucketName::new(name).ok())
                .filter(|_| is_folder)
            {
                let changed_at = entry.metadata().and_then(|metadata| metadata.modified());
                let created_at = changed_at.ok().and_then(|at| at.try_into().ok());
                buckets.push(BucketInfo { name, created_at });
            }
        }
        buckets.sort_by(|a, b| a.name.cmp(&b.name));
        self.store.database().read(|tx| {
            let mut statement = tx
                .prepare("SELECT created_at FROM buckets WHERE name = ?1")
                .sql()?;
            for bucket in &mut buckets {
                let mut rows = statement.query([bucket.name.as_str()]).sql()?;
                if let Some(row) = rows.next().sql()? {
                    bucket.created_at = Some(from_micros(row.get(0).sql()?));
                }
            }
            Ok(())
        })?;
        Ok(buckets)
    }

    /// Runs blocking `work` where it holds up nobody.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let buckets = self.clone();
        blocking(CUT_SHORT, move || work(&buckets))
    }

    /// Fails where a test wants the process dead.
    #[cfg(test)]
    fn may_crash(&self, point: CrashPoint) -> Result<()> {
        if self.store.crash_point() == Some(point) {
            return Err(Error::internal("the process died here"));
        }
        Ok(())
    }
}

/// Removes `folder` and the folders in it, when there is nothing else.
fn remove_empty(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).at("list", folder)? {
        let entry = entry.at("list", folder)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path())?;
        }
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Err(Error::new(
            ErrorKind::Conflict,
            format!("{} is not empty", folder.display()),
        )),
        Err(error) => Err(io_error(error, "remove", folder)),
        Ok(()) => Ok(()),
    }
}

#[async_trait]
impl BucketStore for LocalBuckets {
    async fn create_bucket(&self, bucket: &BucketName) -> Result<()> {
        let bucket = bucket.clone();
        self.blocking(move |buckets| buckets.create(&bucket)).await
    }

    async fn delete_bucket(&self, bucket: &BucketName) -> Result<()> {
        let bucket = bucket.clone();
        self.blocking(move |buckets| buckets.remove(&bucket)).await
    }

    async fn list_buckets(&self) -> Result<Vec<BucketInfo>> {
        self.blocking(Self::all).await
    }

    async fn head_bucket(&self, bucket: &BucketName) -> Result<()> {
        let bucket = bucket.clone();
        self.blocking(move |buckets| buckets.existing_root(&bucket).map(|_| ()))
            .await
    }

    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo> {
        self.put_object(bucket.clone(), key.clone(), body, options)
            .await
    }

    async fn get(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<ObjectRead> {
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| buckets.read_object(&bucket, &key, range))
            .await
    }

    async fn head(&self, bucket: &BucketName, key: &ObjectKey) -> Result<ObjectInfo> {
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| {
            Ok(buckets.open_object(&bucket, &key, read::Etag::Needed)?.info)
        })
        .await
    }

    async fn list(&self, bucket: &BucketName, request: &ListRequest) -> Result<ListPage> {
        let (bucket, request) = (bucket.clone(), request.clone());
        self.blocking(move |buckets| buckets.list_objects(&bucket, request))
            .await
    }

    async fn copy(
        &self,
        from_bucket: &BucketName,
        from_key: &ObjectKey,
        bucket: &BucketName,
        key: &ObjectKey,
        replace: Option<PutOptions>,
    ) -> Result<ObjectInfo> {
        let (from_bucket, from_key) = (from_bucket.clone(), from_key.clone());
        let (bucket, key) = (bucket.clone(), key.clone());
        self.blocking(move |buckets| {
            buckets.copy_plainly((&from_bucket, &from_key), (&bucket, &key), replace, false)
        })
        .await
    }

    async fn delete_many(
        &self,
        bucket: &BucketName,
        keys: &[ObjectKey],
    ) -> Result<Vec<DeleteFault>> {
        let mut faults = Vec::new();
        for batch in keys.chunks(DELETE_BATCH) {
            let (bucket, batch) = (bucket.clone(), batch.to_vec());
            faults.extend(
                self.blocking(move |buckets| buckets.delete_plainly(&bucket, &batch))
                    .await?,
            );
        }
        Ok(faults)
    }

    async fn publish(&self, publication: Publication) -> Result<()> {
        self.blocking(move |buckets| buckets.publish_files(&publication))
            .await
    }

    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        self.existing_root(bucket)?;
        Ok(Arc::new(engine::LocalObjectStore::new(
            self.clone(),
            bucket.clone(),
        )))
    }

    fn object_path(&self, key: &ObjectKey) -> Result<object_store::path::Path> {
        engine::object_path(key.as_str())
    }
}
