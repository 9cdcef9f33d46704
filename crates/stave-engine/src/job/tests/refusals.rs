//! What is refused before anything is read, and with which words.

use stave_core::ErrorKind;

use super::{World, csv, target};

async fn refused(node: &str) -> (String, String) {
    let world = World::of(&[
        ("a.csv", "track_id,name,n\n1,x,2\n"),
        ("b.csv", "id,name,.name\n1,x,y\n"),
        ("c.csv", "k,name\n1,x\n"),
    ])
    .await;
    let nodes = format!(
        "{}{}{}{node}\n{}",
        csv("a"),
        csv("b"),
        csv("c"),
        target("n")
    );
    let error = world.refused(&nodes).await;
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    (
        error.to_string(),
        error.hint_text().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn unknown_columns_are_named_with_the_nearest() {
    for (node, place) in [
        (
            "n: {DropFields: {Name: n, Inputs: [a], Paths: [[trakc_id]]}}",
            "Paths",
        ),
        (
            "n: {SelectFields: {Name: n, Inputs: [a], Paths: [[name], [trakc_id]]}}",
            "Paths",
        ),
        (
            "n: {RenameField: {Name: n, Inputs: [a], SourcePath: [trakc_id], TargetPath: [x]}}",
            "SourcePath",
        ),
        (
            "n: {DropDuplicates: {Name: n, Inputs: [a], Columns: [[trakc_id]]}}",
            "Columns",
        ),
        (
            "n: {FillMissingValues: {Name: n, Inputs: [a], ImputedPath: trakc_id, FillValue: x}}",
            "ImputedPath",
        ),
        (
            "n: {Aggregate: {Name: n, Inputs: [a], Groups: [[trakc_id]], Aggs: [{Column: [n], AggFunc: sum}]}}",
            "Groups",
        ),
        (
            "n: {Aggregate: {Name: n, Inputs: [a], Aggs: [{Column: [trakc_id], AggFunc: sum}]}}",
            "Aggs[0]",
        ),
        (
            "n: {ApplyMapping: {Name: n, Inputs: [a], Mapping: [{FromPath: [trakc_id], ToKey: x}]}}",
            "Mapping[0]",
        ),
        (
            "n: {Filter: {Name: n, Inputs: [a], LogicalOperator: AND, Filters: [{Operation: ISNULL, Values: [{Type: COLUMNEXTRACTED, Value: [trakc_id]}]}]}}",
            "Filters[0]",
        ),
        (
            "n: {Join: {Name: n, Inputs: [a, c], JoinType: left, Columns: [{From: a, Keys: [[trakc_id]]}, {From: c, Keys: [[k]]}]}}",
            "Columns",
        ),
    ] {
        let (message, hint) = refused(node).await;
        assert_eq!(
            message,
            format!("node \"n\": {place}: \"a\" has no column \"trakc_id\"")
        );
        assert_eq!(hint, "did you mean \"track_id\"?", "{node}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_by_name() {
    for (node, wanted) in [
        (
            "n: {Join: {Name: n, Inputs: [a, b], JoinType: left, Columns: [{From: a, Keys: [[track_id]]}, {From: b, Keys: [[id]]}]}}",
            "both sides have a column \"name\", and there is a \".name\" already",
        ),
        (
            "n: {RenameField: {Name: n, Inputs: [a], SourcePath: [n], TargetPath: [name]}}",
            "two columns \"name\"",
        ),
        (
            "n: {DropFields: {Name: n, Inputs: [a], Paths: [[track_id], [name], [n]]}}",
            "all columns are dropped",
        ),
        (
            "n: {Union: {Name: n, Inputs: [a, c], UnionType: ALL}}",
            "\"c\" has a column \"k\", \"a\" has none",
        ),
        (
            "n: {FillMissingValues: {Name: n, Inputs: [a], ImputedPath: n, FilledPath: name, FillValue: x}}",
            "there is a column \"name\" already",
        ),
        (
            "n: {ApplyMapping: {Name: n, Inputs: [a], Mapping: [{FromPath: [n], ToKey: x}, {FromPath: [name], ToKey: x}]}}",
            "two columns \"x\"",
        ),
        (
            "n: {ApplyMapping: {Name: n, Inputs: [a], Mapping: [{FromPath: [n], ToKey: x, ToType: 'array<int>'}]}}",
            "type string cannot be cast to array<int>",
        ),
        (
            "n: {SelectFields: {Name: n, Inputs: [a], Paths: [[name, first]]}}",
            "it is of type string and has no field \"first\"",
        ),
        (
            "n: {Filter: {Name: n, Inputs: [a], LogicalOperator: AND, Filters: [{Operation: REGEX, Values: [{Type: COLUMNEXTRACTED, Value: [n]}, {Type: CONSTANT, Value: ['(']}]}]}}",
            "\"(\" is no regular expression",
        ),
        (
            "n: {SparkSQL: {Name: n, Inputs: [a], SqlAliases: [{From: a, Alias: t}], SqlQuery: 'drop table t'}}",
            "SqlQuery",
        ),
        (
            "n: {SparkSQL: {Name: n, Inputs: [a], SqlAliases: [{From: a, Alias: t}], SqlQuery: 'select nam from t'}}",
            "nam",
        ),
        (
            "n: {SparkSQL: {Name: n, Inputs: [a], SqlAliases: [{From: a, Alias: t}], SqlQuery: 'select x.name, y.name from t x join t y on x.n = y.n'}}",
            "two columns \"name\"",
        ),
    ] {
        let (message, _) = refused(node).await;
        assert!(message.starts_with("node \"n\": "), "{message}");
        assert!(message.contains(wanted), "{message}\n{wanted}");
    }
}

#[tokio::test]
async fn types_that_do_not_meet_are_refused() {
    let typed = "d: {ApplyMapping: {Name: d, Inputs: [a], Mapping: [{FromPath: [n], ToKey: day, ToType: date}, {FromPath: [name], ToKey: ok, ToType: boolean}]}}
i: {ApplyMapping: {Name: i, Inputs: [c], Mapping: [{FromPath: [k], ToKey: k, ToType: long}]}}
";
    for (node, wanted) in [
        (
            "n: {Join: {Name: n, Inputs: [d, i], JoinType: left, Columns: [{From: d, Keys: [[day]]}, {From: i, Keys: [[k]]}]}}",
            "Columns: \"day\" is of type date, \"k\" of type bigint: they cannot be equal",
        ),
        (
            "n: {Aggregate: {Name: n, Inputs: [d], Aggs: [{Column: [day], AggFunc: avg}]}}",
            "\"day\" is of type date: avg(day) takes numbers",
        ),
        (
            "n: {FillMissingValues: {Name: n, Inputs: [i], ImputedPath: k, FillValue: many}}",
            "FillValue: \"many\" is no value of the column's type, bigint",
        ),
        (
            "n: {Filter: {Name: n, Inputs: [i], LogicalOperator: AND, Filters: [{Operation: EQ, Values: [{Type: COLUMNEXTRACTED, Value: [k]}, {Type: CONSTANT, Value: [many]}]}]}}",
            "\"many\" is no value of the column's type, bigint",
        ),
        (
            "n: {Filter: {Name: n, Inputs: [d], LogicalOperator: AND, Filters: [{Operation: EQ, Values: [{Type: COLUMNEXTRACTED, Value: [day]}, {Type: COLUMNEXTRACTED, Value: [ok]}]}]}}",
            "type date and boolean cannot be compared",
        ),
    ] {
        let (message, _) = refused(&format!("{typed}{node}")).await;
        assert!(message.contains(wanted), "{message}\n{wanted}");
    }
}

#[tokio::test]
async fn targets_are_checked_before_anything_is_read() {
    let world = World::of(&[("a.csv", "x,y\n1,2\n")]).await;
    for (node, wanted) in [
        (
            "n: {S3GlueParquetTarget: {Name: n, Inputs: [a], Path: /tmp/x}}",
            "node \"n\": Path: ",
        ),
        (
            "n: {S3GlueParquetTarget: {Name: n, Inputs: [a], Path: s3://b-b/x, PartitionKeys: [[z]]}}",
            "node \"n\": PartitionKeys: \"a\" has no column \"z\"",
        ),
        (
            "n: {S3GlueParquetTarget: {Name: n, Inputs: [a], Path: s3://b-b/x, PartitionKeys: [[x], [y]]}}",
            "every column is one",
        ),
        (
            "n: {S3GlueParquetTarget: {Name: n, Inputs: [a], Path: s3://b-b/x, Compression: brotli}}",
            "brotli is not supported",
        ),
        (
            "n: {S3CatalogTarget: {Name: n, Inputs: [a], Database: d, Table: t}}",
            "there is no table \"d.t\"",
        ),
        (
            "n: {S3GlueParquetTarget: {Name: n, Inputs: [a], Path: s3://b-b/x, Mode: overwrite}}\nm: {S3DirectTarget: {Name: m, Inputs: [a], Format: csv, Path: s3://b-b/x/}}",
            "write to the same folder, s3://b-b/x/",
        ),
    ] {
        let error = world.refused(&format!("{}{node}\n", csv("a"))).await;
        assert!(error.to_string().contains(wanted), "{error}\n{wanted}");
    }
}
