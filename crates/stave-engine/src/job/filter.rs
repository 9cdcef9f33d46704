//! Filter: keeps the rows for which comparisons hold. A comparison with NULL holds
//! neither as it is nor negated, as in Spark's SQL.

use arrow::array::StringArray;
use arrow::compute::kernels::regexp::regexp_is_match_scalar;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, Operator, binary_expr, lit, not};
use stave_core::job::{
    Filter, FilterExpression, FilterOperation, FilterValueType, LogicalOperator, path_text,
};
use stave_core::{Error, Result};

use super::cast;
use super::frame::{Frame, Input, Piece};
use super::script::text;
use crate::{fault, types};

/// Up to here every whole number is a double of its own.
const EXACT: i64 = 1 << 53;

/// The rows of `input` that pass.
pub(super) fn filter(node: &Filter, input: &Input<'_>) -> Result<Frame> {
    let mut exprs = Vec::new();
    let mut sqls = Vec::new();
    for (at, expression) in node.filters.iter().enumerate() {
        let within = |error: Error| error.within(format!("Filters[{at}]"));
        let (expr, sql) = condition(expression, input).map_err(within)?;
        if expression.negated == Some(true) {
            exprs.push(not(expr));
            sqls.push(format!("NOT ({sql})"));
        } else {
            exprs.push(expr);
            sqls.push(sql);
        }
    }
    let (joined, word) = match node.logical_operator {
        LogicalOperator::And => (conjunction(exprs), "\n  AND "),
        LogicalOperator::Or => (disjunction(exprs), "\n  OR "),
    };
    let Some(joined) = joined else {
        return Err(Error::invalid("Filters: there is no condition"));
    };
    let plan = LogicalPlanBuilder::new(input.plan.clone())
        .filter(joined)
        .and_then(LogicalPlanBuilder::build)
        .map_err(fault::engine)?;
    let sql = format!("SELECT *\nFROM {}\nWHERE {}", input.cte, sqls.join(word));
    Ok(Frame { plan, sql })
}

fn condition(expression: &FilterExpression, input: &Input<'_>) -> Result<(Expr, String)> {
    let Some(path) = expression.column() else {
        return Err(Error::invalid("no column is compared"));
    };
    let column = input.find(path)?.piece;
    if expression.operation == FilterOperation::IsNull {
        return Ok((column.expr.is_null(), format!("{} IS NULL", column.sql)));
    }
    let Some(operand) = expression.operand() else {
        return Err(Error::invalid("there is nothing to compare with"));
    };
    let within = |error: Error| error.within(format!("\"{}\"", path_text(path)));
    if operand.value_type == FilterValueType::ColumnExtracted {
        let other = input.find(&operand.value)?.piece;
        return columns(expression.operation, column, other).map_err(within);
    }
    let constant = operand.value.first().map_or("", String::as_str);
    let constant_first = expression
        .values
        .first()
        .is_some_and(|value| value.value_type == FilterValueType::Constant);
    let operation = expression.operation;
    let operation = if constant_first {
        turned(operation)
    } else {
        operation
    };
    match operation {
        FilterOperation::Regex => matches_pattern(column, constant).map_err(within),
        operation => with_constant(operation, column, constant).map_err(within),
    }
}

/// The comparison with its sides swapped.
fn turned(operation: FilterOperation) -> FilterOperation {
    match operation {
        FilterOperation::Lt => FilterOperation::Gt,
        FilterOperation::Gt => FilterOperation::Lt,
        FilterOperation::Lte => FilterOperation::Gte,
        FilterOperation::Gte => FilterOperation::Lte,
        same => same,
    }
}

fn operator(operation: FilterOperation) -> Operator {
    match operation {
        FilterOperation::Lt => Operator::Lt,
        FilterOperation::Gt => Operator::Gt,
        FilterOperation::Lte => Operator::LtEq,
        FilterOperation::Gte => Operator::GtEq,
        FilterOperation::Regex => Operator::RegexMatch,
        FilterOperation::Eq | FilterOperation::IsNull => Operator::Eq,
    }
}

fn compare(operation: FilterOperation, left: Piece, right: Piece) -> (Expr, String) {
    let sign = operation.sign();
    let sql = format!("{} {sign} {}", left.sql, right.sql);
    (binary_expr(left.expr, operator(operation), right.expr), sql)
}

fn columns(operation: FilterOperation, left: Piece, right: Piece) -> Result<(Expr, String)> {
    if operation == FilterOperation::Regex {
        return Err(Error::unsupported("REGEX takes a constant, not a column"));
    }
    let Some(common) = cast::common_type(&left.data_type, &right.data_type) else {
        return Err(Error::invalid(format!(
            "values of type {} and {} cannot be compared",
            types::name_of(&left.data_type),
            types::name_of(&right.data_type)
        )));
    };
    Ok(compare(
        operation,
        cast::to(left, &common)?,
        cast::to(right, &common)?,
    ))
}

/// A pattern is found anywhere in the text, as with Spark's `rlike`.
fn matches_pattern(column: Piece, pattern: &str) -> Result<(Expr, String)> {
    let nothing = StringArray::from(vec![""]);
    if let Err(error) = regexp_is_match_scalar(&nothing, pattern, None) {
        let error = error.to_string();
        let what = error
            .lines()
            .last()
            .unwrap_or(&error)
            .trim_start_matches("error: ")
            .to_owned();
        return Err(
            Error::invalid(format!("\"{pattern}\" is no regular expression: {what}"))
                .hint("look-around and back-references are not supported"),
        );
    }
    let column = cast::to(column, &DataType::Utf8View)?;
    let sql = format!("{} RLIKE {}", column.sql, text(pattern));
    let pattern = lit(ScalarValue::Utf8View(Some(pattern.to_owned())));
    Ok((binary_expr(column.expr, Operator::RegexMatch, pattern), sql))
}

fn with_constant(
    operation: FilterOperation,
    column: Piece,
    constant: &str,
) -> Result<(Expr, String)> {
    let wanted = &column.data_type;
    let number = || constant.trim().parse::<f64>().ok();
    let whole = || constant.trim().parse::<i64>().ok();
    let (column, value, sql) = match wanted {
        text_type if cast::is_text(text_type) => match (whole(), number()) {
            (Some(whole), _) if whole.abs() > EXACT => (
                cast::to(column, &DataType::Int64)?,
                ScalarValue::from(whole),
                whole.to_string(),
            ),
            (_, Some(number)) if number.is_finite() => {
                let shown = constant.trim().to_owned();
                (
                    cast::to(column, &DataType::Float64)?,
                    ScalarValue::from(number),
                    shown,
                )
            }
            _ => (
                column,
                ScalarValue::Utf8View(Some(constant.to_owned())),
                text(constant),
            ),
        },
        kind if kind.is_numeric() => match (whole(), number()) {
            (Some(whole), _) => (column, ScalarValue::from(whole), whole.to_string()),
            (_, Some(number)) => (
                column,
                ScalarValue::from(number),
                constant.trim().to_owned(),
            ),
            _ => return Err(no_value(constant, wanted)),
        },
        kind if kind.is_nested() => {
            let kind = types::name_of(kind);
            return Err(Error::invalid(format!(
                "a value of type {kind} is not compared"
            )));
        }
        _ => {
            let value = literal(constant, wanted)?;
            let name = types::name_of(wanted);
            (column, value, format!("CAST({} AS {name})", text(constant)))
        }
    };
    let data_type = value.data_type();
    Ok(compare(
        operation,
        column,
        Piece {
            expr: lit(value),
            sql,
            data_type,
        },
    ))
}

/// The constant as a value of `wanted`; an error when it is none.
pub(super) fn literal(constant: &str, wanted: &DataType) -> Result<ScalarValue> {
    if cast::is_text(wanted) {
        return ScalarValue::Utf8View(Some(constant.to_owned()))
            .cast_to(wanted)
            .map_err(fault::engine);
    }
    match cast::value(constant, wanted)? {
        Some(value) => Ok(value),
        None => Err(no_value(constant, wanted)),
    }
}

fn no_value(constant: &str, wanted: &DataType) -> Error {
    let wanted = types::name_of(wanted);
    Error::invalid(format!(
        "\"{constant}\" is no value of the column's type, {wanted}"
    ))
}
