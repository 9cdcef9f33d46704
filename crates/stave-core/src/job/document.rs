//! A job file as it was written, placeholders and all.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::bookmark::{self, Bookmark};
use super::definition::{JobDefinition, Warning, json_text, yaml_text};
use super::fields::{Fields, text_of};
use super::graph::{Graph, Node};
use super::kind::NodeKind;
use super::parameters::{Filling, holds_placeholder, plain_name};
use super::wrong::{Read, Wrong};
use super::{MAX_NODES, tree};
use crate::error::{Error, ErrorKind, Result};
use crate::nearest;

const NODES: &str = "CodeGenConfigurationNodes";

/// The members of Glue's `Job`, `CreateJob` and `JobUpdate` that go back as they are.
const KEPT: &[&str] = &[
    "JobMode",
    "JobRunQueuingEnabled",
    "LogUri",
    "CreatedOn",
    "LastModifiedOn",
    "ExecutionProperty",
    "Command",
    "NonOverridableArguments",
    "Connections",
    "MaxRetries",
    "AllocatedCapacity",
    "Timeout",
    "MaxCapacity",
    "SecurityConfiguration",
    "Tags",
    "NotificationProperty",
    "NumberOfWorkers",
    "WorkerType",
    "ExecutionClass",
    "SourceControlDetails",
    "MaintenanceWindow",
    "ProfileName",
];

/// A job file: a whole Glue job, or its nodes alone.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDocument {
    /// All members but the nodes; empty when the file holds nodes only.
    job: Map<String, Value>,
    nodes: Map<String, Value>,
    text: Option<String>,
}

impl JobDocument {
    /// Reads YAML or JSON: a Glue job, what `aws glue get-job` prints, or the map of nodes.
    pub fn parse(text: &str) -> Result<Self> {
        let mut document = Self::from_value(tree::read(text)?)?;
        document.text = Some(text.to_owned());
        Ok(document)
    }

    /// Takes a value of one of those shapes.
    pub fn from_value(value: Value) -> Result<Self> {
        let Value::Object(mut job) = value else {
            return Err(Error::invalid("a job file is a map").hint(
                "write node ids with their nodes below, or a job with CodeGenConfigurationNodes",
            ));
        };
        // The shape of `aws glue get-job`.
        if job.len() == 1
            && let Some(Value::Object(inner)) = job.get_mut("Job")
            && inner.contains_key(NODES)
        {
            job = std::mem::take(inner);
        }
        let (job, nodes) = match job.shift_remove(NODES) {
            Some(Value::Object(nodes)) => (job, nodes),
            Some(_) => {
                return Err(Error::invalid(format!(
                    "{NODES} must be a map of ids to nodes"
                )));
            }
            None => (Map::new(), only_nodes(job)?),
        };
        if nodes.len() > MAX_NODES {
            let what = format!("{} nodes are more than {MAX_NODES}", nodes.len());
            return Err(Error::new(ErrorKind::LimitExceeded, what));
        }
        Ok(Self {
            job,
            nodes,
            text: None,
        })
    }

    /// The job's name, if the file has one.
    pub fn name(&self) -> Option<&str> {
        self.job.get("Name").and_then(Value::as_str)
    }

    /// Whether a node holds a `${name}`: what the job means is not known before a run.
    pub fn has_placeholders(&self) -> bool {
        self.nodes.values().any(holds_placeholder)
    }

    /// Fills the parameters, reads the nodes and checks the graph. `arguments` may have
    /// leading dashes and come before the job's `DefaultArguments`.
    pub fn fill(&self, arguments: &BTreeMap<String, String>) -> Result<JobDefinition> {
        self.read(arguments).map_err(|wrong| {
            let ids: Vec<&str> = self.nodes.keys().map(String::as_str).collect();
            wrong.into_error(self.text.as_deref(), &ids)
        })
    }

    fn read(&self, arguments: &BTreeMap<String, String>) -> Read<JobDefinition> {
        let mut fields = Fields::of(&self.job);
        let (name, description) = (fields.text_opt("Name")?, fields.text_opt("Description")?);
        let (role, glue_version) = (fields.text_opt("Role")?, fields.text_opt("GlueVersion")?);
        let default_arguments = read_arguments(&mut fields)?;
        fields.keep(KEPT);
        let mut warnings = Vec::new();
        let mut kept = self.job.clone();
        kept.retain(|name, _| fields.kept_member(name) || !fields.was_asked(name));
        for member in kept.keys().filter(|name| !fields.was_asked(name)) {
            warnings.push(refuse_typo(member)?);
        }
        let mut given = BTreeMap::new();
        for (name, value) in default_arguments.iter().chain(arguments) {
            given.insert(plain_name(name).to_owned(), value.clone());
        }
        let mut filling = Filling::from(&given);
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for (id, value) in &self.nodes {
            nodes.push(read_node(id, value, &mut filling)?);
        }
        warn_of_arguments(arguments, &default_arguments, &filling, &mut warnings);
        let nodes = Graph::checked(nodes)?;
        warnings.extend_from_slice(nodes.warnings());
        let bookmark = Bookmark::of(&given).map_err(Wrong::whole)?;
        if bookmark != Bookmark::Disable {
            refuse_without_bookmark(&nodes)?;
        }
        Ok(JobDefinition {
            name,
            description,
            role,
            glue_version,
            default_arguments,
            bookmark,
            nodes,
            kept,
            warnings,
        })
    }

    /// The document as a value: a Glue job, or the map of nodes when the file held only that.
    pub fn to_value(&self) -> Value {
        if self.job.is_empty() {
            return Value::Object(self.nodes.clone());
        }
        let mut job = self.job.clone();
        job.insert(NODES.to_owned(), Value::Object(self.nodes.clone()));
        Value::Object(job)
    }

    /// The document as JSON, indented, with nothing lost.
    pub fn to_json(&self) -> Result<String> {
        json_text(&self.to_value())
    }

    /// The document as YAML, with nothing lost but comments.
    pub fn to_yaml(&self) -> Result<String> {
        yaml_text(&self.to_value())
    }
}

/// The members as nodes, unless they are plainly something else.
fn only_nodes(members: Map<String, Value>) -> Result<Map<String, Value>> {
    let glue = |name: &&String| {
        name.as_str() == "Name" || name.as_str() == "Role" || KEPT.contains(&name.as_str())
    };
    if members.contains_key("Command") && members.contains_key("Name") {
        return Err(
            Error::unsupported(format!("the job has no {NODES}: it runs a script"))
                .hint("only visual jobs are read from a file; export one that Glue Studio made"),
        );
    }
    let typo = || {
        let mut names = members.keys().map(String::as_str);
        names.find(|name| nearest::nearest(name, [NODES]).is_some())
    };
    if let Some(name) = typo() {
        return Err(Error::invalid(format!("there is no \"{name}\" in a job"))
            .hint(format!("did you mean \"{NODES}\"?")));
    }
    if members.keys().any(|name| glue(&name)) {
        return Err(Error::invalid(format!("the job has no {NODES}"))
            .hint(format!("put the nodes below {NODES}:")));
    }
    Ok(members)
}

fn read_arguments(fields: &mut Fields<'_>) -> Read<BTreeMap<String, String>> {
    let place = "DefaultArguments";
    match fields.value(place) {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(arguments)) => arguments
            .iter()
            .map(|(name, value)| Ok((name.clone(), text_of(value, &format!("{place}.{name}"))?)))
            .collect(),
        Some(_) => Err(Wrong::at(place, Error::invalid("must be a map"))),
    }
}

/// Refuses a member that is nearly one of Glue's; another one is kept and told.
fn refuse_typo(member: &str) -> Read<Warning> {
    let read = [
        "Name",
        "Description",
        "Role",
        "GlueVersion",
        "DefaultArguments",
        NODES,
    ];
    let known = KEPT.iter().copied().chain(read);
    match nearest::nearest(member, known) {
        Some(meant) => Err(Wrong::at(
            member,
            Error::invalid("there is no such member of a job")
                .hint(format!("did you mean \"{meant}\"?")),
        )),
        None => Ok(Warning::general(format!(
            "the job's member \"{member}\" is not known and has no effect"
        ))),
    }
}

fn read_node(id: &str, value: &Value, filling: &mut Filling<'_>) -> Read<Node> {
    let mut value = value.clone();
    if let Value::Object(types) = &mut value {
        for (_, body) in types.iter_mut() {
            if let Err((place, error)) = filling.fill(body, "") {
                let name = body.get("Name").and_then(Value::as_str).unwrap_or(id);
                return Err(Wrong::at(place, error).in_node(id, name));
            }
        }
    }
    Node::read(id, &value)
}

/// A mistyped argument would otherwise leave a default in force without a word.
fn warn_of_arguments(
    arguments: &BTreeMap<String, String>,
    defaults: &BTreeMap<String, String>,
    filling: &Filling<'_>,
    warnings: &mut Vec<Warning>,
) {
    for name in arguments.keys().map(|name| plain_name(name)) {
        let default = defaults.keys().any(|default| plain_name(default) == name);
        if filling.used.contains(name) || default || name == bookmark::OPTION {
            continue;
        }
        let meant = nearest::nearest(name, filling.used.iter().map(String::as_str));
        let hint = meant.map_or_else(String::new, |meant| format!(": did you mean \"{meant}\"?"));
        warnings.push(Warning::general(format!(
            "no node uses the argument \"{name}\"{hint}"
        )));
    }
}

/// A source that would read everything again beside others that do not would double rows.
fn refuse_without_bookmark(graph: &Graph) -> Read<()> {
    let table = |node: &&Node| {
        matches!(
            node.kind,
            NodeKind::S3CatalogSource(_) | NodeKind::CatalogSource(_)
        )
    };
    match graph.nodes().iter().find(table) {
        None => Ok(()),
        Some(node) => {
            let error = Error::unsupported("a table of the catalog has no bookmark here")
                .hint("read its folder with an S3 source, or run with job-bookmark-disable");
            Err(Wrong::whole(error).in_node(&node.id, &node.name))
        }
    }
}
