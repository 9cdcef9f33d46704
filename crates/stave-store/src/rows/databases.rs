//! Databases of the catalog.

use rusqlite::{Connection, OptionalExtension};
use stave_core::catalog::{Database, check_name};
use stave_core::{Error, Result, nearest};

use super::{from_json, limit, to_json};
use crate::faults::{SqlContext, rule_error};
use crate::store::Store;

impl Store {
    /// Adds a database; its `created_at` is set to now.
    pub fn create_database(&self, database: &Database) -> Result<Database> {
        check_name("database", &database.name)?;
        let database = Database {
            created_at: self.now(),
            ..database.clone()
        };
        let definition = to_json("database", &database)?;
        self.database().write(|tx| {
            tx.execute(
                "INSERT INTO databases VALUES (?1, ?2)",
                (&database.name, &definition),
            )
            .map_err(|error| {
                rule_error(error, || {
                    Error::already_exists(format!("database \"{}\" exists already", database.name))
                })
            })
        })?;
        Ok(database)
    }

    /// The database of that name.
    pub fn get_database(&self, name: &str) -> Result<Database> {
        self.database().read(|tx| get(tx, name))
    }

    /// Databases after the name `after`, by name.
    pub fn list_databases(&self, after: Option<&str>, max: usize) -> Result<Vec<Database>> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "SELECT definition FROM databases WHERE name > ?1 ORDER BY name LIMIT ?2",
                )
                .sql()?;
            let mut rows = statement
                .query((after.unwrap_or_default(), limit(max)))
                .sql()?;
            let mut databases = Vec::new();
            while let Some(row) = rows.next().sql()? {
                databases.push(from_json(
                    "database",
                    row.get_ref(0).sql()?.as_str().unwrap_or_default(),
                )?);
            }
            Ok(databases)
        })
    }

    /// Replaces what is said of a database; its name and `created_at` stay.
    pub fn update_database(&self, database: &Database) -> Result<Database> {
        self.database().write(|tx| {
            let before = get(tx, &database.name)?;
            let database = Database {
                created_at: before.created_at,
                ..database.clone()
            };
            let definition = to_json("database", &database)?;
            tx.execute(
                "UPDATE databases SET definition = ?2 WHERE name = ?1",
                (&database.name, definition),
            )
            .sql()?;
            Ok(database)
        })
    }

    /// Removes a database. One with tables is refused unless `with_tables`.
    pub fn delete_database(&self, name: &str, with_tables: bool) -> Result<()> {
        self.database().write(|tx| {
            get(tx, name)?;
            let tables: i64 = tx
                .query_row(
                    "SELECT count(*) FROM tables WHERE database = ?1",
                    [name],
                    |row| row.get(0),
                )
                .sql()?;
            if tables > 0 && !with_tables {
                return Err(Error::conflict(format!(
                    "database \"{name}\" still has {tables} table(s)"
                ))
                .hint("delete its tables first, or say that they go with it"));
            }
            tx.execute("DELETE FROM tables WHERE database = ?1", [name])
                .sql()?;
            tx.execute("DELETE FROM databases WHERE name = ?1", [name])
                .sql()?;
            Ok(())
        })
    }
}

/// The database of that name; the error knows the nearest one.
pub(super) fn get(tx: &Connection, name: &str) -> Result<Database> {
    let definition: Option<String> = tx
        .prepare_cached("SELECT definition FROM databases WHERE name = ?1")
        .sql()?
        .query_row([name], |row| row.get(0))
        .optional()
        .sql()?;
    if let Some(definition) = definition {
        return from_json("database", &definition);
    }
    let mut statement = tx
        .prepare("SELECT name FROM databases ORDER BY name LIMIT 1000")
        .sql()?;
    let names = statement.query_map([], |row| row.get(0)).sql()?;
    let names: Vec<String> = names.collect::<rusqlite::Result<_>>().sql()?;
    Err(
        Error::not_found(format!("database \"{name}\" does not exist"))
            .hint(nearest::hint(name, names.iter().map(String::as_str))),
    )
}
