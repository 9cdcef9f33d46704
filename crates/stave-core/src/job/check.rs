//! What can be said about a graph before any schema is known.

use std::collections::BTreeSet;

use super::definition::Warning;
use super::graph::{Graph, Node};
use super::kind::NodeKind;
use super::rows::{Join, SelectFromCollection, SparkSql};
use super::wrong::{Read, Wrong};
use crate::error::Error;
use crate::nearest;

/// Refuses a graph that cannot run; returns what is odd about one that can.
pub(super) fn check(graph: &Graph) -> Read<Vec<Warning>> {
    if graph.nodes().is_empty() {
        return Err(Wrong::whole(Error::invalid("the job has no nodes")));
    }
    for node in graph.nodes() {
        check_node(graph, node).map_err(|wrong| wrong.in_node(&node.id, &node.name))?;
    }
    refuse_cycles(graph)?;
    let writes = |node: &Node| node.kind.is_target() || matches!(node.kind, NodeKind::Spigot(_));
    if !graph.nodes().iter().any(writes) {
        return Err(Wrong::whole(
            Error::invalid("the job writes nothing: no node is a target")
                .hint("add an S3GlueParquetTarget, S3DirectTarget or S3CatalogTarget"),
        ));
    }
    Ok(warnings(graph))
}

fn check_node(graph: &Graph, node: &Node) -> Read<()> {
    check_inputs(graph, node)?;
    match &node.kind {
        NodeKind::Join(join) => check_join(join, node),
        NodeKind::SparkSql(sql) => check_aliases(sql, node),
        NodeKind::SelectFromCollection(select) => check_collection(graph, select, node),
        _ => Ok(()),
    }
}

fn check_inputs(graph: &Graph, node: &Node) -> Read<()> {
    let (fewest, most) = node.kind.input_counts();
    let found = node.inputs.len();
    if found < fewest || found > most {
        let kind = node.kind.type_name();
        let wanted = match (fewest, most) {
            (0, 0) => format!("{kind} is a source and has no inputs"),
            (fewest, most) if fewest == most => format!("{kind} takes {fewest}, not {found}"),
            (fewest, _) => format!("{kind} takes {fewest} or more, not {found}"),
        };
        return Err(Wrong::at("Inputs", Error::invalid(wanted)));
    }
    for (at, id) in node.inputs.iter().enumerate() {
        let place = format!("Inputs[{at}]");
        let Some(input) = graph.get(id) else {
            let ids = graph.nodes().iter().map(|node| node.id.as_str());
            return Err(Wrong::at(
                place,
                Error::invalid(format!("there is no node \"{id}\"")).hint(nearest::hint(id, ids)),
            ));
        };
        if input.kind.is_target() {
            let error = Error::invalid(format!(
                "\"{}\" is a target: nothing follows it",
                input.name
            ));
            return Err(Wrong::at(place, error));
        }
        let splits = matches!(input.kind, NodeKind::SplitFields(_));
        if splits && !matches!(node.kind, NodeKind::SelectFromCollection(_)) {
            let error = Error::invalid(format!("\"{}\" gives two sets of rows", input.name))
                .hint("put a SelectFromCollection (Index: 0 or 1) between them");
            return Err(Wrong::at(place, error));
        }
    }
    Ok(())
}

fn check_join(join: &Join, node: &Node) -> Read<()> {
    const HOW: &str =
        "write Columns: [{From: left-id, Keys: [[a]]}, {From: right-id, Keys: [[b]]}]";
    let [first, second] = join.columns.as_slice() else {
        let found = join.columns.len();
        let what = if found == 0 {
            "a join without keys".to_owned()
        } else {
            format!("the keys of two inputs are wanted, not of {found}")
        };
        return Err(Wrong::at("Columns", Error::invalid(what).hint(HOW)));
    };
    for (at, side) in join.columns.iter().enumerate() {
        if !node.inputs.contains(&side.from) {
            let ids = node.inputs.iter().map(String::as_str);
            let error = Error::invalid(format!("\"{}\" is not one of the inputs", side.from))
                .hint(nearest::hint(&side.from, ids));
            return Err(Wrong::at(format!("Columns[{at}].From"), error));
        }
        if side.keys.is_empty() {
            let error = Error::invalid("a join without keys").hint(HOW);
            return Err(Wrong::at(format!("Columns[{at}].Keys"), error));
        }
    }
    if first.from == second.from && node.inputs[0] != node.inputs[1] {
        let error = Error::invalid(format!("both sides are \"{}\"", first.from));
        return Err(Wrong::at("Columns[1].From", error.hint(HOW)));
    }
    if first.keys.len() != second.keys.len() {
        let (left, right) = (first.keys.len(), second.keys.len());
        let what = format!("{right} keys, but the other side has {left}");
        return Err(Wrong::at("Columns[1].Keys", Error::invalid(what)));
    }
    Ok(())
}

fn check_aliases(sql: &SparkSql, node: &Node) -> Read<()> {
    let mut seen = BTreeSet::new();
    for (at, alias) in sql.sql_aliases.iter().enumerate() {
        if !node.inputs.contains(&alias.from) {
            let ids = node.inputs.iter().map(String::as_str);
            let error = Error::invalid(format!("\"{}\" is not one of the inputs", alias.from))
                .hint(nearest::hint(&alias.from, ids));
            return Err(Wrong::at(format!("SqlAliases[{at}].From"), error));
        }
        if !seen.insert(alias.alias.to_lowercase()) {
            let error = Error::invalid(format!("the name \"{}\" is given twice", alias.alias));
            return Err(Wrong::at(format!("SqlAliases[{at}].Alias"), error));
        }
    }
    if sql.sql_aliases.is_empty() {
        let error = Error::invalid("no input has a name in the query")
            .hint("write SqlAliases: [{From: input-id, Alias: name}]");
        return Err(Wrong::at("SqlAliases", error));
    }
    Ok(())
}

fn check_collection(graph: &Graph, select: &SelectFromCollection, node: &Node) -> Read<()> {
    let input = graph.inputs_of(node).next();
    match input.map(|input| (&input.kind, &input.name)) {
        Some((NodeKind::SplitFields(_), _)) if select.index < 2 => Ok(()),
        Some((NodeKind::SplitFields(_), _)) => {
            let what = format!("SplitFields gives 0 and 1, not {}", select.index);
            Err(Wrong::at("Index", Error::invalid(what)))
        }
        // Glue Studio puts it behind single frames as well; there is nothing but index 0 then.
        _ if select.index == 0 => Ok(()),
        Some((kind, name)) => {
            let what = format!("\"{name}\" ({}) is no collection", kind.type_name());
            Err(Wrong::at(
                "Inputs[0]",
                Error::invalid(what).hint("a collection comes out of SplitFields"),
            ))
        }
        None => Ok(()),
    }
}

/// Names the nodes on a cycle, if there is one.
fn refuse_cycles(graph: &Graph) -> Read<()> {
    let ordered: BTreeSet<&str> = graph.order().iter().map(|node| node.id.as_str()).collect();
    let Some(stuck) = graph
        .nodes()
        .iter()
        .find(|node| !ordered.contains(node.id.as_str()))
    else {
        return Ok(());
    };
    // Every node that is not in the order has an input that is not: following those ends in the cycle.
    let mut path = vec![stuck];
    let mut at = stuck;
    while let Some(input) = graph
        .inputs_of(at)
        .find(|input| !ordered.contains(input.id.as_str()))
    {
        if let Some(start) = path.iter().position(|node| node.id == input.id) {
            let mut cycle: Vec<&str> = path[start..].iter().map(|node| node.id.as_str()).collect();
            cycle.reverse();
            let first = cycle[0];
            cycle.push(first);
            let names = cycle.join(" -> ");
            let node = path[start];
            return Err(Wrong::at(
                "Inputs",
                Error::invalid(format!("the nodes feed themselves: {names}"))
                    .hint("one of these inputs must go"),
            )
            .in_node(&node.id, &node.name));
        }
        path.push(input);
        at = input;
    }
    Ok(())
}

fn warnings(graph: &Graph) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for node in graph.nodes() {
        let ends = node.kind.is_target() || matches!(node.kind, NodeKind::Spigot(_));
        if !ends && graph.readers_of(&node.id).next().is_none() {
            warnings.push(Warning::about(node, "feeds nothing and is not run"));
        }
        let options = match &node.kind {
            NodeKind::S3DirectTarget(target) => Some(&target.options),
            NodeKind::S3GlueParquetTarget(target) => Some(&target.options),
            NodeKind::S3CatalogTarget(target) => Some(&target.options),
            _ => None,
        };
        if options.is_some_and(|options| options.auto_data_quality) {
            warnings.push(Warning::about(
                node,
                "AutoDataQuality is not evaluated; the rows are the same without it",
            ));
        }
        if let NodeKind::SparkSql(sql) = &node.kind {
            let named = |id: &String| sql.sql_aliases.iter().any(|alias| alias.from == *id);
            for id in node.inputs.iter().filter(|id| !named(id)) {
                warnings.push(Warning::about(
                    node,
                    &format!("the input \"{id}\" has no name in the query"),
                ));
            }
        }
    }
    warnings
}
