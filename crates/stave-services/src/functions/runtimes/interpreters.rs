//! Which interpreter stands behind `python3.9` or `nodejs20.x`.
//!
//! One that is configured is taken as it is. Otherwise it is looked for in the search path: that
//! very version first, else the nearest newer one, because code for an older version mostly runs
//! on a newer and not the other way round. Each candidate is asked for its version: a name in a
//! search path may be a stand-in that starts nothing.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stave_core::{Error, Result};

use super::Runtime;

/// How long a candidate may take to say its version.
const PATIENCE: Duration = Duration::from_mins(1);
/// The newest minor version of Python that is looked for.
const NEWEST_PYTHON: u32 = 30;
/// The minor version of Python that is asked for where any will do.
const USUAL_PYTHON: u32 = 13;
/// The oldest Python that our bootstrap runs on.
const OLDEST_PYTHON: u32 = 8;

const ASK_PYTHON: &str = "import sys, importlib.util as u
print(sys.executable)
print('.'.join(map(str, sys.version_info[:3])))
print(' '.join(n for n in sys.argv[1:] if u.find_spec(n)))";
const ASK_NODE: &str = "console.log(process.execPath); console.log(process.versions.node)";

/// An interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable itself.
    pub path: PathBuf,
    /// Its version.
    pub version: (u32, u32, u32),
    /// Whether it is of the very version that was asked for.
    pub is_exact: bool,
    /// Which of the packages that AWS's runtime has it has, too.
    pub has: Vec<String>,
}

impl Interpreter {
    /// `3.11.7`.
    pub fn version_text(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("{major}.{minor}.{patch}")
    }
}

/// The interpreters that have been found.
#[derive(Debug)]
pub(in super::super) struct Interpreters {
    search_path: OsString,
    /// By the runtime's name.
    configured: BTreeMap<String, PathBuf>,
    /// Python packages to be asked for, as they are imported.
    packages: Vec<String>,
    found: Mutex<HashMap<Runtime, Interpreter>>,
}

impl Interpreters {
    pub fn new(
        search_path: OsString,
        configured: BTreeMap<String, PathBuf>,
        packages: Vec<String>,
    ) -> Self {
        Self {
            search_path,
            configured,
            packages,
            found: Mutex::default(),
        }
    }

    /// The interpreter of a runtime.
    pub async fn find(&self, runtime: Runtime) -> Result<Interpreter> {
        if let Some(found) = self.lock().get(&runtime) {
            return Ok(found.clone());
        }
        let found = match self.configured.get(&runtime.to_string()) {
            Some(path) => self.ask(runtime, path).await.ok_or_else(|| {
                Error::invalid(format!(
                    "{} is configured for {runtime}, and is no such interpreter",
                    path.display()
                ))
            })?,
            None => self.look_for(runtime).await.ok_or_else(|| none(runtime))?,
        };
        self.lock().insert(runtime, found.clone());
        Ok(found)
    }

    /// The runtime for Python code that names none.
    pub async fn usual_python(&self) -> Result<Runtime> {
        let configured = self
            .configured
            .keys()
            .filter_map(|name| match name.parse() {
                Ok(Runtime::Python(minor)) => Some(minor),
                _ => None,
            });
        if let Some(minor) = configured.max() {
            return Ok(Runtime::Python(minor));
        }
        let usual = Runtime::Python(USUAL_PYTHON);
        for path in self.named("python3") {
            if let Some(found) = self.ask(usual, &path).await
                && found.version >= (3, OLDEST_PYTHON, 0)
            {
                return format!("python3.{}", found.version.1).parse();
            }
        }
        // There is none of that name; one that names its version may be there.
        let found = self.find(Runtime::Python(OLDEST_PYTHON)).await?;
        format!("python3.{}", found.version.1).parse()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Runtime, Interpreter>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_for(&self, runtime: Runtime) -> Option<Interpreter> {
        let mut nearest: Option<Interpreter> = None;
        for path in self.candidates(runtime) {
            let Some(found) = self.ask(runtime, &path).await else {
                continue;
            };
            if found.is_exact {
                return Some(found);
            }
            let is_nearer = nearest
                .as_ref()
                .is_none_or(|old| found.version < old.version);
            if is_newer(runtime, found.version) && is_nearer {
                nearest = Some(found);
            }
        }
        nearest
    }

    /// What may be it, the likeliest first.
    fn candidates(&self, runtime: Runtime) -> Vec<PathBuf> {
        let names: Vec<String> = match runtime {
            Runtime::Python(minor) => {
                let plain = ["python3", "python"].map(str::to_owned);
                let newer = (minor + 1..=NEWEST_PYTHON).map(|minor| format!("python3.{minor}"));
                std::iter::once(format!("python3.{minor}"))
                    .chain(plain)
                    .chain(newer)
                    .collect()
            }
            Runtime::Node(major) => vec![
                format!("node{major}"),
                format!("node-{major}"),
                "node".to_owned(),
                "nodejs".to_owned(),
            ],
            Runtime::Provided(_) => Vec::new(),
        };
        let mut found: Vec<PathBuf> = Vec::new();
        for path in names.iter().flat_map(|name| self.named(name)) {
            if !found.contains(&path) {
                found.push(path);
            }
        }
        found
    }

    /// What has that name in the search path.
    fn named(&self, name: &str) -> Vec<PathBuf> {
        std::env::split_paths(&self.search_path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .filter(|path| path.is_file())
            .collect()
    }

    /// What the interpreter at `path` says of itself.
    async fn ask(&self, runtime: Runtime, path: &Path) -> Option<Interpreter> {
        let mut command = tokio::process::Command::new(path);
        command
            .env_clear()
            .env("PATH", &self.search_path)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        // Stand-ins find what they stand for by this.
        if let Some(home) = std::env::home_dir() {
            command.env("HOME", home);
        }
        match runtime {
            Runtime::Python(_) => command.args(["-I", "-c", ASK_PYTHON]).args(&self.packages),
            _ => command.args(["-e", ASK_NODE]),
        };
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output.ok()?.ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut lines = text.lines();
        let path = PathBuf::from(lines.next()?);
        let version = version(lines.next()?)?;
        let has = lines.next().unwrap_or_default();
        let is_exact = match runtime {
            Runtime::Python(minor) => {
                version.0 == 3 && version.1 == minor && minor >= OLDEST_PYTHON
            }
            Runtime::Node(major) => version.0 == major,
            Runtime::Provided(_) => false,
        };
        Some(Interpreter {
            path,
            version,
            is_exact,
            has: has.split_whitespace().map(str::to_owned).collect(),
        })
    }
}

fn is_newer(runtime: Runtime, version: (u32, u32, u32)) -> bool {
    match runtime {
        Runtime::Python(minor) => version.0 == 3 && version.1 > minor && version.1 >= OLDEST_PYTHON,
        Runtime::Node(major) => version.0 > major,
        Runtime::Provided(_) => false,
    }
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.trim().split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

fn none(runtime: Runtime) -> Error {
    let name = match runtime {
        Runtime::Python(minor) => format!("Python 3.{minor}"),
        _ => format!("Node.js for {runtime}"),
    };
    Error::not_found(format!(
        "there is no {name}, and no newer one, in the search path"
    ))
    .hint(format!(
        "install it, choose another runtime, or configure which interpreter stands for {runtime}"
    ))
}
