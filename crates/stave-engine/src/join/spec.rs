//! What a join is: its type, its keys, the columns that come out of it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use datafusion::common::{JoinSide, JoinType, Result};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::joins::utils::build_join_schema;

use super::keys::KeyColumns;

/// A column of the output: where it comes from.
#[derive(Debug, Clone, Copy)]
struct Place {
    from_build: bool,
    index: usize,
}

/// A join, apart from its inputs.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) join_type: JoinType,
    pub(super) build_keys: KeyColumns,
    pub(super) probe_keys: KeyColumns,
    pub(super) build_schema: SchemaRef,
    pub(super) probe_schema: SchemaRef,
    pub(super) schema: SchemaRef,
    output: Vec<Place>,
}

/// Which rows of one side an output batch takes.
pub(super) enum Rows<'a> {
    /// These of the batch; NULL where there is none.
    Taken(&'a RecordBatch, &'a UInt32Array),
    /// The batch as it is.
    All(&'a RecordBatch),
    /// None: the side is NULL.
    Absent,
}

impl Spec {
    /// The join that `join` is; its left side is the build side.
    pub(super) fn of(join: &HashJoinExec) -> Self {
        let (build_schema, probe_schema) = (join.left().schema(), join.right().schema());
        let (_, columns) = build_join_schema(&build_schema, &probe_schema, join.join_type());
        let places: Vec<Place> = columns
            .iter()
            .map(|column| Place {
                from_build: column.side == JoinSide::Left,
                index: column.index,
            })
            .collect();
        let output = match &join.projection {
            Some(projection) => projection.iter().map(|&at| places[at]).collect(),
            None => places,
        };
        let (build, probe) = join.on().iter().cloned().unzip();
        Self {
            join_type: *join.join_type(),
            build_keys: KeyColumns::new(build),
            probe_keys: KeyColumns::new(probe),
            build_schema,
            probe_schema,
            schema: join.schema(),
            output,
        }
    }

    /// Whether rows of the build side come out at the end, matched or not.
    pub(super) fn ends_with_build_rows(&self) -> bool {
        use JoinType::{Full, Left, LeftAnti, LeftSemi};
        matches!(self.join_type, Left | Full | LeftSemi | LeftAnti)
    }

    /// Whether pairs of rows come out.
    pub(super) fn gives_pairs(&self) -> bool {
        use JoinType::{Full, Inner, Left, Right};
        matches!(self.join_type, Inner | Left | Right | Full)
    }

    /// Which rows of the probe side come out alone: the matched (true), the others
    /// (false), or none.
    pub(super) fn probe_rows_alone(&self) -> Option<bool> {
        match self.join_type {
            JoinType::RightSemi => Some(true),
            JoinType::RightAnti | JoinType::Right | JoinType::Full => Some(false),
            _ => None,
        }
    }

    /// An output batch of `rows` rows.
    pub(super) fn assemble(
        &self,
        build: &Rows<'_>,
        probe: &Rows<'_>,
        rows: usize,
    ) -> Result<RecordBatch> {
        let columns = self.output.iter().enumerate().map(|(at, place)| {
            let side = if place.from_build { build } else { probe };
            match side {
                Rows::Taken(batch, taken) => Ok(take(batch.column(place.index), *taken, None)?),
                Rows::All(batch) => Ok(Arc::clone(batch.column(place.index))),
                Rows::Absent => Ok(new_null_array(self.schema.field(at).data_type(), rows)),
            }
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        debug_assert!(columns.iter().all(|column| column.len() == rows));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?)
    }
}
