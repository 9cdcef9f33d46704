//! How functions and schedules run: `[functions]` in the configuration file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// The keys of the table.
pub(super) const KEYS: [&str; 5] = [
    "concurrency",
    "confine",
    "interpreters",
    "missed",
    "packages",
];

/// How functions and schedules run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FunctionsConfig {
    /// What stands behind a runtime instead of what is found: `"python3.9" = "/usr/bin/python3"`.
    pub interpreters: BTreeMap<String, PathBuf>,
    /// Python packages that every function has beside its own; `boto3` unless said.
    pub packages: Option<Vec<String>>,
    /// How many functions may run at once.
    pub concurrency: Option<u32>,
    /// Whether functions are confined by what the operating system has for it; yes unless said.
    pub confine: Option<bool>,
    /// What becomes of a firing that was due while no server ran.
    pub missed: MissedFirings,
}

/// What becomes of a firing that was due while no server ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissedFirings {
    /// The last of them is made up for.
    #[default]
    Run,
    /// They are left out.
    Skip,
}
