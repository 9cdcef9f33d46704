//! One home, opened: the database, the clock and the ids, shared by everything
//! that reads or writes it. Blocking; callers on an async runtime decide where it runs.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use stave_core::{BucketName, Clock, IdSource, Result};

use crate::database::Database;
use crate::home::Home;
use crate::liveness::{LivenessLock, Scratch, any_dead, lock_path, sweep_dead};
use crate::local::{Arrival, Folders, LocalBuckets, Promptness, sync_folder};
use crate::md5::SideBySide;
use crate::objects::MIN_PART_BYTES;
use crate::schema::STEPS;
use crate::together::Together;

/// How a store behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// Whether what was acknowledged survives a loss of power (it survives the
    /// death of the process either way).
    pub fsync: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { fsync: true }
    }
}

/// A home, opened. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Store(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    home: Home,
    options: StoreOptions,
    database: Database,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    uploads: Mutex<Option<Arc<Scratch>>>,
    folders: Folders,
    arrivals: Together<Arrival, bool>,
    bodies: SideBySide,
    reads: Promptness,
    writes: Promptness,
    versioned: Mutex<HashSet<BucketName>>,
    #[cfg(test)]
    crash: Mutex<Option<crate::local::CrashPoint>>,
    #[cfg(test)]
    any_part_size: std::sync::atomic::AtomicBool,
}

/// What [`Store::sweep`] did away with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Runs whose staged output was removed.
    pub staging: Vec<String>,
    /// Folders of unfinished uploads that were removed.
    pub uploads: usize,
    /// Job runs that were marked as failed because their process is gone.
    pub runs: Vec<String>,
    /// Crawls that were marked as failed because their process is gone.
    pub crawls: Vec<String>,
}

impl Store {
    /// Opens the home at `home`, made if it is not there.
    pub fn open(
        home: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self> {
        Self::open_with(home, clock, ids, StoreOptions::default())
    }

    /// Opens the home at `home` with `options`.
    pub fn open_with(
        home: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        options: StoreOptions,
    ) -> Result<Self> {
        let home = Home::open(home)?;
        let database = Database::open(&home.database(), options.fsync, STEPS)?;
        Ok(Self(Arc::new(Parts {
            home,
            options,
            database,
            clock,
            ids,
            uploads: Mutex::new(None),
            folders: Folders::default(),
            arrivals: Together::default(),
            bodies: SideBySide::default(),
            reads: Promptness::of_reads(),
            writes: Promptness::of_writes(),
            versioned: Mutex::default(),
            #[cfg(test)]
            crash: Mutex::new(None),
            #[cfg(test)]
            any_part_size: false.into(),
        })))
    }

    /// Where it lies.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// How it behaves.
    pub fn options(&self) -> StoreOptions {
        self.0.options
    }

    /// The buckets of this home.
    pub fn buckets(&self) -> LocalBuckets {
        LocalBuckets::new(self.clone())
    }

    /// Finishes what the dead left unfinished and removes what they left lying:
    /// output that was committed is published; staged output and uploads whose
    /// process is gone are removed; their runs and crawls are marked as failed.
    pub fn sweep(&self) -> Result<Swept> {
        let buckets = self.buckets();
        buckets.finish_publications()?;
        let (staging, uploads) = (self.0.home.staging(), self.0.home.uploads());
        let (staging, uploads) = if any_dead(&staging)? || any_dead(&uploads)? {
            // Alone among all processes and with nothing pending: nothing of the dead is awaited
            // in there, what they committed is in its place now.
            buckets.change(|_, _| Ok((sweep_dead(&staging)?, sweep_dead(&uploads)?.len())))?
        } else {
            (Vec::new(), 0)
        };
        buckets.forget_dead_uploads()?;
        Ok(Swept {
            staging,
            uploads,
            runs: self.mark_dead_runs()?,
            crawls: self.mark_dead_crawls()?,
        })
    }

    /// Removes files of versions and of parts that nothing names, and forgets uploads that
    /// were completed a week ago; says how many files. Looks at every such file: for a
    /// worker, from time to time.
    pub fn sweep_orphans(&self) -> Result<usize> {
        let buckets = self.buckets();
        buckets.forget_completed_uploads()?;
        buckets.remove_orphans()
    }

    /// Uploads that are about to become objects.
    pub(crate) fn arrivals(&self) -> &Together<Arrival, bool> {
        &self.0.arrivals
    }

    /// Large bodies that are being received.
    pub(crate) fn bodies(&self) -> &SideBySide {
        &self.0.bodies
    }

    /// Whether small reads are done where they are asked for.
    pub(crate) fn reads(&self) -> &Promptness {
        &self.0.reads
    }

    /// Whether small writes are.
    pub(crate) fn writes(&self) -> &Promptness {
        &self.0.writes
    }

    /// Whether `bucket` was last seen to keep versions.
    pub(crate) fn keeps_versions(&self, bucket: &BucketName) -> bool {
        self.versioned().contains(bucket)
    }

    /// Remembers whether `bucket` keeps versions.
    pub(crate) fn note_versions(&self, bucket: &BucketName, keeps: bool) {
        if keeps {
            self.versioned().insert(bucket.clone());
        } else {
            self.versioned().remove(bucket);
        }
    }

    fn versioned(&self) -> MutexGuard<'_, HashSet<BucketName>> {
        let versioned = self.0.versioned.lock();
        versioned.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn folders(&self) -> &Folders {
        &self.0.folders
    }

    /// The present moment, by the home's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn next_id(&self) -> u128 {
        self.0.ids.next()
    }

    /// This process's own folder for unfinished uploads, made when first needed.
    pub(crate) fn uploads(&self) -> Result<Arc<Scratch>> {
        let mut uploads = self
            .0
            .uploads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(scratch) = uploads.as_ref() {
            return Ok(Arc::clone(scratch));
        }
        let scratch = loop {
            let id = format!("{:032x}", self.next_id());
            match Scratch::create(&self.0.home.uploads(), &id) {
                Ok(scratch) => {
                    if self.0.options.fsync {
                        sync_folder(&self.0.home.uploads())?;
                    }
                    break Arc::new(scratch);
                }
                // Ids of a test's source repeat between stores.
                Err(error) if error.kind() == stave_core::ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        };
        Ok(Arc::clone(uploads.insert(scratch)))
    }

    /// The name under which this process is known to be alive.
    pub fn process(&self) -> Result<String> {
        Ok(self.uploads()?.id().to_owned())
    }

    /// Whether the process of that name is alive.
    pub(crate) fn is_alive(&self, process: &str) -> Result<bool> {
        LivenessLock::is_held(&lock_path(&self.0.home.uploads(), process))
    }

    /// The smallest part of an upload that is not the last, in bytes.
    pub(crate) fn min_part_bytes(&self) -> u64 {
        #[cfg(test)]
        if self
            .0
            .any_part_size
            .load(std::sync::atomic::Ordering::Relaxed)
        {
            return 1;
        }
        let _ = self;
        MIN_PART_BYTES
    }

    #[cfg(test)]
    pub(crate) fn allow_small_parts(&self) {
        let allowed = &self.0.any_part_size;
        allowed.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn crash_at(&self, point: Option<crate::local::CrashPoint>) {
        *self.0.crash.lock().expect("unpoisoned") = point;
    }

    #[cfg(test)]
    pub(crate) fn crash_point(&self) -> Option<crate::local::CrashPoint> {
        *self.0.crash.lock().expect("unpoisoned")
    }
}

/// Microseconds since 1970, as times are stored.
pub(crate) fn to_micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The time that was stored as microseconds; a value out of range becomes 1970.
pub(crate) fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
