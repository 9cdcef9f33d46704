//! The nodes that read: finds their files, reads headers and footers, and makes scans
//! of them. No data is read but for a sample where types are to be found out.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::catalog::TableProvider;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use stave_core::job::{Node, NodeKind, S3CatalogSource, S3Files, S3JsonSource, parse_json_path};
use stave_core::{Error, Result, S3Uri, nearest};

use super::frame::{Frame, Input, Item};
use super::script::{filled, quoted, text};
use super::{RejectsFactory, SourceObject, Unread, csv, parquet};
use crate::catalog::Catalog;
use crate::json::{JsonOptions, json_table};
use crate::listing::{ListedObject, list_objects};
use crate::scan::{BadRow, Rejects, ScanReport, TextTable};
use crate::tables::HiveTable;
use crate::text::{Compression, TextFile};
use crate::{Engine, fault};

/// The most rejected records that are kept apart to count each once.
const MAX_TOLD_APART: usize = 1_000_000;

/// A source of a job, and what has been read of it.
#[derive(Debug)]
pub struct JobSource {
    /// The node.
    pub node_id: String,
    /// How many files it reads; 0 when that is known only as it runs.
    pub files: usize,
    /// The objects that it reads; none for a table of the catalog.
    pub objects: Vec<SourceObject>,
    /// How many bytes it is about to read; of text uncompressed, about. 0 when not known.
    pub bytes_total: u64,
    pub(super) reading: Reading,
    rejected: Option<Arc<OnceRejects>>,
}

/// Where it is counted what a source has read.
#[derive(Debug)]
pub(super) enum Reading {
    Text(Arc<ScanReport>),
    /// In the metrics of the plan's scans.
    Stored,
}

impl JobSource {
    /// Bytes read so far, of text uncompressed; a source that two branches read counts twice.
    pub fn bytes_read(&self) -> u64 {
        match &self.reading {
            Reading::Text(report) => report.bytes.load(Ordering::Relaxed),
            Reading::Stored => 0,
        }
    }

    /// Rows read so far, where the source counts them.
    pub fn rows_read(&self) -> Option<u64> {
        match &self.reading {
            Reading::Text(report) => Some(report.rows.load(Ordering::Relaxed)),
            Reading::Stored => None,
        }
    }

    /// Records that were set aside, each counted once.
    pub fn rows_rejected(&self) -> u64 {
        self.rejected
            .as_ref()
            .map_or(0, |rejected| rejected.count())
    }

    /// What was noticed while reading: unknown columns, missing ones.
    pub fn warnings(&self) -> Vec<String> {
        match &self.reading {
            Reading::Text(report) => report.warnings(),
            Reading::Stored => Vec::new(),
        }
    }

    /// Whether the source counts in `report`.
    pub(super) fn counts_in(&self, report: &Arc<ScanReport>) -> bool {
        matches!(&self.reading, Reading::Text(own) if Arc::ptr_eq(own, report))
    }

    /// Begins to count anew.
    pub(super) fn reset(&self) {
        if let Reading::Text(report) = &self.reading {
            report.bytes.store(0, Ordering::Relaxed);
            report.rows.store(0, Ordering::Relaxed);
            report.rejected.store(0, Ordering::Relaxed);
        }
    }
}

/// What sources are read with.
pub(super) struct Reader<'a> {
    pub(super) engine: &'a Engine,
    pub(super) catalog: &'a Arc<dyn Catalog>,
    pub(super) rejects: Option<&'a dyn RejectsFactory>,
    pub(super) unread: Option<&'a dyn Unread>,
}

/// The objects of a source.
struct Found {
    /// Those that tell the columns: the ones to read, or all where nothing is to be read.
    telling: Vec<ListedObject>,
    /// Those to read.
    reading: Vec<SourceObject>,
}

impl Found {
    fn reads_nothing(&self) -> bool {
        self.reading.is_empty()
    }
}

impl Reader<'_> {
    /// The scan of a source node.
    pub(super) async fn source(&self, node: &Node) -> Result<(Frame, JobSource)> {
        match &node.kind {
            NodeKind::S3CsvSource(source) => {
                let found = self.objects(node, &source.files, false).await?;
                let files = text_files(&found, csv::compression(source));
                let mut table = csv::table(source, files).await?;
                let rejected = self.rejects_of(node, csv::rejects_folder(source)?)?;
                table.rejects = rejected.clone().map(|rejects| rejects as Arc<dyn Rejects>);
                let sql = csv::sql(source, &listed(&source.files));
                text_source(node, table, found, rejected, &sql)
            }
            NodeKind::S3JsonSource(source) => {
                let found = self.objects(node, &source.files, source.types.is_some());
                let found = found.await?;
                let compression = source.compression_type.map(csv::compression_of);
                let table = json_table(text_files(&found, compression), json_options(source)?);
                let sql = format!("read_json({})", listed(&source.files));
                text_source(node, table.await?, found, None, &sql)
            }
            NodeKind::S3ParquetSource(source) => {
                let mut found = self.objects(node, &source.files, false).await?;
                let (files, bytes) = (
                    found.reading.len(),
                    found.reading.iter().map(|object| object.size).sum(),
                );
                let reads_nothing = found.reads_nothing();
                let telling = std::mem::take(&mut found.telling);
                let table: Arc<dyn TableProvider> =
                    Arc::new(parquet::table(self.engine, telling).await?);
                let table = if reads_nothing {
                    Arc::new(EmptyTable::new(table.schema()))
                } else {
                    table
                };
                let sql = format!("read_parquet({})", listed(&source.files));
                let mut read = job_source(node, files, bytes, Reading::Stored);
                read.objects = found.reading;
                Ok((scan(node, table, &sql)?, read))
            }
            NodeKind::S3CatalogSource(source) | NodeKind::CatalogSource(source) => {
                self.catalog_table(node, source).await
            }
            _ => Err(Error::internal("the node is no source")),
        }
    }

    fn rejects_of(&self, node: &Node, folder: Option<S3Uri>) -> Result<Option<Arc<OnceRejects>>> {
        let Some(folder) = folder else {
            return Ok(None);
        };
        let inner = match self.rejects {
            Some(factory) => Some(factory.rejects(node, &folder)?),
            None => None,
        };
        Ok(Some(Arc::new(OnceRejects {
            inner,
            seen: Mutex::default(),
        })))
    }

    /// The objects at the paths of `files`. That there are none is a fault, unless some may
    /// have been read before and moved away, and the columns are known without them.
    async fn objects(&self, node: &Node, files: &S3Files, typed: bool) -> Result<Found> {
        let may_be_empty = typed && (self.unread.is_some() || files.after_read.is_some());
        let mut all: Vec<ListedObject> = Vec::new();
        let mut seen = HashSet::new();
        for path in &files.paths {
            let uri: S3Uri = path.parse().map_err(|error: Error| error.within("Paths"))?;
            let recurse = files.recurse.unwrap_or(false);
            let found = list_objects(self.engine, &uri, recurse, &files.exclusions)
                .await
                .map_err(|error| error.within("Paths"))?;
            if found.is_empty() && !may_be_empty {
                return Err(self.nothing(&uri, files).await);
            }
            all.extend(
                found
                    .into_iter()
                    .filter(|object| seen.insert(object.uri.clone())),
            );
        }
        let mut reading = Vec::with_capacity(all.len());
        let mut telling = Vec::with_capacity(all.len());
        for object in &all {
            let described = SourceObject::of(object)?;
            if self
                .unread
                .is_none_or(|unread| unread.is_unread(node, &described))
            {
                reading.push(described);
                telling.push(object.clone());
            }
        }
        if reading.is_empty() {
            telling = all;
        }
        Ok(Found { telling, reading })
    }

    /// Says why nothing is found.
    async fn nothing(&self, uri: &S3Uri, files: &S3Files) -> Error {
        let error = Error::not_found(format!("Paths: there is nothing to read at {uri}"));
        let deeper = list_objects(self.engine, uri, true, &[]).await;
        match deeper {
            Ok(found) if found.is_empty() => error.hint("look with: stave ls"),
            Ok(_) if files.exclusions.is_empty() => {
                error.hint("there are objects in its folders: set Recurse: true to read them")
            }
            Ok(_) => {
                error.hint("there are objects, but Exclusions or Recurse leave all of them out")
            }
            Err(other) => other,
        }
    }

    async fn catalog_table(
        &self,
        node: &Node,
        source: &S3CatalogSource,
    ) -> Result<(Frame, JobSource)> {
        let (database, name) = (&source.database, &source.table);
        let Some(table) = self.catalog.table(database, name).await? else {
            return Err(self.no_table(database, name).await);
        };
        let keys: Vec<String> = table
            .partition_keys
            .iter()
            .map(|key| key.name.clone())
            .collect();
        let provider = HiveTable::new(self.engine, self.catalog, table)?;
        let sql = format!("{}.{}", quoted(database), quoted(name));
        let mut frame = scan(node, Arc::new(provider), &sql)?;
        if let Some(predicate) = &source.partition_predicate {
            self.pruned(&mut frame, predicate, &keys)
                .map_err(|error| error.within("PartitionPredicate"))?;
        }
        Ok((frame, job_source(node, 0, 0, Reading::Stored)))
    }

    fn pruned(&self, frame: &mut Frame, predicate: &str, keys: &[String]) -> Result<()> {
        let state = self.engine.state(|config| {
            config.options_mut().sql_parser.dialect = datafusion::config::Dialect::Spark;
        });
        let schema = Arc::clone(frame.plan.schema());
        let condition = state
            .create_logical_expr(predicate, &schema)
            .map_err(fault::engine)?;
        let other = condition
            .column_refs()
            .into_iter()
            .find(|column| !keys.contains(&column.name))
            .map(|column| column.name.clone());
        if let Some(other) = other {
            return Err(Error::invalid(format!("\"{other}\" is no partition key"))
                .hint(nearest::hint(&other, keys.iter().map(String::as_str))));
        }
        let plan = LogicalPlanBuilder::new(frame.plan.clone()).filter(condition);
        frame.plan = plan
            .and_then(LogicalPlanBuilder::build)
            .map_err(fault::engine)?;
        frame.sql = format!("{}\nWHERE {predicate}", frame.sql);
        Ok(())
    }

    async fn no_table(&self, database: &str, name: &str) -> Error {
        let databases = self.catalog.databases().await.unwrap_or_default();
        if !databases.iter().any(|known| known == database) {
            let names = databases.iter().map(String::as_str);
            return Error::not_found(format!("Database: there is no database \"{database}\""))
                .hint(nearest::hint(database, names));
        }
        let tables = self.catalog.tables(database).await.unwrap_or_default();
        Error::not_found(format!("Table: there is no table \"{database}.{name}\""))
            .hint(nearest::hint(name, tables.iter().map(String::as_str)))
    }
}

/// The files that tell the columns.
fn text_files(found: &Found, compression: Option<Compression>) -> Vec<TextFile> {
    let objects = found.telling.iter().cloned();
    objects
        .map(|object| TextFile {
            name: object.name(),
            compression: compression.unwrap_or_else(|| Compression::of_key(&object.uri.key)),
            store: object.store,
            meta: object.meta,
        })
        .collect()
}

fn json_options(source: &S3JsonSource) -> Result<JsonOptions> {
    Ok(JsonOptions {
        paths: source.paths().map(parse_json_path).collect::<Result<_>>()?,
        columns: source.types.clone(),
        ..JsonOptions::default()
    })
}

fn text_source(
    node: &Node,
    mut table: TextTable,
    found: Found,
    rejected: Option<Arc<OnceRejects>>,
    sql: &str,
) -> Result<(Frame, JobSource)> {
    if found.reads_nothing() {
        table.files.clear();
    }
    let reading = Reading::Text(Arc::clone(&table.report));
    let mut source = job_source(node, table.files.len(), table.text_bytes() as u64, reading);
    source.rejected = rejected;
    source.objects = found.reading;
    Ok((scan(node, Arc::new(table), sql)?, source))
}

fn job_source(node: &Node, files: usize, bytes_total: u64, reading: Reading) -> JobSource {
    JobSource {
        node_id: node.id.clone(),
        files,
        objects: Vec::new(),
        bytes_total,
        reading,
        rejected: None,
    }
}

/// The paths of a source as SQL.
fn listed(files: &S3Files) -> String {
    match files.paths.as_slice() {
        [one] => text(one),
        many => format!("[{}]", filled(many.iter().map(|path| text(path)))),
    }
}

/// Scans `table`; the columns lose its name, since nodes tell columns by their names alone.
fn scan(node: &Node, table: Arc<dyn TableProvider>, from: &str) -> Result<Frame> {
    let name = TableReference::bare(node.id.as_str());
    let columns: Vec<Expr> = table
        .schema()
        .fields()
        .iter()
        .map(|field| {
            Expr::Column(Column::new(Some(name.clone()), field.name())).alias(field.name())
        })
        .collect();
    let plan = LogicalPlanBuilder::scan(name, provider_as_source(table), None)
        .and_then(|scan| scan.project(columns))
        .and_then(LogicalPlanBuilder::build)
        .map_err(fault::engine)?;
    let input = Input {
        id: &node.id,
        name: &node.name,
        cte: from,
        plan: &plan,
    };
    let listed = filled(input.items().into_iter().map(|item: Item| item.piece.sql));
    let sql = format!("SELECT {listed}\nFROM {from}");
    Ok(Frame { plan, sql })
}

/// Passes each bad record on once, however often it is read.
#[derive(Debug)]
struct OnceRejects {
    /// None where a job is only looked at.
    inner: Option<Arc<dyn Rejects>>,
    seen: Mutex<HashSet<(String, u64)>>,
}

impl OnceRejects {
    fn count(&self) -> u64 {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len() as u64
    }
}

impl Rejects for OnceRejects {
    fn reject(&self, row: &BadRow) -> Result<()> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_TOLD_APART {
            return Err(Error::limit_exceeded(format!(
                "more than {MAX_TOLD_APART} records are rejected; the last in {}",
                row.file
            ))
            .hint("is it the right Separator, QuoteChar or Dialect?"));
        }
        if seen.insert((row.file.clone(), row.line)) {
            inner.reject(row)?;
        }
        Ok(())
    }
}
