//! Puts our join where DataFusion planned a hash join that may be large.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, NullEquality, Result};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};

use super::keys::is_key;
use super::plan::HashJoin;
use crate::build_sides::bytes;

/// Up to this size a build side is left to DataFusion, which tells the scans of Parquet
/// of its keys.
const SMALL_BYTES: usize = 1 << 20;

/// The rule; it runs when all has its place, before filters are told to scans.
#[derive(Debug)]
pub(crate) struct OwnJoins;

impl PhysicalOptimizerRule for OwnJoins {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let own = node.downcast_ref::<HashJoinExec>().and_then(replace);
            Ok(own.map_or_else(|| Transformed::no(node), Transformed::yes))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "own_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether our join gives what `join` gives.
pub(crate) fn is_ours(join: &HashJoinExec) -> bool {
    let types = (join.left().schema(), join.right().schema());
    let keys_fit = join.on().iter().all(|(left, right)| {
        match (left.data_type(&types.0), right.data_type(&types.1)) {
            (Ok(left), Ok(right)) => left == right && is_key(&left),
            _ => false,
        }
    });
    keys_fit
        && join.filter().is_none()
        && join.fetch().is_none()
        && !join.null_aware
        && join.null_equality() == NullEquality::NullEqualsNothing
        && !matches!(join.join_type(), JoinType::LeftMark | JoinType::RightMark)
}

fn replace(join: &HashJoinExec) -> Option<Arc<dyn ExecutionPlan>> {
    let is_small = bytes(join.left()).is_some_and(|bytes| bytes <= SMALL_BYTES);
    let ordered = join.properties().output_ordering().is_some();
    let collected = *join.partition_mode() == PartitionMode::CollectLeft;
    if is_small || ordered || !collected || !is_ours(join) {
        return None;
    }
    let build = match join.left().downcast_ref::<CoalescePartitionsExec>() {
        Some(all) if all.fetch().is_none() => all.input(),
        _ => join.left(),
    };
    Some(Arc::new(HashJoin::new(join, Arc::clone(build))))
}
