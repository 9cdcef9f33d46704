//! Tables and their versions.

use stave_core::catalog::Table;
use stave_core::{Caller, Result};
use stave_store::TableVersion;

use super::{Catalog, fold};
use crate::blocking::blocking;

impl Catalog {
    /// Adds a table.
    pub async fn create_table(&self, caller: &Caller, table: Table) -> Result<Table> {
        let table = folded(table);
        caller.may(
            "glue:CreateTable",
            &self.table_arn(caller, &table.database, &table.name),
        )?;
        blocking(&self.store, move |store| store.create_table(&table)).await
    }

    /// The table of that name.
    pub async fn get_table(&self, caller: &Caller, database: &str, name: &str) -> Result<Table> {
        let (database, name) = (fold(database), fold(name));
        caller.may("glue:GetTable", &self.table_arn(caller, &database, &name))?;
        blocking(&self.store, move |store| store.get_table(&database, &name)).await
    }

    /// At most `max` tables of a database after the name `after`, by name.
    pub async fn list_tables(
        &self,
        caller: &Caller,
        database: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<Table>> {
        let database = fold(database);
        caller.may("glue:GetTables", &self.table_arn(caller, &database, "*"))?;
        let after = after.map(str::to_owned);
        blocking(&self.store, move |store| {
            store.list_tables(&database, after.as_deref(), max)
        })
        .await
    }

    /// Replaces a table that is still at `expected_version`;
    /// [`stave_core::ErrorKind::Conflict`] when somebody else was faster.
    pub async fn update_table(
        &self,
        caller: &Caller,
        table: Table,
        expected_version: u64,
    ) -> Result<Table> {
        let table = folded(table);
        caller.may(
            "glue:UpdateTable",
            &self.table_arn(caller, &table.database, &table.name),
        )?;
        blocking(&self.store, move |store| {
            store.update_table(&table, expected_version)
        })
        .await
    }

    /// Removes a table with its versions and partitions; its data stays.
    pub async fn delete_table(&self, caller: &Caller, database: &str, name: &str) -> Result<()> {
        let (database, name) = (fold(database), fold(name));
        caller.may(
            "glue:DeleteTable",
            &self.table_arn(caller, &database, &name),
        )?;
        blocking(&self.store, move |store| {
            store.delete_table(&database, &name)
        })
        .await
    }

    /// The present and the archived versions of a table, newest first.
    pub async fn list_table_versions(
        &self,
        caller: &Caller,
        database: &str,
        name: &str,
    ) -> Result<Vec<TableVersion>> {
        let (database, name) = (fold(database), fold(name));
        caller.may(
            "glue:GetTableVersions",
            &self.table_arn(caller, &database, &name),
        )?;
        blocking(&self.store, move |store| {
            store.list_table_versions(&database, &name)
        })
        .await
    }
}

fn folded(table: Table) -> Table {
    Table {
        database: fold(&table.database),
        name: fold(&table.name),
        ..table
    }
}
