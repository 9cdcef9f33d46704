//! Aggregate: figures over groups of rows, named as Spark names them.

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn as functions;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use stave_core::job::{AggFunction, Aggregate, Aggregation, path_text};
use stave_core::{Error, Result};

use super::cast;
use super::frame::{Frame, Input, Item, Piece, select_list};
use super::moments;
use super::script::filled;
use crate::{fault, types};

/// One row for each group.
pub(super) fn aggregate(node: &Aggregate, input: &Input<'_>) -> Result<Frame> {
    let groups = input
        .find_all(&node.groups)
        .map_err(|error| error.within("Groups"))?;
    let mut items: Vec<Item> = Vec::new();
    for found in groups {
        let name = found.below.last().unwrap_or(&found.column);
        items.push(Item::new(name, found.piece));
    }
    let group_sql = filled(items.iter().map(|item| item.piece.sql.clone()));
    let group_exprs: Vec<Expr> = items.iter().cloned().map(Item::into_expr).collect();
    let mut figures = Vec::new();
    for (at, aggregation) in node.aggs.iter().enumerate() {
        let item =
            figure(aggregation, input).map_err(|error| error.within(format!("Aggs[{at}]")))?;
        if items.iter().any(|other| other.name == item.name) {
            return Err(Error::invalid(format!(
                "Aggs[{at}]: \"{}\" is there already",
                item.name
            )));
        }
        figures.push(item.clone().into_expr());
        items.push(item);
    }
    let plan = LogicalPlanBuilder::new(input.plan.clone())
        .aggregate(group_exprs, figures)
        .and_then(LogicalPlanBuilder::build)
        .map_err(fault::engine)?;
    let mut sql = format!("SELECT {}\nFROM {}", select_list(&items), input.cte);
    if !node.groups.is_empty() {
        sql = format!("{sql}\nGROUP BY {group_sql}");
    }
    Ok(Frame { plan, sql })
}

fn figure(aggregation: &Aggregation, input: &Input<'_>) -> Result<Item> {
    use AggFunction as Wanted;
    let piece = input.find(&aggregation.column)?.piece;
    let counts = matches!(
        aggregation.function,
        Wanted::Count
            | Wanted::CountDistinct
            | Wanted::First
            | Wanted::Last
            | Wanted::Min
            | Wanted::Max
    );
    let piece = if counts {
        piece
    } else {
        number(piece, aggregation)?
    };
    let column = piece.expr;
    let (expr, (name, distinct)) = match aggregation.function {
        Wanted::Avg => (functions::avg(column), ("avg", false)),
        Wanted::CountDistinct => (functions::count_distinct(column), ("count", true)),
        Wanted::Count => (functions::count(column), ("count", false)),
        Wanted::First => (functions::first_value(column, Vec::new()), ("first", false)),
        Wanted::Last => (functions::last_value(column, Vec::new()), ("last", false)),
        Wanted::Kurtosis => (moments::kurtosis(column), ("kurtosis", false)),
        Wanted::Max => (functions::max(column), ("max", false)),
        Wanted::Min => (functions::min(column), ("min", false)),
        Wanted::Skewness => (moments::skewness(column), ("skewness", false)),
        Wanted::StddevSamp => (functions::stddev(column), ("stddev_samp", false)),
        Wanted::StddevPop => (functions::stddev_pop(column), ("stddev_pop", false)),
        Wanted::Sum => (functions::sum(column), ("sum", false)),
        Wanted::SumDistinct => (functions::sum_distinct(column), ("sum", true)),
        Wanted::VarSamp => (functions::var_sample(column), ("var_samp", false)),
        Wanted::VarPop => (functions::var_pop(column), ("var_pop", false)),
    };
    let distinct = if distinct { "DISTINCT " } else { "" };
    let sql = format!("{name}({distinct}{})", piece.sql);
    Ok(Item::new(
        aggregation.column_name(),
        Piece {
            expr,
            sql,
            data_type: DataType::Null,
        },
    ))
}

/// The column as a number; text is cast to double, as in Spark.
fn number(piece: Piece, aggregation: &Aggregation) -> Result<Piece> {
    if piece.data_type.is_numeric() {
        return Ok(piece);
    }
    if cast::is_text(&piece.data_type) {
        return cast::to(piece, &DataType::Float64);
    }
    let kind = types::name_of(&piece.data_type);
    let column = path_text(&aggregation.column);
    Err(Error::invalid(format!(
        "\"{column}\" is of type {kind}: {} takes numbers",
        aggregation.column_name()
    )))
}
