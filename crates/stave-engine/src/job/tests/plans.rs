//! What becomes of plans: the SQL they mean, what is read, which side a join keeps.

use datafusion::physical_plan::displayable;

use super::{World, csv, target};

const ALBUMS: &str = "track_name,track_id,artist_id,label\nSong,t1,a1,L\n";
const ARTISTS: &str = "id,name,genre\na1,Ann,\n";
const TRACKS: &str = "track_id,track_popularity\nt1,91\n";

fn demo() -> String {
    format!(
        "{}{}{}
j1: {{Join: {{Name: Join album and artist, Inputs: [albums, artists], JoinType: equijoin, Columns: [{{From: albums, Keys: [[artist_id]]}}, {{From: artists, Keys: [[id]]}}]}}}}
j2: {{Join: {{Name: Join with tracks, Inputs: [j1, tracks], JoinType: equijoin, Columns: [{{From: j1, Keys: [[track_id]]}}, {{From: tracks, Keys: [[track_id]]}}]}}}}
d: {{DropFields: {{Name: Drop ids, Inputs: [j2], Paths: [[.track_id], [id], [genre]]}}}}
m: {{ApplyMapping: {{Name: Types, Inputs: [d], Mapping: [{{FromPath: [track_name], ToKey: track, ToType: string}}, {{FromPath: [track_popularity], ToKey: popularity, ToType: int}}]}}}}
{}",
        csv("albums"),
        csv("artists"),
        csv("tracks"),
        target("m")
    )
}

async fn world() -> World {
    World::of(&[
        ("albums.csv", ALBUMS),
        ("artists.csv", ARTISTS),
        ("tracks.csv", TRACKS),
    ])
    .await
}

#[tokio::test]
async fn the_script_has_an_expression_for_each_node() {
    let job = world().await.plan(&demo()).await.expect("a plan");
    let expected = r#"-- out: appends parquet (snappy) to s3://house/out/
WITH "albums" AS (
  SELECT "track_name", "track_id", "artist_id", "label"
  FROM read_csv('s3://data/albums.csv')
),
"artists" AS (
  SELECT "id", "name", "genre"
  FROM read_csv('s3://data/artists.csv')
),
"tracks" AS (
  SELECT "track_id", "track_popularity"
  FROM read_csv('s3://data/tracks.csv')
),
"Join album and artist" AS (
  SELECT l."track_name", l."track_id", l."artist_id", l."label", r."id", r."name", r."genre"
  FROM "albums" AS l
  JOIN "artists" AS r ON l."artist_id" = r."id"
),
"Join with tracks" AS (
  SELECT l."track_name", l."track_id", l."artist_id", l."label", l."id", l."name", l."genre",
    r."track_id" AS ".track_id", r."track_popularity"
  FROM "Join album and artist" AS l
  JOIN "tracks" AS r ON l."track_id" = r."track_id"
),
"Drop ids" AS (
  SELECT "track_name", "track_id", "artist_id", "label", "name", "track_popularity"
  FROM "Join with tracks"
),
"Types" AS (
  SELECT "track_name" AS "track", CAST("track_popularity" AS int) AS "popularity"
  FROM "Drop ids"
)
SELECT *
FROM "Types";
"#;
    assert_eq!(job.sql(), expected);
}

#[tokio::test]
async fn columns_that_are_dropped_are_not_read() {
    let world = world().await;
    let job = world.plan(&demo()).await.expect("a plan");
    let (plan, _) = world
        .engine
        .physical(job.outputs()[0].plan.clone())
        .await
        .expect("a plan");
    let shown = displayable(plan.as_ref()).indent(false).to_string();
    for scan in [
        "columns=[track_name, track_id, artist_id]",
        "columns=[id]",
        "columns=[track_id, track_popularity]",
    ] {
        assert!(shown.contains(scan), "{scan} in\n{shown}");
    }
    assert_eq!(
        world.rows(&demo()).await,
        ["track|popularity int", "Song|91"]
    );
}

#[tokio::test]
async fn either_order_keeps_the_small_side() {
    let big: String = std::iter::once("id,s\n".to_owned())
        .chain((0..20_000).map(|n| format!("{n},some text that is long\n")))
        .collect();
    let world = World::of(&[("big.csv", &big), ("small.csv", "k,t\n1,x\n2,y\n")]).await;
    for (left, right) in [("big", "small"), ("small", "big")] {
        let key = |id: &str| if id == "big" { "id" } else { "k" };
        let nodes = format!(
            "{}{}n: {{Join: {{Name: n, Inputs: [{left}, {right}], JoinType: equijoin, Columns: [{{From: {left}, Keys: [[{}]]}}, {{From: {right}, Keys: [[{}]]}}]}}}}\n{}",
            csv("big"),
            csv("small"),
            key(left),
            key(right),
            target("n")
        );
        let job = world.plan(&nodes).await.expect("a plan");
        let (plan, _) = world
            .engine
            .physical(job.outputs()[0].plan.clone())
            .await
            .expect("a plan");
        let shown = displayable(plan.as_ref()).indent(false).to_string();
        let first_scan = shown
            .find("columns=[k, t]")
            .zip(shown.find("columns=[id, s]"));
        assert!(
            first_scan.is_some_and(|(small, big)| small < big),
            "{shown}"
        );
        assert_eq!(world.rows(&nodes).await.len(), 3);
    }
}

#[tokio::test]
async fn nodes_of_one_name_are_told_apart_in_sql() {
    let world = World::of(&[("a.csv", "x,y\n1,2\n")]).await;
    let nodes = format!(
        "{}d: {{DropFields: {{Name: a, Inputs: [a], Paths: [[y]]}}}}\n{}",
        csv("a"),
        target("d")
    );
    let sql = world.plan(&nodes).await.expect("a plan").sql();
    assert!(
        sql.contains("\"a (d)\" AS (\n  SELECT \"x\"\n  FROM \"a (a)\"\n)"),
        "{sql}"
    );
}

#[tokio::test]
async fn split_filter_and_group_are_written_out() {
    let world = World::of(&[("a.csv", "x,y\n1,2\n")]).await;
    let nodes = format!(
        "{}
f: {{Filter: {{Name: f, Inputs: [a], LogicalOperator: OR, Filters: [{{Operation: GT, Values: [{{Type: COLUMNEXTRACTED, Value: [x]}}, {{Type: CONSTANT, Value: ['5']}}]}}, {{Operation: REGEX, Negated: true, Values: [{{Type: COLUMNEXTRACTED, Value: [y]}}, {{Type: CONSTANT, Value: [\"it's\"]}}]}}]}}}}
s: {{SplitFields: {{Name: s, Inputs: [f], Paths: [[y]]}}}}
p: {{SelectFromCollection: {{Name: p, Inputs: [s], Index: 1}}}}
g: {{Aggregate: {{Name: g, Inputs: [p], Groups: [[x]], Aggs: [{{Column: [x], AggFunc: countDistinct}}]}}}}
{}",
        csv("a"),
        target("g")
    );
    let sql = world.plan(&nodes).await.expect("a plan").sql();
    for part in [
        "WHERE CAST(\"x\" AS double) > 5\n    OR NOT (\"y\" RLIKE 'it''s')",
        "\"p\" AS (\n  SELECT \"x\"\n  FROM \"f\"\n)",
        "SELECT \"x\", count(DISTINCT \"x\") AS \"count(DISTINCT x)\"\n  FROM \"p\"\n  GROUP BY \"x\"",
    ] {
        assert!(sql.contains(part), "{part}\nin\n{sql}");
    }
    assert!(!sql.contains("\"s\" AS"), "{sql}");
}
