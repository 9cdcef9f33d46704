//! The policies that AWS manages: those that the public pipelines attach, as AWS wrote them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use stave_core::{Error, Result};

/// The policies and the notice of where they are from.
const DATA: &str = include_str!("aws_managed.json");

/// A policy that AWS manages.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AwsManaged {
    pub name: String,
    pub path: String,
    /// The default version, the only one that is known: `v2`.
    pub version: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub document: String,
}

#[derive(Deserialize)]
struct Data {
    policies: Vec<AwsManaged>,
}

impl AwsManaged {
    /// `arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole`.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }
}

/// All of them, by ARN.
pub(super) fn read() -> Result<BTreeMap<String, AwsManaged>> {
    let data: Data = serde_json::from_str(DATA).map_err(|error| {
        Error::internal("the policies that AWS manages are not readable").caused_by(error)
    })?;
    let policies = data.policies.into_iter();
    Ok(policies.map(|policy| (policy.arn(), policy)).collect())
}
