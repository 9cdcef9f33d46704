//! `iam`.

pub mod entities;
pub mod login;
pub mod policy;

use clap::Subcommand;

use self::entities::{GroupCommand, RoleCommand, UserCommand};
use self::login::{ChangePasswordArgs, KeyCommand, LoginCommand};
use self::policy::{PolicyCommand, SimulateArgs};

/// `stave iam …`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  stave iam policy create lake-readers lake-readers.json
  stave iam user create ann --attach lake-readers --attach IAMUserChangePassword
  stave iam login create ann --must-change        # prints a password
  stave iam simulate ann s3:GetObject arn:aws:s3:::lake/a.csv
  stave --as ann ls s3://lake/")]
pub enum IamCommand {
    /// Say who the command works as
    Whoami,
    /// Make users, list them, remove them
    #[command(subcommand)]
    User(UserCommand),
    /// Make groups, and say who is in them
    #[command(subcommand)]
    Group(GroupCommand),
    /// Make roles, list them, remove them
    #[command(subcommand)]
    Role(RoleCommand),
    /// Make policies and attach them
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Make access keys, and say whether they may be used
    #[command(subcommand)]
    Key(KeyCommand),
    /// Let users sign in with a password
    #[command(subcommand)]
    Login(LoginCommand),
    /// Change a user's own password: two lines on standard input, the old one and the new one
    ChangePassword(ChangePasswordArgs),
    /// Say what the policies of a user, group or role would decide
    Simulate(SimulateArgs),
}
