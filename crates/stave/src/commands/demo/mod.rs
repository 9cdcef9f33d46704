//! `stave demo`: a whole pipeline, end to end, by the services that the other
//! commands use.

mod api;
mod batch;
mod files;
mod lambda;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use stave_core::{BucketName, ErrorKind, Result, units};
use stave_services::crawler::{CrawlerDefinition, S3Target};
use stave_services::jobs::NamedJob;

use super::job::{self, RunWatch};
use super::query;
use crate::args::demo::{DemoArgs, Pipeline};
use crate::args::query::ResultFormat;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Output, text};
use crate::stop::Stop;

/// Where the demo keeps everything.
const BUCKET: &str = "stave-demo";
const DATABASE: &str = "spotify";

/// Runs the pipeline, until `stop` asks it to end.
pub async fn run(
    args: DemoArgs,
    stave: Arc<Stave>,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    let started_at = Instant::now();
    let demo = Demo {
        bucket: BucketName::new(BUCKET)?,
        stave,
        output,
    };
    demo.make_bucket().await?;
    let hints = match args.pipeline {
        Pipeline::Batch => batch::run(&demo, &args, &stop).await?,
        Pipeline::Api => api::run(&demo, &args, &stop).await?,
        Pipeline::Lambda => lambda::run(&demo, &args, &stop).await?,
    };
    output.say(&format!(
        "\nAll of it took {}. Look around:",
        units::duration(started_at.elapsed())
    ));
    let always = ["stave job runs", "stave sql -d spotify"];
    for hint in hints.into_iter().chain(always) {
        output.say(&format!("  {hint}"));
    }
    Ok(())
}

/// A step that is dropped where it is when the demo is to stop.
async fn unless_stopped(
    stop: &Stop,
    step: BoxFuture<'_, Result<(), Failure>>,
) -> Result<(), Failure> {
    tokio::select! {
        done = step => done,
        () = stop.asked() => Err(Failure::Stopped),
    }
}

/// What a query is called, and the query.
type Question = (&'static str, &'static str);

/// What a crawler looks at.
struct Crawled {
    crawler: &'static str,
    folders: &'static [&'static str],
}

struct Demo {
    stave: Arc<Stave>,
    bucket: BucketName,
    output: Output,
}

impl Demo {
    fn step(&self, number: usize, what: &str) {
        self.output.say(&format!("\n{number}. {what}"));
    }

    fn took(&self, what: &str, started_at: Instant) {
        let time = units::duration(started_at.elapsed());
        self.output.say(&format!("   {what} in {time}"));
    }

    async fn make_bucket(&self) -> Result<(), Failure> {
        let made = self
            .stave
            .buckets
            .create(&self.stave.caller, &self.bucket)
            .await;
        match made {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => Ok(made?),
        }
    }

    async fn run_job(
        &self,
        job: &NamedJob,
        arguments: BTreeMap<String, String>,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let jobs = self.stave.jobs()?;
        jobs.import(&self.stave.caller, job)?;
        let watch = RunWatch::new(self.output, stop.clone());
        let finished = jobs
            .run(&self.stave.caller, job, &arguments, &watch)
            .await?;
        drop(watch);
        job::tell(&finished, self.output)
    }

    async fn crawl(&self, number: usize, crawled: &Crawled) -> Result<(), Failure> {
        let folders = crawled.folders.iter();
        let folders: Vec<String> = folders
            .map(|folder| format!("s3://{}/{folder}/", self.bucket))
            .collect();
        let listed = folders.join(", ");
        self.step(
            number,
            &format!("Crawl {listed} into the database \"{DATABASE}\""),
        );
        let started_at = Instant::now();
        let caller = &self.stave.caller;
        let crawlers = &self.stave.crawlers;
        let targets = folders.into_iter().map(S3Target::new).collect();
        let definition = CrawlerDefinition::new(DATABASE, targets);
        match crawlers
            .create(caller, crawled.crawler, definition.clone())
            .await
        {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                crawlers.update(caller, crawled.crawler, definition).await?;
            }
            made => {
                made?;
            }
        }
        let crawl = crawlers
            .run(caller, self.stave.engine()?, crawled.crawler, &mut |_| ())
            .await?;
        for table in &crawl.figures.tables {
            self.took(
                &format!(
                    "table {DATABASE}.{} {}: {}, {}, {}",
                    table.name,
                    table.outcome.as_str().to_lowercase(),
                    text::counted(table.columns, "column"),
                    text::counted(table.rows, "row"),
                    units::bytes(table.bytes)
                ),
                started_at,
            );
        }
        Ok(())
    }

    async fn ask(&self, from: usize, questions: &[Question]) -> Result<(), Failure> {
        let queries = self.stave.queries()?;
        for (number, (title, sql)) in questions.iter().enumerate() {
            self.step(from + number, &format!("{title}\n{sql}"));
            let mut result = queries.run(&self.stave.caller, Some(DATABASE), sql).await?;
            let format = if self.output.is_json() {
                ResultFormat::Json
            } else {
                ResultFormat::Table
            };
            query::print(&mut result, format, self.output).await?;
        }
        Ok(())
    }
}
