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
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;
use std::time::Instant;

use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast::{SetExpr, Statement};
use datafusion::sql::sqlparser::tokenizer::TokenWithSpan;
use futures::future::BoxFuture;
use stave_core::{Error, Result};

use crate::catalog::Catalog;
use crate::{Engine, fault};
use names::Names;
use relations::{CATALOG, DEFAULT_DATABASE, Lookup};
use result::Running;
pub use result::{QueryResult, QueryStatistics, ResultColumn, Rows};
use source::Source;
pub use split::{in_place, split_statements};

/// The longest statement, in bytes; Athena's own bound.
const MAX_STATEMENT_BYTES: usize = 262_144;

impl Engine {
    /// Starts one statement over the tables of `catalog`; names without a database
    /// are looked up in `default_database`. Its rows come out of the result as it is read.
    pub fn query<'a>(
        &'a self,
        catalog: &'a Arc<dyn Catalog>,
        default_database: Option<&'a str>,
        sql: &'a str,
    ) -> BoxFuture<'a, Result<QueryResult>> {
        Box::pin(async move {
            let begun = Instant::now();
            if sql.trim().len() > MAX_STATEMENT_BYTES {
                return Err(Error::limit_exceeded(format!(
                    "the statement is longer than {MAX_STATEMENT_BYTES} bytes"
                )));
            }
            let source = Source(sql);
            let lookup = Lookup {
                catalog,
                default_database,
            };
            let tokens = parse::tokens(source)?;
            if let Some(show) = show::recognise(source, &tokens)? {
                let batch = show::answer(&lookup, &show).await?;
                return Ok(QueryResult::ready(batch, begun.elapsed()));
            }
            let mut statement = queries_only(source, tokens)?;
            guard::guard(source, &mut statement)?;
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

/// The statement that `tokens` are, if it only asks; the others are refused by their
/// names, whether or not the parser knows them.
fn queries_only(source: Source<'_>, tokens: Vec<TokenWithSpan>) -> Result<Statement> {
    const ASKING: &[&str] = &[
        "SELECT", "WITH", "VALUES", "EXPLAIN", "DESCRIBE", "DESC", "TABLE",
    ];
    const KNOWN: &[&str] = &[
        "CREATE",
        "ALTER",
        "DROP",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "MSCK",
        "COPY",
        "SET",
        "RESET",
        "UNLOAD",
        "VACUUM",
        "OPTIMIZE",
        "PREPARE",
        "EXECUTE",
        "DEALLOCATE",
        "USE",
        "TRUNCATE",
        "REFRESH",
        "CALL",
        "GRANT",
        "REVOKE",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "START",
        "ANALYZE",
        "LOAD",
        "CACHE",
        "UNCACHE",
        "ATTACH",
        "INSTALL",
    ];
    let name = parse::name_of(&tokens);
    let first = name.split(' ').next().unwrap_or_default();
    if KNOWN.contains(&first) {
        return Err(refused(&name));
    }
    let asks = ASKING.contains(&first) || first.is_empty();
    let statement = parse::statement(source, tokens)?;
    let inner = match &statement {
        Statement::Explain { statement, .. } => statement.as_ref(),
        other => other,
    };
    match inner {
        Statement::Query(query) if asks => match query.body.as_ref() {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(refused("a statement that changes data"))
            }
            _ => Ok(statement),
        },
        _ => Err(refused(&name)),
    }
}

fn refused(name: &str) -> Error {
    Error::unsupported(format!("{name} is not supported yet")).hint(
        "there is: SELECT, EXPLAIN, SHOW and DESCRIBE; crawlers and jobs make tables, and `stave catalog` changes them",
    )
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
