//! `/opt`: the layers of a function laid over one another, the later over the earlier, as AWS
//! does. The files are those of the layers themselves, by hard links; the folder is made once
//! for each list of layers.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stave_core::Result;
use stave_store::Store;

use super::code::hex;
use super::definition::UsedLayer;
use super::errors::io_error;

/// The folder of these layers; none when there are none. Blocking.
pub(super) fn merged(store: &Store, layers: &[UsedLayer]) -> Result<Option<PathBuf>> {
    match layers {
        [] => return Ok(None),
        [only] => return Ok(Some(store.function_files(&only.code.sha256))),
        _ => {}
    }
    let mut hash = Sha256::new();
    for layer in layers {
        hash.update(layer.code.sha256.as_bytes());
    }
    let name = hex(&hash.finalize());
    let parent = store.home().functions().join("opt");
    let folder = parent.join(&name);
    if folder.is_dir() {
        return Ok(Some(folder));
    }
    let _turn = store.function_turn(&format!("opt-{name}"))?;
    if folder.is_dir() {
        return Ok(Some(folder));
    }
    let draft = parent.join(format!("{name}.draft"));
    match fs::remove_dir_all(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(io_error(error, "remove", &draft));
        }
        _ => {}
    }
    fs::create_dir_all(&draft).map_err(|error| io_error(error, "make the directory", &draft))?;
    for layer in layers {
        lay_over(&store.function_files(&layer.code.sha256), &draft)?;
    }
    fs::rename(&draft, &folder).map_err(|error| io_error(error, "put into its place", &folder))?;
    Ok(Some(folder))
}

fn lay_over(from: &Path, to: &Path) -> Result<()> {
    let listed = fs::read_dir(from).map_err(|error| io_error(error, "list", from))?;
    for entry in listed {
        let entry = entry.map_err(|error| io_error(error, "list", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry
            .file_type()
            .map_err(|error| io_error(error, "read", &source))?;
        let there = fs::symlink_metadata(&target).ok();
        if kind.is_dir() {
            if there.is_some_and(|there| !there.is_dir()) {
                fs::remove_file(&target).map_err(|error| io_error(error, "replace", &target))?;
            }
            fs::create_dir_all(&target)
                .map_err(|error| io_error(error, "make the directory", &target))?;
            lay_over(&source, &target)?;
            continue;
        }
        if let Some(there) = there {
            let removed = if there.is_dir() {
                fs::remove_dir_all(&target)
            } else {
                fs::remove_file(&target)
            };
            removed.map_err(|error| io_error(error, "replace", &target))?;
        }
        // A link of a symbolic link is that link.
        let linked =
            fs::hard_link(&source, &target).or_else(|_| fs::copy(&source, &target).map(drop));
        linked.map_err(|error| io_error(error, "link", &target))?;
    }
    Ok(())
}
