//! The processes that work is done in: so many at once, and none twice for one delivery. What they
//! print goes to a log group.

use std::collections::{HashSet, VecDeque};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stave_core::{Error, Result};
use stave_services::Telemetry;
use stave_services::schedules::BUSY;
use stave_store::Store;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::Work;
use stave_store::blocking;

/// How many processes work at once. Each may use so much less memory.
const AT_ONCE: usize = 4;
/// The least that a process is given, in bytes.
const MIN_MEMORY_BYTES: u64 = 256 << 20;
/// How many deliveries are remembered.
const REMEMBERED: usize = 10_000;

/// Starts work.
#[derive(Debug)]
pub(in super::super) struct Workers {
    store: Store,
    telemetry: Telemetry,
    memory_bytes: u64,
    known: Arc<Mutex<Known>>,
}

/// What is at work, and what was started.
#[derive(Debug, Default)]
struct Known {
    at_work: usize,
    /// The crawlers among it, of which each crawls once at a time.
    crawling: HashSet<String>,
    started: HashSet<String>,
    order: VecDeque<String>,
}

/// A place among those that work, until it is dropped.
#[derive(Debug)]
struct Place {
    known: Arc<Mutex<Known>>,
    crawler: Option<String>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut known = lock(&self.known);
        known.at_work -= 1;
        if let Some(crawler) = &self.crawler {
            known.crawling.remove(crawler);
        }
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Workers {
    /// Workers on the home in `store`, which use `memory_bytes` together.
    pub fn new(store: Store, telemetry: Telemetry, memory_bytes: u64) -> Self {
        Self {
            store,
            telemetry,
            memory_bytes,
            known: Arc::default(),
        }
    }

    /// Starts work for the delivery of that id, unless it was started for it before. What cannot
    /// be started now is [`BUSY`]: it is tried again.
    pub async fn start(&self, id: &str, work: Work) -> Result<()> {
        let Some(place) = self.place(id, &work)? else {
            return Ok(());
        };
        let store = self.store.clone();
        let started = blocking("work was not started", move || {
            exists(&store, &work).map(|()| work)
        });
        let started = started
            .await
            .and_then(|work| Ok((self.spawn(&work)?, work)));
        match started {
            Ok((child, work)) => {
                self.follow(child, &work, place);
                Ok(())
            }
            Err(error) => {
                lock(&self.known).started.remove(id);
                Err(error)
            }
        }
    }

    /// A place for the work of a delivery; none if it has had one.
    fn place(&self, id: &str, work: &Work) -> Result<Option<Place>> {
        let mut known = lock(&self.known);
        if known.started.contains(id) {
            return Ok(None);
        }
        let crawler = match work {
            Work::Crawler { name } => Some(name.clone()),
            _ => None,
        };
        if let Some(name) = crawler
            .as_ref()
            .filter(|name| known.crawling.contains(*name))
        {
            return Err(
                Error::conflict(format!("Crawler with name {name} has already started"))
                    .coded("CrawlerRunningException"),
            );
        }
        if known.at_work >= AT_ONCE {
            return Err(Error::unavailable(format!(
                "{AT_ONCE} jobs, crawlers and extracts are at work"
            ))
            .coded(BUSY));
        }
        known.at_work += 1;
        known.crawling.extend(crawler.clone());
        known.started.insert(id.to_owned());
        known.order.push_back(id.to_owned());
        if known.order.len() > REMEMBERED
            && let Some(oldest) = known.order.pop_front()
        {
            known.started.remove(&oldest);
        }
        drop(known);
        Ok(Some(Place {
            known: Arc::clone(&self.known),
            crawler,
        }))
    }

    fn spawn(&self, work: &Work) -> Result<Child> {
        let failed = |error: std::io::Error| {
            let said = format!("cannot start {}: {error}", work.resource());
            Error::unavailable(said).caused_by(error)
        };
        let home = std::path::absolute(self.store.home().root()).map_err(failed)?;
        let memory = (self.memory_bytes / AT_ONCE as u64).max(MIN_MEMORY_BYTES);
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command
            .arg("--home")
            .arg(&home)
            .args(["--memory", &memory.to_string()])
            .args(work.command())
            // A file of a job's name in the server's folder is not to be taken for the job.
            .current_dir(self.store.home().tmp())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at the server's terminal is not meant for it.
            .process_group(0);
        command.spawn().map_err(failed)
    }

    /// Keeps what a process prints, and its place until it ends.
    fn follow(&self, mut child: Child, work: &Work, place: Place) {
        let what = work.resource();
        let stream = format!("{}-{}", what.replace('/', "-"), child.id().unwrap_or(0));
        let log = (work.log_group(), stream);
        tracing::info!(what, log_group = log.0, "started");
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(keep(stdout, self.telemetry.clone(), log.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(keep(stderr, self.telemetry.clone(), log));
        }
        tokio::spawn(async move {
            match child.wait().await {
                Ok(status) if status.success() => tracing::info!(what, "ended"),
                Ok(status) => tracing::warn!(what, %status, "ended"),
                Err(error) => tracing::warn!(what, %error, "nobody knows how it ended"),
            }
            drop(place);
        });
    }
}

/// Checks that there is what is to work, so that a delivery to what is gone is given up and seen.
fn exists(store: &Store, work: &Work) -> Result<()> {
    match work {
        Work::Job { name, .. } => store.get_job(name).map(drop),
        Work::Crawler { name } => store.get_crawler(name).map(drop),
        Work::Extract { .. } => Ok(()),
    }
}

async fn keep(from: impl AsyncRead + Unpin, telemetry: Telemetry, log: (&'static str, String)) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // Whatever it prints is read to its end, or it would wait.
    while matches!(from.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
        let message = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        telemetry.sink().put_line(log.0, &log.1, message);
        line.clear();
    }
}
