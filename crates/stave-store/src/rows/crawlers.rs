//! Crawlers and what their crawls found.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use stave_core::{Error, Result, nearest};

use super::{from_json, limit, runs, to_json};
use crate::faults::{SqlContext, rule_error};
use crate::home::check_id;
use crate::liveness::{LivenessLock, lock_path};
use crate::store::{Store, from_micros, to_micros};

/// How many crawls of one crawler are kept.
const KEPT_CRAWLS: i64 = 1000;

/// What a crawler is at, in Glue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrawlerState {
    /// Waiting.
    Ready,
    /// Crawling.
    Running,
}

/// How a crawl stands, in Glue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrawlState {
    /// At work.
    Running,
    /// Ended as it should.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended because somebody asked for it.
    Cancelled,
}

impl CrawlState {
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for CrawlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CrawlState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [
            Self::Running,
            Self::Succeeded,
            Self::Failed,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| Error::invalid(format!("\"{text}\" is no state of a crawl")))
    }
}

/// A crawler.
#[derive(Debug, Clone, PartialEq)]
pub struct Crawler {
    /// Its name.
    pub name: String,
    /// Its definition, in a form of the caller's.
    pub definition: Value,
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
    /// Its crawler.
    pub crawler: String,
    /// How it stands.
    pub state: CrawlState,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What it found, in a form of the caller's.
    pub figures: Value,
    /// What went wrong.
    pub error: Option<String>,
}

const CRAWL: &str = "id, crawler, state, started_at, finished_at, figures, error";
const CRAWLER: &str = "name, definition, state, last_crawl, created_at, updated_at";

fn read_crawl(row: &Row<'_>) -> Result<Crawl> {
    let text = |at: usize| row.get::<_, String>(at).sql();
    Ok(Crawl {
        id: text(0)?,
        crawler: text(1)?,
        state: text(2)?.parse()?,
        started_at: from_micros(row.get(3).sql()?),
        finished_at: row.get::<_, Option<i64>>(4).sql()?.map(from_micros),
        figures: from_json("figures of a crawl", &text(5)?)?,
        error: row.get(6).sql()?,
    })
}

fn read_crawler(tx: &Connection, row: &Row<'_>) -> Result<Crawler> {
    let text = |at: usize| row.get::<_, String>(at).sql();
    let last: Option<String> = row.get(3).sql()?;
    Ok(Crawler {
        name: text(0)?,
        definition: from_json("definition of a crawler", &text(1)?)?,
        state: match text(2)?.as_str() {
            "RUNNING" => CrawlerState::Running,
            _ => CrawlerState::Ready,
        },
        last_crawl: last.map(|id| crawl(tx, &id)).transpose()?.flatten(),
        created_at: from_micros(row.get(4).sql()?),
        updated_at: from_micros(row.get(5).sql()?),
    })
}

fn crawl(tx: &Connection, id: &str) -> Result<Option<Crawl>> {
    let mut statement = tx
        .prepare_cached(&format!("SELECT {CRAWL} FROM crawls WHERE id = ?1"))
        .sql()?;
    let mut rows = statement.query([id]).sql()?;
    rows.next().sql()?.map(read_crawl).transpose()
}

fn get(tx: &Connection, name: &str) -> Result<Crawler> {
    let mut statement = tx
        .prepare_cached(&format!("SELECT {CRAWLER} FROM crawlers WHERE name = ?1"))
        .sql()?;
    let mut rows = statement.query([name]).sql()?;
    if let Some(row) = rows.next().sql()? {
        return read_crawler(tx, row);
    }
    let names = runs::ids(tx, "SELECT name FROM crawlers ORDER BY name LIMIT 1000")?;
    Err(
        Error::not_found(format!("crawler \"{name}\" does not exist"))
            .hint(nearest::hint(name, names.iter().map(String::as_str))),
    )
}

impl Store {
    /// Adds a crawler.
    pub fn create_crawler(&self, name: &str, definition: &Value) -> Result<Crawler> {
        if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
            return Err(Error::invalid(format!(
                "crawler name {name:?} is not 1 to 255 bytes without control characters"
            )));
        }
        let text = to_json("definition of a crawler", definition)?;
        let now = to_micros(self.now());
        self.database().write(|tx| {
            tx.execute(
                "INSERT INTO crawlers VALUES (?1, ?2, 'READY', NULL, ?3, ?3)",
                params![name, text, now],
            )
            .map_err(|error| {
                rule_error(error, || {
                    Error::already_exists(format!("crawler \"{name}\" exists already"))
                })
            })?;
            get(tx, name)
        })
    }

    /// Replaces the definition of a crawler that is not crawling.
    pub fn update_crawler(&self, name: &str, definition: &Value) -> Result<Crawler> {
        let text = to_json("definition of a crawler", definition)?;
        let now = to_micros(self.now());
        self.database().write(|tx| {
            refuse_running(&get(tx, name)?)?;
            tx.execute(
                "UPDATE crawlers SET definition = ?2, updated_at = ?3 WHERE name = ?1",
                params![name, text, now],
            )
            .sql()?;
            get(tx, name)
        })
    }

    /// The crawler of that name.
    pub fn get_crawler(&self, name: &str) -> Result<Crawler> {
        self.database().read(|tx| get(tx, name))
    }

    /// Crawlers after the name `after`, by name.
    pub fn list_crawlers(&self, after: Option<&str>, max: usize) -> Result<Vec<Crawler>> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached(&format!(
                    "SELECT {CRAWLER} FROM crawlers WHERE name > ?1 ORDER BY name LIMIT ?2"
                ))
                .sql()?;
            let mut rows = statement
                .query((after.unwrap_or_default(), limit(max)))
                .sql()?;
            let mut crawlers = Vec::new();
            while let Some(row) = rows.next().sql()? {
                crawlers.push(read_crawler(tx, row)?);
            }
            Ok(crawlers)
        })
    }

    /// Removes a crawler that is not crawling, with its crawls.
    pub fn delete_crawler(&self, name: &str) -> Result<()> {
        self.database().write(|tx| {
            refuse_running(&get(tx, name)?)?;
            tx.execute("DELETE FROM crawlers WHERE name = ?1", [name])
                .sql()?;
            Ok(())
        })
    }

    /// Notes that the crawl `id` is at work; [`stave_core::ErrorKind::Conflict`] when the
    /// crawler is crawling already. It counts as alive for as long as the lock is held.
    pub fn start_crawl(&self, id: &str, crawler: &str) -> Result<LivenessLock> {
        check_id("crawl", id)?;
        self.mark_dead_crawls()?;
        let taken = || Error::already_exists(format!("crawl {id} exists already"));
        let lock =
            LivenessLock::acquire(lock_path(&self.home().crawls(), id))?.ok_or_else(taken)?;
        self.database().write(|tx| {
            refuse_running(&get(tx, crawler)?)?;
            tx.execute(
                "INSERT INTO crawls (id, crawler, state, started_at, figures)
                 VALUES (?1, ?2, 'RUNNING', ?3, 'null')",
                params![id, crawler, to_micros(self.now())],
            )
            .map_err(|error| rule_error(error, taken))?;
            tx.execute(
                "UPDATE crawlers SET state = 'RUNNING' WHERE name = ?1",
                [crawler],
            )
            .sql()?;
            tx.execute(
                "DELETE FROM crawls WHERE crawler = ?1 AND seq NOT IN
                 (SELECT seq FROM crawls WHERE crawler = ?1 ORDER BY seq DESC LIMIT ?2)",
                params![crawler, KEPT_CRAWLS],
            )
            .sql()?;
            Ok(())
        })?;
        Ok(lock)
    }

    /// Notes how a crawl ended; the crawler is ready again.
    pub fn finish_crawl(
        &self,
        id: &str,
        state: CrawlState,
        figures: &Value,
        error: Option<&str>,
    ) -> Result<Crawl> {
        let figures = to_json("figures of a crawl", figures)?;
        let now = to_micros(self.now());
        self.database().write(|tx| {
            let crawler: Option<String> = tx
                .query_row(
                    "UPDATE crawls SET state = ?2, finished_at = ?3, figures = ?4, error = ?5
                     WHERE id = ?1 AND state = 'RUNNING' RETURNING crawler",
                    params![id, state.as_str(), now, figures, error],
                    |row| row.get(0),
                )
                .optional()
                .sql()?;
            let Some(crawler) = crawler else {
                return Err(Error::conflict(format!("crawl {id} is not running")));
            };
            tx.execute(
                "UPDATE crawlers SET state = 'READY', last_crawl = ?2 WHERE name = ?1",
                (crawler, id),
            )
            .sql()?;
            crawl(tx, id)?.ok_or_else(|| Error::not_found(format!("crawl {id} does not exist")))
        })
    }

    /// The crawl of that id.
    pub fn get_crawl(&self, id: &str) -> Result<Crawl> {
        self.database().read(|tx| {
            crawl(tx, id)?.ok_or_else(|| Error::not_found(format!("crawl {id} does not exist")))
        })
    }

    /// Crawls of a crawler, newest first.
    pub fn list_crawls(&self, crawler: &str, max: usize) -> Result<Vec<Crawl>> {
        self.database().read(|tx| {
            get(tx, crawler)?;
            let mut statement = tx
                .prepare_cached(&format!(
                    "SELECT {CRAWL} FROM crawls WHERE crawler = ?1 ORDER BY seq DESC LIMIT ?2"
                ))
                .sql()?;
            let mut rows = statement.query((crawler, limit(max))).sql()?;
            let mut crawls = Vec::new();
            while let Some(row) = rows.next().sql()? {
                crawls.push(read_crawl(row)?);
            }
            Ok(crawls)
        })
    }

    /// Marks as failed the crawls that are noted as running and whose process
    /// is gone; says their ids.
    pub fn mark_dead_crawls(&self) -> Result<Vec<String>> {
        let running = self
            .database()
            .read(|tx| runs::ids(tx, "SELECT id FROM crawls WHERE state = 'RUNNING'"))?;
        let mut dead = Vec::new();
        for id in running {
            if LivenessLock::is_held(&lock_path(&self.home().crawls(), &id))? {
                continue;
            }
            let said = Some("the process of this crawl ended before the crawl did");
            match self.finish_crawl(&id, CrawlState::Failed, &Value::Null, said) {
                Ok(_) => dead.push(id),
                // It finished between the two looks.
                Err(error) if error.kind() == stave_core::ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Ok(dead)
    }
}

fn refuse_running(crawler: &Crawler) -> Result<()> {
    if crawler.state == CrawlerState::Running {
        return Err(
            Error::conflict(format!("crawler \"{}\" is crawling", crawler.name))
                .hint("wait until it is done"),
        );
    }
    Ok(())
}
