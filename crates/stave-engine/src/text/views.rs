//! Makes string columns that point into text which is known to be UTF-8.

use arrow::array::StringViewArray;
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};

/// A string column over `buffers`.
pub(super) fn string_views(
    views: ScalarBuffer<u128>,
    buffers: Vec<Buffer>,
    nulls: Option<NullBuffer>,
) -> StringViewArray {
    StringViewArray::new(views, buffers, nulls)
}
