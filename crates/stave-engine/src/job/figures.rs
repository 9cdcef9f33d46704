//! Works out how many rows came out of each node.
//!
//! The optimiser melts nodes together, so most have no counter of their own. What is
//! known for sure are sources, targets and joins; from there it is known for the nodes
//! that leave the number of rows as it is. The others stay unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use datafusion::physical_expr::PhysicalExprRef;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::expressions::Column;
use datafusion::physical_plan::joins::HashJoinExec;
use stave_core::job::{Node, NodeKind, path_text};

use super::JobPlan;
use super::run::{WrittenOutput, keeps_rows};
use crate::join::HashJoin;
use crate::scan::TextScan;

/// The rows of the nodes for which they are known, by their ids.
pub(super) fn rows<'a>(
    job: &'a JobPlan,
    outputs: &[WrittenOutput],
    plans: &[Arc<dyn ExecutionPlan>],
) -> BTreeMap<&'a str, u64> {
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for source in job.sources() {
        let once = readings(job, &source.node_id) == 1;
        if let Some(read) = source.rows_read().filter(|_| once) {
            rows.insert(&source.node_id, read);
        }
    }
    for (output, written) in job.outputs().iter().zip(outputs) {
        let Some(node) = job.graph().get(&output.node_id) else {
            continue;
        };
        if !output.is_sample {
            rows.insert(&node.id, written.rows());
            spread_up(job, node, &mut rows);
        }
    }
    let mut joins = Vec::new();
    for plan in plans {
        collect_joins(plan, &mut joins);
    }
    for node in job.graph().order() {
        if let Some(counted) = join_rows(job, node, &joins) {
            rows.entry(&node.id).or_insert(counted);
        }
        let input = node
            .inputs
            .first()
            .and_then(|id| rows.get(id.as_str()).copied());
        if let Some(input) = input.filter(|_| keeps_rows(&node.kind)) {
            rows.entry(&node.id).or_insert(input);
        }
    }
    rows
}

/// A node that keeps rows had as many in as out, and a target writes what it gets.
fn spread_up<'a>(job: &'a JobPlan, node: &'a Node, rows: &mut BTreeMap<&'a str, u64>) {
    let Some(&written) = rows.get(node.id.as_str()) else {
        return;
    };
    let mut node = node;
    while node.kind.is_target() || keeps_rows(&node.kind) {
        let Some(input) = job.graph().inputs_of(node).next() else {
            return;
        };
        rows.entry(&input.id).or_insert(written);
        node = input;
    }
}

/// How often the rows of a node are computed.
fn readings(job: &JobPlan, id: &str) -> usize {
    let readers = job.graph().readers_of(id);
    readers
        .map(|reader| {
            let times = reader.inputs.iter().filter(|input| *input == id).count();
            let own = usize::from(reader.kind.is_target());
            let sample = usize::from(matches!(reader.kind, NodeKind::Spigot(_)));
            times
                * (own
                    + sample
                    + if own > 0 {
                        0
                    } else {
                        readings(job, &reader.id)
                    })
        })
        .sum()
}

struct CountedJoin {
    keys: BTreeSet<String>,
    rows: u64,
}

fn collect_joins(plan: &Arc<dyn ExecutionPlan>, joins: &mut Vec<CountedJoin>) {
    let keys: Option<Vec<&PhysicalExprRef>> = if let Some(join) = plan.downcast_ref::<HashJoin>() {
        Some(join.keys().collect())
    } else {
        let join = plan.downcast_ref::<HashJoinExec>();
        join.map(|join| {
            join.on()
                .iter()
                .flat_map(|(left, right)| [left, right])
                .collect()
        })
    };
    if let Some(keys) = keys {
        let keys = keys
            .into_iter()
            .filter_map(|key| key.downcast_ref::<Column>())
            .map(|column| column.name().to_owned())
            .collect();
        let rows = plan
            .metrics()
            .and_then(|metrics| metrics.output_rows())
            .unwrap_or_default();
        joins.push(CountedJoin {
            keys,
            rows: rows as u64,
        });
    }
    plan.children()
        .into_iter()
        .for_each(|child| collect_joins(child, joins));
}

/// The rows of the one physical join that has the keys of this node.
fn join_rows(job: &JobPlan, node: &Node, joins: &[CountedJoin]) -> Option<u64> {
    let keys = join_keys(node)?;
    let twins = job
        .graph()
        .nodes()
        .iter()
        .filter(|other| join_keys(other).as_ref() == Some(&keys));
    if twins.count() != 1 {
        return None;
    }
    let bare = |keys: &BTreeSet<String>| -> BTreeSet<String> {
        keys.iter()
            .map(|key| key.trim_start_matches('.').to_owned())
            .collect()
    };
    let mut same = joins.iter().filter(|join| bare(&join.keys) == bare(&keys));
    match (same.next(), same.next()) {
        (Some(join), None) => Some(join.rows),
        _ => None,
    }
}

fn join_keys(node: &Node) -> Option<BTreeSet<String>> {
    let NodeKind::Join(join) = &node.kind else {
        return None;
    };
    let pairs = join.pairs(&node.inputs);
    Some(
        pairs
            .into_iter()
            .flat_map(|(left, right)| [path_text(left), path_text(right)])
            .collect(),
    )
}

/// Whether some operator of the plan put rows into files.
pub(super) fn spilled(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let own = plan
        .metrics()
        .and_then(|metrics| metrics.spill_count())
        .is_some_and(|files| files > 0);
    own || plan.children().into_iter().any(spilled)
}

/// Bytes that the scans of Parquet and of catalog tables read.
pub(super) fn stored_bytes(job: &JobPlan, plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let own = if let Some(scan) = plan.downcast_ref::<TextScan>() {
        let report = &scan.table().report;
        let counted = job.sources().iter().any(|source| source.counts_in(report));
        if counted {
            0
        } else {
            report.bytes.load(Ordering::Relaxed)
        }
    } else {
        let read = plan
            .metrics()
            .and_then(|metrics| metrics.sum_by_name("bytes_scanned"));
        read.map_or(0, |value| value.as_usize() as u64)
    };
    own + plan
        .children()
        .into_iter()
        .map(|child| stored_bytes(job, child))
        .sum::<u64>()
}
