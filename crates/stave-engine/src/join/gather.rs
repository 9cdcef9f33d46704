//! Reads the build side: into memory while it fits, into files from then on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use datafusion::common::runtime::JoinSet;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use futures::StreamExt;

use super::files::{PartFile, Parts, Spilling};
use super::held::Held;
use super::keys::hashes;
use super::spec::Spec;
use super::table::{Kept, MAX_ROWS, needed_bytes};

/// The build side, read.
pub(super) enum Gathered {
    /// All rows, and the memory reserved for them and a table of them.
    Kept(Vec<Kept>, MemoryReservation),
    /// The files of the parts.
    Files(Vec<Option<PartFile>>),
}

/// Reads a build side.
pub(super) struct Gather {
    spec: Arc<Spec>,
    spilling: Spilling,
    level: u32,
    reservation: MemoryReservation,
    rows: AtomicUsize,
    parts: OnceLock<Parts>,
}

impl Gather {
    /// Reads all of `streams`, each in a task of its own. If they do not fit, they are cut
    /// by the bits of `level`.
    pub(super) async fn run(
        spec: Arc<Spec>,
        spilling: Spilling,
        level: u32,
        streams: Vec<SendableRecordBatchStream>,
    ) -> Result<Gathered> {
        let consumer = MemoryConsumer::new("join").with_can_spill(true);
        let gather = Arc::new(Self {
            reservation: consumer.register(&spilling.runtime.memory_pool),
            spec,
            spilling,
            level,
            rows: AtomicUsize::new(0),
            parts: OnceLock::new(),
        });
        let mut reading = JoinSet::new();
        for stream in streams {
            let gather = Arc::clone(&gather);
            reading.spawn(async move { gather.read(stream).await });
        }
        let mut kept = Vec::new();
        while let Some(read) = reading.join_next().await {
            kept.extend(read.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??);
        }
        let Some(parts) = gather.parts.get() else {
            return Ok(Gathered::Kept(
                kept,
                gather.reservation.split(gather.reservation.size()),
            ));
        };
        for kept in kept {
            parts.write(&kept.batch, &kept.hashes)?;
        }
        gather.reservation.free();
        parts.finish().map(Gathered::Files)
    }

    async fn read(&self, mut stream: SendableRecordBatchStream) -> Result<Vec<Kept>> {
        let mut kept = Vec::new();
        let mut held = Held::default();
        let mut reserved = 0;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let keys = self.spec.build_keys.of(&batch)?;
            let hashes = hashes(&keys, batch.num_rows())?;
            drop(keys);
            if self.parts.get().is_none() {
                let (batch, bytes) = held.keep(batch)?;
                let fits = self.reserve(&batch, bytes, &mut reserved);
                kept.push(Kept { batch, hashes });
                if fits {
                    continue;
                }
                self.begin_files();
            } else {
                kept.push(Kept { batch, hashes });
            }
            if let Some(parts) = self.parts.get() {
                for kept in kept.drain(..) {
                    parts.write(&kept.batch, &kept.hashes)?;
                }
                self.reservation.shrink(std::mem::take(&mut reserved));
                held = Held::default();
            }
        }
        Ok(kept)
    }

    /// Whether the batch fits with all before it.
    fn reserve(&self, batch: &RecordBatch, held_bytes: usize, reserved: &mut usize) -> bool {
        let rows = batch.num_rows();
        let bytes = needed_bytes(rows, held_bytes);
        let before = self.rows.fetch_add(rows, Ordering::Relaxed);
        let fits = before + rows <= MAX_ROWS && self.reservation.try_grow(bytes).is_ok();
        if fits {
            *reserved += bytes;
        }
        fits
    }

    fn begin_files(&self) {
        self.parts
            .get_or_init(|| Parts::new(&self.spilling, &self.spec.build_schema, self.level));
    }
}
