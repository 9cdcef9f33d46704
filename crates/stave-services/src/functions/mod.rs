//! Functions, as Lambda has them: what they are, and running them.
//!
//! What a function is (definitions, versions, aliases, layers, policies) are rows, and the
//! operations on them block: who runs on an async runtime decides where. Those that take code,
//! and invocations, are async. Errors carry AWS's codes.
//!
//! An invocation runs in an environment: a process of its own behind the real Runtime API, kept
//! warm for the next. What separates environments is said in [`environment`]. Asynchronous
//! invocations are rows of a queue, so that they outlive this process.
//!
//! Must not know: wire formats, how logs, metrics and buckets are kept (those are ports), the
//! engine.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/welcome.html>

mod aliases;
mod change;
mod code;
mod concurrency;
mod create;
mod definition;
mod destinations;
mod environment;
mod errors;
mod events;
mod invoke;
mod layers;
mod lineage;
mod links;
mod lookup;
mod names;
mod opt;
mod package;
mod permissions;
mod pool;
mod ports;
mod prepare;
mod queue;
mod report;
mod rest;
mod run;
mod runtimes;
mod settings;
mod start;
mod tags;
#[cfg(test)]
mod tests;
mod venv;
mod versions;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stave_core::{Clock, Result};
use stave_store::Store;
use stave_store::functions::Worker;
pub use stave_store::functions::{LATEST, Tags};
use tokio::sync::{Notify, OnceCell};

use crate::iam::Iam;

pub use self::aliases::{Alias, NewAlias};
pub use self::change::CodeUpdate;
pub use self::code::CodeSource;
pub use self::concurrency::AccountSettings;
pub use self::create::NewFunction;
pub use self::definition::{
    Code, Definition, FunctionVersion, Packages, Reason, State, UpdateStatus, UsedLayer,
};
pub use self::errors::ThrottleReason;
pub use self::events::{EventSettings, EventSettingsChange};
pub use self::invoke::{FunctionError, Invocation, InvocationRequest, InvocationType};
pub use self::layers::{Layer, LayerFilter, NewLayer};
pub use self::lookup::{Page, PageRequest};
pub use self::package::{PackagedFile, pack, pack_texts, packaged_files};
pub use self::permissions::{NewPermission, Policy};
pub use self::ports::{
    CodeObjects, Delivery, Destinations, LogEvent, LogSink, Metric, MetricSink, Ports, Surroundings,
};
pub use self::queue::Workers;
pub use self::runtimes::{Interpreter, ProvidedOn, Runtime};
pub use self::settings::Settings;

/// How functions are run.
#[derive(Debug, Clone)]
pub struct FunctionsOptions {
    /// The region that ARNs name.
    pub region: String,
    /// Where functions find AWS's services: `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// Where interpreters are looked for, in the form of `PATH`.
    pub search_path: OsString,
    /// Interpreters that are not to be looked for, by runtime: `python3.9`.
    pub interpreters: BTreeMap<String, PathBuf>,
    /// Python packages that every function has, as AWS's runtime has them; names that are
    /// installed and imported alike.
    pub provided_packages: Vec<String>,
    /// How many functions the account may run at once.
    pub concurrency: u32,
    /// How many asynchronous invocations this process works on at once.
    pub queue_workers: usize,
    /// How long a runtime may take to begin, before it is begun again within the time that the
    /// function has.
    pub init_limit: Duration,
    /// How long an environment is kept that nobody uses.
    pub idle: Duration,
    /// How many environments are kept that nobody uses.
    pub idle_environments: usize,
    /// How often the queue is looked at when nothing tells of it: another process may have put
    /// something there.
    pub poll: Duration,
    /// How many times a function may come to itself before the chain is stopped.
    pub max_rounds: u32,
    /// Whether functions are confined by what the operating system has for it: namespaces and
    /// control groups, where they are there.
    pub confine: bool,
}

impl Default for FunctionsOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            region: "us-east-1".to_owned(),
            endpoint_url: None,
            search_path: OsString::from("/usr/local/bin:/usr/bin:/bin"),
            interpreters: BTreeMap::new(),
            provided_packages: vec!["boto3".to_owned()],
            concurrency: 1000,
            queue_workers: (cores * 4).clamp(8, 64),
            init_limit: Duration::from_secs(10),
            idle: Duration::from_mins(10),
            idle_environments: 64,
            poll: Duration::from_secs(1),
            max_rounds: 16,
            confine: true,
        }
    }
}

/// The functions service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Functions(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    iam: Iam,
    clock: Arc<dyn Clock>,
    ports: Ports,
    options: FunctionsOptions,
    interpreters: runtimes::Interpreters,
    bootstraps: runtimes::Bootstraps,
    pool: pool::Pool,
    confinement: OnceCell<environment::Confinement>,
    links: links::Links,
    /// Who we are in the queue. Its folder is that of the environments, too.
    worker: Worker,
    open_logs: Arc<rest::OpenLogs>,
    /// Something has been queued, or somebody has time again.
    queued: Notify,
}

impl Functions {
    /// The functions of the home in `store`, which `iam` belongs to, too. Nothing runs before
    /// [`Self::start`] but what is invoked and waited for.
    pub fn open(
        store: Store,
        iam: Iam,
        clock: Arc<dyn Clock>,
        ports: Ports,
        options: FunctionsOptions,
    ) -> Result<Self> {
        let bootstraps = runtimes::Bootstraps::write(&store.home().functions())?;
        let worker = store.function_worker()?;
        let interpreters = runtimes::Interpreters::new(
            options.search_path.clone(),
            options.interpreters.clone(),
            options.provided_packages.clone(),
        );
        Ok(Self(Arc::new(Parts {
            store,
            iam,
            clock,
            ports,
            interpreters,
            bootstraps,
            pool: pool::Pool::default(),
            confinement: OnceCell::new(),
            links: links::Links::default(),
            worker,
            open_logs: Arc::default(),
            queued: Notify::new(),
            options,
        })))
    }

    /// The interpreter that stands behind a runtime.
    pub async fn interpreter(&self, runtime: Runtime) -> Result<Interpreter> {
        self.0.interpreters.find(runtime).await
    }

    /// The runtime for Python code that names none: of what is configured the newest, else that
    /// of the `python3` that is found.
    pub async fn usual_python(&self) -> Result<Runtime> {
        self.0.interpreters.usual_python().await
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn options(&self) -> &FunctionsOptions {
        &self.0.options
    }

    fn ports(&self) -> &Ports {
        &self.0.ports
    }

    fn account(&self) -> &str {
        self.0.iam.account()
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A random UUID, as request ids and revision ids are.
    fn uuid(&self) -> String {
        let bits = self.0.store.function_id();
        let ids = One(bits);
        stave_core::ids::uuid(&ids)
    }
}

/// A source of one id.
#[derive(Debug)]
struct One(u128);

impl stave_core::IdSource for One {
    fn next(&self) -> u128 {
        self.0
    }
}
