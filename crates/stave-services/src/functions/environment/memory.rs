//! How much memory a process takes together with those that it has started.
//!
//! An address-space limit is the wrong tool: Node.js and numpy reserve gigabytes that they never
//! touch. So what is resident is looked at while a function runs, and one that takes too much is
//! killed. Pages that processes share count once: when the sum of what each has is too much, the
//! kernel is asked for their shares. Only Linux says all this; elsewhere nothing is limited.

use std::fs;

/// The most processes of one environment that are looked at.
const MAX_PROCESSES: usize = 1024;
const PAGE_BYTES: u64 = 4096;

/// The memory of a process and of those below it, in bytes.
pub(super) fn resident(leader: u32) -> u64 {
    tree(leader).into_iter().map(resident_of).sum()
}

/// As [`resident`], where shared pages count once. Slow.
pub(super) fn share(leader: u32) -> u64 {
    tree(leader)
        .into_iter()
        .map(|pid| share_of(pid).unwrap_or_else(|| resident_of(pid)))
        .sum()
}

/// The most that the process itself ever took, in bytes.
pub(super) fn peak(leader: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{leader}/status")).unwrap_or_default();
    kib_of(&status, "VmHWM:").unwrap_or_default() * 1024
}

/// When a process started, in the kernel's ticks since the machine did: with its id it tells one
/// process from a later one. None when it is not there.
pub(super) fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, which stands in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

fn tree(leader: u32) -> Vec<u32> {
    let mut found = vec![leader];
    let mut at = 0;
    while at < found.len() && found.len() < MAX_PROCESSES {
        let tasks = fs::read_dir(format!("/proc/{}/task", found[at]));
        for task in tasks.into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children"));
            let children = children.unwrap_or_default();
            found.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
        at += 1;
    }
    found
}

fn resident_of(pid: u32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages = statm.split_whitespace().nth(1);
    pages
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or_default()
        * PAGE_BYTES
}

fn share_of(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    Some(kib_of(&rollup, "Pss:")? * 1024)
}

fn kib_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
