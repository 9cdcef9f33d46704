//! From a logical plan to one that runs within the memory bound.

use std::sync::Arc;

use datafusion::execution::TaskContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use stave_core::Result;

use crate::{Engine, compact, fault};

/// The share of the reservable memory that a sort may count too much of.
const SMALL_SORT: usize = 16;

impl Engine {
    /// A plan that can be executed in the context beside it.
    pub async fn physical(
        &self,
        plan: LogicalPlan,
    ) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
        let state = self.state(plain_fields);
        let small_bytes = self.reservable_bytes() / SMALL_SORT;
        let physical = state
            .create_physical_plan(&plan)
            .await
            .and_then(|plan| compact::before_sorts(plan, small_bytes))
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
