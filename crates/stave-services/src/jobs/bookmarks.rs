//! Bookmarks: a run reads what the job has not read before, and what it has read is moved
//! away when the job says so.
//!
//! An object counts as read by its key and ETag (by size and time where there is no ETag).
//! The bookmark moves on in the transaction that publishes the run: a run that was killed
//! or failed has read nothing. What is to be moved away is noted there as well and moved
//! afterwards, by whichever run of the job comes next if the first one died.

use std::collections::HashMap;

use stave_core::job::{Bookmark, Graph, JobDefinition, Node, S3Files};
use stave_core::{BucketName, Caller, Error, ErrorKind, ObjectKey, Result, S3Uri};
use stave_engine::job::{JobPlan, SourceObject, Unread};
use stave_store::{BookmarkAdvance, JobBookmark, ObjectInfo, ObjectMove, ReadObject};

use super::Jobs;

/// What a run knows of the job's bookmark.
pub(super) struct RunBookmark {
    job: String,
    option: Bookmark,
    version: u64,
    read: HashMap<(String, String, String), ReadObject>,
    moves_away: bool,
}

impl RunBookmark {
    /// The bookmark of `job` as the run finds it.
    pub(super) fn begin(jobs: &Jobs, job: &str, definition: &JobDefinition) -> Result<Self> {
        let moves_away = definition.nodes.nodes().iter().any(|node| {
            let files = node.kind.s3_files();
            files.is_some_and(|files| files.after_read.is_some())
        });
        let option = definition.bookmark;
        let kept = if option == Bookmark::Disable && !moves_away {
            JobBookmark::default()
        } else {
            jobs.store.job_bookmark(job)?
        };
        let key = |object: &ReadObject| {
            let bucket = object.bucket.to_string();
            (object.source.clone(), bucket, object.key.clone())
        };
        Ok(Self {
            job: job.to_owned(),
            option,
            version: kept.version,
            read: kept
                .objects
                .into_iter()
                .map(|object| (key(&object), object))
                .collect(),
            // A paused run leaves everything as it was, so that it can be repeated.
            moves_away: moves_away && option != Bookmark::Pause,
        })
    }

    /// Says what is unread; none when the run reads everything.
    pub(super) fn unread(&self) -> Option<&dyn Unread> {
        (self.option != Bookmark::Disable).then_some(self as &dyn Unread)
    }

    /// Whether every source of `plan` that knows what it has read finds nothing new.
    pub(super) fn nothing_new(&self, plan: &JobPlan) -> bool {
        let incremental = |node: &Node| {
            let files = node.kind.s3_files();
            let moves = files.is_some_and(|files| files.after_read.is_some());
            files.is_some() && (self.option != Bookmark::Disable || moves)
        };
        let mut sources = plan
            .sources()
            .iter()
            .filter(|source| plan.graph().get(&source.node_id).is_some_and(incremental))
            .peekable();
        sources.peek().is_some() && sources.all(|source| source.objects.is_empty())
    }

    /// How the bookmark moves on when the run of `plan` is published.
    pub(super) fn advance(&self, plan: &JobPlan) -> Result<Option<BookmarkAdvance>> {
        let remembers = self.option == Bookmark::Enable;
        if !remembers && !self.moves_away {
            return Ok(None);
        }
        let mut advance = BookmarkAdvance {
            job: self.job.clone(),
            version: self.version,
            objects: Vec::new(),
            moves: Vec::new(),
        };
        for source in plan.sources() {
            let Some(files) = files_of(plan.graph(), &source.node_id) else {
                continue;
            };
            for object in &source.objects {
                let object = (object, read_object(&source.node_id, object));
                if self.moves_away
                    && let Some(to) = destination(files, &object.0.uri)?
                {
                    advance.moves.push(ObjectMove {
                        object: object.1.clone(),
                        to_bucket: to.0,
                        to_key: to.1,
                    });
                }
                if remembers {
                    advance.objects.push(object.1);
                }
            }
        }
        Ok(Some(advance))
    }
}

impl Unread for RunBookmark {
    fn is_unread(&self, node: &Node, object: &SourceObject) -> bool {
        let bucket = object.uri.bucket.to_string();
        let key = (node.id.clone(), bucket, object.uri.key.clone());
        let read = self.read.get(&key);
        read.is_none_or(|read| {
            !read.is_same(object.etag.as_deref(), object.size, object.modified_at)
        })
    }
}

fn files_of<'a>(graph: &'a Graph, node_id: &str) -> Option<&'a S3Files> {
    graph.get(node_id)?.kind.s3_files()
}

fn read_object(source: &str, object: &SourceObject) -> ReadObject {
    ReadObject {
        source: source.to_owned(),
        bucket: object.uri.bucket.clone(),
        key: object.uri.key.clone(),
        etag: object.etag.clone(),
        size: object.size,
        modified_at: object.modified_at,
    }
}

/// Where an object goes when it has been read: below the folder, as it stands below the
/// source's path.
fn destination(files: &S3Files, object: &S3Uri) -> Result<Option<(BucketName, ObjectKey)>> {
    let Some(after) = &files.after_read else {
        return Ok(None);
    };
    let mut below = object.key.rsplit('/').next().unwrap_or_default();
    for path in &files.paths {
        let folder: S3Uri = path.parse()?;
        let rest = object.key.strip_prefix(&folder.folder());
        if let Some(rest) = rest.filter(|rest| folder.bucket == object.bucket && !rest.is_empty()) {
            below = rest;
            break;
        }
    }
    let key = format!("{}{below}", after.move_to.folder());
    Ok(Some((after.move_to.bucket.clone(), ObjectKey::new(key)?)))
}

/// Refuses a source that would find again what it has moved away.
pub(super) fn check_moves(definition: &JobDefinition) -> Result<()> {
    for node in definition.nodes.nodes() {
        let Some(files) = node.kind.s3_files() else {
            continue;
        };
        let Some(after) = &files.after_read else {
            continue;
        };
        for path in &files.paths {
            let from: S3Uri = path.parse()?;
            let (folder, to) = (from.folder(), after.move_to.folder());
            let inside = if files.recurse == Some(true) {
                to.starts_with(&folder)
            } else {
                to == folder
            };
            if from.bucket == after.move_to.bucket && inside {
                return Err(Error::invalid(format!(
                    "node \"{}\", AfterRead.MoveTo: {} lies in {from}, which is read again",
                    node.name, after.move_to
                ))
                .hint("move to a folder beside it"));
            }
        }
    }
    Ok(())
}

impl Jobs {
    /// Moves away what runs of `job` have read and left where it was. Says how many objects.
    pub(super) async fn carry_out_moves(&self, caller: &Caller, job: &str) -> Result<u64> {
        let mut moved = 0;
        loop {
            let moves = self.store.pending_moves(job)?;
            if moves.is_empty() {
                return Ok(moved);
            }
            for one in &moves {
                let key = ObjectKey::new(&one.object.key)?;
                moved += u64::from(self.carry_out(caller, one, &key).await?);
                self.store.finish_moves(job, std::slice::from_ref(one))?;
            }
        }
    }

    /// Moves one object, unless it is gone already or another one stands in its place.
    async fn carry_out(&self, caller: &Caller, one: &ObjectMove, key: &ObjectKey) -> Result<bool> {
        let (from, to) = (&one.object.bucket, &one.to_bucket);
        let found = match self.buckets.head(caller, from, key).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let is_same = |found: &ObjectInfo| {
            let etag = found.etag.as_deref();
            one.object.is_same(etag, found.size, found.modified_at)
        };
        if !is_same(&found) {
            return Ok(false);
        }
        self.buckets
            .copy(caller, (from, key), (to, &one.to_key))
            .await?;
        // What was put meanwhile has not been read.
        if is_same(&self.buckets.head(caller, from, key).await?) {
            self.buckets.delete(caller, from, key).await?;
        }
        Ok(true)
    }

    /// What a job has read.
    pub fn bookmark(&self, caller: &Caller, job: &str) -> Result<JobBookmark> {
        self.may(caller, "glue:GetJobBookmark", job)?;
        self.store.job_bookmark(job)
    }

    /// Forgets what a job has read: the next run reads all of it again. Says how many objects
    /// that were. What runs have written stays.
    pub fn reset_bookmark(&self, caller: &Caller, job: &str) -> Result<u64> {
        self.may(caller, "glue:ResetJobBookmark", job)?;
        self.store.reset_job_bookmark(job)
    }
}
