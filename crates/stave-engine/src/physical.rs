//! From a logical plan to one that runs within the memory bound.
//!
//! The hash join of DataFusion holds one side in memory and cannot spill, so the sides
//! are weighed before anything runs: where they do not fit, all joins sort and merge.

use std::sync::Arc;

use datafusion::execution::TaskContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::prelude::SessionConfig;
use stave_core::Result;

use crate::build_sides::bytes;
use crate::{Engine, compact, fault};

/// How much larger a build side is in memory than its bytes: hashes, chains, batches
/// that are put together.
const HASH_TABLE: usize = 2;

impl Engine {
    /// A plan that can be executed in the context beside it. Joins keep their smaller
    /// side in memory if all of those fit, and sort and merge if not.
    pub async fn physical(
        &self,
        plan: LogicalPlan,
    ) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
        let state = self.state(plain_fields);
        let physical = state
            .create_physical_plan(&plan)
            .await
            .map_err(fault::engine)?;
        if build_bytes(&physical).saturating_mul(HASH_TABLE) <= self.reservable_bytes() {
            return Ok((physical, state.task_ctx()));
        }
        self.physical_spilling(plan).await
    }

    /// As [`Engine::physical`], but whatever can go through files does: for sides that do
    /// not fit, and for a second try where the first ran out of memory.
    pub async fn physical_spilling(
        &self,
        plan: LogicalPlan,
    ) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
        let state = self.state(|config| {
            plain_fields(config);
            config.options_mut().optimizer.prefer_hash_join = false;
        });
        let physical = state
            .create_physical_plan(&plan)
            .await
            .and_then(compact::before_sorts)
            .map_err(fault::engine)?;
        Ok((physical, state.task_ctx()))
    }
}

/// The rule that moves the fields of structs towards scans fails where a projection
/// takes the table's name off a column and keeps the column: every source of a job does.
fn plain_fields(config: &mut SessionConfig) {
    config
        .options_mut()
        .optimizer
        .enable_leaf_expression_pushdown = false;
}

/// How many bytes all sides that hash joins keep in memory have, about; they are kept
/// at the same time, since joins over joins run as one.
pub(crate) fn build_bytes(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let below: usize = plan
        .children()
        .into_iter()
        .map(build_bytes)
        .fold(0, usize::saturating_add);
    match plan.downcast_ref::<HashJoinExec>() {
        Some(join) => below.saturating_add(bytes(join.left()).unwrap_or_default()),
        None => below,
    }
}
