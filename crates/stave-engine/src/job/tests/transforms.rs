//! What each transform makes of its rows.

use super::{World, csv, one, target, two};

const A: &str = "id,name,x\n1,Ann,\n2,Bob,5\n3,Cid,7\n,none,9\n";
const B: &str = "id,n,name\n2,20,b\n2,21,c\n4,40,d\n,99,e\n";

fn join(join_type: &str) -> String {
    format!(
        "n: {{Join: {{Name: n, Inputs: [a, b], JoinType: {join_type}, Columns: [{{From: a, Keys: [[id]]}}, {{From: b, Keys: [[id]]}}]}}}}"
    )
}

#[tokio::test]
async fn joins_keep_both_sides_with_dots() {
    // Empty cells are empty strings, which are equal; only NULL never is.
    let columns = "id|name|x|.id|n|.name";
    let pairs = ["2|Bob|5|2|20|b", "2|Bob|5|2|21|c", "|none|9||99|e"];
    let left = ["1|Ann||~|~|~", "3|Cid|7|~|~|~"];
    let right = ["~|~|~|4|40|d"];
    for (join_type, parts) in [
        ("equijoin", vec![&pairs[..]]),
        ("left", vec![&pairs, &left]),
        ("right", vec![&pairs, &right]),
        ("outer", vec![&pairs, &left, &right]),
    ] {
        let mut expected: Vec<&str> = parts.concat();
        expected.sort_unstable();
        expected.insert(0, columns);
        assert_eq!(two(A, B, &join(join_type)).await, expected, "{join_type}");
    }
    assert_eq!(
        two(A, B, &join("leftsemi")).await,
        ["id|name|x", "2|Bob|5", "|none|9"]
    );
    assert_eq!(
        two(A, B, &join("leftanti")).await,
        ["id|name|x", "1|Ann|", "3|Cid|7"]
    );
}

#[tokio::test]
async fn null_keys_never_match() {
    let world = World::of(&[("a.csv", "id\n1\nNA\n"), ("b.csv", "k\n1\nNA\n")]).await;
    let source = |id: &str| csv(id).replace("WithHeader", "NullValues: [NA], WithHeader");
    let nodes = format!(
        "{}{}n: {{Join: {{Name: n, Inputs: [a, b], JoinType: outer, Columns: [{{From: b, Keys: [[k]]}}, {{From: a, Keys: [[id]]}}]}}}}\n{}",
        source("a"),
        source("b"),
        target("n")
    );
    assert_eq!(world.rows(&nodes).await, ["id|k", "1|1", "~|~", "~|~"]);
}

#[tokio::test]
async fn joins_take_several_pairs_and_cast_keys() {
    let join = "
t: {ApplyMapping: {Name: t, Inputs: [b], Mapping: [{FromPath: [k], ToKey: k, ToType: int}, {FromPath: [m], ToKey: m}]}}
n: {Join: {Name: n, Inputs: [a, t], JoinType: equijoin, Columns: [{From: a, Keys: [[id], [m]]}, {From: t, Keys: [[k], [m]]}]}}";
    let rows = two("id,m\n1,x\n01,y\n1.5,x\nx,x\n", "k,m\n1,x\n1,z\n", join).await;
    // A text key beside a number is cast to a number, as in Spark.
    assert_eq!(rows, ["id|m|k int|.m", "1.5|x|1|x", "1|x|1|x"]);
}

#[tokio::test]
async fn a_node_joins_itself() {
    let join = "n: {Join: {Name: n, Inputs: [a, a], JoinType: equijoin, Columns: [{From: a, Keys: [[id]]}, {From: a, Keys: [[boss]]}]}}";
    assert_eq!(
        one("id,boss\n1,\n2,1\n3,1\n", join).await,
        ["id|boss|.id|.boss", "1||2|1", "1||3|1"]
    );
}

#[tokio::test]
async fn names_hold_anything() {
    let text = "a.b,Upper Case,\"q\"\"x\"\n1,2,3\n";
    let select =
        "n: {SelectFields: {Name: n, Inputs: [a], Paths: [[Upper Case], ['q\"x'], [a.b]]}}";
    assert_eq!(one(text, select).await, ["Upper Case|q\"x|a.b", "2|3|1"]);
    let drop = "n: {DropFields: {Name: n, Inputs: [a], Paths: [['`a.b`']]}}";
    assert_eq!(one(text, drop).await, ["Upper Case|q\"x", "2|3"]);
    let filter = "n: {Filter: {Name: n, Inputs: [a], LogicalOperator: AND, Filters: [{Operation: EQ, Values: [{Type: COLUMNEXTRACTED, Value: [Upper Case]}, {Type: CONSTANT, Value: ['2']}]}]}}";
    assert_eq!(one(text, filter).await, ["a.b|Upper Case|q\"x", "1|2|3"]);
}

#[tokio::test]
async fn fields_go_stay_and_change_their_names() {
    let text = "a,b,c\n1,2,3\n";
    let drop = "n: {DropFields: {Name: n, Inputs: [a], Paths: [[b]]}}";
    assert_eq!(one(text, drop).await, ["a|c", "1|3"]);
    let rename = "n: {RenameField: {Name: n, Inputs: [a], SourcePath: [b], TargetPath: [B]}}";
    assert_eq!(one(text, rename).await, ["a|B|c", "1|2|3"]);
    for (index, expected) in [(0, ["b", "2"]), (1, ["a|c", "1|3"])] {
        let split = format!(
            "s: {{SplitFields: {{Name: s, Inputs: [a], Paths: [[b]]}}}}\nn: {{SelectFromCollection: {{Name: n, Inputs: [s], Index: {index}}}}}"
        );
        assert_eq!(one(text, &split).await, expected);
    }
}

#[tokio::test]
async fn mappings_name_order_and_type() {
    let text = "id,ms,rate,ok,day,gone\n1,91.7,0.5,true,2023,x\n2,abc,,maybe,2023-02-30,x\n3,,1e2,0,2023-05-17,x\n";
    let mapping = "n: {ApplyMapping: {Name: n, Inputs: [a], Mapping: [
        {FromPath: [ms], ToKey: duration, ToType: long}, {FromPath: [id], ToKey: id, ToType: string},
        {FromPath: [rate], ToKey: rate, ToType: double}, {FromPath: [ok], ToKey: ok, ToType: boolean},
        {FromPath: [day], ToKey: day, ToType: date}, {FromPath: [gone], Dropped: true}]}}";
    let expected = [
        "duration bigint|id|rate double|ok boolean|day date",
        "91|1|0.5|true|2023-01-01",
        "~|2|~|~|~",
        "~|3|100.0|false|2023-05-17",
    ];
    assert_eq!(one(text, mapping).await, expected);
}

#[tokio::test]
async fn fields_inside_columns_are_reached() {
    let world = World::of(&[(
        "a.json",
        r#"{"id":1,"album":{"id":"x","artist":{"name":"Ann","age":3}}}
{"id":2,"album":null}
"#,
    )])
    .await;
    let rows = async |node: &str| {
        let source = "a: {S3JsonSource: {Name: a, Paths: [s3://data/a.json]}}";
        world
            .rows(&format!("{source}\n{node}\n{}", target("n")))
            .await
    };
    let mapping = "n: {ApplyMapping: {Name: n, Inputs: [a], Mapping: [{FromPath: [album, artist, name], ToKey: artist}, {FromPath: ['album.id'], ToKey: album}]}}";
    assert_eq!(rows(mapping).await, ["artist|album", "Ann|x", "~|~"]);
    let drop = "n: {DropFields: {Name: n, Inputs: [a], Paths: [[album, artist, age], [id]]}}";
    let kind = "album struct<id:string,artist:struct<name:string>>";
    assert_eq!(
        rows(drop).await,
        [kind, "{id: x, artist: {name: Ann}}", "~"]
    );
    let select = "n: {SelectFields: {Name: n, Inputs: [a], Paths: [[album, id]]}}";
    assert_eq!(
        rows(select).await,
        ["album struct<id:string>", "{id: x}", "~"]
    );
    let rename = "n: {RenameField: {Name: n, Inputs: [a], SourcePath: [album, id], TargetPath: [album, key]}}";
    let kind = "album struct<key:string,artist:struct<name:string,age:bigint>>|id bigint";
    let mut found = rows(rename).await;
    let columns = found.remove(0);
    assert!(
        columns == kind || columns == format!("id bigint|{}", &kind[..kind.len() - 10]),
        "{columns}"
    );
    let children = "n: {ApplyMapping: {Name: n, Inputs: [a], Mapping: [{FromPath: [album], ToKey: record, ToType: struct, Children: [{FromPath: [id], Dropped: true}, {FromPath: [artist], ToKey: by, ToType: struct, Children: [{FromPath: [age], ToKey: age, ToType: string}]}]}]}}";
    let kind = "record struct<by:struct<name:string,age:string>>";
    assert_eq!(
        rows(children).await,
        [kind, "{by: {name: Ann, age: 3}}", "~"]
    );
}

fn filter(filters: &str) -> String {
    format!("n: {{Filter: {{Name: n, Inputs: [a], LogicalOperator: AND, Filters: [{filters}]}}}}")
}

fn compare(operation: &str, column: &str, constant: &str) -> String {
    format!(
        "{{Operation: {operation}, Values: [{{Type: COLUMNEXTRACTED, Value: [{column}]}}, {{Type: CONSTANT, Value: ['{constant}']}}]}}"
    )
}

#[tokio::test]
async fn filters_compare_as_spark_does() {
    let text = "name,n,m\nAnn,5,10\nBob,10,9\nCid,,1\nDan,x,2\n";
    let names = async |filters: &str| -> Vec<String> {
        let rows = one(text, &filter(filters)).await;
        rows[1..]
            .iter()
            .map(|row| row.split('|').next().unwrap().to_owned())
            .collect()
    };
    // As texts, 5 would come behind 10.
    assert_eq!(names(&compare("LT", "n", "7")).await, ["Ann"]);
    assert_eq!(names(&compare("EQ", "n", "10.0")).await, ["Bob"]);
    assert_eq!(names(&compare("EQ", "name", "Bob")).await, ["Bob"]);
    assert_eq!(
        names(&compare("GTE", "name", "Bob")).await,
        ["Bob", "Cid", "Dan"]
    );
    assert_eq!(
        names(&compare("REGEX", "name", "^[AB]|n$")).await,
        ["Ann", "Bob", "Dan"]
    );
    assert_eq!(names(&compare("EQ", "n", "")).await, ["Cid"]);
    let negated = compare("LT", "n", "7").replace("Operation", "Negated: true, Operation");
    // Neither the empty cell nor the x is a number: it is unknown whether they are less.
    assert_eq!(names(&negated).await, ["Bob"]);
    let columns = "{Operation: GT, Values: [{Type: COLUMNEXTRACTED, Value: [n]}, {Type: COLUMNEXTRACTED, Value: [m]}]}";
    assert_eq!(names(columns).await, ["Ann", "Dan"], "both are texts");
    let turned = "{Operation: LT, Values: [{Type: CONSTANT, Value: ['7']}, {Type: COLUMNEXTRACTED, Value: [n]}]}";
    assert_eq!(names(turned).await, ["Bob"]);
    let both = format!("{}, {}", compare("GT", "n", "1"), compare("LT", "m", "10"));
    assert_eq!(names(&both).await, ["Bob"]);
    let either = filter(&both).replace("AND", "OR");
    assert_eq!(one(text, &either).await.len(), 5);
    let null = "{Operation: ISNULL, Values: [{Type: COLUMNEXTRACTED, Value: [n]}]}";
    assert!(
        names(null).await.is_empty(),
        "an empty cell of a CSV file is no NULL"
    );
}

#[tokio::test]
async fn duplicates_go() {
    let text = "a,b\n1,x\n1,x\n1,y\n2,z\n";
    let whole = "n: {DropDuplicates: {Name: n, Inputs: [a]}}";
    assert_eq!(one(text, whole).await, ["a|b", "1|x", "1|y", "2|z"]);
    let some = one(
        text,
        "n: {DropDuplicates: {Name: n, Inputs: [a], Columns: [[a]]}}",
    )
    .await;
    assert_eq!(
        (some.len(), some[0].as_str(), some[2].as_str()),
        (3, "a|b", "2|z")
    );
}

#[tokio::test]
async fn columns_without_values_go() {
    let text = "a,b,c,d\n1,,null,-1\n2,,null,-1\n";
    let node = |boxes: &str| format!("n: {{DropNullFields: {{Name: n, Inputs: [a]{boxes}}}}}");
    assert_eq!(one(text, &node("")).await[0], "a|b|c|d");
    let empty = node(", NullCheckBoxList: {IsEmpty: true, IsNullString: true}");
    assert_eq!(one(text, &empty).await, ["a|d", "1|-1", "2|-1"]);
    let texts = node(", NullTextList: [{Value: '-1', Datatype: {Id: string, Label: string}}]");
    assert_eq!(one(text, &texts).await[0], "a|b|c");
    let typed = "t: {ApplyMapping: {Name: t, Inputs: [a], Mapping: [{FromPath: [a], ToKey: a, ToType: int}, {FromPath: [d], ToKey: d, ToType: int}]}}
n: {DropNullFields: {Name: n, Inputs: [t], NullCheckBoxList: {IsNegOne: true}}}";
    assert_eq!(one(text, typed).await, ["a int", "1", "2"]);
}

#[tokio::test]
async fn missing_values_are_filled() {
    let text = "a,b\n1,\n2,x\n";
    let node = "n: {FillMissingValues: {Name: n, Inputs: [a], ImputedPath: b, FillValue: none}}";
    assert_eq!(one(text, node).await, ["a|b|b_filled", "1||none", "2|x|x"]);
    let typed = "t: {ApplyMapping: {Name: t, Inputs: [a], Mapping: [{FromPath: [b], ToKey: b, ToType: int}]}}
n: {FillMissingValues: {Name: n, Inputs: [t], ImputedPath: b, FilledPath: b, FillValue: 7}}";
    assert_eq!(
        one("b\n1\n\"\"\nx\n", typed).await,
        ["b int", "1", "7", "7"]
    );
}

#[tokio::test]
async fn unions_match_columns_by_name() {
    let node = |kind: &str| format!("n: {{Union: {{Name: n, Inputs: [a, b], UnionType: {kind}}}}}");
    let (a, b) = ("x,y\n1,2\n", "y,x\n2,1\n4,3\n");
    assert_eq!(two(a, b, &node("ALL")).await, ["x|y", "1|2", "1|2", "3|4"]);
    assert_eq!(two(a, b, &node("DISTINCT")).await, ["x|y", "1|2", "3|4"]);
}

#[tokio::test]
async fn aggregates_are_named_as_in_spark() {
    let text = "g,n\na,1\na,2\na,2\nb,\nb,7\nc,x\n";
    let node = "n: {Aggregate: {Name: n, Inputs: [a], Groups: [[g]], Aggs: [
        {Column: [n], AggFunc: avg}, {Column: [n], AggFunc: count}, {Column: [n], AggFunc: countDistinct},
        {Column: [n], AggFunc: sum}, {Column: [n], AggFunc: sumDistinct}, {Column: [n], AggFunc: max},
        {Column: [n], AggFunc: stddev_samp}, {Column: [n], AggFunc: var_pop}]}}";
    let expected = [
        "g|avg(n) double|count(n) bigint|count(DISTINCT n) bigint|sum(n) double|sum(DISTINCT n) double|max(n)|stddev_samp(n) double|var_pop(n) double",
        "a|1.6666666666666667|3|2|5.0|3.0|2|0.5773502691896257|0.2222222222222222",
        "b|7.0|2|2|7.0|7.0|7|~|0.0",
        "c|~|1|1|~|~|x|~|~",
    ];
    let rows = one(text, node).await;
    // The last digit of a deviation depends on the order of the rows.
    let cut = |row: &str| {
        row.replace("0.5773502691896258", "0.5773502691896257")
            .replace("0.22222222222222224", "0.2222222222222222")
            .replace("0.22222222222222221", "0.2222222222222222")
    };
    let rows: Vec<String> = rows.iter().map(|row| cut(row)).collect();
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn shapes_of_distributions_are_those_of_spark() {
    let node = "n: {Aggregate: {Name: n, Inputs: [a], Aggs: [{Column: [n], AggFunc: skewness}, {Column: [n], AggFunc: kurtosis}]}}";
    let rows = one("n\n2\n8\n0\n4\n1\n9\n9\n0\n", node).await;
    assert_eq!(rows[0], "skewness(n) double|kurtosis(n) double");
    let figures: Vec<f64> = rows[1]
        .split('|')
        .map(|figure| figure.parse().unwrap())
        .collect();
    // scipy.stats.skew and kurtosis of the same numbers.
    assert!(
        (figures[0] - 0.265_055_412_269_857_35).abs() < 1e-9,
        "{figures:?}"
    );
    assert!(
        (figures[1] - -1.666_001_075_283_850_8).abs() < 1e-9,
        "{figures:?}"
    );
}

#[tokio::test]
async fn spark_sql_runs_over_aliases() {
    let node = "n: {SparkSQL: {Name: n, Inputs: [a, b], SqlAliases: [{From: a, Alias: L}, {From: b, Alias: r}], SqlQuery: \"select l.Track, count(*) as `n`, \\\"text\\\" as t from L join r on l.TRACK = r.k group by l.track order by 2 desc limit 10\"}}";
    let rows = two("Track\nx\ny\n", "k\nx\nx\ny\n", node).await;
    assert_eq!(rows, ["Track|n bigint|t", "x|2|text", "y|1|text"]);
}

#[tokio::test]
async fn what_is_kept_of_duplicates_is_one_row_of_them() {
    let text: String = std::iter::once("k,a,b\n".to_owned())
        .chain((0..120_000).map(|n| format!("{},value {n},value {n}\n", n % 500)))
        .collect();
    let node = "n: {DropDuplicates: {Name: n, Inputs: [a], Columns: [[k]]}}";
    let rows = one(&text, node).await;
    assert_eq!(rows.len(), 501);
    for row in &rows[1..] {
        let values: Vec<&str> = row.split('|').collect();
        assert_eq!(values[1], values[2], "{row}");
    }
}
