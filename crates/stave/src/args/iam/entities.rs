//! `iam user`, `iam group` and `iam role`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use crate::args::values;

/// `stave iam user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user
    Create(UserCreateArgs),
    /// List the users
    Ls,
    /// Show a user: groups, policies, access keys, password
    Show {
        /// The user
        #[arg(value_name = "USER")]
        name: String,
    },
    /// Remove a user
    Rm {
        /// The user
        #[arg(value_name = "USER")]
        name: String,
        /// Remove its keys, password, policies and memberships with it
        #[arg(long)]
        cascade: bool,
    },
}

/// `stave iam user create`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave iam user create ann --attach AmazonS3ReadOnlyAccess --group analysts
  stave iam user create etl --path /service/ --tag team=data")]
pub struct UserCreateArgs {
    /// The user's name
    #[arg(value_name = "USER")]
    pub name: String,

    /// The path, such as /staff/
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,

    /// A tag; may be given several times
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = values::pair)]
    pub tags: Vec<(String, String)>,

    /// A group that it is to be in; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,

    /// A managed policy to attach, by its name or ARN; may be given several times
    #[arg(long = "attach", value_name = "POLICY")]
    pub policies: Vec<String>,

    /// A managed policy that bounds what others allow
    #[arg(long, value_name = "POLICY")]
    pub boundary: Option<String>,
}

/// `stave iam group …`
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// Make a group
    Create {
        /// The group's name
        #[arg(value_name = "GROUP")]
        name: String,
        /// The path, such as /staff/
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
        /// A managed policy to attach, by its name or ARN; may be given several times
        #[arg(long = "attach", value_name = "POLICY")]
        policies: Vec<String>,
    },
    /// List the groups
    Ls,
    /// Show a group: its users and policies
    Show {
        /// The group
        #[arg(value_name = "GROUP")]
        name: String,
    },
    /// Put users into a group
    Add {
        /// The group
        #[arg(value_name = "GROUP")]
        group: String,
        /// The users
        #[arg(value_name = "USER", required = true)]
        users: Vec<String>,
    },
    /// Take users out of a group
    Remove {
        /// The group
        #[arg(value_name = "GROUP")]
        group: String,
        /// The users
        #[arg(value_name = "USER", required = true)]
        users: Vec<String>,
    },
    /// Remove a group
    Rm {
        /// The group
        #[arg(value_name = "GROUP")]
        name: String,
        /// Remove its policies and memberships with it
        #[arg(long)]
        cascade: bool,
    },
}

/// `stave iam role …`
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// Make a role
    Create(RoleCreateArgs),
    /// List the roles
    Ls,
    /// Show a role: whom it trusts, its policies
    Show {
        /// The role
        #[arg(value_name = "ROLE")]
        name: String,
    },
    /// Remove a role
    Rm {
        /// The role
        #[arg(value_name = "ROLE")]
        name: String,
        /// Remove its policies with it
        #[arg(long)]
        cascade: bool,
    },
}

/// `stave iam role create`
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("trusted").required(true).args(["service", "trust"])),
    after_help = "\
Examples:
  stave iam role create etl --service lambda.amazonaws.com --attach AmazonS3FullAccess
  stave iam role create crawler --service glue.amazonaws.com --attach AWSGlueServiceRole
  stave iam role create partner --trust trust.json"
)]
pub struct RoleCreateArgs {
    /// The role's name
    #[arg(value_name = "ROLE")]
    pub name: String,

    /// A service that may assume it, such as lambda.amazonaws.com
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,

    /// The trust policy's file; - for standard input
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,

    /// The path, such as /service-role/
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// A tag; may be given several times
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = values::pair)]
    pub tags: Vec<(String, String)>,

    /// A managed policy to attach, by its name or ARN; may be given several times
    #[arg(long = "attach", value_name = "POLICY")]
    pub policies: Vec<String>,
}
