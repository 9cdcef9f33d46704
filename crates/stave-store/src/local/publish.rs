//! Publishing: the whole output of a run becomes visible at once.
//!
//! One transaction writes a journal of what is to be renamed and deleted, and
//! the rows of the new objects, and moves the job's bookmark on: **its commit is the moment
//! of publication**.
//! Then the journal is carried out, alone among all processes, and cleared.
//! Whoever reads or writes objects carries out a journal it finds first, so
//! when the publisher dies after the commit nobody sees the half of it; when
//! it dies before, nothing happened. Carrying out twice does no harm.
//!
//! A published object's ETag is made from run, key, size and time, in the form
//! of a multipart upload's (`<32 hex>-1`): those are no MD5 in S3 either, and
//! hashing gigabytes of output would cost more than writing them.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Component, Path};

use rusqlite::{Connection, OptionalExtension, params};
use stave_core::{BucketName, Error, ObjectKey, Result};

#[cfg(test)]
use super::CrashPoint;
use super::LocalBuckets;
use super::archive::Next;
use super::files::{self, Identity, Touched, look, sync_folder};
use super::index::{self, Noted};
use super::journal;
use super::settings::versioning;
use super::walk::{Found, walk};
use crate::database::Durability;
use crate::faults::{IoContext, SqlContext};
use crate::home::check_id;
use crate::md5::Md5;
use crate::objects::{
    CreatedBy, ListRequest, Publication, PutOptions, StagedFile, Versioning, hex, resolve_options,
};
use crate::rows;
use crate::rows::events::{self, NewEvent};
use crate::transaction::Transaction;

/// What a listing compares before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    generation: i64,
    pub(super) pending: bool,
}

pub(super) fn state(db: &Connection) -> Result<State> {
    db.prepare_cached(
        "SELECT generation, EXISTS (SELECT 1 FROM publications)
         OR EXISTS (SELECT 1 FROM moves) FROM publishing",
    )
    .sql()?
    .query_row([], |row| {
        Ok(State {
            generation: row.get(0)?,
            pending: row.get(1)?,
        })
    })
    .sql()
}

pub(super) fn is_pending(db: &Connection) -> Result<bool> {
    Ok(state(db)?.pending)
}

/// A staged file, on the disk, and the row it will have.
struct Ready<'a> {
    file: &'a StagedFile,
    /// Below the staging folder of all runs.
    staged: String,
    identity: Identity,
    noted: Noted,
}

impl LocalBuckets {
    pub(super) fn publish_files(&self, publication: &Publication) -> Result<()> {
        publication.check()?;
        check_id("run", &publication.run_id)?;
        let ready = publication
            .files
            .iter()
            .map(|file| self.make_ready(&publication.run_id, file))
            .collect::<Result<Vec<_>>>()?;
        self.flush_staging(&ready)?;
        #[cfg(test)]
        self.may_crash(CrashPoint::Staged)?;
        self.commit_publication(publication, &ready)?;
        #[cfg(test)]
        self.may_crash(CrashPoint::Committed)?;
        // It is published: what fails now is carried out by whoever comes next, who is told if
        // it fails again.
        let _ = self.finish_publications();
        Ok(())
    }

    /// Whether the output of `run_id` is committed and not in its place yet.
    pub(crate) fn is_publishing(&self, run_id: &str) -> Result<bool> {
        self.store.database().read(|tx| {
            tx.query_row(
                "SELECT EXISTS (SELECT 1 FROM publications WHERE run_id = ?1)",
                [run_id],
                |row| row.get(0),
            )
            .sql()
        })
    }

    fn make_ready<'a>(&self, run_id: &str, file: &'a StagedFile) -> Result<Ready<'a>> {
        let staging = self.store.home().staging();
        let relative = file.path.strip_prefix(&staging).ok().filter(|relative| {
            relative.starts_with(run_id)
                && relative
                    .components()
                    .all(|name| matches!(name, Component::Normal(_)))
        });
        let Some(relative) = relative.and_then(Path::to_str) else {
            return Err(Error::invalid(format!(
                "{} is not in the staging folder of run {run_id}",
                file.path.display()
            )));
        };
        let is_file = look(&file.path)?.is_some_and(|metadata| metadata.is_file());
        if !is_file || !files::folders_are_real(&staging, Path::new(relative))? {
            return Err(Error::invalid(format!(
                "{} is no regular file",
                file.path.display()
            )));
        }
        let open = File::options()
            .write(true)
            .open(&file.path)
            .at("open", &file.path)?;
        let identity = self.seal(&open, &file.path)?;
        let options = PutOptions {
            content_type: file.content_type.clone(),
            user_metadata: file.user_metadata.clone(),
            ..PutOptions::default()
        };
        let (content_type, user_metadata) = resolve_options(&file.key, &options)?;
        Ok(Ready {
            file,
            staged: relative.to_owned(),
            identity,
            noted: Noted {
                etag: made_etag(run_id, file.key.as_str(), identity),
                content_type,
                user_metadata: index::store("user metadata", &user_metadata)?,
                ..Noted::default()
            },
        })
    }

    /// Writes the folders of the staged files to the disk: the journal will rely on them.
    fn flush_staging(&self, ready: &[Ready<'_>]) -> Result<()> {
        if !self.store.options().fsync {
            return Ok(());
        }
        let tmp = self.store.home().tmp();
        let folders: HashSet<&Path> = ready
            .iter()
            .flat_map(|ready| ready.file.path.ancestors().skip(1))
            .filter(|folder| folder.starts_with(&tmp))
            .collect();
        folders.iter().try_for_each(|folder| sync_folder(folder))
    }

    /// Writes the journal. When this returns, the output is published.
    fn commit_publication(&self, publication: &Publication, ready: &[Ready<'_>]) -> Result<()> {
        for _ in 0..super::TURNS {
            self.finish_publications()?;
            let committed = self.store.database().write(|tx| {
                if is_pending(tx)? {
                    return Ok(false);
                }
                self.write_journal(tx, publication, ready)?;
                if let Some(bookmark) = &publication.bookmark {
                    rows::advance(tx, &publication.run_id, bookmark)?;
                }
                Ok(true)
            })?;
            if committed {
                return Ok(());
            }
        }
        Err(Error::conflict("other processes publish without a pause").hint("try again"))
    }

    fn write_journal(
        &self,
        tx: &Transaction<'_>,
        publication: &Publication,
        ready: &[Ready<'_>],
    ) -> Result<()> {
        let run_id = publication.run_id.as_str();
        tx.execute("INSERT INTO publications VALUES (?1)", [run_id])
            .sql()?;
        let mut published = HashSet::new();
        for Ready {
            file,
            staged,
            identity,
            noted,
        } in ready
        {
            let (bucket, key) = (&file.bucket, file.key.as_str());
            let root = self.existing_root(bucket)?;
            // Found out now what could be in the way: after the commit it would be too late.
            files::prepare(&root, key, &mut Touched::default())?;
            tx.prepare_cached("INSERT INTO publication_files VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                .sql()?
                .execute(params![
                    run_id,
                    bucket.as_str(),
                    key,
                    staged,
                    identity.inode,
                    identity.mtime_ns,
                    identity.size
                ])
                .sql()?;
            let versioning = versioning(tx, bucket)?;
            let mut noted = noted.clone();
            if let Some(versioning) = versioning {
                noted.version_id = self.make_room(tx, &root, bucket, key, versioning)?;
            }
            index::insert(tx, bucket, key, *identity, &noted, None)?;
            let version_id = versioning.map(|_| noted.id());
            let created = NewEvent {
                name: CreatedBy::Put.event_name(),
                bucket,
                key,
                version_id,
                created: Some((identity.size(), &noted.etag)),
            };
            events::record(tx, self.store.now(), created)?;
            published.insert((bucket, key));
        }
        for (bucket, prefix) in &publication.replace {
            let root = self.existing_root(bucket)?;
            for found in walk(self.store.folders(), &root, &ListRequest::all(prefix))? {
                if let Found::Object(key, _) = &found
                    && !published.contains(&(bucket, key.as_str()))
                {
                    self.write_delete(tx, run_id, (&root, bucket), key)?;
                }
            }
        }
        Ok(())
    }

    fn write_delete(
        &self,
        tx: &Transaction<'_>,
        run_id: &str,
        (root, bucket): (&Path, &BucketName),
        key: &ObjectKey,
    ) -> Result<()> {
        if let Some(versioning) = versioning(tx, bucket)? {
            if !journal::is_decided(tx, bucket, key.as_str())? {
                self.mark_deleted(tx, root, bucket, key, versioning)?;
            }
            return Ok(());
        }
        let new = tx
            .prepare_cached("INSERT OR IGNORE INTO publication_deletes VALUES (?1, ?2, ?3)")
            .sql()?
            .execute([run_id, bucket.as_str(), key.as_str()])
            .sql()?;
        if new == 1 {
            self.record_removal(tx, bucket, key.as_str())?;
        }
        Ok(())
    }

    /// Takes the current version of `key` out of the way of a published file, and
    /// says the version that this one is.
    fn make_room(
        &self,
        tx: &Transaction<'_>,
        root: &Path,
        bucket: &BucketName,
        key: &str,
        versioning: Versioning,
    ) -> Result<Option<String>> {
        let next = Next {
            is_null: versioning == Versioning::Suspended,
            is_file: true,
        };
        // What is needless now is swept: until the commit it may be needed after all.
        self.archive_current(tx, &mut Touched::default(), root, (bucket, key), next)?;
        if next.is_null {
            return Ok(None);
        }
        self.new_version_id(tx).map(Some)
    }

    /// Carries out what has been committed and not finished, by whomever.
    pub(crate) fn finish_publications(&self) -> Result<()> {
        let database = self.store.database();
        if !database.glance(is_pending)? {
            return Ok(());
        }
        let published = database.glance(next_publication)?.is_some();
        // To move a file again that has been moved does no harm, to delete again may.
        let durability = if published {
            Durability::Durable
        } else {
            Durability::Relaxed
        };
        database.transact(durability, |tx| {
            let mut touched = Touched::default();
            if self.carry_out_moves(tx, &mut touched)? {
                if self.store.options().fsync {
                    touched.sync()?;
                }
                tx.execute("DELETE FROM moves", []).sql()?;
                tx.execute("UPDATE publishing SET generation = generation + 1", [])
                    .sql()?;
            }
            while let Some(run_id) = next_publication(tx)? {
                let mut touched = Touched::default();
                self.carry_out(tx, &run_id, &mut touched)?;
                if self.store.options().fsync {
                    touched.sync()?;
                }
                #[cfg(test)]
                self.may_crash(CrashPoint::Applied)?;
                tx.execute("DELETE FROM publications WHERE run_id = ?1", [&run_id])
                    .sql()?;
                tx.execute("UPDATE publishing SET generation = generation + 1", [])
                    .sql()?;
            }
            Ok(())
        })
    }

    fn carry_out(&self, tx: &Transaction<'_>, run_id: &str, touched: &mut Touched) -> Result<()> {
        for (bucket, key) in deletes_of(tx, run_id)? {
            files::remove(&self.store.home().bucket(&bucket), &key, touched)?;
            index::remove(tx, &bucket, &key)?;
        }
        #[cfg(test)]
        self.may_crash(CrashPoint::Deleted)?;
        let staging = self.store.home().staging();
        for (at, (bucket, key, staged, identity)) in files_of(tx, run_id)?.into_iter().enumerate() {
            let staged = staging.join(staged);
            let waiting = look(&staged)?.is_some_and(|found| Identity::of(&found) == identity);
            if waiting {
                files::place(&self.store.home().bucket(&bucket), &key, &staged, touched)?;
                touched.entry(&staged);
            }
            index::settle(tx, &bucket, &key, identity)?;
            #[cfg(test)]
            self.may_crash(CrashPoint::Moved(at + 1))?;
            let _ = at;
        }
        Ok(())
    }
}

fn next_publication(tx: &Connection) -> Result<Option<String>> {
    tx.query_row("SELECT run_id FROM publications LIMIT 1", [], |row| {
        row.get(0)
    })
    .optional()
    .sql()
}

fn deletes_of(tx: &Connection, run_id: &str) -> Result<Vec<(BucketName, String)>> {
    let mut statement = tx
        .prepare("SELECT bucket, key FROM publication_deletes WHERE run_id = ?1")
        .sql()?;
    let mut rows = statement.query([run_id]).sql()?;
    let mut deletes = Vec::new();
    while let Some(row) = rows.next().sql()? {
        deletes.push((
            BucketName::new(row.get::<_, String>(0).sql()?)?,
            row.get(1).sql()?,
        ));
    }
    Ok(deletes)
}

type JournalledFile = (BucketName, String, String, Identity);

fn files_of(tx: &Connection, run_id: &str) -> Result<Vec<JournalledFile>> {
    let mut statement = tx
        .prepare(
            "SELECT bucket, key, staged, inode, mtime_ns, size FROM publication_files
             WHERE run_id = ?1",
        )
        .sql()?;
    let mut rows = statement.query([run_id]).sql()?;
    let mut files = Vec::new();
    while let Some(row) = rows.next().sql()? {
        let identity = Identity {
            inode: row.get(3).sql()?,
            mtime_ns: row.get(4).sql()?,
            size: row.get(5).sql()?,
        };
        let bucket = BucketName::new(row.get::<_, String>(0).sql()?)?;
        files.push((bucket, row.get(1).sql()?, row.get(2).sql()?, identity));
    }
    Ok(files)
}

/// An ETag for a file whose bytes are not to be read: one that no other file has.
pub(super) fn made_etag(run_id: &str, key: &str, identity: Identity) -> String {
    let named = format!("{run_id}\0{key}\0{}\0{}", identity.size, identity.mtime_ns);
    format!("{}-1", hex(&Md5::of(named.as_bytes())))
}
