//! The nodes that write: folders of files, and tables of the catalog.

use super::ColumnPath;
use super::fields::Fields;
use super::members::{Body, Members};
use super::sources::NO_LZO;
use super::words::{
    FileCompression, ParquetCompression, TargetFormat, UpdateBehavior, Word, WriteMode,
};
use super::wrong::Read;
use crate::error::{Error, Result};
use crate::nearest;

/// The most files that a target may be told to write.
const MAX_TARGET_FILES: u64 = 100_000;

/// Whether and how a target keeps a table of the catalog up to date.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CatalogUpdate {
    /// Whether it does at all.
    pub enable_update_catalog: Option<bool>,
    /// What happens when the schema has changed.
    pub update_behavior: Option<UpdateBehavior>,
    /// The table; a catalog target names it outside.
    pub table: Option<String>,
    /// The table's database; a catalog target names it outside.
    pub database: Option<String>,
}

impl CatalogUpdate {
    fn read(fields: &mut Fields<'_>, names_table: bool) -> Read<Option<Self>> {
        let Some(mut policy) = fields.below("SchemaChangePolicy")? else {
            return Ok(None);
        };
        let mut update = Self {
            enable_update_catalog: policy.flag_opt("EnableUpdateCatalog")?,
            update_behavior: policy.word_opt("UpdateBehavior")?,
            table: None,
            database: None,
        };
        if names_table {
            let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
            update.table = filled(policy.text_opt("Table")?);
            update.database = filled(policy.text_opt("Database")?);
            let enabled = update.enable_update_catalog == Some(true);
            let missing = [("Table", &update.table), ("Database", &update.database)];
            for (name, given) in missing {
                if enabled && given.is_none() {
                    let error = Error::invalid("is missing: EnableUpdateCatalog needs it");
                    return Err(policy.wrong(name, error));
                }
            }
        }
        policy.finish()?;
        Ok(Some(update))
    }

    fn write(&self, members: &mut Members) {
        let mut policy = Members::default();
        policy.put_some("EnableUpdateCatalog", self.enable_update_catalog);
        policy.put_word("UpdateBehavior", self.update_behavior);
        policy.put_some("Table", self.table.clone());
        policy.put_some("Database", self.database.clone());
        members.put("SchemaChangePolicy", policy.0);
    }
}

/// The members that all targets share.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TargetOptions {
    /// The columns whose values make the folders `k=v`, outermost first.
    pub partition_keys: Vec<ColumnPath>,
    /// How the catalog is kept up to date; none means not at all.
    pub schema_change_policy: Option<CatalogUpdate>,
    /// Whether Glue's default data quality rule is evaluated: without effect on the result.
    pub auto_data_quality: bool,
    /// What happens to files that are there (an extension).
    pub mode: Option<WriteMode>,
}

impl TargetOptions {
    fn read(fields: &mut Fields<'_>, names_table: bool) -> Read<Self> {
        let mut auto_data_quality = false;
        if let Some(mut quality) = fields.below("AutoDataQuality")? {
            auto_data_quality = quality.flag_opt("IsEnabled")?.unwrap_or(false);
            quality.text_opt("EvaluationContext")?;
            quality.finish()?;
        }
        fields.keep(&["AutoDataQuality"]);
        Ok(Self {
            partition_keys: fields.paths_opt("PartitionKeys")?,
            schema_change_policy: CatalogUpdate::read(fields, names_table)?,
            auto_data_quality,
            mode: fields.word_opt("Mode")?,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("PartitionKeys", self.partition_keys.clone());
        if let Some(policy) = &self.schema_change_policy {
            policy.write(members);
        }
        members.put_word("Mode", self.mode);
    }

    /// The table that is kept up to date, as database and table, if that is asked for.
    pub fn updated_table(&self) -> Option<(&str, &str)> {
        let policy = self.schema_change_policy.as_ref()?;
        let enabled = policy.enable_update_catalog == Some(true);
        let (database, table) = (policy.database.as_deref()?, policy.table.as_deref()?);
        enabled.then_some((database, table))
    }
}

/// How many files are written; an empty text, 0 or nothing leaves it to the engine.
fn read_file_count(fields: &mut Fields<'_>) -> Read<Option<u64>> {
    const NAME: &str = "NumberTargetPartitions";
    if fields.text_opt(NAME)?.is_none_or(|text| text.is_empty()) {
        return Ok(None);
    }
    fields.whole_opt(NAME, MAX_TARGET_FILES)
}

/// Writes Parquet files to a folder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3GlueParquetTarget {
    /// The folder.
    pub path: String,
    /// How pages are compressed; none is Glue's default, Snappy.
    pub compression: Option<ParquetCompression>,
    /// How many files are written; none or 0 leaves it to the engine.
    pub number_target_partitions: Option<u64>,
    /// What all targets share.
    pub options: TargetOptions,
}

impl Body for S3GlueParquetTarget {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        fields.refuse_words("Compression", &["lzo"], NO_LZO)?;
        Ok(Self {
            path: fields.filled_text("Path")?,
            compression: fields.word_opt("Compression")?,
            number_target_partitions: read_file_count(fields)?,
            options: TargetOptions::read(fields, true)?,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("Path", self.path.clone());
        members.put_word("Compression", self.compression);
        let files = self.number_target_partitions.map(|files| files.to_string());
        members.put_some("NumberTargetPartitions", files);
        self.options.write(members);
    }
}

/// Glue's formats that are refused by their names.
const FORMATS_REFUSED: &[&str] = &["avro", "orc", "hudi", "delta", "iceberg", "hyper", "xml"];

/// What `word` means for Parquet files; Snappy when there is none.
fn parquet_compression(word: Option<&str>) -> Result<ParquetCompression> {
    match word {
        None => Ok(ParquetCompression::default()),
        Some("lzo") => Err(Error::unsupported("lzo is not supported").hint(NO_LZO)),
        Some(word) => known(word, "Parquet"),
    }
}

/// What `word` means for CSV and JSON files; not compressed when there is none.
fn file_compression(word: Option<&str>) -> Result<FileCompression> {
    match word {
        None | Some("uncompressed") => Ok(FileCompression::None),
        Some(word) => known(word, "CSV and JSON"),
    }
}

fn known<W: Word>(word: &str, files: &str) -> Result<W> {
    W::from_word(word).ok_or_else(|| {
        let words = W::WORDS.iter().map(|(word, _)| *word);
        Error::invalid(format!("{files} files are not compressed with \"{word}\""))
            .hint(nearest::hint(word, words))
    })
}

/// The `Compression` of a target; `format` is none when the table that is written to decides.
fn read_compression(fields: &mut Fields<'_>, format: Option<TargetFormat>) -> Read<Option<String>> {
    const NAME: &str = "Compression";
    let word = fields.text_opt(NAME)?.filter(|word| !word.is_empty());
    let checked = match format {
        Some(TargetFormat::Parquet) => parquet_compression(word.as_deref()).map(drop),
        Some(_) => file_compression(word.as_deref()).map(drop),
        None => parquet_compression(word.as_deref())
            .map(drop)
            .or_else(|error| {
                file_compression(word.as_deref())
                    .map(drop)
                    .map_err(|_| error)
            }),
    };
    checked.map_err(|error| fields.wrong(NAME, error))?;
    Ok(word)
}

/// Writes CSV, JSON or Parquet files to a folder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3DirectTarget {
    /// The folder.
    pub path: String,
    /// What files.
    pub format: TargetFormat,
    /// How many files are written; none or 0 leaves it to the engine.
    pub number_target_partitions: Option<u64>,
    /// What all targets share.
    pub options: TargetOptions,
    /// How files are compressed, as written; the methods say what it means.
    pub compression: Option<String>,
}

impl S3DirectTarget {
    /// How the pages of Parquet files are compressed; Snappy unless given.
    pub fn parquet_compression(&self) -> Result<ParquetCompression> {
        parquet_compression(self.compression.as_deref())
    }

    /// How CSV and JSON files are compressed; not at all unless given.
    pub fn file_compression(&self) -> Result<FileCompression> {
        file_compression(self.compression.as_deref())
    }
}

impl Body for S3DirectTarget {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        fields.refuse_words("Format", FORMATS_REFUSED, "use parquet, csv or json")?;
        let format = fields.word("Format")?;
        let target = Self {
            path: fields.filled_text("Path")?,
            format,
            number_target_partitions: read_file_count(fields)?,
            options: TargetOptions::read(fields, true)?,
            compression: read_compression(fields, Some(format))?,
        };
        fields.keep(&["OutputSchemas"]);
        Ok(target)
    }

    fn write(&self, members: &mut Members) {
        members.put("Path", self.path.clone());
        members.put("Format", self.format.as_str());
        members.put_some("Compression", self.compression.clone());
        let files = self.number_target_partitions.map(|files| files.to_string());
        members.put_some("NumberTargetPartitions", files);
        self.options.write(members);
    }
}

/// Writes to a table of the catalog, which is made if it is not there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3CatalogTarget {
    /// The table's database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Where the table is made if it is not there (an extension).
    pub path: Option<String>,
    /// The format of a table that is made (an extension).
    pub format: Option<TargetFormat>,
    /// What all targets share.
    pub options: TargetOptions,
    /// How files are compressed, as written; the methods say what it means.
    pub compression: Option<String>,
}

impl S3CatalogTarget {
    /// How the pages of Parquet files are compressed; Snappy unless given.
    pub fn parquet_compression(&self) -> Result<ParquetCompression> {
        parquet_compression(self.compression.as_deref())
    }

    /// How CSV and JSON files are compressed; not at all unless given.
    pub fn file_compression(&self) -> Result<FileCompression> {
        file_compression(self.compression.as_deref())
    }
}

impl Body for S3CatalogTarget {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        fields.refuse_words("Format", FORMATS_REFUSED, "use parquet, csv or json")?;
        let format: Option<TargetFormat> = fields.word_opt("Format")?;
        Ok(Self {
            database: fields.filled_text("Database")?,
            table: fields.filled_text("Table")?,
            path: fields.text_opt("Path")?.filter(|path| !path.is_empty()),
            format,
            options: TargetOptions::read(fields, false)?,
            compression: read_compression(fields, format)?,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("Database", self.database.clone());
        members.put("Table", self.table.clone());
        members.put_some("Path", self.path.clone());
        members.put_word("Format", self.format);
        members.put_some("Compression", self.compression.clone());
        self.options.write(members);
    }
}
