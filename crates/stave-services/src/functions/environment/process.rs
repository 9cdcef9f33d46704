//! The process of an environment: started in a process group of its own with an environment in
//! which nothing is but what it is given, and ended with all of the group.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{AccessFlags, Pid, access};
use stave_core::{Error, Result};
use tokio::process::{Child, Command};

use super::confine::Cgroup;
use super::memory;

/// How much of a program the kernel reads to see what it is.
const HEAD_BYTES: u64 = 256;

/// What is to be started.
#[derive(Debug, Clone)]
pub(in super::super) struct Program {
    pub path: PathBuf,
    pub args: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub folder: PathBuf,
}

/// A process and its group; both end when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pid: u32,
    ended: Option<ExitStatus>,
    group: Option<Cgroup>,
}

impl Process {
    /// Says which file the kernel starts for `program`: its own, or the interpreter that it names.
    /// Fails as starting it would: one that is started by way of another, which confines it, could
    /// only end badly.
    pub fn check(program: &Program) -> Result<PathBuf> {
        started_by(&program.path).map_err(|error| not_started(program, error))
    }

    /// Starts `program`, which joins `group`; what it writes comes out of the pipe. Its id is noted
    /// in `note`, by which somebody else finds it when this process dies before it.
    pub fn start(program: &Program, group: Option<Cgroup>, note: &Path) -> Result<(Self, OwnedFd)> {
        let failed = |error| not_started(program, error);
        let (reader, writer) = io::pipe().map_err(failed)?;
        let mut command = Command::new(&program.path);
        command
            .args(&program.args)
            .env_clear()
            .envs(&program.environment)
            .current_dir(&program.folder)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(failed)?)
            .stderr(writer)
            .process_group(0);
        let child = command.spawn().map_err(failed)?;
        let pid = child.id().unwrap_or_default();
        let process = Self {
            child,
            pid,
            ended: None,
            group,
        };
        let started = memory::started(pid).unwrap_or_default();
        fs::write(note, format!("{pid} {started}")).map_err(failed)?;
        Ok((process, reader.into()))
    }

    /// Its id, which is that of its group, too.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        if let Some(ended) = self.ended {
            return ended;
        }
        // What cannot be waited for has ended in a way that nobody knows.
        let ended = self.child.wait().await;
        *self
            .ended
            .insert(ended.unwrap_or_else(|_| ExitStatus::from_raw(0)))
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended.is_some()
    }

    /// Kills all of its group.
    pub fn kill(&self) {
        kill_group(self.pid);
        if let Some(group) = &self.group {
            // Who has left the process group is still here.
            group.kill();
        }
    }

    /// Whether the kernel has ended it because it took too much memory.
    pub fn ran_out_of_memory(&self) -> bool {
        let is_killed = self.ended.is_some_and(|ended| ended.signal() == Some(9));
        is_killed && self.group.as_ref().is_some_and(Cgroup::ran_out)
    }
}

fn not_started(program: &Program, error: io::Error) -> Error {
    Error::unavailable(format!("cannot start {}: {error}", program.path.display())).caused_by(error)
}

/// What the kernel starts for the file at `path`, by what it looks at first.
fn started_by(path: &Path) -> io::Result<PathBuf> {
    access(path, AccessFlags::X_OK)?;
    let mut head = Vec::new();
    let file = fs::File::open(path)?;
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    let Some(line) = head.strip_prefix(b"#!") else {
        let is_program = !cfg!(target_os = "linux") || head.starts_with(b"\x7fELF");
        return if is_program {
            Ok(path.to_owned())
        } else {
            Err(Errno::ENOEXEC.into())
        };
    };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or(line);
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t'));
    let interpreter = words.find(|word| !word.is_empty()).unwrap_or_default();
    let interpreter = Path::new(OsStr::from_bytes(interpreter));
    access(interpreter, AccessFlags::X_OK)?;
    Ok(interpreter.to_owned())
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn kill_group(pid: u32) {
    // 0 would be our own group, 1 that of the first process of all.
    if let Some(group) = i32::try_from(pid).ok().filter(|group| *group > 1) {
        // It may be gone already.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

/// Kills what a dead process had started, by the note it left; a process that has the id by
/// chance is left alone.
pub(in super::super) fn kill_noted(note: &Path) {
    let text = fs::read_to_string(note).unwrap_or_default();
    let Some((pid, started)) = text.split_once(' ') else {
        return;
    };
    let (Ok(pid), Ok(started)) = (pid.parse::<u32>(), started.parse::<u64>()) else {
        return;
    };
    if started > 0 && memory::started(pid) == Some(started) {
        kill_group(pid);
    }
}

/// How an end is told: `exit status 1`, `signal: killed`; nothing when it ended without a fault.
pub(super) fn told(status: ExitStatus) -> Option<String> {
    if let Some(signal) = status.signal() {
        return Some(match signal {
            4 => "signal: illegal instruction".to_owned(),
            6 => "signal: aborted".to_owned(),
            9 => "signal: killed".to_owned(),
            11 => "signal: segmentation fault".to_owned(),
            15 => "signal: terminated".to_owned(),
            other => format!("signal: {other}"),
        });
    }
    let code = status.code().filter(|code| *code != 0)?;
    Some(format!("exit status {code}"))
}
