//! Reads Parquet files as a table of the catalog sees them: columns by their names
//! whatever their case, missing ones NULL, values cast to the catalog's types.

use std::sync::Arc;

use ::parquet::file::metadata::RowGroupMetaData;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result as EngineResult, ScalarValue, Statistics};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore};
use stave_core::{BucketName, Error, Result};

use crate::fault;

/// How many footers are read at once.
const FOOTERS: usize = 16;
/// The most files whose footers are read to know their rows beforehand.
const FILES_WITH_STATISTICS: usize = 256;

/// The Parquet files of one bucket, each with the values of its partition.
#[derive(Debug)]
pub(super) struct ParquetFiles {
    pub(super) bucket: BucketName,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) files: Vec<(ObjectMeta, Vec<ScalarValue>)>,
}

/// What is wanted of them.
pub(super) struct Wanted<'a> {
    /// The columns of the files as the catalog has them.
    pub(super) columns: &'a SchemaRef,
    /// The partition keys, behind those.
    pub(super) keys: &'a [FieldRef],
    pub(super) projection: Option<&'a Vec<usize>>,
    pub(super) limit: Option<usize>,
}

/// The scan of `found`.
pub(super) async fn scan(
    state: &dyn Session,
    found: ParquetFiles,
    wanted: &Wanted<'_>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = TableSchema::builder(Arc::clone(wanted.columns))
        .with_table_partition_cols(wanted.keys.to_vec())
        .build();
    let statistics = statistics(state, &found, schema.table_schema()).await?;
    let files: Vec<PartitionedFile> = found
        .files
        .into_iter()
        .map(|(meta, values)| PartitionedFile::new_from_meta(meta).with_partition_values(values))
        .collect();
    let url = ObjectStoreUrl::parse(format!("s3://{}", found.bucket)).map_err(fault::engine)?;
    let groups: Vec<FileGroup> =
        FileGroup::new(files).split_files(state.config().target_partitions());
    let config = FileScanConfigBuilder::new(url, Arc::new(ParquetSource::new(schema)))
        .with_file_groups(groups)
        .with_statistics(statistics)
        .with_projection_indices(wanted.projection.cloned())
        .map_err(fault::engine)?
        .with_limit(wanted.limit)
        .with_expr_adapter(Some(Arc::new(AnyCase)))
        .build();
    ParquetFormat::default()
        .with_options(state.default_table_options().parquet)
        .create_physical_plan(state, config)
        .await
        .map_err(fault::engine)
}

/// Rows and bytes from the footers. Nothing of single columns: a column whose name
/// differs in case would count as missing.
async fn statistics(
    state: &dyn Session,
    found: &ParquetFiles,
    schema: &SchemaRef,
) -> Result<Statistics> {
    let mut whole = Statistics::new_unknown(schema);
    let stored: u64 = found.files.iter().map(|(meta, _)| meta.size).sum();
    if found.files.len() > FILES_WITH_STATISTICS {
        whole.total_byte_size = Precision::Inexact(stored as usize * 2);
        return Ok(whole);
    }
    let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
    let mut reading = Vec::with_capacity(found.files.len());
    for (meta, _) in &found.files {
        reading.push(footer(&cache, found, meta));
    }
    let footers: Vec<(i64, i64)> = futures::stream::iter(reading)
        .buffered(FOOTERS)
        .try_collect()
        .await?;
    let rows: i64 = footers.iter().map(|(rows, _)| rows).sum();
    let bytes: i64 = footers.iter().map(|(_, bytes)| bytes).sum();
    whole.num_rows = Precision::Exact(usize::try_from(rows).unwrap_or_default());
    whole.total_byte_size = Precision::Inexact(usize::try_from(bytes).unwrap_or_default());
    Ok(whole)
}

/// How many rows and uncompressed bytes a file says it has.
async fn footer(
    cache: &Arc<FileMetadataCache>,
    found: &ParquetFiles,
    meta: &ObjectMeta,
) -> Result<(i64, i64)> {
    let footer = DFParquetMetadata::new(found.store.as_ref(), meta)
        .with_file_metadata_cache(Some(Arc::clone(cache)))
        .fetch_metadata()
        .await
        .map_err(|error| at(&found.bucket, meta, error))?;
    let groups = footer.row_groups();
    let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
    let bytes = groups.iter().map(RowGroupMetaData::total_byte_size).sum();
    Ok((rows, bytes))
}

fn at(bucket: &BucketName, meta: &ObjectMeta, error: datafusion::error::DataFusionError) -> Error {
    fault::engine(error)
        .within(format!("s3://{bucket}/{}", meta.location))
        .hint("is it a Parquet file? every file under the table's location is read")
}

/// Finds the columns of a file by their names without regard to case.
#[derive(Debug)]
struct AnyCase;

impl PhysicalExprAdapterFactory for AnyCase {
    fn create(
        &self,
        logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> EngineResult<Arc<dyn PhysicalExprAdapter>> {
        let mut fields = Vec::with_capacity(physical_file_schema.fields().len());
        for field in physical_file_schema.fields() {
            let meant = meant_by(&logical_file_schema, &physical_file_schema, field);
            fields.push(match meant {
                Some(meant) => {
                    same_nested_names(meant.name(), meant.data_type(), field.data_type())
                        .map_err(fault::into_engine)?;
                    Arc::new(field.as_ref().clone().with_name(meant.name()))
                }
                None => Arc::clone(field),
            });
        }
        let renamed = Arc::new(Schema::new(fields));
        let inner = DefaultPhysicalExprAdapterFactory.create(logical_file_schema, renamed)?;
        Ok(Arc::new(AnyCaseAdapter {
            inner,
            physical: physical_file_schema,
        }))
    }
}

/// The table's column that `field` of a file is; one of exactly the same name goes first.
fn meant_by<'a>(table: &'a SchemaRef, file: &SchemaRef, field: &FieldRef) -> Option<&'a FieldRef> {
    let meant = table
        .fields()
        .iter()
        .find(|wanted| wanted.name().eq_ignore_ascii_case(field.name()))?;
    let first = file
        .fields()
        .iter()
        .find(|other| other.name() == meant.name())
        .or_else(|| {
            file.fields()
                .iter()
                .find(|other| other.name().eq_ignore_ascii_case(meant.name()))
        })?;
    (first.name() == field.name()).then_some(meant)
}

/// Refuses fields inside a column that differ in case: they would read as NULL.
fn same_nested_names(column: &str, wanted: &DataType, found: &DataType) -> Result<()> {
    match (wanted, found) {
        (DataType::Struct(wanted), DataType::Struct(found)) => {
            for field in wanted {
                if let Some((_, same)) = found.find(field.name()) {
                    same_nested_names(column, field.data_type(), same.data_type())?;
                } else if let Some(other) = found
                    .iter()
                    .find(|other| other.name().eq_ignore_ascii_case(field.name()))
                {
                    return Err(Error::unsupported(format!(
                        "column \"{column}\": its field \"{}\" is called \"{}\" in the file; fields inside a column that differ in case are not supported",
                        field.name(),
                        other.name()
                    )));
                }
            }
            Ok(())
        }
        (DataType::List(wanted), DataType::List(found))
        | (DataType::Map(wanted, _), DataType::Map(found, _)) => {
            same_nested_names(column, wanted.data_type(), found.data_type())
        }
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct AnyCaseAdapter {
    inner: Arc<dyn PhysicalExprAdapter>,
    physical: SchemaRef,
}

impl PhysicalExprAdapter for AnyCaseAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> EngineResult<Arc<dyn PhysicalExpr>> {
        self.inner
            .rewrite(expr)?
            .transform(|expr| {
                let Some(column) = expr.downcast_ref::<Column>() else {
                    return Ok(Transformed::no(expr));
                };
                let index = column.index();
                let named = self
                    .physical
                    .fields()
                    .get(index)
                    .map(|field| field.name().as_str());
                match named.filter(|name| *name != column.name()) {
                    Some(name) => Ok(Transformed::yes(Arc::new(Column::new(name, index)) as _)),
                    None => Ok(Transformed::no(expr)),
                }
            })
            .data()
    }
}
