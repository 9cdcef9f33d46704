//! `alarm`.

use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;

use super::{times, values};

/// `stave alarm …`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  stave alarm put extract-fails --metric AWS/Lambda Errors --dimension FunctionName=extract \\
      --when gt 0 --action arn:aws:lambda:us-east-1:123456789012:function:page
  stave alarm put pipeline --rule 'ALARM(extract-fails) OR ALARM(transform-fails)'
  stave alarm ls
  stave alarm history extract-fails

A running server looks at the alarms, every minute or more often.")]
pub enum AlarmCommand {
    /// List the alarms and their states
    Ls(AlarmLsArgs),
    /// Make an alarm, or give it another definition
    Put(Box<AlarmPutArgs>),
    /// Show what became of alarms, the latest first
    History(AlarmHistoryArgs),
    /// Remove alarms
    Rm {
        /// The alarms
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Put an alarm into a state, until it is looked at again: to try what it does
    Set(AlarmSetArgs),
}

/// `stave alarm ls`
#[derive(Debug, Args)]
pub struct AlarmLsArgs {
    /// Only those whose name begins so
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<String>,

    /// Only those in this state
    #[arg(long, value_enum)]
    pub state: Option<State>,
}

/// `stave alarm put`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave alarm put slow --metric AWS/Lambda Duration --dimension FunctionName=extract \\
      --stat p90 --period 5m --when ge 30000 --periods 3 --datapoints 2 --missing notBreaching
  stave alarm put both --rule 'ALARM(slow) AND ALARM(fails)' --description 'slow and failing'")]
pub struct AlarmPutArgs {
    /// The alarm's name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// What it watches: a namespace and a metric
    #[arg(long, num_args = 2, value_names = ["NAMESPACE", "METRIC"], required_unless_present = "rule")]
    pub metric: Vec<String>,

    /// A dimension of the metric; may be given several times
    #[arg(long = "dimension", value_name = "NAME=VALUE", value_parser = values::pair)]
    pub dimensions: Vec<(String, String)>,

    /// The statistic: Sum, Average, Minimum, Maximum, SampleCount, p99 …
    #[arg(long, value_name = "STATISTIC", default_value = "Sum")]
    pub stat: String,

    /// The period
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = times::stretch)]
    pub period: SignedDuration,

    /// When it is in alarm: gt, ge, lt or le, and the threshold
    #[arg(long, num_args = 2, value_names = ["COMPARISON", "THRESHOLD"], required_unless_present = "rule", allow_negative_numbers = true)]
    pub when: Vec<String>,

    /// How many periods are looked at
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub periods: u32,

    /// How many of them must breach [default: all]
    #[arg(long, value_name = "M")]
    pub datapoints: Option<u32>,

    /// What a period without data counts as [default: missing]
    #[arg(long, value_enum)]
    pub missing: Option<Gap>,

    /// Watches other alarms instead: ALARM(a) AND NOT OK(b)
    #[arg(long, value_name = "RULE", conflicts_with_all = ["metric", "dimensions", "when", "datapoints", "missing"])]
    pub rule: Option<String>,

    /// What it does in ALARM: the ARN of a function; may be given several times
    #[arg(long = "action", value_name = "ARN")]
    pub actions: Vec<String>,

    /// What it does in OK: the ARN of a function; may be given several times
    #[arg(long = "ok-action", value_name = "ARN")]
    pub ok_actions: Vec<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
}

/// `stave alarm history`
#[derive(Debug, Args)]
pub struct AlarmHistoryArgs {
    /// The alarm; all of them without one
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// How many lines at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// `stave alarm set`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave alarm set extract-fails alarm --reason 'trying what it does'")]
pub struct AlarmSetArgs {
    /// The alarm
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The state
    #[arg(value_name = "STATE", value_enum)]
    pub state: State,

    /// Why
    #[arg(long, value_name = "TEXT", default_value = "set by hand")]
    pub reason: String,
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Within the threshold
    #[value(alias = "OK")]
    Ok,
    /// Outside of the threshold
    #[value(alias = "ALARM")]
    Alarm,
    /// Not known
    #[value(alias = "INSUFFICIENT_DATA")]
    InsufficientData,
}

/// What a period without data counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Gap {
    /// As missing: nothing is known
    Missing,
    /// As within the threshold
    #[value(name = "notBreaching")]
    NotBreaching,
    /// As outside of the threshold
    Breaching,
    /// The state stays as it is
    Ignore,
}
