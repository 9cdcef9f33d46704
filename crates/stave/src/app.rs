//! From the arguments to the exit code: 0 done, 1 failed, 2 wrong use, 3 to be
//! gone on with later, 130 and 143 when told to stop.

use std::io::{IsTerminal, stdin};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use stave_core::Error;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinError;

use crate::args::{Args, Command};
use crate::commands;
use crate::config::{Config, Environment};
use crate::failure::Failure;
use crate::machine::Machine;
use crate::stop::{self, Stop};

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
    let cannot = |error| Error::internal("cannot start the threads").caused_by(error);
    let workers = Builder::new_multi_thread()
        .max_blocking_threads(blocking_threads(&args.command))
        .worker_threads(worker_threads(&args.command, config.cores.value.get()))
        .enable_all()
        .build()
        .map_err(cannot)?;
    // Apart from the work, so that a second signal is heard while the work is being ended.
    let listener = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot)?;
    // There an interrupt ends the statement, not the program.
    let takes_interrupts = !(matches!(args.command, Command::Sql(_)) && stdin().is_terminal());
    let mut signals = listener.block_on(async { Signals::listen(takes_interrupts) })?;
    let run = until_done_or_told_to_stop(args, config, workers.handle(), &mut signals);
    match listener.block_on(run) {
        Ended::Done(done) => {
            let code = done.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS);
            // What still blocks now is a read that nobody waits for.
            workers.shutdown_background();
            Ok(code)
        }
        Ended::Stopped(code) => {
            listener.block_on(shut_down(workers, &mut signals));
            Ok(ExitCode::from(code))
        }
        Ended::StoppedTwice(code) => {
            workers.shutdown_background();
            Ok(ExitCode::from(code))
        }
    }
}

/// How many threads poll.
fn worker_threads(command: &Command, cores: usize) -> usize {
    match command {
        // What is long at work is a process of its own there. More threads only wake each other,
        // but one alone would be held up by whoever reads or hashes.
        Command::Serve(_) => cores.max(2),
        // One more than there is work for, so that somebody hears an interrupt and draws the
        // progress while an operator is long at one batch.
        _ => cores + 1,
    }
}

/// How many threads may block at once; what more there is to do waits. A server's clients must
/// not take the machine's memory by their number: each thread keeps some MiB of what it has read
/// and written.
fn blocking_threads(command: &Command) -> usize {
    match command {
        Command::Serve(_) => 24,
        _ => 512,
    }
}

/// Lets writes that have begun come to their end, within bounds, unless told again to stop.
async fn shut_down(workers: Runtime, signals: &mut Signals) {
    let (sender, ended) = oneshot::channel();
    std::thread::spawn(move || {
        workers.shutdown_timeout(GRACE);
        // Nobody waits any more when a second signal came.
        let _ = sender.send(());
    });
    tokio::select! {
        _ = ended => (),
        _ = signals.next() => (),
    }
}

enum Ended {
    Done(Result<(), Failure>),
    Stopped(u8),
    StoppedTwice(u8),
}

/// The signals that mean: stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    takes_interrupts: bool,
}

impl Signals {
    fn listen(takes_interrupts: bool) -> Result<Self, Error> {
        let cannot = |error| Error::internal("cannot listen for signals").caused_by(error);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(cannot)?,
            terminate: signal(SignalKind::terminate()).map_err(cannot)?,
            takes_interrupts,
        })
    }

    /// The exit code that the next signal asks for.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv(), if self.takes_interrupts => 130,
            _ = self.terminate.recv() => 143,
        }
    }
}

async fn until_done_or_told_to_stop(
    args: Args,
    config: Config,
    workers: &Handle,
    signals: &mut Signals,
) -> Ended {
    let ends_itself = stop::is_heard_by(&args.command);
    let (asking, stop) = Stop::new();
    // A task of its own, so that a command that blocks does not hold up the signals.
    let mut command = workers.spawn(commands::run(args, config, stop));
    let code = tokio::select! {
        done = &mut command => return Ended::Done(outcome(done)),
        code = signals.next() => code,
    };
    let ending = async {
        if ends_itself {
            asking.ask();
            return match outcome(command.await) {
                Err(Failure::Stopped) => Ended::Stopped(code),
                // It was faster than the signal.
                done => Ended::Done(done),
            };
        }
        command.abort();
        // Its guards remove what is half done; a command that does not stop in time is left.
        let _ = tokio::time::timeout(GRACE, command).await;
        Ended::Stopped(code)
    };
    tokio::select! {
        ended = ending => ended,
        code = signals.next() => Ended::StoppedTwice(code),
    }
}

/// What came of the command's task.
fn outcome(done: Result<Result<(), Failure>, JoinError>) -> Result<(), Failure> {
    done.unwrap_or_else(|error| {
        let what = "the command ended before its time";
        Err(Error::internal(what).caused_by(error).into())
    })
}
