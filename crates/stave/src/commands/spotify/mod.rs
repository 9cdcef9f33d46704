//! `spotify`.

mod connection;
mod extract;
mod import;
mod login;
mod purge;
mod sandbox;
mod status;

use crate::args::spotify::SpotifyCommand;
use crate::compose::Stave;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stop;

/// Runs the command.
pub async fn run(
    command: SpotifyCommand,
    config: Config,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    // The sandbox keeps nothing, so it opens no home.
    if let SpotifyCommand::Sandbox(args) = command {
        return sandbox::run(args, output, stop).await;
    }
    let stave = Stave::open(config)?;
    let stopped = match command {
        SpotifyCommand::Extract(_) => "stopped; run it again to go on from where it stopped",
        _ => "stopped",
    };
    let work = async {
        match command {
            SpotifyCommand::Login(args) => login::run(args, &stave, output).await,
            SpotifyCommand::Extract(args) => extract::run(args, &stave, output).await,
            SpotifyCommand::Import(args) => import::run(args, &stave, output).await,
            SpotifyCommand::Purge(args) => purge::run(args, &stave, output).await,
            SpotifyCommand::Status => status::run(&stave, output).await,
            SpotifyCommand::Sandbox(_) => Ok(()),
        }
    };
    // Every page is a checkpoint and every object appears whole, so all may be dropped.
    tokio::select! {
        done = work => done,
        () = stop.asked() => {
            output.say(stopped);
            Err(Failure::Stopped)
        }
    }
}
