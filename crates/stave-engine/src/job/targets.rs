//! The nodes that write: where to, in which form, and what becomes of the catalog.

use std::sync::Arc;

use stave_core::catalog::Table;
use stave_core::job::{
    self, CatalogUpdate, FileCompression, Node, NodeKind, S3CatalogTarget, TargetFormat,
    TargetOptions, UpdateBehavior, Word, WriteMode, path_text,
};
use stave_core::{Error, Result, S3Uri};

use super::frame::Input;
use crate::catalog::Catalog;
use crate::text::Compression;
use crate::write::{OutputFormat, ParquetCompression};

/// What a target, or a Spigot, writes where.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The folder that the files go to.
    pub folder: S3Uri,
    /// The form of the files.
    pub format: OutputFormat,
    /// The columns that become folders `name=value`, outermost first.
    pub partition_by: Vec<String>,
    /// How many files are written; none leaves it to the engine.
    pub files: Option<usize>,
    /// What becomes of files that are there.
    pub mode: WriteMode,
    /// The table that is to be made or kept up to date.
    pub table: Option<TableUpdate>,
}

/// What a target does to a table of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableUpdate {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Whether it was there when the job was planned.
    pub exists: bool,
    /// What happens when the schema has changed.
    pub behavior: UpdateBehavior,
}

/// The destination of a target node; nothing is asked of the storage.
pub(super) async fn destination(
    node: &Node,
    input: &Input<'_>,
    catalog: &Arc<dyn Catalog>,
) -> Result<Destination> {
    let mut destination = match &node.kind {
        NodeKind::S3GlueParquetTarget(target) => Destination {
            folder: folder(&target.path)?,
            format: OutputFormat::Parquet(parquet(target.compression.unwrap_or_default())?),
            files: count(target.number_target_partitions),
            ..common(&target.options)?
        },
        NodeKind::S3DirectTarget(target) => Destination {
            folder: folder(&target.path)?,
            format: match target.format {
                TargetFormat::Parquet => {
                    OutputFormat::Parquet(parquet(target.parquet_compression()?)?)
                }
                text => text_format(text, target.file_compression()?),
            },
            files: count(target.number_target_partitions),
            ..common(&target.options)?
        },
        NodeKind::S3CatalogTarget(target) => catalog_target(target, catalog).await?,
        NodeKind::Spigot(spigot) => Destination {
            folder: folder(&spigot.path)?,
            format: text_format(TargetFormat::Json, FileCompression::None),
            files: Some(1),
            ..common(&TargetOptions::default())?
        },
        _ => return Err(Error::internal("the node is no target")),
    };
    let found = destination
        .partition_by
        .iter()
        .map(|key| input.find(std::slice::from_ref(key))?.whole());
    let keys: Result<Vec<_>> = found.collect();
    let keys = keys.map_err(|error| error.within("PartitionKeys"))?;
    destination.partition_by = keys.into_iter().map(|found| found.column).collect();
    if destination.partition_by.len() == input.fields().len() {
        return Err(Error::invalid(
            "PartitionKeys: every column is one; the files would be empty",
        ));
    }
    Ok(destination)
}

fn folder(path: &str) -> Result<S3Uri> {
    let uri: S3Uri = path.parse().map_err(|error: Error| error.within("Path"))?;
    Ok(S3Uri::new(uri.bucket.clone(), uri.folder()))
}

fn count(files: Option<u64>) -> Option<usize> {
    files.filter(|files| *files > 0).map(|files| files as usize)
}

/// What all targets share; the folder and the format are still to come.
fn common(options: &TargetOptions) -> Result<Destination> {
    let table = options
        .updated_table()
        .map(|(database, table)| TableUpdate {
            database: database.to_owned(),
            table: table.to_owned(),
            exists: false,
            behavior: behavior(options.schema_change_policy.as_ref()),
        });
    Ok(Destination {
        folder: S3Uri::new(stave_core::BucketName::new("unset")?, ""),
        format: OutputFormat::Parquet(ParquetCompression::default()),
        partition_by: options
            .partition_keys
            .iter()
            .map(|path| path_text(path))
            .collect(),
        files: None,
        mode: options.mode.unwrap_or_default(),
        table,
    })
}

fn behavior(policy: Option<&CatalogUpdate>) -> UpdateBehavior {
    policy
        .and_then(|policy| policy.update_behavior)
        .unwrap_or_default()
}

async fn catalog_target(
    target: &S3CatalogTarget,
    catalog: &Arc<dyn Catalog>,
) -> Result<Destination> {
    let (database, name) = (&target.database, &target.table);
    let table = catalog.table(database, name).await?;
    let mut destination = common(&target.options)?;
    destination.table = Some(TableUpdate {
        database: database.clone(),
        table: name.clone(),
        exists: table.is_some(),
        behavior: behavior(target.options.schema_change_policy.as_ref()),
    });
    let format = if let Some(table) = &table {
        destination.folder = folder(&table.storage.location)?;
        keep_partitions(&mut destination, table)?;
        table_format(table, target)?
    } else {
        let Some(path) = &target.path else {
            return Err(
                Error::not_found(format!("there is no table \"{database}.{name}\""))
                    .hint("add Path: s3://bucket/folder/ to have it made there"),
            );
        };
        destination.folder = folder(path)?;
        target.format.unwrap_or_default()
    };
    destination.format = match format {
        TargetFormat::Parquet => OutputFormat::Parquet(parquet(target.parquet_compression()?)?),
        text => text_format(text, target.file_compression()?),
    };
    Ok(destination)
}

/// A table that is there says by which columns its files are laid out.
fn keep_partitions(destination: &mut Destination, table: &Table) -> Result<()> {
    let keys: Vec<String> = table
        .partition_keys
        .iter()
        .map(|key| key.name.clone())
        .collect();
    let same = |given: &[String]| {
        given.len() == keys.len()
            && given
                .iter()
                .zip(&keys)
                .all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    if destination.partition_by.is_empty() {
        destination.partition_by = keys;
    } else if !same(&destination.partition_by) {
        return Err(Error::invalid(format!(
            "PartitionKeys: the table is partitioned by {}",
            if keys.is_empty() {
                "nothing".to_owned()
            } else {
                keys.join(", ")
            }
        ))
        .hint("leave PartitionKeys out to write as the table is laid out"));
    }
    Ok(())
}

fn table_format(table: &Table, target: &S3CatalogTarget) -> Result<TargetFormat> {
    let named = table.classification().unwrap_or_default();
    let format = TargetFormat::from_word(named).ok_or_else(|| {
        Error::unsupported(format!(
            "table \"{}.{}\" is of classification \"{named}\"",
            table.database, table.name
        ))
        .hint("tables of parquet, csv and json can be written to")
    })?;
    match target.format {
        Some(other) if other != format => Err(Error::invalid(format!(
            "Format: the table's files are {}, not {}",
            format.as_str(),
            other.as_str()
        ))),
        _ => Ok(format),
    }
}

fn text_format(format: TargetFormat, compression: FileCompression) -> OutputFormat {
    let compression: Compression = super::csv::compression_of(compression);
    match format {
        TargetFormat::Csv => OutputFormat::Csv {
            delimiter: b',',
            compression,
        },
        _ => OutputFormat::Json { compression },
    }
}

fn parquet(compression: job::ParquetCompression) -> Result<ParquetCompression> {
    use job::ParquetCompression as Word;
    Ok(match compression {
        Word::Snappy => ParquetCompression::Snappy,
        Word::Gzip => ParquetCompression::Gzip,
        Word::Zstd => ParquetCompression::Zstd,
        Word::Lz4 => ParquetCompression::Lz4,
        Word::Uncompressed | Word::None => ParquetCompression::None,
        Word::Brotli => {
            return Err(Error::unsupported("Compression: brotli is not supported")
                .hint("use snappy, gzip, zstd, lz4 or none"));
        }
    })
}

/// What a target does, for the head of a script.
pub(super) fn comment(node: &Node, destination: &Destination) -> String {
    let form = match &destination.format {
        OutputFormat::Parquet(compression) => format!("Parquet ({compression:?})").to_lowercase(),
        OutputFormat::Csv { compression, .. } => format!("csv ({})", compression.name()),
        OutputFormat::Json { compression } => format!("json ({})", compression.name()),
    };
    let verb = match destination.mode {
        WriteMode::Append => "appends",
        WriteMode::Overwrite => "overwrites",
    };
    let keys = match destination.partition_by.as_slice() {
        [] => String::new(),
        keys => format!(", partitioned by {}", keys.join(", ")),
    };
    let table = match &destination.table {
        Some(update) => format!(", table {}.{}", update.database, update.table),
        None => String::new(),
    };
    format!(
        "{}: {verb} {form} to {}{keys}{table}",
        node.name, destination.folder
    )
}
