//! How much memory kept batches hold.
//!
//! Strings of text files are views into chunks that all columns of all batches of the
//! chunk share: counted by batch they would be counted many times over.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteViewArray, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{ByteViewType, DataType};
use datafusion::common::Result;

use super::keys::INLINED;
use crate::compact::compact;

/// Bytes that may be held in vain before strings are copied out of their chunks.
const SLACK_BYTES: usize = 4 << 20;

/// Counts what the batches of one stream hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    seen: HashSet<usize>,
    buffers: usize,
    used: usize,
}

impl Held {
    /// The batch as it is to be kept, and how many bytes more are held with it.
    pub(super) fn keep(&mut self, batch: RecordBatch) -> Result<(RecordBatch, usize)> {
        let own: usize = batch.columns().iter().map(own_bytes).sum();
        let used: usize = batch.columns().iter().map(string_bytes).sum();
        let fresh: Vec<&Buffer> = batch
            .columns()
            .iter()
            .flat_map(string_buffers)
            .filter(|buffer| !self.seen.contains(&(buffer.as_ptr() as usize)))
            .collect();
        let mut pointers: Vec<(usize, usize)> = fresh
            .iter()
            .map(|buffer| (buffer.as_ptr() as usize, buffer.capacity()))
            .collect();
        pointers.sort_unstable();
        pointers.dedup();
        let grown: usize = pointers.iter().map(|(_, bytes)| bytes).sum();
        self.used += used;
        if self.buffers + grown > 2 * self.used + SLACK_BYTES {
            self.buffers += used;
            return Ok((compact(&batch)?, own + used));
        }
        self.seen
            .extend(pointers.iter().map(|(pointer, _)| pointer));
        self.buffers += grown;
        Ok((batch, own + grown))
    }
}

/// What a column holds apart from the buffers of its strings.
fn own_bytes(column: &ArrayRef) -> usize {
    let rows = column.len();
    match column.data_type() {
        DataType::Utf8View | DataType::BinaryView => rows * size_of::<u128>() + rows / 8,
        _ => column
            .to_data()
            .get_slice_memory_size()
            .unwrap_or_else(|_| column.get_buffer_memory_size()),
    }
}

/// How many bytes the strings of a column have outside their views.
fn string_bytes(column: &ArrayRef) -> usize {
    fn of<T: ByteViewType>(column: &GenericByteViewArray<T>) -> usize {
        let lengths = column.views().iter().map(|view| *view as u32);
        lengths
            .filter(|length| *length > INLINED)
            .map(|length| length as usize)
            .sum()
    }
    match column.data_type() {
        DataType::Utf8View => of(column.as_string_view()),
        DataType::BinaryView => of(column.as_binary_view()),
        _ => 0,
    }
}

fn string_buffers(column: &ArrayRef) -> &[Buffer] {
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().data_buffers(),
        DataType::BinaryView => column.as_binary_view().data_buffers(),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::StringViewArray;
    use arrow::datatypes::{Field, Schema};

    use super::*;

    fn batch(rows: usize) -> RecordBatch {
        let long = (0..rows).map(|row| Some(format!("a string that is not inlined {row:08}")));
        let column: ArrayRef = Arc::new(long.collect::<StringViewArray>());
        let schema = Schema::new(vec![Field::new("s", DataType::Utf8View, true)]);
        RecordBatch::try_new(Arc::new(schema), vec![column]).expect("a batch")
    }

    #[test]
    fn slices_of_one_buffer_are_counted_once() {
        let whole = batch(1000);
        let mut held = Held::default();
        let (_, first) = held.keep(whole.slice(0, 500)).expect("kept");
        let (_, second) = held.keep(whole.slice(500, 500)).expect("kept");
        assert!(first > 500 * (16 + 37));
        assert!(second < 500 * 20, "{second}");
    }

    #[test]
    fn a_few_strings_do_not_hold_a_large_buffer() {
        let whole = batch(400_000);
        let mut held = Held::default();
        let (kept, bytes) = held.keep(whole.slice(7, 10)).expect("kept");
        assert!(bytes < 1000, "{bytes}");
        assert_eq!(kept, whole.slice(7, 10));
        assert!(kept.get_array_memory_size() < 2000);
    }
}
