//! The segments of one group: which there are, and what is in them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stave_core::{Error, Result};

use super::frame::{self, NewEvent};
use super::index::{Index, StreamSpan};
use super::seal;
use super::writer::Writer;
use crate::faults::{IoContext, io_error};

/// How often a list is made again because a segment was sealed meanwhile.
const ATTEMPTS: usize = 10;

/// The log of one group.
#[derive(Debug)]
pub(super) struct GroupLog {
    dir: PathBuf,
    fsync: bool,
    pub(super) writer: Mutex<Option<Writer>>,
    known: Mutex<BTreeMap<u64, Arc<Index>>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `<segment>.log`: being written.
pub(super) fn open_path(dir: &Path, id: u64) -> PathBuf {
    dir.join(format!("{id:012}.log"))
}

/// `<segment>.seg`: sealed.
pub(super) fn sealed_path(dir: &Path, id: u64) -> PathBuf {
    dir.join(format!("{id:012}.seg"))
}

/// The numbers of the segments in a folder, and whether each is sealed.
pub(super) fn list(dir: &Path) -> Result<BTreeMap<u64, bool>> {
    let mut found = BTreeMap::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(io_error(error, "list", dir)),
    };
    for entry in entries {
        let name = entry.at("list", dir)?.file_name();
        let name = name.to_string_lossy();
        let Some((id, kind)) = name.split_once('.') else {
            continue;
        };
        let (Ok(id), true) = (id.parse(), matches!(kind, "log" | "seg")) else {
            continue;
        };
        *found.entry(id).or_default() |= kind == "seg";
    }
    Ok(found)
}

/// Removes everything of a group.
pub(super) fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error(error, "remove", dir))
        }
        _ => Ok(()),
    }
}

impl GroupLog {
    pub(super) fn new(dir: PathBuf, fsync: bool) -> Self {
        Self {
            dir,
            fsync,
            writer: Mutex::new(None),
            known: Mutex::default(),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn fsync(&self) -> bool {
        self.fsync
    }

    /// Appends a frame to this process's segment.
    pub(super) fn append(
        &self,
        stream: i64,
        ingested_ms: i64,
        events: &[NewEvent<'_>],
    ) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let frame = frame::encode(stream, ingested_ms, events);
        let mut writer = lock(&self.writer);
        if writer
            .as_ref()
            .is_some_and(|writer| writer.is_full(ingested_ms))
        {
            *writer = None;
        }
        let mut current = match writer.take() {
            Some(current) => current,
            None => Writer::open(&self.dir, ingested_ms)?,
        };
        // A writer that failed is not used again: its segment is looked at anew.
        current.append(&frame, ingested_ms, self.fsync)?;
        *writer = Some(current);
        Ok(())
    }

    /// The indexes of all segments, in their order.
    pub(super) fn indexes(&self) -> Result<Vec<Arc<Index>>> {
        let mut known = lock(&self.known);
        for _ in 0..ATTEMPTS {
            let listed = list(&self.dir)?;
            known.retain(|id, _| listed.contains_key(id));
            let mut complete = true;
            for (id, sealed) in listed {
                match self.refresh(known.get(&id), id, sealed)? {
                    Some(index) => {
                        known.insert(id, index);
                    }
                    None => complete = false,
                }
            }
            if complete {
                return Ok(known.values().cloned().collect());
            }
        }
        Err(Error::unavailable(
            "the segments of a log group change too fast",
        ))
    }

    /// The index of a segment as it is now; `None` where it is gone.
    fn refresh(
        &self,
        known: Option<&Arc<Index>>,
        id: u64,
        sealed: bool,
    ) -> Result<Option<Arc<Index>>> {
        if let Some(known) = known.filter(|known| known.sealed == sealed) {
            if sealed {
                return Ok(Some(Arc::clone(known)));
            }
            return read_open(&self.dir, Index::clone(known), Some(known));
        }
        if sealed {
            let path = sealed_path(&self.dir, id);
            let Some(mut file) = open(&path)? else {
                return Ok(None);
            };
            return seal::read_index(&mut file, &path, id).map(|index| Some(Arc::new(index)));
        }
        read_open(&self.dir, Index::new(id), None)
    }

    /// What each stream has.
    pub(super) fn spans(&self) -> Result<BTreeMap<i64, StreamSpan>> {
        let mut spans: BTreeMap<i64, StreamSpan> = BTreeMap::new();
        for index in self.indexes()? {
            for (stream, span) in &index.spans {
                match spans.get_mut(stream) {
                    Some(known) => known.add(span),
                    None => {
                        spans.insert(*stream, *span);
                    }
                }
            }
        }
        Ok(spans)
    }
}

/// Opens a file that may be gone.
pub(super) fn open(path: &Path) -> Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(error, "open", path)),
    }
}

/// Takes up what was written since `index` was made.
fn read_open(
    dir: &Path,
    mut index: Index,
    known: Option<&Arc<Index>>,
) -> Result<Option<Arc<Index>>> {
    let path = open_path(dir, index.id);
    let Some(mut file) = open(&path)? else {
        return Ok(None);
    };
    let length = file.metadata().at("read", &path)?.len();
    if let Some(known) = known
        && length == known.upto
    {
        return Ok(Some(Arc::clone(known)));
    }
    extend(&mut index, &mut file, &path, length)?;
    Ok(Some(Arc::new(index)))
}

/// Takes up the frames between what `index` knows and `length`.
pub(super) fn extend(index: &mut Index, file: &mut File, path: &Path, length: u64) -> Result<()> {
    if length <= index.upto {
        return Ok(());
    }
    let bytes = read_at(file, path, index.upto, length - index.upto)?;
    index.extend(&bytes)
}

/// Reads `length` bytes, or as many as there are.
pub(super) fn read_at(file: &mut File, path: &Path, offset: u64, length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.seek(SeekFrom::Start(offset)).at("read", path)?;
    file.take(length).read_to_end(&mut bytes).at("read", path)?;
    Ok(bytes)
}
