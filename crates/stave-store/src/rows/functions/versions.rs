//! Functions and their versions. `$LATEST`, which changes, is version 0.

use jiff::Timestamp;
use rusqlite::{Row, params};
use stave_core::{Error, Result};

use super::super::{from_json, limit, to_json};
use super::Rows;
use crate::faults::rule_error;
use crate::statements::Statements as _;
use crate::store::{from_micros, to_micros};

/// The version that changes: `$LATEST`.
pub const LATEST: u64 = 0;

/// Tags: names with their values, by name.
pub type Tags = std::collections::BTreeMap<String, String>;

/// What all versions of a function have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The number of the version that was published last; 0 before the first.
    pub last_version: u64,
    /// How many of it may run at once, where that is reserved.
    pub reserved: Option<u32>,
    /// Its tags.
    pub tags: Tags,
}

fn read(row: &Row<'_>) -> rusqlite::Result<(Function, String)> {
    let function = Function {
        name: row.get(0)?,
        created_at: from_micros(row.get(1)?),
        last_version: row.get::<_, i64>(2)?.cast_unsigned(),
        reserved: row.get(3)?,
        tags: Tags::new(),
    };
    Ok((function, row.get(4)?))
}

fn version_row(row: &Row<'_>) -> rusqlite::Result<(String, u64, String)> {
    Ok((
        row.get(0)?,
        row.get::<_, i64>(1)?.cast_unsigned(),
        row.get(2)?,
    ))
}

impl Rows<'_> {
    /// The function of that name.
    pub fn function(&self, name: &str) -> Result<Option<Function>> {
        self.tx.one(
            "SELECT name, created_at, last_version, reserved, tags FROM functions WHERE name = ?1",
            [name],
            read,
        )?
        .map(|(mut function, tags)| {
            function.tags = from_json("tags of a function", &tags)?;
            Ok(function)
        })
        .transpose()
    }

    /// Adds a function without versions.
    pub fn add_function(&self, name: &str, tags: &Tags) -> Result<()> {
        let tags = to_json("tags of a function", tags)?;
        self.tx
            .execute(
                "INSERT INTO functions VALUES (?1, ?2, 0, NULL, ?3)",
                params![name, to_micros(self.now), tags],
            )
            .map_err(|error| {
                rule_error(error, || {
                    Error::already_exists(format!("function \"{name}\" exists already"))
                })
            })
            .map(drop)
    }

    /// Replaces what all versions of a function have in common.
    pub fn replace_function(&self, function: &Function) -> Result<()> {
        let tags = to_json("tags of a function", &function.tags)?;
        self.tx
            .run(
                "UPDATE functions SET last_version = ?2, reserved = ?3, tags = ?4 WHERE name = ?1",
                params![
                    function.name,
                    function.last_version.cast_signed(),
                    function.reserved,
                    tags
                ],
            )
            .map(drop)
    }

    /// Removes a function with all that hangs on it; says whether it was there. What is queued
    /// for it stays queued.
    pub fn remove_function(&self, name: &str) -> Result<bool> {
        Ok(self
            .tx
            .run("DELETE FROM functions WHERE name = ?1", [name])?
            > 0)
    }

    /// How many functions there are.
    pub fn count_functions(&self) -> Result<u64> {
        self.sum("SELECT count(*) FROM functions", [])
    }

    /// The sum of all reservations but that of `except`.
    pub fn reserved_but(&self, except: &str) -> Result<u64> {
        let sql = "SELECT sum(reserved) FROM functions WHERE name <> ?1";
        self.sum(sql, [except])
    }

    /// The definition of one version.
    pub fn version(&self, function: &str, version: u64) -> Result<Option<String>> {
        self.tx.one(
            "SELECT definition FROM function_versions WHERE function = ?1 AND version = ?2",
            params![function, version.cast_signed()],
            |row| row.get(0),
        )
    }

    /// Adds or replaces a version that runs on `code` (its own and that of its layers).
    pub fn put_version(
        &self,
        function: &str,
        version: u64,
        definition: &str,
        code: &[&str],
    ) -> Result<()> {
        let number = version.cast_signed();
        self.tx.run(
            "INSERT INTO function_versions VALUES (?1, ?2, ?3) ON CONFLICT (function, version)
             DO UPDATE SET definition = excluded.definition",
            params![function, number, definition],
        )?;
        self.tx.run(
            "DELETE FROM function_code_uses WHERE function = ?1 AND version = ?2",
            params![function, number],
        )?;
        for code in code {
            self.tx.run(
                "INSERT OR IGNORE INTO function_code_uses VALUES (?1, ?2, ?3)",
                params![function, number, code],
            )?;
        }
        Ok(())
    }

    /// Removes a version; says whether it was there.
    pub fn remove_version(&self, function: &str, version: u64) -> Result<bool> {
        let sql = "DELETE FROM function_versions WHERE function = ?1 AND version = ?2";
        Ok(self.tx.run(sql, params![function, version.cast_signed()])? > 0)
    }

    /// At most `max` versions of a function after the number `after`, with their definitions.
    pub fn versions(
        &self,
        function: &str,
        after: Option<u64>,
        max: usize,
    ) -> Result<Vec<(String, u64, String)>> {
        self.tx.list(
            "SELECT function, version, definition FROM function_versions
             WHERE function = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
            params![function, after.map_or(-1, u64::cast_signed), limit(max)],
            version_row,
        )
    }

    /// At most `max` versions after that one, by function and number; without `all`, only
    /// `$LATEST` of each.
    pub fn all_versions(
        &self,
        after: Option<(&str, u64)>,
        all: bool,
        max: usize,
    ) -> Result<Vec<(String, u64, String)>> {
        let (name, version) =
            after.map_or(("", -1), |(name, version)| (name, version.cast_signed()));
        self.tx.list(
            "SELECT function, version, definition FROM function_versions
             WHERE (function, version) > (?1, ?2) AND (?3 OR version = 0)
             ORDER BY function, version LIMIT ?4",
            params![name, version, all, limit(max)],
            version_row,
        )
    }

    /// Every version whose definition holds `text`: those that somebody was preparing.
    pub fn versions_saying(&self, text: &str) -> Result<Vec<(String, u64, String)>> {
        self.tx.list(
            "SELECT function, version, definition FROM function_versions
             WHERE instr(definition, ?1) ORDER BY function, version LIMIT ?2",
            params![text, limit(usize::MAX)],
            version_row,
        )
    }
}
