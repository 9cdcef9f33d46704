//! Aliases: names for versions.

use rusqlite::{Row, params};
use stave_core::{Error, Result};

use super::super::limit;
use super::Rows;
use crate::faults::rule_error;
use crate::statements::Statements as _;

/// An alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The function.
    pub function: String,
    /// The alias's name.
    pub name: String,
    /// The version that it points to.
    pub version: u64,
    /// A document of the service's.
    pub definition: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Alias> {
    Ok(Alias {
        function: row.get(0)?,
        name: row.get(1)?,
        version: row.get::<_, i64>(2)?.cast_unsigned(),
        definition: row.get(3)?,
    })
}

impl Rows<'_> {
    /// The alias of that name.
    pub fn alias(&self, function: &str, name: &str) -> Result<Option<Alias>> {
        self.tx.one(
            "SELECT function, name, version, definition FROM function_aliases
             WHERE function = ?1 AND name = ?2",
            [function, name],
            read,
        )
    }

    /// Adds an alias.
    pub fn add_alias(&self, alias: &Alias) -> Result<()> {
        self.tx
            .execute(
                "INSERT INTO function_aliases VALUES (?1, ?2, ?3, ?4)",
                params![
                    alias.function,
                    alias.name,
                    alias.version.cast_signed(),
                    alias.definition
                ],
            )
            .map_err(|error| {
                rule_error(error, || {
                    Error::already_exists(format!("alias \"{}\" exists already", alias.name))
                })
            })
            .map(drop)
    }

    /// Replaces an alias.
    pub fn replace_alias(&self, alias: &Alias) -> Result<()> {
        self.tx
            .run(
                "UPDATE function_aliases SET version = ?3, definition = ?4
             WHERE function = ?1 AND name = ?2",
                params![
                    alias.function,
                    alias.name,
                    alias.version.cast_signed(),
                    alias.definition
                ],
            )
            .map(drop)
    }

    /// Removes an alias with its settings; says whether it was there.
    pub fn remove_alias(&self, function: &str, name: &str) -> Result<bool> {
        self.tx.run(
            "DELETE FROM function_settings WHERE function = ?1 AND qualifier = ?2",
            [function, name],
        )?;
        let sql = "DELETE FROM function_aliases WHERE function = ?1 AND name = ?2";
        Ok(self.tx.run(sql, [function, name])? > 0)
    }

    /// At most `max` aliases of a function after the name `after`; of one version if it is given.
    pub fn aliases(
        &self,
        function: &str,
        version: Option<u64>,
        after: &str,
        max: usize,
    ) -> Result<Vec<Alias>> {
        self.tx.list(
            "SELECT function, name, version, definition FROM function_aliases
             WHERE function = ?1 AND name > ?2 AND (?3 IS NULL OR version = ?3)
             ORDER BY name LIMIT ?4",
            params![function, after, version.map(u64::cast_signed), limit(max)],
            read,
        )
    }
}
