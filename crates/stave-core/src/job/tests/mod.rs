//! Tests of the job graph, and the job files that they share.

mod arbitrary;
mod drawing;
mod graphs;
mod parameters;
mod reading;
mod refusals;
mod writing;

use std::collections::BTreeMap;

use super::{JobDefinition, JobDocument};
use crate::error::{Error, ErrorKind};

/// Three CSV sources, two joins, Parquet: the shape that Glue Studio exports.
const EXPORTED: &str = r#"{
  "Name": "spotify-join",
  "Description": "albums, artists and tracks",
  "Role": "arn:aws:iam::123456789012:role/glue-role",
  "JobMode": "VISUAL",
  "GlueVersion": "5.0",
  "WorkerType": "G.1X",
  "NumberOfWorkers": 10,
  "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://assets/scripts/spotify-join.py"},
  "DefaultArguments": {"--job-bookmark-option": "job-bookmark-disable", "--job-language": "python"},
  "CodeGenConfigurationNodes": {
    "node-1": {"S3CsvSource": {"Name": "artist", "Paths": ["s3://staging/artists.csv"], "Separator": "comma", "QuoteChar": "quote", "WithHeader": true, "Recurse": true, "OptimizePerformance": false}},
    "node-2": {"S3CsvSource": {"Name": "album", "Paths": ["s3://staging/albums.csv"], "Separator": "comma", "QuoteChar": "quote", "WithHeader": true, "Recurse": true, "OptimizePerformance": false}},
    "node-3": {"S3CsvSource": {"Name": "tracks", "Paths": ["s3://staging/track.csv"], "Separator": "comma", "QuoteChar": "quote", "WithHeader": true, "Recurse": true, "OptimizePerformance": false, "AdditionalOptions": {}, "GroupSize": "1048576", "OutputSchemas": [{"Columns": [{"Name": "track_id", "Type": "string"}]}]}},
    "node-4": {"Join": {"Name": "Join album and artist", "Inputs": ["node-2", "node-1"], "JoinType": "equijoin", "Columns": [{"From": "node-2", "Keys": [["artist_id"]]}, {"From": "node-1", "Keys": [["id"]]}]}},
    "node-5": {"Join": {"Name": "Join with tracks", "Inputs": ["node-3", "node-4"], "JoinType": "equijoin", "Columns": [{"From": "node-4", "Keys": [["track_id"]]}, {"From": "node-3", "Keys": [["track_id"]]}]}},
    "node-6": {"DropFields": {"Name": "Drop Fields", "Inputs": ["node-5"], "Paths": [[".track_id"], ["id"]]}},
    "node-7": {"S3GlueParquetTarget": {"Name": "Destination", "Inputs": ["node-6"], "Path": "s3://warehouse/", "Compression": "snappy", "PartitionKeys": [], "SchemaChangePolicy": {"EnableUpdateCatalog": false}, "AutoDataQuality": {"IsEnabled": true, "EvaluationContext": "EvaluateDataQuality_node1"}}}
  }
}"#;

/// Every supported node type, with every member that has a meaning.
const EVERYTHING: &str = r#"
csv: {S3CsvSource: {Name: csv, Paths: [s3://b/a.csv, s3://b/c/], CompressionType: gzip, Exclusions: ["**.tmp"], GroupSize: "1", GroupFiles: inPartition, Recurse: true, MaxBand: 5, MaxFilesInBand: 7, AdditionalOptions: {EnableSamplePath: false, SamplePath: s3://b/s}, Separator: pipe, Escaper: "\\", QuoteChar: single_quote, Multiline: true, WithHeader: true, WriteHeader: true, SkipFirst: false, OptimizePerformance: true, OutputSchemas: [], Types: {n: bigint, "d": "decimal(10,2)"}, Dialect: opencsv, Comment: '#', SkipLines: 2, NullValues: ["", NA], BadRows: reject, RejectsPath: s3://b/bad/}}
json: {S3JsonSource: {Name: json, Paths: [s3://b/j/], CompressionType: bzip2, JsonPath: "$[*]", Multiline: true, Types: {a: "array<struct<id:string>>"}, AfterRead: {MoveTo: s3://bucket/done}}}
pages: {S3JsonSource: {Name: pages, Paths: [s3://b/pages/], JsonPaths: ["$.items[*]", "$.tracks['items'][*]"]}}
rows: {DynamicTransform: {Name: rows, TransformName: gs_explode, Inputs: [pages], Parameters: [{Name: colName, Type: str, Value: ["`a.b`"]}, {Name: newCol, Type: str, Value: [c], IsOptional: true}, {Name: outer, Type: bool, Value: ["true"], IsOptional: true}], FunctionName: gs_explode, Path: s3://aws-glue-studio-transforms/gs_explode.py, Version: "1.0.0", OutputSchemas: []}}
flat: {DynamicTransform: {Name: flat, TransformName: gs_flatten, Inputs: [rows], Parameters: [{Name: maxLevels, Type: int, Value: ["2"]}], FunctionName: gs_flatten, Path: s3://x}}
parquet: {S3ParquetSource: {Name: parquet, Paths: [s3://b/p/], CompressionType: lz4}}
table: {S3CatalogSource: {Name: table, Database: d, Table: t, PartitionPredicate: "year = '2023'", AdditionalOptions: {}}}
old: {CatalogSource: {Name: old, Database: d, Table: t}}
join: {Join: {Name: join, Inputs: [csv, json], JoinType: leftanti, Columns: [{From: csv, Keys: [[a], [b, c]]}, {From: json, Keys: [[x], [y]]}]}}
drop: {DropFields: {Name: drop, Inputs: [join], Paths: [[a], [b, c]]}}
select: {SelectFields: {Name: select, Inputs: [drop], Paths: [[d]]}}
rename: {RenameField: {Name: rename, Inputs: [select], SourcePath: [d], TargetPath: [e]}}
map: {ApplyMapping: {Name: map, Inputs: [parquet], Mapping: [{ToKey: e, FromPath: [d], FromType: string, ToType: long, Dropped: false}, {FromPath: [gone], Dropped: true}, {ToKey: s, FromPath: [s], ToType: struct, Children: [{ToKey: u, FromPath: [t], ToType: decimal}]}]}}
filter: {Filter: {Name: filter, Inputs: [map], LogicalOperator: OR, Filters: [{Operation: GTE, Negated: true, Values: [{Type: CONSTANT, Value: ["40"]}, {Type: COLUMNEXTRACTED, Value: [e]}]}, {Operation: ISNULL, Values: [{Type: COLUMNEXTRACTED, Value: [s, u]}]}]}}
once: {DropDuplicates: {Name: once, Inputs: [filter], Columns: [[e]]}}
full: {DropNullFields: {Name: full, Inputs: [once], NullCheckBoxList: {IsEmpty: true, IsNullString: false, IsNegOne: true}, NullTextList: [{Value: "0", Datatype: {Id: int, Label: int}}]}}
fill: {FillMissingValues: {Name: fill, Inputs: [full], ImputedPath: e, FilledPath: f, FillValue: "0"}}
union: {Union: {Name: union, Inputs: [table, old, fill, flat], UnionType: DISTINCT}}
sum: {Aggregate: {Name: sum, Inputs: [union], Groups: [[e]], Aggs: [{Column: [f], AggFunc: sum}, {Column: [f], AggFunc: countDistinct}]}}
split: {SplitFields: {Name: split, Inputs: [sum], Paths: [[e]]}}
first: {SelectFromCollection: {Name: first, Inputs: [split], Index: 0}}
second: {SelectFromCollection: {Name: second, Inputs: [split], Index: 1}}
sample: {Spigot: {Name: sample, Inputs: [first], Path: s3://b/sample/, Topk: 5, Prob: 0.5}}
sql: {SparkSQL: {Name: sql, Inputs: [sample, rename], SqlQuery: "select * from s join r using (e)", SqlAliases: [{From: sample, Alias: s}, {From: rename, Alias: r}]}}
out: {S3DirectTarget: {Name: out, Inputs: [sql], Path: s3://b/out/, Format: csv, Compression: gzip, NumberTargetPartitions: "3", PartitionKeys: [[e]], SchemaChangePolicy: {EnableUpdateCatalog: true, UpdateBehavior: LOG, Table: t, Database: d}, Mode: overwrite}}
house: {S3GlueParquetTarget: {Name: house, Inputs: [second], Path: s3://b/house/, Compression: brotli, PartitionKeys: []}}
kept: {S3CatalogTarget: {Name: kept, Inputs: [sql], Database: d, Table: t, PartitionKeys: [[e]], SchemaChangePolicy: {EnableUpdateCatalog: true, UpdateBehavior: UPDATE_IN_DATABASE}, Path: s3://b/kept/, Format: parquet, Compression: zstd, Mode: append}}
"#;

fn fill(text: &str, arguments: &[(&str, &str)]) -> crate::Result<JobDefinition> {
    let arguments: BTreeMap<String, String> = arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    JobDocument::parse(text)?.fill(&arguments)
}

fn read(text: &str) -> JobDefinition {
    fill(text, &[]).unwrap_or_else(|error| panic!("{error} ({:?})\n{text}", error.hint_text()))
}

fn refused(text: &str) -> Error {
    match fill(text, &[]) {
        Ok(_) => panic!("was read:\n{text}"),
        Err(error) => error,
    }
}

/// Checks kind, a part of the message and a part of the hint.
fn assert_refused(text: &str, kind: ErrorKind, message: &str, hint: &str) {
    let error = refused(text);
    let found = error.hint_text().unwrap_or_default();
    assert!(error.message().contains(message), "{error}\nfor {text}");
    assert!(
        found.contains(hint),
        "hint {found:?} of {error}\nfor {text}"
    );
    assert_eq!(error.kind(), kind, "{error}\nfor {text}");
}
