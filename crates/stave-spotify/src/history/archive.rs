//! The JSON files of an export: in a zip, in a folder, or one by itself.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::client::{Error, Result, cannot};

/// More than any export has.
const FILES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 4;

/// An export holds about 200 MB at most. A file that unpacks to more than
/// this is no export.
const FILE_MAX: u64 = 4 << 30;

/// Where an export is.
pub(super) enum Archive {
    Zip(PathBuf, Box<ZipArchive<BufReader<File>>>),
    Files(PathBuf, Vec<PathBuf>),
}

impl Archive {
    pub fn open(path: &Path) -> Result<Self> {
        let meta = std::fs::metadata(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                Error::not_found(format!("{} is not there", path.display()))
            } else {
                cannot("read", path, error)
            }
        })?;
        if meta.is_dir() {
            let mut files = Vec::new();
            gather(path, 0, &mut files)?;
            files.sort();
            return Ok(Self::Files(path.to_owned(), files));
        }
        let is_json = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("json"));
        if is_json {
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            return Ok(Self::Files(folder, vec![path.to_owned()]));
        }
        let file = File::open(path).map_err(|error| cannot("open", path, error))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            Error::invalid(format!("{} is no zip that can be read", path.display()))
                .hint("give Spotify's zip as it was sent, the folder it unpacks to, or one of its JSON files")
                .caused_by(error)
        })?;
        Ok(Self::Zip(path.to_owned(), Box::new(zip)))
    }

    /// The names of the JSON files, in order.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Files(root, files) => {
                let name = |file: &PathBuf| {
                    let name = file.strip_prefix(root).unwrap_or(file);
                    name.to_string_lossy().into_owned()
                };
                files.iter().map(name).collect()
            }
            Self::Zip(_, zip) => {
                let mut names: Vec<String> = (0..zip.len().min(FILES_MAX))
                    .filter_map(|at| Some(zip.name_for_index(at)?.ok()?.into_owned()))
                    .filter(|name| is_wanted(Path::new(name)))
                    .collect();
                names.sort();
                names
            }
        }
    }

    /// Opens the file `name` and gives it to `read`.
    pub fn with<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Files(root, _) => {
                let path = root.join(name);
                let file = File::open(&path).map_err(|error| cannot("open", &path, error))?;
                read(&mut file.take(FILE_MAX))
            }
            Self::Zip(path, zip) => {
                let file = zip.by_name(name).map_err(|error| {
                    Error::invalid(format!("{name} in {} can't be read", path.display()))
                        .caused_by(error)
                })?;
                read(&mut file.take(FILE_MAX))
            }
        }
    }
}

fn gather(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|error| cannot("read", folder, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| cannot("read", folder, error))?;
        // Links are not followed: they could lead in circles.
        let kind = entry
            .file_type()
            .map_err(|error| cannot("read", folder, error))?;
        let path = entry.path();
        if kind.is_dir() && depth < DEPTH_MAX {
            gather(&path, depth + 1, files)?;
        } else if kind.is_file() && is_wanted(&path) && files.len() < FILES_MAX {
            files.push(path);
        }
    }
    Ok(())
}

/// A JSON file that may hold plays; what a Mac adds to a zip may not.
fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let json = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json"));
    json && !name.starts_with("._")
}
