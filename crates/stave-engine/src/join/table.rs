//! The hash table over the build side.
//!
//! Cut into segments by the highest bits of the hash, so that each core fills some
//! without waiting for another. A slot holds half of the hash and the last row with it;
//! rows that share a slot are a chain.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat;
use datafusion::common::runtime::JoinSet;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryReservation;

use super::keys::NO_KEY;
use super::spec::Spec;

/// The bytes of the table for one row, about: its hash, its link, and slots that are
/// between a quarter and half full.
const ROW_BYTES: usize = 8 + 4 + 24;
/// The most rows of a table; row numbers are 32 bits wide.
pub(super) const MAX_ROWS: usize = u32::MAX as usize - 1;
/// The smallest segment.
const MIN_SLOTS: usize = 8;

/// Some rows of the build side with the hashes of their keys.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) batch: RecordBatch,
    pub(super) hashes: Vec<u64>,
}

/// The memory that a table needs of rows that hold `held_bytes` themselves.
pub(super) fn needed_bytes(rows: usize, held_bytes: usize) -> usize {
    // A column has its views twice while it becomes one; columns do so by turns.
    held_bytes + rows * (ROW_BYTES + size_of::<u128>())
}

/// The rows of the build side, found by their keys.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rows: RecordBatch,
    pub(super) keys: Vec<ArrayRef>,
    segments: Vec<Segment>,
    segment_bits: u32,
    /// For each row the number of the next one in its chain, and one; 0 at the end.
    next: Arc<Vec<AtomicU32>>,
    /// A bit for each row that was matched, where that matters.
    matched: Vec<AtomicU64>,
    _reservation: MemoryReservation,
}

impl Table {
    /// A table of `kept`, made by `cores` cores.
    pub(super) async fn build(
        kept: Vec<Kept>,
        spec: &Spec,
        cores: usize,
        reservation: MemoryReservation,
    ) -> Result<Self> {
        let count: usize = kept.iter().map(|kept| kept.hashes.len()).sum();
        let segments = cores.next_power_of_two();
        let segment_bits = segments.trailing_zeros();
        let next: Arc<Vec<AtomicU32>> = Arc::new((0..count).map(|_| AtomicU32::new(0)).collect());
        let (batches, hashes): (Vec<RecordBatch>, Vec<Vec<u64>>) = kept
            .into_iter()
            .map(|kept| (kept.batch, kept.hashes))
            .unzip();
        let hashes = Arc::new(hashes);
        let mut filling = JoinSet::new();
        for segment in 0..segments as u64 {
            let (hashes, next) = (Arc::clone(&hashes), Arc::clone(&next));
            filling.spawn(async move {
                let filled = Segment::fill(&hashes, segment, segment_bits, &next);
                (segment, filled)
            });
        }
        let rows = one_batch(batches, spec, count).await?;
        let mut segments: Vec<(u64, Segment)> = Vec::with_capacity(segments);
        while let Some(filled) = filling.join_next().await {
            segments.push(filled.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?);
        }
        segments.sort_by_key(|(segment, _)| *segment);
        let bits = if spec.ends_with_build_rows() {
            count.div_ceil(64)
        } else {
            0
        };
        Ok(Self {
            keys: spec.build_keys.of(&rows)?,
            rows,
            segments: segments.into_iter().map(|(_, segment)| segment).collect(),
            segment_bits,
            next,
            matched: (0..bits).map(|_| AtomicU64::new(0)).collect(),
            _reservation: reservation,
        })
    }

    /// The first row of the chain for `hash`, and one; 0 if there is none.
    pub(super) fn first(&self, hash: u64) -> u32 {
        if hash == NO_KEY {
            return 0;
        }
        let segment = segment_of(hash, self.segment_bits);
        self.segments[segment as usize].find(hash << self.segment_bits, hash as u32)
    }

    /// The row behind row `row` of a chain, and one; 0 if it is the last.
    pub(super) fn after(&self, row: u32) -> u32 {
        self.next[row as usize].load(Ordering::Relaxed)
    }

    /// Notes that these rows were matched.
    pub(super) fn set_matched(&self, rows: &[u32]) {
        for row in rows {
            let (word, bit) = (row / 64, 1_u64 << (row % 64));
            let word = &self.matched[word as usize];
            // Most rows that are matched were matched before.
            if word.load(Ordering::Relaxed) & bit == 0 {
                word.fetch_or(bit, Ordering::Relaxed);
            }
        }
    }

    /// Whether the row was matched.
    pub(super) fn is_matched(&self, row: usize) -> bool {
        self.matched[row / 64].load(Ordering::Acquire) >> (row % 64) & 1 == 1
    }
}

/// The slots for the hashes with the same highest bits.
#[derive(Debug)]
struct Segment {
    slots: Vec<u64>,
    shift: u32,
}

impl Segment {
    fn fill(hashes: &[Vec<u64>], segment: u64, bits: u32, next: &[AtomicU32]) -> Self {
        let own = |hash: u64| hash != NO_KEY && segment_of(hash, bits) == segment;
        let count = hashes.iter().flatten().filter(|hash| own(**hash)).count();
        let slots = (2 * count).next_power_of_two().max(MIN_SLOTS);
        let mut filled = Self {
            slots: vec![0; slots],
            shift: u64::BITS - slots.trailing_zeros(),
        };
        for (row, &hash) in hashes.iter().flatten().enumerate() {
            if own(hash) {
                let before = filled.insert(hash << bits, hash as u32, row as u32 + 1);
                next[row].store(before, Ordering::Relaxed);
            }
        }
        filled
    }

    /// Puts a row at the head of its chain; gives the row that was there.
    fn insert(&mut self, position: u64, tag: u32, row: u32) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = (position >> self.shift) as usize;
        loop {
            let slot = self.slots[at];
            if slot == 0 || (slot >> 32) as u32 == tag {
                self.slots[at] = u64::from(tag) << 32 | u64::from(row);
                return slot as u32;
            }
            at = (at + 1) & mask;
        }
    }

    fn find(&self, position: u64, tag: u32) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = (position >> self.shift) as usize;
        loop {
            let slot = self.slots[at];
            if slot == 0 || (slot >> 32) as u32 == tag {
                return slot as u32;
            }
            at = (at + 1) & mask;
        }
    }
}

fn segment_of(hash: u64, bits: u32) -> u64 {
    hash.rotate_left(bits) & ((1 << bits) - 1)
}

/// All batches as one, its columns put together side by side.
async fn one_batch(batches: Vec<RecordBatch>, spec: &Spec, rows: usize) -> Result<RecordBatch> {
    let width = spec.build_schema.fields().len();
    let mut columns: Vec<Vec<ArrayRef>> = (0..width)
        .map(|_| Vec::with_capacity(batches.len()))
        .collect();
    for batch in batches {
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            column.push(Arc::clone(array));
        }
    }
    let mut joining = JoinSet::new();
    for (at, arrays) in columns.into_iter().enumerate() {
        let data_type = spec.build_schema.field(at).data_type().clone();
        joining.spawn(async move {
            let arrays: Vec<&dyn arrow::array::Array> = arrays.iter().map(AsRef::as_ref).collect();
            let whole = if arrays.is_empty() {
                Ok(arrow::array::new_empty_array(&data_type))
            } else {
                concat(&arrays)
            };
            whole.map(|whole| (at, whole))
        });
    }
    let mut joined: Vec<(usize, ArrayRef)> = Vec::with_capacity(width);
    while let Some(column) = joining.join_next().await {
        let column = column.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
        joined.push(column?);
    }
    joined.sort_by_key(|(at, _)| *at);
    let columns = joined.into_iter().map(|(_, column)| column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(&spec.build_schema),
        columns,
        &options,
    )?)
}
