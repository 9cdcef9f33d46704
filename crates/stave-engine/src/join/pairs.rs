//! Joins the files of a join that did not fit, one pair after the other.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::common::runtime::JoinSet;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::files::{MAX_LEVEL, PartFile, Parts, Spilling};
use super::gather::{Gather, Gathered};
use super::keys::hashes;
use super::probe::Prober;
use super::slices::Slices;
use super::spec::Spec;
use super::table::Table;

/// The rows of both sides whose hashes have some bits in common.
struct Pair {
    build: Option<PartFile>,
    probe: Option<PartFile>,
    /// The bits to cut by if the build side does not fit.
    level: u32,
}

/// The pairs of a join that are still to be joined; its streams take them by turns.
pub(super) struct Pairs {
    spec: Arc<Spec>,
    spilling: Spilling,
    waiting: Mutex<Vec<Pair>>,
}

impl Pairs {
    /// The pairs of `build` with the rows of `probe`, which go into files first.
    pub(super) async fn new(
        spec: Arc<Spec>,
        spilling: Spilling,
        build: Vec<Option<PartFile>>,
        probe: Vec<SendableRecordBatchStream>,
    ) -> Result<Self> {
        let pairs = Self {
            spec,
            spilling,
            waiting: Mutex::default(),
        };
        pairs.cut(build, probe, 0).await?;
        Ok(pairs)
    }

    /// Cuts `probe` as the files of `build` were cut, and lets the pairs wait.
    async fn cut(
        &self,
        build: Vec<Option<PartFile>>,
        probe: Vec<SendableRecordBatchStream>,
        level: u32,
    ) -> Result<()> {
        let parts = Arc::new(Parts::new(&self.spilling, &self.spec.probe_schema, level));
        let mut cutting = JoinSet::new();
        for stream in probe {
            let (spec, parts) = (Arc::clone(&self.spec), Arc::clone(&parts));
            cutting.spawn(async move { write_all(stream, &spec, &parts).await });
        }
        while let Some(done) = cutting.join_next().await {
            done.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
        }
        let probe = parts.finish()?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for (build, probe) in build.into_iter().zip(probe) {
            let wanted = build.is_some() && self.spec.ends_with_build_rows()
                || probe.is_some() && self.spec.probe_rows_alone() == Some(false)
                || build.is_some() && probe.is_some();
            if wanted {
                let level = level + 1;
                waiting.push(Pair {
                    build,
                    probe,
                    level,
                });
            }
        }
        Ok(())
    }

    fn take(&self) -> Option<Pair> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// Begins to join a pair; none if it was cut into smaller ones.
    async fn begin(&self, pair: Pair) -> Result<Option<Joining>> {
        let (spec, spilling) = (Arc::clone(&self.spec), self.spilling.clone());
        let build = spilling.read_or_none(pair.build.as_ref(), &spec.build_schema)?;
        if pair.level > MAX_LEVEL {
            let slices = Slices::new(spec, spilling, build, pair.probe);
            return Ok(Some(Joining::Slices(Box::new(slices))));
        }
        let probe = spilling.read_or_none(pair.probe.as_ref(), &spec.probe_schema)?;
        match Gather::run(spec, spilling, pair.level, vec![build]).await? {
            Gathered::Kept(kept, reservation) => {
                let table = Table::build(kept, &self.spec, 1, reservation).await?;
                let (spec, last) = (Arc::clone(&self.spec), Arc::new(AtomicUsize::new(1)));
                let prober = Prober::new(spec, Arc::new(table), probe, last);
                Ok(Some(Joining::Whole(Box::new(prober))))
            }
            Gathered::Files(build) => {
                self.cut(build, vec![probe], pair.level).await?;
                Ok(None)
            }
        }
    }
}

async fn write_all(mut rows: SendableRecordBatchStream, spec: &Spec, parts: &Parts) -> Result<()> {
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        let hashes = hashes(&spec.probe_keys.of(&batch)?, batch.num_rows())?;
        parts.write(&batch, &hashes)?;
    }
    Ok(())
}

/// A pair that is being joined.
enum Joining {
    Whole(Box<Prober>),
    Slices(Box<Slices>),
}

/// One stream of the join: takes pairs until none is left.
pub(super) struct PairJoiner {
    pairs: Arc<Pairs>,
    current: Option<Joining>,
}

impl PairJoiner {
    pub(super) fn new(pairs: Arc<Pairs>) -> Self {
        Self {
            pairs,
            current: None,
        }
    }

    /// The next batch of the join.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let batch = match &mut self.current {
                Some(Joining::Whole(prober)) => prober.next().await?,
                Some(Joining::Slices(slices)) => slices.next().await?,
                None => None,
            };
            if batch.is_some() {
                return Ok(batch);
            }
            self.current = None;
            let Some(pair) = self.pairs.take() else {
                return Ok(None);
            };
            self.current = self.pairs.begin(pair).await?;
        }
    }
}
