//! Rows in files, cut by the hash of their keys.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::spill_file::SpillFile;
use datafusion::physical_plan::metrics::SpillMetrics;
use datafusion::physical_plan::{EmptyRecordBatchStream, SpillManager};

use crate::compact::compact;

/// How many files a side is cut into.
const PARTS: usize = 1 << PART_BITS;
const PART_BITS: u32 = 5;
/// How often a part that does not fit is cut again: each time by other bits of the hash.
pub(super) const MAX_LEVEL: u32 = 3;
/// Rows that are put together before they are written.
const WRITTEN_ROWS: usize = 4096;
/// Bytes of strings and values that are put together before they are written.
const WRITTEN_BYTES: usize = 256 << 10;

/// A file of rows; it is removed with the last handle.
pub(super) type PartFile = Arc<dyn SpillFile>;

/// Where files go, and what counts them.
#[derive(Debug, Clone)]
pub(super) struct Spilling {
    pub(super) runtime: Arc<RuntimeEnv>,
    pub(super) metrics: SpillMetrics,
    pub(super) compression: datafusion::config::SpillCompression,
}

impl Spilling {
    fn files(&self, schema: &SchemaRef) -> SpillManager {
        let files = SpillManager::new(
            Arc::clone(&self.runtime),
            self.metrics.clone(),
            Arc::clone(schema),
        );
        files.with_compression_type(self.compression)
    }

    /// The rows of a file.
    fn read(&self, file: &PartFile, schema: &SchemaRef) -> Result<SendableRecordBatchStream> {
        self.files(schema)
            .read_spill_as_stream(Arc::clone(file), None)
    }

    /// As [`Spilling::read`]; no rows where there is no file.
    pub(super) fn read_or_none(
        &self,
        file: Option<&PartFile>,
        schema: &SchemaRef,
    ) -> Result<SendableRecordBatchStream> {
        match file {
            Some(file) => self.read(file, schema),
            None => Ok(Box::pin(EmptyRecordBatchStream::new(Arc::clone(schema)))),
        }
    }
}

/// One side of a join on its way into files; many tasks write at once.
pub(super) struct Parts {
    files: SpillManager,
    level: u32,
    writers: Vec<Mutex<Writer>>,
}

#[derive(Default)]
struct Writer {
    waiting: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    file: Option<OpenFile>,
}

/// Appends a batch, or ends the file. DataFusion does not name its type.
type OpenFile = Box<dyn FnMut(Option<&RecordBatch>) -> Result<Option<PartFile>> + Send>;

fn open(files: &SpillManager) -> Result<OpenFile> {
    let mut file = files.create_in_progress_file("a join larger than memory")?;
    Ok(Box::new(move |batch| match batch {
        Some(batch) => file.append_batch(batch).map(|_| None),
        None => file.finish(),
    }))
}

impl Parts {
    /// Files for rows of `schema`, cut by the bits of `level`.
    pub(super) fn new(spilling: &Spilling, schema: &SchemaRef, level: u32) -> Self {
        Self {
            files: spilling.files(schema),
            level,
            writers: (0..PARTS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Writes the rows of `batch`, whose keys have these hashes.
    pub(super) fn write(&self, batch: &RecordBatch, hashes: &[u64]) -> Result<()> {
        let part_of = |hash: u64| (hash >> (self.level * PART_BITS)) as usize % PARTS;
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); PARTS];
        for (row, hash) in hashes.iter().enumerate() {
            rows[part_of(*hash)].push(row as u32);
        }
        for (part, rows) in rows
            .into_iter()
            .enumerate()
            .filter(|(_, rows)| !rows.is_empty())
        {
            let taken = take_record_batch(batch, &UInt32Array::from(rows))?;
            // What waits must not hold the chunks that it was cut from.
            let taken = compact(&taken)?;
            let mut writer = self.writers[part]
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            writer.rows += taken.num_rows();
            writer.bytes += taken.get_array_memory_size();
            writer.waiting.push(taken);
            if writer.rows >= WRITTEN_ROWS || writer.bytes >= WRITTEN_BYTES {
                writer.flush(&self.files)?;
            }
        }
        Ok(())
    }

    /// The files; none for a part without rows.
    pub(super) fn finish(&self) -> Result<Vec<Option<PartFile>>> {
        self.writers
            .iter()
            .map(|writer| {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.flush(&self.files)?;
                match writer.file.take() {
                    Some(mut file) => file(None),
                    None => Ok(None),
                }
            })
            .collect()
    }
}

impl Writer {
    fn flush(&mut self, files: &SpillManager) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        (self.rows, self.bytes) = (0, 0);
        let Some(first) = waiting.first() else {
            return Ok(());
        };
        let whole = concat_batches(&first.schema(), &waiting)?;
        let mut file = match self.file.take() {
            Some(file) => file,
            None => open(files)?,
        };
        file(Some(&whole))?;
        self.file = Some(file);
        Ok(())
    }
}
