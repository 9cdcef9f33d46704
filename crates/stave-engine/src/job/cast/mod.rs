//! Casts as Spark makes them without ANSI mode: what cannot be cast is NULL, numbers
//! that are too large wrap or saturate as on the JVM.
//!
//! <https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html#cast>

mod numbers;
mod parse;
mod print;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::compute::{CastOptions, can_cast_types, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result as EngineResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use stave_core::hive::HiveType;
use stave_core::{Error, Result};

use super::frame::Piece;
use crate::{fault, types};

/// Timestamps of jobs are in microseconds, as Spark's are.
const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The type that a job makes of a catalog type.
pub(super) fn job_type(hive: &HiveType) -> DataType {
    with_micros(types::to_arrow(hive))
}

fn with_micros(arrow: DataType) -> DataType {
    match arrow {
        DataType::Timestamp(_, None) => TIMESTAMP,
        other => other,
    }
}

/// Casts `piece`; refuses what has no meaning in Spark.
pub(super) fn to(piece: Piece, wanted: &DataType) -> Result<Piece> {
    if piece.data_type == *wanted {
        return Ok(piece);
    }
    if is_text(&piece.data_type) && *wanted == DataType::Utf8View {
        return Ok(piece);
    }
    if !possible(&piece.data_type, wanted) {
        return Err(Error::invalid(format!(
            "a value of type {} cannot be cast to {}",
            types::name_of(&piece.data_type),
            types::name_of(wanted)
        )));
    }
    Ok(Piece {
        expr: call(piece.expr, wanted),
        sql: format!("CAST({} AS {})", piece.sql, types::name_of(wanted)),
        data_type: wanted.clone(),
    })
}

fn call(expr: Expr, wanted: &DataType) -> Expr {
    ScalarUDF::new_from_impl(SparkCast::new(wanted.clone())).call(vec![expr])
}

/// Whether values are text.
pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

fn possible(from: &DataType, to: &DataType) -> bool {
    let number = |of: &DataType| of.is_numeric() || *of == DataType::Boolean;
    let date = |of: &DataType| matches!(of, DataType::Date32 | DataType::Date64);
    let time = |of: &DataType| matches!(of, DataType::Timestamp(..));
    let binary = |of: &DataType| {
        matches!(
            of,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView
        )
    };
    match from {
        DataType::Null => true,
        DataType::Dictionary(_, value) => possible(value, to),
        _ if is_text(from) => !to.is_nested(),
        _ if is_text(to) => number(from) || date(from) || time(from) || binary(from),
        _ if number(from) => number(to) || time(to),
        _ if date(from) => date(to) || time(to),
        _ if time(from) => time(to) || date(to) || to.is_numeric(),
        _ if from.is_nested() => to.is_nested() && can_cast_types(from, to),
        _ => false,
    }
}

/// The type in which values of `a` and `b` are compared, joined or put below each other.
pub(super) fn common_type(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Boolean, Date32, Float64, Int64, Null, Utf8View};
    if a == b {
        return Some(a.clone());
    }
    Some(match (a, b) {
        (Null, other) | (other, Null) => other.clone(),
        (DataType::Dictionary(_, value), other) | (other, DataType::Dictionary(_, value)) => {
            common_type(value, other)?
        }
        (a, b) if is_text(a) && is_text(b) => Utf8View,
        (text, other) | (other, text) if is_text(text) => match other {
            other if other.is_integer() => Int64,
            other if other.is_numeric() => Float64,
            Boolean => Boolean,
            Date32 => Date32,
            DataType::Timestamp(..) => TIMESTAMP,
            _ => return None,
        },
        (a, b) if a.is_integer() && b.is_integer() => wider(a, b),
        (a, b) if a.is_numeric() && b.is_numeric() => {
            if a.is_floating() || b.is_floating() {
                Float64
            } else {
                datafusion::logical_expr::type_coercion::binary::comparison_coercion(a, b)?
            }
        }
        (Date32, DataType::Timestamp(..))
        | (DataType::Timestamp(..), Date32 | DataType::Timestamp(..)) => TIMESTAMP,
        _ => return None,
    })
}

fn wider(a: &DataType, b: &DataType) -> DataType {
    let bits = |of: &DataType| of.primitive_width().unwrap_or(8);
    match (a.is_signed_integer(), b.is_signed_integer()) {
        (true, true) if bits(a) >= bits(b) => a.clone(),
        (true, true) => b.clone(),
        _ => DataType::Int64,
    }
}

/// A text as a value of `wanted`; none when it is not of that type.
pub(super) fn value(text: &str, wanted: &DataType) -> Result<Option<ScalarValue>> {
    let one: ArrayRef = Arc::new(StringViewArray::from_iter_values([text]));
    let value = cast(&one, wanted).and_then(|one| ScalarValue::try_from_array(&one, 0));
    let value = value.map_err(fault::engine)?;
    Ok(Some(value).filter(|value| !value.is_null()))
}

/// The cast as a function of the engine.
#[derive(Debug, PartialEq, Eq, Hash)]
struct SparkCast {
    name: String,
    wanted: DataType,
    signature: Signature,
}

impl SparkCast {
    fn new(wanted: DataType) -> Self {
        Self {
            name: format!("cast_{}", types::name_of(&wanted)),
            wanted,
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for SparkCast {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(self.wanted.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        match arguments.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(cast(array, &self.wanted)?)),
            [ColumnarValue::Scalar(value)] => {
                let one = cast(&value.to_array()?, &self.wanted)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&one, 0)?))
            }
            _ => datafusion::common::internal_err!("a cast has one argument"),
        }
    }
}

/// Casts a column.
fn cast(array: &ArrayRef, wanted: &DataType) -> EngineResult<ArrayRef> {
    let array = plainer(array)?;
    if array.data_type() == wanted {
        return Ok(array);
    }
    let done = match (array.data_type(), wanted) {
        (DataType::Utf8View, wanted) => from_text(array.as_string_view(), wanted)?,
        (DataType::Float32 | DataType::Float64, DataType::Utf8View) => Some(print::floats(&array)),
        (DataType::Timestamp(..), DataType::Utf8View) => Some(print::timestamps(&array)),
        _ => numbers::cast(&array, wanted),
    };
    match done {
        Some(done) => Ok(done),
        None => safely(&array, wanted),
    }
}

fn safely(array: &ArrayRef, wanted: &DataType) -> EngineResult<ArrayRef> {
    Ok(cast_with_options(array, wanted, &CastOptions::default())?)
}

/// The column in the one form of its type that the functions below know.
fn plainer(array: &ArrayRef) -> EngineResult<ArrayRef> {
    let form = match array.data_type() {
        DataType::Dictionary(_, value) => {
            let values = safely(array, value)?;
            return plainer(&values);
        }
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(unit, zone) if *unit != TimeUnit::Microsecond || zone.is_some() => {
            TIMESTAMP
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        _ => return Ok(Arc::clone(array)),
    };
    safely(array, &form)
}

fn from_text(array: &StringViewArray, wanted: &DataType) -> EngineResult<Option<ArrayRef>> {
    use arrow::datatypes as kind;
    Ok(Some(match wanted {
        DataType::Int8 => parse::column::<kind::Int8Type>(array, parse::integer),
        DataType::Int16 => parse::column::<kind::Int16Type>(array, parse::integer),
        DataType::Int32 => parse::column::<kind::Int32Type>(array, parse::integer),
        DataType::Int64 => parse::column::<kind::Int64Type>(array, parse::integer),
        DataType::Float32 => parse::column::<kind::Float32Type>(array, parse::float),
        DataType::Float64 => parse::column::<kind::Float64Type>(array, parse::float),
        DataType::Date32 => parse::column::<kind::Date32Type>(array, parse::date),
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            parse::column::<kind::TimestampMicrosecondType>(array, parse::timestamp)
        }
        DataType::Boolean => parse::booleans(array),
        DataType::Decimal128(precision, scale) => parse::decimals(array, *precision, *scale)?,
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests;
