//! `function create` and `function update`: what can be said of a function.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::values;

/// `stave function create`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave function create extract --code ./extract --env client_id=… --env client_secret=… \\
      --schedule 'rate(1 hour)' --spotify sandbox --timeout 60
  stave function create transform --code transform.py --package pandas==2.2.3 \\
      --on 's3://lake/raw_data/to_processed/*.json' --memory-size 512
  stave function create extract --code ./extract --watch

A folder is packed without .git, __pycache__ and virtual environments. Packages that are named with
--package, or in the requirements.txt of the folder, are installed into a virtual environment, which
functions that want the same share. The role that is made when none is named may write logs and do
everything with every bucket: name your own with --role for less.
Schedules and notifications need a server: stave serve.")]
pub struct CreateArgs {
    /// The function's name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The code: a folder, a file of source, or a zip
    #[arg(long, value_name = "PATH")]
    pub code: PathBuf,

    /// Rebuild whenever the code changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,

    /// What is set of it
    #[command(flatten)]
    pub settings: SettingsArgs,

    /// What starts it
    #[command(flatten)]
    pub triggers: TriggerArgs,
}

/// `stave function update`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "\
Examples:
  stave function update extract --code ./extract
  stave function update extract --timeout 120 --env client_id=… --unset-env debug
  stave function update extract --schedule 'cron(0 6 * * ? *)'
  stave function update transform --no-on
  stave function update extract --code ./extract --watch")]
pub struct UpdateArgs {
    /// The function
    #[arg(value_name = "NAME")]
    pub name: String,

    /// New code: a folder, a file of source, or a zip
    #[arg(long, value_name = "PATH")]
    pub code: Option<PathBuf>,

    /// Rebuild whenever the code changes, until Ctrl-C
    #[arg(long, requires = "code")]
    pub watch: bool,

    /// What is set of it
    #[command(flatten)]
    pub settings: SettingsArgs,

    /// Take an environment variable away; may be given several times
    #[arg(long, value_name = "NAME")]
    pub unset_env: Vec<String>,

    /// Install the packages of the code's requirements.txt again, no others
    #[arg(long, conflicts_with_all = ["packages", "no_packages"])]
    pub requirements: bool,

    /// What starts it; in the place of what of the same kind did
    #[command(flatten)]
    pub triggers: TriggerArgs,

    /// No schedule starts it any more
    #[arg(long, conflicts_with = "schedule")]
    pub no_schedule: bool,

    /// No bucket starts it any more
    #[arg(long, conflicts_with = "on")]
    pub no_on: bool,
}

/// What can be set of a function.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// What is called [default: lambda_function.lambda_handler, or what the code's name says]
    #[arg(long, value_name = "FILE.FUNCTION")]
    pub handler: Option<String>,

    /// What runs it, such as python3.12, nodejs22.x, provided.al2023 [default: the Python that is
    /// found]
    #[arg(long, value_name = "RUNTIME")]
    pub runtime: Option<String>,

    /// An environment variable; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::pair)]
    pub env: Vec<(String, String)>,

    /// How long it may run, in seconds: 1 to 900 [default: 3]
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u32>,

    /// How much memory it may take, in MB: 128 to 10240 [default: 128]
    #[arg(long, value_name = "MB")]
    pub memory_size: Option<u32>,

    /// The role that it runs as, by name or ARN [default: one is made]
    #[arg(long, value_name = "NAME|ARN")]
    pub role: Option<String>,

    /// The ARN of a layer's version; may be given several times, the lowest first
    #[arg(long = "layer", value_name = "ARN")]
    pub layers: Vec<String>,

    /// A Python package, as pip names it, in the place of a requirements.txt; may be given several
    /// times
    #[arg(
        long = "package",
        value_name = "PACKAGE",
        conflicts_with = "no_packages"
    )]
    pub packages: Vec<String>,

    /// Install nothing: the interpreter has all that it needs
    #[arg(long)]
    pub no_packages: bool,

    /// Who answers for api.spotify.com and accounts.spotify.com
    #[arg(long, value_enum, value_name = "WHO")]
    pub spotify: Option<Spotify>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
}

/// What starts a function.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "What starts it")]
pub struct TriggerArgs {
    /// A time: rate(1 hour), cron(0 6 * * ? *)
    #[arg(long, value_name = "EXPRESSION")]
    pub schedule: Option<String>,

    /// Objects that come: s3://BUCKET/PREFIX*SUFFIX; may be given several times
    #[arg(long, value_name = "S3URI")]
    pub on: Vec<String>,
}

/// Who answers for Spotify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Spotify {
    /// Stave's sandbox, out of a generated world
    Sandbox,
    /// Spotify itself
    Real,
}
