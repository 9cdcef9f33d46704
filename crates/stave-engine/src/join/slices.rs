//! Joins a pair of files whose build side cannot be cut smaller: most likely one key.
//!
//! As much of the build side as fits is joined with the whole probe side, then the next
//! piece, to the end. Which rows of the probe side were matched is noted meanwhile.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use arrow::array::{RecordBatch, UInt32Array};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use futures::StreamExt;

use super::files::{PartFile, Spilling};
use super::held::Held;
use super::keys::hashes;
use super::probe::Prober;
use super::spec::{Rows, Spec};
use super::table::{Kept, MAX_ROWS, Table, needed_bytes};

/// A pair of files that is joined piece by piece.
pub(super) struct Slices {
    spec: Arc<Spec>,
    spilling: Spilling,
    build: SendableRecordBatchStream,
    /// Read already, but part of the next piece.
    waiting: Option<RecordBatch>,
    probe: Option<PartFile>,
    current: Option<Prober>,
    /// For each row of the probe side whether it was matched, where that matters.
    matched: Vec<bool>,
    /// The probe side once more, for its rows that come out alone, and how many went by.
    ending: Option<(SendableRecordBatchStream, usize)>,
}

impl Slices {
    pub(super) fn new(
        spec: Arc<Spec>,
        spilling: Spilling,
        build: SendableRecordBatchStream,
        probe: Option<PartFile>,
    ) -> Self {
        Self {
            spec,
            spilling,
            build,
            waiting: None,
            probe,
            current: None,
            matched: Vec::new(),
            ending: None,
        }
    }

    /// The next batch of the join.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while self.ending.is_none() {
            if let Some(current) = &mut self.current {
                if let Some(batch) = current.next().await? {
                    return Ok(Some(batch));
                }
                self.matched = current.take_matched();
                self.current = None;
            }
            let probe = self
                .spilling
                .read_or_none(self.probe.as_ref(), &self.spec.probe_schema)?;
            match self.slice().await? {
                Some(table) => {
                    let (spec, last) = (Arc::clone(&self.spec), Arc::new(AtomicUsize::new(1)));
                    let prober = Prober::new(spec, Arc::new(table), probe, last);
                    let matched = std::mem::take(&mut self.matched);
                    self.current = Some(prober.noting(matched));
                }
                None => self.ending = Some((probe, 0)),
            }
        }
        self.probe_rows().await
    }

    /// A table of as many more rows as fit, but of one batch at least.
    async fn slice(&mut self) -> Result<Option<Table>> {
        let consumer = MemoryConsumer::new("join").with_can_spill(true);
        let reservation = consumer.register(&self.spilling.runtime.memory_pool);
        let mut held = Held::default();
        let (mut kept, mut rows) = (Vec::new(), 0);
        while let Some(batch) = self.next_build().await? {
            let (batch, bytes) = held.keep(batch)?;
            rows += batch.num_rows();
            let fits = rows <= MAX_ROWS && reserve(&reservation, &batch, bytes);
            if !fits && !kept.is_empty() {
                self.waiting = Some(batch);
                break;
            }
            let hashes = hashes(&self.spec.build_keys.of(&batch)?, batch.num_rows())?;
            kept.push(Kept { batch, hashes });
            if !fits {
                break;
            }
        }
        if kept.is_empty() {
            return Ok(None);
        }
        Table::build(kept, &self.spec, 1, reservation)
            .await
            .map(Some)
    }

    async fn next_build(&mut self) -> Result<Option<RecordBatch>> {
        match self.waiting.take() {
            Some(batch) => Ok(Some(batch)),
            None => self.build.next().await.transpose(),
        }
    }

    /// The next rows of the probe side that come out alone.
    async fn probe_rows(&mut self) -> Result<Option<RecordBatch>> {
        let Some(wanted) = self.spec.probe_rows_alone() else {
            return Ok(None);
        };
        while let Some((probe, before)) = &mut self.ending {
            let Some(batch) = probe.next().await.transpose()? else {
                return Ok(None);
            };
            let from = *before;
            *before += batch.num_rows();
            let is_matched = |row: usize| self.matched.get(from + row).copied().unwrap_or(false);
            let rows: Vec<u32> = (0..batch.num_rows())
                .filter(|row| is_matched(*row) == wanted)
                .map(|row| row as u32)
                .collect();
            if !rows.is_empty() {
                let (count, rows) = (rows.len(), UInt32Array::from(rows));
                let taken = Rows::Taken(&batch, &rows);
                return self.spec.assemble(&Rows::Absent, &taken, count).map(Some);
            }
        }
        Ok(None)
    }
}

fn reserve(reservation: &MemoryReservation, batch: &RecordBatch, held_bytes: usize) -> bool {
    reservation
        .try_grow(needed_bytes(batch.num_rows(), held_bytes))
        .is_ok()
}
