//! Walks the folders of a bucket in the order of keys, no further than asked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stave_core::{ObjectKey, Result};

use super::escape::{Name, beside_path, folder_path, plain_path, read_name};
use super::files::{Identity, folders_are_real, look};
use super::folders::{Folders, Names};
use crate::faults::{IoContext, io_error};
use crate::objects::ListRequest;

/// What a walk found, in the order of keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Object(ObjectKey, Identity),
    Prefix(String),
}

impl Found {
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Object(key, _) => key.as_str(),
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// Lists what `request` asks for below `root`, and one entry more when there is one.
pub(super) fn walk(folders: &Folders, root: &Path, request: &ListRequest) -> Result<Vec<Found>> {
    let mut walk = Walk {
        folders,
        prefix: &request.prefix,
        delimiter: request
            .delimiter
            .as_deref()
            .filter(|delimiter| !delimiter.is_empty()),
        start_after: request.start_after.as_deref().unwrap_or_default(),
        limit: request.max.saturating_add(1),
        found: Vec::new(),
    };
    let base = match request.prefix.rfind('/') {
        Some(at) => &request.prefix[..=at],
        None => "",
    };
    let folder = folder_path(base);
    if request.prefix.contains('\0') || !folders_are_real(root, &folder.join("x"))? {
        return Ok(Vec::new());
    }
    walk.visit(root, &root.join(folder), base)?;
    Ok(walk.found)
}

struct Walk<'a> {
    folders: &'a Folders,
    prefix: &'a str,
    delimiter: Option<&'a str>,
    start_after: &'a str,
    limit: usize,
    found: Vec<Found>,
}

/// A part of a key within one folder: an object, or a folder with `/` at the end of its key.
struct Entry {
    key: String,
    path: PathBuf,
    is_folder: bool,
    beside: bool,
}

impl Walk<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// Visits `folder`, whose keys begin with `base`.
    fn visit(&mut self, root: &Path, folder: &Path, base: &str) -> Result<()> {
        if let Some(names) = self.folders.names(folder)? {
            return self.visit_known(root, folder, base, &names);
        }
        let mut entries = Vec::new();
        self.read(folder, base, false, &mut entries)?;
        // An object in its plain place hides one of the same key beside a folder that is gone.
        entries.sort_unstable_by(|a, b| (&a.key, a.beside).cmp(&(&b.key, b.beside)));
        entries.dedup_by(|b, a| a.key == b.key);
        for entry in entries {
            if self.is_full() {
                break;
            }
            if entry.is_folder {
                self.folder(root, &entry)?;
            } else {
                self.object(root, &entry)?;
            }
        }
        Ok(())
    }

    /// As [`Self::visit`], from the first name that can matter to the last.
    fn visit_known(&mut self, root: &Path, folder: &Path, base: &str, names: &Names) -> Result<()> {
        let lower = self.prefix.max(self.start_after);
        // A folder can hold what comes after its own name.
        let first = lower.strip_prefix(base).unwrap_or_default();
        let first = first.find('/').map_or(first, |at| &first[..=at]);
        let begin = names.partition_point(|name| &**name < first);
        for name in &names[begin..] {
            let key = format!("{base}{name}");
            if self.is_full() || (!key.starts_with(self.prefix) && key.as_str() > self.prefix) {
                break;
            }
            let is_folder = name.ends_with('/');
            let matters = if is_folder {
                self.may_hold(&key)
            } else {
                key.starts_with(self.prefix) && key.as_str() > self.start_after
            };
            if !matters {
                continue;
            }
            let entry = Entry {
                key,
                path: folder.join(name.trim_end_matches('/')),
                is_folder,
                beside: false,
            };
            if is_folder {
                self.folder(root, &entry)?;
            } else {
                self.object(root, &entry)?;
            }
        }
        Ok(())
    }

    fn folder(&mut self, root: &Path, entry: &Entry) -> Result<()> {
        let key = entry.key.as_str();
        if self.delimiter != Some("/") || key.len() <= self.prefix.len() {
            return self.visit(root, &entry.path, key);
        }
        if self.start_after == key
            || !holds_object(self.folders, root, &entry.path, key, self.start_after)?
        {
            return Ok(());
        }
        self.found.push(Found::Prefix(key.to_owned()));
        Ok(())
    }

    fn object(&mut self, root: &Path, entry: &Entry) -> Result<()> {
        if let Some(folded) = self.fold(&entry.key) {
            let passed = self.start_after == folded
                || matches!(self.found.last(), Some(Found::Prefix(last)) if last == folded);
            if !passed {
                let folded = folded.to_owned();
                self.found.push(Found::Prefix(folded));
            }
            return Ok(());
        }
        let Ok(key) = ObjectKey::new(entry.key.as_str()) else {
            return Ok(());
        };
        let Some(metadata) = look(&entry.path)?.filter(fs::Metadata::is_file) else {
            return Ok(());
        };
        if is_canonical(root, entry, &key) {
            self.found.push(Found::Object(key, Identity::of(&metadata)));
        }
        Ok(())
    }

    /// The common prefix that a key folds into.
    fn fold<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter?;
        let at = key[self.prefix.len()..].find(delimiter)?;
        Some(&key[..self.prefix.len() + at + delimiter.len()])
    }

    /// Reads the entries of `folder` that can matter. `begun` is what their keys
    /// begin with: the folder's key, and pieces of a long part.
    fn read(&self, folder: &Path, begun: &str, beside: bool, into: &mut Vec<Entry>) -> Result<()> {
        let listing = match fs::read_dir(folder) {
            Ok(listing) => listing,
            // Emptied and removed since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error(error, "list", folder)),
        };
        for item in listing {
            let item = item.at("list", folder)?;
            let name = item.file_name();
            let Some(name) = name.to_str() else {
                continue;
            };
            let Ok(kind) = item.file_type() else {
                continue;
            };
            match read_name(name) {
                Name::Part(part) if kind.is_file() => {
                    let key = format!("{begun}{part}");
                    if key.starts_with(self.prefix) && key.as_str() > self.start_after {
                        into.push(Entry {
                            key,
                            path: item.path(),
                            is_folder: false,
                            beside,
                        });
                    }
                }
                Name::Part(part) if kind.is_dir() && !beside => {
                    let key = format!("{begun}{part}/");
                    if self.may_hold(&key) {
                        into.push(Entry {
                            key,
                            path: item.path(),
                            is_folder: true,
                            beside,
                        });
                    }
                }
                Name::Continued(piece) if kind.is_dir() => {
                    self.read(&item.path(), &format!("{begun}{piece}"), beside, into)?;
                }
                Name::Beside if kind.is_dir() && !beside => {
                    self.read(&item.path(), begun, true, into)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a folder can hold a key that is asked for.
    fn may_hold(&self, folder: &str) -> bool {
        let in_prefix = folder.starts_with(self.prefix) || self.prefix.starts_with(folder);
        in_prefix && (folder > self.start_after || self.start_after.starts_with(folder))
    }
}

/// Whether an entry lies where its key would be stored: a name in the form of
/// an escape may have come from elsewhere.
fn is_canonical(root: &Path, entry: &Entry, key: &ObjectKey) -> bool {
    let relative = entry.path.strip_prefix(root).unwrap_or(&entry.path);
    if entry.beside {
        return relative == beside_path(key.as_str());
    }
    relative.as_os_str() == key.as_str() || relative == plain_path(key.as_str())
}

/// Whether there is an object after `start_after` in the folder of key `base`.
fn holds_object(
    folders: &Folders,
    root: &Path,
    folder: &Path,
    base: &str,
    start_after: &str,
) -> Result<bool> {
    if start_after < base && has_plain_file(folder)? {
        return Ok(true);
    }
    let mut walk = Walk {
        folders,
        prefix: base,
        delimiter: None,
        start_after,
        limit: 1,
        found: Vec::new(),
    };
    walk.visit(root, folder, base)?;
    Ok(!walk.found.is_empty())
}

/// Whether a file that is an object beyond doubt stands directly in `folder`:
/// nearly always the first entry is one, and the rest need not be read and sorted.
fn has_plain_file(folder: &Path) -> Result<bool> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(io_error(error, "list", folder)),
    };
    for item in listing {
        let item = item.at("list", folder)?;
        let is_file = item.file_type().is_ok_and(|kind| kind.is_file());
        if is_file
            && item
                .file_name()
                .to_str()
                .is_some_and(|name| !name.contains('%'))
        {
            return Ok(true);
        }
    }
    Ok(false)
}
