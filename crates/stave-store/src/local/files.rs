//! Files below a bucket: finding the one that holds a key, making room for a
//! new one, taking one away. Never follows a symbolic link below the bucket:
//! what lies behind one is not in the bucket. (Somebody who can swap a folder
//! for a link between the check and the use owns the home already.)

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use stave_core::{Error, Result};

use super::escape::{BESIDE, beside_path, part_names, plain_path};
use crate::faults::{IoContext, io_error};
use crate::home::private_dir;

/// What ties a row to one very file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) inode: i64,
    pub(super) mtime_ns: i64,
    pub(super) size: i64,
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino().cast_signed(),
            mtime_ns: metadata
                .mtime()
                .saturating_mul(1_000_000_000)
                .saturating_add(metadata.mtime_nsec()),
            size: metadata.size().cast_signed(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size.cast_unsigned()
    }

    pub(super) fn modified_at(&self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.mtime_ns)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The file that holds a key.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
}

/// Finds the file of `key` below `root`.
pub(super) fn locate(root: &Path, key: &str) -> Result<Option<Located>> {
    let plain = plain_path(key);
    if let Some(found) = regular_file(root, &plain)? {
        return Ok(Some(found));
    }
    if let Some(found) = regular_file(root, &beside_path(key))? {
        return Ok(Some(found));
    }
    // It may have moved from beside to its plain place between the two looks.
    regular_file(root, &plain)
}

/// Opens the file of `key` below `root`. The identity is that of the open file.
pub(super) fn open(root: &Path, key: &str) -> Result<Option<(File, Located)>> {
    for _ in 0..8 {
        let Some(found) = locate(root, key)? else {
            return Ok(None);
        };
        match File::open(&found.path) {
            Ok(file) => {
                let metadata = file.metadata().at("read", &found.path)?;
                if metadata.is_file() {
                    let identity = Identity::of(&metadata);
                    return Ok(Some((file, Located { identity, ..found })));
                }
            }
            // Deleted or moved aside since: look again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(error, "open", &found.path)),
        }
    }
    Ok(None)
}

fn regular_file(root: &Path, relative: &Path) -> Result<Option<Located>> {
    let path = root.join(relative);
    let Some(metadata) = look(&path)? else {
        return Ok(None);
    };
    if !metadata.is_file() || !folders_are_real(root, relative)? {
        return Ok(None);
    }
    let identity = Identity::of(&metadata);
    Ok(Some(Located { path, identity }))
}

/// Whether every folder between `root` and the last name of `relative` is one, and no link.
pub(super) fn folders_are_real(root: &Path, relative: &Path) -> Result<bool> {
    let mut path = root.to_owned();
    for name in relative.parent().into_iter().flat_map(Path::components) {
        path.push(name);
        if !look(&path)?.is_some_and(|metadata| metadata.is_dir()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The metadata of `path` itself; `None` when nothing is there.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(io_error(error, "read", path)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

/// The folders whose entries changed and are to be written to the disk, and
/// files that nobody needs once the change is committed.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    folders: BTreeSet<PathBuf>,
    needless: Vec<PathBuf>,
}

impl Touched {
    /// Notes that the entry `path` of its folder changed.
    pub(super) fn entry(&mut self, path: &Path) {
        if let Some(folder) = path.parent() {
            self.folders.insert(folder.to_owned());
        }
    }

    /// Writes the folders to the disk. One that has been removed since needs none.
    pub(super) fn sync(&self) -> Result<()> {
        self.folders
            .iter()
            .try_for_each(|folder| sync_folder(folder))
    }

    /// Notes that the file `path` is to be removed when the change is committed.
    pub(super) fn remove_later(&mut self, path: PathBuf) {
        self.needless.push(path);
    }

    /// Removes those files. What cannot be removed is swept later.
    pub(super) fn remove_needless(&self) {
        for path in &self.needless {
            let _ = fs::remove_file(path);
        }
    }
}

/// Writes a folder's entries to the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    match File::open(folder).and_then(|file| file.sync_all()) {
        Err(error) if !is_absent(&error) => Err(io_error(error, "flush", folder)),
        _ => Ok(()),
    }
}

/// Moves the finished file `from` to the place of `key`. The caller holds the write lock.
pub(super) fn place(root: &Path, key: &str, from: &Path, touched: &mut Touched) -> Result<()> {
    let target = prepare(root, key, touched)?;
    fs::rename(from, &target).at("put into place", &target)?;
    touched.entry(&target);
    let beside = root.join(beside_path(key));
    if target != beside && look(&beside)?.is_some_and(|metadata| metadata.is_file()) {
        remove_file(root, &beside, touched)?;
    }
    Ok(())
}

/// Makes room for the file of `key` and says where it goes. The caller holds the write lock.
pub(super) fn prepare(root: &Path, key: &str, touched: &mut Touched) -> Result<PathBuf> {
    let folder = make_folders(root, key, touched)?;
    let plain = root.join(plain_path(key));
    make_parents(&folder, &plain, touched)?;
    if make_way(&plain)? {
        return Ok(plain);
    }
    let beside = root.join(beside_path(key));
    make_parents(&folder, &beside, touched)?;
    refuse_link(&beside)?;
    Ok(beside)
}

/// Takes the file of `key` away, and the folders that are empty then.
pub(super) fn remove(root: &Path, key: &str, touched: &mut Touched) -> Result<()> {
    for relative in [plain_path(key), beside_path(key)] {
        if let Some(found) = regular_file(root, &relative)? {
            remove_file(root, &found.path, touched)?;
        }
    }
    Ok(())
}

pub(super) fn remove_file(root: &Path, path: &Path, touched: &mut Touched) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !is_absent(&error) => return Err(io_error(error, "delete", path)),
        _ => touched.entry(path),
    }
    clear_folders(root, path, touched);
    Ok(())
}

/// Removes the folders above `path` that are empty.
pub(super) fn clear_folders(root: &Path, path: &Path, touched: &mut Touched) {
    let mut folder = path.parent();
    while let Some(empty) =
        folder.filter(|folder| *folder != root && fs::remove_dir(folder).is_ok())
    {
        touched.entry(empty);
        folder = empty.parent();
    }
}

/// Whether a file may stand at `path`: an empty folder is removed, a full one stays.
fn make_way(path: &Path) -> Result<bool> {
    match look(path)? {
        Some(metadata) if metadata.is_dir() => Ok(fs::remove_dir(path).is_ok()),
        Some(metadata) if !metadata.is_file() => Err(no_file(path)),
        _ => Ok(true),
    }
}

/// Makes the folders that `key` stands in; says the innermost.
fn make_folders(root: &Path, key: &str, touched: &mut Touched) -> Result<PathBuf> {
    let mut folder = root.to_owned();
    let parts = key.rsplit_once('/').map(|(parts, _)| parts.split('/'));
    for part in parts.into_iter().flatten() {
        let mut inner = folder.clone();
        inner.extend(part_names(part).iter().map(AsRef::as_ref).map(Path::new));
        make_parents(&folder, &inner, touched)?;
        match look(&inner)? {
            Some(metadata) if metadata.is_dir() => {}
            found => {
                if found.is_some_and(|metadata| metadata.is_file()) {
                    move_beside(&folder, &inner, touched)?;
                }
                make_folder(&inner, touched)?;
            }
        }
        folder = inner;
    }
    Ok(folder)
}

/// Gives the place of an object to a folder of its name.
fn move_beside(folder: &Path, object: &Path, touched: &mut Touched) -> Result<()> {
    let relative = object.strip_prefix(folder).map_err(|error| {
        Error::internal(format!("{} is outside its folder", object.display())).caused_by(error)
    })?;
    let beside = folder.join(BESIDE).join(relative);
    make_parents(folder, &beside, touched)?;
    refuse_link(&beside)?;
    fs::rename(object, &beside).at("move aside", object)?;
    touched.entry(object);
    touched.entry(&beside);
    Ok(())
}

/// Makes the folders between `folder` and the last name of `path`.
fn make_parents(folder: &Path, path: &Path, touched: &mut Touched) -> Result<()> {
    let between = path
        .parent()
        .and_then(|parent| parent.strip_prefix(folder).ok());
    let mut made = folder.to_owned();
    for name in between.into_iter().flat_map(Path::components) {
        made.push(name);
        make_folder(&made, touched)?;
    }
    Ok(())
}

fn make_folder(path: &Path, touched: &mut Touched) -> Result<()> {
    match look(path)? {
        Some(metadata) if metadata.is_dir() => Ok(()),
        Some(_) => Err(Error::invalid(format!(
            "{} is in the way: a folder must stand there",
            path.display()
        ))
        .hint("links and foreign files below a bucket are not objects; move it away")),
        None => {
            private_dir(path)?;
            touched.entry(path);
            Ok(())
        }
    }
}

fn refuse_link(path: &Path) -> Result<()> {
    match look(path)? {
        Some(metadata) if !metadata.is_file() => Err(no_file(path)),
        _ => Ok(()),
    }
}

fn no_file(path: &Path) -> Error {
    Error::invalid(format!(
        "{} is in the way: it is no regular file",
        path.display()
    ))
    .hint("links below a bucket are not objects; move it away")
}
