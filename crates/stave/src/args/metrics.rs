//! `metrics`.

use clap::{Args, Subcommand};
use jiff::SignedDuration;

use super::times::{self, Moment};
use super::values;

/// `stave metrics …`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  stave metrics ls AWS/Lambda
  stave metrics get AWS/Lambda Duration --dimension FunctionName=extract --stat p99 --period 5m")]
pub enum MetricsCommand {
    /// List the metrics that had data within the last two weeks
    Ls(MetricsLsArgs),
    /// Show what was measured
    Get(MetricsGetArgs),
}

/// `stave metrics ls`
#[derive(Debug, Args)]
pub struct MetricsLsArgs {
    /// Only of this namespace
    #[arg(value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// Only of this name
    #[arg(long, value_name = "METRIC")]
    pub name: Option<String>,

    /// Only with this dimension; may be given several times
    #[arg(long = "dimension", value_name = "NAME=VALUE", value_parser = values::pair)]
    pub dimensions: Vec<(String, String)>,
}

/// `stave metrics get`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave metrics get AWS/Lambda Invocations --dimension FunctionName=extract --since 1d --period 1h
  stave metrics get AWS/S3 AllRequests --dimension BucketName=lake \\
      --dimension FilterId=EntireBucket --stat Sum
  stave metrics get --json Pipeline rows --stat Average --stat p95")]
pub struct MetricsGetArgs {
    /// The namespace
    #[arg(value_name = "NAMESPACE")]
    pub namespace: String,

    /// The metric
    #[arg(value_name = "METRIC")]
    pub name: String,

    /// A dimension of the metric, all of which must be given; may be given several times
    #[arg(long = "dimension", value_name = "NAME=VALUE", value_parser = values::pair)]
    pub dimensions: Vec<(String, String)>,

    /// Sum, Average, Minimum, Maximum, SampleCount, p99, tm95 …; may be given several times
    #[arg(long = "stat", value_name = "STATISTIC", default_value = "Sum")]
    pub statistics: Vec<String>,

    /// The period
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = times::stretch)]
    pub period: SignedDuration,

    /// Begin so long ago, or at this time
    #[arg(long, value_name = "TIME", default_value = "3h", value_parser = times::moment)]
    pub since: Moment,

    /// End so long ago, or at this time
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = times::moment)]
    pub until: Moment,

    /// Only of this unit
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
}
