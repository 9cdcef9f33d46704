//! Queries of Logs Insights: started, looked at while they run, stopped.
//!
//! Queries and their results live in memory: they end with the process that they were started
//! in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stave_core::{Caller, Error, IdSource, Result, ids};
use stave_store::telemetry::LogQuery;

use super::filter::StreamNames;
use crate::telemetry::Telemetry;
use crate::telemetry::errors::{invalid_parameter, logs_limit, no_such};
use crate::telemetry::insights::{self, Event, Program, QueryRow, Run};
use crate::telemetry::names::group;

/// The most queries that run at once.
const MAX_RUNNING: usize = 30;
/// The most queries that are remembered.
const MAX_REMEMBERED: usize = 200;
/// The most groups of a query.
const MAX_GROUPS: usize = 50;
/// How many rows a query gives where it does not say.
const DEFAULT_ROWS: usize = 1000;

/// A query to be started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewQuery {
    /// The groups, by name or ARN.
    pub groups: Vec<String>,
    /// From this second on (since 1970).
    pub from_s: i64,
    /// Up to and with this second.
    pub to_s: i64,
    /// The query.
    pub text: String,
    /// How many rows at most, where the query does not say.
    pub limit: Option<u32>,
}

/// What a query is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryStatus {
    /// At work.
    Running,
    /// Done.
    Complete,
    /// Could not be done.
    Failed,
    /// Stopped.
    Cancelled,
}

impl QueryStatus {
    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Complete => "Complete",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// What a query has looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryStatistics {
    /// Events that its filters let through.
    pub records_matched: u64,
    /// Events that it has looked at.
    pub records_scanned: u64,
    /// How large those are.
    pub bytes_scanned: u64,
}

/// What a query has found.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResults {
    /// What it is at.
    pub status: QueryStatus,
    /// The rows; none before it is complete.
    pub rows: Vec<QueryRow>,
    /// What it has looked at.
    pub statistics: QueryStatistics,
    /// Why it failed.
    pub fault: Option<String>,
}

/// A query that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryInfo {
    /// Its id.
    pub id: String,
    /// The query.
    pub text: String,
    /// What it is at.
    pub status: QueryStatus,
    /// When it was started, in milliseconds since 1970.
    pub created_ms: i64,
    /// Its groups.
    pub groups: Vec<String>,
}

/// The queries of this process.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Queries(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// In the order they were started.
    started: Vec<String>,
    all: HashMap<String, Query>,
}

#[derive(Debug)]
struct Query {
    info: QueryInfo,
    results: QueryResults,
    stopped: Arc<AtomicBool>,
}

impl Queries {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(&mut self, query: Query) -> Result<()> {
        let running = |query: &&Query| query.results.status == QueryStatus::Running;
        if self.all.values().filter(running).count() >= MAX_RUNNING {
            return Err(logs_limit(format!(
                "{MAX_RUNNING} queries are running already"
            )));
        }
        while self.started.len() >= MAX_REMEMBERED {
            let done = |id: &String| {
                let query = self.all.get(id);
                query.is_none_or(|query| query.results.status != QueryStatus::Running)
            };
            let Some(place) = self.started.iter().position(done) else {
                break;
            };
            let id = self.started.remove(place);
            self.all.remove(&id);
        }
        self.started.push(query.info.id.clone());
        self.all.insert(query.info.id.clone(), query);
        Ok(())
    }
}

impl Telemetry {
    /// Starts a query; says its id. A faulty query is refused at once.
    pub fn start_query(&self, caller: &Caller, new: &NewQuery) -> Result<String> {
        let names: Vec<&str> = new
            .groups
            .iter()
            .map(|name| self.group_name(name))
            .collect();
        for name in &names {
            self.permit_group(caller, "logs:StartQuery", name)?;
        }
        if names.is_empty() || names.len() > MAX_GROUPS {
            return Err(invalid_parameter(format!(
                "a query is of 1 to {MAX_GROUPS} log groups"
            )));
        }
        if new.from_s > new.to_s {
            return Err(invalid_parameter("the query's end is before its start"));
        }
        let limit = match new.limit {
            None => DEFAULT_ROWS,
            Some(limit) if (1..=insights::MAX_RESULT_ROWS as u32).contains(&limit) => {
                limit as usize
            }
            Some(limit) => {
                return Err(invalid_parameter(format!(
                    "the limit {limit} is not from 1 to {}",
                    insights::MAX_RESULT_ROWS
                )));
            }
        };
        let program = Program::parse(&new.text, limit)?;
        let groups = self.query_groups(&names)?;
        let id = ids::uuid(&Ids(self));
        let stopped = Arc::new(AtomicBool::new(false));
        let query = Query {
            info: QueryInfo {
                id: id.clone(),
                text: new.text.clone(),
                status: QueryStatus::Running,
                created_ms: self.now_ms(),
                groups: names.iter().map(|name| (*name).to_owned()).collect(),
            },
            results: QueryResults {
                status: QueryStatus::Running,
                rows: Vec::new(),
                statistics: QueryStatistics::default(),
                fault: None,
            },
            stopped: Arc::clone(&stopped),
        };
        self.0.queries.lock().add(query)?;
        let range = (
            new.from_s.saturating_mul(1000),
            new.to_s.saturating_add(1).saturating_mul(1000),
        );
        let (telemetry, started) = (self.clone(), id.clone());
        let spawned = std::thread::Builder::new()
            .name("logs query".to_owned())
            .spawn(move || telemetry.run_query(&started, program, &groups, range, &stopped));
        if let Err(error) = spawned {
            self.0.queries.lock().all.remove(&id);
            return Err(Error::unavailable("no thread for the query").caused_by(error));
        }
        Ok(id)
    }

    fn query_groups(&self, names: &[&str]) -> Result<Vec<(i64, String, i64, StreamNames)>> {
        self.store().read(|rows| {
            let found = names.iter().map(|name| {
                let group = group(rows, name)?;
                let streams = rows.streams(group.id, "")?;
                let streams = streams.into_iter().map(|row| (row.id, row.name)).collect();
                let kept = self.kept_from(group.retention_days);
                Ok((
                    group.id,
                    format!("{}:{}", self.0.account, group.name),
                    kept,
                    streams,
                ))
            });
            found.collect()
        })
    }

    fn run_query(
        &self,
        id: &str,
        program: Program,
        groups: &[(i64, String, i64, StreamNames)],
        (from_ms, to_ms): (i64, i64),
        stopped: &AtomicBool,
    ) {
        let mut run = Run::new(program);
        let mut statistics = QueryStatistics::default();
        let mut fault = None;
        for (group, log, kept, names) in groups {
            let query = LogQuery {
                from_ms: from_ms.max(*kept),
                to_ms,
                streams: None,
                after: None,
                backward: false,
                limit: usize::MAX,
            };
            let looked = self.store().each_log(*group, &query, &mut |event| {
                let Some(stream) = names.get(&event.stream) else {
                    return true;
                };
                statistics.records_scanned += 1;
                statistics.bytes_scanned += event.message.len() as u64;
                let event = Event {
                    at_ms: event.at_ms,
                    ingested_ms: event.ingested_ms,
                    id: super::positions::text(event.key()),
                    stream,
                    log,
                    message: event.message,
                };
                match run.take(&event) {
                    Ok(()) => !stopped.load(Ordering::Relaxed),
                    Err(error) => {
                        fault = Some(error);
                        false
                    }
                }
            });
            fault = fault.or(looked.err());
            if fault.is_some() || stopped.load(Ordering::Relaxed) {
                break;
            }
        }
        statistics.records_matched = run.matched();
        let rows = match fault {
            Some(error) => Err(error),
            None => run.finish(),
        };
        let mut known = self.0.queries.lock();
        let Some(query) = known.all.get_mut(id) else {
            return;
        };
        query.results.statistics = statistics;
        if query.results.status == QueryStatus::Cancelled {
            return;
        }
        match rows {
            Ok(rows) => {
                query.results.status = QueryStatus::Complete;
                query.results.rows = rows;
            }
            Err(error) => {
                query.results.status = QueryStatus::Failed;
                query.results.fault = Some(error.to_string());
            }
        }
        query.info.status = query.results.status;
    }

    /// What a query has found.
    pub fn get_query_results(&self, caller: &Caller, id: &str) -> Result<QueryResults> {
        caller.may("logs:GetQueryResults", "*")?;
        let known = self.0.queries.lock();
        let query = known.all.get(id).ok_or_else(no_such_query)?;
        Ok(query.results.clone())
    }

    /// Stops a query; says whether it was running.
    pub fn stop_query(&self, caller: &Caller, id: &str) -> Result<bool> {
        caller.may("logs:StopQuery", "*")?;
        let mut known = self.0.queries.lock();
        let query = known.all.get_mut(id).ok_or_else(no_such_query)?;
        if query.results.status != QueryStatus::Running {
            return Err(invalid_parameter(format!(
                "query {id} is not running any more"
            )));
        }
        query.stopped.store(true, Ordering::Relaxed);
        query.results.status = QueryStatus::Cancelled;
        query.info.status = QueryStatus::Cancelled;
        Ok(true)
    }

    /// The queries of a group (of all, without one) and of a status, the latest first.
    pub fn describe_queries(
        &self,
        caller: &Caller,
        group: Option<&str>,
        status: Option<QueryStatus>,
    ) -> Result<Vec<QueryInfo>> {
        caller.may("logs:DescribeQueries", "*")?;
        let known = self.0.queries.lock();
        let latest = known
            .started
            .iter()
            .rev()
            .filter_map(|id| known.all.get(id));
        let wanted = latest.filter(|query| {
            let info = &query.info;
            group.is_none_or(|group| info.groups.iter().any(|name| name == group))
                && status.is_none_or(|status| info.status == status)
        });
        Ok(wanted.map(|query| query.info.clone()).collect())
    }
}

fn no_such_query() -> Error {
    no_such("The specified query does not exist.")
        .hint("queries live as long as the process that they were started in")
}

/// The store's ids, for their text forms.
#[derive(Debug)]
struct Ids<'a>(&'a Telemetry);

impl IdSource for Ids<'_> {
    fn next(&self) -> u128 {
        self.0.store().next_id()
    }
}
