//! The transforms that change which rows there are, or fill them: DropDuplicates,
//! Union, FillMissingValues, DropNullFields, and the sample of a Spigot.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::{coalesce, nullif, random};
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit, when};
use stave_core::job::{
    DropDuplicates, DropNullFields, FillMissingValues, Spigot, Union, UnionType,
};
use stave_core::{Error, Result};

use super::cast;
use super::filter::literal;
use super::frame::{Frame, Input, Item, Piece, select_list};
use super::script::{filled, text};
use crate::{fault, types};

/// How many rows a Spigot writes that says nothing of it; Glue's `Topk` goes no further.
const SPIGOT_ROWS: usize = 100;

fn built(builder: datafusion::common::Result<LogicalPlanBuilder>) -> Result<LogicalPlan> {
    builder
        .and_then(LogicalPlanBuilder::build)
        .map_err(fault::engine)
}

/// One of the rows that are the same, or the same in some columns.
pub(super) fn drop_duplicates(node: &DropDuplicates, input: &Input<'_>) -> Result<Frame> {
    let builder = LogicalPlanBuilder::new(input.plan.clone());
    if node.columns.is_empty() {
        let sql = format!("SELECT DISTINCT *\nFROM {}", input.cte);
        return Ok(Frame {
            plan: built(builder.distinct())?,
            sql,
        });
    }
    let found = input
        .find_all(&node.columns)
        .map_err(|error| error.within("Columns"))?;
    let keys: Vec<Expr> = found.iter().map(|found| found.piece.expr.clone()).collect();
    let listed = filled(found.iter().map(|found| found.piece.sql.clone()));
    let all: Vec<Expr> = input.items().into_iter().map(Item::into_expr).collect();
    let plan = built(builder.distinct_on(keys, all, None))?;
    let sql = format!("SELECT DISTINCT ON ({listed}) *\nFROM {}", input.cte);
    Ok(Frame { plan, sql })
}

/// The rows of all inputs; columns are matched by their names.
pub(super) fn union(node: &Union, inputs: &[Input<'_>]) -> Result<Frame> {
    let Some((first, others)) = inputs.split_first() else {
        return Err(Error::invalid("Inputs: there is none"));
    };
    let targets = union_types(first, others)?;
    let word = match node.union_type {
        UnionType::All => "UNION ALL",
        UnionType::Distinct => "UNION",
    };
    let mut plan: Option<LogicalPlan> = None;
    let mut sql = Vec::new();
    for input in inputs {
        let items: Result<Vec<Item>> = targets
            .iter()
            .map(|(name, wanted)| Ok(Item::new(name, cast::to(input.column(name)?, wanted)?)))
            .collect();
        let frame = Frame::select(input, items?)?;
        sql.push(frame.sql);
        plan = Some(match plan {
            None => frame.plan,
            Some(plan) => built(LogicalPlanBuilder::new(plan).union(frame.plan))?,
        });
    }
    let Some(mut plan) = plan else {
        return Err(Error::invalid("Inputs: there is none"));
    };
    if node.union_type == UnionType::Distinct {
        plan = built(LogicalPlanBuilder::new(plan).distinct())?;
    }
    Ok(Frame {
        plan,
        sql: sql.join(&format!("\n{word}\n")),
    })
}

/// The columns of a union: those of the first input, in types that hold all.
fn union_types(first: &Input<'_>, others: &[Input<'_>]) -> Result<Vec<(String, DataType)>> {
    let mut targets: Vec<(String, DataType)> = first
        .fields()
        .iter()
        .map(|field| (field.name().clone(), field.data_type().clone()))
        .collect();
    for other in others {
        let extra = other
            .names()
            .find(|name| !first.names().any(|known| known == *name));
        if let Some(extra) = extra {
            return Err(Error::invalid(format!(
                "\"{}\" has a column \"{extra}\", \"{}\" has none",
                other.name, first.name
            ))
            .hint(
                "give all inputs of a union the same columns, with SelectFields or ApplyMapping",
            ));
        }
        for (name, wanted) in &mut targets {
            let piece = other.column(name)?;
            *wanted = cast::common_type(wanted, &piece.data_type).ok_or_else(|| {
                Error::invalid(format!(
                    "column \"{name}\" is of type {} in \"{}\" and of type {} in \"{}\"",
                    types::name_of(wanted),
                    first.name,
                    types::name_of(&piece.data_type),
                    other.name
                ))
                .hint("make them alike with ApplyMapping")
            })?;
        }
    }
    Ok(targets)
}

/// A column with NULL and empty strings replaced by a constant, beside the others.
pub(super) fn fill_missing(node: &FillMissingValues, input: &Input<'_>) -> Result<Frame> {
    let path = [node.imputed_path.clone()];
    let found = input
        .find(&path)
        .and_then(super::frame::Found::whole)
        .map_err(|error| error.within("ImputedPath"))?;
    let target = node.target();
    let piece = found.piece;
    let value =
        literal(&node.fill_value, &piece.data_type).map_err(|error| error.within("FillValue"))?;
    let shown = if piece.data_type.is_numeric() {
        node.fill_value.clone()
    } else {
        text(&node.fill_value)
    };
    let filled = if cast::is_text(&piece.data_type) {
        let empty = ScalarValue::from("")
            .cast_to(&piece.data_type)
            .map_err(fault::engine)?;
        Piece {
            expr: coalesce(vec![nullif(piece.expr, lit(empty)), lit(value)]),
            sql: format!("COALESCE(NULLIF({}, ''), {shown})", piece.sql),
            data_type: piece.data_type,
        }
    } else {
        Piece {
            expr: coalesce(vec![piece.expr, lit(value)]),
            sql: format!("COALESCE({}, {shown})", piece.sql),
            data_type: piece.data_type,
        }
    };
    let mut items = input.items();
    match items.iter_mut().find(|item| item.name == target) {
        Some(item) if target == found.column => item.piece = filled,
        Some(_) => {
            return Err(Error::invalid(format!(
                "FilledPath: there is a column \"{target}\" already"
            )));
        }
        None => items.push(Item::new(target, filled)),
    }
    Frame::select(input, items)
}

/// A query of one row: for each column 1 where it has a value, NULL where all are null.
pub(super) fn null_columns_query(node: &DropNullFields, input: &Input<'_>) -> Result<LogicalPlan> {
    let mut figures = Vec::new();
    for item in input.items() {
        let has_value = value_condition(node, &item.piece)?;
        let one = when(has_value, lit(1_i64)).end().map_err(fault::engine)?;
        figures.push(max(one).alias(item.name));
    }
    let builder = LogicalPlanBuilder::new(input.plan.clone());
    built(builder.aggregate(Vec::<Expr>::new(), figures))
}

fn value_condition(node: &DropNullFields, piece: &Piece) -> Result<Expr> {
    let kind = types::name_of(&piece.data_type);
    let is_text = cast::is_text(&piece.data_type);
    let mut nulls: Vec<String> = Vec::new();
    if is_text && node.is_empty == Some(true) {
        nulls.push(String::new());
    }
    if is_text && node.is_null_string == Some(true) {
        nulls.push("null".to_owned());
    }
    if piece.data_type.is_integer() && node.is_neg_one == Some(true) {
        nulls.push("-1".to_owned());
    }
    for placeholder in &node.null_texts {
        if same_kind(&placeholder.datatype, &kind) {
            nulls.push(placeholder.value.clone());
        }
    }
    let mut condition = piece.expr.clone().is_not_null();
    for null in nulls {
        let value =
            literal(&null, &piece.data_type).map_err(|error| error.within("NullTextList"))?;
        condition = condition.and(piece.expr.clone().not_eq(lit(value)));
    }
    Ok(condition)
}

/// Whether Glue Studio's name of a type means this one of the catalog's.
fn same_kind(studio: &str, kind: &str) -> bool {
    let studio = studio.to_ascii_lowercase();
    let meant = match studio.as_str() {
        "integer" => "int",
        "long" => "bigint",
        "short" => "smallint",
        "byte" => "tinyint",
        other => other,
    };
    meant == kind || (meant == "decimal" && kind.starts_with("decimal("))
}

/// `input` without the columns in `nulls`.
pub(super) fn drop_null_fields(input: &Input<'_>, nulls: &[String]) -> Result<Frame> {
    let items: Vec<Item> = input
        .items()
        .into_iter()
        .filter(|item| !nulls.contains(&item.name))
        .collect();
    if items.is_empty() {
        return Err(Error::invalid(
            "every column is null in all rows: nothing is left",
        ));
    }
    Frame::select(input, items)
}

/// All rows, as they are.
pub(super) fn pass_on(input: &Input<'_>) -> Frame {
    Frame {
        plan: input.plan.clone(),
        sql: format!("SELECT {}\nFROM {}", select_list(&input.items()), input.cte),
    }
}

/// The rows that a Spigot writes beside the way.
pub(super) fn spigot_sample(node: &Spigot, input: &Input<'_>) -> Result<Frame> {
    let mut builder = LogicalPlanBuilder::new(input.plan.clone());
    let mut sql = format!("SELECT *\nFROM {}", input.cte);
    if let Some(chance) = node.prob {
        builder = builder
            .filter(random().lt(lit(chance)))
            .map_err(fault::engine)?;
        sql = format!("{sql}\nWHERE random() < {chance}");
    }
    let rows = match (node.topk, node.prob) {
        (Some(rows), _) => Some(rows as usize),
        (None, None) => Some(SPIGOT_ROWS),
        (None, Some(_)) => None,
    };
    if let Some(rows) = rows {
        builder = builder.limit(0, Some(rows)).map_err(fault::engine)?;
        sql = format!("{sql}\nLIMIT {rows}");
    }
    Ok(Frame {
        plan: built(Ok(builder))?,
        sql,
    })
}
