//! The join as a node of a physical plan.

use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{PhysicalExpr, PhysicalExprRef};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, SpillMetrics,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::files::Spilling;
use super::gather::{Gather, Gathered};
use super::pairs::{PairJoiner, Pairs};
use super::probe::Prober;
use super::spec::Spec;
use super::table::Table;

/// The join. Its first child is the build side, its second the probe side, whose
/// partitions are the join's.
#[derive(Debug)]
pub(crate) struct HashJoin {
    spec: Arc<Spec>,
    build: Arc<dyn ExecutionPlan>,
    probe: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    run: Mutex<Option<Run>>,
}

type Preparing = Shared<BoxFuture<'static, Result<Arc<Prepared>, Arc<DataFusionError>>>>;

/// One execution: its partitions share the build side.
struct Run {
    preparing: Preparing,
    started: Vec<bool>,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Run")
    }
}

/// What all partitions of a run need before they can give rows.
enum Prepared {
    Table(Arc<Table>, Arc<AtomicUsize>),
    Pairs(Arc<Pairs>),
}

impl HashJoin {
    /// The join that `join` is, with a build side whose partitions are read together.
    pub(super) fn new(join: &HashJoinExec, build: Arc<dyn ExecutionPlan>) -> Self {
        Self {
            spec: Arc::new(Spec::of(join)),
            build,
            probe: Arc::clone(join.right()),
            properties: Arc::clone(join.properties()),
            metrics: ExecutionPlanMetricsSet::new(),
            run: Mutex::new(None),
        }
    }

    /// The keys of both sides: build, then probe.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &PhysicalExprRef> {
        let build = self.spec.build_keys.expressions();
        build.iter().chain(self.spec.probe_keys.expressions())
    }

    /// The present run's preparation; a partition that is started again begins a new run.
    fn preparing(&self, partition: usize, context: &Arc<TaskContext>) -> Preparing {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        let current = run.take().filter(|run| !run.started[partition]);
        let mut current = current.unwrap_or_else(|| Run {
            preparing: self.prepare(partition, Arc::clone(context)),
            started: vec![false; self.properties.output_partitioning().partition_count()],
        });
        current.started[partition] = true;
        let preparing = current.preparing.clone();
        // The last one takes it along, so that the table goes with the streams.
        if !current.started.iter().all(|started| *started) {
            *run = Some(current);
        }
        preparing
    }

    fn prepare(&self, partition: usize, context: Arc<TaskContext>) -> Preparing {
        let spilling = Spilling {
            runtime: context.runtime_env(),
            metrics: SpillMetrics::new(&self.metrics, partition),
            compression: context.session_config().spill_compression(),
        };
        let (spec, build, probe) = (
            Arc::clone(&self.spec),
            Arc::clone(&self.build),
            Arc::clone(&self.probe),
        );
        async move {
            let prepared = prepare(spec, spilling, build, probe, context).await;
            prepared.map(Arc::new).map_err(Arc::new)
        }
        .boxed()
        .shared()
    }
}

fn all_partitions(
    plan: &Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
) -> Result<Vec<SendableRecordBatchStream>> {
    let partitions = plan.output_partitioning().partition_count();
    (0..partitions)
        .map(|partition| plan.execute(partition, Arc::clone(context)))
        .collect()
}

async fn prepare(
    spec: Arc<Spec>,
    spilling: Spilling,
    build: Arc<dyn ExecutionPlan>,
    probe: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> Result<Prepared> {
    let streams = all_partitions(&build, &context)?;
    match Gather::run(Arc::clone(&spec), spilling.clone(), 0, streams).await? {
        Gathered::Kept(kept, reservation) => {
            let cores = context.session_config().target_partitions();
            let table = Table::build(kept, &spec, cores, reservation).await?;
            let probing = probe.output_partitioning().partition_count();
            Ok(Prepared::Table(
                Arc::new(table),
                Arc::new(AtomicUsize::new(probing)),
            ))
        }
        Gathered::Files(files) => {
            let streams = all_partitions(&probe, &context)?;
            let pairs = Pairs::new(spec, spilling, files, streams).await?;
            Ok(Prepared::Pairs(Arc::new(pairs)))
        }
    }
}

/// What a partition is at.
enum Stage {
    Waiting(Preparing),
    Probing(Box<Prober>),
    Pairs(PairJoiner),
}

/// One partition of the join.
struct Partition {
    spec: Arc<Spec>,
    probe: Arc<dyn ExecutionPlan>,
    index: usize,
    context: Arc<TaskContext>,
    metrics: BaselineMetrics,
    stage: Option<Stage>,
}

impl Partition {
    async fn next(mut self) -> Result<Option<(arrow::array::RecordBatch, Self)>> {
        let mut stage = match self.stage.take() {
            Some(Stage::Waiting(preparing)) => {
                let prepared = preparing.await.map_err(DataFusionError::Shared)?;
                self.begin(&prepared)?
            }
            Some(stage) => stage,
            None => return Ok(None),
        };
        let batch = match &mut stage {
            Stage::Probing(prober) => prober.next().await?,
            Stage::Pairs(pairs) => pairs.next().await?,
            Stage::Waiting(_) => None,
        };
        Ok(batch.map(|batch| {
            self.metrics.record_output(batch.num_rows());
            self.stage = Some(stage);
            (batch, self)
        }))
    }

    fn begin(&self, prepared: &Prepared) -> Result<Stage> {
        Ok(match prepared {
            Prepared::Table(table, probing) => {
                let probe = self.probe.execute(self.index, Arc::clone(&self.context))?;
                let (spec, table) = (Arc::clone(&self.spec), Arc::clone(table));
                let prober = Prober::new(spec, table, probe, Arc::clone(probing));
                Stage::Probing(Box::new(prober))
            }
            Prepared::Pairs(pairs) => Stage::Pairs(PairJoiner::new(Arc::clone(pairs))),
        })
    }
}

impl DisplayAs for HashJoin {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = self.spec.build_keys.expressions().iter();
        let on: Vec<String> = build
            .zip(self.spec.probe_keys.expressions())
            .map(|(build, probe)| format!("{build} = {probe}"))
            .collect();
        let join_type = self.spec.join_type;
        write!(f, "HashJoin: join_type={join_type}, on=[{}]", on.join(", "))
    }
}

impl ExecutionPlan for HashJoin {
    fn name(&self) -> &'static str {
        "HashJoin"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.build, &self.probe]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for key in self.keys() {
            if f(key)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(probe), Some(build)) = (children.pop(), children.pop()) else {
            return Ok(self);
        };
        Ok(Arc::new(Self {
            spec: Arc::clone(&self.spec),
            build,
            probe,
            properties: Arc::clone(&self.properties),
            metrics: ExecutionPlanMetricsSet::new(),
            run: Mutex::new(None),
        }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let state = Partition {
            spec: Arc::clone(&self.spec),
            probe: Arc::clone(&self.probe),
            index: partition,
            metrics: BaselineMetrics::new(&self.metrics, partition),
            stage: Some(Stage::Waiting(self.preparing(partition, &context))),
            context,
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.spec.schema),
            futures::stream::try_unfold(state, Partition::next),
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
