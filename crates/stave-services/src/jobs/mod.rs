//! Jobs and their runs, as Glue has them.
//!
//! A run is a row and a lock: it survives the process that runs it, and whoever
//! looks next can tell a living run from a dead one. Its output is written aside
//! and becomes visible at once, when all of it is there.

mod bookmarks;
mod figures;
mod lineage;
mod rejects;
mod run;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;
use stave_core::events::platform::job_state;
use stave_core::job::{JobDefinition, JobDocument};
use stave_core::{Caller, Clock, Error, IdSource, Result};
use stave_engine::Engine;
use stave_engine::job::JobPlan;
use stave_store::{Job, JobRun, LogLine, Store};

use crate::announce::{Announce, Silent};
use crate::buckets::Buckets;
use crate::catalog::Catalog;

pub use run::{Finished, Watch};

/// How many jobs or runs one listing holds.
const MAX_LISTED: usize = 1000;

/// The jobs service.
#[derive(Debug, Clone)]
pub struct Jobs {
    store: Store,
    buckets: Buckets,
    catalog: Catalog,
    engine: Engine,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    announce: Arc<dyn Announce>,
}

/// A job that was read, and the name it runs under.
#[derive(Debug, Clone)]
pub struct NamedJob {
    /// The name.
    pub name: String,
    /// The job as it is written.
    pub document: JobDocument,
}

impl NamedJob {
    /// Reads a job from text; `fallback` names one that does not name itself.
    pub fn parse(text: &str, fallback: &str) -> Result<Self> {
        let document = JobDocument::parse(text)?;
        let name = document.name().unwrap_or(fallback).to_owned();
        check_name(&name)?;
        Ok(Self { name, document })
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
        return Err(
            Error::invalid(format!("{name:?} cannot be the name of a job"))
                .hint("1 to 255 characters, none of them a control character"),
        );
    }
    Ok(())
}

impl Jobs {
    /// The service over its parts.
    pub fn new(
        store: Store,
        buckets: Buckets,
        catalog: Catalog,
        engine: Engine,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            store,
            buckets,
            catalog,
            engine,
            clock,
            ids,
            announce: Arc::new(Silent),
        }
    }

    /// The same service, which tells how runs end.
    pub fn announcing(mut self, announce: Arc<dyn Announce>) -> Self {
        self.announce = announce;
        self
    }

    /// Notes the end of runs whose process is gone.
    fn bury_dead_runs(&self) -> Result<()> {
        for id in self.store.mark_dead_runs()? {
            self.announce_end(&self.store.get_run(&id)?);
        }
        Ok(())
    }

    fn announce_end(&self, run: &JobRun) {
        let error = run
            .error
            .as_ref()
            .and_then(|error| error["message"].as_str());
        let said = job_state(&run.job, &run.id, run.state.as_str(), error);
        self.announce.announce(said);
    }

    fn may(&self, caller: &Caller, action: &str, job: &str) -> Result<()> {
        let (region, account) = (self.catalog.region(), caller.account());
        caller.may(
            action,
            &format!("arn:aws:glue:{region}:{account}:job/{job}"),
        )
    }

    /// Keeps a job under its name; one of that name is replaced. A job that can be checked
    /// without arguments is.
    pub fn import(&self, caller: &Caller, job: &NamedJob) -> Result<Job> {
        self.may(caller, "glue:CreateJob", &job.name)?;
        if !job.document.has_placeholders() {
            job.document.fill(&BTreeMap::new())?;
        }
        self.store.put_job(&job.name, &job.document.to_json()?)
    }

    /// A job that was imported.
    pub fn get(&self, caller: &Caller, name: &str) -> Result<NamedJob> {
        self.may(caller, "glue:GetJob", name)?;
        let kept = self.store.get_job(name)?;
        Ok(NamedJob {
            name: kept.name,
            document: JobDocument::parse(&kept.definition)?,
        })
    }

    /// The jobs that were imported, by name.
    pub fn list(&self, caller: &Caller) -> Result<Vec<Job>> {
        self.may(caller, "glue:ListJobs", "*")?;
        self.store.list_jobs(None, MAX_LISTED)
    }

    /// Removes a job; its runs stay.
    pub fn delete(&self, caller: &Caller, name: &str) -> Result<()> {
        self.may(caller, "glue:DeleteJob", name)?;
        self.store.delete_job(name)
    }

    /// Runs, newest first; those of one job, or of all.
    pub fn runs(&self, caller: &Caller, job: Option<&str>, max: usize) -> Result<Vec<JobRun>> {
        self.may(caller, "glue:GetJobRuns", job.unwrap_or("*"))?;
        self.bury_dead_runs()?;
        self.store.list_runs(job, None, max.min(MAX_LISTED))
    }

    /// The run whose id is, or begins with, `id`.
    pub fn show(&self, caller: &Caller, id: &str) -> Result<JobRun> {
        let runs = self.runs(caller, None, MAX_LISTED)?;
        let mut found = runs.into_iter().filter(|run| run.id.starts_with(id));
        match (found.next(), found.next()) {
            (Some(run), None) => Ok(run),
            (Some(_), Some(_)) => Err(Error::invalid(format!("several runs begin with \"{id}\""))
                .hint("give more of the id; see stave job runs")),
            (None, _) => self.store.get_run(id),
        }
    }

    /// What a run has said.
    pub fn log(&self, caller: &Caller, run: &JobRun) -> Result<Vec<LogLine>> {
        self.may(caller, "glue:GetJobRun", &run.job)?;
        self.store.run_log(&run.id, 0, usize::MAX >> 32)
    }

    /// A job with its arguments filled in, checked as far as it can be without its data.
    pub fn fill(
        &self,
        job: &NamedJob,
        arguments: &BTreeMap<String, String>,
    ) -> Result<JobDefinition> {
        job.document.fill(arguments)
    }

    /// What a job would do: everything is checked, nothing is run.
    pub fn plan<'a>(
        &'a self,
        caller: &'a Caller,
        definition: &'a JobDefinition,
    ) -> BoxFuture<'a, Result<JobPlan>> {
        Box::pin(async move {
            self.may(
                caller,
                "glue:GetJob",
                definition.name.as_deref().unwrap_or("*"),
            )?;
            let catalog = Arc::new(self.catalog.for_engine(caller));
            self.buckets
                .engine_for(&self.engine, caller)?
                .plan_job(&definition.nodes, catalog, None, None)
                .await
        })
    }
}

/// An error as a run keeps it.
fn error_value(error: &Error) -> Value {
    serde_json::json!({
        "kind": format!("{:?}", error.kind()),
        "message": error.message(),
        "hint": error.hint_text(),
    })
}
