//! Crawlers: they look at what lies in buckets and put it into the Data Catalog
//! as tables, as Glue's crawlers do.
//!
//! Must not know how files are read nor how folders become tables (the engine
//! does), nor the catalog's rows (the catalog service has them).

mod apply;
mod configuration;
mod definition;
mod figures;
mod partitions;
mod survey;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use stave_core::error::chain;
use stave_core::events::NewEvent;
use stave_core::events::platform::{CrawlChange, CrawlFigures as EventFigures, crawler_state};
use stave_core::{Caller, Clock, Error, IdSource, Result, ids};
use stave_engine::{Engine, crawl};
use stave_store::{CrawlState, CrawlerState, Store};

use self::apply::Apply;
pub use self::definition::{
    CrawlerDefinition, DeleteWord, S3Target, SchemaChangePolicy, Targets, UpdateWord,
};
pub use self::figures::{CrawlFigures, CrawledTable, TableOutcome};
use crate::announce::{Announce, Silent};
use crate::blocking::blocking;
use crate::{Buckets, Catalog};

/// A crawler.
#[derive(Debug, Clone, PartialEq)]
pub struct Crawler {
    /// Its name.
    pub name: String,
    /// What it is to do.
    pub definition: CrawlerDefinition,
    /// What it is at.
    pub state: CrawlerState,
    /// How its last crawl ended.
    pub last_crawl: Option<Crawl>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A crawl.
#[derive(Debug, Clone, PartialEq)]
pub struct Crawl {
    /// Its id.
    pub id: String,
    /// How it stands.
    pub state: CrawlState,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What it did.
    pub figures: CrawlFigures,
    /// What went wrong.
    pub error: Option<String>,
}

/// What a crawl tells while it is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrawlProgress<'a> {
    /// A target was listed.
    Listed {
        /// Its address.
        target: &'a str,
        /// How many objects it holds.
        objects: u64,
        /// Their size in bytes.
        bytes: u64,
    },
    /// So many objects are about to be looked into.
    Sampling {
        /// How many.
        objects: u64,
    },
    /// One more was looked into.
    Sampled,
    /// Something was done about a table.
    Table(&'a CrawledTable),
}

/// Who hears what a crawl tells.
pub type Observer<'a> = &'a mut (dyn FnMut(CrawlProgress<'_>) + Send);

/// The crawler service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Crawlers {
    store: Store,
    catalog: Catalog,
    buckets: Buckets,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    announce: Arc<dyn Announce>,
}

impl Crawlers {
    /// The crawlers in `store`, which read `buckets` and write to `catalog`.
    pub fn new(
        store: Store,
        catalog: Catalog,
        buckets: Buckets,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            store,
            catalog,
            buckets,
            clock,
            ids,
            announce: Arc::new(Silent),
        }
    }

    /// The same service, which tells how crawls begin and end.
    pub fn announcing(mut self, announce: Arc<dyn Announce>) -> Self {
        self.announce = announce;
        self
    }

    /// Notes the end of crawls whose process is gone, and tells it. Blocking.
    fn bury_dead(&self, account: &str, store: &Store) -> Result<()> {
        for id in store.mark_dead_crawls()? {
            let crawl = store.get_crawl(&id)?;
            let error = crawl.error.unwrap_or_default();
            let failed = CrawlChange::Failed(&error);
            let said = crawler_state(account, &crawl.crawler, failed);
            self.announce.announce(said);
        }
        Ok(())
    }

    fn undertaker(&self, caller: &Caller) -> impl FnOnce(&Store) -> Result<()> + use<> {
        let (this, account) = (self.clone(), caller.account().to_owned());
        move |store| this.bury_dead(&account, store)
    }

    /// Adds a crawler.
    pub async fn create(
        &self,
        caller: &Caller,
        name: &str,
        definition: CrawlerDefinition,
    ) -> Result<Crawler> {
        caller.may("glue:CreateCrawler", &self.arn(caller, name))?;
        let (name, definition) = (name.to_owned(), to_json(&definition.checked()?)?);
        blocking(&self.store, move |store| {
            store.create_crawler(&name, &definition)
        })
        .await
        .and_then(Crawler::of_row)
    }

    /// Replaces the definition of a crawler that is not crawling.
    pub async fn update(
        &self,
        caller: &Caller,
        name: &str,
        definition: CrawlerDefinition,
    ) -> Result<Crawler> {
        caller.may("glue:UpdateCrawler", &self.arn(caller, name))?;
        let (name, definition) = (name.to_owned(), to_json(&definition.checked()?)?);
        let bury = self.undertaker(caller);
        blocking(&self.store, move |store| {
            bury(store)?;
            store.update_crawler(&name, &definition)
        })
        .await
        .and_then(Crawler::of_row)
    }

    /// The crawler of that name.
    pub async fn get(&self, caller: &Caller, name: &str) -> Result<Crawler> {
        caller.may("glue:GetCrawler", &self.arn(caller, name))?;
        let name = name.to_owned();
        let bury = self.undertaker(caller);
        blocking(&self.store, move |store| {
            bury(store)?;
            store.get_crawler(&name)
        })
        .await
        .and_then(Crawler::of_row)
    }

    /// At most `max` crawlers after the name `after`, by name.
    pub async fn list(
        &self,
        caller: &Caller,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<Crawler>> {
        caller.may("glue:GetCrawlers", &self.arn(caller, "*"))?;
        let after = after.map(str::to_owned);
        let bury = self.undertaker(caller);
        let rows = blocking(&self.store, move |store| {
            bury(store)?;
            store.list_crawlers(after.as_deref(), max)
        });
        rows.await?.into_iter().map(Crawler::of_row).collect()
    }

    /// Removes a crawler that is not crawling, with its crawls; its tables stay.
    pub async fn delete(&self, caller: &Caller, name: &str) -> Result<()> {
        caller.may("glue:DeleteCrawler", &self.arn(caller, name))?;
        let name = name.to_owned();
        let bury = self.undertaker(caller);
        blocking(&self.store, move |store| {
            bury(store)?;
            store.delete_crawler(&name)
        })
        .await
    }

    /// At most `max` crawls of a crawler, newest first.
    pub async fn crawls(&self, caller: &Caller, name: &str, max: usize) -> Result<Vec<Crawl>> {
        caller.may("glue:ListCrawls", &self.arn(caller, name))?;
        let name = name.to_owned();
        let bury = self.undertaker(caller);
        let rows = blocking(&self.store, move |store| {
            bury(store)?;
            store.list_crawls(&name, max)
        });
        rows.await?.into_iter().map(Crawl::of_row).collect()
    }

    /// Crawls; says how it went once the catalog is up to date.
    ///
    /// A crawl that fails is noted as failed. One that is dropped counts as failed
    /// from then on, for nobody holds its lock any more.
    pub fn run<'a>(
        &'a self,
        caller: &'a Caller,
        engine: &'a Engine,
        name: &'a str,
        observe: Observer<'a>,
    ) -> BoxFuture<'a, Result<Crawl>> {
        Box::pin(async move {
            caller.may("glue:StartCrawler", &self.arn(caller, name))?;
            let crawler = self.get(caller, name).await?;
            let engine = self.buckets.engine_for(engine, caller)?;
            let id = ids::uuid(&*self.ids);
            let (started, of) = (id.clone(), name.to_owned());
            let lock = blocking(&self.store, move |store| store.start_crawl(&started, &of)).await?;
            let crawl = crawl::Crawl {
                crawler: name.to_owned(),
                run_id: id.clone(),
                at: self.clock.now(),
            };
            let begun = CrawlChange::Started(crawl.at);
            self.say(crawler_state(caller.account(), name, begun))
                .await?;
            let mut figures = CrawlFigures::default();
            let done = self
                .crawl(
                    caller,
                    &engine,
                    &crawler.definition,
                    crawl,
                    &mut figures,
                    observe,
                )
                .await;
            let (state, said) = match &done {
                Ok(()) => (CrawlState::Succeeded, None),
                Err(error) => (CrawlState::Failed, Some(chain(error).join(": "))),
            };
            let figures = to_json(&figures)?;
            let finished = blocking(&self.store, move |store| {
                store.finish_crawl(&id, state, &figures, said.as_deref())
            })
            .await;
            drop(lock);
            let finished = finished.and_then(Crawl::of_row)?;
            self.say(crawler_state(caller.account(), name, change(&finished)))
                .await?;
            done?;
            Ok(finished)
        })
    }

    async fn say(&self, said: NewEvent) -> Result<()> {
        let announce = Arc::clone(&self.announce);
        blocking(&self.store, move |_| {
            announce.announce(said);
            Ok(())
        })
        .await
    }

    async fn crawl(
        &self,
        caller: &Caller,
        engine: &Engine,
        definition: &CrawlerDefinition,
        crawl: crawl::Crawl,
        figures: &mut CrawlFigures,
        observe: Observer<'_>,
    ) -> Result<()> {
        let found = survey::survey(engine, definition, figures, observe).await?;
        let apply = Apply {
            catalog: &self.catalog,
            caller,
            definition,
            policy: definition.policy()?,
            crawl,
        };
        apply.apply(&found, figures, observe).await
    }

    fn arn(&self, caller: &Caller, name: &str) -> String {
        format!(
            "arn:aws:glue:{}:{}:crawler/{name}",
            self.catalog.region(),
            caller.account()
        )
    }
}

impl Crawler {
    fn of_row(row: stave_store::Crawler) -> Result<Self> {
        let definition = serde_json::from_value(row.definition).map_err(|error| {
            Error::internal(format!(
                "the definition of crawler \"{}\" is damaged",
                row.name
            ))
            .caused_by(error)
        })?;
        Ok(Self {
            definition,
            last_crawl: row.last_crawl.map(Crawl::of_row).transpose()?,
            name: row.name,
            state: row.state,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Crawl {
    fn of_row(row: stave_store::Crawl) -> Result<Self> {
        // A crawl that is at work, or whose process died, has none.
        let figures: Option<CrawlFigures> =
            serde_json::from_value(row.figures).map_err(|error| {
                Error::internal(format!("the figures of crawl {} are damaged", row.id))
                    .caused_by(error)
            })?;
        Ok(Self {
            id: row.id,
            state: row.state,
            started_at: row.started_at,
            finished_at: row.finished_at,
            figures: figures.unwrap_or_default(),
            error: row.error,
        })
    }
}

/// How a crawl ended, as an event says it.
fn change(crawl: &Crawl) -> CrawlChange<'_> {
    if let Some(error) = &crawl.error {
        return CrawlChange::Failed(error);
    }
    let figures = &crawl.figures;
    let finished_at = crawl.finished_at.unwrap_or(crawl.started_at);
    let took = finished_at.duration_since(crawl.started_at);
    CrawlChange::Succeeded(EventFigures {
        running_seconds: took.as_secs().unsigned_abs(),
        tables: [
            figures.tables_created,
            figures.tables_updated,
            figures.tables_deleted,
        ],
        partitions: [
            figures.partitions_added,
            figures.partitions_updated,
            figures.partitions_deleted,
        ],
    })
}

fn to_json(value: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::internal("a crawler has no JSON form").caused_by(error))
}
