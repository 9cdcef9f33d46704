//! The graph of a job: its nodes, checked when it is made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::check;
use super::fields::Fields;
use super::kind::NodeKind;
use super::members::Members;
use super::wrong::{Read, Wrong};
use super::{EXTENSIONS, Warning};
use crate::error::{Error, Result};

/// The longest node id.
const MAX_ID_BYTES: usize = 255;

/// One node of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The key that `Inputs` of other nodes name; unique in the graph.
    pub id: String,
    /// What people call it; need not be unique.
    pub name: String,
    /// The ids of the nodes that it reads from.
    pub inputs: Vec<String>,
    /// What it does.
    pub kind: NodeKind,
    /// Glue's members that have no effect on one machine, for the way back.
    pub kept: Map<String, Value>,
}

impl Node {
    /// Reads the node `id` from `{"<type>": {…}}`.
    pub(super) fn read(id: &str, value: &Value) -> Read<Self> {
        let name = name_in(value).unwrap_or(id).to_owned();
        Self::read_named(id, &name, value).map_err(|wrong| wrong.in_node(id, &name))
    }

    fn read_named(id: &str, name: &str, value: &Value) -> Read<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if id.is_empty() || id.len() > MAX_ID_BYTES || !id.chars().all(plain) {
            return Err(Wrong::whole(
                Error::invalid("the node's id is not one that Glue takes")
                    .hint("an id has letters, digits, _ and - only; Name may be any text"),
            ));
        }
        let shape = || {
            Wrong::whole(
                Error::invalid("a node is a map with one key, its type")
                    .hint(format!("write it like {id}: {{S3CsvSource: {{Name: …}}}}")),
            )
        };
        let types = value.as_object().ok_or_else(shape)?;
        let mut entries = types.iter();
        let (Some((kind, body)), None) = (entries.next(), entries.next()) else {
            return Err(shape());
        };
        if !super::SUPPORTED_KINDS.contains(&kind.as_str()) {
            return Err(Wrong::whole(super::kind::unknown_kind(kind)));
        }
        let members = body.as_object().ok_or_else(|| {
            Wrong::whole(Error::invalid(format!(
                "{kind} must be a map of its members"
            )))
        })?;
        let mut fields = Fields::of(members);
        if fields
            .text_opt("Name")?
            .is_some_and(|name| name.contains(['\r', '\n']))
        {
            return Err(fields.wrong("Name", Error::invalid("a name is one line")));
        }
        let inputs = fields.texts("Inputs")?;
        let kind = NodeKind::read(kind, &mut fields)?;
        Ok(Self {
            id: id.to_owned(),
            name: name.to_owned(),
            inputs,
            kind,
            kept: fields.finish()?,
        })
    }

    /// The node as Glue writes it: `{"<type>": {…}}`.
    pub fn to_value(&self) -> Value {
        let mut members = Members::default();
        members.put("Name", self.name.clone());
        if !self.kind.is_source() {
            members.put("Inputs", self.inputs.clone());
        }
        self.kind.write(&mut members);
        for (name, value) in &self.kept {
            members.put(name, value.clone());
        }
        let mut node = Members::default();
        node.put(self.kind.type_name(), members.0);
        Value::Object(node.0)
    }

    /// The fields of this node that Glue does not know.
    pub fn extensions(&self) -> Vec<&'static str> {
        let value = self.to_value();
        let kind = self.kind.type_name();
        EXTENSIONS
            .iter()
            .filter(|(kinds, field, _)| kinds.contains(&kind) && value[kind].get(*field).is_some())
            .map(|(_, field, _)| *field)
            .collect()
    }
}

/// The `Name` of `{"<type>": {"Name": …}}`, wherever it can be found.
fn name_in(value: &Value) -> Option<&str> {
    let (_, body) = value.as_object()?.iter().next()?;
    let name = body.get("Name")?.as_str()?;
    (!name.trim().is_empty()).then_some(name)
}

/// The nodes of a job in the order of their definition, without a fault that can be
/// seen before schemas are known: inputs exist and are as many as wanted, joins have
/// keys, there is no cycle, and something is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    by_id: BTreeMap<String, usize>,
    warnings: Vec<Warning>,
}

impl Graph {
    /// Checks `nodes` and makes a graph of them.
    pub fn new(nodes: Vec<Node>) -> Result<Self> {
        Self::checked(nodes).map_err(|wrong| wrong.into_error(None, &[]))
    }

    pub(super) fn checked(nodes: Vec<Node>) -> Read<Self> {
        let mut by_id = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            if by_id.insert(node.id.clone(), at).is_some() {
                let wrong = Wrong::whole(Error::invalid("there are two nodes of this id"));
                return Err(wrong.in_node(&node.id, &node.name));
            }
        }
        let mut graph = Self {
            nodes,
            by_id,
            warnings: Vec::new(),
        };
        graph.warnings = check::check(&graph)?;
        Ok(graph)
    }

    /// The nodes in the order of their definition.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of an id.
    pub fn get(&self, id: &str) -> Option<&Node> {
        self.by_id.get(id).and_then(|at| self.nodes.get(*at))
    }

    /// The nodes that `node` reads from, in the order of its `Inputs`.
    pub fn inputs_of<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        node.inputs.iter().filter_map(|id| self.get(id))
    }

    /// The nodes that read from the node `id`, in the order of their definition.
    pub fn readers_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes
            .iter()
            .filter(move |node| node.inputs.iter().any(|input| input == id))
    }

    /// The nodes that write, in the order of their definition.
    pub fn targets(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.kind.is_target())
    }

    /// What is odd but no fault.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The nodes so that each comes after its inputs; of those that could come next,
    /// the one that was defined first.
    pub fn order(&self) -> Vec<&Node> {
        let mut waits: Vec<usize> = Vec::with_capacity(self.nodes.len());
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            let inputs: BTreeSet<usize> = node
                .inputs
                .iter()
                .filter_map(|id| self.by_id.get(id).copied())
                .collect();
            waits.push(inputs.len());
            for input in inputs {
                readers[input].push(at);
            }
        }
        let mut ready: BTreeSet<usize> = (0..waits.len()).filter(|at| waits[*at] == 0).collect();
        let mut order = Vec::with_capacity(self.nodes.len());
        while let Some(at) = ready.pop_first() {
            order.push(&self.nodes[at]);
            for &reader in &readers[at] {
                waits[reader] -= 1;
                if waits[reader] == 0 {
                    ready.insert(reader);
                }
            }
        }
        order
    }
}
