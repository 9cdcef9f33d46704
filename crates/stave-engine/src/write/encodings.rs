//! Chooses how each Parquet column is encoded, by looking at its first rows.
//!
//! A dictionary pays where values repeat. Where they do not, looking every value
//! up costs more than all other encoding together, and the dictionary is thrown
//! away in the end.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, Int64Type};

/// The share of distinct values from which on a dictionary does not pay.
const DICTIONARY_BELOW: f64 = 0.5;

/// How one column is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// A dictionary of the values, and places in it.
    Dictionary,
    /// Strings without a dictionary: lengths first, then the bytes.
    Lengths,
    /// As the values are.
    Plain,
}

/// The choice for column `index` of `sample`; only flat columns are looked at.
pub(super) fn choose(sample: &RecordBatch, index: usize) -> Choice {
    let column = sample.column(index);
    let rows = column.len() - column.null_count();
    let (distinct, otherwise) = match column.data_type() {
        DataType::Utf8View => {
            let strings = column.as_string_view();
            (
                strings.iter().flatten().collect::<HashSet<_>>().len(),
                Choice::Lengths,
            )
        }
        DataType::Utf8 => {
            let strings = column.as_string::<i32>();
            (
                strings.iter().flatten().collect::<HashSet<_>>().len(),
                Choice::Lengths,
            )
        }
        DataType::Int64 => {
            let numbers = column.as_primitive::<Int64Type>();
            (
                numbers.iter().flatten().collect::<HashSet<_>>().len(),
                Choice::Plain,
            )
        }
        DataType::Int32 => {
            let numbers = column.as_primitive::<Int32Type>();
            (
                numbers.iter().flatten().collect::<HashSet<_>>().len(),
                Choice::Plain,
            )
        }
        DataType::Float64 => {
            let numbers = column.as_primitive::<arrow::datatypes::Float64Type>();
            let bits = numbers.iter().flatten().map(f64::to_bits);
            (bits.collect::<HashSet<_>>().len(), Choice::Plain)
        }
        _ => return Choice::Dictionary,
    };
    if (distinct as f64) < rows as f64 * DICTIONARY_BELOW || rows < 100 {
        Choice::Dictionary
    } else {
        otherwise
    }
}
