//! `iam key`, `iam login` and `iam change-password`.

use clap::{Args, Subcommand};

/// `stave iam key …`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an access key, and print it with its secret: it is shown this once
    Create {
        /// The user; whom the command works as, unless said
        #[arg(value_name = "USER")]
        user: Option<String>,
    },
    /// List access keys
    Ls {
        /// The user; whom the command works as, unless said
        #[arg(value_name = "USER")]
        user: Option<String>,
    },
    /// Let an access key be used again
    Enable(KeyArgs),
    /// Let an access key be used no more
    Disable(KeyArgs),
    /// Remove an access key
    Rm(KeyArgs),
}

/// An access key.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The access key's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Its user; whom the command works as, unless said
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
}

/// `stave iam login …`
#[derive(Debug, Subcommand)]
pub enum LoginCommand {
    /// Let a user sign in with a password
    #[command(after_help = "\
Examples:
  stave iam login create ann --must-change                       # prints a password
  echo 'Start-1234' | stave iam login create ann --password-stdin --must-change")]
    Create(LoginArgs),
    /// Set another password, or demand that the user chooses one
    #[command(after_help = "\
Examples:
  stave iam login update ann                     # prints another password
  stave iam login update ann --must-change       # keeps the password, until the next sign-in")]
    Update(LoginArgs),
    /// Show whether a user has a password
    Show {
        /// The user
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Let a user sign in no more
    Rm {
        /// The user
        #[arg(value_name = "USER")]
        user: String,
    },
}

/// A password that is to be set.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The user
    #[arg(value_name = "USER")]
    pub user: String,
    /// Read the password from standard input, instead of making one and printing it
    #[arg(long)]
    pub password_stdin: bool,
    /// The user must choose another at the next sign-in
    #[arg(long)]
    pub must_change: bool,
}

/// `stave iam change-password`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  printf '%s\\n' \"$OLD\" \"$NEW\" | stave iam change-password ann")]
pub struct ChangePasswordArgs {
    /// The user; whom --as names, unless said
    #[arg(value_name = "USER")]
    pub user: Option<String>,
}
