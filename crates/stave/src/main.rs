//! Stave: the AWS data stack of the Spotify pipelines in one program.

#![forbid(unsafe_code)]

mod app;
mod args;
mod commands;
mod compose;
mod config;
mod failure;
mod machine;
mod output;
mod progress;
mod server;
mod spill;
mod stop;
mod system;
mod wire;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    app::run()
}
