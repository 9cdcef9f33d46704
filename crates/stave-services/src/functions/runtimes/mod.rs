//! Runtimes: what runs the code of a function.

mod interpreters;
mod programs;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use stave_core::Error;

pub use self::interpreters::Interpreter;
pub(super) use self::interpreters::Interpreters;
pub(super) use self::programs::{Bootstraps, Machine};

/// The oldest and the newest Python 3 that AWS has named.
const PYTHONS: std::ops::RangeInclusive<u32> = 6..=15;
/// The oldest and the newest Node.js that AWS has named.
const NODES: std::ops::RangeInclusive<u32> = 12..=26;
/// What AWS has and Stave has not.
const OTHERS: [&str; 5] = ["java", "dotnet", "ruby", "go1.x", "nodejs"];

/// A runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Runtime {
    /// Python 3 of that minor version.
    Python(u32),
    /// Node.js of that major version.
    Node(u32),
    /// The code's own `bootstrap`.
    Provided(ProvidedOn),
}

/// The system that a `bootstrap` is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProvidedOn {
    /// `provided`
    AmazonLinux1,
    /// `provided.al2`
    AmazonLinux2,
    /// `provided.al2023`
    AmazonLinux2023,
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Python(minor) => write!(f, "python3.{minor}"),
            Self::Node(major) => write!(f, "nodejs{major}.x"),
            Self::Provided(ProvidedOn::AmazonLinux1) => f.write_str("provided"),
            Self::Provided(ProvidedOn::AmazonLinux2) => f.write_str("provided.al2"),
            Self::Provided(ProvidedOn::AmazonLinux2023) => f.write_str("provided.al2023"),
        }
    }
}

impl FromStr for Runtime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let python = text
            .strip_prefix("python3.")
            .and_then(|minor| minor.parse().ok());
        if let Some(minor) = python.filter(|minor| PYTHONS.contains(minor)) {
            return Ok(Self::Python(minor));
        }
        let node = text
            .strip_prefix("nodejs")
            .and_then(|rest| rest.strip_suffix(".x"));
        let node = node.and_then(|major| major.parse().ok());
        if let Some(major) = node.filter(|major| NODES.contains(major)) {
            return Ok(Self::Node(major));
        }
        match text {
            "provided" => Ok(Self::Provided(ProvidedOn::AmazonLinux1)),
            "provided.al2" => Ok(Self::Provided(ProvidedOn::AmazonLinux2)),
            "provided.al2023" => Ok(Self::Provided(ProvidedOn::AmazonLinux2023)),
            _ if OTHERS.iter().any(|other| text.starts_with(other)) => Err(Error::unsupported(
                format!("the runtime {text} is not implemented"),
            )
            .hint("there are python3.x, nodejs.x and provided.al2023, which runs any executable")),
            _ => Err(super::errors::invalid(format!(
                "Value {text} at 'runtime' failed to satisfy constraint: Member must satisfy enum \
                 value set: [python3.6 … python3.15, nodejs12.x … nodejs26.x, provided, \
                 provided.al2, provided.al2023] or be a valid ARN"
            ))),
        }
    }
}

impl TryFrom<String> for Runtime {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Runtime> for String {
    fn from(runtime: Runtime) -> Self {
        runtime.to_string()
    }
}
