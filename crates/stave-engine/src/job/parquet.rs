//! The S3ParquetSource: a table of listed files, its columns from their footers.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result as EngineResult, Statistics};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::execution::SessionState;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use object_store::{ObjectMeta, ObjectStore};
use stave_core::{BucketName, Error, Result};

use crate::listing::ListedObject;
use crate::{Engine, fault};

/// The most files whose footers are read to know their rows beforehand.
const FILES_WITH_STATISTICS: usize = 256;

/// Parquet files as a table; columns are matched by name.
#[derive(Debug)]
pub(super) struct ParquetTable {
    schema: SchemaRef,
    buckets: Vec<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    name: BucketName,
    files: Vec<ObjectMeta>,
    statistics: Statistics,
}

/// The table over `objects`, of which there is at least one.
pub(super) async fn table(engine: &Engine, objects: Vec<ListedObject>) -> Result<ParquetTable> {
    let mut by_bucket: BTreeMap<BucketName, (Arc<dyn ObjectStore>, Vec<ObjectMeta>)> =
        BTreeMap::new();
    for object in objects {
        let bucket = by_bucket
            .entry(object.uri.bucket)
            .or_insert((object.store, Vec::new()));
        bucket.1.push(object.meta);
    }
    let state = engine.state(|_| ());
    let format = format(&state);
    let mut schemas = Vec::new();
    for (name, (store, files)) in &by_bucket {
        let schema = format.infer_schema(&state, store, files).await;
        schemas.push(schema.map_err(|error| not_parquet(name, error))?);
    }
    let merged =
        arrow::datatypes::Schema::try_merge(schemas.iter().map(|schema| schema.as_ref().clone()))
            .map_err(|error| Error::invalid(format!("the files do not go together: {error}")))?;
    let schema: SchemaRef = Arc::new(merged.with_metadata(std::collections::HashMap::new()));
    let mut buckets = Vec::new();
    for (name, (store, files)) in by_bucket {
        let statistics = statistics(&state, &format, &store, &schema, &files).await;
        let statistics = statistics.map_err(|error| not_parquet(&name, error))?;
        buckets.push(Bucket {
            name,
            files,
            statistics,
        });
    }
    Ok(ParquetTable { schema, buckets })
}

fn format(state: &dyn Session) -> ParquetFormat {
    ParquetFormat::default().with_options(state.default_table_options().parquet)
}

fn not_parquet(bucket: &BucketName, error: datafusion::error::DataFusionError) -> Error {
    fault::engine(error)
        .within(format!("s3://{bucket}"))
        .hint("every file under Paths must be Parquet; leave others out with Exclusions")
}

/// Rows and bytes from the footers, where there are not too many of them.
async fn statistics(
    state: &SessionState,
    format: &ParquetFormat,
    store: &Arc<dyn ObjectStore>,
    schema: &SchemaRef,
    files: &[ObjectMeta],
) -> EngineResult<Statistics> {
    let mut whole = Statistics::new_unknown(schema);
    let stored: u64 = files.iter().map(|meta| meta.size).sum();
    whole.total_byte_size = Precision::Inexact(stored as usize * 2);
    if files.len() > FILES_WITH_STATISTICS {
        return Ok(whole);
    }
    let mut rows = Precision::Exact(0);
    for meta in files {
        let of_file = format
            .infer_stats(state, store, Arc::clone(schema), meta)
            .await?;
        rows = rows.add(&of_file.num_rows);
    }
    whole.num_rows = rows;
    Ok(whole)
}

impl ParquetTable {
    async fn scan_bucket(
        &self,
        state: &dyn Session,
        bucket: &Bucket,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::parse(format!("s3://{}", bucket.name))?;
        let files: Vec<PartitionedFile> = bucket
            .files
            .iter()
            .cloned()
            .map(PartitionedFile::new_from_meta)
            .collect();
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let source = Arc::new(ParquetSource::new(Arc::clone(&self.schema)));
        let config = FileScanConfigBuilder::new(url, source)
            .with_file_groups(groups)
            .with_statistics(bucket.statistics.clone())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        format(state).create_physical_plan(state, config).await
    }
}

#[async_trait]
impl TableProvider for ParquetTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        // What a filter lets through is known only above.
        let limit = limit.filter(|_| filters.is_empty());
        let mut scans = Vec::new();
        for bucket in &self.buckets {
            scans.push(self.scan_bucket(state, bucket, projection, limit).await?);
        }
        match scans.len() {
            1 => Ok(scans.remove(0)),
            _ => UnionExec::try_new(scans),
        }
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}
