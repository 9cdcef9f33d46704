//! Encodes flat columns into Parquet column chunks.
//!
//! Faster than the general writer because it knows that rows that stand together
//! are alike: a value equal to the one before costs a comparison, no look-up.
//! Nested columns and other types go through the general writer.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>

mod bits;
mod delta;
mod numbers;
mod pages;
mod strings;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Field, Float32Type, Float64Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
};
use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;
use parquet::schema::types::ColumnDescPtr;
use stave_core::Result;

use super::encodings::Choice;
use numbers::NumberColumn;
use pages::Chunk;
use strings::StringColumn;

/// How many rows a page has at most, as other writers have it.
const PAGE_ROWS: usize = 20_000;

/// Whether columns of this type are encoded here.
pub(super) fn can_encode(field: &Field) -> bool {
    matches!(
        field.data_type(),
        DataType::Utf8View
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Date32
            | DataType::Timestamp(TimeUnit::Millisecond | TimeUnit::Microsecond, _)
    )
}

/// The encoder of one column of one row group.
pub(super) enum ColumnEncoder {
    Strings(StringColumn),
    Ints(NumberColumn<i32>),
    Longs(NumberColumn<i64>),
    Floats(NumberColumn<f32>),
    Doubles(NumberColumn<f64>),
}

impl ColumnEncoder {
    pub(super) fn new(field: &Field, choice: Choice, snappy: bool) -> Self {
        let chunk = Chunk::new(field.is_nullable(), snappy);
        match field.data_type() {
            DataType::Int32 | DataType::Date32 => Self::Ints(NumberColumn::new(chunk, choice)),
            DataType::Float32 => Self::Floats(NumberColumn::new(chunk, choice)),
            DataType::Float64 => Self::Doubles(NumberColumn::new(chunk, choice)),
            DataType::Utf8View => Self::Strings(StringColumn::new(chunk, choice)),
            _ => Self::Longs(NumberColumn::new(chunk, choice)),
        }
    }

    pub(super) fn write(&mut self, column: &ArrayRef) -> Result<()> {
        match self {
            Self::Strings(encoder) => encoder.write(column.as_string_view()),
            Self::Floats(encoder) => write::<Float32Type>(encoder, column),
            Self::Doubles(encoder) => write::<Float64Type>(encoder, column),
            Self::Ints(encoder) => match column.data_type() {
                DataType::Date32 => write::<Date32Type>(encoder, column),
                _ => write::<Int32Type>(encoder, column),
            },
            Self::Longs(encoder) => match column.data_type() {
                DataType::Timestamp(TimeUnit::Millisecond, _) => {
                    write::<TimestampMillisecondType>(encoder, column)
                }
                DataType::Timestamp(_, _) => write::<TimestampMicrosecondType>(encoder, column),
                _ => write::<Int64Type>(encoder, column),
            },
        }
    }

    /// The encoded chunk and what is to be said of it in the file's footer.
    pub(super) fn finish(self, column: &ColumnDescPtr) -> Result<(Bytes, ColumnCloseResult)> {
        match self {
            Self::Strings(encoder) => encoder.finish(column),
            Self::Ints(encoder) => encoder.finish(column),
            Self::Longs(encoder) => encoder.finish(column),
            Self::Floats(encoder) => encoder.finish(column),
            Self::Doubles(encoder) => encoder.finish(column),
        }
    }
}

fn write<T>(encoder: &mut NumberColumn<T::Native>, column: &ArrayRef) -> Result<()>
where
    T: ArrowPrimitiveType,
    T::Native: numbers::Number,
{
    let column = column.as_primitive::<T>();
    encoder.write(column.values(), column.nulls())
}

/// The rows of `rows` whose value is there.
fn valid_rows(
    rows: std::ops::Range<usize>,
    nulls: Option<&NullBuffer>,
) -> impl Iterator<Item = usize> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    rows.filter(move |&row| nulls.is_none_or(|nulls| nulls.is_valid(row)))
}
