//! Control groups: the kernel counts an environment's memory and ends it when there is too much.
//!
//! Version 2 where this process is alone in a group that is delegated to it (a service with
//! `Delegate=yes`), version 1 where its memory group may have groups below it.
//!
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html>,
//! <https://docs.kernel.org/admin-guide/cgroup-v1/memory.html>

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{text, through_shell};
use crate::functions::environment::Program;

/// What the names of all groups begin with.
const PREFIX: &str = "stave-";
/// A shell joins the group, and becomes the program.
const SCRIPT: &str = r#"echo $$ >"$1" && shift && unset PWD OLDPWD SHLVL && exec "$@""#;
/// How long a group is waited for to be empty.
const EMPTYING: u32 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Where groups are made.
#[derive(Debug)]
pub(super) struct Cgroups {
    folder: PathBuf,
    version: Version,
}

impl Cgroups {
    /// None where none can be made; `proc` is where the kernel says what there is, `name` nobody
    /// else's.
    pub(super) fn find(proc: &Path, name: &str) -> Option<Self> {
        let (folder, version) = own_group(proc, Version::Two)
            .filter(|folder| delegate(folder))
            .map(|folder| (folder, Version::Two))
            .or_else(|| Some((own_group(proc, Version::One)?, Version::One)))?;
        let found = Self { folder, version };
        found.sweep(proc);
        // Trying it is the only way to know.
        found.group(name, u64::from(u32::MAX)).ok()?;
        Some(found)
    }

    pub(super) fn label(&self) -> &'static str {
        match self.version {
            Version::One => "kept by the kernel (control groups, version 1)",
            Version::Two => "kept by the kernel (control groups, version 2)",
        }
    }

    /// A new group, which may take `memory_bytes`.
    pub(super) fn group(&self, name: &str, memory_bytes: u64) -> io::Result<Cgroup> {
        let name = format!("{PREFIX}{}-{name}", std::process::id());
        let folder = self.folder.join(name);
        fs::create_dir(&folder)?;
        let group = Cgroup {
            folder,
            version: self.version,
        };
        let bytes = memory_bytes.to_string();
        match self.version {
            Version::One => {
                group.write("memory.limit_in_bytes", &bytes)?;
                // Where swap is not counted there is no such file.
                let _ = group.write("memory.memsw.limit_in_bytes", &bytes);
            }
            Version::Two => {
                group.write("memory.max", &bytes)?;
                let _ = group.write("memory.swap.max", "0");
                let _ = group.write("memory.oom.group", "1");
            }
        }
        Ok(group)
    }

    /// Removes what those left that have died: `stave-server-PID` and `stave-PID-NAME`. A group
    /// in which somebody lives stays.
    fn sweep(&self, proc: &Path) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let pid = rest.trim_start_matches("server-").split('-').next();
            if pid.is_some_and(|pid| !proc.join(pid).exists()) {
                let _ = fs::remove_dir(entry.path());
            }
        }
    }
}

/// The folder of this process's own group.
fn own_group(proc: &Path, version: Version) -> Option<PathBuf> {
    let groups = fs::read_to_string(proc.join("self/cgroup")).ok()?;
    // 0::/user.slice/…, or 4:memory:/…
    let own = groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (kinds, path) = (fields.next()?, fields.next()?);
        let is_it = match version {
            Version::One => kinds.split(',').any(|kind| kind == "memory"),
            Version::Two => kinds.is_empty(),
        };
        is_it.then(|| path.to_owned())
    })?;
    let mounts = fs::read_to_string(proc.join("self/mountinfo")).ok()?;
    mounts.lines().find_map(|line| {
        let (place, system) = line.split_once(" - ")?;
        let mut system = system.split(' ');
        let (kind, options) = (system.next()?, system.nth(1)?);
        let is_it = match version {
            Version::One => kind == "cgroup" && options.split(',').any(|one| one == "memory"),
            Version::Two => kind == "cgroup2",
        };
        let mut place = place.split(' ').skip(3);
        let (root, point) = (place.next()?, place.next()?);
        let below = Path::new(&own).strip_prefix(root).ok()?;
        is_it.then(|| Path::new(point).join(below))
    })
}

/// Lets the groups below `folder` be held to their memory: a group whose groups are must have no
/// process itself, so this one goes into a group of its own. Says whether that may be.
fn delegate(folder: &Path) -> bool {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let pid = std::process::id().to_string();
    if !read("cgroup.controllers")
        .split_whitespace()
        .any(|controller| controller == "memory")
        || read("cgroup.procs").lines().any(|one| one != pid)
    {
        return false;
    }
    let own = folder.join(format!("{PREFIX}server-{pid}"));
    let moved = fs::create_dir(&own)
        .and_then(|()| fs::write(own.join("cgroup.procs"), &pid))
        .and_then(|()| fs::write(folder.join("cgroup.subtree_control"), "+memory"));
    if moved.is_err() {
        let _ = fs::write(folder.join("cgroup.procs"), &pid);
        let _ = fs::remove_dir(&own);
    }
    moved.is_ok()
}

/// The group of one environment. What is in it ends with it.
#[derive(Debug)]
pub(in super::super) struct Cgroup {
    folder: PathBuf,
    version: Version,
}

impl Cgroup {
    /// `program`, joining the group first.
    pub fn wrap(&self, program: Program) -> Program {
        through_shell(
            SCRIPT,
            vec![text(&self.folder.join("cgroup.procs"))],
            program,
        )
    }

    /// Whether the kernel has ended something in it because there was too little memory.
    pub fn ran_out(&self) -> bool {
        let file = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        let said = self.read(file);
        let mut counts = said
            .lines()
            .filter_map(|line| line.strip_prefix("oom_kill "));
        counts.any(|count| count.trim() != "0")
    }

    /// Kills all that is in it.
    pub fn kill(&self) {
        if self.version == Version::Two && self.write("cgroup.kill", "1").is_ok() {
            return;
        }
        for pid in self.read("cgroup.procs").lines() {
            if let Ok(pid) = pid.parse() {
                // It may be gone already.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::write(self.folder.join(file), text)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let folder = self.folder.clone();
        self.kill();
        if fs::remove_dir(&folder).is_ok() {
            return;
        }
        // Those who were killed take a moment to go. What stays is swept by the next server.
        let _ = std::thread::Builder::new().spawn(move || {
            for _ in 0..EMPTYING {
                std::thread::sleep(Duration::from_millis(10));
                if fs::remove_dir(&folder).is_ok() {
                    return;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `/proc` that says so, and a folder in place of the file system of groups.
    fn proc(groups: &str, mounts: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let mount = dir.path().join("mount");
        fs::create_dir_all(mount.join("app.slice/stave.service")).expect("made");
        fs::create_dir_all(dir.path().join("self")).expect("made");
        let mounts = mounts.replace("$MOUNT", &mount.to_string_lossy());
        fs::write(dir.path().join("self/cgroup"), groups).expect("written");
        fs::write(dir.path().join("self/mountinfo"), mounts).expect("written");
        (dir, mount)
    }

    const TWO: &str = "30 23 0:26 / $MOUNT rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn the_own_group_is_found() {
        let (dir, mount) = proc("0::/app.slice/stave.service\n", TWO);
        let own = mount.join("app.slice/stave.service");
        assert_eq!(own_group(dir.path(), Version::Two), Some(own.clone()));
        assert_eq!(own_group(dir.path(), Version::One), None);
        let mixed = "8:pids:/\n4:cpu,memory:/app.slice/stave.service\n0::/\n";
        let one = "31 24 0:27 / $MOUNT rw - cgroup cgroup rw,cpu,memory\n";
        let (dir, mount) = proc(mixed, one);
        let own = mount.join("app.slice/stave.service");
        assert_eq!(own_group(dir.path(), Version::One), Some(own));
        // A container sees its own group as the root of all.
        let inside = "30 23 0:26 /app.slice $MOUNT rw - cgroup2 cgroup2 rw\n";
        let (dir, mount) = proc("0::/app.slice/stave.service\n", inside);
        let own = mount.join("stave.service");
        assert_eq!(own_group(dir.path(), Version::Two), Some(own));
    }

    #[test]
    fn a_group_that_is_delegated_is_used() {
        let (dir, mount) = proc("0::/app.slice/stave.service\n", TWO);
        let own = mount.join("app.slice/stave.service");
        assert!(!delegate(&own), "nothing is said of memory");
        fs::write(own.join("cgroup.controllers"), "cpu memory pids\n").expect("written");
        fs::write(own.join("cgroup.procs"), "1\n").expect("written");
        assert!(!delegate(&own), "others are in the group");
        let pid = std::process::id().to_string();
        fs::write(own.join("cgroup.procs"), format!("{pid}\n")).expect("written");
        fs::create_dir(dir.path().join("7")).expect("made");
        for name in ["stave-7-1", "stave-8-1", "stave-server-8", "other-8"] {
            fs::create_dir(own.join(name)).expect("made");
        }
        let found = Cgroups::find(dir.path(), "try").expect("delegated");
        let is_there = |name: &str| own.join(name).exists();
        assert!(
            is_there("stave-7-1") && is_there("other-8"),
            "of the living"
        );
        assert!(!is_there("stave-8-1") && !is_there("stave-server-8"));
        assert_eq!(found.version, Version::Two);
        let server = own.join(format!("stave-server-{pid}/cgroup.procs"));
        assert_eq!(fs::read_to_string(server).expect("moved"), pid);
        let enabled = fs::read_to_string(own.join("cgroup.subtree_control"));
        assert_eq!(enabled.expect("written"), "+memory");

        let group = found.group("one", 128 << 20).expect("made");
        found.group("one", 1).expect_err("it is another's");
        assert_eq!(group.read("memory.max"), "134217728");
        assert_eq!(group.read("memory.swap.max"), "0");
        assert!(!group.ran_out());
        group
            .write("memory.events", "low 0\noom 1\noom_kill 0\n")
            .expect("written");
        assert!(!group.ran_out());
        group
            .write("memory.events", "low 0\noom 1\noom_kill 1\n")
            .expect("written");
        assert!(group.ran_out());
    }
}
