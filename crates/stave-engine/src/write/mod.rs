//! Writes the rows of a plan into files of a local folder, one writer a partition
//! of the plan, so that every core encodes what it computed.
//!
//! The folder is aside: whoever runs the plan moves the files to where they are
//! seen, whole. Knows nothing of buckets.

mod columns;
mod encodings;
mod folders;
mod parquet;
mod sink;
#[cfg(test)]
mod tests;
mod text;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};
use futures::StreamExt;
use stave_core::{Error, Result};

use crate::fault;
use crate::text::Compression;
use folders::Folders;

/// How Parquet pages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ParquetCompression {
    /// Snappy, as Glue and Athena write by default.
    #[default]
    Snappy,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// LZ4, in its raw form.
    Lz4,
    /// Not at all.
    None,
}

impl ParquetCompression {
    /// What Glue puts before `.parquet` in a file's name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Snappy => "-snappy",
            Self::Gzip => "-gzip",
            Self::Zstd => "-zstd",
            Self::Lz4 => "-lz4",
            Self::None => "",
        }
    }
}

/// The form of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputFormat {
    /// Parquet.
    Parquet(ParquetCompression),
    /// CSV with a header.
    Csv {
        /// What stands between fields.
        delimiter: u8,
        /// How whole files are compressed.
        compression: Compression,
    },
    /// One JSON object a line.
    Json {
        /// How whole files are compressed.
        compression: Compression,
    },
}

/// What is to be written where.
#[derive(Debug, Clone)]
pub struct OutputSpec {
    /// The folder, which exists.
    pub directory: PathBuf,
    /// What file names begin with, as Glue names them: `run-<epoch ms>`.
    pub prefix: String,
    /// The form of the files.
    pub format: OutputFormat,
    /// Columns that become folders `name=value` instead.
    pub partition_by: Vec<String>,
    /// How many files are written at once in a folder; by default one a core.
    pub files: Option<usize>,
}

impl OutputSpec {
    /// A file's name in the way of Glue.
    fn file_name(&self, number: usize) -> String {
        let prefix = &self.prefix;
        match &self.format {
            OutputFormat::Parquet(compression) => {
                let suffix = compression.suffix();
                format!("{prefix}-part-block-0-r-{number:05}{suffix}.parquet")
            }
            OutputFormat::Csv { compression, .. } | OutputFormat::Json { compression } => {
                let suffix = match compression {
                    Compression::None => "",
                    Compression::Gzip => ".gz",
                    Compression::Bzip2 => ".bz2",
                    Compression::Zstd => ".zst",
                };
                format!("{prefix}-part-r-{number:05}{suffix}")
            }
        }
    }
}

/// What has been written so far.
#[derive(Debug, Default)]
pub struct WriteProgress {
    rows: AtomicU64,
}

impl WriteProgress {
    /// Rows that were handed to the writers.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its key under the target: `genre=rock/run-…parquet`.
    pub key: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// Runs `plan` and writes its rows; a partition without rows makes no file.
pub async fn write(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    spec: &OutputSpec,
    progress: &Arc<WriteProgress>,
) -> Result<Vec<WrittenFile>> {
    let plan = with_files(plan, spec.files)?;
    let spec = Arc::new(spec.clone());
    let schema = plan.schema();
    let mut writers = tokio::task::JoinSet::new();
    for partition in 0..plan.output_partitioning().partition_count() {
        let job = PartitionWriter {
            plan: Arc::clone(&plan),
            context: Arc::clone(&context),
            spec: Arc::clone(&spec),
            schema: Arc::clone(&schema),
            progress: Arc::clone(progress),
            partition,
        };
        writers.spawn(job.run());
    }
    let mut files = Vec::new();
    while let Some(done) = writers.join_next().await {
        // Leaving early drops the set, which stops the other writers.
        files.extend(done.map_err(stopped)??);
    }
    files.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(files)
}

fn stopped(error: tokio::task::JoinError) -> Error {
    Error::internal("a writer stopped").caused_by(error)
}

fn with_files(
    plan: Arc<dyn ExecutionPlan>,
    files: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions = plan.output_partitioning().partition_count();
    match files {
        Some(files) if files > 0 && files != partitions => {
            if files == 1 {
                return Ok(Arc::new(CoalescePartitionsExec::new(plan)));
            }
            let partitioning = Partitioning::RoundRobinBatch(files);
            let repartition =
                RepartitionExec::try_new(plan, partitioning).map_err(fault::engine)?;
            Ok(Arc::new(repartition))
        }
        _ => Ok(plan),
    }
}

struct PartitionWriter {
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    spec: Arc<OutputSpec>,
    schema: SchemaRef,
    progress: Arc<WriteProgress>,
    partition: usize,
}

impl PartitionWriter {
    async fn run(self) -> Result<Vec<WrittenFile>> {
        let mut stream = self
            .plan
            .execute(self.partition, self.context)
            .map_err(fault::engine)?;
        let mut folders = Folders::new(self.spec, &self.schema, self.partition)?;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(fault::engine)?;
            folders.write(&batch)?;
            let rows = batch.num_rows() as u64;
            self.progress.rows.fetch_add(rows, Ordering::Relaxed);
            // A plan that always has a batch ready would never let go of the thread, also when
            // it is told to stop.
            tokio::task::coop::consume_budget().await;
        }
        folders.finish()
    }
}
