//! Who runs functions: a process with a folder of its own, alive for as long as it holds the
//! lock beside it.

use std::fs;
use std::path::{Path, PathBuf};

use stave_core::{ErrorKind, Result};

use crate::faults::IoContext;
use crate::liveness::{LivenessLock, Scratch, lock_path};
use crate::store::Store;

/// A process that runs functions. Dropping it removes its folder; what it owned in the queue
/// goes back when somebody looks for the dead.
#[derive(Debug)]
pub struct Worker(Scratch);

/// A worker that has died, and what it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadWorker {
    /// Its id.
    pub id: String,
    /// Its folder, which may be gone.
    pub folder: PathBuf,
}

impl Worker {
    /// Its id, by which it owns invocations.
    pub fn id(&self) -> &str {
        self.0.id()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }
}

impl Store {
    /// A new worker.
    pub fn function_worker(&self) -> Result<Worker> {
        loop {
            let id = format!("{:032x}", self.next_id());
            match Scratch::create(&self.home().function_workers(), &id) {
                Ok(scratch) => return Ok(Worker(scratch)),
                // Ids of a test's source repeat between stores.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The workers that have died and have not been buried.
    pub fn dead_function_workers(&self) -> Result<Vec<DeadWorker>> {
        let parent = self.home().function_workers();
        let mut ids = self.functions_read(|rows| {
            let owners = rows.owners()?;
            Ok(owners)
        })?;
        for entry in fs::read_dir(&parent).at("list", &parent)? {
            let name = entry.at("list", &parent)?.file_name();
            let name = name.to_string_lossy();
            ids.push(name.strip_suffix(".lock").unwrap_or(&name).to_owned());
        }
        ids.sort();
        ids.dedup();
        let mut dead = Vec::new();
        for id in ids {
            if !LivenessLock::is_held(&lock_path(&parent, &id))? {
                let folder = parent.join(&id);
                dead.push(DeadWorker { id, folder });
            }
        }
        Ok(dead)
    }

    /// Gives back to the queue what a dead worker owned and removes its folder; says how many
    /// invocations there were. What it ran must be at an end. Nothing happens while it lives.
    pub fn bury_function_worker(&self, dead: &DeadWorker) -> Result<usize> {
        let path = lock_path(&self.home().function_workers(), &dead.id);
        // Held, so that of several who bury one does.
        let Some(_lock) = LivenessLock::acquire(path)? else {
            return Ok(0);
        };
        let back = self.functions_write(|rows| rows.take_back(&dead.id))?;
        match fs::remove_dir_all(&dead.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).at("remove", &dead.folder)
            }
            _ => Ok(back),
        }
    }

    /// Waits for the one turn at making what has the name `name` among the things that functions
    /// need: a virtual environment. Blocking.
    pub fn function_turn(&self, name: &str) -> Result<fs::File> {
        crate::home::check_id("turn", name)?;
        let folder = self.home().functions().join("turns");
        crate::home::private_dir(&folder)?;
        let path = folder.join(name);
        let file = fs::File::create(&path).at("open the lock", &path)?;
        file.lock().at("lock", &path)?;
        Ok(file)
    }
}
