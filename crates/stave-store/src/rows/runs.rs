//! Runs of jobs: what each did, how it ended, and whether it is alive.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use stave_core::{Error, Result};

use super::{from_json, limit, to_json};
use crate::faults::{SqlContext, rule_error};
use crate::home::check_id;
use crate::liveness::{LivenessLock, lock_path};
use crate::store::{Store, from_micros, to_micros};

/// How many ended runs of one job are kept.
const KEPT_RUNS: i64 = 1000;
/// How many lines a run may log; later ones are dropped, but for a note of it.
const MAX_LOG_LINES: i64 = 10_000;

/// Where a run stands, in Glue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// At work.
    Running,
    /// Ended as it should.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended because somebody asked for it.
    Stopped,
    /// Ended because it took too long.
    Timeout,
}

impl RunState {
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `STOPPED`, `TIMEOUT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Stopped => "STOPPED",
            Self::Timeout => "TIMEOUT",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [
            Self::Running,
            Self::Succeeded,
            Self::Failed,
            Self::Stopped,
            Self::Timeout,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| Error::invalid(format!("\"{text}\" is no state of a run")))
    }
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRun {
    /// The id; see [`stave_core::ids::job_run_id`].
    pub id: String,
    /// The job's name.
    pub job: String,
    /// Where it stands.
    pub state: RunState,
    /// Counts repetitions from 0.
    pub attempt: u32,
    /// What it was started with.
    pub arguments: Value,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What went wrong.
    pub error: Option<Value>,
    /// What its steps did, in a form of the caller's.
    pub steps: Value,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// Any state but [`RunState::Running`].
    pub state: RunState,
    /// What went wrong.
    pub error: Option<Value>,
    /// What its steps did.
    pub steps: Value,
}

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Counts the run's lines from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub line: String,
}

const COLUMNS: &str = "id, job, state, attempt, arguments, started_at, finished_at, error, steps";

fn read(row: &Row<'_>) -> Result<JobRun> {
    let text = |at: usize| row.get::<_, String>(at).sql();
    let error: Option<String> = row.get(7).sql()?;
    Ok(JobRun {
        id: text(0)?,
        job: text(1)?,
        state: text(2)?.parse()?,
        attempt: row.get(3).sql()?,
        arguments: from_json("arguments of a run", &text(4)?)?,
        started_at: from_micros(row.get(5).sql()?),
        finished_at: row.get::<_, Option<i64>>(6).sql()?.map(from_micros),
        error: error
            .map(|error| from_json("error of a run", &error))
            .transpose()?,
        steps: from_json("steps of a run", &text(8)?)?,
    })
}

impl Store {
    /// Notes that the run `id` is at work. It counts as alive for as long as the
    /// lock is held; drop it after [`Self::finish_run`].
    pub fn start_run(
        &self,
        id: &str,
        job: &str,
        attempt: u32,
        arguments: &Value,
    ) -> Result<LivenessLock> {
        check_id("run", id)?;
        let taken = || Error::already_exists(format!("run {id} exists already"));
        // Locked before the row is there: a row without a living lock is a dead run.
        let lock = LivenessLock::acquire(lock_path(&self.home().runs(), id))?.ok_or_else(taken)?;
        let arguments = to_json("arguments of a run", arguments)?;
        self.database().write(|tx| {
            tx.execute(
                "INSERT INTO runs (id, job, state, attempt, arguments, started_at, steps)
                 VALUES (?1, ?2, 'RUNNING', ?3, ?4, ?5, '[]')",
                params![id, job, attempt, arguments, to_micros(self.now())],
            )
            .map_err(|error| rule_error(error, taken))?;
            forget_old(tx, job)
        })?;
        Ok(lock)
    }

    /// Notes what the steps of a running run did so far.
    pub fn update_run_steps(&self, id: &str, steps: &Value) -> Result<()> {
        let steps = to_json("steps of a run", steps)?;
        let updated = self.database().write_relaxed(|tx| {
            tx.execute(
                "UPDATE runs SET steps = ?2 WHERE id = ?1 AND state = 'RUNNING'",
                (id, steps),
            )
            .sql()
        })?;
        if updated == 0 {
            Err(not_running(id))
        } else {
            Ok(())
        }
    }

    /// Notes how a running run ended.
    pub fn finish_run(&self, id: &str, end: &RunEnd) -> Result<()> {
        let error = end
            .error
            .as_ref()
            .map(|error| to_json("error of a run", error))
            .transpose()?;
        let steps = to_json("steps of a run", &end.steps)?;
        let now = to_micros(self.now());
        let updated = self.database().write(|tx| {
            tx.execute(
                "UPDATE runs SET state = ?2, finished_at = ?3, error = ?4, steps = ?5
                 WHERE id = ?1 AND state = 'RUNNING'",
                params![id, end.state.as_str(), now, error, steps],
            )
            .sql()
        })?;
        if updated == 0 {
            Err(not_running(id))
        } else {
            Ok(())
        }
    }

    /// The run of that id.
    pub fn get_run(&self, id: &str) -> Result<JobRun> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))
                .sql()?;
            let mut rows = statement.query([id]).sql()?;
            match rows.next().sql()? {
                Some(row) => read(row),
                None => Err(Error::not_found(format!("run {id} does not exist")).hint(
                    "see runs with: stave job runs; a job itself with: stave job export NAME",
                )),
            }
        })
    }

    /// Runs, of one job or of all, newest first, that were started before the run `before`.
    pub fn list_runs(
        &self,
        job: Option<&str>,
        before: Option<&str>,
        max: usize,
    ) -> Result<Vec<JobRun>> {
        self.database().read(|tx| {
            let before = match before {
                Some(id) => tx
                    .query_row("SELECT seq FROM runs WHERE id = ?1", [id], |row| row.get(0))
                    .optional()
                    .sql()?
                    .ok_or_else(|| Error::not_found(format!("run {id} does not exist")))?,
                None => i64::MAX,
            };
            let mut statement = tx
                .prepare(&format!(
                    "SELECT {COLUMNS} FROM runs WHERE (?1 IS NULL OR job = ?1) AND seq < ?2
                     ORDER BY seq DESC LIMIT ?3"
                ))
                .sql()?;
            let mut rows = statement.query(params![job, before, limit(max)]).sql()?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next().sql()? {
                runs.push(read(row)?);
            }
            Ok(runs)
        })
    }

    /// Adds lines to a run's log; after 10,000 they are dropped, and the last line says so.
    pub fn log_run(&self, id: &str, lines: &[impl AsRef<str>]) -> Result<()> {
        let now = to_micros(self.now());
        self.database().write_relaxed(|tx| {
            let mut seq: i64 = tx
                .query_row(
                    "SELECT coalesce(max(seq), 0) FROM run_log WHERE run_id = ?1",
                    [id],
                    |row| row.get(0),
                )
                .sql()?;
            let mut statement = tx
                .prepare_cached("INSERT INTO run_log VALUES (?1, ?2, ?3, ?4)")
                .sql()?;
            for line in lines {
                seq += 1;
                let line = match seq {
                    ..MAX_LOG_LINES => line.as_ref(),
                    MAX_LOG_LINES => "the log is full: later lines are not kept",
                    _ => break,
                };
                statement
                    .execute(params![id, seq, now, line])
                    .map_err(|error| {
                        // The only rule that can be broken is that the run exists.
                        rule_error(error, || {
                            Error::not_found(format!("run {id} does not exist"))
                        })
                    })?;
            }
            Ok(())
        })
    }

    /// Lines of a run's log after the line `after` (0: from the first).
    pub fn run_log(&self, id: &str, after: u64, max: usize) -> Result<Vec<LogLine>> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "SELECT seq, at, line FROM run_log WHERE run_id = ?1 AND seq > ?2
                     ORDER BY seq LIMIT ?3",
                )
                .sql()?;
            let lines = statement
                .query_map(params![id, after.cast_signed(), limit(max)], |row| {
                    Ok(LogLine {
                        seq: row.get::<_, i64>(0)?.cast_unsigned(),
                        at: from_micros(row.get(1)?),
                        line: row.get(2)?,
                    })
                })
                .sql()?;
            lines.collect::<rusqlite::Result<_>>().sql()
        })
    }

    /// Marks as failed the runs that are noted as running and whose process is
    /// gone; says their ids.
    pub fn mark_dead_runs(&self) -> Result<Vec<String>> {
        let running = self
            .database()
            .read(|tx| ids(tx, "SELECT id FROM runs WHERE state = 'RUNNING'"))?;
        let error = to_json(
            "error of a run",
            &serde_json::json!({
                "message": "the process of this run ended before the run did",
                "hint": "its output was not published; start it again",
            }),
        )?;
        let mut dead = Vec::new();
        for id in running {
            if LivenessLock::is_held(&lock_path(&self.home().runs(), &id))? {
                continue;
            }
            let now = to_micros(self.now());
            let marked = self.database().write(|tx| {
                tx.execute(
                    "UPDATE runs SET state = 'FAILED', finished_at = ?2, error = ?3
                     WHERE id = ?1 AND state = 'RUNNING'",
                    params![id, now, error],
                )
                .sql()
            })?;
            if marked > 0 {
                dead.push(id);
            }
        }
        Ok(dead)
    }
}

/// The first column of what `query` answers.
pub(super) fn ids(tx: &Connection, query: &str) -> Result<Vec<String>> {
    let mut statement = tx.prepare(query).sql()?;
    let ids = statement.query_map([], |row| row.get(0)).sql()?;
    ids.collect::<rusqlite::Result<_>>().sql()
}

fn not_running(id: &str) -> Error {
    Error::conflict(format!("run {id} is not running"))
}

fn forget_old(tx: &Connection, job: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM runs WHERE job = ?1 AND state <> 'RUNNING' AND seq NOT IN
         (SELECT seq FROM runs WHERE job = ?1 ORDER BY seq DESC LIMIT ?2)",
        params![job, KEPT_RUNS],
    )
    .sql()?;
    Ok(())
}
