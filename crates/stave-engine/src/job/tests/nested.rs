//! Nested JSON: paths to rows, declared columns, exploding, flattening, Spark's grammar.

use super::{World, target};

const PAGE: &str = r#"{"href": "x", "items": [
  {"added_at": "2024-01-01T00:00:00Z", "track": {"id": "t1", "name": "One", "artists": [{"id": "a"}, {"id": "b"}], "album": {"id": "l"}}},
  {"added_at": null, "track": null},
  null,
  {"added_at": "2024-01-02T00:00:00Z", "track": {"id": null, "name": "Local", "artists": []}}
], "next": null}"#;
const NEW_PLAYLIST: &str =
    r#"{"id": "p", "items": {"items": [{"item": {"id": "t2", "artists": null}}], "total": 1}}"#;
const OLD_PLAYLIST: &str =
    r#"[{"id": "p", "tracks": {"items": [{"track": {"id": "t3", "artists": [{"id": "c"}]}}]}}]"#;
const TYPES: &str = "Types: {track: \"struct<id:string,artists:array<struct<id:string>>>\", item: \"struct<id:string,artists:array<struct<id:string>>>\"}";

async fn world() -> World {
    World::of(&[
        ("raw/1.json", PAGE),
        ("raw/2.json", NEW_PLAYLIST),
        ("raw/3.json", OLD_PLAYLIST),
    ])
    .await
}

fn source(members: &str) -> String {
    format!("a: {{S3JsonSource: {{Name: a, Paths: [s3://data/raw/], {members}}}}}\n")
}

fn entries() -> String {
    source(&format!(
        "JsonPaths: ['$.items[*]', '$.tracks.items[*]', '$.items.items[*]'], {TYPES}"
    ))
}

fn sql(query: &str) -> String {
    format!(
        "n: {{SparkSQL: {{Name: n, Inputs: [a], SqlAliases: [{{From: a, Alias: entries}}], SqlQuery: \"{query}\"}}}}\n{}",
        target("n")
    )
}

fn dynamic(name: &str, parameters: &[(&str, &str)]) -> String {
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{{Name: {name}, Type: str, Value: ['{value}']}}"))
        .collect();
    format!(
        "n: {{DynamicTransform: {{Name: n, Inputs: [a], TransformName: {name}, FunctionName: {name}, Path: s3://x/y.py, Parameters: [{}]}}}}\n{}",
        parameters.join(", "),
        target("n")
    )
}

#[tokio::test]
async fn paths_lead_to_rows_of_every_shape() {
    let query = "SELECT coalesce(item, track).id AS id FROM entries";
    let rows = world().await.rows(&(entries() + &sql(query))).await;
    // A null in the list is no row; an entry without a track is one.
    assert_eq!(rows, ["id", "t1", "t2", "t3", "~", "~"]);
}

#[tokio::test]
async fn columns_below_a_path_are_found_out() {
    let one = World::of(&[("raw/1.json", PAGE)]).await;
    let rows = one
        .rows(&(source("JsonPath: '$.items[*].track.album'") + &target("a")))
        .await;
    assert_eq!(rows, ["id", "l"]);
}

#[tokio::test]
async fn a_value_that_no_path_leads_into_is_a_fault() {
    let world = World::of(&[("raw/1.json", r#"{"error": {"status": 404}}"#)]).await;
    let job = world
        .plan(&(entries() + &target("a")))
        .await
        .expect("a plan");
    let (plan, context) = world
        .engine
        .physical(job.outputs()[0].plan.clone())
        .await
        .expect("a plan");
    let error = datafusion::physical_plan::collect(plan, context)
        .await
        .expect_err("no rows");
    assert!(
        error
            .to_string()
            .contains("none of the source's paths leads to anything in it"),
        "{error}"
    );
}

#[tokio::test]
async fn arrays_become_rows_in_sql() {
    let world = world().await;
    let inner = ["id|artist", "t1|a", "t1|b", "t3|c"];
    let outer = ["id|artist", "t1|a", "t1|b", "t2|~", "t3|c", "~|~", "~|~"];
    let view = |outer: &str| {
        format!(
            "SELECT coalesce(e.item, e.track).id AS id, v.artist.id AS artist FROM entries e \
             LATERAL VIEW {outer} explode(coalesce(e.item, e.track).artists) v AS artist"
        )
    };
    assert_eq!(world.rows(&(entries() + &sql(&view("")))).await, inner);
    assert_eq!(world.rows(&(entries() + &sql(&view("OUTER")))).await, outer);
    let plain = "SELECT id, artist.id AS artist FROM (SELECT coalesce(item, track).id AS id, \
                 explode(coalesce(item, track).artists) AS artist FROM entries)";
    assert_eq!(world.rows(&(entries() + &sql(plain))).await, inner);
    let first = "SELECT track.id AS id, track.artists[1].id AS second FROM entries WHERE track.id IS NOT NULL";
    assert_eq!(
        world.rows(&(entries() + &sql(first))).await,
        ["id|second", "t1|b", "t3|~"]
    );
}

#[tokio::test]
async fn arrays_become_rows_by_glue_studios_node() {
    let text = r#"{"id": 1, "s": {"tags": ["x", "y"]}, "tags": ["p"]}
{"id": 2, "s": {"tags": []}, "tags": null}
{"id": 3, "s": null, "tags": []}"#;
    let world = World::of(&[("raw/1.json", text)]).await;
    let rows = |parameters: &'static [(&str, &str)]| {
        let nodes = source("JsonPath: $") + &dynamic("gs_explode", parameters);
        let world = &world;
        async move { world.rows(&nodes).await }
    };
    assert_eq!(
        rows(&[("colName", "tags")]).await,
        [
            "id bigint|s struct<tags:array<string>>|tags",
            "1|{tags: [x, y]}|p"
        ]
    );
    assert_eq!(
        rows(&[
            ("colName", "`s.tags`"),
            ("newCol", "tag"),
            ("outer", "true")
        ])
        .await,
        [
            "id bigint|s struct<tags:array<string>>|tags array<string>|tag",
            "1|{tags: [x, y]}|[p]|x",
            "1|{tags: [x, y]}|[p]|y",
            "2|{tags: []}|~|~",
            "3|~|[]|~",
        ]
    );
    let error = world
        .refused(&(source("JsonPath: $") + &dynamic("gs_explode", &[("colName", "id")])))
        .await;
    assert_eq!(
        error.to_string(),
        "node \"n\": colName: \"id\" is of type bigint"
    );
    let error = world
        .refused(&(source("JsonPath: $") + &dynamic("gs_explode", &[("colName", "tag")])))
        .await;
    assert_eq!(error.hint_text(), Some("did you mean \"tags\"?"));
}

#[tokio::test]
async fn entries_of_maps_become_rows() {
    let text = "{\"id\": 1, \"m\": {\"a\": 7, \"b\": null}}\n{\"id\": 2, \"m\": {}}";
    let world = World::of(&[("raw/1.json", text)]).await;
    let source = source("Types: {id: bigint, m: \"map<string,int>\"}");
    let rows = world
        .rows(&(source.clone() + &dynamic("gs_explode", &[("colName", "m")])))
        .await;
    assert_eq!(rows, ["id bigint|key|value int", "1|a|7", "1|b|~"]);
    let rows = world
        .rows(&(source.clone() + &dynamic("gs_explode", &[("colName", "m"), ("outer", "true")])))
        .await;
    assert_eq!(rows, ["id bigint|key|value int", "1|a|7", "1|b|~", "2|~|~"]);
    let named = dynamic("gs_explode", &[("colName", "m"), ("newCol", "x")]);
    let error = world.refused(&(source + &named)).await;
    assert!(
        error
            .to_string()
            .contains("newCol is not supported for a map"),
        "{error}"
    );
}

#[tokio::test]
async fn structs_become_columns() {
    let text = r#"{"a": {"b": {"c": 1}, "d": "x"}, "e": [{"f": 1}]}"#;
    let world = World::of(&[("raw/1.json", text)]).await;
    for (parameters, wanted) in [
        (
            &[][..],
            ["a.b.c bigint|a.d|e array<struct<f:bigint>>", "1|x|[{f: 1}]"],
        ),
        (
            &[("maxLevels", "1"), ("separator", "_")],
            [
                "a_b struct<c:bigint>|a_d|e array<struct<f:bigint>>",
                "{c: 1}|x|[{f: 1}]",
            ],
        ),
    ] {
        let nodes = source("JsonPath: $") + &dynamic("gs_flatten", parameters);
        assert_eq!(world.rows(&nodes).await, wanted);
    }
}
