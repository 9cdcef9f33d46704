//! The keys of rows: their hashes, and whether two are equal.

use arrow::array::{
    Array, ArrayRef, AsArray, DynComparator, RecordBatch, StringViewArray, make_comparator,
};
use arrow::buffer::NullBuffer;
use arrow::compute::SortOptions;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use datafusion::physical_expr::PhysicalExprRef;

/// The hash of a row that matches nothing, since one of its keys is NULL.
pub(super) const NO_KEY: u64 = u64::MAX;

/// The same on both sides and at every level, so that equal keys meet.
const HASHES: QualityRandomState = QualityRandomState::with_seed(0);

/// How long a string may be to stand in its view.
/// <https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout>
pub(super) const INLINED: u32 = 12;

/// Whether keys of this type are compared here as DataFusion compares them.
pub(super) fn is_key(data_type: &DataType) -> bool {
    data_type.is_integer()
        || data_type.is_temporal()
        || matches!(
            data_type,
            DataType::Boolean
                | DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Binary
                | DataType::LargeBinary
                | DataType::BinaryView
                | DataType::Decimal128(..)
        )
}

/// The key expressions of one side.
#[derive(Debug)]
pub(super) struct KeyColumns(Vec<PhysicalExprRef>);

impl KeyColumns {
    pub(super) fn new(expressions: Vec<PhysicalExprRef>) -> Self {
        Self(expressions)
    }

    pub(super) fn expressions(&self) -> &[PhysicalExprRef] {
        &self.0
    }

    /// The keys of the rows of `batch`.
    pub(super) fn of(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let rows = batch.num_rows();
        let keys = self.0.iter();
        keys.map(|key| key.evaluate(batch)?.into_array(rows))
            .collect()
    }
}

/// The hash of each row's keys.
pub(super) fn hashes(keys: &[ArrayRef], rows: usize) -> Result<Vec<u64>> {
    let mut hashes = vec![0; rows];
    create_hashes(keys, &HASHES, &mut hashes)?;
    let nulls = keys.iter().fold(None, |nulls: Option<NullBuffer>, key| {
        NullBuffer::union(nulls.as_ref(), key.logical_nulls().as_ref())
    });
    for hash in &mut hashes {
        if *hash == NO_KEY {
            *hash -= 1;
        }
    }
    if let Some(nulls) = nulls {
        for (row, hash) in hashes.iter_mut().enumerate() {
            if nulls.is_null(row) {
                *hash = NO_KEY;
            }
        }
    }
    Ok(hashes)
}

/// Compares a key of the build side with one of the probe side.
pub(super) enum Equal {
    Strings(Box<[StringViewArray; 2]>),
    Others(DynComparator),
}

impl Equal {
    pub(super) fn new(build: &ArrayRef, probe: &ArrayRef) -> Result<Self> {
        Ok(match (build.data_type(), probe.data_type()) {
            (DataType::Utf8View, DataType::Utf8View) => Self::Strings(Box::new([
                build.as_string_view().clone(),
                probe.as_string_view().clone(),
            ])),
            _ => Self::Others(make_comparator(build, probe, SortOptions::default())?),
        })
    }

    /// Leaves the pairs of rows whose keys are equal.
    pub(super) fn retain(&self, build: &mut Vec<u32>, probe: &mut Vec<u32>) {
        match self {
            Self::Strings(sides) => {
                let [left, right] = sides.as_ref();
                retain(build, probe, |at, other| {
                    same_string(left, at, right, other)
                });
            }
            Self::Others(compare) => {
                retain(build, probe, |at, other| compare(at, other).is_eq());
            }
        }
    }
}

fn retain(build: &mut Vec<u32>, probe: &mut Vec<u32>, same: impl Fn(usize, usize) -> bool) {
    let mut kept = 0;
    for at in 0..build.len() {
        let (left, right) = (build[at], probe[at]);
        build[kept] = left;
        probe[kept] = right;
        kept += usize::from(same(left as usize, right as usize));
    }
    build.truncate(kept);
    probe.truncate(kept);
}

fn same_string(left: &StringViewArray, at: usize, right: &StringViewArray, other: usize) -> bool {
    let (a, b) = (left.views()[at], right.views()[other]);
    // The length and the first four bytes.
    if a as u64 != b as u64 {
        return false;
    }
    if a as u32 <= INLINED {
        return a == b;
    }
    long(left, a) == long(right, b)
}

fn long(column: &StringViewArray, view: u128) -> &[u8] {
    let (length, buffer, from) = (view as u32, (view >> 64) as u32, (view >> 96) as u32);
    &column.data_buffers()[buffer as usize][from as usize..from as usize + length as usize]
}
