//! `function`: functions, and what starts them.
//!
//! Every command is operations of the services, under whom the command works as. One that does
//! more than one says what it has done when one of them fails.

mod change;
mod invoke;
mod list;
mod logs;
mod on;
pub(super) mod reach;
pub(super) mod ready;
mod remove;
pub(super) mod role;
mod settings;
pub(super) mod triggers;
mod watch;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use stave_core::{Caller, Result};
use stave_services::Functions;
use stave_services::functions::{self, PackagedFile};

use crate::args::function::FunctionCommand;
use crate::compose::{Platform, Stave};
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stop;
use stave_store::blocking;

/// Runs a command on functions.
pub async fn run(
    command: FunctionCommand,
    stave: Arc<Stave>,
    output: Output,
    stop: Stop,
) -> Result<(), Failure> {
    let desk = Desk { stave, output };
    match command {
        FunctionCommand::Create(args) => change::create(args, &desk, &stop).await,
        FunctionCommand::Update(args) => change::update(args, &desk, &stop).await,
        FunctionCommand::Invoke(args) => invoke::run(args, &desk).await,
        FunctionCommand::Ls => list::list(&desk),
        FunctionCommand::Show { name } => list::show(&name, &desk).await,
        FunctionCommand::Logs(args) => logs::run(&args, &desk, &stop).await,
        FunctionCommand::Rm(args) => remove::run(&args.name, &desk).await,
    }
}

/// What the commands work with.
pub(super) struct Desk {
    /// The home.
    pub stave: Arc<Stave>,
    /// Where is said what.
    pub output: Output,
}

impl Desk {
    fn caller(&self) -> &Caller {
        &self.stave.caller
    }

    fn platform(&self) -> Result<&Platform> {
        self.stave.platform()
    }

    fn functions(&self) -> Result<&Functions> {
        Ok(&self.platform()?.functions)
    }

    /// Says that something has been done.
    fn done(&self, what: &str) {
        self.output.say(what);
    }
}

/// Code, packed, and what was packed.
struct Packed {
    zip: Bytes,
    files: Vec<PackagedFile>,
}

/// Packs the code that lies at `path`.
async fn pack(path: &Path) -> Result<Packed> {
    let path = path.to_owned();
    blocking("the code was not packed", move || {
        // First, so that a change while it is packed is one that comes later.
        let files = functions::packaged_files(&path)?;
        let zip = functions::pack(&path)?;
        Ok(Packed { zip, files })
    })
    .await
}
