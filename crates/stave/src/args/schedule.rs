//! `schedule`.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::target::TargetArgs;

/// `stave schedule …`
#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Make a schedule
    Create(Box<ScheduleCreateArgs>),
    /// List the schedules
    Ls {
        /// Those of one group
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
    },
    /// Show a schedule
    Show(ScheduleName),
    /// Remove a schedule, and the role that was made for it
    Rm(ScheduleName),
}

/// A schedule of a group.
#[derive(Debug, Args)]
pub struct ScheduleName {
    /// The schedule
    #[arg(value_name = "SCHEDULE")]
    pub name: String,

    /// Its group
    #[arg(long, value_name = "GROUP", default_value = "default")]
    pub group: String,
}

/// `stave schedule create`
#[derive(Debug, Args)]
#[command(after_help = "\
The Scheduler reaches every target with a role: stave-schedule-SCHEDULE is made unless one is
given. The server fires schedules: stave serve.

Examples:
  stave schedule create nightly 'cron(0 3 * * ? *)' --timezone Europe/Berlin --target job:etl
  stave schedule create once 'at(2026-12-24T18:00:00)' --delete-after --target function:greet \\
      --input '{\"to\": \"all\"}'
  stave schedule create crawl --schedule 'rate(2 hours)' --flexible 15 --target crawler:warehouse

A schedule whose at(…) is over already is made as well; it is never due, and stays until it is
removed.")]
pub struct ScheduleCreateArgs {
    /// The schedule and its group.
    #[command(flatten)]
    pub named: ScheduleName,

    /// When it is due: at(2026-12-24T18:00:00), rate(2 hours), cron(0 3 * * ? *)
    #[arg(value_name = "EXPRESSION", required_unless_present = "schedule")]
    pub expression: Option<String>,

    /// The same, as stave rule put is told it
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "expression")]
    pub schedule: Option<String>,

    /// The time zone of cron and at, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,

    /// Fire within so many minutes after it is due
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub flexible: Option<u32>,

    /// It is not due before, such as 2026-12-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub start: Option<Timestamp>,

    /// It is not due after
    #[arg(long, value_name = "TIME")]
    pub end: Option<Timestamp>,

    /// Remove it when it is not due any more
    #[arg(long)]
    pub delete_after: bool,

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
