//! `spotify`.

mod sandbox;

use crate::args::spotify::SpotifyCommand;
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stop;

/// Runs the command.
pub async fn run(command: SpotifyCommand, output: Output, stop: Stop) -> Result<(), Failure> {
    match command {
        SpotifyCommand::Sandbox(args) => sandbox::run(args, output, stop).await,
    }
}
