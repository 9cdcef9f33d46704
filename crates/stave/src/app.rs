//! From the arguments to the exit code: 0 done, 1 failed, 2 wrong use, 130 and
//! 143 when told to stop.

use std::io::{IsTerminal, stdin};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use stave_core::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Args, Command};
use crate::commands;
use crate::config::{Config, Environment};
use crate::failure::Failure;
use crate::machine::Machine;

/// How long a command that was told to stop may take to clean up.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the program.
pub fn run() -> ExitCode {
    let args = Args::parse();
    match start(args) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn start(args: Args) -> Result<ExitCode, Failure> {
    let environment = Environment::of_the_process();
    let config = Config::resolve(&args.global, &environment, &Machine::measure())?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(config.cores.value.get())
        .enable_all()
        .build()
        .map_err(|error| Error::internal("cannot start the threads").caused_by(error))?;
    let ended = runtime.block_on(until_done_or_told_to_stop(args, config))?;
    let code = match ended {
        Ended::Done(Ok(())) => ExitCode::SUCCESS,
        Ended::Done(Err(failure)) => failure.report(),
        Ended::Stopped(code) => {
            stop(runtime);
            return Ok(ExitCode::from(code));
        }
    };
    // What still blocks now is a read that nobody waits for.
    runtime.shutdown_background();
    Ok(code)
}

/// Lets writes that have begun come to their end, within bounds.
fn stop(runtime: Runtime) {
    runtime.shutdown_timeout(GRACE);
}

enum Ended {
    Done(Result<(), Failure>),
    Stopped(u8),
}

async fn until_done_or_told_to_stop(args: Args, config: Config) -> Result<Ended, Error> {
    let cannot = |error| Error::internal("cannot listen for signals").caused_by(error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    // There an interrupt ends the statement, not the program.
    let takes_interrupts = !(matches!(args.command, Command::Sql(_)) && stdin().is_terminal());
    // A task of its own, so that a command that blocks does not hold up the signals.
    let mut command = tokio::spawn(commands::run(args, config));
    let code = tokio::select! {
        done = &mut command => return Ok(Ended::Done(match done {
            Ok(done) => done,
            Err(error) => Err(Error::internal("the command ended before its time").caused_by(error).into()),
        })),
        _ = interrupt.recv(), if takes_interrupts => 130,
        _ = terminate.recv() => 143,
    };
    command.abort();
    // Its guards remove what is half done; a command that does not stop in time is left.
    let _ = tokio::time::timeout(GRACE, command).await;
    Ok(Ended::Stopped(code))
}
