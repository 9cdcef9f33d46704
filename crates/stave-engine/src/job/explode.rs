//! DynamicTransform: rows out of arrays and maps, columns out of structs.

use arrow::datatypes::DataType;
use datafusion::common::{Column, NullHandling, UnnestOptions};
use datafusion::functions_nested::expr_fn::map_entries;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use stave_core::job::{DynamicTransform, Explode, Flatten};
use stave_core::{Error, Result};

use super::frame::{Frame, Input, Item, Piece, column, select_list};
use super::script::quoted;
use crate::fault;

/// Holds a map's entries between two steps; no column of a file can be called so by accident.
const ENTRY: &str = "\u{1}entry";
const KEY: &str = "key";
const VALUE: &str = "value";

/// Makes rows or columns of nested values.
pub(super) fn dynamic(node: &DynamicTransform, input: &Input<'_>) -> Result<Frame> {
    match node {
        DynamicTransform::Explode(node) => explode(node, input),
        DynamicTransform::Flatten(node) => flatten(node, input),
    }
}

fn explode(node: &Explode, input: &Input<'_>) -> Result<Frame> {
    let found = input
        .find(&node.column)
        .map_err(|error| error.within("colName"))?;
    match &found.piece.data_type {
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            explode_array(node, input, found.piece)
        }
        DataType::Map(..) => explode_map(node, input, found.piece, &found.column),
        other => {
            let kind = crate::types::name_of(other);
            let name = node.target();
            Err(
                Error::invalid(format!("colName: \"{name}\" is of type {kind}"))
                    .hint("rows are made of the elements of an array or the entries of a map"),
            )
        }
    }
}

fn function(outer: bool) -> &'static str {
    if outer { "unnest_outer" } else { "unnest" }
}

/// Puts `item` in the place of the column of its name, or behind all columns.
fn placed(mut items: Vec<Item>, item: Item) -> Vec<Item> {
    match items.iter_mut().find(|old| old.name == item.name) {
        Some(old) => *old = item,
        None => items.push(item),
    }
    items
}

fn explode_array(node: &Explode, input: &Input<'_>, array: Piece) -> Result<Frame> {
    let name = node.target();
    let shown = Piece {
        sql: format!("{}({})", function(node.outer), array.sql),
        ..array.clone()
    };
    let shown = placed(input.items(), Item::new(&name, shown));
    let sql = format!("SELECT {}\nFROM {}", select_list(&shown), input.cte);
    let items = placed(input.items(), Item::new(&name, array));
    let plan = unnested(Frame::select(input, items)?.plan, &name, node.outer)?;
    Ok(Frame { plan, sql })
}

fn explode_map(node: &Explode, input: &Input<'_>, map: Piece, from: &str) -> Result<Frame> {
    if node.new_column.is_some() {
        return Err(Error::unsupported(
            "newCol is not supported for a map: its entries become the columns key and value",
        )
        .hint("leave newCol out, and rename them with RenameField"));
    }
    let rest: Vec<Item> = input
        .items()
        .into_iter()
        .filter(|item| item.name != from)
        .collect();
    let mut items = rest.clone();
    let entries = Piece {
        expr: map_entries(map.expr),
        sql: format!("{}(map_entries({}))", function(node.outer), map.sql),
        data_type: map.data_type,
    };
    items.push(Item::new(ENTRY, entries.clone()));
    let plan = unnested(Frame::select(input, items)?.plan, ENTRY, node.outer)?;
    let input = Input {
        plan: &plan,
        ..input.clone()
    };
    let entry = input.column(ENTRY)?;
    let mut items = rest;
    for name in [KEY, VALUE] {
        items.push(Item::new(name, entry.field(name)?));
    }
    let listed = select_list(&items).replace(&quoted(ENTRY), "entry");
    let selected = Frame::select(&input, items)?;
    let sql = format!(
        "SELECT {listed}\nFROM (SELECT *, {} AS entry FROM {})",
        entries.sql, input.cte
    );
    Ok(Frame { sql, ..selected })
}

/// `plan` with a row for each element of the column `name`.
fn unnested(plan: LogicalPlan, name: &str, outer: bool) -> Result<LogicalPlan> {
    let handling = if outer {
        NullHandling::PreserveAndExpandEmpty
    } else {
        NullHandling::Drop
    };
    let options = UnnestOptions::new().with_null_handling(handling);
    LogicalPlanBuilder::new(plan)
        .unnest_column_with_options(Column::new_unqualified(name), options)
        .and_then(LogicalPlanBuilder::build)
        .map_err(fault::engine)
}

/// The fields of structs as columns named by their paths; arrays and maps stay.
fn flatten(node: &Flatten, input: &Input<'_>) -> Result<Frame> {
    let mut items = Vec::new();
    for field in input.fields() {
        let piece = column(field.name(), field.data_type());
        take_apart(node, field.name(), piece, 0, &mut items)?;
    }
    Frame::select(input, items)
}

fn take_apart(
    node: &Flatten,
    name: &str,
    piece: Piece,
    level: u64,
    items: &mut Vec<Item>,
) -> Result<()> {
    let parts = piece.parts()?;
    if parts.is_empty() || node.max_levels.is_some_and(|most| level >= most) {
        items.push(Item::new(name, piece));
        return Ok(());
    }
    for (part, piece) in parts {
        let name = format!("{name}{}{part}", node.separator);
        take_apart(node, &name, piece, level + 1, items)?;
    }
    Ok(())
}
