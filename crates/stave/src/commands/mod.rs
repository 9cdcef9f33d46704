//! What the commands do: one file for each group. A command resolves its
//! arguments, calls services and says what came out.
//!
//! Must not hold rules that another door (a server, the console) needs too.

mod aim;
mod alarm;
mod catalog;
mod config;
mod copy;
mod crawler;
mod demo;
mod doctor;
mod env;
mod function;
mod iam;
mod job;
mod logs;
mod meant;
mod metrics;
mod objects;
mod query;
mod rule;
mod sample;
mod schedule;
mod serve;
mod spotify;
mod sql;

use std::sync::Arc;

use crate::args::{Args, Command};
use crate::compose::Stave;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stop;

/// Does what the arguments say, until `stop` asks those that hear of it to end.
pub async fn run(args: Args, config: Config, stop: Stop) -> Result<(), Failure> {
    let output = Output::new(args.global.json);
    match args.command {
        Command::Config(command) => config::run(&command, &config, output),
        Command::Doctor => doctor::run(config, output).await,
        Command::Spotify(command) => spotify::run(command, config, output, stop).await,
        Command::Sample(args) => sample::run(args, config, output).await,
        Command::Demo(args) => demo::run(args, Arc::new(Stave::open(config)?), output, stop).await,
        Command::Function(command) => {
            function::run(command, Arc::new(Stave::open(config)?), output, stop).await
        }
        Command::Serve(args) => serve::run(args, config, output, stop).await,
        command => {
            let (named, stave) = (meant::buckets(&command), Stave::open(config)?);
            match with_home(command, &stave, output, stop).await {
                Err(failure) => Err(meant::near_bucket(failure, &named, &stave).await),
                done => done,
            }
        }
    }
}

/// The commands that work on the home.
async fn with_home(
    command: Command,
    stave: &Stave,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    match command {
        Command::Mb(args) => objects::mb(&args, stave, output).await,
        Command::Rb(args) => objects::rb(&args, stave, output).await,
        Command::Ls(args) => objects::ls(&args, stave, output).await,
        Command::Cp(args) => copy::cp(args, stave, output).await,
        Command::Mv(args) => copy::mv(args, stave, output).await,
        Command::Rm(args) => objects::rm(&args, stave, output).await,
        Command::Cat(args) => objects::cat(&args, stave, output).await,
        Command::Job(command) => job::run(command, stave, output, stop).await,
        Command::Catalog(command) => catalog::run(command, stave, output).await,
        Command::Crawler(command) => crawler::run(command, stave, output).await,
        Command::Query(args) => query::run(args, stave, output).await,
        Command::Sql(args) => sql::run(args, stave, output).await,
        Command::Iam(command) => iam::run(command, stave, output).await,
        Command::Rule(command) => rule::run(command, stave, output).await,
        Command::Schedule(command) => schedule::run(command, stave, output),
        Command::Logs(command) => logs::run(command, stave, output).await,
        Command::Metrics(command) => metrics::run(command, stave, output),
        Command::Alarm(command) => alarm::run(command, stave, output),
        Command::Env(args) => env::run(&args, stave, output),
        Command::Config(_)
        | Command::Doctor
        | Command::Sample(_)
        | Command::Spotify(_)
        | Command::Demo(_)
        | Command::Function(_)
        | Command::Serve(_) => Ok(()),
    }
}
