//! Turns the fields of a chunk into columns.
//!
//! Strings are not copied: their views point into the chunk itself.

use std::sync::Arc;

use arrow::array::builder::make_view;
use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray, StringViewArray, new_null_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use stave_core::{Error, Result};

use super::dialect::Dialect;
use super::records::{Field, Records, is_null};
use super::values;

/// The index of the chunk among a string column's buffers.
const CHUNK: u32 = 0;
/// The index of the unescaped values among a string column's buffers.
const UNESCAPED: u32 = 1;

/// The buffers that string columns point into.
pub(super) struct Text {
    chunk: Buffer,
    unescaped: Buffer,
}

impl Text {
    pub(super) fn new(chunk: Vec<u8>, records: &mut Records) -> Self {
        Self {
            chunk: Buffer::from_vec(chunk),
            unescaped: Buffer::from_vec(std::mem::take(&mut records.unescaped)),
        }
    }

    pub(super) fn chunk(&self) -> &[u8] {
        &self.chunk
    }

    /// The bytes of a field, as written and unescaped.
    pub(super) fn value(&self, field: Field) -> &[u8] {
        if field.is_missing() {
            &[]
        } else if field.is_unescaped() {
            &self.unescaped[field.range()]
        } else {
            &self.chunk[field.range()]
        }
    }
}

/// One column of the rows of a chunk.
pub(super) struct ColumnFields<'a> {
    pub(super) text: &'a Text,
    pub(super) records: &'a Records,
    pub(super) dialect: &'a Dialect,
    /// The column's place in the file, from 0.
    pub(super) place: usize,
}

impl ColumnFields<'_> {
    fn fields(&self) -> impl Iterator<Item = Field> {
        self.records
            .fields
            .iter()
            .skip(self.place)
            .step_by(self.records.width.max(1))
            .copied()
    }

    fn is_null(&self, field: Field, value: &[u8]) -> bool {
        field.is_missing()
            || (!field.is_quoted()
                && !self.dialect.null_values.is_empty()
                && is_null(value, self.dialect))
    }

    /// Reads the column as `wanted`; the rows whose value is not of that type are
    /// NULL in it and pushed to `wrong`.
    pub(super) fn read(&self, wanted: &DataType, wrong: &mut Vec<usize>) -> Result<ArrayRef> {
        Ok(match wanted {
            DataType::Utf8View => Arc::new(self.strings()),
            DataType::Boolean => Arc::new(self.booleans(wrong)),
            DataType::Int8 => self.numbers::<Int8Type>(wrong, values::integer),
            DataType::Int16 => self.numbers::<Int16Type>(wrong, values::integer),
            DataType::Int32 => self.numbers::<Int32Type>(wrong, values::integer),
            DataType::Int64 => self.numbers::<Int64Type>(wrong, values::integer),
            DataType::Float32 => self.numbers::<Float32Type>(wrong, values::float),
            DataType::Float64 => self.numbers::<Float64Type>(wrong, values::float),
            DataType::Date32 => self.numbers::<Date32Type>(wrong, values::date),
            DataType::Timestamp(TimeUnit::Millisecond, None) => self
                .numbers::<TimestampMillisecondType>(wrong, |value| {
                    values::timestamp_nanos(value).map(|nanos| nanos.div_euclid(1_000_000))
                }),
            DataType::Timestamp(TimeUnit::Microsecond, None) => self
                .numbers::<TimestampMicrosecondType>(wrong, |value| {
                    values::timestamp_nanos(value).map(|nanos| nanos.div_euclid(1_000))
                }),
            DataType::Timestamp(TimeUnit::Nanosecond, None) => {
                self.numbers::<TimestampNanosecondType>(wrong, values::timestamp_nanos)
            }
            DataType::Decimal128(precision, scale) => {
                let (precision, scale) = (*precision, *scale);
                let column = self.primitive::<Decimal128Type>(wrong, |value| {
                    values::decimal(value, precision, scale)
                });
                let typed: Decimal128Array = column
                    .with_precision_and_scale(precision, scale)
                    .map_err(|error| Error::invalid(error.to_string()))?;
                Arc::new(typed)
            }
            other => {
                return Err(
                    Error::unsupported(format!("text cannot be read as the type {other}"))
                        .hint("read it as a string and cast it in SQL"),
                );
            }
        })
    }

    fn strings(&self) -> StringViewArray {
        let rows = self.records.len();
        let mut views: Vec<u128> = Vec::with_capacity(rows);
        let mut nulls = Nulls::new(rows);
        for (row, field) in self.fields().enumerate() {
            let value = self.text.value(field);
            if self.is_null(field, value) {
                nulls.set(row);
                views.push(0);
            } else {
                let buffer = if field.is_unescaped() {
                    UNESCAPED
                } else {
                    CHUNK
                };
                views.push(make_view(value, buffer, field.range().start as u32));
            }
        }
        let buffers = vec![self.text.chunk.clone(), self.text.unescaped.clone()];
        super::views::string_views(ScalarBuffer::from(views), buffers, nulls.finish())
    }

    fn numbers<T: ArrowPrimitiveType>(
        &self,
        wrong: &mut Vec<usize>,
        parse: impl Fn(&[u8]) -> Option<T::Native>,
    ) -> ArrayRef {
        Arc::new(self.primitive::<T>(wrong, parse))
    }

    fn primitive<T: ArrowPrimitiveType>(
        &self,
        wrong: &mut Vec<usize>,
        parse: impl Fn(&[u8]) -> Option<T::Native>,
    ) -> PrimitiveArray<T> {
        let rows = self.records.len();
        let mut parsed: Vec<T::Native> = Vec::with_capacity(rows);
        let mut nulls = Nulls::new(rows);
        for (row, field) in self.fields().enumerate() {
            parsed.push(
                self.parsed(row, field, &mut nulls, wrong, &parse)
                    .unwrap_or_default(),
            );
        }
        PrimitiveArray::new(ScalarBuffer::from(parsed), nulls.finish())
    }

    fn booleans(&self, wrong: &mut Vec<usize>) -> BooleanArray {
        let rows = self.records.len();
        let mut parsed = Vec::with_capacity(rows);
        let mut nulls = Nulls::new(rows);
        for (row, field) in self.fields().enumerate() {
            let value = self.parsed(row, field, &mut nulls, wrong, &values::boolean);
            parsed.push(value.unwrap_or_default());
        }
        BooleanArray::new(BooleanBuffer::from(parsed), nulls.finish())
    }

    fn parsed<N>(
        &self,
        row: usize,
        field: Field,
        nulls: &mut Nulls,
        wrong: &mut Vec<usize>,
        parse: &impl Fn(&[u8]) -> Option<N>,
    ) -> Option<N> {
        let value = self.text.value(field).trim_ascii();
        if value.is_empty() || self.is_null(field, value) {
            nulls.set(row);
            return None;
        }
        let parsed = parse(value);
        if parsed.is_none() {
            nulls.set(row);
            wrong.push(row);
        }
        parsed
    }
}

/// A column that the file does not have: all NULL.
pub(super) fn missing(wanted: &DataType, rows: usize) -> ArrayRef {
    new_null_array(wanted, rows)
}

/// Collects which rows are NULL, and costs nothing while none is.
struct Nulls {
    valid: Vec<bool>,
    rows: usize,
}

impl Nulls {
    fn new(rows: usize) -> Self {
        Self {
            valid: Vec::new(),
            rows,
        }
    }

    fn set(&mut self, row: usize) {
        if self.valid.is_empty() {
            self.valid = vec![true; self.rows];
        }
        self.valid[row] = false;
    }

    fn finish(self) -> Option<NullBuffer> {
        (!self.valid.is_empty()).then(|| NullBuffer::from(self.valid))
    }
}

/// The rows of `column` whose strings are not UTF-8.
pub(super) fn rows_not_utf8(text: &Text, records: &Records, place: usize) -> Vec<usize> {
    let fields = ColumnFields {
        text,
        records,
        dialect: &Dialect::default(),
        place,
    };
    fields
        .fields()
        .enumerate()
        .filter(|(_, field)| simdutf8::basic::from_utf8(text.value(*field)).is_err())
        .map(|(row, _)| row)
        .collect()
}
