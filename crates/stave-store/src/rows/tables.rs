//! Tables of the catalog and their versions.

use rusqlite::{Connection, OptionalExtension, params};
use stave_core::catalog::{Table, check_name};
use stave_core::{Error, Result, nearest};

use super::{databases, from_json, limit, to_json};
use crate::faults::{SqlContext, rule_error};
use crate::store::Store;

/// How many old versions of a table are kept.
const KEPT_VERSIONS: i64 = 100;

/// A table as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableVersion {
    /// Its number.
    pub version: u64,
    /// The table.
    pub table: Table,
}

impl Store {
    /// Adds a table; its times are set to now and its version to 0.
    pub fn create_table(&self, table: &Table) -> Result<Table> {
        check_name("table", &table.name)?;
        let now = self.now();
        let table = Table {
            created_at: now,
            updated_at: now,
            version: 0,
            ..table.clone()
        };
        let definition = to_json("table", &table)?;
        self.database().write(|tx| {
            databases::get(tx, &table.database)?;
            tx.execute(
                "INSERT INTO tables VALUES (?1, ?2, 0, ?3)",
                (&table.database, &table.name, &definition),
            )
            .map_err(|error| {
                rule_error(error, || {
                    Error::already_exists(format!(
                        "table \"{}.{}\" exists already",
                        table.database, table.name
                    ))
                })
            })
        })?;
        Ok(table)
    }

    /// The table of that name.
    pub fn get_table(&self, database: &str, name: &str) -> Result<Table> {
        self.database().read(|tx| get(tx, database, name))
    }

    /// Tables of a database after the name `after`, by name.
    pub fn list_tables(
        &self,
        database: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<Table>> {
        self.database().read(|tx| {
            databases::get(tx, database)?;
            let mut statement = tx
                .prepare_cached(
                    "SELECT definition FROM tables WHERE database = ?1 AND name > ?2
                     ORDER BY name LIMIT ?3",
                )
                .sql()?;
            let mut rows = statement
                .query(params![database, after.unwrap_or_default(), limit(max)])
                .sql()?;
            let mut tables = Vec::new();
            while let Some(row) = rows.next().sql()? {
                tables.push(from_json("table", &row.get::<_, String>(0).sql()?)?);
            }
            Ok(tables)
        })
    }

    /// Replaces a table that is still at `expected_version`; [`stave_core::ErrorKind::Conflict`]
    /// when somebody else was faster. The old version is kept in the archive, of
    /// which the last hundred stay. Says the table as it is now.
    pub fn update_table(&self, table: &Table, expected_version: u64) -> Result<Table> {
        self.database().write(|tx| {
            let before = get(tx, &table.database, &table.name)?;
            if before.version != expected_version {
                return Err(Error::conflict(format!(
                    "table \"{}.{}\" is at version {}, not {expected_version}: somebody else changed it",
                    table.database, table.name, before.version
                ))
                .hint("read it again and repeat the change"));
            }
            let table = Table {
                created_at: before.created_at,
                updated_at: self.now(),
                version: before.version + 1,
                ..table.clone()
            };
            archive(tx, &before)?;
            tx.execute(
                "UPDATE tables SET version = ?3, definition = ?4 WHERE database = ?1 AND name = ?2",
                params![table.database, table.name, table.version as i64, to_json("table", &table)?],
            )
            .sql()?;
            Ok(table)
        })
    }

    /// Removes a table with its versions and partitions; its data stays.
    pub fn delete_table(&self, database: &str, name: &str) -> Result<()> {
        self.database().write(|tx| {
            get(tx, database, name)?;
            tx.execute(
                "DELETE FROM tables WHERE database = ?1 AND name = ?2",
                [database, name],
            )
            .sql()?;
            Ok(())
        })
    }

    /// The present and the archived versions of a table, newest first.
    pub fn list_table_versions(&self, database: &str, name: &str) -> Result<Vec<TableVersion>> {
        self.database().read(|tx| {
            let table = get(tx, database, name)?;
            let mut versions = vec![TableVersion {
                version: table.version,
                table,
            }];
            let mut statement = tx
                .prepare_cached(
                    "SELECT version, definition FROM table_versions
                     WHERE database = ?1 AND name = ?2 ORDER BY version DESC",
                )
                .sql()?;
            let mut rows = statement.query([database, name]).sql()?;
            while let Some(row) = rows.next().sql()? {
                versions.push(TableVersion {
                    version: row.get::<_, i64>(0).sql()?.cast_unsigned(),
                    table: from_json("table", &row.get::<_, String>(1).sql()?)?,
                });
            }
            Ok(versions)
        })
    }
}

fn archive(tx: &Connection, table: &Table) -> Result<()> {
    tx.execute(
        "INSERT INTO table_versions VALUES (?1, ?2, ?3, ?4)",
        params![
            table.database,
            table.name,
            table.version as i64,
            to_json("table", table)?
        ],
    )
    .sql()?;
    tx.execute(
        "DELETE FROM table_versions WHERE database = ?1 AND name = ?2 AND version <= ?3",
        params![
            table.database,
            table.name,
            table.version as i64 - KEPT_VERSIONS
        ],
    )
    .sql()?;
    Ok(())
}

/// The table of that name; the error knows the nearest one.
pub(super) fn get(tx: &Connection, database: &str, name: &str) -> Result<Table> {
    let definition: Option<String> = tx
        .prepare_cached("SELECT definition FROM tables WHERE database = ?1 AND name = ?2")
        .sql()?
        .query_row([database, name], |row| row.get(0))
        .optional()
        .sql()?;
    if let Some(definition) = definition {
        return from_json("table", &definition);
    }
    databases::get(tx, database)?;
    let mut statement = tx
        .prepare("SELECT name FROM tables WHERE database = ?1 ORDER BY name LIMIT 1000")
        .sql()?;
    let names = statement.query_map([database], |row| row.get(0)).sql()?;
    let names: Vec<String> = names.collect::<rusqlite::Result<_>>().sql()?;
    Err(
        Error::not_found(format!("table \"{database}.{name}\" does not exist"))
            .hint(nearest::hint(name, names.iter().map(String::as_str))),
    )
}
