//! Goes through the graph, node after node, and puts the plans together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::physical_plan::collect;
use stave_core::job::{DropNullFields, Graph, Node, NodeKind};
use stave_core::{Error, Result};

use super::frame::{Frame, Input};
use super::script::{Statement, cte_names};
use super::sources::Reader;
use super::{
    JobOutput, JobPlan, JobSource, RejectsFactory, Unread, aggregate, explode, fields, filter,
    join, mapping, query, rows, run, targets,
};
use crate::catalog::Catalog;
use crate::{Engine, fault};

/// Plans `graph`: first without reading any data, to refuse what is wrong, and once more
/// where a DropNullFields must look at the rows.
pub(super) async fn plan(
    engine: &Engine,
    graph: &Graph,
    catalog: &Arc<dyn Catalog>,
    rejects: Option<&dyn RejectsFactory>,
    unread: Option<&dyn Unread>,
) -> Result<JobPlan> {
    let mut planner = Planner {
        engine,
        graph,
        catalog,
        names: cte_names(graph),
        needed: needed(graph),
        frames: BTreeMap::new(),
        sources: Vec::new(),
        looks_at_rows: false,
    };
    let reader = Reader {
        engine,
        catalog,
        rejects,
        unread,
    };
    for node in graph
        .order()
        .into_iter()
        .filter(|node| node.kind.is_source())
    {
        if planner.needed.contains(node.id.as_str()) {
            let (frame, source) = reader
                .source(node)
                .await
                .map_err(|error| error.within(place(node)))?;
            planner.frames.insert(node.id.clone(), vec![frame]);
            planner.sources.push(source);
        }
    }
    let mut outputs = planner.pass().await?;
    let any_null_fields = planner.needs(|kind| matches!(kind, NodeKind::DropNullFields(_)));
    if any_null_fields {
        planner.looks_at_rows = true;
        outputs = planner.pass().await?;
        planner.sources.iter().for_each(JobSource::reset);
    }
    run::refuse_same_folder(&outputs)?;
    let columns = planner.columns();
    Ok(JobPlan {
        graph: graph.clone(),
        sources: planner.sources,
        outputs,
        columns,
    })
}

/// How a node is named in messages.
pub(super) fn place(node: &Node) -> String {
    if node.id == node.name {
        format!("node \"{}\"", node.id)
    } else {
        format!("node \"{}\" ({})", node.name, node.id)
    }
}

fn writes(node: &Node) -> bool {
    node.kind.is_target() || matches!(node.kind, NodeKind::Spigot(_))
}

/// The ids of the nodes that write and of all that they get rows from.
fn needed(graph: &Graph) -> BTreeSet<&str> {
    let mut needed = BTreeSet::new();
    for node in graph.order().into_iter().rev() {
        if writes(node) || needed.contains(node.id.as_str()) {
            needed.insert(node.id.as_str());
            needed.extend(graph.inputs_of(node).map(|input| input.id.as_str()));
        }
    }
    needed
}

struct Planner<'a> {
    engine: &'a Engine,
    graph: &'a Graph,
    catalog: &'a Arc<dyn Catalog>,
    names: BTreeMap<String, String>,
    needed: BTreeSet<&'a str>,
    /// What each node gives: one set of rows, two for SplitFields.
    frames: BTreeMap<String, Vec<Frame>>,
    sources: Vec<JobSource>,
    looks_at_rows: bool,
}

impl Planner<'_> {
    fn needs(&self, is: impl Fn(&NodeKind) -> bool) -> bool {
        let mut nodes = self.graph.nodes().iter();
        nodes.any(|node| self.needed.contains(node.id.as_str()) && is(&node.kind))
    }

    /// Plans every node but the sources.
    async fn pass(&mut self) -> Result<Vec<JobOutput>> {
        let mut outputs = Vec::new();
        for node in self.graph.order() {
            if node.kind.is_source() || !self.needed.contains(node.id.as_str()) {
                continue;
            }
            let within = |error: Error| error.within(place(node));
            if writes(node) {
                outputs.push(self.output(node).await.map_err(within)?);
            }
            if !node.kind.is_target() {
                let frames = self.frames_of(node).await.map_err(within)?;
                self.frames.insert(node.id.clone(), frames);
            }
        }
        Ok(outputs)
    }

    fn input<'a>(&'a self, node: &'a Node, at: usize) -> Result<Input<'a>> {
        let id = node
            .inputs
            .get(at)
            .ok_or_else(|| Error::invalid("an input is missing"))?;
        let input = self
            .graph
            .get(id)
            .ok_or_else(|| Error::invalid("an input is missing"))?;
        let frames = self.frames.get(id);
        let index = match &node.kind {
            NodeKind::SelectFromCollection(select) => select.index as usize,
            _ => 0,
        };
        let frame = frames
            .and_then(|frames| frames.get(index))
            .ok_or_else(|| Error::internal(format!("\"{id}\" is not planned yet")))?;
        let cte = self.names.get(id).map_or("", String::as_str);
        Ok(Input {
            id,
            name: &input.name,
            cte,
            plan: &frame.plan,
        })
    }

    fn inputs<'a>(&'a self, node: &'a Node) -> Result<Vec<Input<'a>>> {
        (0..node.inputs.len())
            .map(|at| self.input(node, at))
            .collect()
    }

    async fn frames_of(&self, node: &Node) -> Result<Vec<Frame>> {
        let input = || self.input(node, 0);
        let frame = match &node.kind {
            NodeKind::Join(spec) => join::join(spec, node, &input()?, &self.input(node, 1)?)?,
            NodeKind::DropFields(spec) => fields::drop_fields(spec, &input()?)?,
            NodeKind::SelectFields(spec) => fields::select_fields(spec, &input()?)?,
            NodeKind::RenameField(spec) => fields::rename_field(spec, &input()?)?,
            NodeKind::ApplyMapping(spec) => mapping::apply_mapping(spec, &input()?)?,
            NodeKind::Filter(spec) => filter::filter(spec, &input()?)?,
            NodeKind::DropDuplicates(spec) => rows::drop_duplicates(spec, &input()?)?,
            NodeKind::DropNullFields(spec) => self.drop_null_fields(spec, &input()?).await?,
            NodeKind::FillMissingValues(spec) => rows::fill_missing(spec, &input()?)?,
            NodeKind::Union(spec) => rows::union(spec, &self.inputs(node)?)?,
            NodeKind::Aggregate(spec) => aggregate::aggregate(spec, &input()?)?,
            NodeKind::SplitFields(spec) => {
                return fields::split_fields(spec, &input()?).map(Vec::from);
            }
            NodeKind::SelectFromCollection(_) => self.selected(node)?,
            NodeKind::Spigot(_) => rows::pass_on(&input()?),
            NodeKind::DynamicTransform(spec) => explode::dynamic(spec, &input()?)?,
            NodeKind::SparkSql(spec) => {
                query::spark_sql(self.engine, spec, &self.inputs(node)?).await?
            }
            kind => {
                return Err(Error::internal(format!(
                    "{} is no transform",
                    kind.type_name()
                )));
            }
        };
        Ok(vec![frame])
    }

    /// One part of a collection. In SQL the part is written here, since a SELECT gives one.
    fn selected(&self, node: &Node) -> Result<Frame> {
        let input = self.input(node, 0)?;
        let splits = self.graph.inputs_of(node).next();
        match splits.map(|splits| (splits, &splits.kind)) {
            Some((splits, NodeKind::SplitFields(_))) => {
                let parts = self.frames.get(&splits.id).map_or(&[][..], Vec::as_slice);
                let NodeKind::SelectFromCollection(select) = &node.kind else {
                    return Ok(rows::pass_on(&input));
                };
                let part = parts.get(select.index as usize);
                part.cloned()
                    .ok_or_else(|| Error::invalid("Index: there is no such part"))
            }
            _ => Ok(rows::pass_on(&input)),
        }
    }

    async fn drop_null_fields(&self, spec: &DropNullFields, input: &Input<'_>) -> Result<Frame> {
        let query = rows::null_columns_query(spec, input)?;
        if !self.looks_at_rows {
            return rows::drop_null_fields(input, &[]);
        }
        let (plan, context) = self.engine.physical(query).await?;
        let figures = collect(plan, context).await.map_err(fault::engine)?;
        let mut nulls = Vec::new();
        for name in input.names() {
            let is_null = |batch: &arrow::array::RecordBatch| {
                batch
                    .column_by_name(name)
                    .is_none_or(|column| column.null_count() == column.len())
            };
            if figures.iter().all(is_null) {
                nulls.push(name.to_owned());
            }
        }
        rows::drop_null_fields(input, &nulls)
    }

    async fn output(&self, node: &Node) -> Result<JobOutput> {
        let input = self.input(node, 0)?;
        let destination = targets::destination(node, &input, self.catalog).await?;
        let frame = match &node.kind {
            NodeKind::Spigot(spigot) => rows::spigot_sample(spigot, &input)?,
            _ => Frame {
                plan: input.plan.clone(),
                sql: format!("SELECT *\nFROM {}", input.cte),
            },
        };
        let comment = targets::comment(node, &destination);
        Ok(JobOutput {
            node_id: node.id.clone(),
            node_name: node.name.clone(),
            is_sample: matches!(node.kind, NodeKind::Spigot(_)),
            schema: Arc::clone(frame.plan.schema().inner()),
            plan: frame.plan,
            destination,
            sql: self.statement(node, &comment, &frame.sql),
        })
    }

    fn statement(&self, node: &Node, comment: &str, last: &str) -> String {
        let bodies: BTreeMap<String, String> = self
            .frames
            .iter()
            // The parts of a SplitFields are written where they are selected.
            .filter_map(|(id, frames)| match frames.as_slice() {
                [one] => Some((id.clone(), one.sql.clone())),
                _ => None,
            })
            .collect();
        Statement {
            graph: self.graph,
            names: &self.names,
            bodies: &bodies,
        }
        .write(node, comment, last)
    }

    fn columns(&self) -> BTreeMap<String, SchemaRef> {
        let single = self
            .frames
            .iter()
            .filter_map(|(id, frames)| match frames.as_slice() {
                [one] => Some((id.clone(), Arc::clone(one.plan.schema().inner()))),
                _ => None,
            });
        single.collect()
    }
}
