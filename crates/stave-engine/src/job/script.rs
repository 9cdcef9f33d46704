//! The text of SQL: quoting, lists that break at the right margin, and the whole
//! statement that a target stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use stave_core::job::{Graph, Node};

/// Where the lines of a list break.
const MARGIN: usize = 96;

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A list that fills lines up to the margin.
pub(super) fn filled(items: impl IntoIterator<Item = String>) -> String {
    const INDENT: &str = "  ";
    let mut out = String::new();
    let mut width = "SELECT ".len() + INDENT.len();
    for (at, item) in items.into_iter().enumerate() {
        let length = item.chars().count() + 2;
        if at > 0 {
            out.push(',');
            if width + length > MARGIN {
                out.push('\n');
                out.push_str(INDENT);
                width = INDENT.len() * 2;
            } else {
                out.push(' ');
            }
        }
        width += length;
        out.push_str(&item);
    }
    out
}

/// The names of nodes in SQL, quoted: their own, with the id behind it where two have the same.
pub(super) fn cte_names(graph: &Graph) -> BTreeMap<String, String> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for node in graph.nodes() {
        *taken.entry(node.name.to_lowercase()).or_default() += 1;
    }
    graph
        .nodes()
        .iter()
        .map(|node| {
            let name = match taken.get(&node.name.to_lowercase()) {
                Some(1) => quoted(&node.name),
                _ => quoted(&format!("{} ({})", node.name, node.id)),
            };
            (node.id.clone(), name)
        })
        .collect()
}

/// The statement behind one output: the nodes it needs as common table expressions.
pub(super) struct Statement<'a> {
    pub(super) graph: &'a Graph,
    pub(super) names: &'a BTreeMap<String, String>,
    /// What each node gives in SQL, and what is to be said of it.
    pub(super) bodies: &'a BTreeMap<String, String>,
}

impl<'a> Statement<'a> {
    /// The text; `last` selects from the CTEs, `comment` stands above it.
    pub(super) fn write(&self, node: &'a Node, comment: &str, last: &str) -> String {
        let needed = self.needed(node);
        let mut out = String::new();
        for line in comment.lines() {
            let _ = writeln!(out, "-- {line}");
        }
        let mut first = true;
        for node in self.graph.order() {
            let body = self.bodies.get(&node.id);
            let (true, Some(body)) = (needed.contains(node.id.as_str()), body) else {
                continue;
            };
            out.push_str(if first { "WITH " } else { ",\n" });
            first = false;
            let _ = write!(out, "{} AS (\n{}\n)", self.names[&node.id], indented(body));
        }
        let _ = write!(out, "\n{last};\n");
        out
    }

    /// The ids of the nodes that `node` gets rows from, at any distance.
    fn needed(&self, node: &'a Node) -> BTreeSet<&'a str> {
        let mut needed = BTreeSet::new();
        let mut waiting: Vec<&'a str> = self
            .graph
            .inputs_of(node)
            .map(|input| input.id.as_str())
            .collect();
        while let Some(id) = waiting.pop() {
            if needed.insert(id)
                && let Some(node) = self.graph.get(id)
            {
                waiting.extend(self.graph.inputs_of(node).map(|input| input.id.as_str()));
            }
        }
        needed
    }
}

fn indented(body: &str) -> String {
    let lines: Vec<String> = body.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
