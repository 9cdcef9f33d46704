//! The composition root: the one place that builds the store, the engine and
//! the services, from the configuration.

mod alarms;
mod announcer;
mod aside;
mod code;
mod deliveries;
mod destination;
mod instruments;
mod log_line;
mod platform;
mod surroundings;
mod targets;
mod work;

use std::sync::{Arc, OnceLock};

use stave_core::{Caller, Clock, Error, IdSource, Result};
use stave_engine::{Engine, EngineOptions};
use stave_services::iam::IamOptions;
use stave_services::{Buckets, Catalog, Crawlers, Extracts, Iam, Jobs, Queries, Transfer};
use stave_store::{RemoteBuckets, Store, StoreOptions, Swept};

pub use self::alarms::AlarmActions;
use self::announcer::Announcer;
use self::aside::Aside;
pub use self::platform::Platform;
pub use self::surroundings::{Authorities, Reached, SANDBOX, SPOTIFY, SpotifyProxy};
use crate::config::Config;
use crate::spill::SpillFolder;
use crate::system::{RandomIds, SystemClock};

/// Everything that a command works with.
#[derive(Debug)]
pub struct Stave {
    /// The settings.
    pub config: Config,
    /// Who uses the command line: the home's owner, or whom `--as` names.
    pub caller: Caller,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// The home.
    pub store: Store,
    /// Buckets and objects.
    pub buckets: Buckets,
    /// Copies between files and objects.
    pub transfer: Transfer,
    /// The Data Catalog.
    pub catalog: Catalog,
    /// Crawlers.
    pub crawlers: Crawlers,
    engine: OnceLock<(Engine, SpillFolder)>,
    iam: OnceLock<Iam>,
    reached: OnceLock<Reached>,
    platform: OnceLock<Platform>,
    announcer: Arc<Announcer>,
}

impl Stave {
    /// Opens the home that `config` names; finishes what a killed process left.
    pub fn open(config: Config) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn IdSource> = Arc::new(RandomIds);
        let options = StoreOptions {
            fsync: config.fsync.value,
        };
        let store = Store::open_with(
            &config.home.value,
            Arc::clone(&clock),
            Arc::clone(&ids),
            options,
        )?;
        let announcer = Announcer::new(store.clone(), &config.account.value, &config.region.value);
        let announcer = Arc::new(announcer);
        announcer.tell_swept(&store.sweep()?)?;
        let remotes = config.remotes.iter();
        let remotes = remotes.map(|remote| RemoteBuckets::new(remote.config.clone()));
        let buckets = Buckets::new(stave_store::Buckets::new(
            store.buckets(),
            remotes.collect(),
        ));
        let catalog = Catalog::new(store.clone(), config.region.value.clone());
        let mut stave = Self {
            caller: Caller::root(config.account.value.clone()),
            transfer: Transfer::new(buckets.clone()),
            crawlers: Crawlers::new(
                store.clone(),
                catalog.clone(),
                buckets.clone(),
                Arc::clone(&clock),
                Arc::clone(&ids),
            )
            .announcing(Arc::clone(&announcer) as _),
            announcer,
            catalog,
            engine: OnceLock::new(),
            iam: OnceLock::new(),
            reached: OnceLock::new(),
            platform: OnceLock::new(),
            config,
            clock,
            ids,
            store,
            buckets,
        };
        if let Some(user) = &stave.config.as_user {
            stave.caller = stave.iam()?.caller_as(&stave.owner(), user)?;
        }
        Ok(stave)
    }

    /// The home's owner: the root of its account.
    pub fn owner(&self) -> Caller {
        Caller::root(self.config.account.value.clone())
    }

    /// Users, roles and policies; the first use makes the account and its root's key.
    pub fn iam(&self) -> Result<&Iam> {
        if let Some(iam) = self.iam.get() {
            return Ok(iam);
        }
        let account = &self.config.account.value;
        let iam = Iam::open(self.store.clone(), account, IamOptions::default())?;
        Ok(self.iam.get_or_init(|| iam))
    }

    /// Says where this process serves, before functions and what goes with them is asked for.
    pub fn served_at(&self, reached: Reached) -> Result<()> {
        let known = self.reached.set(reached);
        known.map_err(|_| Error::internal("the server's address was said twice"))
    }

    /// Functions, rules and schedules, notifications, logs and metrics.
    pub fn platform(&self) -> Result<&Platform> {
        if let Some(platform) = self.platform.get() {
            return Ok(platform);
        }
        let platform = Platform::open(self, self.reached.get())?;
        Ok(self.platform.get_or_init(|| platform))
    }

    /// SQL over the catalog.
    pub fn queries(&self) -> Result<Queries> {
        let aside = Aside::new(Arc::clone(&self.announcer), Arc::clone(&self.clock));
        Ok(Queries::new(
            self.engine()?.clone(),
            self.catalog.clone(),
            self.buckets.clone(),
        )
        .announcing(Arc::new(aside), Arc::clone(&self.ids)))
    }

    /// The engine, built when it is first asked for: bucket commands do without.
    pub fn engine(&self) -> Result<&Engine> {
        if let Some((engine, _)) = self.engine.get() {
            return Ok(engine);
        }
        let spill = SpillFolder::create(&self.store.home().tmp().join("spill"), &*self.ids)?;
        let options = EngineOptions {
            memory_bytes: self.config.memory.value,
            cores: self.config.cores.value,
            spill_dir: spill.path().to_owned(),
        };
        let engine = Engine::new(options, Arc::new(self.buckets.for_engine(&self.owner())))?;
        Ok(&self.engine.get_or_init(|| (engine, spill)).0)
    }

    /// What is extracted from Spotify.
    pub fn extracts(&self) -> Extracts {
        Extracts::new(
            self.store.clone(),
            self.buckets.clone(),
            self.config.region.value.clone(),
            Arc::clone(&self.clock),
        )
    }

    /// Jobs and their runs.
    pub fn jobs(&self) -> Result<Jobs> {
        Ok(Jobs::new(
            self.store.clone(),
            self.buckets.clone(),
            self.catalog.clone(),
            self.engine()?.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.ids),
        )
        .announcing(Arc::clone(&self.announcer) as _))
    }

    /// Finishes what killed processes left, and tells it.
    pub fn sweep(&self) -> Result<Swept> {
        let swept = self.store.sweep()?;
        self.announcer.tell_swept(&swept)?;
        Ok(swept)
    }
}
