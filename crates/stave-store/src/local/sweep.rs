//! What the dead left: uploads that were not renamed, files of versions and
//! parts that no row knows.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use stave_core::{BucketName, Result};

use super::LocalBuckets;
use super::files::{self, Identity};
use super::index;
use crate::faults::{IoContext, SqlContext, io_error};

/// How many files are looked at before others get their turn at writing.
const BATCH: usize = 1000;

impl LocalBuckets {
    /// Settles the rows of uploads whose process died: those that were renamed
    /// count, the others go.
    pub(crate) fn forget_dead_uploads(&self) -> Result<()> {
        for (pending, bucket, key, identity) in self.pending_uploads()? {
            let owner = pending.split('/').next().unwrap_or_default();
            if self.store.is_alive(owner)? {
                continue;
            }
            let bucket = BucketName::new(bucket)?;
            self.change(|tx, _| {
                let found = files::locate(&self.store.home().bucket(&bucket), &key)?;
                if found.is_some_and(|found| found.identity == identity) {
                    self.settle(tx, &bucket, &key, identity)
                } else {
                    index::forget_pending(tx, &pending)
                }
            })?;
        }
        Ok(())
    }

    fn pending_uploads(&self) -> Result<Vec<(String, String, String, Identity)>> {
        self.store.database().read(|tx| {
            let mut statement = tx
                .prepare(
                    "SELECT pending, bucket, key, inode, mtime_ns, size FROM objects
                     WHERE pending IS NOT NULL",
                )
                .sql()?;
            let rows = statement
                .query_map([], |row| {
                    let identity = Identity {
                        inode: row.get(3)?,
                        mtime_ns: row.get(4)?,
                        size: row.get(5)?,
                    };
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, identity))
                })
                .sql()?;
            rows.collect::<rusqlite::Result<Vec<_>>>().sql()
        })
    }

    /// Removes files of versions and of parts that no row knows; says how many.
    pub(crate) fn remove_orphans(&self) -> Result<usize> {
        let mut removed = 0;
        let versions = self.store.home().versions();
        for bucket in folders(&versions)? {
            for shelf in folders(&versions.join(&bucket))? {
                let folder = versions.join(&bucket).join(&shelf);
                removed += self.remove_unknown(&folder, |tx, name| {
                    let file = format!("{shelf}/{name}");
                    tx.prepare_cached(
                        "SELECT 1 FROM object_versions WHERE bucket = ?1 AND file = ?2",
                    )
                    .sql()?
                    .query_row([&bucket, &file], |_| Ok(()))
                    .optional()
                    .sql()
                })?;
            }
            self.remove_empty_folder(&versions.join(&bucket))?;
        }
        let multipart = self.store.home().multipart();
        for upload in folders(&multipart)? {
            let folder = multipart.join(&upload);
            removed += self.remove_unknown(&folder, |tx, name| {
                tx.prepare_cached(
                    "SELECT 1 FROM upload_parts JOIN uploads ON id = upload
                     WHERE upload = ?1 AND file = ?2 AND completed_at IS NULL",
                )
                .sql()?
                .query_row([&upload, name], |_| Ok(()))
                .optional()
                .sql()
            })?;
        }
        Ok(removed)
    }

    /// Removes the files of `folder` that `known` does not know, and the folder when it is empty.
    fn remove_unknown(
        &self,
        folder: &Path,
        known: impl Fn(&Connection, &str) -> Result<Option<()>>,
    ) -> Result<usize> {
        let mut removed = 0;
        let names: Vec<String> = entries(folder)?;
        for batch in names.chunks(BATCH) {
            let mut unknown = HashSet::new();
            self.store.database().read(|tx| {
                for name in batch {
                    if known(tx, name)?.is_none() {
                        unknown.insert(name.as_str());
                    }
                }
                Ok(())
            })?;
            if unknown.is_empty() {
                continue;
            }
            // Files get their names alone among all processes: what is unknown then is nobody's.
            removed += self.change(|tx, touched| {
                let mut removed = 0;
                for name in &unknown {
                    if known(tx, name)?.is_none() {
                        let path = folder.join(name);
                        fs::remove_file(&path).at("remove", &path)?;
                        touched.entry(&path);
                        removed += 1;
                    }
                }
                Ok(removed)
            })?;
        }
        self.remove_empty_folder(folder)?;
        Ok(removed)
    }

    /// Removes a folder when it is empty, while nobody can be about to put something there.
    fn remove_empty_folder(&self, folder: &Path) -> Result<()> {
        if entries(folder)?.is_empty() {
            self.change(|_, _| {
                let _ = fs::remove_dir(folder);
                Ok(())
            })?;
        }
        Ok(())
    }
}

fn entries(folder: &Path) -> Result<Vec<String>> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(error, "list", folder)),
    };
    let mut names = Vec::new();
    for entry in listing {
        let entry = entry.at("list", folder)?;
        names.extend(entry.file_name().into_string().ok());
    }
    Ok(names)
}

fn folders(folder: &Path) -> Result<Vec<String>> {
    let mut names = entries(folder)?;
    names.retain(|name| PathBuf::from(folder).join(name).is_dir());
    Ok(names)
}
