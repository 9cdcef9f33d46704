//! The files of the user's own that the batch pipeline can run on.

use std::path::{Path, PathBuf};

use stave_core::{Error, Result};

/// The file `name` in `folder`, or the one CSV file whose name holds `part`.
pub(super) fn find_file(folder: &Path, name: &str, part: &str) -> Result<PathBuf> {
    let exact = folder.join(name);
    if exact.is_file() {
        return Ok(exact);
    }
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Error::not_found(format!("{}: {error}", folder.display()))
            .hint("--from takes the folder with albums.csv, artists.csv and track.csv")
    })?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let text = |part: Option<&std::ffi::OsStr>| {
                part.unwrap_or_default().to_string_lossy().to_lowercase()
            };
            text(path.file_stem()).contains(part) && text(path.extension()) == "csv"
        })
        .collect();
    match (found.pop(), found.pop()) {
        (Some(path), None) => Ok(path),
        (None, _) => Err(
            Error::not_found(format!("there is no {name} in {}", folder.display()))
                .hint("the folder must hold albums.csv, artists.csv and track.csv"),
        ),
        (Some(one), Some(other)) => Err(Error::invalid(format!(
            "both {} and {} could be {name}",
            one.display(),
            other.display()
        ))
        .hint(format!("call the right one {name}"))),
    }
}
