//! Finds the rows of the table for the rows of the probe side.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{RecordBatch, UInt32Array};
use datafusion::common::{JoinType, Result};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::keys::{Equal, hashes};
use super::spec::{Rows, Spec};
use super::table::Table;

/// The most rows of a batch that comes out.
const BATCH_ROWS: usize = 8192;

/// Joins one stream of the probe side with a table.
pub(super) struct Prober {
    spec: Arc<Spec>,
    table: Arc<Table>,
    probe: SendableRecordBatchStream,
    /// How many streams are still probing the table.
    probing: Arc<AtomicUsize>,
    current: Option<Current>,
    /// The next build row to look at, once no stream is probing.
    ending: Option<usize>,
    /// Where the table is one of several: which rows of the whole stream were matched so
    /// far by any, and how many rows went by. None of them comes out alone here.
    noted: Option<(Vec<bool>, usize)>,
}

/// A batch of the probe side that is being joined.
struct Current {
    batch: RecordBatch,
    equal: Vec<Equal>,
    /// For each row the first of its chain, and one.
    first: Vec<u32>,
    row: usize,
    /// The next of the present row's chain, and one; none before its first.
    chain: Option<u32>,
    matched: Vec<bool>,
}

impl Prober {
    /// Probes `table` with `probe`; the last of the streams counted by `probing` gives
    /// the rows of the build side that come out at the end.
    pub(super) fn new(
        spec: Arc<Spec>,
        table: Arc<Table>,
        probe: SendableRecordBatchStream,
        probing: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            spec,
            table,
            probe,
            probing,
            current: None,
            ending: None,
            noted: None,
        }
    }

    /// The same, with a table that is only a part of the build side: what was matched is
    /// added to `matched` instead of coming out.
    pub(super) fn noting(self, matched: Vec<bool>) -> Self {
        let noted = Some((matched, 0));
        Self { noted, ..self }
    }

    /// Which rows were matched by this table and those before.
    pub(super) fn take_matched(&mut self) -> Vec<bool> {
        self.noted.take().unwrap_or_default().0
    }

    /// The next batch of the join.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while self.ending.is_none() {
            let joined = match self.current.take() {
                Some(current) => self.step(current)?,
                None => None,
            };
            if let Some(joined) = joined.filter(|joined| joined.num_rows() > 0) {
                return Ok(Some(joined));
            }
            if self.current.is_none() {
                match self.probe.next().await {
                    Some(batch) => self.current = Some(self.begin(batch?)?),
                    None => self.ending = Some(self.end()),
                }
            }
        }
        self.build_rows()
    }

    /// The first row of the build side that this stream has to look at in the end.
    fn end(&self) -> usize {
        let last = self.probing.fetch_sub(1, Ordering::AcqRel) == 1;
        if last && self.spec.ends_with_build_rows() {
            0
        } else {
            self.table.rows.num_rows()
        }
    }

    fn begin(&self, batch: RecordBatch) -> Result<Current> {
        let keys = self.spec.probe_keys.of(&batch)?;
        let hashes = hashes(&keys, batch.num_rows())?;
        let first = hashes
            .into_iter()
            .map(|hash| self.table.first(hash))
            .collect();
        let equal = self.table.keys.iter().zip(&keys);
        let equal = equal.map(|(build, probe)| Equal::new(build, probe));
        let alone = self.spec.probe_rows_alone().is_some();
        Ok(Current {
            equal: equal.collect::<Result<_>>()?,
            first,
            row: 0,
            chain: None,
            matched: if alone {
                vec![false; batch.num_rows()]
            } else {
                Vec::new()
            },
            batch,
        })
    }

    /// Joins some more of the present batch; what comes out may be empty.
    fn step(&mut self, mut current: Current) -> Result<Option<RecordBatch>> {
        if current.row < current.batch.num_rows() {
            let (build, probe) = current.pairs(&self.table);
            if self.spec.ends_with_build_rows() {
                self.table.set_matched(&build);
            }
            if !current.matched.is_empty() {
                for row in &probe {
                    current.matched[*row as usize] = true;
                }
            }
            let joined = if self.spec.gives_pairs() {
                Some(self.joined(&current.batch, build, probe)?)
            } else {
                None
            };
            self.current = Some(current);
            return Ok(joined);
        }
        let Some(wanted) = self.spec.probe_rows_alone() else {
            return Ok(None);
        };
        if let Some((noted, before)) = &mut self.noted {
            note(noted, *before, &current.matched);
            *before += current.matched.len();
            return Ok(None);
        }
        let rows = current.matched.iter().enumerate();
        let rows: UInt32Array = rows
            .filter(|(_, matched)| **matched == wanted)
            .map(|(row, _)| row as u32)
            .collect::<Vec<_>>()
            .into();
        let count = rows.len();
        self.spec
            .assemble(&Rows::Absent, &Rows::Taken(&current.batch, &rows), count)
            .map(Some)
    }

    fn joined(&self, batch: &RecordBatch, build: Vec<u32>, probe: Vec<u32>) -> Result<RecordBatch> {
        let rows = build.len();
        let each_once = rows == batch.num_rows()
            && probe
                .iter()
                .enumerate()
                .all(|(at, row)| at == *row as usize);
        let (build, probe) = (UInt32Array::from(build), UInt32Array::from(probe));
        let of_probe = if each_once {
            Rows::All(batch)
        } else {
            Rows::Taken(batch, &probe)
        };
        self.spec
            .assemble(&Rows::Taken(&self.table.rows, &build), &of_probe, rows)
    }

    /// The next rows of the build side that come out alone.
    fn build_rows(&mut self) -> Result<Option<RecordBatch>> {
        let Some(from) = self.ending else {
            return Ok(None);
        };
        let wanted = self.spec.join_type == JoinType::LeftSemi;
        let all = from..self.table.rows.num_rows();
        let mut at = from;
        let mut rows: Vec<u32> = Vec::new();
        for row in all {
            if rows.len() == BATCH_ROWS {
                break;
            }
            at = row + 1;
            if self.table.is_matched(row) == wanted {
                rows.push(row as u32);
            }
        }
        self.ending = Some(at);
        if rows.is_empty() {
            return Ok(None);
        }
        let count = rows.len();
        let rows = UInt32Array::from(rows);
        self.spec
            .assemble(&Rows::Taken(&self.table.rows, &rows), &Rows::Absent, count)
            .map(Some)
    }
}

/// Adds what was matched of the rows from `from` on.
fn note(noted: &mut Vec<bool>, from: usize, matched: &[bool]) {
    noted.resize(noted.len().max(from + matched.len()), false);
    for (noted, matched) in noted[from..].iter_mut().zip(matched) {
        *noted |= matched;
    }
}

impl Current {
    /// The next pairs of rows with equal keys, as many as a batch may have.
    fn pairs(&mut self, table: &Table) -> (Vec<u32>, Vec<u32>) {
        let rows = self.batch.num_rows();
        let mut build = Vec::with_capacity(BATCH_ROWS.min(rows));
        let mut probe = Vec::with_capacity(BATCH_ROWS.min(rows));
        while self.row < rows && build.len() < BATCH_ROWS {
            let mut next = self.chain.take().unwrap_or(self.first[self.row]);
            while next != 0 {
                if build.len() == BATCH_ROWS {
                    self.chain = Some(next);
                    break;
                }
                build.push(next - 1);
                probe.push(self.row as u32);
                next = table.after(next - 1);
            }
            if self.chain.is_none() {
                self.row += 1;
            }
        }
        for equal in &self.equal {
            equal.retain(&mut build, &mut probe);
        }
        (build, probe)
    }
}
