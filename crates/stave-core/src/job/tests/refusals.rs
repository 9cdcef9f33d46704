//! Every refusal of a node: where, what, and what to do.

use super::super::{GLUE_KINDS, SUPPORTED_KINDS};
use super::{assert_refused, read, refused};
use crate::error::ErrorKind::{self, Invalid, Unsupported};

/// A job of one CSV source, one transform and one target; `node` replaces the one of its id.
fn job(node: &str) -> String {
    let mut nodes = vec![
        ("src", "src: {S3CsvSource: {Name: source, Paths: [a.csv]}}"),
        (
            "mid",
            "mid: {SelectFields: {Name: middle, Inputs: [src], Paths: [a]}}",
        ),
        (
            "out",
            "out: {S3GlueParquetTarget: {Name: target, Inputs: [mid], Path: out}}",
        ),
    ];
    let id = node.split(':').next().unwrap_or_default();
    nodes.retain(|(name, _)| *name != id);
    let rest: Vec<&str> = nodes.iter().map(|(_, text)| *text).collect();
    format!("{}\n{node}", rest.join("\n"))
}

fn csv(members: &str) -> String {
    job(&format!(
        "src: {{S3CsvSource: {{Name: source, Paths: [a.csv], {members}}}}}"
    ))
}

fn mid(kind: &str, members: &str) -> String {
    job(&format!(
        "mid: {{{kind}: {{Name: middle, Inputs: [src], {members}}}}}"
    ))
}

fn target(kind: &str, members: &str) -> String {
    job(&format!(
        "out: {{{kind}: {{Name: target, Inputs: [mid], {members}}}}}"
    ))
}

type Case = (String, ErrorKind, &'static str, &'static str);

fn assert_all(cases: &[Case]) {
    for (text, kind, message, hint) in cases {
        assert_refused(text, *kind, message, hint);
    }
}

#[test]
fn the_bare_job_of_these_tests_is_right() {
    assert_eq!(read(&job("")).warnings, []);
    assert_eq!(read(&csv("WithHeader: true")).warnings, []);
}

#[test]
fn errors_name_line_node_and_member() {
    let text = "src:\n  S3CsvSource:\n    Name: albums\n    Paths: [a.csv]\n    WithHaeder: true\n";
    let error = refused(text);
    assert_eq!(
        error.to_string(),
        "line 5: node \"albums\" (src), WithHaeder: there is no such member"
    );
    assert_eq!(error.hint_text(), Some("did you mean \"WithHeader\"?"));
}

#[test]
fn node_types_are_refused_by_name() {
    for kind in GLUE_KINDS
        .iter()
        .filter(|kind| !SUPPORTED_KINDS.contains(kind))
    {
        let error = refused(&mid(kind, "Anything: 1"));
        assert_eq!(error.kind(), Unsupported, "{kind}");
        assert!(
            error
                .message()
                .contains(&format!("node type {kind} is not supported"))
        );
        assert!(
            error
                .hint_text()
                .unwrap_or_default()
                .contains("S3CsvSource")
        );
    }
    assert_eq!(GLUE_KINDS.len(), 79);
    assert!(SUPPORTED_KINDS.iter().all(|kind| GLUE_KINDS.contains(kind)));
    assert_all(&[
        (
            mid("DropField", "Paths: []"),
            Invalid,
            "no node type \"DropField\"",
            "\"DropFields\"",
        ),
        // The nearest of Glue's is DirectKafkaSource, which is not supported either.
        (
            mid("DirectKafkaSorce", ""),
            Invalid,
            "no node type \"DirectKafkaSorce\"",
            "supported are",
        ),
        (
            mid("Frobnicate", ""),
            Invalid,
            "no node type \"Frobnicate\"",
            "supported are",
        ),
    ]);
}

#[test]
#[rustfmt::skip] // one line a case
fn sources_are_refused() {
    assert_all(&[
        (job("src: {S3CsvSource: {Name: s}}"), Invalid, "Paths: names no file", "Paths:"),
        (job("src: {S3CsvSource: {Name: s, Paths: a.csv}}"), Invalid, "Paths: a list is wanted, not a text", ""),
        (job("src: {S3CsvSource: {Name: s, Paths: [1.5]}}"), Invalid, "Paths[0]: a text is wanted, not a number", "quotes"),
        (csv("Inputs: [mid]"), Invalid, "Inputs: S3CsvSource is a source", ""),
        (csv("Separator: coma"), Invalid, "Separator: there is no \"coma\"", "\"comma\""),
        (csv("QuoteChar: quillemet"), Unsupported, "QuoteChar: quillemet is not supported", "single_quote"),
        (csv("Escaper: ab"), Invalid, "Escaper: one ASCII character is wanted, not \"ab\"", ""),
        (csv("WithHeader: 1"), Invalid, "WithHeader: true or false is wanted, not a number", ""),
        (csv("CompressionType: zip"), Invalid, "CompressionType: there is no \"zip\"", "gzip"),
        (csv("AdditionalOptions: {BoundedSize: 10}"), Unsupported, "AdditionalOptions.BoundedSize: BoundedSize is not supported", "remove"),
        (csv("AdditionalOptions: {BoundedFiles: 10}"), Unsupported, "BoundedFiles is not supported", ""),
        (csv("AdditionalOptions: {EnableSamplePath: true, SamplePath: x}"), Unsupported, "EnableSamplePath is not supported", ""),
        (csv("AdditionalOptions: {SamplePath: x}"), Unsupported, "SamplePath is not supported", ""),
        (csv("AdditionalOptions: {BoundSize: 1}"), Invalid, "AdditionalOptions.BoundSize: there is no such member", "BoundedSize"),
        (csv("Types: yes"), Invalid, "Types: \"infer\" or a map", "bigint"),
        (csv("Types: {n: number}"), Invalid, "Types.n: \"number\" is not a Hive type", "bigint"),
        (csv("Dialect: excel"), Invalid, "Dialect: there is no \"excel\"", "rfc4180"),
        (csv("BadRows: reject"), Invalid, "RejectsPath: BadRows: reject has no folder", "RejectsPath"),
        (csv("RejectsPath: x"), Invalid, "RejectsPath: is never used", "BadRows: reject"),
        (csv("SkipLines: -1"), Invalid, "SkipLines: a whole number from 0", ""),
        (job("src: {S3JsonSource: {Name: s, Paths: [a], JsonPath: $..items}}"), Unsupported, "JsonPath: the path \"$..items\"", "$.items[*]"),
        (job("src: {S3JsonSource: {Name: s, Paths: [a], JsonPaths: [$, '$[0]']}}"), Unsupported, "JsonPaths[1]: the path \"$[0]\"", "$.items[*]"),
        (job("src: {S3JsonSource: {Name: s, Paths: [a], JsonPath: $, JsonPaths: [$]}}"), Invalid, "JsonPaths: there is a JsonPath as well", ""),
        (job("src: {S3JsonSource: {Name: s, Paths: [a], Types: {n: itn}}}"), Invalid, "Types.n:", ""),
        (job("src: {S3JsonSource: {Name: s, Paths: [a], AfterRead: {MoveTo: ''}}}"), Invalid, "AfterRead.MoveTo: is empty", ""),
        (job("src: {S3JsonSource: {Name: s, Paths: [a], AfterRead: {Delete: true}}}"), Invalid, "AfterRead.MoveTo: is missing", ""),
        (job("src: {S3JsonSource: {Name: s, Paths: [a], Types: wide}}"), Invalid, "Types: \"infer\" or a map", "array<struct"),
        (job("src: {S3ParquetSource: {Name: s, Paths: [a], CompressionType: lzo}}"), Unsupported, "CompressionType: lzo is not supported", "snappy"),
        (job("src: {S3CatalogSource: {Name: s, Database: d}}"), Invalid, "Table: is missing", ""),
        (job("src: {S3CatalogSource: {Name: s, Database: d, Tabel: t}}"), Invalid, "Table: is missing", "\"Tabel\""),
        (job("src: {CatalogSource: {Name: s, Database: '', Table: t}}"), Invalid, "Database: is empty", ""),
    ]);
}

#[test]
#[rustfmt::skip] // one line a case
fn transforms_of_columns_are_refused() {
    assert_all(&[
        (mid("SelectFields", "Paths: []"), Invalid, "Paths: names no column", ""),
        (mid("DropFields", "Path: [a]"), Invalid, "Paths: is missing", "\"Path\""),
        (mid("DropFields", "Paths: [[]]"), Invalid, "Paths[0]: the column's path is empty", ""),
        (mid("DropFields", "Paths: [['']]"), Invalid, "Paths[0][0]: the column's name is empty", ""),
        (mid("DropFields", "Paths: [[[a]]]"), Invalid, "Paths[0][0]: a text is wanted, not a list", ""),
        (mid("RenameField", "SourcePath: [a]"), Invalid, "TargetPath: is missing", ""),
        (mid("ApplyMapping", "Mapping: []"), Invalid, "Mapping: keeps no column", ""),
        (mid("ApplyMapping", "Mapping: [{FromPath: [a]}]"), Invalid, "Mapping[0].ToKey: \"a\" has no new name", "Dropped"),
        (mid("ApplyMapping", "Mapping: [{ToKey: a, FromPath: [a], ToType: lon}]"), Invalid, "Mapping[0].ToType: \"lon\" is not a Hive type", ""),
        (mid("ApplyMapping", "Mapping: [{ToKey: a, FromPath: [a], Type: long}]"), Invalid, "Mapping[0].Type: there is no such member", "ToType"),
        (mid("FillMissingValues", "ImputedPath: a"), Unsupported, "FillValue: filling with values that a model guesses", "FillValue"),
        (mid("DropNullFields", "NullTextList: [{Value: x}]"), Invalid, "NullTextList[0].Datatype: is missing", ""),
        (mid("DropNullFields", "NullCheckBoxList: {IsEmtpy: true}"), Invalid, "NullCheckBoxList.IsEmtpy", "IsEmpty"),
        (mid("SelectFromCollection", ""), Invalid, "Index: is missing", ""),
        (mid("SelectFromCollection", "Index: 1"), Invalid, "Inputs[0]: \"source\" (S3CsvSource) is no collection", "SplitFields"),
        (mid("SplitFields", "Paths: [a]"), Invalid, "Inputs[0]: \"middle\" gives two sets of rows", "SelectFromCollection"),
        (job("mid: {SplitFields: {Inputs: [src], Paths: [a]}}\nx: {SelectFromCollection: {Inputs: [mid], Index: 2}}\nout: {S3GlueParquetTarget: {Inputs: [x], Path: o}}").replacen("out: {S3GlueParquetTarget: {Name: target, Inputs: [mid], Path: out}}\n", "", 1), Invalid, "Index: SplitFields gives 0 and 1, not 2", ""),
    ]);
}

#[test]
#[rustfmt::skip] // one line a case
fn transforms_of_rows_are_refused() {
    let filter = |values: &str| {
        mid(
            "Filter",
            &format!("LogicalOperator: AND, Filters: [{{Operation: EQ, Values: [{values}]}}]"),
        )
    };
    let column = "{Type: COLUMNEXTRACTED, Value: [a]}";
    assert_all(&[
        (mid("Filter", "LogicalOperator: AND, Filters: []"), Invalid, "Filters: there is no condition", ""),
        (mid("Filter", "LogicalOperator: XOR, Filters: []"), Invalid, "LogicalOperator: there is no \"XOR\"", "\"OR\""),
        (mid("Filter", "Filters: [{Operation: NE, Values: []}]"), Invalid, "Filters[0].Operation: there is no \"NE\"", ""),
        (filter("{Type: CONSTANT, Value: ['1']}"), Invalid, "Filters[0].Values: no column is compared", "COLUMNEXTRACTED"),
        (filter(column), Invalid, "Filters[0].Values: EQ takes 2 values, not 1", ""),
        (filter(&format!("{column}, {{Type: CONSTANT, Value: [a, b]}}")), Invalid, "a constant is one text", ""),
        (mid("Aggregate", "Groups: [a], Aggs: []"), Invalid, "Aggs: 1 to 30 aggregations", ""),
        (mid("Aggregate", "Aggs: [{Column: [a], AggFunc: median}]"), Invalid, "Aggs[0].AggFunc: there is no \"median\"", "avg"),
        (mid("Union", "UnionType: ALL"), Invalid, "Inputs: Union takes 2 or more, not 1", ""),
        (mid("DropDuplicates", "Paths: [a]"), Invalid, "Paths: there is no such member", "Columns"),
        (mid("Spigot", "Path: x, Topk: 101"), Invalid, "Topk: a whole number from 0 to 100", ""),
        (mid("Spigot", "Path: x, Prob: 1.5"), Invalid, "Prob: a number from 0 to 1", ""),
        (mid("SparkSQL", "SqlQuery: select 1, SqlAliases: []"), Invalid, "SqlAliases: no input has a name", "Alias"),
        (mid("SparkSQL", "SqlQuery: ' ', SqlAliases: []"), Invalid, "SqlQuery: is empty", ""),
        (mid("SparkSQL", "SqlQuery: select 1, SqlAliases: [{From: scr, Alias: s}]"), Invalid, "SqlAliases[0].From: \"scr\" is not one of the inputs", "\"src\""),
        (mid("SparkSQL", "SqlQuery: select 1, SqlAliases: [{From: src, Alias: s}, {From: src, Alias: S}]"), Invalid, "SqlAliases[1].Alias: the name \"S\" is given twice", ""),
    ]);
}

#[test]
#[rustfmt::skip] // one line a case
fn targets_are_refused() {
    let parquet = |members: &str| target("S3GlueParquetTarget", members);
    let direct = |members: &str| target("S3DirectTarget", members);
    let mut cases = vec![
        (parquet("Compression: snappy"), Invalid, "Path: is missing", ""),
        (parquet("Path: ' '"), Invalid, "Path: is empty", ""),
        (parquet("Path: o, Compression: lzo"), Unsupported, "Compression: lzo is not supported", "snappy"),
        (parquet("Path: o, Compression: bzip2"), Invalid, "Compression: there is no \"bzip2\"", "gzip"),
        (parquet("Path: o, Mode: replace"), Invalid, "Mode: there is no \"replace\"", "overwrite"),
        (parquet("Path: o, NumberTargetPartitions: many"), Invalid, "NumberTargetPartitions: a whole number", ""),
        (parquet("Path: o, SchemaChangePolicy: {EnableUpdateCatalog: true, Table: t}"), Invalid, "SchemaChangePolicy.Database: is missing", ""),
        (parquet("Path: o, SchemaChangePolicy: {UpdateBehavior: UPDATE}"), Invalid, "SchemaChangePolicy.UpdateBehavior: there is no \"UPDATE\"", ""),
        (parquet("Path: o, AutoDataQuality: {Ruleset: x}"), Invalid, "AutoDataQuality.Ruleset", ""),
        (direct("Path: o"), Invalid, "Format: is missing", ""),
        (direct("Path: o, Format: csv, Compression: snappy"), Invalid, "Compression: CSV and JSON files are not compressed with \"snappy\"", "gzip"),
        (direct("Path: o, Format: parquet, Compression: lzo"), Unsupported, "Compression: lzo is not supported", ""),
        (target("S3CatalogTarget", "Table: t"), Invalid, "Database: is missing", ""),
        (target("S3CatalogTarget", "Database: d, Table: t, Compression: rar"), Invalid, "Compression: Parquet files", ""),
        (target("S3CatalogTarget", "Database: d, Table: t, SchemaChangePolicy: {Table: x}"), Invalid, "SchemaChangePolicy.Table: there is no such member", ""),
    ];
    for format in ["avro", "orc", "hudi", "delta", "iceberg", "hyper", "xml"] {
        cases.push((
            direct(&format!("Path: o, Format: {format}")),
            Unsupported,
            "is not supported",
            "use parquet, csv or json",
        ));
    }
    assert_all(&cases);
}

#[test]
#[rustfmt::skip] // one line a case
fn shapes_are_refused() {
    let cases: &[(&str, ErrorKind, &str, &str)] = &[
        ("", Invalid, "the job file is empty", ""),
        ("- a", Invalid, "a job file is a map", "CodeGenConfigurationNodes"),
        ("{}", Invalid, "the job has no nodes", ""),
        ("a: [b", Invalid, "the job file is not YAML: line 2, column 1: did not find expected", ""),
        ("{\"a\": {\n\"b\" 1}}", Invalid, "the job file is not JSON: line 2, column 5: expected `:`", ""),
        ("a: {S3CsvSource: {Paths: [x]}}\na: {S3CsvSource: {Paths: [y]}}", Invalid, "the key \"a\" stands twice", ""),
        ("{\"a\": 1, \"a\": 2}", Invalid, "the key \"a\" stands twice", ""),
        ("a: 1", Invalid, "line 1: node \"a\": a node is a map with one key", ""),
        ("a: {Join: {}, Union: {}}", Invalid, "a node is a map with one key", ""),
        ("a: {Join: [x]}", Invalid, "Join must be a map", ""),
        ("a b: {Union: {}}", Invalid, "the node's id is not one that Glue takes", "Name"),
        ("a: {S3CsvSource: {Name: \"x\\ny\", Paths: [x]}}", Invalid, "Name: a name is one line", ""),
        ("Name: x\nNodes: {}", Invalid, "the job has no CodeGenConfigurationNodes", "below"),
        ("Name: x\nCodeGenConfigurationNode: {}", Invalid, "no \"CodeGenConfigurationNode\"", "\"CodeGenConfigurationNodes\""),
        ("Name: x\nCommand: {Name: glueetl}", Unsupported, "it runs a script", "visual"),
        ("Name: x\nCodeGenConfigurationNodes: []", Invalid, "must be a map of ids to nodes", ""),
        ("WorkerTyp: x\nCodeGenConfigurationNodes: {a: {Union: {}}}", Invalid, "WorkerTyp: there is no such member of a job", "\"WorkerType\""),
        ("DefaultArguments: [x]\nCodeGenConfigurationNodes: {}", Invalid, "DefaultArguments: must be a map", ""),
    ];
    for (text, kind, message, hint) in cases {
        assert_refused(text, *kind, message, hint);
    }
    let many: Vec<String> = (0..1_001).map(|at| format!("n{at}: {{}}")).collect();
    assert_refused(&many.join("\n"),
        ErrorKind::LimitExceeded,
        "1001 nodes are more than 1000",
        "",
    );
    let long = "#".repeat(2 << 20);
    assert_refused(
        &long,
        ErrorKind::LimitExceeded,
        "the job file has 2097152 bytes",
        "",
    );
}

#[test]
fn transforms_of_glue_studio_are_refused_by_their_names() {
    let dynamic = |members: &str| mid("DynamicTransform", members);
    let explode = |parameters: &str| {
        dynamic(&format!(
            "TransformName: gs_explode, FunctionName: gs_explode, Path: p, Parameters: [{parameters}]"
        ))
    };
    for (text, kind, message, hint) in [
        (
            dynamic("TransformName: gs_repartition"),
            Unsupported,
            "TransformName: the transform gs_repartition is not supported",
            "gs_explode",
        ),
        (dynamic(""), Invalid, "TransformName: is missing", ""),
        (
            explode(""),
            Invalid,
            "Parameters: colName is missing",
            "Value: [column]",
        ),
        (
            explode("{Name: colName, Value: [a]}, {Name: newcol, Value: [b]}"),
            Invalid,
            "gs_explode has no parameter \"newcol\"",
            "newCol",
        ),
        (
            explode("{Name: colName, Value: [a, b]}"),
            Invalid,
            "colName has more than one value",
            "",
        ),
        (
            explode("{Name: colName, Value: [a]}, {Name: outer, Value: [yes please]}"),
            Invalid,
            "outer is true or false",
            "",
        ),
        (
            dynamic("TransformName: gs_flatten, Parameters: [{Name: maxLevels, Value: ['-1']}]"),
            Invalid,
            "maxLevels is a whole number",
            "",
        ),
    ] {
        assert_refused(&text, kind, message, hint);
    }
}
