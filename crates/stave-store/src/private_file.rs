//! Small files that only the home's owner may read, made once and never in part.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use stave_core::{Error, Result};

use crate::faults::{IoContext, io_error};
use crate::store::Store;

/// The largest such file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

impl Store {
    /// The contents of the private file at `path`; if there is none, it is made with what `new`
    /// says, of mode 600. Of several processes that make it at once one does.
    pub fn private_file(
        &self,
        path: &Path,
        new: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        if let Some(contents) = read(path)? {
            return Ok(contents);
        }
        let contents = new()?;
        let draft = self.draft(&contents)?;
        let made = match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(io_error(error, "make", path))
            }
            _ => Ok(()),
        };
        let removed = fs::remove_file(&draft);
        made?;
        removed.at("remove", &draft)?;
        if let Some(parent) = path.parent() {
            let folder = fs::File::open(parent).at("open", parent)?;
            folder.sync_all().at("sync", parent)?;
        }
        read(path)?.ok_or_else(|| {
            Error::unavailable(format!("{} was removed while it was made", path.display()))
        })
    }

    /// A whole file in this process's own folder, which is swept when the process dies.
    fn draft(&self, contents: &[u8]) -> Result<PathBuf> {
        let scratch = self.uploads()?;
        loop {
            let draft = scratch.path().join(format!("{:032x}", self.next_id()));
            let opened = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&draft);
            match opened {
                // Ids of a test's source repeat.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                opened => {
                    let mut file = opened.at("make", &draft)?;
                    file.write_all(contents).at("write", &draft)?;
                    file.sync_all().at("sync", &draft)?;
                    return Ok(draft);
                }
            }
        }
    }
}

/// What the file says; nothing when it is not there. One that others may read is refused.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error, "read", path)),
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::denied(format!(
            "{} may be read by others than its owner (mode {mode:o})",
            path.display()
        ))
        .hint(format!("chmod 600 {}", path.display())));
    }
    if metadata.len() > MAX_BYTES {
        return Err(Error::invalid(format!(
            "{} is larger than {MAX_BYTES} bytes: it is not the file that Stave made",
            path.display()
        )));
    }
    fs::read(path).at("read", path).map(Some)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use stave_core::{ErrorKind as Kind, ManualClock, SequentialIds};

    use super::*;

    #[test]
    fn it_is_made_once_and_for_the_owner_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let store =
            Store::open(dir.path(), clock, Arc::new(SequentialIds::default())).expect("a store");
        let path = store.home().seal_key();
        let made: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8_u8)
                .map(|n| {
                    let (store, path) = (store.clone(), path.clone());
                    scope
                        .spawn(move || store.private_file(&path, || Ok(vec![n; 32])).expect("made"))
                })
                .collect();
            let made = threads
                .into_iter()
                .map(|thread| thread.join().expect("ended"));
            made.collect()
        });
        assert!(made.iter().all(|contents| contents == &made[0]), "{made:?}");
        let mode = fs::metadata(&path).expect("made").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let scratch = store.uploads().expect("there");
        let left = fs::read_dir(scratch.path()).expect("listed");
        assert_eq!(left.count(), 0, "no draft is left");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changed");
        let error = store
            .private_file(&path, || Ok(Vec::new()))
            .expect_err("refused");
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.message().contains("640"), "{error}");
    }
}
