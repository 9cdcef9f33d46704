//! The command line's grammar: one file for each group of commands.
//!
//! Must not know what a command does.

pub mod alarm;
pub mod catalog;
pub mod config;
pub mod crawler;
pub mod demo;
pub mod function;
pub mod iam;
pub mod job;
pub mod logs;
pub mod metrics;
pub mod objects;
pub mod query;
pub mod rule;
pub mod sample;
pub mod schedule;
pub mod serve;
pub mod spotify;
pub mod target;
#[cfg(test)]
mod tests;
pub mod times;
pub mod values;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The AWS data stack of the Spotify pipelines in one program: buckets, functions, events,
/// logs, jobs, crawlers, the Data Catalog and SQL, on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "stave",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "\
Examples:
  stave mb s3://lake
  stave sample spotify-2023 --scale 0.1 --out s3://lake/staging
  stave ls s3://lake/staging/
  stave cat s3://lake/staging/artists.csv | head

Data goes to standard output, words and progress to standard error.
Exit codes: 0 done, 1 failed, 2 wrong use, 3 a quota is used up, come back later."
)]
pub struct Args {
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Where Stave keeps everything [env: STAVE_HOME] [default: ~/.stave]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,

    /// How much memory the engine may use, such as 2GiB [env: STAVE_MEMORY] [default: half of the
    /// machine's]
    #[arg(long, global = true, value_name = "SIZE", value_parser = values::size)]
    pub memory: Option<u64>,

    /// Work as this IAM user, within its policies, instead of as the home's owner
    #[arg(long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,

    /// Print JSON where a table is printed
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make buckets
    Mb(objects::MbArgs),
    /// Remove a bucket
    Rb(objects::RbArgs),
    /// List buckets, or the objects in one
    Ls(objects::LsArgs),
    /// Copy files and objects
    Cp(objects::CpArgs),
    /// Move files and objects
    Mv(objects::MvArgs),
    /// Delete objects
    Rm(objects::RmArgs),
    /// Print objects
    Cat(objects::CatArgs),
    /// Generate a data set to try things on
    Sample(sample::SampleArgs),
    /// Make and run crawlers, which put what lies in buckets into the Data Catalog
    #[command(subcommand)]
    Crawler(crawler::CrawlerCommand),
    /// Look at the Data Catalog and change it
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// Run jobs, keep them, look at their runs
    #[command(subcommand)]
    Job(job::JobCommand),
    /// Run the batch pipeline, end to end
    Demo(demo::DemoArgs),
    /// Run SQL over the catalog
    Query(query::QueryArgs),
    /// Run SQL interactively
    Sql(query::SqlArgs),
    /// Spotify's Web API: a sandbox of it, and what is extracted from it
    #[command(subcommand)]
    Spotify(spotify::SpotifyCommand),
    /// Functions: code that is run on a schedule, when objects come, or when it is called
    #[command(subcommand)]
    Function(function::FunctionCommand),
    /// Users, groups, roles and policies: who may do what
    #[command(subcommand)]
    Iam(iam::IamCommand),
    /// Rules of EventBridge: what is done when something happens, or by the clock
    #[command(subcommand)]
    Rule(rule::RuleCommand),
    /// Schedules of EventBridge's Scheduler: once or again and again, in any time zone
    #[command(subcommand)]
    Schedule(schedule::ScheduleCommand),
    /// Look at logs: groups, streams, events, queries
    #[command(subcommand)]
    Logs(logs::LogsCommand),
    /// Look at metrics
    #[command(subcommand)]
    Metrics(metrics::MetricsCommand),
    /// Alarms on metrics: make them, look at them
    #[command(subcommand)]
    Alarm(alarm::AlarmCommand),
    /// Serve AWS's services to its clients: buckets, IAM, functions, events, logs, metrics
    Serve(serve::ServeArgs),
    /// Print the variables that lead AWS's clients to the server
    Env(serve::EnvArgs),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Check that everything is in order
    Doctor,
}
