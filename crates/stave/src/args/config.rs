//! `config`.

use clap::Subcommand;

/// `stave config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings and where each comes from; secrets are hidden
    #[command(after_help = "\
A flag counts more than the environment, that more than <home>/config.toml:

  memory = \"4GiB\"        # STAVE_MEMORY, --memory; half of the machine's
  cores = 4              # STAVE_CORES; all
  fsync = true           # STAVE_FSYNC; whether writes survive a loss of power
  account = \"123456789012\"
  region = \"us-east-1\"

  [[remote]]             # buckets that live in S3 or on a server that speaks like it
  buckets = [\"raw\", \"lake-*\"]
  endpoint = \"http://127.0.0.1:9000\"    # none: Amazon S3
  region = \"eu-west-1\"
  access_key_id = \"...\"                 # none: AWS_ACCESS_KEY_ID and so on
  secret_access_key = \"...\"

With the environment alone: STAVE_REMOTE_BUCKETS=raw,lake-* and the AWS_* variables.")]
    Show,
}
