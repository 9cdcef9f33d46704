//! What a version of a function is: its configuration, its code and how it stands.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stave_core::{Error, Result};

use super::runtimes::Runtime;

/// What a version of a function is. Kept as a document by the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// `python3.12`.
    pub runtime: Runtime,
    /// `lambda_function.lambda_handler`.
    pub handler: String,
    /// The ARN of the role that it runs as.
    pub role: String,
    /// What it is for.
    pub description: String,
    /// How long it may run, in seconds.
    pub timeout_seconds: u32,
    /// How much memory it may take, in MiB.
    pub memory_mb: u32,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// Its layers, the lowest first.
    pub layers: Vec<UsedLayer>,
    /// `x86_64` or `arm64`: noted, and what it runs on is this machine.
    pub architecture: String,
    /// The size of its temporary folder, in MiB: noted, not enforced.
    pub ephemeral_mb: u32,
    /// The log group, where it is not `/aws/lambda/<name>`.
    pub log_group: Option<String>,
    /// Its code.
    pub code: Code,
    /// Which packages it gets, beside those of its code.
    pub packages: Packages,
    /// Environment variables that Stave gives it beside AWS's and its own, which AWS would not
    /// show: those of a proxy, for instance.
    pub extra_environment: BTreeMap<String, String>,
    /// When it was last changed.
    pub modified_at: Timestamp,
    /// Changes whenever it does.
    pub revision: String,
    /// Whether it can be invoked.
    pub state: State,
    /// Why it cannot.
    pub state_reason: Option<Reason>,
    /// How the last change went.
    pub update: UpdateStatus,
    /// Why it failed.
    pub update_reason: Option<Reason>,
}

/// A layer that a version runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedLayer {
    /// The ARN of the layer's version.
    pub arn: String,
    /// What is in it.
    pub code: Code,
}

/// Code, by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The SHA-256 of the zip, in hexadecimal digits.
    pub sha256: String,
    /// The size of the zip, in bytes.
    pub bytes: u64,
}

impl Code {
    /// The hash as AWS shows it: in base64.
    pub fn sha256_base64(&self) -> String {
        let digits = self.sha256.as_bytes().chunks_exact(2);
        let bytes: Vec<u8> = digits
            .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        STANDARD.encode(bytes)
    }
}

/// Which packages a function's virtual environment has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Packages {
    /// Those of the `requirements.txt` of its code, if there is one.
    #[default]
    Requirements,
    /// Those, as pip writes them: `pandas==1.5.3`.
    These(Vec<String>),
    /// None: no virtual environment is made.
    None,
}

/// Whether a version can be invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It is being made ready.
    Pending,
    /// It can.
    Active,
    /// It could not be made ready.
    Failed,
}

impl State {
    /// `Pending`, `Active`, `Failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::Failed => "Failed",
        }
    }
}

/// How the last change of a function went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateStatus {
    /// It is done.
    Successful,
    /// It is being made ready.
    InProgress,
    /// It could not be made ready.
    Failed,
}

impl UpdateStatus {
    /// `Successful`, `InProgress`, `Failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Successful => "Successful",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
        }
    }
}

/// Why something is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// AWS's code: `Creating`, `InvalidRuntime`, `DependencyError`.
    pub code: String,
    /// In words.
    pub message: String,
}

/// A version of a function, with the names that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionVersion {
    /// The function's name.
    pub name: String,
    /// The ARN by which it was asked for.
    pub arn: String,
    /// `$LATEST`, or the number.
    pub version: String,
    /// What it is.
    pub definition: Definition,
}

impl FunctionVersion {
    /// The time of the last change in the form that Lambda gives it.
    pub fn last_modified(&self) -> String {
        last_modified(self.definition.modified_at)
    }

    /// The log group.
    pub fn log_group(&self) -> String {
        self.definition
            .log_group
            .clone()
            .unwrap_or_else(|| format!("/aws/lambda/{}", self.name))
    }
}

/// `2026-11-21T10:00:00.000+0000`.
pub(super) fn last_modified(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

impl Definition {
    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            Error::internal("a function's definition cannot be written").caused_by(error)
        })
    }

    pub(super) fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            Error::internal("a function's definition cannot be read").caused_by(error)
        })
    }

    /// All code that it runs on, by hash.
    pub(super) fn codes(&self) -> Vec<&str> {
        let layers = self.layers.iter().map(|layer| layer.code.sha256.as_str());
        std::iter::once(self.code.sha256.as_str())
            .chain(layers)
            .collect()
    }
}
