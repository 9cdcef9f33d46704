//! Chooses the side of each hash join that is kept in memory.
//!
//! What comes out of a join has no size in DataFusion's statistics unless the
//! number of different keys is known, which text files do not tell; the side that
//! is named first would then be the one in memory, however large. A join along a
//! key gives about as many rows as its larger side has, so that is its size here.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};

use crate::join::is_ours;

/// The rule; it runs behind DataFusion's own choice.
#[derive(Debug)]
pub(crate) struct BuildSides;

impl PhysicalOptimizerRule for BuildSides {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let collected = config.optimizer.hash_join_single_partition_threshold;
        plan.transform_up(|node| {
            let chosen = match node.downcast_ref::<HashJoinExec>() {
                Some(join) => choose(join, collected)?,
                None => None,
            };
            Ok(chosen.map_or_else(|| Transformed::no(node), Transformed::yes))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "build_sides"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The join with the other side in memory, or none if it is right as it is.
fn choose(join: &HashJoinExec, collected: usize) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let weighed = holds_join(join.left()) || holds_join(join.right());
    // Statistics are computed for the whole of a side: only where they are weighed.
    let size = |side| weighed.then(|| bytes(side)).flatten();
    let (left, right) = (size(join.left()), size(join.right()));
    let mode = |bytes: Option<usize>| {
        if is_ours(join) {
            // All cores build our table, and what does not fit goes into files.
            PartitionMode::CollectLeft
        } else if !weighed {
            *join.partition_mode()
        } else if bytes.is_some_and(|bytes| bytes <= collected) {
            PartitionMode::CollectLeft
        } else {
            PartitionMode::Partitioned
        }
    };
    let swaps = weighed && left.zip(right).is_some_and(|(left, right)| right < left);
    if swaps && join.join_type().supports_swap() && !join.null_aware {
        return join.swap_inputs(mode(right)).map(Some);
    }
    if *join.partition_mode() == mode(left) {
        return Ok(None);
    }
    let same = join.builder().with_partition_mode(mode(left));
    same.recompute_properties().build_exec().map(Some)
}

fn holds_join(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.children().len() > 1 || plan.children().into_iter().any(holds_join)
}

/// How many bytes come out of `plan`, about; none where nothing is known.
pub(crate) fn bytes(plan: &Arc<dyn ExecutionPlan>) -> Option<usize> {
    if holds_join(plan) {
        let children = plan.children().into_iter().map(bytes);
        return children.collect::<Option<Vec<usize>>>()?.into_iter().max();
    }
    let statistics = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new());
    match statistics.map(|statistics| statistics.total_byte_size) {
        Ok(Precision::Exact(bytes) | Precision::Inexact(bytes)) => Some(bytes),
        _ => match plan.children().as_slice() {
            [only] => bytes(only),
            _ => None,
        },
    }
}
