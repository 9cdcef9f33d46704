//! Runs a planned job into a folder aside, and says what each step read and wrote.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;
use stave_core::job::{Node, NodeKind};
use stave_core::{Error, Result};

use super::sources::Reading;
use super::{JobOutput, JobPlan, figures};
use crate::write::{OutputSpec, WriteProgress, WrittenFile, write};
use crate::{Engine, fault};

/// How often an observer hears of a running job.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// How far a job is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobProgress {
    /// Bytes read so far, of text uncompressed.
    pub bytes_read: u64,
    /// Bytes to read, about; the files of catalog tables are not among them.
    pub bytes_total: u64,
    /// Rows handed to the writers so far.
    pub rows_written: u64,
}

/// Hears of a running job.
pub trait JobObserver: Send + Sync {
    /// How far it is, a few times a second.
    fn progress(&self, progress: JobProgress);

    /// Something that a user should know and that is no error.
    fn note(&self, message: &str) {
        let _ = message;
    }
}

/// What a step of the job, which is a node, read and gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFigures {
    /// The node.
    pub node_id: String,
    /// Its name for people.
    pub node_name: String,
    /// Its type, in Glue's words.
    pub node_type: &'static str,
    /// Bytes that a source read, of text uncompressed; none where that is not known.
    pub bytes_read: Option<u64>,
    /// Records that a source set aside.
    pub rows_rejected: u64,
    /// Rows that came out of the node (that a target wrote), where that is known.
    pub rows: Option<u64>,
    /// Bytes that a target wrote.
    pub bytes_written: u64,
    /// Files that a target wrote.
    pub files_written: usize,
}

/// The files of one target or Spigot.
#[derive(Debug)]
pub struct WrittenOutput {
    /// The node; [`JobPlan::outputs`] says where its files go.
    pub node_id: String,
    /// The files, in the folder aside; their keys are relative to the destination.
    pub files: Vec<WrittenFile>,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether joins, sorts or aggregates were larger than memory and went through files.
    pub spilled: bool,
}

impl WrittenOutput {
    /// Rows in all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// What a job did.
#[derive(Debug)]
pub struct JobOutcome {
    /// One for each of [`JobPlan::outputs`], in their order.
    pub outputs: Vec<WrittenOutput>,
    /// One for each node that was run, in the order of the graph.
    pub steps: Vec<StepFigures>,
    /// What was noticed while reading.
    pub warnings: Vec<String>,
}

impl Engine {
    /// Runs every output of `job` into `<staging>/<node id>/`, one after the other; files are
    /// named after `prefix` (`run-<epoch ms>`). On an error, or when the future is dropped,
    /// what is in `staging` is for the caller to remove.
    pub fn run_job<'a>(
        &'a self,
        job: &'a JobPlan,
        staging: &'a Path,
        prefix: &'a str,
        observer: &'a dyn JobObserver,
    ) -> BoxFuture<'a, Result<JobOutcome>> {
        Box::pin(async move {
            job.sources().iter().for_each(super::JobSource::reset);
            let mut outputs: Vec<WrittenOutput> = Vec::new();
            let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
            for (at, output) in job.outputs().iter().enumerate() {
                let folder = &output.destination.folder;
                let before = &job.outputs()[..at];
                let same = before
                    .iter()
                    .filter(|other| other.destination.folder == *folder)
                    .count();
                let prefix = if same == 0 {
                    prefix.to_owned()
                } else {
                    format!("{prefix}-{same}")
                };
                let run = OutputRun {
                    engine: self,
                    job,
                    output,
                    staging,
                    prefix: &prefix,
                    observer,
                };
                let written: u64 = outputs.iter().map(WrittenOutput::rows).sum();
                let done = run.run(written).await;
                let (output, plan) =
                    done.map_err(|error| error.within(format!("target \"{}\"", output.node_name)))?;
                outputs.push(output);
                plans.push(plan);
            }
            let warnings = job
                .sources()
                .iter()
                .flat_map(super::JobSource::warnings)
                .collect();
            let steps = steps(job, &outputs, &plans);
            Ok(JobOutcome {
                outputs,
                steps,
                warnings,
            })
        })
    }
}

struct OutputRun<'a> {
    engine: &'a Engine,
    job: &'a JobPlan,
    output: &'a JobOutput,
    staging: &'a Path,
    prefix: &'a str,
    observer: &'a dyn JobObserver,
}

impl OutputRun<'_> {
    async fn run(&self, before: u64) -> Result<(WrittenOutput, Arc<dyn ExecutionPlan>)> {
        let started = Instant::now();
        let (plan, context) = self.engine.physical(self.output.plan.clone()).await?;
        let files = self.write(Arc::clone(&plan), context, before).await?;
        let output = WrittenOutput {
            node_id: self.output.node_id.clone(),
            files,
            elapsed: started.elapsed(),
            spilled: figures::spilled(&plan),
        };
        Ok((output, plan))
    }

    async fn write(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<datafusion::execution::TaskContext>,
        before: u64,
    ) -> Result<Vec<WrittenFile>> {
        let spec = self.spec().await?;
        let written = Arc::new(WriteProgress::default());
        let work = write(plan, context, &spec, &written);
        tokio::pin!(work);
        let mut ticks = tokio::time::interval(PROGRESS_INTERVAL);
        loop {
            tokio::select! {
                done = &mut work => {
                    self.report(before + written.rows());
                    return done;
                }
                _ = ticks.tick() => self.report(before + written.rows()),
            }
        }
    }

    fn report(&self, rows_written: u64) {
        let progress = self.job.progress();
        self.observer.progress(JobProgress {
            rows_written,
            ..progress
        });
    }

    /// Makes the folder anew: a second try finds nothing of the first.
    async fn spec(&self) -> Result<OutputSpec> {
        let directory = self.staging.join(&self.output.node_id);
        let within = |error| fault::io(error).within(directory.display());
        if tokio::fs::try_exists(&directory).await.map_err(within)? {
            tokio::fs::remove_dir_all(&directory)
                .await
                .map_err(within)?;
        }
        tokio::fs::create_dir_all(&directory)
            .await
            .map_err(within)?;
        let destination = &self.output.destination;
        Ok(OutputSpec {
            directory,
            prefix: self.prefix.to_owned(),
            format: destination.format.clone(),
            partition_by: destination.partition_by.clone(),
            files: destination.files,
        })
    }
}

/// What each node gave, from what sources and writers counted and what the plans tell.
fn steps(
    job: &JobPlan,
    outputs: &[WrittenOutput],
    plans: &[Arc<dyn ExecutionPlan>],
) -> Vec<StepFigures> {
    let rows = figures::rows(job, outputs, plans);
    let nodes = job.graph().order();
    let ran = |node: &&Node| job.columns(&node.id).is_some() || rows.contains_key(node.id.as_str());
    nodes
        .into_iter()
        .filter(ran)
        .map(|node| step(job, node, outputs, plans, &rows))
        .collect()
}

fn step(
    job: &JobPlan,
    node: &Node,
    outputs: &[WrittenOutput],
    plans: &[Arc<dyn ExecutionPlan>],
    rows: &BTreeMap<&str, u64>,
) -> StepFigures {
    let source = job
        .sources()
        .iter()
        .find(|source| source.node_id == node.id);
    let output = outputs.iter().find(|output| output.node_id == node.id);
    let stored = || {
        let uncounted = |source: &&super::JobSource| !matches!(source.reading, Reading::Text(_));
        // The scans of a plan do not say which node they are of.
        let only = job.sources().iter().filter(uncounted).count() == 1;
        only.then(|| {
            plans
                .iter()
                .map(|plan| figures::stored_bytes(job, plan))
                .sum()
        })
    };
    StepFigures {
        node_id: node.id.clone(),
        node_name: node.name.clone(),
        node_type: node.kind.type_name(),
        bytes_read: source.and_then(|source| match &source.reading {
            Reading::Text(_) => Some(source.bytes_read()),
            Reading::Stored => stored(),
        }),
        rows_rejected: source.map_or(0, super::JobSource::rows_rejected),
        rows: rows.get(node.id.as_str()).copied(),
        bytes_written: output.map_or(0, WrittenOutput::bytes),
        files_written: output.map_or(0, |output| output.files.len()),
    }
}

/// Refuses two targets of which one would remove what the other writes.
pub(super) fn refuse_same_folder(outputs: &[JobOutput]) -> Result<()> {
    use stave_core::job::WriteMode;
    for (at, output) in outputs.iter().enumerate() {
        let same = outputs[..at].iter().find(|other| {
            let overwrites = [*other, output]
                .iter()
                .any(|either| either.destination.mode == WriteMode::Overwrite);
            overwrites && other.destination.folder == output.destination.folder
        });
        if let Some(other) = same {
            return Err(Error::invalid(format!(
                "\"{}\" and \"{}\" write to the same folder, {}, and one overwrites it",
                other.node_name, output.node_name, output.destination.folder
            ))
            .hint("give them different paths, or Mode: append"));
        }
    }
    Ok(())
}

/// Whether as many rows come out of a node as went in.
pub(super) fn keeps_rows(kind: &NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::DropFields(_)
            | NodeKind::SelectFields(_)
            | NodeKind::RenameField(_)
            | NodeKind::ApplyMapping(_)
            | NodeKind::DropNullFields(_)
            | NodeKind::FillMissingValues(_)
            | NodeKind::SplitFields(_)
            | NodeKind::SelectFromCollection(_)
            | NodeKind::Spigot(_)
    )
}
