//! SparkSQL: a query over the node's inputs by their aliases.
//!
//! The grammar is Spark's (backticks around names, double quotes around text), the
//! functions are the engine's: those that only Spark has are refused by their names. What
//! Spark has for nested values is in [`spark`](super::spark).

use std::sync::Arc;

use arrow::datatypes::{DataType, Fields};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, TableReference};
use datafusion::config::Dialect;
use datafusion::datasource::ViewTable;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::dialect::SparkSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use stave_core::job::SparkSql;
use stave_core::{Error, ErrorKind, Result};

use super::frame::{Frame, Input};
use super::script::quoted;
use super::spark::rewritten;
use crate::{Engine, fault};

/// Plans the query; its columns are those of the result.
pub(super) async fn spark_sql(
    engine: &Engine,
    node: &SparkSql,
    inputs: &[Input<'_>],
) -> Result<Frame> {
    let context = SessionContext::new_with_state(engine.state(|config| {
        config.options_mut().sql_parser.dialect = Dialect::Spark;
    }));
    let mut aliases = Vec::new();
    let mut known = Vec::new();
    for alias in &node.sql_aliases {
        let Some(input) = inputs.iter().find(|input| input.id == alias.from) else {
            return Err(Error::invalid(format!(
                "SqlAliases: \"{}\" is not an input",
                alias.from
            )));
        };
        let view: Arc<dyn TableProvider> = Arc::new(ViewTable::new(input.plan.clone(), None));
        let name = TableReference::bare(alias.alias.to_lowercase());
        context.register_table(name, view).map_err(fault::engine)?;
        aliases.push(format!(
            "{} AS (SELECT * FROM {})",
            quoted(&alias.alias.to_lowercase()),
            input.cte
        ));
        names_in(input.fields(), &mut known);
    }
    let within = |error: Error| error.within("SqlQuery");
    let query = with_names_as_written(&node.sql_query, &known).map_err(within)?;
    let query = rewritten(&query).map_err(within)?;
    let plan = context.state().create_logical_plan(&query).await;
    let plan = plan.map_err(|error| within(hinted(fault::engine(error))))?;
    let only_queries = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    only_queries
        .verify_plan(&plan)
        .map_err(|error| within(fault::engine(error)))?;
    let columns: Vec<Expr> = plan
        .schema()
        .iter()
        .map(|(table, field)| {
            Expr::Column(Column::new(table.cloned(), field.name())).alias(field.name())
        })
        .collect();
    refuse_twice(&columns).map_err(within)?;
    let plan = LogicalPlanBuilder::new(plan)
        .project(columns)
        .and_then(LogicalPlanBuilder::build)
        .map_err(|error| within(fault::engine(error)))?;
    let body = query.trim().trim_end_matches(';').trim_end();
    let sql = format!(
        "WITH {}\nSELECT * FROM (\n{body}\n) AS query",
        aliases.join(",\n  ")
    );
    Ok(Frame { plan, sql })
}

/// The names of columns, and of the fields inside them.
fn names_in(fields: &Fields, known: &mut Vec<String>) {
    for field in fields {
        known.push(field.name().clone());
        names_below(field.data_type(), known);
    }
}

fn names_below(data_type: &DataType, known: &mut Vec<String>) {
    match data_type {
        DataType::Struct(fields) => names_in(fields, known),
        DataType::List(item) => names_below(item.data_type(), known),
        DataType::Map(entries, _) => names_below(entries.data_type(), known),
        _ => (),
    }
}

fn refuse_twice(columns: &[Expr]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for column in columns {
        let name = column.schema_name().to_string();
        if seen.contains(&name) {
            return Err(
                Error::invalid(format!("the result has two columns \"{name}\""))
                    .hint("give one of them another name with AS"),
            );
        }
        seen.insert(name);
    }
    Ok(())
}

/// Spark finds columns whatever the case of their names. Names with upper-case letters
/// are put into backticks as they are, since a bare name is read in lower case.
fn with_names_as_written(query: &str, known: &[String]) -> Result<String> {
    let tokens = Tokenizer::new(&SparkSqlDialect {}, query)
        .with_unescape(false)
        .tokenize()
        .map_err(|error| Error::invalid(error.to_string()))?;
    let mut out = String::with_capacity(query.len());
    for token in tokens {
        let meant = match &token {
            Token::Word(word) => known.iter().find(|name| {
                name.eq_ignore_ascii_case(&word.value) && **name != name.to_lowercase()
            }),
            _ => None,
        };
        match meant {
            Some(name) => out.extend(["`", name, "`"]),
            None => out.push_str(&token.to_string()),
        }
    }
    Ok(out)
}

fn hinted(error: Error) -> Error {
    match (error.kind(), error.hint_text()) {
        (ErrorKind::Invalid, None) if error.message().contains("nvalid function") => {
            error.hint("functions that only Spark has are not there")
        }
        _ => error,
    }
}
