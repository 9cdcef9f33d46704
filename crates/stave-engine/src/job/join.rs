//! Join, as Glue means it: the columns of both sides, left then right; a right one
//! whose name the left has too gets a leading dot.

use datafusion::common::JoinType as EngineJoin;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use stave_core::job::{Join, JoinType, Node, path_text};
use stave_core::{Error, Result};

use super::cast;
use super::frame::{Frame, Input, Item, Piece, select_list};
use crate::{fault, types};

/// Joins `left` and `right`, the inputs of `node` in their order.
pub(super) fn join(join: &Join, node: &Node, left: &Input<'_>, right: &Input<'_>) -> Result<Frame> {
    let renamed = dotted(left, right)?;
    let keys = keys(join, node, left, right)?;
    let right_plan = LogicalPlanBuilder::new(right.plan.clone())
        .project(renamed.iter().cloned().map(Item::into_expr))
        .and_then(LogicalPlanBuilder::build)
        .map_err(fault::engine)?;
    let (left_keys, right_keys): (Vec<Expr>, Vec<Expr>) = keys
        .iter()
        .map(|(left, right)| (left.expr.clone(), with_new_names(&right.expr, &renamed)))
        .unzip();
    let plan = LogicalPlanBuilder::new(left.plan.clone())
        .join_with_expr_keys(
            right_plan,
            engine_join(join.join_type),
            (left_keys, right_keys),
            None,
        )
        .and_then(LogicalPlanBuilder::build)
        .map_err(fault::engine)?;
    let sql = sql(join.join_type, left, right, &renamed, &keys);
    Ok(Frame { plan, sql })
}

/// The right side's columns with the names that they have behind the join.
fn dotted(left: &Input<'_>, right: &Input<'_>) -> Result<Vec<Item>> {
    let taken = |name: &str| left.names().any(|other| other == name);
    let mut items = Vec::new();
    for mut item in right.items() {
        if taken(&item.name) {
            let dotted = format!(".{}", item.name);
            if taken(&dotted) || right.names().any(|other| other == dotted) {
                return Err(Error::invalid(format!(
                    "both sides have a column \"{}\", and there is a \"{dotted}\" already",
                    item.name
                ))
                .hint("rename one of them with RenameField before the join"));
            }
            item.name = dotted;
        }
        items.push(item);
    }
    Ok(items)
}

fn keys(
    join: &Join,
    node: &Node,
    left: &Input<'_>,
    right: &Input<'_>,
) -> Result<Vec<(Piece, Piece)>> {
    join.pairs(&node.inputs)
        .into_iter()
        .map(|(left_path, right_path)| {
            let within = |error: Error| error.within("Columns");
            let left = left.find(left_path).map_err(within)?.piece;
            let right = right.find(right_path).map_err(within)?.piece;
            let common = cast::common_type(&left.data_type, &right.data_type).ok_or_else(|| {
                Error::invalid(format!(
                    "Columns: \"{}\" is of type {}, \"{}\" of type {}: they cannot be equal",
                    path_text(left_path),
                    types::name_of(&left.data_type),
                    path_text(right_path),
                    types::name_of(&right.data_type),
                ))
                .hint("make them alike with ApplyMapping before the join")
            })?;
            Ok((cast::to(left, &common)?, cast::to(right, &common)?))
        })
        .collect()
}

/// `expr` over the renamed columns of the right side.
fn with_new_names(expr: &Expr, renamed: &[Item]) -> Expr {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let rewritten = expr.clone().transform(|expr| {
        let item = renamed.iter().find(|item| item.piece.expr == expr);
        Ok(match item {
            Some(item) => {
                let column = datafusion::common::Column::new_unqualified(&item.name);
                Transformed::yes(Expr::Column(column))
            }
            None => Transformed::no(expr),
        })
    });
    rewritten.map_or_else(|_| expr.clone(), |rewritten| rewritten.data)
}

fn engine_join(join_type: JoinType) -> EngineJoin {
    match join_type {
        JoinType::Equijoin => EngineJoin::Inner,
        JoinType::Left => EngineJoin::Left,
        JoinType::Right => EngineJoin::Right,
        JoinType::Outer => EngineJoin::Full,
        JoinType::LeftSemi => EngineJoin::LeftSemi,
        JoinType::LeftAnti => EngineJoin::LeftAnti,
    }
}

fn sql(
    join_type: JoinType,
    left: &Input<'_>,
    right: &Input<'_>,
    renamed: &[Item],
    keys: &[(Piece, Piece)],
) -> String {
    let word = match join_type {
        JoinType::Equijoin => "JOIN",
        JoinType::Left => "LEFT JOIN",
        JoinType::Right => "RIGHT JOIN",
        JoinType::Outer => "FULL JOIN",
        JoinType::LeftSemi => "LEFT SEMI JOIN",
        JoinType::LeftAnti => "LEFT ANTI JOIN",
    };
    let of = |side: &str, item: Item| {
        let sql = format!("{side}.{}", item.piece.sql);
        Item::new(item.name, Piece { sql, ..item.piece })
    };
    let mut items: Vec<Item> = left.items().into_iter().map(|item| of("l", item)).collect();
    if !matches!(join_type, JoinType::LeftSemi | JoinType::LeftAnti) {
        items.extend(renamed.iter().cloned().map(|item| of("r", item)));
    }
    let on: Vec<String> = keys
        .iter()
        .map(|(left, right)| format!("{} = {}", beside("l", &left.sql), beside("r", &right.sql)))
        .collect();
    format!(
        "SELECT {}\nFROM {} AS l\n{word} {} AS r ON {}",
        select_list(&items),
        left.cte,
        right.cte,
        on.join(" AND ")
    )
}

/// Puts a table's name before the column in `sql`, which may stand in a cast.
fn beside(side: &str, sql: &str) -> String {
    match sql.strip_prefix("CAST(") {
        Some(rest) => format!("CAST({}", beside(side, rest)),
        None => format!("{side}.{sql}"),
    }
}
