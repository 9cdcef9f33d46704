//! `rule`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::target::TargetArgs;

/// `stave rule …`
#[derive(Debug, Subcommand)]
pub enum RuleCommand {
    /// Make a rule or replace it, with one target
    Put(Box<RulePutArgs>),
    /// List the rules of a bus
    Ls {
        /// The bus
        #[arg(long, value_name = "BUS", default_value = "default")]
        bus: String,
    },
    /// Show a rule and its targets
    Show(RuleName),
    /// Remove a rule with its targets, and what was made for them
    Rm(RuleName),
    /// Let a rule do its work
    Enable(RuleName),
    /// Stop a rule from doing its work
    Disable(RuleName),
    /// Say whether an event pattern matches an event
    Test(RuleTestArgs),
    /// List what could not be delivered and was given up, the latest first
    #[command(after_help = "\
Of rules, schedules and buckets. The last 10,000 are kept. What was sent is in the JSON:
stave --json rule dead-letters.")]
    DeadLetters {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        max: usize,
    },
}

/// A rule of a bus.
#[derive(Debug, Args)]
pub struct RuleName {
    /// The rule
    #[arg(value_name = "RULE")]
    pub name: String,

    /// Its bus
    #[arg(long, value_name = "BUS", default_value = "default")]
    pub bus: String,
}

/// `stave rule put`
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("when").required(true).multiple(true).args(["schedule", "pattern"])),
    after_help = "\
A function is told to let the rule invoke it; for a job, a crawler, an extract or a log group
outside of /aws/events/ a role is made, stave-rule-RULE, unless one is given. The server fires
rules: stave serve.

Examples:
  stave rule put hourly --schedule 'rate(1 hour)' --target function:extract
  stave rule put nightly --schedule 'cron(0 3 * * ? *)' --target job:etl --arg day=today
  stave rule put crawl --target crawler:warehouse --pattern \\
      '{\"source\": [\"aws.glue\"], \"detail\": {\"jobName\": [\"etl\"], \"state\": [\"SUCCEEDED\"]}}'
  stave rule put top50 --schedule 'rate(1 day)' --target spotify-extract -- \\
      --playlist 37i9dQZEVXbMDoHDwVN2tF --bucket s3://raw --sandbox http://127.0.0.1:4568"
)]
pub struct RulePutArgs {
    /// The rule and its bus.
    #[command(flatten)]
    pub named: RuleName,

    /// When it fires: rate(1 hour), cron(0 3 * * ? *)
    #[arg(long, value_name = "EXPRESSION")]
    pub schedule: Option<String>,

    /// Which events it matches: a JSON text, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub pattern: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// It does nothing yet
    #[arg(long)]
    pub disabled: bool,

    /// What it sends to.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// `stave rule test`
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("which").required(true).args(["rule", "pattern"])),
    after_help = "\
Prints true or false.

Examples:
  stave rule test --pattern '{\"source\": [\"aws.s3\"]}' --event event.json
  stave rule test --rule crawl --event - < event.json"
)]
pub struct RuleTestArgs {
    /// A rule of the default bus, whose pattern is meant
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,

    /// A pattern: a JSON text, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub pattern: Option<String>,

    /// The event's file; - for standard input
    #[arg(long, value_name = "FILE")]
    pub event: PathBuf,
}
