//! Where a run writes its output before it is published.

use std::path::Path;

use stave_core::Result;

use crate::home::check_id;
use crate::liveness::Scratch;
use crate::store::Store;

/// The folder of one run, on the file system of the buckets. Dropping it
/// removes what is left in it, unless that is committed and only waits to be
/// moved; when the process dies, [`Store::sweep`] does.
#[derive(Debug)]
pub struct Staging {
    store: Store,
    scratch: Option<Scratch>,
    id: String,
}

impl Store {
    /// A new, empty folder for the output of run `run_id`.
    pub fn staging(&self, run_id: &str) -> Result<Staging> {
        check_id("run", run_id)?;
        self.buckets().finish_publications()?;
        Ok(Staging {
            store: self.clone(),
            scratch: Some(Scratch::create(&self.home().staging(), run_id)?),
            id: run_id.to_owned(),
        })
    }
}

impl Staging {
    /// The folder.
    pub fn path(&self) -> std::path::PathBuf {
        self.store.home().staging().join(&self.id)
    }

    /// The run.
    pub fn run_id(&self) -> &str {
        &self.id
    }

    /// Whether `path` is in the folder.
    pub fn holds(&self, path: &Path) -> bool {
        path.starts_with(self.path())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let settled = matches!(self.store.buckets().is_publishing(&self.id), Ok(false));
        if let Some(scratch) = self.scratch.take().filter(|_| !settled) {
            scratch.leave();
        }
    }
}
