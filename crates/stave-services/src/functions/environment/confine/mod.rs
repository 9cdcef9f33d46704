//! Keeping an environment to itself, by what the operating system has for it.
//!
//! Where user namespaces may be made, a function has a `/tmp` of its own, and the home is not
//! there for it, but for what belongs to functions. Where control groups may be made, the kernel
//! holds it to its memory, and all that it has started ends with it. What is there is found out
//! once, by trying it.

mod cgroups;
mod namespaces;

use std::path::{Path, PathBuf};

pub(super) use self::cgroups::Cgroup;
use self::cgroups::Cgroups;
use self::namespaces::Namespaces;
use super::Program;

/// What there is on this machine.
#[derive(Debug, Default)]
pub(in super::super) struct Confinement {
    namespaces: Option<Namespaces>,
    cgroups: Option<Cgroups>,
}

/// The places that an environment is confined to and from.
#[derive(Debug, Clone)]
pub(in super::super) struct Places {
    /// The home, which is hidden.
    pub home: PathBuf,
    /// What of it stays, because functions are in it.
    pub functions: PathBuf,
}

impl Confinement {
    /// Finds out what there is; `folder` is for trying it. Blocking.
    pub fn find(places: &Places, folder: &Path) -> Self {
        Self {
            namespaces: Namespaces::find(places, folder),
            cgroups: Cgroups::find(Path::new("/proc"), &name_of(folder)),
        }
    }

    /// Whether environments have a `/tmp` of their own, and no home.
    pub fn has_namespaces(&self) -> bool {
        self.namespaces.is_some()
    }

    /// What `program` can be put into, for which the kernel starts the file `started`.
    pub(super) fn namespaces_for(&self, program: &Program, started: &Path) -> Option<&Namespaces> {
        let namespaces = self.namespaces.as_ref()?;
        namespaces.suit(program, started).then_some(namespaces)
    }

    /// What keeps environments to their memory, in words.
    pub fn memory(&self) -> &'static str {
        match &self.cgroups {
            Some(cgroups) => cgroups.label(),
            None => "looked at now and then",
        }
    }

    /// A group for the environment in `folder`, which may take `memory_bytes`.
    pub(super) fn group(&self, folder: &Path, memory_bytes: u64) -> Option<Cgroup> {
        let cgroups = self.cgroups.as_ref()?;
        // One that cannot be made is no reason not to run: memory is looked at, too.
        cgroups.group(&name_of(folder), memory_bytes).ok()
    }
}

/// `sh` running `script` with `given` as its `$1`, `$2` …, and then the program as `$@`.
fn through_shell(script: &str, given: Vec<String>, program: Program) -> Program {
    let mut args = vec!["-c".to_owned(), script.to_owned(), "sh".to_owned()];
    args.extend(given);
    args.push(text(&program.path));
    args.extend(program.args);
    Program {
        path: PathBuf::from("/bin/sh"),
        args,
        ..program
    }
}

/// The last name of a folder of ours, which is a random id.
fn name_of(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
