//! The files below a directory, with what cannot be copied named.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stave_core::Result;

use super::io_error;

/// Something below the directory.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A regular file: its path, its path below the directory and its size in bytes.
    File {
        path: PathBuf,
        below: PathBuf,
        size: u64,
    },
    /// Something else, why it is left out, and whether that is a loss.
    Other {
        path: PathBuf,
        reason: &'static str,
        refused: bool,
    },
}

/// Hands `each` what is below `root`, in the order of names. Blocking.
pub(super) fn walk(
    root: &Path,
    follow: bool,
    each: &mut dyn FnMut(Entry) -> Result<()>,
) -> Result<()> {
    let metadata = fs::metadata(root).map_err(|error| io_error(error, "read", root))?;
    let mut above = HashSet::from([(metadata.dev(), metadata.ino())]);
    walk_folder(root, Path::new(""), follow, &mut above, each)
}

fn walk_folder(
    folder: &Path,
    below: &Path,
    follow: bool,
    above: &mut HashSet<(u64, u64)>,
    each: &mut dyn FnMut(Entry) -> Result<()>,
) -> Result<()> {
    let failed = |error| io_error(error, "list", folder);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort();
    for name in names {
        let (path, below) = (folder.join(&name), below.join(&name));
        let mut other = |path: PathBuf, reason, refused| {
            each(Entry::Other {
                path,
                reason,
                refused,
            })
        };
        let is_link = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
        if is_link && !follow {
            other(path, "is a symbolic link", false)?;
            continue;
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(_) if is_link => {
                other(path, "is a symbolic link to nowhere", true)?;
                continue;
            }
            // Removed between the two looks.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io_error(error, "read", &path)),
        };
        if metadata.is_file() {
            each(Entry::File {
                path,
                below,
                size: metadata.len(),
            })?;
        } else if metadata.is_dir() {
            let id = (metadata.dev(), metadata.ino());
            if above.insert(id) {
                walk_folder(&path, &below, follow, above, each)?;
                above.remove(&id);
            } else {
                other(path, "is a symbolic link to a folder that it lies in", true)?;
            }
        } else {
            other(path, "is a device, a pipe or a socket", false)?;
        }
    }
    Ok(())
}
