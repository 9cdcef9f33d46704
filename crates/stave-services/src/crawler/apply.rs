//! Brings the catalog to what was found, by the crawler's policy.

use std::collections::{HashMap, HashSet};

use stave_core::catalog::{Database, Parameters, Table};
use stave_core::{Caller, Error, ErrorKind, Result};
use stave_engine::crawl::{
    Change, ChangePolicy, Crawl, DEPRECATED, FoundTable, Vanished, distinct_name, merge, vanished,
};

use super::definition::CrawlerDefinition;
use super::figures::{CrawlFigures, CrawledTable, TableOutcome};
use super::{CrawlProgress, Observer};
use crate::Catalog;

/// The parameter that names a table's crawler.
const CRAWLER: &str = "UPDATED_BY_CRAWLER";
/// How many rows are asked for at once.
pub(super) const PAGE: usize = 1000;
/// How often a change is tried when others change the same table.
const ATTEMPTS: usize = 10;

/// A crawl that writes to the catalog.
pub(super) struct Apply<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) caller: &'a Caller,
    pub(super) definition: &'a CrawlerDefinition,
    pub(super) policy: ChangePolicy,
    pub(super) crawl: Crawl,
}

impl Apply<'_> {
    pub(super) async fn apply(
        &self,
        found: &[FoundTable],
        figures: &mut CrawlFigures,
        observe: Observer<'_>,
    ) -> Result<()> {
        self.make_database().await?;
        let own = self.own_tables().await?;
        let by_place: HashMap<&str, &str> = own
            .iter()
            .map(|table| (place(&table.storage.location), table.name.as_str()))
            .collect();
        for found in found {
            let known = by_place.get(place(&found.location)).copied();
            let table = self.put(found, known, figures).await?;
            observe(CrawlProgress::Table(&table));
            figures.add(table);
        }
        let there: HashSet<&str> = found.iter().map(|found| place(&found.location)).collect();
        for table in &own {
            let location = &table.storage.location;
            if !there.contains(place(location)) && self.is_in_targets(location)? {
                self.drop_vanished(table, figures, observe).await?;
            }
        }
        Ok(())
    }

    pub(super) fn database(&self) -> &str {
        &self.definition.database_name
    }

    async fn make_database(&self) -> Result<()> {
        match self
            .catalog
            .get_database(self.caller, self.database())
            .await
        {
            Err(error) if error.kind() == ErrorKind::NotFound => (),
            found => return found.map(|_| ()),
        }
        let database = Database {
            name: self.database().to_owned(),
            description: None,
            location: None,
            parameters: Parameters::new(),
            created_at: self.crawl.at,
        };
        match self.catalog.create_database(self.caller, database).await {
            // Somebody else was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made.map(|_| ()),
        }
    }

    /// The tables of the database that this crawler wrote.
    async fn own_tables(&self) -> Result<Vec<Table>> {
        let mut own = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .catalog
                .list_tables(self.caller, self.database(), after.as_deref(), PAGE)
                .await?;
            after = page.last().map(|table| table.name.clone());
            let is_last = page.len() < PAGE;
            own.extend(
                page.into_iter()
                    .filter(|table| table.parameter(CRAWLER) == Some(self.crawl.crawler.as_str())),
            );
            if is_last {
                return Ok(own);
            }
        }
    }

    fn is_in_targets(&self, location: &str) -> Result<bool> {
        for target in &self.definition.targets.s3_targets {
            let uri = target.uri()?;
            let folder = format!("s3://{}/{}", uri.bucket, uri.folder());
            if location.starts_with(&folder) || place(location) == place(&folder) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes a table and its partitions; `known` is the name of the crawler's own
    /// table at the same place.
    async fn put(
        &self,
        found: &FoundTable,
        known: Option<&str>,
        figures: &mut CrawlFigures,
    ) -> Result<CrawledTable> {
        for name in &found.strange {
            figures.note(format!(
                "{name}: of no known format; left in table \"{}\"",
                found.name
            ));
        }
        let (table, mut outcome) = self.put_table(found, known, figures).await?;
        if self.put_partitions(found, &table, figures).await? && outcome == TableOutcome::Unchanged
        {
            outcome = TableOutcome::Updated;
        }
        Ok(CrawledTable {
            outcome,
            classification: found.classification.name().to_owned(),
            columns: table.all_columns().count() as u64,
            partitions: found.partitions.len() as u64,
            objects: found.statistics.objects,
            bytes: found.statistics.bytes,
            rows: found.statistics.records,
            name: table.name,
            location: found.location.clone(),
        })
    }

    async fn put_table(
        &self,
        found: &FoundTable,
        known: Option<&str>,
        figures: &mut CrawlFigures,
    ) -> Result<(Table, TableOutcome)> {
        let mut fault = None;
        for _ in 0..ATTEMPTS {
            let (name, old) = self.name_of(found, known).await?;
            let new = Table {
                name,
                ..found.table(self.database(), &self.crawl)
            };
            let Some(old) = old else {
                match self.catalog.create_table(self.caller, new).await {
                    Ok(made) => return Ok((made, TableOutcome::Created)),
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => fault = Some(error),
                    Err(error) => return Err(error),
                }
                continue;
            };
            let next = match merge(&old, &new, self.policy) {
                Change::None => return Ok((old, TableOutcome::Unchanged)),
                Change::Log(changes) => {
                    for change in changes {
                        figures.note(format!("table \"{}\": {change}", old.name));
                    }
                    return Ok((old, TableOutcome::Logged));
                }
                Change::Update(next) => *next,
            };
            match self
                .catalog
                .update_table(self.caller, next, old.version)
                .await
            {
                Ok(updated) => return Ok((updated, TableOutcome::Updated)),
                // Somebody changed or removed it in between.
                Err(error) if is_race(&error) => fault = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(fault.unwrap_or_else(|| Error::internal("a table was never written")))
    }

    /// The name that a table goes by, and the table that is there.
    async fn name_of(
        &self,
        found: &FoundTable,
        known: Option<&str>,
    ) -> Result<(String, Option<Table>)> {
        let distinct = distinct_name(&found.name, &found.location);
        let is_here = |table: &Table| place(&table.storage.location) == place(&found.location);
        // A table keeps its name when another of that name comes or goes.
        let kept = known.filter(|known| {
            *known == found.name
                || *known == distinct
                || distinct_name(known, &found.location) == found.name
        });
        for name in [kept, Some(found.name.as_str()), Some(distinct.as_str())] {
            let Some(name) = name else { continue };
            match self.find(name).await? {
                Some(table) if is_here(&table) => return Ok((name.to_owned(), Some(table))),
                Some(_) => (),
                None => return Ok((name.to_owned(), None)),
            }
        }
        Err(Error::already_exists(format!(
            "tables \"{}\" and \"{distinct}\" of database \"{}\" have other data than {}",
            found.name,
            self.database(),
            found.location
        ))
        .hint("give the crawler another TablePrefix"))
    }

    async fn find(&self, name: &str) -> Result<Option<Table>> {
        match self
            .catalog
            .get_table(self.caller, self.database(), name)
            .await
        {
            Ok(table) => Ok(Some(table)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Does what the policy says about a table whose data is gone.
    async fn drop_vanished(
        &self,
        table: &Table,
        figures: &mut CrawlFigures,
        observe: Observer<'_>,
    ) -> Result<()> {
        let mut table = table.clone();
        for attempt in 1..=ATTEMPTS {
            let (done, outcome) = match vanished(&table.parameters, self.policy, self.crawl.at) {
                Vanished::Log => {
                    if !table.parameters.contains_key(DEPRECATED) {
                        figures.note(format!("table \"{}\": its data is gone", table.name));
                    }
                    return Ok(());
                }
                Vanished::Delete => (
                    self.catalog
                        .delete_table(self.caller, self.database(), &table.name)
                        .await,
                    TableOutcome::Deleted,
                ),
                Vanished::Deprecate(parameters) => {
                    let next = Table {
                        parameters,
                        ..table.clone()
                    };
                    let updated = self
                        .catalog
                        .update_table(self.caller, next, table.version)
                        .await;
                    (updated.map(|_| ()), TableOutcome::Deprecated)
                }
            };
            match done {
                Ok(()) => {
                    let gone = gone(&table, outcome);
                    figures.note(format!("table \"{}\": its data is gone", table.name));
                    observe(CrawlProgress::Table(&gone));
                    figures.add(gone);
                    return Ok(());
                }
                Err(error) if is_race(&error) && attempt < ATTEMPTS => {
                    match self.find(&table.name).await? {
                        Some(now) => table = now,
                        None => return Ok(()),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A location without the slash that may end it.
fn place(location: &str) -> &str {
    location.trim_end_matches('/')
}

fn is_race(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound)
}

fn gone(table: &Table, outcome: TableOutcome) -> CrawledTable {
    CrawledTable {
        name: table.name.clone(),
        outcome,
        classification: table.classification().unwrap_or_default().to_owned(),
        columns: table.all_columns().count() as u64,
        partitions: 0,
        objects: 0,
        bytes: 0,
        rows: 0,
        location: table.storage.location.clone(),
    }
}
