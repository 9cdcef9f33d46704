//! What large folders hold, in the order of keys, remembered while they do not
//! change: a long listing is read page by page, and each page would read and
//! sort all of the folder again.
//!
//! A folder's change time is set by the kernel whenever an entry comes or goes,
//! but only to a tick of its clock: what was read is relied on when the folder
//! has kept its time for longer than a tick before the reading.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stave_core::Result;

use super::files::look;
use crate::faults::IoContext;

/// Names in the order of keys; those of folders end in `/`.
pub(super) type Names = Arc<[Box<str>]>;

/// Folders with fewer entries are read again: that costs nothing.
const SMALL: usize = 256;
/// How many names are remembered, and of how many folders something.
const MAX_NAMES: usize = 500_000;
const MAX_FOLDERS: usize = 10_000;
/// Longer than a tick of the kernel's clock.
const TICK: Duration = Duration::from_millis(25);
/// Longer than a tick of file systems that count in seconds.
const COARSE_TICK: Duration = Duration::from_millis(2100);

/// What changes when an entry of a folder comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    changed_s: i64,
    changed_ns: i64,
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    seen_at: Instant,
    names: Option<Names>,
    /// Too small, or with names that are not the parts of keys.
    is_plain: bool,
}

/// What is known of folders.
#[derive(Debug, Default)]
pub(crate) struct Folders(Mutex<HashMap<PathBuf, Known>>);

impl Folders {
    /// The names in `folder`, when they are known or worth knowing.
    pub(super) fn names(&self, folder: &Path) -> Result<Option<Names>> {
        let Some(stamp) = stamp(folder)? else {
            return Ok(None);
        };
        {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match known.get(folder) {
                Some(one) if one.stamp == stamp => {
                    let tick = if stamp.changed_ns == 0 {
                        COARSE_TICK
                    } else {
                        TICK
                    };
                    if one.names.is_some() || !one.is_plain || one.seen_at.elapsed() < tick {
                        return Ok(one.names.clone());
                    }
                }
                _ => {
                    if known.len() >= MAX_FOLDERS {
                        known.clear();
                    }
                    let seen = Known {
                        stamp,
                        seen_at: Instant::now(),
                        names: None,
                        is_plain: true,
                    };
                    known.insert(folder.to_owned(), seen);
                    return Ok(None);
                }
            }
        }
        let names = read(folder)?;
        if self::stamp(folder)? != Some(stamp) {
            return Ok(None);
        }
        self.keep(folder, stamp, names.clone());
        Ok(names)
    }

    fn keep(&self, folder: &Path, stamp: Stamp, names: Option<Names>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |known: &Known| known.names.as_ref().map_or(0, |names| names.len());
        let kept: usize = known.values().map(count).sum();
        let more = names.as_ref().map_or(0, |names| names.len());
        if kept + more > MAX_NAMES {
            known.clear();
        }
        let read = Known {
            stamp,
            seen_at: Instant::now(),
            is_plain: names.is_some(),
            names: names.filter(|names| names.len() <= MAX_NAMES),
        };
        known.insert(folder.to_owned(), read);
    }
}

fn stamp(folder: &Path) -> Result<Option<Stamp>> {
    Ok(look(folder)?.map(|metadata| Stamp {
        inode: metadata.ino(),
        changed_s: metadata.ctime(),
        changed_ns: metadata.ctime_nsec(),
    }))
}

/// The names in `folder`; none when it is small or a name is an escape.
fn read(folder: &Path) -> Result<Option<Names>> {
    let Ok(listing) = fs::read_dir(folder) else {
        return Ok(None);
    };
    let mut names: Vec<Box<str>> = Vec::new();
    for entry in listing {
        let entry = entry.at("list", folder)?;
        let name = entry.file_name();
        let (Some(name), Ok(kind)) = (name.to_str(), entry.file_type()) else {
            continue;
        };
        if name.starts_with('%') {
            return Ok(None);
        }
        if kind.is_dir() {
            names.push(format!("{name}/").into());
        } else if kind.is_file() {
            names.push(name.into());
        }
    }
    if names.len() < SMALL {
        return Ok(None);
    }
    names.sort_unstable();
    Ok(Some(names.into()))
}
