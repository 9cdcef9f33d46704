//! `function`: make, change, run and look at functions.

pub mod settings;

use clap::{Args, Subcommand};

use self::settings::{CreateArgs, UpdateArgs};
use super::values;

/// `stave function …`
#[derive(Debug, Subcommand)]
pub enum FunctionCommand {
    /// Make a function of a folder, a file or a zip
    Create(CreateArgs),
    /// Change what is given of a function; the rest stays
    Update(UpdateArgs),
    /// Run a function, and print what it answers
    Invoke(InvokeArgs),
    /// List the functions
    Ls,
    /// Show a function: its settings, how it stands, what starts it
    Show {
        /// The function
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Print what a function has logged
    Logs(LogsArgs),
    /// Remove a function, with what starts it
    Rm(RmArgs),
}

/// `stave function invoke`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave function invoke extract
  stave function invoke extract --event '{\"playlist\": \"37i9dQZEVXbNG2KDcFcKOF\"}' --log
  stave function invoke transform --event @event.json --async
  echo '{}' | stave function invoke extract --event -

The answer goes to standard output. A function that fails gives exit code 1, its error and its
stack trace. The function's own calls to AWS reach the home's server if one runs; otherwise this
command answers them itself for as long as the function runs, and what they set off (notifications,
events) waits for a server.")]
pub struct InvokeArgs {
    /// The function; NAME:ALIAS or NAME:VERSION for another version than the last
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The event: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-", default_value = "{}")]
    pub event: String,

    /// Queue the event, and do not wait for the answer; it is tried again when it fails
    #[arg(long = "async")]
    pub is_async: bool,

    /// Print the end of the log on standard error, too
    #[arg(long, conflicts_with = "is_async")]
    pub log: bool,
}

/// `stave function logs`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave function logs extract
  stave function logs extract -f --since 10m
  stave function logs extract --filter ERROR --since 2d

--filter takes CloudWatch's filter patterns: terms, { $.level = \"ERROR\" }, [a, b, status = 5*].")]
pub struct LogsArgs {
    /// The function
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Go on with what comes, until Ctrl-C
    #[arg(long, short)]
    pub follow: bool,

    /// How far back: 30s, 10m, 1h, 2d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = values::duration)]
    pub since: std::time::Duration,

    /// Only what this filter pattern is about
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
}

/// `stave function rm`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave function rm extract

The rule and the notifications that start it go with it, and the role that was made for it. Its
log stays: stave function logs still shows it.")]
pub struct RmArgs {
    /// The function
    #[arg(value_name = "NAME")]
    pub name: String,
}
