//! What is kept of buses, rules and groups, as JSON.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stave_core::{Error, Result};

use super::names::Tags;

/// A bus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct BusText {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The resource policy, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Tags,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RuleText {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    pub enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Tags,
}

/// A group of schedules.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct GroupText {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Tags,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// Reads what is kept.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::internal("a rule or schedule is not readable in the home's database")
            .caused_by(error)
    })
}

/// What is to be kept.
pub(super) fn write(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal("a rule or schedule cannot be kept").caused_by(error))
}
