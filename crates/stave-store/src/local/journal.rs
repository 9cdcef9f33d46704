//! A journal of renames: what a change of versions has decided and not all done.
//!
//! The transaction that decides writes its steps here; its commit is the moment
//! of the change. Whoever comes next carries them out, in order, alone among all
//! processes. A step names the very file it is about, so doing it twice, or after
//! somebody changed the file by hand, does no harm.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};
use stave_core::{BucketName, Error, Result};

#[cfg(test)]
use super::CrashPoint;
use super::LocalBuckets;
use super::files::{self, Identity, Touched, look};
use crate::faults::{IoContext, SqlContext, io_error};
use crate::home::private_dir;
use crate::transaction::Transaction;

/// What to do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Give the object's file a second place: a new one comes into the first.
    Keep,
    /// Move the object's file to another place.
    Aside,
    /// Move a file to the object's place.
    Place,
    /// Remove the object's file.
    Drop,
}

impl Step {
    const ALL: [Self; 4] = [Self::Keep, Self::Aside, Self::Place, Self::Drop];

    fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Aside => "aside",
            Self::Place => "place",
            Self::Drop => "drop",
        }
    }
}

/// A step, the object it is about, and the file's other place below the home.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) step: Step,
    pub(super) bucket: BucketName,
    pub(super) key: String,
    pub(super) file: String,
    pub(super) identity: Identity,
}

/// Writes a step into the journal.
pub(super) fn note(tx: &Connection, step: &Move) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO moves (step, bucket, key, file, inode, mtime_ns, size)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .sql()?
    .execute(params![
        step.step.name(),
        step.bucket.as_str(),
        step.key,
        step.file,
        step.identity.inode,
        step.identity.mtime_ns,
        step.identity.size
    ])
    .sql()?;
    Ok(())
}

/// Whether a step about `key` waits to be carried out.
pub(super) fn is_decided(tx: &Connection, bucket: &BucketName, key: &str) -> Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM moves WHERE bucket = ?1 AND key = ?2)")
        .sql()?
        .query_row([bucket.as_str(), key], |row| row.get(0))
        .sql()
}

/// The current file of `key`, as it will be when all that this transaction has
/// decided is carried out.
pub(super) fn current(
    tx: &Connection,
    root: &Path,
    bucket: &BucketName,
    key: &str,
) -> Result<Option<Identity>> {
    if !is_decided(tx, bucket, key)? {
        return Ok(files::locate(root, key)?.map(|found| found.identity));
    }
    tx.prepare_cached(
        "SELECT inode, mtime_ns, size FROM objects
         WHERE bucket = ?1 AND key = ?2 AND pending IS NULL",
    )
    .sql()?
    .query_row([bucket.as_str(), key], |row| {
        Ok(Identity {
            inode: row.get(0)?,
            mtime_ns: row.get(1)?,
            size: row.get(2)?,
        })
    })
    .optional()
    .sql()
}

fn noted(tx: &Connection) -> Result<Vec<Move>> {
    let mut statement = tx
        .prepare_cached(
            "SELECT step, bucket, key, file, inode, mtime_ns, size FROM moves ORDER BY seq",
        )
        .sql()?;
    let mut rows = statement.query([]).sql()?;
    let mut moves = Vec::new();
    while let Some(row) = rows.next().sql()? {
        let name: String = row.get(0).sql()?;
        let step = Step::ALL.into_iter().find(|step| step.name() == name);
        moves.push(Move {
            step: step.ok_or_else(|| {
                Error::internal(format!("the home's journal has an unknown step \"{name}\""))
            })?,
            bucket: BucketName::new(row.get::<_, String>(1).sql()?)?,
            key: row.get(2).sql()?,
            file: row.get(3).sql()?,
            identity: Identity {
                inode: row.get(4).sql()?,
                mtime_ns: row.get(5).sql()?,
                size: row.get(6).sql()?,
            },
        });
    }
    Ok(moves)
}

impl LocalBuckets {
    /// Carries out all steps. The caller holds the write lock, flushes what was
    /// touched, and clears the journal then.
    pub(super) fn carry_out_moves(
        &self,
        tx: &Transaction<'_>,
        touched: &mut Touched,
    ) -> Result<bool> {
        let moves = noted(tx)?;
        for (at, step) in moves.iter().enumerate() {
            self.carry_out_move(step, touched)
                .map_err(|error| error.within(format!("s3://{}/{}", step.bucket, step.key)))?;
            #[cfg(test)]
            self.may_crash(CrashPoint::Stepped(at + 1))?;
            let _ = at;
        }
        Ok(!moves.is_empty())
    }

    fn carry_out_move(&self, step: &Move, touched: &mut Touched) -> Result<()> {
        let root = self.store.home().bucket(&step.bucket);
        let other = self.store.home().root().join(&step.file);
        if step.step == Step::Place {
            if look(&other)?.is_some_and(|found| Identity::of(&found) == step.identity) {
                files::place(&root, &step.key, &other, touched)?;
                touched.entry(&other);
            }
            return Ok(());
        }
        let Some(found) =
            files::locate(&root, &step.key)?.filter(|found| found.identity == step.identity)
        else {
            return Ok(());
        };
        match step.step {
            Step::Keep => keep(&found.path, &other, touched),
            Step::Aside => {
                make_parent(&other, touched)?;
                fs::rename(&found.path, &other).at("move aside", &found.path)?;
                touched.entry(&other);
                touched.entry(&found.path);
                files::clear_folders(&root, &found.path, touched);
                Ok(())
            }
            _ => files::remove_file(&root, &found.path, touched),
        }
    }
}

/// Gives a file a second name: the first is overwritten without a moment in between.
fn keep(path: &Path, other: &Path, touched: &mut Touched) -> Result<()> {
    if look(other)?.is_some() {
        return Ok(());
    }
    make_parent(other, touched)?;
    match fs::hard_link(path, other) {
        Ok(()) => {}
        Err(error) if has_no_links(&error) => {
            fs::rename(path, other).at("move aside", path)?;
            touched.entry(path);
        }
        Err(error) => return Err(io_error(error, "keep", path)),
    }
    touched.entry(other);
    Ok(())
}

/// Some file systems (exFAT, some network shares) have no hard links.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::TooManyLinks
    )
}

pub(super) fn make_parent(path: &Path, touched: &mut Touched) -> Result<()> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    if !folder.is_dir() {
        private_dir(folder)?;
        for made in folder.ancestors().take(2) {
            touched.entry(made);
        }
    }
    Ok(())
}
