//! Jobs over small files in memory.

mod nested;
mod plans;
mod refusals;
mod runs;
mod sources;
mod transforms;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::physical_plan::collect;
use stave_core::job::{Graph, JobDefinition};
use stave_core::{Error, Result};

use super::JobPlan;
use crate::Engine;
use crate::catalog::Catalog;
use crate::testing::{MemoryBuckets, MemoryCatalog, engine};

/// The nodes of a job file.
fn graph(nodes: &str) -> Graph {
    let job = JobDefinition::parse(nodes, &BTreeMap::new());
    job.unwrap_or_else(|error| panic!("{error} ({:?})\n{nodes}", error.hint_text()))
        .nodes
}

/// A CSV source node of the id `id` over `s3://data/<id>.csv`.
fn csv(id: &str) -> String {
    format!(
        "{id}: {{S3CsvSource: {{Name: {id}, Paths: [s3://data/{id}.csv], WithHeader: true}}}}\n"
    )
}

/// A target node behind `input`.
fn target(input: &str) -> String {
    format!(
        "out: {{S3GlueParquetTarget: {{Name: out, Inputs: [{input}], Path: s3://house/out}}}}\n"
    )
}

/// Buckets, an engine and a catalog.
struct World {
    buckets: Arc<MemoryBuckets>,
    catalog: Arc<MemoryCatalog>,
    engine: Engine,
}

impl World {
    /// A world with these objects in the bucket `data`.
    async fn of(files: &[(&str, &str)]) -> Self {
        let buckets = Arc::new(MemoryBuckets::default());
        for (key, text) in files {
            buckets.put(&format!("s3://data/{key}"), *text).await;
        }
        Self {
            engine: engine(&buckets),
            buckets,
            catalog: Arc::default(),
        }
    }

    async fn plan(&self, nodes: &str) -> Result<JobPlan> {
        let catalog = Arc::clone(&self.catalog) as Arc<dyn Catalog>;
        self.engine
            .plan_job(&graph(nodes), catalog, None, None)
            .await
    }

    /// The first line names the columns and their types, the others are the rows, sorted.
    async fn rows(&self, nodes: &str) -> Vec<String> {
        let job = self.plan(nodes).await;
        let job = job.unwrap_or_else(|error| panic!("{error} ({:?})\n{nodes}", error.hint_text()));
        let output = &job.outputs()[0];
        let (plan, context) = self
            .engine
            .physical(output.plan.clone())
            .await
            .expect("a plan");
        let columns: Vec<String> = output
            .schema
            .fields()
            .iter()
            .map(|field| {
                let kind = crate::types::name_of(field.data_type());
                if kind == "string" {
                    field.name().clone()
                } else {
                    format!("{} {kind}", field.name())
                }
            })
            .collect();
        let mut rows = lines(&collect(plan, context).await.expect("rows"));
        rows.sort();
        rows.insert(0, columns.join("|"));
        rows
    }

    async fn refused(&self, nodes: &str) -> Error {
        match self.plan(nodes).await {
            Ok(_) => panic!("was planned:\n{nodes}"),
            Err(error) => error,
        }
    }
}

/// Values with bars between them; NULL is `~`.
fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("~");
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).expect("printable"))
            .collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> = columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect();
            lines.push(values.join("|"));
        }
    }
    lines
}

/// Rows of `node`, which reads `a`, over the text of `a.csv`.
async fn one(text: &str, node: &str) -> Vec<String> {
    let world = World::of(&[("a.csv", text)]).await;
    world
        .rows(&format!("{}{node}\n{}", csv("a"), target("n")))
        .await
}

/// Rows of `node`, which reads `a` and `b`.
async fn two(a: &str, b: &str, node: &str) -> Vec<String> {
    let world = World::of(&[("a.csv", a), ("b.csv", b)]).await;
    world
        .rows(&format!("{}{}{node}\n{}", csv("a"), csv("b"), target("n")))
        .await
}
