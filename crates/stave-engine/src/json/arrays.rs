//! Makes arrow's arrays of a column's values.

use std::sync::Arc;

use arrow::array::builder::make_view;
use arrow::array::{
    ArrayRef, Date32Array, Int8Array, Int16Array, Int32Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, TimeUnit};
use stave_core::Result;

use super::builders::{internal, unreadable};

pub(super) fn integers(
    wanted: &DataType,
    values: Vec<i64>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    fn narrow<N: TryFrom<i64> + Default>(values: Vec<i64>) -> Vec<N> {
        // Every value was checked when it was read.
        values
            .into_iter()
            .map(|value| N::try_from(value).unwrap_or_default())
            .collect()
    }
    Ok(match wanted {
        DataType::Int8 => Arc::new(Int8Array::new(narrow(values).into(), nulls)),
        DataType::Int16 => Arc::new(Int16Array::new(narrow(values).into(), nulls)),
        DataType::Int32 => Arc::new(Int32Array::new(narrow(values).into(), nulls)),
        DataType::Int64 => Arc::new(Int64Array::new(values.into(), nulls)),
        DataType::Date32 => Arc::new(Date32Array::new(narrow(values).into(), nulls)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            Arc::new(TimestampMillisecondArray::new(values.into(), nulls))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Arc::new(TimestampMicrosecondArray::new(values.into(), nulls))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Arc::new(TimestampNanosecondArray::new(values.into(), nulls))
        }
        other => return Err(unreadable(other)),
    })
}

pub(super) fn strings(
    text: Vec<u8>,
    ends: &[usize],
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let mut start = 0;
    let views: Vec<u128> = ends
        .iter()
        .map(|&end| {
            let from = std::mem::replace(&mut start, end);
            make_view(&text[from..end], 0, from as u32)
        })
        .collect();
    let buffers = vec![Buffer::from_vec(text)];
    let column = StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls);
    Ok(Arc::new(column.map_err(internal)?))
}

pub(super) fn offsets(ends: Vec<i32>) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(ends))
}
