//! Statements, each prepared once a connection.

use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use stave_core::Result;

use crate::faults::SqlContext as _;

/// Statements that rows are read and written by.
pub(crate) trait Statements {
    /// All rows that a query finds.
    fn list<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>>;

    /// The first row that a query finds.
    fn one<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>>;

    /// Runs a statement; says how many rows it touched.
    fn run(&self, sql: &str, parameters: impl Params) -> Result<usize>;
}

impl Statements for Connection {
    fn list<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.prepare_cached(sql).sql()?;
        let rows = statement.query_map(parameters, read).sql()?;
        rows.collect::<rusqlite::Result<_>>().sql()
    }

    fn one<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.prepare_cached(sql).sql()?;
        statement.query_row(parameters, read).optional().sql()
    }

    fn run(&self, sql: &str, parameters: impl Params) -> Result<usize> {
        let mut statement = self.prepare_cached(sql).sql()?;
        statement.execute(parameters).sql()
    }
}

/// The text that all texts beginning with `prefix` come before.
pub(crate) fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}
