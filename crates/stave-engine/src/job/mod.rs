//! Jobs: from a checked graph to plans, and to the SQL that they mean.
//!
//! Every node becomes a logical plan whose columns are told by their names alone; the
//! plans of all nodes between the sources and a target are one plan in the end, so that
//! the optimiser sees through: a column that is dropped late is not read. A node that
//! two others read is planned once and computed once for each of them.
//!
//! Must not know of runs, buckets' permissions or the form of job files.

mod aggregate;
mod cast;
mod csv;
mod explode;
mod fields;
mod figures;
mod filter;
mod frame;
mod join;
mod mapping;
mod moments;
mod parquet;
mod planner;
mod query;
mod rows;
mod run;
mod script;
mod sources;
mod spark;
mod table;
mod targets;
#[cfg(test)]
mod tests;
mod unread;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::LogicalPlan;
use futures::future::BoxFuture;
use stave_core::job::{Graph, Node};
use stave_core::{Result, S3Uri};

use crate::Engine;
use crate::catalog::Catalog;
use crate::scan::Rejects;

pub use run::{JobObserver, JobOutcome, JobProgress, StepFigures, WrittenOutput};
pub use sources::JobSource;
pub use targets::{Destination, TableUpdate};
pub use unread::{SourceObject, Unread};

/// Makes the places that bad records of sources go to.
pub trait RejectsFactory: Send + Sync {
    /// The place for the records of a source node, in the `RejectsPath` that it names.
    fn rejects(&self, node: &Node, folder: &S3Uri) -> Result<Arc<dyn Rejects>>;
}

/// A job that can run: nothing about its columns is wrong.
pub struct JobPlan {
    graph: Graph,
    sources: Vec<JobSource>,
    outputs: Vec<JobOutput>,
    columns: BTreeMap<String, SchemaRef>,
}

impl fmt::Debug for JobPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobPlan")
            .field("outputs", &self.outputs.len())
            .finish_non_exhaustive()
    }
}

/// What one target, or Spigot, writes.
#[derive(Debug)]
pub struct JobOutput {
    /// The node.
    pub node_id: String,
    /// Its name for people.
    pub node_name: String,
    /// Whether it is a Spigot: a sample beside the way, no result.
    pub is_sample: bool,
    /// The rows.
    pub plan: LogicalPlan,
    /// Their columns, the partition keys among them.
    pub schema: SchemaRef,
    /// Where they go.
    pub destination: Destination,
    sql: String,
}

impl JobPlan {
    /// The graph that was planned.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The sources that are read, in the order of the graph.
    pub fn sources(&self) -> &[JobSource] {
        &self.sources
    }

    /// What is written, in the order in which nodes come after their inputs.
    pub fn outputs(&self) -> &[JobOutput] {
        &self.outputs
    }

    /// The columns that a node gives; none for one that is not run.
    pub fn columns(&self, node_id: &str) -> Option<&SchemaRef> {
        self.columns.get(node_id)
    }

    /// The SQL that the job means: a statement for each target, with one common table
    /// expression for each node that it needs. Casts are Spark's; `read_csv`, `read_json`
    /// and `read_parquet` stand for the sources.
    pub fn sql(&self) -> String {
        let statements: Vec<&str> = self
            .outputs
            .iter()
            .map(|output| output.sql.as_str())
            .collect();
        statements.join("\n")
    }

    /// Bytes read so far and in all, of text uncompressed.
    pub fn progress(&self) -> JobProgress {
        JobProgress {
            bytes_read: self.sources.iter().map(JobSource::bytes_read).sum(),
            bytes_total: self.sources.iter().map(|source| source.bytes_total).sum(),
            rows_written: 0,
        }
    }
}

impl Engine {
    /// Plans a job. Reads no more than lists of objects, headers, footers and, where the
    /// types of JSON or of a CSV source are to be found out, samples; only a DropNullFields
    /// reads its input as a whole, after everything that can be refused without has been.
    /// Without `rejects`, bad records of sources that set them aside are passed over. With
    /// `unread`, sources of S3 read only the objects that it says are new.
    pub fn plan_job<'a>(
        &'a self,
        graph: &'a Graph,
        catalog: Arc<dyn Catalog>,
        rejects: Option<&'a dyn RejectsFactory>,
        unread: Option<&'a dyn Unread>,
    ) -> BoxFuture<'a, Result<JobPlan>> {
        Box::pin(async move { planner::plan(self, graph, &catalog, rejects, unread).await })
    }
}
