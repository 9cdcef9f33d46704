//! Runs the program in a home of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A home and a folder to work in.
pub struct Program {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What the program said.
#[derive(Debug)]
pub struct Said {
    /// The exit code; none when it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Program {
    /// A new home.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("work")).expect("made");
        Self {
            dir,
            variables: Vec::new(),
        }
    }

    /// A new home with a bucket.
    pub fn with_bucket(name: &str) -> Self {
        let program = Self::new();
        program.ok(&["mb", &format!("s3://{name}")]);
        program
    }

    /// Sets a variable of the environment.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the folder to work in.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join("work").join(below)
    }

    /// The home.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Writes a file.
    pub fn file(&self, below: &str, content: impl AsRef<[u8]>) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, content).expect("written");
    }

    /// The program, about to run with `args`.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stave"));
        command
            .args(args)
            .current_dir(self.dir.path().join("work"))
            .env_clear()
            .env("STAVE_HOME", self.home())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs it.
    pub fn run(&self, args: &[&str]) -> Said {
        said(&self.command(args).output().expect("ran"))
    }

    /// Runs it with `input`.
    pub fn run_with(&self, args: &[&str], input: &[u8]) -> Said {
        let mut child = self.start(args);
        let mut pipe = child.stdin.take().expect("piped");
        pipe.write_all(input).expect("written");
        drop(pipe);
        said(&child.wait_with_output().expect("ran"))
    }

    /// Starts it with pipes.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("started")
    }

    /// Runs it, to succeed; says its standard output.
    pub fn ok(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.code, Some(0), "{args:?}: {}", said.err);
        said.out
    }

    /// Runs it, to succeed, and reads the JSON it prints.
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let args: Vec<&str> = std::iter::once("--json")
            .chain(args.iter().copied())
            .collect();
        serde_json::from_str(&self.ok(&args)).expect("JSON")
    }

    /// Puts an object.
    pub fn put(&self, uri: &str, content: impl AsRef<[u8]>) {
        let said = self.run_with(&["cp", "--quiet", "-", uri], content.as_ref());
        assert_eq!(said.code, Some(0), "{uri}: {}", said.err);
    }

    /// The lines of a query's result as CSV, the header first.
    pub fn csv(&self, database: &str, sql: &str) -> Vec<String> {
        let out = self.ok(&["query", "-d", database, sql, "--format", "csv"]);
        out.lines().map(str::to_owned).collect()
    }

    /// Runs it, to fail with `code`; says its standard error.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.code, Some(code), "{args:?}: {}{}", said.out, said.err);
        said.err
    }
}

/// The output of a process as text.
pub fn said(output: &Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Every file below a folder, by its path there.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("listed") {
            let path = entry.expect("listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below");
                let bytes = std::fs::read(&path).expect("read");
                found.push((name.to_string_lossy().into_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}
