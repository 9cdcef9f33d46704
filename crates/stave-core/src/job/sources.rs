//! The nodes that read: S3 files as CSV or Parquet, and tables of the catalog.

use serde_json::{Map, Value};

use super::fields::{Fields, text_of};
use super::members::{Body, Members};
use super::words::{
    BadRows, CsvDialect, FileCompression, ParquetCompression, QuoteChar, Separator, Word,
};
use super::wrong::{Read, Wrong};
use crate::error::Error;
use crate::hive::HiveType;
use crate::names::S3Uri;

/// The members that all sources of S3 files share.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3Files {
    /// Addresses (`s3://bucket/prefix`) or local paths of files and folders.
    pub paths: Vec<String>,
    /// Glob patterns of what is left out.
    pub exclusions: Vec<String>,
    /// Whether folders inside the folders are read; none is Glue's default, no.
    pub recurse: Option<bool>,
    /// What happens to the objects that a run has read (an extension).
    pub after_read: Option<AfterRead>,
}

/// What happens to objects when the run that has read them is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterRead {
    /// The folder that they are moved to; they keep their place below the source's path.
    pub move_to: S3Uri,
}

impl AfterRead {
    fn read(fields: &mut Fields<'_>) -> Read<Option<Self>> {
        let place = fields.place("AfterRead.MoveTo");
        let Some(mut after) = fields.below("AfterRead")? else {
            return Ok(None);
        };
        let text = after.filled_text("MoveTo")?;
        after.finish()?;
        let move_to = text.parse().map_err(|error| Wrong::at(&place, error))?;
        Ok(Some(Self { move_to }))
    }
}

impl S3Files {
    pub(super) fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let paths = fields.texts("Paths")?;
        if paths.is_empty() || paths.iter().any(|path| path.trim().is_empty()) {
            let error = Error::invalid("names no file or folder to read")
                .hint("write Paths: [s3://bucket/folder/]");
            return Err(fields.wrong("Paths", error));
        }
        let exclusions = fields.texts("Exclusions")?;
        let recurse = fields.flag_opt("Recurse")?;
        let after_read = AfterRead::read(fields)?;
        refuse_samples(fields)?;
        fields.keep(&[
            "AdditionalOptions",
            "GroupSize",
            "GroupFiles",
            "MaxBand",
            "MaxFilesInBand",
            "OutputSchemas",
        ]);
        Ok(Self {
            paths,
            exclusions: flat_exclusions(&exclusions),
            recurse,
            after_read,
        })
    }

    pub(super) fn write(&self, members: &mut Members) {
        members.put("Paths", self.paths.clone());
        members.put_list("Exclusions", &self.exclusions);
        members.put_some("Recurse", self.recurse);
        if let Some(after) = &self.after_read {
            let mut inner = Members::default();
            inner.put("MoveTo", after.move_to.to_string());
            members.put("AfterRead", inner.0);
        }
    }
}

/// The patterns, also where a text holds a JSON list of them, as Glue's guide has it.
fn flat_exclusions(texts: &[String]) -> Vec<String> {
    let mut patterns = Vec::with_capacity(texts.len());
    for text in texts {
        match serde_json::from_str::<Vec<String>>(text) {
            Ok(listed) => patterns.extend(listed),
            Err(_) => patterns.push(text.clone()),
        }
    }
    patterns.retain(|pattern| !pattern.is_empty());
    patterns
}

/// Reading a part of the input would change the result.
fn refuse_samples(fields: &mut Fields<'_>) -> Read<()> {
    const WHY: &str = "a job reads all of its input";
    let Some(mut options) = fields.below("AdditionalOptions")? else {
        return Ok(());
    };
    options.refuse(&["BoundedSize", "BoundedFiles"], WHY)?;
    // Without EnableSamplePath a sample path that is left over means nothing in Glue either.
    match options.flag_opt("EnableSamplePath")? {
        Some(true) => options.refuse(&["EnableSamplePath"], WHY)?,
        Some(false) => {
            options.value("SamplePath");
        }
        None => options.refuse(&["SamplePath"], WHY)?,
    }
    options.finish()?;
    Ok(())
}

/// How a CSV source types its columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CsvTypes {
    /// Every column is a string, as in Glue.
    #[default]
    Strings,
    /// The types are found out from the data (an extension).
    Infer,
    /// These columns have these types, the others stay strings (an extension).
    Declared(Vec<(String, HiveType)>),
}

impl CsvTypes {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let place = fields.place("Types");
        match fields.value("Types") {
            None => Ok(Self::Strings),
            Some(Value::String(word)) if word == "infer" => Ok(Self::Infer),
            Some(Value::String(word)) if word == "string" => Ok(Self::Strings),
            Some(Value::Object(columns)) => read_types(columns, &place).map(Self::Declared),
            Some(_) => Err(Wrong::at(
                place,
                Error::invalid("\"infer\" or a map of column names to types is wanted")
                    .hint("write Types: infer, or Types: {duration_ms: bigint}"),
            )),
        }
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::Strings => {}
            Self::Infer => members.put("Types", "infer"),
            Self::Declared(columns) => members.put("Types", types_value(columns)),
        }
    }
}

/// A map of column names to types.
pub(super) fn read_types(
    columns: &Map<String, Value>,
    place: &str,
) -> Read<Vec<(String, HiveType)>> {
    let typed = columns.iter().map(|(column, hive)| {
        let place = format!("{place}.{column}");
        let parsed = text_of(hive, &place)?.parse();
        let hive = parsed.map_err(|error| Wrong::at(&place, error))?;
        Ok((column.clone(), hive))
    });
    typed.collect()
}

/// The map that [`read_types`] reads.
pub(super) fn types_value(columns: &[(String, HiveType)]) -> Map<String, Value> {
    columns
        .iter()
        .map(|(column, hive)| (column.clone(), hive.to_string().into()))
        .collect()
}

/// Reads CSV files; every column is a string unless [`CsvTypes`] says otherwise.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3CsvSource {
    /// Which files.
    pub files: S3Files,
    /// How they are compressed; none means by their names.
    pub compression_type: Option<FileCompression>,
    /// What stands between values.
    pub separator: Separator,
    /// What values may be quoted with.
    pub quote_char: QuoteChar,
    /// The character that takes the next one as it is.
    pub escaper: Option<char>,
    /// Whether the first line names the columns; none is Glue's default, no.
    pub with_header: Option<bool>,
    /// Whether the first line of data is left out.
    pub skip_first: Option<bool>,
    /// How columns are typed (an extension).
    pub types: CsvTypes,
    /// By which rules lines are split (an extension).
    pub dialect: Option<CsvDialect>,
    /// Lines that start with it are skipped (an extension).
    pub comment: Option<char>,
    /// Lines skipped at the start of each file (an extension).
    pub skip_lines: Option<u64>,
    /// Texts that are read as null (an extension).
    pub null_values: Vec<String>,
    /// What happens to bad rows (an extension).
    pub bad_rows: Option<BadRows>,
    /// Where rejected rows go (an extension).
    pub rejects_path: Option<String>,
}

/// What to do instead of LZO.
pub(super) const NO_LZO: &str = "use snappy, gzip, zstd, lz4, brotli or none";

const MAX_SKIPPED_LINES: u64 = 1_000_000;

impl Body for S3CsvSource {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        fields.refuse_words(
            "QuoteChar",
            &["quillemet"],
            "use quote, single_quote or disabled",
        )?;
        let source = Self {
            files: S3Files::read(fields)?,
            compression_type: fields.word_opt("CompressionType")?,
            separator: fields.word_opt("Separator")?.unwrap_or_default(),
            quote_char: fields.word_opt("QuoteChar")?.unwrap_or_default(),
            escaper: fields.character_opt("Escaper")?,
            with_header: fields.flag_opt("WithHeader")?,
            skip_first: fields.flag_opt("SkipFirst")?,
            types: CsvTypes::read(fields)?,
            dialect: fields.word_opt("Dialect")?,
            comment: fields.character_opt("Comment")?,
            skip_lines: fields.whole_opt("SkipLines", MAX_SKIPPED_LINES)?,
            null_values: fields.texts("NullValues")?,
            bad_rows: fields.word_opt("BadRows")?,
            rejects_path: fields
                .text_opt("RejectsPath")?
                .filter(|path| !path.is_empty()),
        };
        let rejects = source.bad_rows == Some(BadRows::Reject);
        if rejects && source.rejects_path.is_none() {
            let error = Error::invalid("BadRows: reject has no folder to put rows into")
                .hint("add RejectsPath: s3://bucket/rejects/");
            return Err(fields.wrong("RejectsPath", error));
        }
        if !rejects && source.rejects_path.is_some() {
            let error =
                Error::invalid("is never used: bad rows fail the run").hint("add BadRows: reject");
            return Err(fields.wrong("RejectsPath", error));
        }
        fields.keep(&["Multiline", "WriteHeader", "OptimizePerformance"]);
        Ok(source)
    }

    fn write(&self, members: &mut Members) {
        self.files.write(members);
        members.put_word("CompressionType", self.compression_type);
        members.put("Separator", self.separator.as_str());
        members.put("QuoteChar", self.quote_char.as_str());
        members.put_some("Escaper", self.escaper.map(String::from));
        members.put_some("WithHeader", self.with_header);
        members.put_some("SkipFirst", self.skip_first);
        self.types.write(members);
        members.put_word("Dialect", self.dialect);
        members.put_some("Comment", self.comment.map(String::from));
        members.put_some("SkipLines", self.skip_lines);
        members.put_list("NullValues", &self.null_values);
        members.put_word("BadRows", self.bad_rows);
        members.put_some("RejectsPath", self.rejects_path.clone());
    }
}

/// Reads Parquet files. How they are compressed is written in the files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3ParquetSource {
    /// Which files.
    pub files: S3Files,
}

impl Body for S3ParquetSource {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let files = S3Files::read(fields)?;
        fields.refuse_words("CompressionType", &["lzo"], NO_LZO)?;
        fields.word_opt::<ParquetCompression>("CompressionType")?;
        fields.keep(&["CompressionType"]);
        Ok(Self { files })
    }

    fn write(&self, members: &mut Members) {
        self.files.write(members);
    }
}

/// Reads a table of the Data Catalog (`S3CatalogSource` and `CatalogSource`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3CatalogSource {
    /// The table's database.
    pub database: String,
    /// The table.
    pub table: String,
    /// An SQL condition over the partition columns: other partitions are not read.
    pub partition_predicate: Option<String>,
}

impl Body for S3CatalogSource {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        refuse_samples(fields)?;
        fields.keep(&["AdditionalOptions", "OutputSchemas"]);
        Ok(Self {
            database: fields.filled_text("Database")?,
            table: fields.filled_text("Table")?,
            partition_predicate: fields
                .text_opt("PartitionPredicate")?
                .filter(|predicate| !predicate.trim().is_empty()),
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("Database", self.database.clone());
        members.put("Table", self.table.clone());
        members.put_some("PartitionPredicate", self.partition_predicate.clone());
    }
}
