//! The scan of text files: one feed of chunks, decoded by as many cores as there are.
//!
//! Formats plug in by [`Format`]; knows nothing of how any of them is written.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result as EngineResult, ScalarValue, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::TryStreamExt;
use stave_core::{Error, Result};

use crate::fault;
use crate::text::{Chunk, Compression, OpenFile, TextFile};

/// How many bytes of text a value has on average, for guessing rows.
const VALUE_BYTES: usize = 14;
/// How much larger text is than its compressed form, for guessing sizes.
const COMPRESSION_RATIO: usize = 4;
/// The most rows a batch has; larger chunks are handed on in slices.
const BATCH_ROWS: usize = 16 * 1024;

/// A record that could not be made a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The object it stands in.
    pub file: String,
    /// The line it begins on, from 1.
    pub line: u64,
    /// The column that is wrong, where it is one.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The record as it is written.
    pub record: String,
}

impl BadRow {
    fn error(&self) -> Error {
        let column = match &self.column {
            Some(column) => format!(", column \"{column}\""),
            None => String::new(),
        };
        let shown: String = self.record.chars().take(120).collect();
        Error::invalid(format!(
            "{}, line {}{column}: {}: {}",
            self.file,
            self.line,
            self.reason,
            shown.trim_end()
        ))
        .hint("mend the file, or set BadRows: reject to set such records aside")
    }
}

/// Takes the records that are no rows.
pub trait Rejects: Send + Sync + fmt::Debug {
    /// Keeps a bad record.
    fn reject(&self, row: &BadRow) -> Result<()>;
}

/// A chunk's rows.
#[derive(Debug)]
pub struct Decoded {
    /// The rows.
    pub batch: RecordBatch,
    /// The records that are none.
    pub bad: Vec<BadRow>,
}

/// Hands out chunks of whole records, in order.
#[async_trait]
pub trait Feed: Send {
    /// The next chunk, or none at the end.
    async fn next(&mut self) -> Result<Option<Chunk>>;
}

/// A text format: how files become chunks, and chunks rows.
pub trait Format: Send + Sync + fmt::Debug {
    /// `csv`, `json`.
    fn name(&self) -> &'static str;
    /// The columns that the files hold.
    fn columns(&self) -> &SchemaRef;
    /// The chunks of `files`.
    fn feed(&self, files: Vec<TextFile>) -> Box<dyn Feed>;
    /// Looks at a file's header; gives what is to be reported of it.
    fn check_file(&self, file: &OpenFile) -> Result<Vec<String>>;
    /// Decodes the columns in `projection` (places in [`Format::columns`]) into a batch of `schema`.
    fn decode(&self, chunk: Chunk, projection: &[usize], schema: &SchemaRef) -> Result<Decoded>;
}

/// What a scan has read so far, and what there is to say of it.
#[derive(Debug, Default)]
pub struct ScanReport {
    /// Bytes of text, uncompressed.
    pub bytes: AtomicU64,
    /// Rows.
    pub rows: AtomicU64,
    /// Records that were set aside.
    pub rejected: AtomicU64,
    warnings: Mutex<Vec<String>>,
}

impl ScanReport {
    /// What was noticed: unknown columns, missing ones.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn warn(&self, warnings: Vec<String>) {
        let mut all = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in warnings {
            if !all.contains(&warning) {
                all.push(warning);
            }
        }
    }
}

/// A file of a table with the values of its partition.
#[derive(Debug, Clone)]
pub struct ScanFile {
    /// The file.
    pub file: TextFile,
    /// One value for each partition column.
    pub partition: Vec<ScalarValue>,
}

/// A table of text files.
#[derive(Debug, Clone)]
pub struct TextTable {
    /// How the files are written.
    pub format: Arc<dyn Format>,
    /// The files.
    pub files: Vec<ScanFile>,
    /// The partition columns, behind those of the files.
    pub partition_columns: Vec<FieldRef>,
    /// Where bad records go; without it they are errors.
    pub rejects: Option<Arc<dyn Rejects>>,
    /// What is counted while it is read.
    pub report: Arc<ScanReport>,
}

impl TextTable {
    /// A table of `files` without partition columns; bad records are errors.
    pub fn new(format: Arc<dyn Format>, files: Vec<TextFile>) -> Self {
        let files = files
            .into_iter()
            .map(|file| ScanFile {
                file,
                partition: Vec::new(),
            })
            .collect();
        Self {
            format,
            files,
            partition_columns: Vec::new(),
            rejects: None,
            report: Arc::default(),
        }
    }

    fn full_schema(&self) -> SchemaRef {
        let columns = self.format.columns().fields().iter().cloned();
        Arc::new(Schema::new(
            columns
                .chain(self.partition_columns.iter().cloned())
                .collect::<Vec<_>>(),
        ))
    }

    /// How many bytes of text the files hold, about.
    pub fn text_bytes(&self) -> usize {
        self.files
            .iter()
            .map(|scan| {
                let size = scan.file.meta.size as usize;
                match scan.file.compression {
                    Compression::None => size,
                    _ => size * COMPRESSION_RATIO,
                }
            })
            .sum()
    }
}

#[async_trait]
impl TableProvider for TextTable {
    fn schema(&self) -> SchemaRef {
        self.full_schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let partitions = state.config().target_partitions();
        Ok(Arc::new(TextScan::new(
            self.clone(),
            projection,
            partitions,
        )?))
    }
}

/// The physical scan.
#[derive(Debug)]
pub struct TextScan {
    table: TextTable,
    schema: SchemaRef,
    /// The projected columns of the files, and the batch they are decoded into.
    file_projection: Vec<usize>,
    file_schema: SchemaRef,
    /// For each column of the output: one of the files' or one of the partition's.
    output: Vec<Output>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    run: Mutex<Option<Run>>,
}

#[derive(Debug, Clone, Copy)]
enum Output {
    File(usize),
    Partition(usize),
}

/// One execution of the scan: its partitions share a feed.
#[derive(Debug)]
struct Run {
    feed: Arc<SharedFeed>,
    started: Vec<bool>,
}

struct SharedFeed {
    feed: tokio::sync::Mutex<Box<dyn Feed>>,
    checked: Mutex<Vec<bool>>,
}

impl fmt::Debug for SharedFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedFeed")
    }
}

impl TextScan {
    fn new(
        table: TextTable,
        projection: Option<&Vec<usize>>,
        partitions: usize,
    ) -> EngineResult<Self> {
        let full = table.full_schema();
        let all: Vec<usize> = (0..full.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        let in_files = table.format.columns().fields().len();
        let mut file_projection = Vec::new();
        let mut output = Vec::with_capacity(projection.len());
        for &index in projection {
            if index < in_files {
                output.push(Output::File(file_projection.len()));
                file_projection.push(index);
            } else {
                output.push(Output::Partition(index - in_files));
            }
        }
        let schema = Arc::new(full.project(projection)?);
        let file_schema = Arc::new(table.format.columns().project(&file_projection)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions.max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::NonCooperative);
        Ok(Self {
            table,
            schema,
            file_projection,
            file_schema,
            output,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            run: Mutex::new(None),
        })
    }

    /// What is scanned.
    pub(crate) fn table(&self) -> &TextTable {
        &self.table
    }

    /// The feed of the present run; a partition that is started again begins a new one.
    fn shared_feed(&self, partition: usize) -> Arc<SharedFeed> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = run.as_mut().filter(|run| !run.started[partition]) {
            run.started[partition] = true;
            return Arc::clone(&run.feed);
        }
        let files = self
            .table
            .files
            .iter()
            .map(|scan| scan.file.clone())
            .collect();
        let feed = Arc::new(SharedFeed {
            feed: tokio::sync::Mutex::new(self.table.format.feed(files)),
            checked: Mutex::new(vec![false; self.table.files.len()]),
        });
        let mut started = vec![false; self.properties.output_partitioning().partition_count()];
        started[partition] = true;
        *run = Some(Run {
            feed: Arc::clone(&feed),
            started,
        });
        feed
    }

    fn reader(&self, partition: usize) -> Reader {
        Reader {
            table: self.table.clone(),
            schema: Arc::clone(&self.schema),
            file_projection: self.file_projection.clone(),
            file_schema: Arc::clone(&self.file_schema),
            output: self.output.clone(),
            feed: self.shared_feed(partition),
        }
    }

    fn statistics(&self) -> Statistics {
        let bytes = self.table.text_bytes();
        let columns = self.table.format.columns().fields().len().max(1);
        let rows = bytes / (columns * VALUE_BYTES);
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Inexact(rows);
        statistics.total_byte_size =
            Precision::Inexact(bytes * self.file_projection.len().max(1) / columns);
        statistics
    }
}

/// Reads one partition of the scan.
struct Reader {
    table: TextTable,
    schema: SchemaRef,
    file_projection: Vec<usize>,
    file_schema: SchemaRef,
    output: Vec<Output>,
    feed: Arc<SharedFeed>,
}

impl Reader {
    async fn next(&self) -> Result<Option<RecordBatch>> {
        loop {
            let Some(chunk) = self.feed.feed.lock().await.next().await? else {
                return Ok(None);
            };
            self.check(&chunk.file)?;
            let report = &self.table.report;
            report
                .bytes
                .fetch_add(chunk.bytes.len() as u64, Ordering::Relaxed);
            let index = chunk.file.index;
            let decoded =
                self.table
                    .format
                    .decode(chunk, &self.file_projection, &self.file_schema)?;
            self.set_aside(&decoded.bad)?;
            let rows = decoded.batch.num_rows() as u64;
            report.rows.fetch_add(rows, Ordering::Relaxed);
            if rows > 0 {
                return self.complete(&decoded.batch, index).map(Some);
            }
        }
    }

    fn check(&self, file: &OpenFile) -> Result<()> {
        let mut checked = self
            .feed
            .checked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut checked[file.index], true) {
            self.table.report.warn(self.table.format.check_file(file)?);
        }
        Ok(())
    }

    fn set_aside(&self, bad: &[BadRow]) -> Result<()> {
        let Some(first) = bad.first() else {
            return Ok(());
        };
        let Some(rejects) = &self.table.rejects else {
            return Err(first.error());
        };
        for row in bad {
            rejects.reject(row)?;
        }
        let count = bad.len() as u64;
        self.table
            .report
            .rejected
            .fetch_add(count, Ordering::Relaxed);
        Ok(())
    }

    /// Puts the values of the file's partition beside its columns.
    fn complete(&self, batch: &RecordBatch, file: usize) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let columns: EngineResult<Vec<ArrayRef>> = self
            .output
            .iter()
            .map(|output| match *output {
                Output::File(at) => Ok(Arc::clone(batch.column(at))),
                Output::Partition(at) => {
                    self.table.files[file].partition[at].to_array_of_size(rows)
                }
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns.map_err(fault::engine)?,
            &options,
        )
        .map_err(|error| Error::internal(error.to_string()))
    }
}

/// Cuts a batch into slices that the operators above like.
fn slices(batch: RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let rows = batch.num_rows();
    let parts = rows.div_ceil(BATCH_ROWS).max(1);
    let size = rows.div_ceil(parts);
    (0..parts).map(move |part| {
        let from = part * size;
        batch.slice(from, size.min(rows - from))
    })
}

impl DisplayAs for TextScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        write!(
            f,
            "TextScan: format={}, files={}, columns=[{}]",
            self.table.format.name(),
            self.table.files.len(),
            names.join(", ")
        )
    }
}

impl ExecutionPlan for TextScan {
    fn name(&self) -> &'static str {
        "TextScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> EngineResult<TreeNodeRecursion>,
    ) -> EngineResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(
        &self,
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> EngineResult<SendableRecordBatchStream> {
        let reader = self.reader(partition);
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batches = futures::stream::try_unfold((reader, metrics), |(reader, metrics)| async {
            let batch = reader.next().await.map_err(fault::into_engine)?;
            Ok::<_, datafusion::error::DataFusionError>(batch.map(|batch| {
                metrics.record_output(batch.num_rows());
                (batch, (reader, metrics))
            }))
        });
        let sliced = batches
            .map_ok(|batch| futures::stream::iter(slices(batch).map(Ok)))
            .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            sliced,
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> EngineResult<Arc<Statistics>> {
        let statistics = self.statistics();
        if args.partition().is_none() {
            return Ok(Arc::new(statistics));
        }
        let parts = self.properties.output_partitioning().partition_count();
        let share = |whole: Precision<usize>| match whole {
            Precision::Inexact(value) => Precision::Inexact(value / parts),
            other => other,
        };
        Ok(Arc::new(Statistics {
            num_rows: share(statistics.num_rows),
            total_byte_size: share(statistics.total_byte_size),
            ..statistics
        }))
    }
}
