//! Which file a key becomes below a directory: never one outside of it.

use std::path::PathBuf;

use stave_core::{Error, Result};

/// The longest file name that common file systems hold, in bytes.
const MAX_FILE_NAME_BYTES: usize = 255;

/// The relative path of `name` (a key, or what is left of it behind a prefix).
/// Refuses names that would leave the directory or that a file can't have.
pub fn file_below(name: &str) -> Result<PathBuf> {
    let refused = |why: &str| Err(Error::invalid(format!("{name:?} cannot be a file: {why}")));
    if name.is_empty() {
        return refused("it has no name");
    }
    if name.starts_with('/') {
        return refused("it is absolute");
    }
    let mut path = PathBuf::new();
    for part in name.split('/') {
        match part {
            "" => return refused("a folder in it has no name"),
            "." | ".." => return refused("it leads out of its folder"),
            _ if part.contains('\0') => return refused("it holds a NUL character"),
            _ if part.len() > MAX_FILE_NAME_BYTES => {
                return refused("a part of it is longer than 255 bytes");
            }
            // On other systems these are separators or drives.
            _ if cfg!(windows) && part.contains(['\\', ':']) => {
                return refused("it holds \\ or :");
            }
            _ => path.push(part),
        }
    }
    Ok(path)
}
