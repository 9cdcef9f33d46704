//! The folder for what does not fit in memory: one for each process, removed
//! with it, and by the next one when it was killed.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use stave_core::{Error, IdSource, Result};

/// A folder that lives as long as this value.
#[derive(Debug)]
pub struct SpillFolder {
    path: PathBuf,
    // Locked for as long as this process lives.
    _lock: File,
}

impl SpillFolder {
    /// Makes a folder in `parent` and removes those of the dead.
    pub fn create(parent: &Path, ids: &dyn IdSource) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::internal(format!(
                "cannot make a folder for spilling in {}",
                parent.display()
            ))
            .caused_by(error)
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(failed)?;
        sweep(parent);
        let path = parent.join(format!("{:032x}", ids.next()));
        let lock = File::create(path.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        fs::create_dir(&path).map_err(failed)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SpillFolder {
    fn drop(&mut self) {
        // What is left is swept by the next process.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(self.path.with_extension("lock"));
    }
}

/// Removes the folders whose process is gone. One that can't be is left for the next time.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let lock = entry.path();
        if lock.extension().is_none_or(|ending| ending != "lock") {
            continue;
        }
        if File::open(&lock).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(lock.with_extension(""));
            let _ = fs::remove_file(&lock);
        }
    }
}

#[cfg(test)]
mod tests {
    use stave_core::SequentialIds;

    use super::*;

    #[test]
    fn the_folders_of_the_dead_are_removed() {
        let dir = tempfile::tempdir().expect("a directory");
        let ids = SequentialIds::default();
        fs::create_dir(dir.path().join("dead")).expect("made");
        fs::write(dir.path().join("dead.lock"), "").expect("made");
        let first = SpillFolder::create(dir.path(), &ids).expect("made");
        let second = SpillFolder::create(dir.path(), &ids).expect("made");
        assert!(!dir.path().join("dead").exists());
        assert!(first.path().is_dir() && second.path().is_dir());
        drop((first, second));
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 0);
    }
}
