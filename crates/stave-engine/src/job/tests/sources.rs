//! How sources find and read their files.

use std::sync::{Arc, Mutex};

use stave_core::job::Node;
use stave_core::{Result, S3Uri};

use super::{World, csv, graph, target};
use crate::catalog::Catalog;
use crate::job::RejectsFactory;
use crate::listing::list_objects;
use crate::scan::{BadRow, Rejects};
use crate::testing::table;

fn source(members: &str) -> String {
    format!(
        "a: {{S3CsvSource: {{Name: a, {members}}}}}\n{}",
        target("a")
    )
}

#[tokio::test]
async fn folders_hide_what_hadoop_hides() {
    let world = World::of(&[
        ("in/a.csv", "x\n1\n"),
        ("in/b.csv", "x\n2\n"),
        ("in/_SUCCESS", "y\n"),
        ("in/.a.crc", "y\n"),
        ("in/empty", ""),
        ("in/deep/c.csv", "x\n3\n"),
        ("in/deep/d.tmp", "x\n4\n"),
        ("in2/z.csv", "x\n9\n"),
    ])
    .await;
    for (path, recurse, exclusions, expected) in [
        (
            "s3://data/in",
            false,
            &[][..],
            &["in/a.csv", "in/b.csv"][..],
        ),
        (
            "s3://data/in/",
            true,
            &["**.tmp"],
            &["in/a.csv", "in/b.csv", "in/deep/c.csv"],
        ),
        (
            "s3://data/in/",
            true,
            &["deep/**", "s3://data/in/b.*"],
            &["in/a.csv"],
        ),
        ("s3://data/in/b.csv", false, &[], &["in/b.csv"]),
        (
            "s3://data/in*/*.csv",
            false,
            &[],
            &["in/a.csv", "in/b.csv", "in2/z.csv"],
        ),
        ("s3://data/i", true, &[], &[]),
    ] {
        let uri: S3Uri = path.parse().expect(path);
        let exclusions: Vec<String> = exclusions.iter().map(|&text| text.to_owned()).collect();
        let found = list_objects(&world.engine, &uri, recurse, &exclusions)
            .await
            .expect(path);
        let keys: Vec<&str> = found.iter().map(|object| object.uri.key.as_str()).collect();
        assert_eq!(keys, expected, "{path} {recurse}");
    }
    let deep = world
        .refused(&source("Paths: [s3://data/nothing], WithHeader: true"))
        .await;
    assert_eq!(
        deep.to_string(),
        "node \"a\": Paths: there is nothing to read at s3://data/nothing"
    );
    let exclude = "Paths: [s3://data/in/deep], Exclusions: ['**'], WithHeader: true";
    let error = world.refused(&source(exclude)).await;
    assert!(
        error
            .hint_text()
            .unwrap_or_default()
            .contains("leave all of them out")
    );
}

#[tokio::test]
async fn csv_settings_reach_the_reader() {
    let world = World::of(&[
        ("a.csv", "n|s\n1|'x|y'\n02|z\n"),
        ("plain.csv", "1,x\n2,\n"),
        ("head.csv", "only,a,header\n"),
        (
            "typed.csv",
            "n,f,b,id,d\n1,1.5,true,007,2020-01-01\n,2,FALSE,8,2021-01-01\n",
        ),
    ])
    .await;
    let path = |name: &str| format!("Paths: [s3://data/{name}.csv]");
    let members = format!(
        "{}, WithHeader: true, Separator: pipe, QuoteChar: single_quote",
        path("a")
    );
    assert_eq!(
        world.rows(&source(&members)).await,
        ["n|s", "02|z", "1|x|y"]
    );
    let typed = format!("{members}, Types: {{n: bigint}}");
    assert_eq!(
        world.rows(&source(&typed)).await,
        ["n bigint|s", "1|x|y", "2|z"]
    );
    assert_eq!(
        world.rows(&source(&path("plain"))).await,
        ["col0|col1", "1|x", "2|"]
    );
    let skipped = format!("{}, SkipFirst: true", path("plain"));
    assert_eq!(world.rows(&source(&skipped)).await, ["col0|col1", "2|"]);
    let header = format!("{}, WithHeader: true", path("head"));
    assert_eq!(world.rows(&source(&header)).await, ["only|a|header"]);
    let inferred = format!("{}, WithHeader: true, Types: infer", path("typed"));
    assert_eq!(
        world.rows(&source(&inferred)).await[0],
        "n bigint|f double|b boolean|id|d"
    );
    let wrong = format!("{}, WithHeader: true, Types: {{nn: int}}", path("typed"));
    let error = world.refused(&source(&wrong)).await;
    assert_eq!(error.hint_text(), Some("did you mean \"n\"?"), "{error}");
}

/// Keeps the lines of what is rejected.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<u64>>>);

impl Rejects for Kept {
    fn reject(&self, row: &BadRow) -> Result<()> {
        self.0.lock().unwrap().push(row.line);
        Ok(())
    }
}

impl RejectsFactory for Kept {
    fn rejects(&self, node: &Node, folder: &S3Uri) -> Result<Arc<dyn Rejects>> {
        assert_eq!(
            (node.id.as_str(), folder.to_string().as_str()),
            ("a", "s3://data/bad/")
        );
        Ok(Arc::new(self.clone()))
    }
}

#[tokio::test]
async fn bad_rows_are_set_aside_once() {
    let world = World::of(&[("a.csv", "x,y\n1,2\n3\n4,5\n")]).await;
    let nodes = format!(
        "a: {{S3CsvSource: {{Name: a, Paths: [s3://data/a.csv], WithHeader: true, BadRows: reject, RejectsPath: s3://data/bad/}}}}
n: {{Join: {{Name: n, Inputs: [a, a], JoinType: equijoin, Columns: [{{From: a, Keys: [[x]]}}, {{From: a, Keys: [[x]]}}]}}}}
{}",
        target("n")
    );
    let kept = Kept::default();
    let catalog = Arc::clone(&world.catalog) as Arc<dyn Catalog>;
    let job = world
        .engine
        .plan_job(&graph(&nodes), catalog, Some(&kept), None)
        .await
        .expect("a plan");
    let (plan, context) = world
        .engine
        .physical(job.outputs()[0].plan.clone())
        .await
        .expect("a plan");
    let rows = datafusion::physical_plan::collect(plan, context)
        .await
        .expect("rows");
    assert_eq!(
        rows.iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum::<usize>(),
        2
    );
    assert_eq!(*kept.0.lock().unwrap(), [3]);
    assert_eq!(job.sources()[0].rows_rejected(), 1);
}

#[tokio::test]
async fn tables_of_the_catalog_are_read_with_their_partitions() {
    let world = World::of(&[("t/y=2023/a.csv", "1,x\n"), ("t/y=2024/a.csv", "2,y\n")]).await;
    let lazy = stave_core::catalog::LAZY_SIMPLE_SERDE;
    let mut made = table("d.t", lazy, "s3://data/t/", &["n bigint", "s string"]);
    made.parameters
        .insert("classification".to_owned(), "csv".to_owned());
    made.partition_keys = crate::testing::columns(&["y string"]);
    for year in ["2023", "2024"] {
        world
            .catalog
            .add_partition(&made, &[year], &format!("s3://data/t/y={year}/"));
    }
    world.catalog.add(made);
    let node = |rest: &str| {
        format!(
            "a: {{S3CatalogSource: {{Name: a, Database: d{rest}}}}}\n{}",
            target("a")
        )
    };
    assert_eq!(
        world.rows(&node(", Table: t")).await,
        ["n bigint|s|y", "1|x|2023", "2|y|2024"]
    );
    world.buckets.take_read("data");
    let pruned = node(", Table: t, PartitionPredicate: \"y = '2024'\"");
    assert_eq!(world.rows(&pruned).await, ["n bigint|s|y", "2|y|2024"]);
    assert_eq!(world.buckets.take_read("data"), ["t/y=2024/a.csv"]);
    let error = world
        .refused(&node(", Table: t, PartitionPredicate: 'n = 1'"))
        .await;
    assert!(
        error.to_string().contains("\"n\" is no partition key"),
        "{error}"
    );
    let error = world.refused(&node(", Table: tt")).await;
    assert_eq!(error.hint_text(), Some("did you mean \"t\"?"), "{error}");
}

#[tokio::test]
async fn headers_only_are_read_to_plan() {
    let big: String = std::iter::once("x,y\n".to_owned())
        .chain((0..100_000).map(|n| format!("{n},abcdefgh\n")))
        .collect();
    let world = World::of(&[("a.csv", &big)]).await;
    let job = world
        .plan(&format!("{}{}", csv("a"), target("a")))
        .await
        .expect("a plan");
    assert_eq!(job.sources()[0].bytes_read(), 0);
    assert_eq!(job.sources()[0].bytes_total, big.len() as u64);
}
