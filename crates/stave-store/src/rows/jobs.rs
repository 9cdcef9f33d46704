//! Job definitions: a name and a text that the store does not look into.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use stave_core::{Error, Result, nearest};

use super::bookmarks::forget;
use super::limit;
use crate::faults::SqlContext;
use crate::store::{Store, from_micros, to_micros};

/// A job that has been put into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Its definition as text.
    pub definition: String,
    /// When it was first put.
    pub created_at: Timestamp,
    /// When it was last put.
    pub updated_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        name: row.get(0)?,
        definition: row.get(1)?,
        created_at: from_micros(row.get(2)?),
        updated_at: from_micros(row.get(3)?),
    })
}

impl Store {
    /// Adds a job or replaces the one of that name.
    pub fn put_job(&self, name: &str, definition: &str) -> Result<Job> {
        if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
            return Err(Error::invalid(format!(
                "job name {name:?} is not 1 to 255 bytes without control characters"
            )));
        }
        let now = to_micros(self.now());
        self.database().write(|tx| {
            tx.query_row(
                "INSERT INTO jobs VALUES (?1, ?2, ?3, ?3) ON CONFLICT (name)
                 DO UPDATE SET definition = ?2, updated_at = ?3 RETURNING *",
                params![name, definition, now],
                read,
            )
            .sql()
        })
    }

    /// The job of that name.
    pub fn get_job(&self, name: &str) -> Result<Job> {
        self.database().read(|tx| {
            let job = tx
                .query_row("SELECT * FROM jobs WHERE name = ?1", [name], read)
                .optional()
                .sql()?;
            if let Some(job) = job {
                return Ok(job);
            }
            let mut statement = tx
                .prepare("SELECT name FROM jobs ORDER BY name LIMIT 1000")
                .sql()?;
            let names = statement.query_map([], |row| row.get(0)).sql()?;
            let names: Vec<String> = names.collect::<rusqlite::Result<_>>().sql()?;
            Err(Error::not_found(format!("job \"{name}\" does not exist"))
                .hint(nearest::hint(name, names.iter().map(String::as_str))))
        })
    }

    /// Jobs after the name `after`, by name.
    pub fn list_jobs(&self, after: Option<&str>, max: usize) -> Result<Vec<Job>> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached("SELECT * FROM jobs WHERE name > ?1 ORDER BY name LIMIT ?2")
                .sql()?;
            let jobs = statement
                .query_map((after.unwrap_or_default(), limit(max)), read)
                .sql()?;
            jobs.collect::<rusqlite::Result<_>>().sql()
        })
    }

    /// Removes a job and its bookmark; its runs stay.
    pub fn delete_job(&self, name: &str) -> Result<()> {
        let deleted = self.database().write(|tx| {
            forget(tx, name)?;
            tx.execute("DELETE FROM jobs WHERE name = ?1", [name]).sql()
        })?;
        if deleted == 0 {
            return Err(Error::not_found(format!("job \"{name}\" does not exist")));
        }
        Ok(())
    }
}
