//! SQL over the catalog: one statement in, a stream of rows out.
//!
//! Statements that would change something, or reach outside the catalog, are refused
//! by their names before the planner sees them. Must not know who asks.

mod faults;
mod guard;
mod names;
mod output;
mod parse;
mod relations;
mod result;
mod show;
mod source;
mod split;
mod statement;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast::Statement;
use futures::future::BoxFuture;
use stave_core::Result;

use crate::catalog::Catalog;
use crate::{Engine, fault};
use names::Names;
use relations::{CATALOG, DEFAULT_DATABASE, Lookup};
use result::Running;
pub use result::{Ended, QueryResult, QueryStatistics, ResultColumn, Rows};
use source::Source;
pub use split::{in_place, split_statements};
use statement::What;
pub use statement::{ReadStatement, StatementType};

impl Engine {
    /// Starts one statement over the tables of `catalog`; names without a database
    /// are looked up in `default_database`. Its rows come out of the result as it is read.
    pub async fn query(
        &self,
        catalog: &Arc<dyn Catalog>,
        default_database: Option<&str>,
        sql: &str,
    ) -> Result<QueryResult> {
        self.answer(catalog, default_database, ReadStatement::read(sql)?)
            .await
    }

    /// As [`Self::query`], of a statement that was read.
    pub fn answer<'a>(
        &'a self,
        catalog: &'a Arc<dyn Catalog>,
        default_database: Option<&'a str>,
        statement: ReadStatement<'a>,
    ) -> BoxFuture<'a, Result<QueryResult>> {
        Box::pin(async move {
            let ReadStatement {
                source,
                begun,
                what,
            } = statement;
            let lookup = Lookup {
                catalog,
                default_database,
            };
            let mut statement = match what {
                What::Show(show) => {
                    let batch = show::answer(&lookup, &show).await?;
                    return Ok(QueryResult::ready(batch, begun.elapsed()));
                }
                What::Query(statement) => *statement,
            };
            let names = Names::take(source, &mut statement);
            let tables = relations::prefetch(self, &lookup, source, &statement).await?;
            let state = self.state(|config| {
                let options = config.options_mut();
                CATALOG.clone_into(&mut options.catalog.default_catalog);
                options.catalog.default_schema =
                    default_database.unwrap_or(DEFAULT_DATABASE).to_lowercase();
                options.catalog.create_default_catalog_and_schema = false;
                options.catalog.information_schema = false;
            });
            state
                .catalog_list()
                .register_catalog(CATALOG.to_owned(), tables);
            let plan = logical(&state, source, statement).await?;
            Ok(Running::start(self, plan).await?.into_result(&names, begun))
        })
    }
}

async fn logical(
    state: &SessionState,
    source: Source<'_>,
    statement: Statement,
) -> Result<LogicalPlan> {
    let statement = PlannerStatement::Statement(Box::new(statement));
    let plan = state
        .statement_to_plan(statement)
        .await
        .map_err(|error| faults::planning(source, error))?;
    // What the checks above let through by mistake ends here.
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(fault::engine)?;
    Ok(plan)
}
