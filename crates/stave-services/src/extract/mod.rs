//! Extracts of Spotify: an account's login, its runs, what they left, and how
//! to be rid of it.
//!
//! Puts raw pages into a bucket, keeps checkpoints as rows, and logins in
//! files of mode 600 under the home. Must not know Spotify's endpoints (that
//! is `stave_spotify`), the command line, nor how progress is shown.

mod faults;
mod import;
mod login;
mod plays;
mod ports;
mod purge;
mod remembered;
mod status;
mod tags;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use stave_core::{Caller, Clock, Error, Result, S3Uri};
use stave_spotify::client::{Client, Config, Hosts, Patience, Secret};
use stave_spotify::extract::{
    Extractor, InMemoryPages, Pages, Plan, RawPage, Report, Selection, Settings,
};
use stave_store::{LivenessLock, Store};

pub use self::faults::to_core;
pub use self::import::{ApiPlays, Counter, Import, Imported, Written};
pub use self::login::LoginRequest;
pub use self::ports::{ObjectPages, WaitingClock};
pub use self::purge::{Purge, Purged, PurgedGroup};
pub use self::remembered::LastRun;
pub use self::status::{AccountStatus, BudgetStatus};

use self::ports::RowMemory;
pub(crate) use self::purge::note_derived;
pub(crate) use self::tags::Lineage;
use crate::blocking::blocking;
use crate::buckets::Buckets;

/// What a run tells while it is at work.
#[derive(Debug)]
pub enum Event<'a> {
    /// A page is in the bucket.
    Page(&'a RawPage),
    /// It waits for Spotify so long.
    Waiting(Duration),
}

/// Hears what a run tells.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// An app of Spotify's dashboard.
#[derive(Debug, Clone)]
pub struct App {
    /// Its client id.
    pub client_id: String,
    /// Its secret; a login in the browser needs none.
    pub client_secret: Option<Secret>,
}

/// Whose data is read, from where.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The name that login, checkpoints and budgets are kept under.
    pub account: String,
    /// Spotify, or a sandbox.
    pub hosts: Hosts,
    /// How patient it is with Spotify.
    pub patience: Patience,
    /// The app that asks.
    pub app: Option<App>,
    /// The hosts are a sandbox: the user is signed in without a browser.
    pub is_sandbox: bool,
}

/// Where raw pages go, and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// The bucket, and the prefix of every key.
    pub uri: S3Uri,
    /// Layout, grain, and what is spent.
    pub settings: Settings,
}

/// The extracts service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Extracts {
    store: Store,
    buckets: Buckets,
    region: String,
    clock: Arc<dyn Clock>,
}

impl Extracts {
    /// The service over `store` and `buckets`, in `region` (which its ARNs name).
    pub fn new(
        store: Store,
        buckets: Buckets,
        region: impl Into<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            buckets,
            region: region.into(),
            clock,
        }
    }

    /// Extracts what is selected into a bucket, on from where the last run stopped.
    ///
    /// What Spotify refuses is in the report. One run at a time for an account.
    pub fn run<'a>(
        &'a self,
        caller: &'a Caller,
        connection: &'a Connection,
        target: &'a Target,
        selection: &'a Selection,
        listener: Listener,
    ) -> BoxFuture<'a, Result<Report>> {
        Box::pin(async move {
            caller.may("spotify:Extract", &self.arn(caller, &connection.account))?;
            self.buckets.head_bucket(caller, &target.uri.bucket).await?;
            let _claim = self.claim(&connection.account).await?;
            let client = self.client(caller, connection, &listener).await?;
            self.note_target(&connection.account, &target.uri).await?;
            let pages = Arc::new(ObjectPages::new(
                self.buckets.clone(),
                caller.clone(),
                target.uri.clone(),
                listener,
            ));
            let extractor = Extractor::new(client, pages, target.settings.clone());
            let report = extractor.run(selection).await.map_err(to_core)?;
            self.note_report(&connection.account, &target.uri, &report)
                .await?;
            Ok(report)
        })
    }

    /// Says how many calls a run of `selection` would cost. Puts nothing.
    pub fn plan<'a>(
        &'a self,
        caller: &'a Caller,
        connection: &'a Connection,
        settings: &'a Settings,
        selection: &'a Selection,
        listener: Listener,
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            caller.may("spotify:Extract", &self.arn(caller, &connection.account))?;
            let _claim = self.claim(&connection.account).await?;
            let client = self.client(caller, connection, &listener).await?;
            let nowhere: Arc<dyn Pages> = Arc::new(InMemoryPages::default());
            let extractor = Extractor::new(client, nowhere, settings.clone());
            extractor.plan(selection).await.map_err(to_core)
        })
    }

    /// The client of an account, with the token at hand that its login gives.
    async fn client(
        &self,
        caller: &Caller,
        connection: &Connection,
        listener: &Listener,
    ) -> Result<Arc<Client>> {
        let mut config =
            Config::new(connection.hosts.clone(), &connection.account).map_err(to_core)?;
        config.patience = connection.patience.clone();
        let clock = Arc::new(WaitingClock::new(
            Arc::clone(&self.clock),
            Arc::clone(listener),
        ));
        let (tokens, consented_at) = self.tokens(caller, connection, clock.clone()).await?;
        // Nothing was sent yet, and who has no login leaves no trace of an account.
        self.check_hosts(connection).await?;
        let memory = Arc::new(RowMemory::new(self.store.clone()));
        let client = Client::open(config, tokens, memory, clock)
            .await
            .map_err(to_core)?;
        let client = Arc::new(client);
        if let Some(consented_at) = consented_at {
            self.check_user(&client, consented_at).await?;
        }
        Ok(client)
    }

    /// Claims the one run that an account may have.
    async fn claim(&self, account: &str) -> Result<LivenessLock> {
        let name = account.to_owned();
        let claim = blocking(&self.store, move |store| store.claim_extract(&name)).await?;
        claim.ok_or_else(|| {
            Error::conflict(format!(
                "account \"{account}\" is being extracted already, in this or another process"
            ))
            .hint("wait for it to end; two at once would spend the quota twice")
        })
    }

    fn arn(&self, caller: &Caller, account: &str) -> String {
        format!(
            "arn:aws:spotify:{}:{}:account/{account}",
            self.region,
            caller.account()
        )
    }
}
