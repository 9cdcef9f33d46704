//! `spotify`.

pub mod account;
pub mod extract;
pub mod history;
pub mod sandbox;

use clap::Subcommand;

/// `stave spotify`
#[derive(Debug, Subcommand)]
pub enum SpotifyCommand {
    /// Answer as Spotify's accounts service and Web API do, on this machine
    Sandbox(sandbox::SandboxArgs),
    /// Log in to Spotify in the browser, once every six months
    Login(account::LoginArgs),
    /// Read playlists, the library and plays into a bucket, as raw JSON
    Extract(extract::ExtractArgs),
    /// Turn the account's export into a table of plays, without a single call
    Import(history::ImportArgs),
    /// Show logins, budgets and the last runs
    Status,
    /// Delete what came from Spotify, by account or by age
    Purge(history::PurgeArgs),
}
