//! Who is alive: a locked file a process holds for as long as it lives. The
//! kernel drops the lock when the process dies, however it dies.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use stave_core::{Error, Result};

use crate::faults::{IoContext, io_error};
use crate::home::private_dir;

/// Somebody who only asks holds a lock for microseconds; that is waited out.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(2);

/// A lock that says "the one who made this is alive". Dropping it ends the claim.
#[derive(Debug)]
pub struct LivenessLock {
    path: PathBuf,
    // Held open: the lock lives as long as the open file does.
    _file: File,
}

impl LivenessLock {
    /// Takes the lock at `path`; `None` when somebody alive holds it.
    pub(crate) fn acquire(path: PathBuf) -> Result<Option<Self>> {
        for _ in 0..ATTEMPTS {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .at("open the lock", &path)?;
            match file.try_lock() {
                // Whoever ends removes the file: a lock on a removed file claims nothing.
                Ok(()) if is_still(&file, &path)? => return Ok(Some(Self { path, _file: file })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(io_error(error, "lock", &path)),
            }
        }
        Ok(None)
    }

    /// Whether somebody alive holds the lock at `path`.
    pub(crate) fn is_held(path: &Path) -> Result<bool> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(io_error(error, "open the lock", path)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(io_error(error, "lock", path)),
        }
    }
}

impl Drop for LivenessLock {
    fn drop(&mut self) {
        // Left behind, it would be swept later: nobody holds it.
        let _ = fs::remove_file(&self.path);
    }
}

fn is_still(file: &File, path: &Path) -> Result<bool> {
    let held = file.metadata().at("read", path)?;
    Ok(fs::symlink_metadata(path).is_ok_and(|there| there.ino() == held.ino()))
}

/// A directory that is somebody's own for as long as they live; removed with
/// what is left in it when dropped, or by [`crate::Store::sweep`] when its owner died.
#[derive(Debug)]
pub struct Scratch {
    id: String,
    dir: PathBuf,
    // After `dir` is gone, so that nobody sweeps what is being removed.
    _lock: LivenessLock,
}

impl Scratch {
    /// Makes `<parent>/<id>`, locked by `<parent>/<id>.lock`.
    pub(crate) fn create(parent: &Path, id: &str) -> Result<Self> {
        let lock = LivenessLock::acquire(lock_path(parent, id))?.ok_or_else(|| {
            Error::conflict(format!(
                "{id} is at work already, in this or another process"
            ))
        })?;
        let dir = parent.join(id);
        // What a dead owner of the same id left is not ours to publish.
        remove_all(&dir)?;
        private_dir(&dir)?;
        Ok(Self {
            id: id.to_owned(),
            dir,
            _lock: lock,
        })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Ends the claim without removing the directory.
    pub(crate) fn leave(mut self) {
        self.dir = PathBuf::new();
    }

    /// The name it was made with.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.dir.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Removes the directories in `parent` whose owners are dead; says their ids.
pub(crate) fn sweep_dead(parent: &Path) -> Result<Vec<String>> {
    let mut swept = Vec::new();
    for entry in fs::read_dir(parent).at("list", parent)? {
        let entry = entry.at("list", parent)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let id = name.strip_suffix(".lock").unwrap_or(&name);
        if let Some(_lock) = try_dead(parent, id)? {
            let dir = parent.join(id);
            if dir.exists() {
                remove_all(&dir)?;
                swept.push(id.to_owned());
            }
        }
    }
    Ok(swept)
}

/// Whether somebody dead left something in `parent`.
pub(crate) fn any_dead(parent: &Path) -> Result<bool> {
    for entry in fs::read_dir(parent).at("list", parent)? {
        let name = entry.at("list", parent)?.file_name();
        let id = name.to_string_lossy();
        let id = id.strip_suffix(".lock").unwrap_or(&id);
        if !LivenessLock::is_held(&lock_path(parent, id))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The lock of `id` when nobody alive holds it.
fn try_dead(parent: &Path, id: &str) -> Result<Option<LivenessLock>> {
    let path = lock_path(parent, id);
    if LivenessLock::is_held(&path)? {
        return Ok(None);
    }
    LivenessLock::acquire(path)
}

pub(crate) fn lock_path(parent: &Path, id: &str) -> PathBuf {
    parent.join(format!("{id}.lock"))
}

fn remove_all(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error(error, "remove", dir))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_until_dropped() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.lock");
        assert!(!LivenessLock::is_held(&path).expect("asked"));
        let lock = LivenessLock::acquire(path.clone())
            .expect("asked")
            .expect("free");
        assert!(LivenessLock::is_held(&path).expect("asked"));
        assert!(
            LivenessLock::acquire(path.clone())
                .expect("asked")
                .is_none()
        );
        drop(lock);
        assert!(!LivenessLock::is_held(&path).expect("asked"));
        assert!(LivenessLock::acquire(path).expect("asked").is_some());
    }

    #[test]
    fn only_the_dead_are_swept() {
        let dir = tempfile::tempdir().expect("a directory");
        let living = Scratch::create(dir.path(), "living").expect("made");
        fs::create_dir(dir.path().join("dead")).expect("made");
        fs::write(dir.path().join("dead/part"), "x").expect("written");
        assert_eq!(sweep_dead(dir.path()).expect("swept"), ["dead"]);
        assert!(living.path().is_dir());
        assert!(!dir.path().join("dead").exists());
        assert!(!dir.path().join("dead.lock").exists());
    }
}
