//! `job`.

use clap::{Args, Subcommand, ValueEnum};
use stave_core::job::Bookmark;

use super::values;

/// `stave job …`
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// Run a job: a file, or one that was imported
    Run(JobRunArgs),
    /// Keep a job under a name
    #[command(after_help = "\
Examples:
  stave job import etl.yaml
  stave job import etl.json --name nightly    # as exported from Glue Studio")]
    Import {
        /// The job's file: YAML or JSON
        #[arg(value_name = "FILE")]
        file: std::path::PathBuf,
        /// Its name, instead of the one that the file says
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Print a job that was imported
    Export {
        /// The job
        #[arg(value_name = "NAME")]
        name: String,
        /// Write it to a file
        #[arg(long, short, value_name = "FILE")]
        output: Option<std::path::PathBuf>,
    },
    /// List the jobs that were imported
    Ls,
    /// List runs, newest first
    Runs {
        /// Those of one job
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        max: usize,
    },
    /// Show a run: its steps, its log, its error
    Show {
        /// The run's id, or the beginning of it
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// Print the SQL that a job means
    Script {
        /// A file, or the name of a job
        #[arg(value_name = "FILE|NAME")]
        job: String,
        /// A value for ${K} in the job
        #[arg(long = "arg", value_name = "K=V", value_parser = values::pair)]
        arguments: Vec<(String, String)>,
    },
    /// Draw a job's graph
    Graph {
        /// A file, or the name of a job
        #[arg(value_name = "FILE|NAME")]
        job: String,
        /// A value for ${K} in the job
        #[arg(long = "arg", value_name = "K=V", value_parser = values::pair)]
        arguments: Vec<(String, String)>,
    },
    /// Look at what a job has read, or make it forget
    #[command(subcommand)]
    Bookmark(BookmarkCommand),
    /// Remove a job and its bookmark; its runs stay
    Rm {
        /// The job
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// `stave job bookmark …`
#[derive(Debug, Subcommand)]
pub enum BookmarkCommand {
    /// List the objects that a job has read
    Show {
        /// The job
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Forget what a job has read: its next run reads all of it again
    ///
    /// What its runs have written stays: empty the targets first, or have every row twice.
    Reset {
        /// The job
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// What a run does with the job's bookmark.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum BookmarkOption {
    /// Read what is new, and remember it
    Enable,
    /// Read everything
    Disable,
    /// Read what is new, and do not remember it
    Pause,
}

impl From<BookmarkOption> for Bookmark {
    fn from(option: BookmarkOption) -> Self {
        match option {
            BookmarkOption::Enable => Self::Enable,
            BookmarkOption::Disable => Self::Disable,
            BookmarkOption::Pause => Self::Pause,
        }
    }
}

/// `stave job run`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave job run etl.yaml
  stave job run etl.yaml --arg source=s3://lake/staging --arg year=2023
  stave job run etl.yaml --bookmark enable
  stave --memory 2GiB job run nightly")]
pub struct JobRunArgs {
    /// A file, or the name of a job
    #[arg(value_name = "FILE|NAME")]
    pub job: String,

    /// A value for ${K} in the job
    #[arg(long = "arg", value_name = "K=V", value_parser = values::pair)]
    pub arguments: Vec<(String, String)>,

    /// Whether it reads only what the job has not read before; the job's own
    /// --job-bookmark-option if not given
    #[arg(long, value_name = "WHAT")]
    pub bookmark: Option<BookmarkOption>,

    /// Forget first what the job has read
    #[arg(long)]
    pub reset: bool,
}
