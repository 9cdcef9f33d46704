//! `stave job …`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use stave_core::job::{Bookmark, graph_text};
use stave_core::{Error, Result, units};
use stave_engine::job::{JobProgress, StepFigures};
use stave_services::jobs::{Finished, NamedJob, Watch};
use stave_store::{JobRun, RunState};

use crate::args::job::{BookmarkCommand, JobCommand, JobRunArgs};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table, text};
use crate::progress::{Progress, Unit};
use crate::stop::Stop;

pub async fn run(
    command: JobCommand,
    stave: &Stave,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    match command {
        JobCommand::Run(args) => run_job(args, stave, output, stop).await,
        JobCommand::Import { file, name } => import(&file, name, stave, output),
        JobCommand::Export { name, output: file } => export(&name, file.as_deref(), stave, output),
        JobCommand::Ls => list(stave, output),
        JobCommand::Runs { name, max } => runs(name.as_deref(), max, stave, output),
        JobCommand::Show { run } => show(&run, stave, output),
        JobCommand::Script { job, arguments } => script(&job, arguments, stave, output).await,
        JobCommand::Graph { job, arguments } => graph(&job, arguments, stave, output),
        JobCommand::Bookmark(BookmarkCommand::Show { name }) => bookmark(&name, stave, output),
        JobCommand::Bookmark(BookmarkCommand::Reset { name }) => {
            let objects = stave.jobs()?.reset_bookmark(&stave.caller, &name)?;
            output.say(&if objects == 0 {
                format!("no bookmark of a job \"{name}\"; names are in: stave job runs")
            } else {
                let objects = text::counted(objects, "object");
                format!("job \"{name}\" has forgotten {objects}")
            });
            Ok(())
        }
        JobCommand::Rm { name } => {
            stave.jobs()?.delete(&stave.caller, &name)?;
            output.say(&format!("removed job \"{name}\""));
            Ok(())
        }
    }
}

/// The job that a file holds, or that was imported under that name.
fn find(job: &str, stave: &Stave) -> Result<NamedJob> {
    let path = Path::new(job);
    if path.is_file() {
        return read(path);
    }
    stave.jobs()?.get(&stave.caller, job).map_err(|error| {
        if job.contains(['/', '.']) {
            Error::not_found(format!("there is neither a file nor a job \"{job}\""))
                .hint("stave job ls lists the jobs that were imported")
        } else {
            error
        }
    })
}

fn read(path: &Path) -> Result<NamedJob> {
    let cannot = |error: std::io::Error| {
        Error::invalid(format!("{}: cannot be read: {error}", path.display()))
    };
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    NamedJob::parse(&text, &stem).map_err(|error| error.within(path.display()))
}

async fn run_job(
    args: JobRunArgs,
    stave: &Stave,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    let job = find(&args.job, stave)?;
    let mut arguments: BTreeMap<String, String> = args.arguments.into_iter().collect();
    if let Some(option) = args.bookmark {
        let option = Bookmark::from(option).option();
        arguments.insert("--job-bookmark-option".to_owned(), option);
    }
    if args.reset {
        stave.jobs()?.reset_bookmark(&stave.caller, &job.name)?;
    }
    let watch = RunWatch::new(output, stop);
    let finished = stave
        .jobs()?
        .run(&stave.caller, &job, &arguments, &watch)
        .await?;
    drop(watch);
    tell(&finished, output)
}

/// Prints the steps of a run and how long it took.
pub fn tell(finished: &Finished, output: Output) -> Result<(), Failure> {
    let run = &finished.run;
    if output.is_json() {
        output.value(&run_value(run))?;
    } else {
        output.table(&steps_table(&finished.steps))?;
        let took = units::duration(elapsed(run));
        output.say(&format!("{} {} in {took}", run.id, run.state));
    }
    if run.state == RunState::Stopped {
        return Err(Failure::Stopped);
    }
    Ok(())
}

fn steps_table(steps: &[StepFigures]) -> Table {
    let mut table = Table::new(&[
        "Step",
        "Type",
        "Rows",
        "BytesRead",
        "BytesWritten",
        "SetAside",
    ]);
    for step in steps {
        let count = |value: Option<u64>| value.map_or(Cell::Empty, Cell::Count);
        let bytes = |value: u64| {
            if value == 0 {
                Cell::Empty
            } else {
                Cell::Bytes(value)
            }
        };
        table.row(vec![
            Cell::Text(step.node_name.clone()),
            Cell::Text(step.node_type.to_owned()),
            count(step.rows),
            bytes(step.bytes_read.unwrap_or_default()),
            bytes(step.bytes_written),
            count((step.rows_rejected > 0).then_some(step.rows_rejected)),
        ]);
    }
    table
}

fn elapsed(run: &JobRun) -> std::time::Duration {
    let end = run.finished_at.unwrap_or(run.started_at);
    end.duration_since(run.started_at).unsigned_abs()
}

/// Shows a run at work on standard error.
pub struct RunWatch {
    output: Output,
    stop: Stop,
    bar: OnceLock<Progress>,
    told: std::sync::atomic::AtomicU64,
}

impl RunWatch {
    pub fn new(output: Output, stop: Stop) -> Self {
        Self {
            output,
            stop,
            bar: OnceLock::new(),
            told: std::sync::atomic::AtomicU64::new(0),
        }
    }
}

impl Watch for RunWatch {
    fn progress(&self, progress: JobProgress) {
        let total = progress.bytes_total;
        let bar = self
            .bar
            .get_or_init(|| Progress::begin("reading", total, Unit::Bytes));
        let before = self
            .told
            .swap(progress.bytes_read, std::sync::atomic::Ordering::Relaxed);
        bar.add(progress.bytes_read.saturating_sub(before));
    }

    fn note(&self, message: &str) {
        match self.bar.get() {
            Some(bar) => bar.say(&format!("note: {message}")),
            None => self.output.say(&format!("note: {message}")),
        }
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.stop.asked())
    }
}

fn import(file: &Path, name: Option<String>, stave: &Stave, output: Output) -> Result<(), Failure> {
    let mut job = read(file)?;
    if let Some(name) = name {
        job.name = name;
    }
    let kept = stave
        .jobs()?
        .import(&stave.caller, &job)
        .map_err(|error| error.within(file.display()))?;
    output.say(&format!("imported job \"{}\"", kept.name));
    Ok(())
}

fn export(name: &str, file: Option<&Path>, stave: &Stave, output: Output) -> Result<(), Failure> {
    let job = stave.jobs()?.get(&stave.caller, name)?;
    let yaml = file
        .and_then(Path::extension)
        .is_some_and(|ending| ending == "yaml" || ending == "yml");
    let text = if yaml {
        job.document.to_yaml()?
    } else {
        job.document.to_json()? + "\n"
    };
    match file {
        None => output.data(text.as_bytes()),
        Some(path) => {
            let cannot = |error: std::io::Error| {
                Error::invalid(format!("{}: cannot be written: {error}", path.display()))
            };
            std::fs::write(path, text).map_err(cannot)?;
            Ok(())
        }
    }
}

fn list(stave: &Stave, output: Output) -> Result<(), Failure> {
    let jobs = stave.jobs()?.list(&stave.caller)?;
    let mut table = Table::new(&["Name", "Updated"]);
    for job in &jobs {
        table.row(vec![
            Cell::Text(job.name.clone()),
            Cell::Time(job.updated_at),
        ]);
    }
    if jobs.is_empty() {
        output.say("no job was imported yet; see stave job import --help");
    }
    output.table(&table)
}

fn runs(name: Option<&str>, max: usize, stave: &Stave, output: Output) -> Result<(), Failure> {
    let runs = stave.jobs()?.runs(&stave.caller, name, max)?;
    let mut table = Table::new(&["Run", "Job", "State", "Started", "Took", "Error"]);
    for run in &runs {
        let message = run
            .error
            .as_ref()
            .and_then(|error| error["message"].as_str());
        table.row(vec![
            Cell::Text(run.id.clone()),
            Cell::Text(run.job.clone()),
            Cell::Text(run.state.to_string()),
            Cell::Time(run.started_at),
            run.finished_at
                .map_or(Cell::Empty, |_| Cell::Took(elapsed(run))),
            message.map_or(Cell::Empty, |message| Cell::Text(message.to_owned())),
        ]);
    }
    if runs.is_empty() {
        output.say("no run yet");
    }
    output.table(&table)
}

fn show(id: &str, stave: &Stave, output: Output) -> Result<(), Failure> {
    let jobs = stave.jobs()?;
    let run = jobs.show(&stave.caller, id)?;
    let log = jobs.log(&stave.caller, &run)?;
    if output.is_json() {
        let mut value = run_value(&run);
        value["log"] = log
            .iter()
            .map(|line| json!({"at": line.at.to_string(), "line": line.line}))
            .collect();
        return output.value(&value);
    }
    let mut lines = output.writer();
    lines.line(&format!("run      {}", run.id))?;
    lines.line(&format!("job      {}", run.job))?;
    lines.line(&format!("state    {}", run.state))?;
    lines.line(&format!("started  {}", text::time(run.started_at)))?;
    if run.finished_at.is_some() {
        lines.line(&format!("took     {}", units::duration(elapsed(&run))))?;
    }
    if let Some(arguments) = run.arguments.as_object() {
        for (name, value) in arguments {
            lines.line(&format!(
                "arg      {name}={}",
                value.as_str().unwrap_or_default()
            ))?;
        }
    }
    if let Some(error) = &run.error {
        lines.line(&format!(
            "error    {}",
            error["message"].as_str().unwrap_or_default()
        ))?;
        if let Some(hint) = error["hint"].as_str() {
            lines.line(&format!("hint     {hint}"))?;
        }
    }
    for line in &log {
        lines.line(&format!("{}  {}", text::time(line.at), line.line))?;
    }
    lines.finish()
}

fn run_value(run: &JobRun) -> Value {
    json!({
        "Id": run.id,
        "JobName": run.job,
        "JobRunState": run.state.as_str(),
        "Attempt": run.attempt,
        "Arguments": run.arguments,
        "StartedOn": run.started_at.to_string(),
        "CompletedOn": run.finished_at.map(|at| at.to_string()),
        "Error": run.error,
        "Steps": run.steps,
    })
}

fn bookmark(name: &str, stave: &Stave, output: Output) -> Result<(), Failure> {
    let bookmark = stave.jobs()?.bookmark(&stave.caller, name)?;
    let mut table = Table::new(&["Source", "Object", "ETag", "Size", "Modified"]);
    for object in &bookmark.objects {
        table.row(vec![
            Cell::Text(object.source.clone()),
            Cell::Text(format!("s3://{}/{}", object.bucket, object.key)),
            object.etag.clone().map_or(Cell::Empty, Cell::Text),
            Cell::Bytes(object.size),
            Cell::Time(object.modified_at),
        ]);
    }
    if bookmark.objects.is_empty() {
        output.say("the job has read nothing with a bookmark");
    }
    output.table(&table)
}

async fn script(
    job: &str,
    arguments: Vec<(String, String)>,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let job = find(job, stave)?;
    let jobs = stave.jobs()?;
    let definition = jobs.fill(&job, &arguments.into_iter().collect())?;
    let plan = jobs.plan(&stave.caller, &definition).await?;
    output.data(plan.sql().as_bytes())
}

fn graph(
    job: &str,
    arguments: Vec<(String, String)>,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let job = find(job, stave)?;
    let definition = stave.jobs()?.fill(&job, &arguments.into_iter().collect())?;
    output.data(graph_text(&definition.nodes).as_bytes())
}
