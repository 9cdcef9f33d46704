//! Copies and moves between files of this machine and objects: first a plan
//! that touches nothing, then the plan's items, several at once.
//!
//! Must not know the command line, nor how progress is shown.

mod download;
mod names;
mod plan;
#[cfg(test)]
mod tests;
mod tree;
mod upload;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use stave_core::{BucketName, Caller, Error, ErrorKind, ObjectKey, Result, S3Uri};

pub use self::names::file_below;
use crate::buckets::Buckets;

/// How many objects are on their way at once.
const AT_ONCE: usize = 8;
/// After so many failures the rest is not tried.
const MAX_FAILURES: usize = 100;
/// Objects larger than this report their bytes while they are copied.
const LARGE_BYTES: u64 = 8 << 20;

/// One end of a copy as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file or directory of this machine.
    Local(PathBuf),
    /// An object, a prefix or a bucket.
    Object(S3Uri),
}

impl std::str::FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if S3Uri::is_s3(text) {
            text.parse().map(Self::Object)
        } else if text.is_empty() {
            Err(Error::invalid("the path is empty"))
        } else {
            Ok(Self::Local(PathBuf::from(text)))
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Object(uri) => uri.fmt(f),
        }
    }
}

/// How to copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransferOptions {
    /// Everything below a directory or prefix.
    pub recursive: bool,
    /// Deletes each source once it is copied.
    pub remove_sources: bool,
    /// Leaves symbolic links out instead of copying what they point to.
    pub no_follow_symlinks: bool,
}

/// A file or an object, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Spot {
    /// A file.
    File(PathBuf),
    /// An object.
    Object(BucketName, ObjectKey),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Object(bucket, key) => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

/// One thing to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// From where.
    pub from: Spot,
    /// To where.
    pub to: Spot,
    /// Its size in bytes.
    pub size: u64,
}

/// Something that is not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// What it is.
    pub what: String,
    /// Why not.
    pub reason: String,
    /// Whether it is a loss to be told as an error: a name that can't be used,
    /// a broken link. A socket or a folder mark is not.
    pub refused: bool,
}

/// What is to be copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The copies.
    pub items: Vec<Item>,
    /// What is left out.
    pub skipped: Vec<Skipped>,
    /// The size of all items in bytes.
    pub bytes: u64,
    /// The directory that all downloaded files lie in.
    root: Option<PathBuf>,
    remove_sources: bool,
}

/// What happens while a plan is carried out.
#[derive(Debug)]
pub enum Event<'a> {
    /// So many bytes more were copied.
    Bytes(u64),
    /// An item is done.
    Finished(&'a Item),
    /// An item failed.
    Failed(&'a Item, &'a Error),
}

/// Who is told.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// How a plan went.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many items were copied.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// How many were not: those that failed and those that were not tried after too many did.
    pub failed: u64,
    /// The first error.
    pub first_error: Option<Error>,
}

/// The transfer service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Transfer {
    buckets: Buckets,
}

impl Transfer {
    /// Transfers from and to `buckets`.
    pub fn new(buckets: Buckets) -> Self {
        Self { buckets }
    }

    /// Finds out what a copy means; reads names and sizes only.
    pub fn plan<'a>(
        &'a self,
        caller: &'a Caller,
        from: &'a Place,
        to: &'a Place,
        options: TransferOptions,
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            let plan = match (from, to) {
                (Place::Local(_), Place::Local(_)) => {
                    return Err(Error::invalid(format!(
                        "\"{from}\" and \"{to}\" are both on this machine"
                    ))
                    .hint("one of the two must be an s3:// address; for two files use cp"));
                }
                (Place::Local(path), Place::Object(uri)) => {
                    plan::upload(path, uri, options).await?
                }
                (Place::Object(uri), Place::Local(path)) => {
                    plan::download(&self.buckets, caller, uri, path, options).await?
                }
                (Place::Object(from), Place::Object(to)) => {
                    plan::copy(&self.buckets, caller, from, to, options).await?
                }
            };
            Ok(Plan {
                remove_sources: options.remove_sources,
                ..plan
            })
        })
    }

    /// Carries out a plan. What fails is told to `listener` and counted; the rest goes on.
    pub fn run<'a>(
        &'a self,
        caller: &'a Caller,
        plan: &'a Plan,
        listener: &'a Listener,
    ) -> BoxFuture<'a, Result<Summary>> {
        Box::pin(async move {
            self.check_target(caller, plan).await?;
            let mut done = stream::iter(0..plan.items.len())
                .map(|at| async move {
                    let item = &plan.items[at];
                    (item, self.transfer(caller, plan, item, listener).await)
                })
                .buffer_unordered(AT_ONCE);
            let mut summary = Summary::default();
            let mut failures = 0;
            while let Some((item, result)) = done.next().await {
                match result {
                    Ok(()) => {
                        summary.objects += 1;
                        summary.bytes += item.size;
                        listener(Event::Finished(item));
                    }
                    Err(error) => {
                        listener(Event::Failed(item, &error));
                        summary.first_error.get_or_insert(error);
                        failures += 1;
                        if failures == MAX_FAILURES {
                            break;
                        }
                    }
                }
            }
            summary.failed = plan.items.len() as u64 - summary.objects;
            Ok(summary)
        })
    }

    /// One error about the bucket instead of one for each object.
    async fn check_target(&self, caller: &Caller, plan: &Plan) -> Result<()> {
        match plan.items.first().map(|item| &item.to) {
            Some(Spot::Object(bucket, _)) if !self.buckets.is_remote(bucket) => {
                self.buckets.head_bucket(caller, bucket).await
            }
            _ => Ok(()),
        }
    }

    async fn transfer(
        &self,
        caller: &Caller,
        plan: &Plan,
        item: &Item,
        listener: &Listener,
    ) -> Result<()> {
        match (&item.from, &item.to) {
            (Spot::File(path), Spot::Object(bucket, key)) => {
                upload::upload(
                    &self.buckets,
                    caller,
                    (path, item.size),
                    (bucket, key),
                    listener,
                )
                .await?;
            }
            (Spot::Object(bucket, key), Spot::File(path)) => {
                let read = self.buckets.get(caller, bucket, key, None).await?;
                let root = plan.root.as_deref();
                download::write(read, root, path, plan.remove_sources, listener).await?;
            }
            (Spot::Object(from_bucket, from_key), Spot::Object(bucket, key)) => {
                let (from, to) = ((from_bucket, from_key), (bucket, key));
                upload::copy(&self.buckets, caller, (from, item.size), to, listener).await?;
            }
            (Spot::File(from), Spot::File(_)) => {
                return Err(Error::internal(format!(
                    "{} was planned as a local copy",
                    from.display()
                )));
            }
        }
        if plan.remove_sources {
            self.remove(caller, &item.from).await?;
        }
        Ok(())
    }

    async fn remove(&self, caller: &Caller, spot: &Spot) -> Result<()> {
        match spot {
            Spot::Object(bucket, key) => self.buckets.delete(caller, bucket, key).await,
            Spot::File(path) => tokio::fs::remove_file(path)
                .await
                .map_err(|error| io_error(error, "remove", path)),
        }
    }
}

impl Plan {
    /// Adds an item, within the bound of what one copy may hold.
    fn push(&mut self, item: Item) -> Result<()> {
        if self.items.len() == stave_store::objects::MAX_LISTED {
            return Err(Error::limit_exceeded(format!(
                "more than {} objects in one copy",
                stave_store::objects::MAX_LISTED
            ))
            .hint("copy one folder after the other"));
        }
        self.bytes += item.size;
        self.items.push(item);
        Ok(())
    }

    fn skip(&mut self, what: impl fmt::Display, reason: impl Into<String>, refused: bool) {
        self.skipped.push(Skipped {
            what: what.to_string(),
            reason: reason.into(),
            refused,
        });
    }

    /// Refuses what would read its own output.
    fn refuse_overlap(&self) -> Result<()> {
        let sources: HashMap<&Spot, &Item> =
            self.items.iter().map(|item| (&item.from, item)).collect();
        for item in &self.items {
            if item.from == item.to {
                return Err(Error::invalid(format!(
                    "{} cannot be copied onto itself",
                    item.from
                )));
            }
            if let Some(other) = sources.get(&item.to) {
                return Err(Error::invalid(format!(
                    "{} would be written over {}, which is to be copied too",
                    item.from, other.from
                ))
                .hint("the target overlaps the source: copy to a place outside of it"));
            }
        }
        Ok(())
    }
}

/// The error of a file operation outside of buckets.
fn io_error(error: std::io::Error, doing: &str, path: &Path) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::Denied
        }
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            ErrorKind::LimitExceeded
        }
        std::io::ErrorKind::InvalidFilename => ErrorKind::Invalid,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, format!("cannot {doing} {}: {error}", path.display())).caused_by(error)
}
