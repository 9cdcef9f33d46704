//! One run of a job, from its id to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use stave_core::ids::job_run_id;
use stave_core::job::{JobDefinition, WriteMode};
use stave_core::{Caller, Error, ObjectKey, Result, units};
use stave_engine::job::{JobObserver, JobOutcome, JobOutput, JobPlan, JobProgress, StepFigures};
use stave_store::{JobRun, Publication, RunEnd, RunState, StagedFile, Staging};

use super::bookmarks::RunBookmark;
use super::lineage::RunLineage;
use super::rejects::RunRejects;
use super::{Jobs, NamedJob, bookmarks, error_value, figures, tables};

/// Hears of a run, and says when it is to stop.
pub trait Watch: Send + Sync {
    /// It has an id.
    fn started(&self, run_id: &str) {
        let _ = run_id;
    }

    /// How far it is, a few times a second.
    fn progress(&self, progress: JobProgress);

    /// Something that a user should know and that is no error.
    fn note(&self, message: &str);

    /// Comes back when the run is to be stopped, which is never unless somebody asks.
    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// How a run ended that did not fail.
#[derive(Debug)]
pub struct Finished {
    /// The run as it is kept: `SUCCEEDED`, or `STOPPED` when that was asked for.
    pub run: JobRun,
    /// What each step read and gave; of a run that was stopped, nothing.
    pub steps: Vec<StepFigures>,
}

/// What a run has written aside.
struct Staged {
    plan: JobPlan,
    outcome: JobOutcome,
    publication: Publication,
    // Last: it takes with it what was not published.
    _staging: Staging,
}

impl Jobs {
    /// Runs a job to its end, or until `watch` stops it. An error of the job is an error of
    /// this call, and is kept with the run; nothing is visible of the output of a run that
    /// failed or was stopped.
    pub fn run<'a>(
        &'a self,
        caller: &'a Caller,
        job: &'a NamedJob,
        arguments: &'a BTreeMap<String, String>,
        watch: &'a dyn Watch,
    ) -> BoxFuture<'a, Result<Finished>> {
        Box::pin(async move {
            self.may(caller, "glue:StartJobRun", &job.name)?;
            let definition = job.document.fill(arguments)?;
            let id = job_run_id(&*self.ids);
            let given = serde_json::to_value(arguments).unwrap_or(Value::Null);
            let _alive = self.store.start_run(&id, &job.name, 0, &given)?;
            watch.started(&id);
            let run = Run {
                jobs: self,
                caller,
                id: &id,
                watch,
            };
            let ended = tokio::select! {
                ended = run.stage(&job.name, &definition) => ended.map(Some),
                // Dropped, its work ends and its staging folder goes.
                () = watch.stopped() => Ok(None),
            };
            // Once it begins to become visible it is not stopped any more.
            let ended = match ended {
                Ok(Some(Some(staged))) => run.publish(&job.name, staged).await.map(Some),
                Ok(Some(None)) => Ok(Some(Vec::new())),
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            self.store.finish_run(&id, &run.end(&ended)?)?;
            let run = self.store.get_run(&id)?;
            self.announce_end(&run);
            let steps = ended.as_ref().ok().and_then(Option::as_deref);
            self.announce.measure(&figures::figures(&run, steps));
            Ok(Finished {
                steps: ended?.unwrap_or_default(),
                run,
            })
        })
    }
}

struct Run<'a> {
    jobs: &'a Jobs,
    caller: &'a Caller,
    id: &'a str,
    watch: &'a dyn Watch,
}

impl JobObserver for Run<'_> {
    fn progress(&self, progress: JobProgress) {
        self.watch.progress(progress);
    }

    fn note(&self, message: &str) {
        // A note that cannot be kept is still shown.
        let _ = self.log(message);
        self.watch.note(message);
    }
}

impl Run<'_> {
    fn log(&self, line: &str) -> Result<()> {
        self.jobs.store.log_run(self.id, &[line])
    }

    /// Reads, computes and writes aside; nothing of it is visible. None when there is nothing
    /// that the job has not read before: then nothing is written, nor replaced.
    async fn stage(&self, job: &str, definition: &JobDefinition) -> Result<Option<Staged>> {
        for warning in &definition.warnings {
            self.note(&warning.to_string());
        }
        bookmarks::check_moves(definition)?;
        let bookmark = RunBookmark::begin(self.jobs, job, definition)?;
        // What a run before this one has read and could not move is not to be read again.
        self.move_away(job).await?;
        let staging = self.jobs.store.staging(self.id)?;
        let prefix = format!("run-{}", self.jobs.clock.now().as_millisecond());
        let rejects = RunRejects::new(&staging.path(), &prefix);
        let catalog = Arc::new(self.jobs.catalog.for_engine(self.caller));
        let buckets = &self.jobs.buckets;
        let engine = buckets.engine_for(&self.jobs.engine, self.caller)?;
        let plan = engine
            .plan_job(
                &definition.nodes,
                catalog,
                Some(&rejects),
                bookmark.unread(),
            )
            .await?;
        self.check_buckets(&plan).await?;
        if bookmark.nothing_new(&plan) {
            self.note("there is nothing new to read: nothing is written");
            return Ok(None);
        }
        self.log(&format!("planned: {} to write", plan.outputs().len()))?;
        let outcome = engine
            .run_job(&plan, &staging.path(), &prefix, self)
            .await?;
        for warning in &outcome.warnings {
            self.note(warning);
        }
        let lineage = self.jobs.lineage(self.caller, &plan).await?;
        let mut publication = publication(self.id, &plan, &outcome, &lineage)?;
        publication.files.extend(rejects.finish(&lineage.of_all())?);
        self.jobs.note_derived(&publication)?;
        publication.bookmark = bookmark.advance(&plan)?;
        Ok(Some(Staged {
            plan,
            outcome,
            publication,
            _staging: staging,
        }))
    }

    /// Moves away what runs of the job have read.
    async fn move_away(&self, job: &str) -> Result<()> {
        let moved = self.jobs.carry_out_moves(self.caller, job).await?;
        if moved > 0 {
            let objects = units::count(moved);
            self.log(&format!("moved {objects} objects away that were read"))?;
        }
        Ok(())
    }

    /// Makes what was written aside visible, and brings the catalog up to date.
    async fn publish(&self, job: &str, staged: Staged) -> Result<Vec<StepFigures>> {
        let Staged { plan, outcome, .. } = &staged;
        let publication = staged.publication.clone();
        self.jobs.buckets.publish(self.caller, publication).await?;
        let at = self.jobs.clock.now();
        for (output, written) in plan.outputs().iter().zip(&outcome.outputs) {
            tables::update(&self.jobs.catalog, self.caller, output, written, at).await?;
        }
        for step in &outcome.steps {
            self.log(&step_line(step))?;
        }
        if let Err(error) = self.move_away(job).await {
            self.note(&format!(
                "what was read could not be moved away, the next run tries again: {error}"
            ));
        }
        Ok(outcome.steps.clone())
    }

    /// How the run is kept; the log says why it has no output.
    fn end(&self, ended: &Result<Option<Vec<StepFigures>>>) -> Result<RunEnd> {
        let (state, error, steps) = match ended {
            Ok(Some(steps)) => {
                let steps = steps.iter().map(step_value).collect();
                (RunState::Succeeded, None, steps)
            }
            Ok(None) => {
                self.log("stopped: nothing of its output is visible")?;
                (RunState::Stopped, None, Value::Null)
            }
            Err(error) => {
                self.log(&format!("failed: {error}"))?;
                (RunState::Failed, Some(error_value(error)), Value::Null)
            }
        };
        Ok(RunEnd {
            state,
            error,
            steps,
        })
    }

    /// Refuses a target in a bucket that is not there before anything is read.
    async fn check_buckets(&self, plan: &JobPlan) -> Result<()> {
        for node in plan.graph().nodes() {
            let after = node
                .kind
                .s3_files()
                .and_then(|files| files.after_read.as_ref());
            if let Some(after) = after {
                let bucket = &after.move_to.bucket;
                let found = self.jobs.buckets.head_bucket(self.caller, bucket).await;
                let place = format!("node \"{}\", AfterRead.MoveTo", node.name);
                found.map_err(|error| error.within(place))?;
            }
        }
        for output in plan.outputs() {
            let bucket = &output.destination.folder.bucket;
            let found = self.jobs.buckets.head_bucket(self.caller, bucket).await;
            found.map_err(|error| error.within(format!("target \"{}\"", output.node_name)))?;
        }
        Ok(())
    }
}

/// What becomes visible when the run has come to its end.
fn publication(
    run_id: &str,
    plan: &JobPlan,
    outcome: &JobOutcome,
    lineage: &RunLineage,
) -> Result<Publication> {
    let mut publication = Publication {
        run_id: run_id.to_owned(),
        ..Publication::default()
    };
    for (output, written) in plan.outputs().iter().zip(&outcome.outputs) {
        let folder = &output.destination.folder;
        let user_metadata = lineage.of(&output.node_id);
        for file in &written.files {
            publication.files.push(StagedFile {
                path: file.path.clone(),
                bucket: folder.bucket.clone(),
                key: ObjectKey::new(format!("{}{}", folder.folder(), file.key))?,
                content_type: None,
                user_metadata: user_metadata.clone(),
            });
        }
        if output.destination.mode == WriteMode::Overwrite {
            replace(&mut publication, output)?;
        }
    }
    Ok(publication)
}

fn replace(publication: &mut Publication, output: &JobOutput) -> Result<()> {
    let folder = output.destination.folder.folder();
    if folder.is_empty() {
        return Err(Error::invalid(format!(
            "target \"{}\": Mode: overwrite of a whole bucket would delete all that is in it",
            output.node_name
        ))
        .hint("write to a folder of the bucket"));
    }
    let bucket = output.destination.folder.bucket.clone();
    publication.replace.push((bucket, folder));
    Ok(())
}

fn step_value(step: &StepFigures) -> Value {
    json!({
        "id": step.node_id,
        "name": step.node_name,
        "type": step.node_type,
        "bytes_read": step.bytes_read,
        "rows": step.rows,
        "rows_rejected": step.rows_rejected,
        "bytes_written": step.bytes_written,
        "files_written": step.files_written,
    })
}

fn step_line(step: &StepFigures) -> String {
    let mut parts = vec![format!("{} \"{}\"", step.node_type, step.node_name)];
    if let Some(rows) = step.rows {
        parts.push(format!("{} rows", units::count(rows)));
    }
    if let Some(bytes) = step.bytes_read {
        parts.push(format!("read {}", units::bytes(bytes)));
    }
    if step.rows_rejected > 0 {
        let records = units::count(step.rows_rejected);
        parts.push(format!("{records} records set aside"));
    }
    if step.files_written > 0 {
        let bytes = units::bytes(step.bytes_written);
        parts.push(format!("wrote {bytes} in {} files", step.files_written));
    }
    parts.join(", ")
}
