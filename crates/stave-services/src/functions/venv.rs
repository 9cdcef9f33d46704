//! Virtual environments: one for each list of packages and interpreter, made once and shared by
//! all functions that want the same.
//!
//! Which index packages come from, and how it is reached, is pip's own configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use stave_core::{Error, Result};
use stave_store::Store;

use super::code::hex;
use super::definition::Packages;
use super::errors::{invalid, io_error};
use super::runtimes::Interpreter;

/// How long pip may take.
const PATIENCE: Duration = Duration::from_mins(15);
/// The largest list of packages, in bytes.
const MAX_LIST_BYTES: u64 = 256 * 1024;
/// How much of what pip says is shown when it fails, in bytes.
const SHOWN_BYTES: usize = 600;

/// A virtual environment that a function is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// In pip's form.
    pub list: String,
    folder: PathBuf,
    name: String,
}

impl Wanted {
    /// What a function with these packages, and this code, is to have; none when the interpreter
    /// is enough by itself. `provided` are the packages that AWS's runtime has. Blocking.
    pub fn of(
        store: &Store,
        interpreter: &Interpreter,
        packages: &Packages,
        code: &Path,
        provided: &[String],
    ) -> Result<Option<Self>> {
        let own = match packages {
            Packages::None => return Ok(None),
            Packages::These(list) => Some(list.join("\n")),
            Packages::Requirements => requirements(&code.join("requirements.txt"))?,
        };
        let missing = || {
            provided
                .iter()
                .any(|package| !interpreter.has.contains(package))
        };
        let list = match own {
            Some(own) if has_packages(&own) => with_provided(&own, provided),
            _ if missing() => provided.join("\n"),
            _ => return Ok(None),
        };
        let mut hash = Sha256::new();
        hash.update(interpreter.path.to_string_lossy().as_bytes());
        hash.update(interpreter.version_text().as_bytes());
        hash.update(list.as_bytes());
        let name = hex(&hash.finalize())[..32].to_owned();
        let folder = store.home().functions().join("venvs").join(&name);
        Ok(Some(Self { list, folder, name }))
    }

    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// Whether it has been made.
    pub fn is_ready(&self) -> bool {
        self.folder.join("ready").is_file()
    }

    /// Makes it, unless it is there; whoever comes at the same time waits.
    pub async fn make(&self, store: &Store, interpreter: &Interpreter) -> Result<()> {
        if self.is_ready() {
            return Ok(());
        }
        let turn = format!("venv-{}", self.name);
        let _turn =
            crate::blocking::blocking(store, move |store| store.function_turn(&turn)).await?;
        if self.is_ready() {
            return Ok(());
        }
        // What somebody who was killed has begun.
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io_error(error, "remove", &self.folder));
            }
            _ => {}
        }
        let made = self.install(interpreter).await;
        if made.is_err() {
            let _ = fs::remove_dir_all(&self.folder);
        }
        made
    }

    async fn install(&self, interpreter: &Interpreter) -> Result<()> {
        let folder = self.folder.to_string_lossy().into_owned();
        let venv = ["-m", "venv", &folder].map(str::to_owned);
        run(&interpreter.path, &venv, "make a virtual environment").await?;
        let list = self.folder.join("requirements.txt");
        fs::write(&list, &self.list).map_err(|error| io_error(error, "write", &list))?;
        let list = list.to_string_lossy().into_owned();
        let install = [
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "-r",
        ];
        let mut install: Vec<String> = install.map(str::to_owned).into();
        install.push(list);
        run(&self.python(), &install, "install the packages").await?;
        let ready = self.folder.join("ready");
        fs::write(&ready, &self.list).map_err(|error| io_error(error, "write", &ready))
    }
}

/// The text of a requirements.txt, if there is one.
fn requirements(path: &Path) -> Result<Option<String>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_LIST_BYTES => Err(invalid(format!(
            "requirements.txt is larger than {MAX_LIST_BYTES} bytes"
        ))),
        Ok(metadata) if metadata.is_file() => fs::read_to_string(path)
            .map(Some)
            .map_err(|error| io_error(error, "read", path)),
        _ => Ok(None),
    }
}

fn has_packages(list: &str) -> bool {
    list.lines().any(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    })
}

/// The list, with what AWS's runtime has where it does not name it.
fn with_provided(list: &str, provided: &[String]) -> String {
    let named: Vec<String> = list.lines().map(name_of).collect();
    let missing = provided
        .iter()
        .filter(|package| !named.contains(&name_of(package)));
    missing.fold(list.trim_end().to_owned() + "\n", |list, package| {
        list + package + "\n"
    })
}

/// The name of a package, as pip compares it.
fn name_of(line: &str) -> String {
    let end = line
        .trim()
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(line.trim().len());
    line.trim()[..end].to_lowercase().replace(['_', '.'], "-")
}

async fn run(program: &Path, args: &[String], doing: &str) -> Result<()> {
    let mut command = tokio::process::Command::new(program);
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    // The environment stays: pip is configured by it, too. But not whose Python we run under.
    for name in [
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "__PYVENV_LAUNCHER__",
    ] {
        command.env_remove(name);
    }
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output
        .map_err(|_| {
            let minutes = PATIENCE.as_secs() / 60;
            Error::unavailable(format!(
                "cannot {doing}: it took longer than {minutes} minutes"
            ))
        })?
        .map_err(|error| {
            Error::unavailable(format!("cannot start {}: {error}", program.display()))
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    let from = said.len().saturating_sub(SHOWN_BYTES);
    let from = (from..said.len()).find(|at| said.is_char_boundary(*at));
    Err(Error::unavailable(format!(
        "cannot {doing}: {}",
        &said[from.unwrap_or_default()..]
    )))
}
