//! What jobs and crawlers say of their ends, put on the default bus by whatever process they end
//! in, and what they measure. Where there is no rule an event costs one read.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use stave_core::events::NewEvent;
use stave_core::events::platform::{CrawlChange, crawler_state, job_state};
use stave_core::{Arn, Error, Result};
use stave_services::iam::IamOptions;
use stave_services::schedules::{Missed, ScheduleOptions, Sender, Shipment, Targets};
use stave_services::{Announce, Figure, Iam, Schedules, Telemetry};
use stave_store::{Store, Swept};

use super::instruments::measure;

/// Puts events on the default bus of a home, and figures into its telemetry.
#[derive(Debug)]
pub(super) struct Announcer {
    store: Store,
    account: String,
    region: String,
    gauges: Gauges,
    schedules: OnceLock<Schedules>,
}

/// Where a process that may end any moment measures: what it takes is written at once.
#[derive(Debug, Clone)]
struct Gauges {
    store: Store,
    account: String,
    region: String,
    telemetry: Arc<OnceLock<Telemetry>>,
}

impl Gauges {
    fn write(&self, figures: &[Figure]) {
        let written = self.telemetry().and_then(|telemetry| {
            measure(telemetry, figures);
            telemetry.flush()
        });
        tell_unwritten(written);
    }

    fn telemetry(&self) -> Result<&Telemetry> {
        if let Some(telemetry) = self.telemetry.get() {
            return Ok(telemetry);
        }
        let telemetry = Telemetry::open(&self.store, &self.account, &self.region)?;
        Ok(self.telemetry.get_or_init(|| telemetry))
    }
}

fn tell_unwritten<T>(written: Result<T>) {
    if let Err(error) = written {
        tracing::warn!(%error, "what was measured was not written");
    }
}

/// Whoever announces delivers nothing: that is the server's.
#[derive(Debug)]
struct NoTargets(Gauges);

#[async_trait]
impl Targets for NoTargets {
    fn check(&self, _: Sender, _: &str, _: &Arn) -> Result<()> {
        Err(unserved())
    }

    fn needs_role(&self, _: &Arn) -> bool {
        true
    }

    async fn deliver(&self, _: &Shipment) -> Result<()> {
        Err(unserved())
    }

    fn measured(&self, figures: &[Figure]) {
        self.0.write(figures);
    }
}

fn unserved() -> Error {
    Error::unavailable("nothing is delivered from here")
}

impl Announcer {
    pub fn new(store: Store, account: &str, region: &str) -> Self {
        let gauges = Gauges {
            store: store.clone(),
            account: account.to_owned(),
            region: region.to_owned(),
            telemetry: Arc::default(),
        };
        Self {
            store,
            account: account.to_owned(),
            region: region.to_owned(),
            gauges,
            schedules: OnceLock::new(),
        }
    }

    /// Tells the ends that a sweep has noted of runs and crawls whose process is gone.
    pub fn tell_swept(&self, swept: &Swept) -> Result<()> {
        for id in &swept.runs {
            let run = self.store.get_run(id)?;
            let error = run
                .error
                .as_ref()
                .and_then(|error| error["message"].as_str());
            self.announce(job_state(&run.job, id, run.state.as_str(), error));
        }
        for id in &swept.crawls {
            let crawl = self.store.get_crawl(id)?;
            let error = crawl.error.unwrap_or_default();
            let failed = CrawlChange::Failed(&error);
            self.announce(crawler_state(&self.account, &crawl.crawler, failed));
        }
        Ok(())
    }

    /// Opens what [`Self::take`] needs, in a home that has it.
    pub fn prepare(&self) {
        if Telemetry::is_there(&self.store) {
            tell_unwritten(self.gauges.telemetry());
        }
    }

    /// Takes figures for [`Self::flush`]. In a home without telemetry they are nobody's.
    pub fn take(&self, figures: &[Figure]) {
        if let Some(telemetry) = self.gauges.telemetry.get() {
            measure(telemetry, figures);
        }
    }

    /// Writes the figures that were taken.
    pub fn flush(&self) {
        if let Some(telemetry) = self.gauges.telemetry.get() {
            tell_unwritten(telemetry.flush());
        }
    }

    fn put(&self, said: NewEvent) -> Result<()> {
        if !Schedules::has_rules(&self.store)? {
            return Ok(());
        }
        self.schedules()?.put_platform_events(vec![said])
    }

    fn schedules(&self) -> Result<&Schedules> {
        if let Some(schedules) = self.schedules.get() {
            return Ok(schedules);
        }
        let iam = Iam::open(self.store.clone(), &self.account, IamOptions::default())?;
        let options = ScheduleOptions {
            region: self.region.clone(),
            missed: Missed::default(),
        };
        let schedules = Schedules::open(
            self.store.clone(),
            iam,
            Arc::new(NoTargets(self.gauges.clone())),
            options,
        )?;
        Ok(self.schedules.get_or_init(|| schedules))
    }
}

impl Announce for Announcer {
    fn announce(&self, said: NewEvent) {
        let what = said.detail_type.clone();
        if let Err(error) = self.put(said) {
            tracing::warn!(%error, what, "an event was not put on the default bus");
        }
    }

    fn measure(&self, figures: &[Figure]) {
        self.gauges.write(figures);
    }
}
