//! The engine itself: its bounds, where it finds buckets, and the sessions that plans run in.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use stave_core::{BucketName, Error, Result};
use url::Url;

use crate::build_sides::BuildSides;
use crate::fault;
use crate::join::OwnJoins;

/// The share of the memory bound that operators may reserve; the rest is for
/// what they do not account for: buffers of text, encoders, the program itself.
const RESERVABLE: f64 = 0.7;
/// The most rows in a batch between operators.
const BATCH_ROWS: usize = 8192;
/// The same where there is little memory: a merge holds two batches of each run.
const SMALL_BATCH_ROWS: usize = 2048;
/// Below this many bytes there is little memory.
const LITTLE_MEMORY: u64 = 512 << 20;
/// How many bytes a row has at most in what is reckoned with; larger ones cost speed.
const ROW_BYTES: usize = 1024;
/// The most sorted runs that are merged at once.
const MERGED_RUNS: usize = 64;

/// Where the engine finds the objects of a bucket.
pub trait Buckets: Send + Sync + fmt::Debug {
    /// The objects of `bucket`, their keys as paths.
    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>>;
}

/// What the engine may use.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Bytes of memory; joins, sorts and aggregates larger than that go through files.
    pub memory_bytes: u64,
    /// How many cores work at once.
    pub cores: NonZeroUsize,
    /// The folder for those files.
    pub spill_dir: PathBuf,
}

impl EngineOptions {
    /// How many bytes operators may reserve.
    fn reservable_bytes(&self) -> usize {
        (self.memory_bytes as f64 * RESERVABLE) as usize
    }

    fn batch_rows(&self) -> usize {
        if self.memory_bytes < LITTLE_MEMORY {
            SMALL_BATCH_ROWS
        } else {
            BATCH_ROWS
        }
    }

    /// How many sorted runs each core may merge at once. DataFusion takes as many as the
    /// memory holds, and leaves none for the merge of what the cores give.
    fn merged_runs(&self) -> usize {
        let run_bytes = 2 * self.batch_rows() * ROW_BYTES;
        let of_a_core = self.reservable_bytes() / 2 / self.cores;
        (of_a_core / run_bytes).clamp(2, MERGED_RUNS)
    }
}

/// The engine. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    options: Arc<EngineOptions>,
    buckets: Arc<dyn Buckets>,
    runtime: Arc<RuntimeEnv>,
}

impl Engine {
    /// An engine within `options` over `buckets`.
    pub fn new(options: EngineOptions, buckets: Arc<dyn Buckets>) -> Result<Self> {
        let spill = DiskManagerMode::Directories(vec![options.spill_dir.clone()]);
        let runtime = runtime(&buckets)
            .with_memory_pool(Arc::new(FairSpillPool::new(options.reservable_bytes())))
            .with_disk_manager_builder(
                DiskManagerBuilder::default()
                    .with_mode(spill)
                    .with_max_spill_merge_fan_in(options.merged_runs())
                    .with_max_temp_directory_size(u64::MAX),
            )
            .build_arc()
            .map_err(fault::engine)?;
        Ok(Self {
            options: Arc::new(options),
            buckets,
            runtime,
        })
    }

    /// The same engine, within the same memory, over other `buckets`: those of somebody who may
    /// not read everything. Nothing that was read before is remembered for it.
    pub fn over(&self, buckets: Arc<dyn Buckets>) -> Result<Self> {
        let mut runtime = runtime(&buckets)
            .with_memory_pool(Arc::clone(&self.runtime.memory_pool))
            .build()
            .map_err(fault::engine)?;
        runtime.disk_manager = Arc::clone(&self.runtime.disk_manager);
        Ok(Self {
            options: Arc::clone(&self.options),
            buckets,
            runtime: Arc::new(runtime),
        })
    }

    /// What the engine may use.
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// The objects of a bucket.
    pub fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        self.buckets.object_store(bucket)
    }

    /// How many bytes operators may reserve.
    pub(crate) fn reservable_bytes(&self) -> usize {
        self.options.reservable_bytes()
    }

    fn config(&self) -> SessionConfig {
        let mut config = SessionConfig::new()
            .with_target_partitions(self.options.cores.get())
            .with_batch_size(self.options.batch_rows())
            .with_information_schema(true);
        let options = config.options_mut();
        options.execution.collect_statistics = true;
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.spill_compression = datafusion::config::SpillCompression::Lz4Frame;
        "nulls_last".clone_into(&mut options.sql_parser.default_null_ordering);
        options.sql_parser.collect_spans = true;
        // A build side that fits is built once and probed by all cores.
        let build_bytes = self.reservable_bytes() / 4;
        options.optimizer.hash_join_single_partition_threshold = build_bytes;
        options.optimizer.hash_join_single_partition_threshold_rows = build_bytes / 32;
        config
    }

    /// The state of a new session; `adjust` changes its configuration first.
    pub(crate) fn state(&self, adjust: impl FnOnce(&mut SessionConfig)) -> SessionState {
        let mut config = self.config();
        adjust(&mut config);
        SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .with_physical_optimizer_rules(rules())
            .build()
    }
}

/// What holds for every runtime over `buckets`.
fn runtime(buckets: &Arc<dyn Buckets>) -> RuntimeEnvBuilder {
    RuntimeEnvBuilder::new()
        // A new object must be seen by the next query.
        .with_object_list_cache_limit(0)
        .with_object_store_registry(Arc::new(Registry(Arc::clone(buckets))))
}

/// DataFusion's rules with ours among them: the choice of build sides behind its own, our
/// join before filters are told to the scans.
fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let behind = |rules: &[Arc<dyn PhysicalOptimizerRule + Send + Sync>], name: &str| {
        let at = rules.iter().rposition(|rule| rule.name() == name);
        at.map_or(0, |at| at + 1)
    };
    rules.insert(behind(&rules, "join_selection"), Arc::new(BuildSides));
    rules.insert(behind(&rules, "ProjectionPushdown"), Arc::new(OwnJoins));
    rules
}

/// Finds the store of `s3://bucket/…` when a plan first asks for it.
#[derive(Debug)]
struct Registry(Arc<dyn Buckets>);

impl ObjectStoreRegistry for Registry {
    fn register_store(
        &self,
        _url: &Url,
        _store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>, DataFusionError> {
        let bucket = url
            .host_str()
            .filter(|_| url.scheme() == "s3")
            .ok_or_else(|| {
                let error = Error::unsupported(format!("\"{url}\" is not an s3:// address"));
                fault::into_engine(error)
            })?;
        BucketName::new(bucket)
            .and_then(|bucket| self.0.object_store(&bucket))
            .map_err(fault::into_engine)
    }
}
