//! A job whose parameters are filled: its nodes in a checked graph, and what else Glue
//! keeps about a job.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::bookmark::Bookmark;
use super::document::JobDocument;
use super::graph::{Graph, Node};
use crate::error::{Error, Result};

/// Something about a job that is odd but no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The id and the name of the node that it is about.
    pub node: Option<(String, String)>,
    /// What is odd.
    pub message: String,
}

impl Warning {
    pub(super) fn about(node: &Node, message: &str) -> Self {
        Self {
            node: Some((node.id.clone(), node.name.clone())),
            message: message.to_owned(),
        }
    }

    pub(super) fn general(message: impl Into<String>) -> Self {
        Self {
            node: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some((id, name)) if id == name => write!(f, "node \"{name}\": {}", self.message),
            Some((id, name)) => write!(f, "node \"{name}\" ({id}): {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A job that is ready to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDefinition {
    /// The job's name; none when the file holds nodes only.
    pub name: Option<String>,
    /// What people wrote about it.
    pub description: Option<String>,
    /// The role that it runs as.
    pub role: Option<String>,
    /// The version of Glue that it was made for.
    pub glue_version: Option<String>,
    /// Glue's defaults of arguments, by names with leading dashes.
    pub default_arguments: BTreeMap<String, String>,
    /// What a run does with the job's bookmark.
    pub bookmark: Bookmark,
    /// The nodes.
    pub nodes: Graph,
    /// All other members of a Glue job (`Command`, `WorkerType`, …), for the way back.
    pub kept: Map<String, Value>,
    /// What is odd about the job or its arguments; [`Graph::warnings`] are among them.
    pub warnings: Vec<Warning>,
}

impl JobDefinition {
    /// Reads a job file and fills its parameters from `arguments` (names with or without
    /// leading dashes): [`JobDocument::parse`], then [`JobDocument::fill`].
    pub fn parse(text: &str, arguments: &BTreeMap<String, String>) -> Result<Self> {
        JobDocument::parse(text)?.fill(arguments)
    }

    /// The job as a value of Glue's shape; fields of [`super::EXTENSIONS`] are in it.
    pub fn to_value(&self) -> Value {
        let mut job = Map::new();
        let texts = [
            ("Name", &self.name),
            ("Description", &self.description),
            ("Role", &self.role),
            ("GlueVersion", &self.glue_version),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                job.insert(name.to_owned(), text.clone().into());
            }
        }
        for (name, value) in &self.kept {
            job.insert(name.clone(), value.clone());
        }
        if !self.default_arguments.is_empty() {
            let arguments = self.default_arguments.iter();
            let arguments: Map<String, Value> = arguments
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            job.insert("DefaultArguments".to_owned(), arguments.into());
        }
        let nodes = self.nodes.nodes().iter();
        let nodes: Map<String, Value> = nodes
            .map(|node| (node.id.clone(), node.to_value()))
            .collect();
        job.insert("CodeGenConfigurationNodes".to_owned(), nodes.into());
        Value::Object(job)
    }

    /// The job as JSON of Glue's shape, indented.
    pub fn to_json(&self) -> Result<String> {
        json_text(&self.to_value())
    }

    /// The job as YAML.
    pub fn to_yaml(&self) -> Result<String> {
        yaml_text(&self.to_value())
    }
}

pub(super) fn json_text(value: &Value) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::internal("the job cannot be written as JSON").caused_by(error))
}

pub(super) fn yaml_text(value: &Value) -> Result<String> {
    serde_yaml_ng::to_string(value)
        .map_err(|error| Error::internal("the job cannot be written as YAML").caused_by(error))
}
