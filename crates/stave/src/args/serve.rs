//! `serve` and `env`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::server::{LogFormat, MetricsFor};

/// Where the server listens unless it is told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:4566";

/// Serve S3, IAM, STS, CloudWatch and its logs to AWS's clients, on one address.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave serve
  stave serve --listen 127.0.0.1:0 --tls
  eval \"$(stave env)\" && aws s3 ls

The first start makes a root access key in <home>/root-credentials. SIGTERM and Ctrl-C let
requests under way come to their end, within 7 seconds. GET /_stave/health says that it is well;
GET /metrics shows Prometheus what was measured in the last whole minute.")]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = DEFAULT_LISTEN)]
    pub listen: SocketAddr,

    /// Speak TLS, with a certificate made on this machine unless one is given
    #[arg(long)]
    pub tls: bool,

    /// The certificate and those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Speak plain HTTP on an address that other machines can reach: what they send, objects
    /// and all, can be read on the way
    #[arg(long)]
    pub plain_http: bool,

    /// Who may read GET /metrics, for Prometheus, without a signature [default: local where only
    /// this machine reaches the address, nobody elsewhere]
    #[arg(long, value_enum, value_name = "WHO")]
    pub metrics: Option<MetricsFor>,

    #[command(flatten)]
    pub log: LogArgs,
}

/// What a server logs, and how.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// The form of the log on standard error
    #[arg(long, value_enum, default_value = "text")]
    pub log_format: LogFormat,

    /// Log what goes wrong with single connections, too
    #[arg(long)]
    pub verbose: bool,

    /// Log only what goes wrong, and no requests
    #[arg(long, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// Print the variables that lead AWS's clients here, for a shell to evaluate.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(stave env)\"
  eval \"$(stave env --as ann)\" && aws sts get-caller-identity

The key is that of the root, or with --as an access key of that user.")]
pub struct EnvArgs {
    /// Where the server listens, if none is running yet
    #[arg(long, value_name = "ADDR:PORT", default_value = DEFAULT_LISTEN)]
    pub listen: SocketAddr,
}
