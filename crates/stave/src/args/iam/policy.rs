//! `iam policy` and `iam simulate`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use crate::args::values;

/// `stave iam policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Make a managed policy
    #[command(after_help = "\
Example:
  stave iam policy create lake-readers policy.json --description 'Read the lake'")]
    Create {
        /// The policy's name
        #[arg(value_name = "NAME")]
        name: String,
        /// The document's file; - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Replace what a managed policy says, with a new version
    Update {
        /// The policy, by its name or ARN
        #[arg(value_name = "POLICY")]
        policy: String,
        /// The document's file; - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the account's own managed policies
    Ls {
        /// List those that AWS manages, too
        #[arg(long)]
        all: bool,
    },
    /// Print what a managed policy says
    Show {
        /// The policy, by its name or ARN
        #[arg(value_name = "POLICY")]
        policy: String,
    },
    /// Remove a managed policy
    Rm {
        /// The policy, by its name or ARN
        #[arg(value_name = "POLICY")]
        policy: String,
        /// Detach it and remove its other versions with it
        #[arg(long)]
        cascade: bool,
    },
    /// Attach a managed policy
    Attach {
        /// The policy, by its name or ARN
        #[arg(value_name = "POLICY")]
        policy: String,
        #[command(flatten)]
        to: HolderArgs,
    },
    /// Detach a managed policy
    Detach {
        /// The policy, by its name or ARN
        #[arg(value_name = "POLICY")]
        policy: String,
        #[command(flatten)]
        from: HolderArgs,
    },
    /// Give a user, group or role a policy of its own
    Put {
        /// The policy's name
        #[arg(value_name = "NAME")]
        name: String,
        /// The document's file; - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        to: HolderArgs,
    },
    /// Take a policy of its own from a user, group or role
    Drop {
        /// The policy's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        from: HolderArgs,
    },
}

/// Who has a policy.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("holder").required(true).args(["user", "group", "role"])))]
pub struct HolderArgs {
    /// A user
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// A group
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// A role
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
}

/// `stave iam simulate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave iam simulate ann s3:ListAllMyBuckets cloudwatch:ListMetrics
  stave iam simulate ann s3:PutObject arn:aws:s3:::lake/raw/a.csv
  stave iam simulate arn:aws:iam::123456789012:role/etl s3:ListBucket arn:aws:s3:::lake \\
      --context s3:prefix=raw/

Exits with 1 if anything would be denied.")]
pub struct SimulateArgs {
    /// A user's name, or the ARN of a user, group or role
    #[arg(value_name = "USER|ARN")]
    pub who: String,

    /// Actions (s3:GetObject) and the ARNs of resources, in any order
    #[arg(value_name = "ACTION|RESOURCE", required = true)]
    pub what: Vec<String>,

    /// A condition key's value; may be given several times
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = values::pair)]
    pub context: Vec<(String, String)>,
}
