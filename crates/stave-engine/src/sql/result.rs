//! What a statement answers: columns, then rows as they come, and what it took.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::datasource::physical_plan::{FileGroup, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::TryStreamExt;
use stave_core::{Error, Result};

use super::names::Names;
use super::values;
use crate::scan::TextScan;
use crate::{Engine, fault};

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name; not always the only one of that name.
    pub name: String,
    /// Its type in Athena's words: `varchar`, `bigint`, `array(varchar)`.
    pub type_name: String,
}

/// What a statement has read, answered and taken so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryStatistics {
    /// Bytes read from storage: of text uncompressed, of Parquet the columns that were needed.
    pub scanned_bytes: u64,
    /// Whether text was read, of which that is not what lies in storage.
    pub has_read_text: bool,
    /// Files that were left to read after pruning by partitions.
    pub files: u64,
    /// Rows handed out.
    pub rows: u64,
    /// From the text to the plan.
    pub planning: Duration,
    /// From the plan to the last row that was asked for.
    pub execution: Duration,
}

/// A plan at work, and how to begin again where memory was too small.
pub(super) struct Running {
    stream: SendableRecordBatchStream,
    plan: Arc<dyn ExecutionPlan>,
}

impl Running {
    /// Starts `plan`.
    pub(super) async fn start(engine: &Engine, plan: LogicalPlan) -> Result<Self> {
        let (physical, context) = engine.physical(plan).await?;
        let stream = execute_stream(Arc::clone(&physical), context).map_err(fault::engine)?;
        Ok(Self {
            stream,
            plan: physical,
        })
    }

    /// The result, begun at `begun`.
    pub(super) fn into_result(self, names: &Names, begun: Instant) -> QueryResult {
        let schema = self.plan.schema();
        let planned: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let names = names.of(&planned);
        QueryResult::new(&schema, &names, Answer::Running(self), begun.elapsed())
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        self.stream.try_next().await.map_err(fault::engine)
    }
}

/// How the work on a statement ended.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// All rows were handed out.
    Succeeded,
    /// It ended with an error.
    Failed(&'a Error),
}

/// Is told of the end.
type Tell = Box<dyn FnOnce(Ended<'_>, QueryStatistics) + Send>;

enum Answer {
    Running(Running),
    Ready(Option<RecordBatch>),
}

/// The answer to a statement. Dropping it stops the work.
pub struct QueryResult {
    columns: Vec<ResultColumn>,
    schema: SchemaRef,
    answer: Answer,
    statistics: QueryStatistics,
    started: Instant,
    tell: Option<Tell>,
}

impl std::fmt::Debug for QueryResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryResult")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl QueryResult {
    /// Rows that are there already.
    pub(super) fn ready(batch: RecordBatch, planning: Duration) -> Self {
        let schema = batch.schema();
        let names: Vec<String> = schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        Self::new(&schema, &names, Answer::Ready(Some(batch)), planning)
    }

    fn new(planned: &SchemaRef, names: &[String], answer: Answer, planning: Duration) -> Self {
        let fields: Vec<Field> = planned
            .fields()
            .iter()
            .zip(names)
            .map(|(field, name)| Field::new(name, field.data_type().clone(), true))
            .collect();
        let columns = fields
            .iter()
            .map(|field| ResultColumn {
                name: field.name().clone(),
                type_name: values::type_name(field.data_type()),
            })
            .collect();
        Self {
            columns,
            schema: Arc::new(Schema::new(fields)),
            answer,
            statistics: QueryStatistics {
                planning,
                ..QueryStatistics::default()
            },
            started: Instant::now(),
            tell: None,
        }
    }

    /// Has `tell` called at the end, once. It is dropped uncalled with a result that was not read
    /// to its end.
    pub fn when_ended(&mut self, tell: impl FnOnce(Ended<'_>, QueryStatistics) + Send + 'static) {
        self.tell = Some(Box::new(tell));
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    /// What was read, answered and taken until now.
    pub fn statistics(&self) -> QueryStatistics {
        let mut statistics = self.statistics;
        if let Answer::Running(running) = &self.answer {
            let mut files = BTreeSet::new();
            add_scans(&running.plan, &mut statistics, &mut files);
            statistics.files = files.len() as u64;
        }
        statistics
    }

    /// The next rows, or none at the end. No more is held than what is on its way.
    pub async fn next(&mut self) -> Result<Option<Rows>> {
        Ok(self.next_batch().await?.map(Rows))
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let next = match &mut self.answer {
            Answer::Running(running) => running.next().await,
            Answer::Ready(batch) => Ok(batch.take()),
        };
        self.statistics.execution = self.started.elapsed();
        match &next {
            Ok(Some(batch)) => self.statistics.rows += batch.num_rows() as u64,
            Ok(None) => self.end(Ended::Succeeded),
            Err(error) => self.end(Ended::Failed(error)),
        }
        next
    }

    fn end(&mut self, ended: Ended<'_>) {
        if let Some(tell) = self.tell.take() {
            tell(ended, self.statistics());
        }
    }
}

/// Adds up what the scans of a plan have read, and of which files.
fn add_scans(
    plan: &Arc<dyn ExecutionPlan>,
    sum: &mut QueryStatistics,
    files: &mut BTreeSet<String>,
) {
    if let Some(scan) = plan.downcast_ref::<TextScan>() {
        sum.has_read_text = true;
        sum.scanned_bytes += scan.table().report.bytes.load(Ordering::Relaxed);
        files.extend(scan.table().files.iter().map(|scan| scan.file.name.clone()));
    } else if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
        let read = scan
            .metrics()
            .and_then(|metrics| metrics.sum_by_name("bytes_scanned"));
        sum.scanned_bytes += read.map_or(0, |value| value.as_usize() as u64);
        if let Some((config, _)) = scan.downcast_to_file_source::<ParquetSource>() {
            let all = config.file_groups.iter().flat_map(FileGroup::iter);
            let url = &config.object_store_url;
            files.extend(all.map(|file| format!("{url}{}", file.object_meta.location)));
        }
    }
    for child in plan.children() {
        add_scans(child, sum, files);
    }
}

/// Some rows of a result.
#[derive(Debug, Clone)]
pub struct Rows(RecordBatch);

impl Rows {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.0.num_rows()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a value as Athena prints it; none is NULL.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cow<'_, str>> {
        values::text(self.0.column(column).as_ref(), row)
    }

    /// All values of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = Option<Cow<'_, str>>> {
        (0..self.0.num_columns()).map(move |column| self.cell(row, column))
    }
}
