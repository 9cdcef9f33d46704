//! What the machine has: memory, within what a container allows, and cores.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Assumed where the machine does not say.
const FALLBACK_BYTES: u64 = 4 << 30;

/// The machine's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Cores that this process may use.
    pub cores: NonZeroUsize,
}

impl Machine {
    /// Asks the machine.
    pub fn measure() -> Self {
        let physical = physical_bytes().unwrap_or(FALLBACK_BYTES);
        let memory_bytes = container_bytes().map_or(physical, |limit| limit.min(physical));
        Self {
            memory_bytes,
            cores: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

fn physical_bytes() -> Option<u64> {
    if cfg!(target_os = "macos") {
        let said = std::process::Command::new("/usr/sbin/sysctl")
            .args(["-n", "hw.memsize"])
            .output()
            .ok()?;
        return String::from_utf8(said.stdout).ok()?.trim().parse().ok();
    }
    total_of(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The least limit of the control groups that this process is in.
fn container_bytes() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    limit_files(&groups)
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok())
        .min()
}

/// Where the limits of the groups stand that `/proc/self/cgroup` names:
/// versions 1 and 2, each group and those above it.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        for above in Path::new(group).ancestors() {
            let below = above.strip_prefix("/").unwrap_or(above);
            files.push(Path::new(root).join(below).join(file));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read() {
        let meminfo = "MemTotal:       16384 kB\nMemFree:         1 kB\n";
        assert_eq!(total_of(meminfo), Some(16 << 20));
        assert_eq!(total_of("nothing"), None);
    }

    #[test]
    fn the_limits_of_all_groups_above_count() {
        let files = limit_files("0::/a/b\n4:cpu,memory:/c\n5:cpu:/d\n");
        let files: Vec<_> = files
            .iter()
            .map(|file| file.to_str().expect("text"))
            .collect();
        assert_eq!(
            files,
            [
                "/sys/fs/cgroup/a/b/memory.max",
                "/sys/fs/cgroup/a/memory.max",
                "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/memory/c/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ]
        );
    }

    #[test]
    fn this_machine_has_something() {
        assert!(Machine::measure().memory_bytes > 0);
    }
}
