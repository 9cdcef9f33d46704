//! Tables of the Data Catalog as tables of a query: which files they have at this
//! moment, which of their partitions matter, and what reads them.
//!
//! Must not know SQL.

mod parquet;
mod partitions;
mod serde;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result as EngineResult, ScalarValue};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use futures::{StreamExt, TryStreamExt};
use stave_core::catalog::{Partition, SerdeInfo, Table};
use stave_core::{BucketName, Error, Result};

use crate::catalog::Catalog;
use crate::json::JsonFormat;
use crate::listing::{ListedObject, list_objects};
use crate::scan::{Format, ScanFile, TextTable};
use crate::text::{Compression, CsvFormat, Matching, TextFile};
use crate::{Engine, fault, types};
use parquet::{ParquetFiles, Wanted};
use partitions::Chosen;
use serde::Form;

/// How many folders are listed at once.
const LISTINGS: usize = 16;

/// A table of the catalog that a plan can scan.
#[derive(Debug)]
pub struct HiveTable {
    engine: Engine,
    catalog: Arc<dyn Catalog>,
    table: Arc<Table>,
    columns: SchemaRef,
    keys: Vec<FieldRef>,
    schema: SchemaRef,
}

impl HiveTable {
    /// The table that `table` describes; refused when it is a view, of an unknown SerDe
    /// or has a column of an unknown type.
    pub fn new(engine: &Engine, catalog: &Arc<dyn Catalog>, table: Table) -> Result<Self> {
        let name = format!("table \"{}.{}\"", table.database, table.name);
        Self::build(engine, catalog, table).map_err(|error| error.within(name))
    }

    fn build(engine: &Engine, catalog: &Arc<dyn Catalog>, table: Table) -> Result<Self> {
        if table.table_type == "VIRTUAL_VIEW" {
            return Err(Error::unsupported(
                "it is a view; views are not supported yet",
            ));
        }
        let projected = table.parameter("projection.enabled");
        if projected.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err(
                Error::unsupported("partition projection is not supported yet").hint(
                    "register the partitions in the catalog and set projection.enabled to false",
                ),
            );
        }
        Form::new(&table, &table.storage.serde)?;
        let columns = table
            .storage
            .columns
            .iter()
            .map(|column| {
                let arrow = types::parse(&column.type_name)
                    .map_err(|error| error.within(format!("column \"{}\"", column.name)))?;
                Ok(Arc::new(Field::new(
                    column.name.to_lowercase(),
                    arrow,
                    true,
                )))
            })
            .collect::<Result<Vec<FieldRef>>>()?;
        let keys = partitions::key_fields(&table)?;
        let all: Vec<FieldRef> = columns.iter().chain(&keys).cloned().collect();
        if let Some(twice) =
            (1..all.len()).find(|&at| all[..at].iter().any(|field| field.name() == all[at].name()))
        {
            return Err(
                Error::invalid(format!("it has two columns \"{}\"", all[twice].name()))
                    .hint("rename one of them in the catalog"),
            );
        }
        Ok(Self {
            engine: engine.clone(),
            catalog: Arc::clone(catalog),
            table: Arc::new(table),
            columns: Arc::new(Schema::new(columns)),
            keys,
            schema: Arc::new(Schema::new(all)),
        })
    }

    /// The files that matter, by the form they are read in.
    async fn parts(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Part>> {
        if self.keys.is_empty() {
            let mut part = Part::new(self.table.storage.serde.clone());
            part.add(self.files_at(&self.table.storage.location).await?, &[]);
            return Ok(vec![part]);
        }
        let partitions = self
            .catalog
            .partitions(&self.table.database, &self.table.name)
            .await?;
        let filters: Vec<Expr> = filters
            .iter()
            .filter(|filter| partitions::decides(filter, &self.keys))
            .cloned()
            .collect();
        let chosen = partitions::choose(state, &self.table, &self.keys, &partitions, &filters)?;
        self.list(&partitions, &chosen).await
    }

    async fn list(&self, partitions: &[Partition], chosen: &[Chosen]) -> Result<Vec<Part>> {
        let mut listings = Vec::with_capacity(chosen.len());
        for chosen in chosen {
            listings.push(self.files_at(&partitions[chosen.index].storage.location));
        }
        let folders: Vec<Vec<ListedObject>> = futures::stream::iter(listings)
            .buffered(LISTINGS)
            .try_collect()
            .await?;
        let mut parts: Vec<Part> = Vec::new();
        for (chosen, files) in chosen.iter().zip(folders) {
            let own = &partitions[chosen.index].storage.serde;
            let serde = if own.library.is_empty() {
                &self.table.storage.serde
            } else {
                own
            };
            let at = parts
                .iter()
                .position(|part| part.serde == *serde)
                .unwrap_or_else(|| {
                    parts.push(Part::new(serde.clone()));
                    parts.len() - 1
                });
            parts[at].add(files, &chosen.values);
        }
        Ok(parts)
    }

    /// The files below a folder, as they are at this moment.
    async fn files_at(&self, location: &str) -> Result<Vec<ListedObject>> {
        list_objects(&self.engine, &location.parse()?, true, &[]).await
    }

    async fn scan_part(
        &self,
        state: &dyn Session,
        part: Part,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Vec<Arc<dyn ExecutionPlan>>> {
        let format: Arc<dyn Format> = match Form::new(&self.table, &part.serde)? {
            Form::Parquet => return self.scan_parquet(state, part, projection, limit).await,
            Form::Text(dialect) => {
                dialect.check()?;
                let columns = Arc::clone(&self.columns);
                Arc::new(CsvFormat::new(dialect, Matching::ByPosition, columns))
            }
            Form::Json => {
                let columns = Arc::clone(&self.columns);
                Arc::new(JsonFormat::new(columns).folding_case())
            }
        };
        let mut table = TextTable::new(format, Vec::new());
        table.partition_columns.clone_from(&self.keys);
        table.files = part.text_files();
        let scan = table.scan(state, projection, &[], limit).await;
        Ok(vec![scan.map_err(fault::engine)?])
    }

    async fn scan_parquet(
        &self,
        state: &dyn Session,
        part: Part,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Vec<Arc<dyn ExecutionPlan>>> {
        let wanted = Wanted {
            columns: &self.columns,
            keys: &self.keys,
            projection,
            limit,
        };
        let mut scans = Vec::new();
        for found in part.parquet_files() {
            scans.push(parquet::scan(state, found, &wanted).await?);
        }
        Ok(scans)
    }
}

/// Files that one SerDe reads, with the values of their partitions.
#[derive(Debug)]
struct Part {
    serde: SerdeInfo,
    files: Vec<(ListedObject, Vec<ScalarValue>)>,
}

impl Part {
    fn new(serde: SerdeInfo) -> Self {
        Self {
            serde,
            files: Vec::new(),
        }
    }

    fn add(&mut self, files: Vec<ListedObject>, values: &[ScalarValue]) {
        self.files
            .extend(files.into_iter().map(|file| (file, values.to_vec())));
    }

    fn text_files(self) -> Vec<ScanFile> {
        let files = self.files.into_iter().map(|(file, partition)| ScanFile {
            file: TextFile {
                name: file.name(),
                compression: Compression::of_key(&file.uri.key),
                store: file.store,
                meta: file.meta,
            },
            partition,
        });
        files.collect()
    }

    /// A scan of Parquet reads one bucket.
    fn parquet_files(self) -> Vec<ParquetFiles> {
        let mut buckets: BTreeMap<BucketName, ParquetFiles> = BTreeMap::new();
        for (file, values) in self.files {
            let bucket = file.uri.bucket;
            let found = buckets
                .entry(bucket.clone())
                .or_insert_with(|| ParquetFiles {
                    bucket,
                    store: file.store,
                    files: Vec::new(),
                });
            found.files.push((file.meta, values));
        }
        buckets.into_values().collect()
    }
}

#[async_trait]
impl TableProvider for HiveTable {
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
        // Filters that partitions do not decide are looked at again above.
        let rest = filters
            .iter()
            .any(|filter| !partitions::decides(filter, &self.keys));
        let limit = limit.filter(|_| !rest);
        let name = format!("table \"{}.{}\"", self.table.database, self.table.name);
        let mut scans = Vec::new();
        let parts = self.parts(state, filters).await;
        let within = |error: Error| fault::into_engine(error.within(&name));
        for part in parts.map_err(within)? {
            scans.extend(
                self.scan_part(state, part, projection, limit)
                    .await
                    .map_err(within)?,
            );
        }
        match scans.len() {
            0 => {
                let projected = match projection {
                    Some(projection) => Arc::new(self.schema.project(projection)?),
                    None => Arc::clone(&self.schema),
                };
                Ok(Arc::new(EmptyExec::new(projected)))
            }
            1 => Ok(scans.remove(0)),
            _ => UnionExec::try_new(scans),
        }
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| {
                if partitions::decides(filter, &self.keys) {
                    TableProviderFilterPushDown::Exact
                } else {
                    TableProviderFilterPushDown::Inexact
                }
            })
            .collect())
    }
}
