//! The program as a user runs it: a process, its output, its exit code.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

#[path = "cli/catalog.rs"]
mod catalog;
#[path = "cli/crawler.rs"]
mod crawler;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/errors.rs"]
mod errors;
#[path = "cli/function.rs"]
mod function;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/iam.rs"]
mod iam;
#[path = "cli/jobs.rs"]
mod jobs;
#[path = "cli/objects.rs"]
mod objects;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/query.rs"]
mod query;
#[path = "cli/sample.rs"]
mod sample;
#[path = "cli/server.rs"]
mod server;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/spotify/mod.rs"]
mod spotify;
