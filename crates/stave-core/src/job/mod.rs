//! The job graph: what a job file means, before anything is read.
//!
//! A job file is YAML or JSON in the form of Glue's `CodeGenConfigurationNodes`
//! (same node and field names), either a whole Glue job or the map of nodes
//! alone. [`JobDocument`] is the file as it was written, placeholders and all,
//! and goes back without loss; [`JobDefinition`] is what it means once its
//! parameters are filled: typed nodes in a [`Graph`] that has been checked.
//!
//! Must not know: schemas, files, SQL, arrow. A column that does not exist is
//! found by the planner.
//!
//! # How members are treated
//! - A member that decides the result is a field of the node's struct.
//! - A member without effect on one machine (`GroupSize`, `OptimizePerformance`,
//!   `OutputSchemas`, …) is kept in [`Node::kept`] and goes back.
//! - A member that would change the result and is not honoured (`BoundedSize`,
//!   `EnableSamplePath`, …) is refused by its name; an unknown one as well.
//! - `AutoDataQuality` with `IsEnabled: true` is accepted with a warning: Glue
//!   evaluates the one rule `ColumnCount > 0` on a best-effort basis and only
//!   publishes the outcome, so that rows and files are the same without it.
//! - `--job-bookmark-option` is a [`Bookmark`] of the job: it holds for its S3 sources.
//!   A source that is a table of the catalog has none, and is refused beside one.
//! - A `DynamicTransform` is one of the two that Glue Studio brings along for nested
//!   data, `gs_explode` and `gs_flatten`, or refused by its name.
//!
//! # Where Stave takes more than Glue
//! The fields in [`EXTENSIONS`], and these spellings, all of which Glue's own form
//! has precedence over: a column path may be a word instead of a list of its parts
//! (`Paths: [track_id, id]`), `Name` may be absent (the node's id is used),
//! `Separator`, `QuoteChar`, `LogicalOperator` (AND), `UnionType` (ALL) and
//! `JoinType` (equijoin) have defaults, and `Union` takes more than two inputs.
//! [`JobDefinition::to_json`] writes Glue's spelling of all of these.
//!
//! # Parameters
//! `${name}` in any string of a node is filled from the run's arguments, then from
//! the job's `DefaultArguments` (`--name`); `$${` stands for `${` itself.
//!
//! Node and member names: `botocore`'s model of the Glue API (Apache-2.0) and
//! <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-visual-job-api.html>.

mod bookmark;
mod check;
mod columns;
mod definition;
mod document;
mod drawing;
mod dynamic;
mod fields;
mod graph;
mod json_path;
mod json_source;
mod kind;
mod kind_names;
mod lines;
mod members;
mod parameters;
mod rows;
mod sources;
mod summary;
mod targets;
mod tree;
mod words;
mod wrong;

#[cfg(test)]
mod tests;

pub use bookmark::Bookmark;
pub use columns::{
    ApplyMapping, DropFields, DropNullFields, FillMissingValues, Mapping, NullText, RenameField,
    SelectFields, SplitFields,
};
pub use definition::{JobDefinition, Warning};
pub use document::JobDocument;
pub use drawing::graph_text;
pub use dynamic::{DynamicTransform, Explode, Flatten};
pub use graph::{Graph, Node};
pub use json_path::{JsonStep, parse_json_path};
pub use json_source::S3JsonSource;
pub use kind::NodeKind;
pub use kind_names::{GLUE_KINDS, SUPPORTED_KINDS};
pub use rows::{
    Aggregate, Aggregation, DropDuplicates, Filter, FilterExpression, FilterValue, Join,
    JoinColumn, SelectFromCollection, SparkSql, Spigot, SqlAlias, Union,
};
pub use sources::{AfterRead, CsvTypes, S3CatalogSource, S3CsvSource, S3Files, S3ParquetSource};
pub use targets::{
    CatalogUpdate, S3CatalogTarget, S3DirectTarget, S3GlueParquetTarget, TargetOptions,
};
pub use words::{
    AggFunction, BadRows, CsvDialect, FileCompression, FilterOperation, FilterValueType, JoinType,
    LogicalOperator, ParquetCompression, QuoteChar, Separator, TargetFormat, UnionType,
    UpdateBehavior, Word, WriteMode,
};

/// A column, by the parts of its path: `["album", "id"]` is the field `id` of the struct `album`.
pub type ColumnPath = Vec<String>;

/// The longest job file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// The most nodes that one graph may have.
pub const MAX_NODES: usize = 1_000;

/// Fields that Stave knows and Glue doesn't: the nodes that take it, its name, what it does.
/// All are optional; without them a node means what it means in Glue.
pub const EXTENSIONS: &[(&[&str], &str, &str)] = &[
    (
        &["S3CsvSource"],
        "Types",
        "typed reading: \"infer\", or a map of column name to Hive type (other columns stay strings)",
    ),
    (
        &["S3CsvSource"],
        "Dialect",
        "rfc4180 (default), hive (LazySimpleSerDe: no quotes) or opencsv (OpenCSVSerde)",
    ),
    (
        &["S3CsvSource"],
        "Comment",
        "one character; a line that starts with it is skipped",
    ),
    (
        &["S3CsvSource"],
        "SkipLines",
        "how many lines at the start of each file are skipped, before the header",
    ),
    (
        &["S3CsvSource"],
        "NullValues",
        "the texts that are read as null",
    ),
    (
        &["S3CsvSource"],
        "BadRows",
        "fail (default), or reject: set bad rows aside in RejectsPath and count them",
    ),
    (
        &["S3CsvSource"],
        "RejectsPath",
        "the folder that rejected rows are written to, with the reason",
    ),
    (
        &["S3JsonSource"],
        "Types",
        "typed reading: a map of column name to Hive type; other members are passed over",
    ),
    (
        &["S3JsonSource"],
        "JsonPaths",
        "several paths instead of JsonPath: rows are what any of them leads to",
    ),
    (
        &["S3CsvSource", "S3JsonSource", "S3ParquetSource"],
        "AfterRead",
        "what happens to objects when the run has read them: {MoveTo: s3://bucket/folder/}",
    ),
    (
        &["FillMissingValues"],
        "FillValue",
        "the constant that missing values are filled with (Glue guesses by a model, Stave doesn't)",
    ),
    (
        &["S3DirectTarget", "S3GlueParquetTarget", "S3CatalogTarget"],
        "Mode",
        "append (default, as in Glue) or overwrite",
    ),
    (
        &["S3CatalogTarget"],
        "Path",
        "where the table is made when the catalog has none of that name",
    ),
    (
        &["S3CatalogTarget"],
        "Format",
        "the format of a table that is made: parquet (default), csv or json",
    ),
    (
        &["S3CatalogTarget"],
        "Compression",
        "how a table's new files are compressed",
    ),
];

/// A column path as it is written in messages: its parts with dots between them.
pub fn path_text(path: &[String]) -> String {
    path.join(".")
}
