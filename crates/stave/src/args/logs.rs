//! `logs`.

use clap::{Args, Subcommand};

use super::times::{self, Moment};

/// `stave logs …`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  stave logs groups
  stave logs tail -f --since 10m /aws/lambda/extract
  stave logs tail --filter ERROR --since 1d /aws/lambda/extract
  stave logs query 'stats count(*) by bin(5m)' /aws/lambda/extract --since 6h")]
pub enum LogsCommand {
    /// List the log groups
    Groups(GroupsArgs),
    /// List the streams of a log group, the one with the latest event first
    Streams(StreamsArgs),
    /// Print events of a log group, and follow it
    Tail(TailArgs),
    /// Run a query of CloudWatch Logs Insights
    Query(LogQueryArgs),
}

/// `stave logs groups`
#[derive(Debug, Args)]
pub struct GroupsArgs {
    /// Only those whose name begins so
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<String>,
}

/// `stave logs streams`
#[derive(Debug, Args)]
pub struct StreamsArgs {
    /// The log group
    #[arg(value_name = "GROUP")]
    pub group: String,

    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// `stave logs tail`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave logs tail /aws/lambda/extract
  stave logs tail -f --filter '{ $.level = \"ERROR\" }' /aws/lambda/extract
  stave logs tail --since 2026-11-21T10:00:00Z --stream-prefix 2026/11/21 /aws/lambda/extract

A filter is CloudWatch's: words that must all be there, \"a phrase\", -word that must not, ?one ?or
?other, %a regular expression%, { $.of = \"JSON\" } and [of, columns > 5].")]
pub struct TailArgs {
    /// The log group
    #[arg(value_name = "GROUP")]
    pub group: String,

    /// Go on with what comes, until interrupted
    #[arg(short, long)]
    pub follow: bool,

    /// Begin so long ago, or at this time
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = times::moment)]
    pub since: Moment,

    /// Only events that this filter pattern is about
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub filter: Option<String>,

    /// Only this stream; may be given several times
    #[arg(
        long = "stream",
        value_name = "STREAM",
        conflicts_with = "stream_prefix"
    )]
    pub streams: Vec<String>,

    /// Only streams whose name begins so
    #[arg(long, value_name = "PREFIX")]
    pub stream_prefix: Option<String>,
}

/// `stave logs query`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave logs query 'fields @timestamp, @message | filter @message like /ERROR/ | limit 20' \\
      /aws/lambda/extract
  stave logs query 'filter @type = \"REPORT\" | stats max(@duration) by bin(1h)' \\
      /aws/lambda/extract --since 1d")]
pub struct LogQueryArgs {
    /// The query
    #[arg(value_name = "QUERY")]
    pub query: String,

    /// The log groups
    #[arg(value_name = "GROUP", required = true)]
    pub groups: Vec<String>,

    /// Begin so long ago, or at this time
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = times::moment)]
    pub since: Moment,

    /// End so long ago, or at this time
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = times::moment)]
    pub until: Moment,

    /// How many rows at most, where the query does not say
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
}
