//! Checks that need more than one node, and the order.

use super::super::{Graph, NodeKind};
use super::{EXPORTED, assert_refused, read};
use crate::error::ErrorKind::Invalid;

fn sources(ids: &[&str]) -> String {
    let line = |id: &&str| format!("{id}: {{S3CsvSource: {{Paths: [{id}.csv]}}}}\n");
    ids.iter().map(line).collect()
}

fn ids(graph: &Graph) -> Vec<&str> {
    graph.order().iter().map(|node| node.id.as_str()).collect()
}

#[test]
fn nodes_come_after_their_inputs_in_the_order_of_their_definition() {
    let text = format!(
        "t: {{S3GlueParquetTarget: {{Inputs: [u], Path: o}}}}\n\
         u: {{Union: {{Inputs: [d, b, a]}}}}\n\
         d: {{DropFields: {{Inputs: [a], Paths: [x]}}}}\n{}",
        sources(&["b", "a"])
    );
    let job = read(&text);
    assert_eq!(ids(&job.nodes), ["b", "a", "d", "u", "t"]);
    assert_eq!(ids(&read(EXPORTED).nodes).len(), 7);
    let again = read(&text);
    assert_eq!(ids(&again.nodes), ids(&job.nodes));
}

#[test]
fn inputs_are_checked() {
    let target = "t: {S3GlueParquetTarget: {Name: Out, Inputs: [albmus], Path: o}}";
    let text = format!("{}{target}", sources(&["albums"]));
    assert_refused(
        &text,
        Invalid,
        "line 2: node \"Out\" (t), Inputs[0]: there is no node \"albmus\"",
        "\"albums\"",
    );
    let cases = [
        (
            "t: {S3GlueParquetTarget: {Path: o}}",
            "Inputs: S3GlueParquetTarget takes 1, not 0",
        ),
        (
            "t: {S3GlueParquetTarget: {Inputs: [a, b], Path: o}}",
            "takes 1, not 2",
        ),
        (
            "t: {Join: {Inputs: [a], Columns: []}}",
            "Inputs: Join takes 2, not 1",
        ),
        (
            "t: {SparkSQL: {Inputs: [], SqlQuery: x}}",
            "Inputs: SparkSQL takes 1 or more, not 0",
        ),
        (
            "t: {S3GlueParquetTarget: {Inputs: [a], Path: o}}\nx: {S3DirectTarget: {Inputs: [t], Path: o, Format: csv}}",
            "\"t\" is a target: nothing follows it",
        ),
    ];
    for (nodes, message) in cases {
        assert_refused(
            &format!("{}{nodes}", sources(&["a", "b"])),
            Invalid,
            message,
            "",
        );
    }
}

#[test]
fn joins_are_checked() {
    let join = |inputs: &str, columns: &str| {
        format!(
            "{}j: {{Join: {{Name: J, Inputs: [{inputs}], Columns: [{columns}]}}}}\n\
             t: {{S3GlueParquetTarget: {{Inputs: [j], Path: o}}}}",
            sources(&["a", "b"])
        )
    };
    let cases = [
        ("", "Columns: a join without keys", "Keys"),
        (
            "{From: a, Keys: [x]}",
            "Columns: the keys of two inputs are wanted, not of 1",
            "",
        ),
        (
            "{From: a, Keys: []}, {From: b, Keys: []}",
            "Columns[0].Keys: a join without keys",
            "Keys",
        ),
        (
            "{From: a, Keys: [x]}, {From: b}",
            "Columns[1].Keys: a join without keys",
            "",
        ),
        (
            "{From: a, Keys: [x, y]}, {From: b, Keys: [x]}",
            "Columns[1].Keys: 1 keys, but the other side has 2",
            "",
        ),
        (
            "{From: a, Keys: [x]}, {From: bb, Keys: [x]}",
            "Columns[1].From: \"bb\" is not one of the inputs",
            "\"b\"",
        ),
        (
            "{From: a, Keys: [x]}, {From: a, Keys: [x]}",
            "Columns[1].From: both sides are \"a\"",
            "",
        ),
    ];
    for (columns, message, hint) in cases {
        assert_refused(&join("a, b", columns), Invalid, message, hint);
    }
    // A table may be joined with itself.
    let twice = read(&join("a, a", "{From: a, Keys: [x]}, {From: a, Keys: [y]}"));
    let node = twice.nodes.get("j").unwrap();
    let NodeKind::Join(join) = &node.kind else {
        panic!()
    };
    assert_eq!(
        join.pairs(&node.inputs),
        [(&vec!["x".to_owned()], &vec!["y".to_owned()])]
    );
}

#[test]
fn cycles_are_named() {
    let text = format!(
        "{}u: {{Union: {{Name: Both, Inputs: [a, d]}}}}\n\
         c: {{DropFields: {{Inputs: [u], Paths: [x]}}}}\n\
         d: {{DropFields: {{Inputs: [c], Paths: [y]}}}}\n\
         t: {{S3GlueParquetTarget: {{Inputs: [d], Path: o}}}}",
        sources(&["a"])
    );
    assert_refused(
        &text,
        Invalid,
        "line 2: node \"Both\" (u), Inputs: the nodes feed themselves: c -> d -> u -> c",
        "must go",
    );
    let own = "d: {DropFields: {Inputs: [d], Paths: [y]}}\nt: {S3GlueParquetTarget: {Inputs: [d], Path: o}}";
    assert_refused(own, Invalid, "the nodes feed themselves: d -> d", "");
}

#[test]
fn a_job_must_write() {
    assert_refused(
        &sources(&["a"]),
        Invalid,
        "the job writes nothing",
        "S3GlueParquetTarget",
    );
    let spigot = format!("{}s: {{Spigot: {{Inputs: [a], Path: o}}}}", sources(&["a"]));
    assert_eq!(read(&spigot).warnings, []);
}

#[test]
fn what_is_odd_is_told() {
    let text = format!(
        "{}q: {{SparkSQL: {{Name: Q, Inputs: [a, b], SqlQuery: x, SqlAliases: [{{From: a, Alias: a}}]}}}}\n\
         t: {{S3GlueParquetTarget: {{Inputs: [q], Path: o}}}}",
        sources(&["a", "b", "lonely"])
    );
    let job = read(&text);
    let said: Vec<String> = job
        .nodes
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "node \"lonely\": feeds nothing and is not run",
            "node \"Q\" (q): the input \"b\" has no name in the query",
        ]
    );
}

#[test]
fn a_graph_can_be_made_of_nodes() {
    let job = read(EXPORTED);
    let nodes = job.nodes.nodes().to_vec();
    let graph = Graph::new(nodes.clone()).unwrap();
    assert_eq!(graph, job.nodes);
    let inputs: Vec<&str> = graph
        .inputs_of(graph.get("node-4").unwrap())
        .map(|n| n.name.as_str())
        .collect();
    assert_eq!(inputs, ["album", "artist"]);
    assert_eq!(graph.readers_of("node-4").count(), 1);
    assert_eq!(graph.targets().count(), 1);
    let twice = [nodes.clone(), nodes].concat();
    let error = Graph::new(twice).unwrap_err();
    assert_eq!(
        error.to_string(),
        "node \"artist\" (node-1): there are two nodes of this id"
    );
}
