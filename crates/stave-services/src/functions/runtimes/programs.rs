//! What is started for a function: the program, its arguments, and the environment variables
//! that AWS's runtimes have.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stave_core::{Error, Result};

use super::super::code::hex;
use super::super::environment::Program;
use super::super::errors::io_error;
use super::{Interpreter, Runtime};

const PYTHON: &str = include_str!("bootstrap.py");
const NODE: &str = include_str!("bootstrap.mjs");

/// Our bootstraps, as files.
#[derive(Debug)]
pub(in super::super) struct Bootstraps {
    folder: PathBuf,
}

impl Bootstraps {
    /// Writes them below `functions`, in a folder by their content: another Stave on the same
    /// home may have others.
    pub fn write(functions: &Path) -> Result<Self> {
        let hash = Sha256::digest(format!("{PYTHON}{NODE}").as_bytes());
        let folder = functions.join("runtime").join(hex(&hash[..8]));
        fs::create_dir_all(&folder)
            .map_err(|error| io_error(error, "make the directory", &folder))?;
        for (name, text) in [("bootstrap.py", PYTHON), ("bootstrap.mjs", NODE)] {
            let path = folder.join(name);
            if fs::read_to_string(&path).is_ok_and(|there| there == text) {
                continue;
            }
            let draft = folder.join(format!(".{name}.{}", std::process::id()));
            fs::write(&draft, text).map_err(|error| io_error(error, "write", &draft))?;
            fs::rename(&draft, &path).map_err(|error| io_error(error, "put", &path))?;
        }
        Ok(Self { folder })
    }
}

/// What a function runs on.
#[derive(Debug, Clone)]
pub(in super::super) struct Machine {
    pub runtime: Runtime,
    /// None for `provided`.
    pub interpreter: Option<Interpreter>,
    /// The Python of its virtual environment, if it has one.
    pub python: Option<PathBuf>,
    /// The folder of its code.
    pub task: PathBuf,
    /// The folder of its layers, if it has any.
    pub opt: Option<PathBuf>,
}

impl Machine {
    /// The program, with `given` over what the runtime sets.
    pub fn program(
        &self,
        bootstraps: &Bootstraps,
        given: BTreeMap<String, String>,
    ) -> Result<Program> {
        let (path, args) = match self.runtime {
            Runtime::Python(_) => {
                let interpreter = self.interpreter.as_ref().map(|found| &found.path);
                let python = self.python.as_ref().or(interpreter);
                let python = python.ok_or_else(|| Error::internal("no interpreter was found"))?;
                let bootstrap = text(&bootstraps.folder.join("bootstrap.py"));
                // Packages of the user's own, outside of the interpreter's, are not the function's.
                (python.clone(), vec!["-s".to_owned(), bootstrap])
            }
            Runtime::Node(_) => {
                let node = self.interpreter.as_ref().map(|found| found.path.clone());
                let node = node.ok_or_else(|| Error::internal("no interpreter was found"))?;
                (node, vec![text(&bootstraps.folder.join("bootstrap.mjs"))])
            }
            Runtime::Provided(_) => (self.own_bootstrap()?, Vec::new()),
        };
        let mut environment = self.environment(bootstraps, &path);
        for (name, value) in given {
            // What a function sets comes before the layers', which it would lose otherwise.
            let value = match (name.as_str(), environment.get(&name)) {
                ("PYTHONPATH" | "NODE_PATH" | "LD_LIBRARY_PATH", Some(ours)) => {
                    format!("{value}:{ours}")
                }
                _ => value,
            };
            environment.insert(name, value);
        }
        Ok(Program {
            path,
            args,
            environment,
            folder: self.task.clone(),
        })
    }

    fn own_bootstrap(&self) -> Result<PathBuf> {
        let folders = std::iter::once(&self.task).chain(&self.opt);
        let mut paths = folders.map(|folder| folder.join("bootstrap"));
        paths.find(|path| path.is_file()).ok_or_else(|| {
            Error::not_found(
                "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
            )
            .hint("the zip must hold an executable called bootstrap at its top")
        })
    }

    fn environment(&self, bootstraps: &Bootstraps, program: &Path) -> BTreeMap<String, String> {
        let task = text(&self.task);
        let opt = self.opt.as_deref().map(text);
        let below = |paths: &[&str]| -> Vec<String> {
            let opt = opt.as_deref();
            opt.map(|opt| paths.iter().map(|path| format!("{opt}/{path}")).collect())
                .unwrap_or_default()
        };
        let mut path: Vec<String> = program.parent().map(text).into_iter().collect();
        path.extend(["/usr/local/bin", "/usr/bin", "/bin"].map(str::to_owned));
        path.extend(below(&["bin"]));
        let mut libraries = vec![task.clone(), format!("{task}/lib")];
        libraries.extend(below(&["lib"]));
        let mut set = BTreeMap::from([
            ("LAMBDA_TASK_ROOT", task.clone()),
            ("LAMBDA_RUNTIME_DIR", text(&bootstraps.folder)),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("TZ", ":UTC".to_owned()),
            ("PATH", path.join(":")),
            ("LD_LIBRARY_PATH", libraries.join(":")),
        ]);
        match (self.runtime, &self.interpreter) {
            (Runtime::Python(_), Some(found)) => {
                set.insert("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", self.runtime));
                let versioned = format!("python/lib/python3.{}/site-packages", found.version.1);
                let paths = below(&["python", &versioned]);
                if !paths.is_empty() {
                    set.insert("PYTHONPATH", paths.join(":"));
                }
            }
            (Runtime::Node(asked), Some(_)) => {
                set.insert("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", self.runtime));
                let versioned = format!("nodejs/node{asked}/node_modules");
                let mut paths = below(&[&versioned, "nodejs/node_modules"]);
                paths.push(task);
                set.insert("NODE_PATH", paths.join(":"));
            }
            _ => {}
        }
        set.into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
