//! The Data Catalog: databases, tables with their versions, partitions, as Glue
//! has them. Names are folded to lower case, as Glue folds them.
//!
//! Must not know what the tables' data is, nor how it is read.

mod engine;
mod partitions;
mod tables;
#[cfg(test)]
mod tests;

use stave_core::catalog::Database;
use stave_core::{Caller, Result};
use stave_store::Store;

pub use self::engine::EngineCatalog;
use crate::blocking::blocking;

/// The catalog service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    store: Store,
    region: String,
}

impl Catalog {
    /// The region that ARNs name.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The catalog in `store`, in `region` (which its ARNs name).
    pub fn new(store: Store, region: impl Into<String>) -> Self {
        Self {
            store,
            region: region.into(),
        }
    }

    /// The catalog as the engine reads it for `caller`, whose permission every look-up checks.
    pub fn for_engine(&self, caller: &Caller) -> EngineCatalog {
        EngineCatalog::new(self.clone(), caller.clone())
    }

    /// Adds a database.
    pub async fn create_database(&self, caller: &Caller, database: Database) -> Result<Database> {
        let database = Database {
            name: fold(&database.name),
            ..database
        };
        caller.may(
            "glue:CreateDatabase",
            &self.database_arn(caller, &database.name),
        )?;
        blocking(&self.store, move |store| store.create_database(&database)).await
    }

    /// The database of that name.
    pub async fn get_database(&self, caller: &Caller, name: &str) -> Result<Database> {
        let name = fold(name);
        caller.may("glue:GetDatabase", &self.database_arn(caller, &name))?;
        blocking(&self.store, move |store| store.get_database(&name)).await
    }

    /// At most `max` databases after the name `after`, by name.
    pub async fn list_databases(
        &self,
        caller: &Caller,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<Database>> {
        caller.may("glue:GetDatabases", &self.arn(caller, "catalog"))?;
        let after = after.map(str::to_owned);
        blocking(&self.store, move |store| {
            store.list_databases(after.as_deref(), max)
        })
        .await
    }

    /// Replaces what is said of a database.
    pub async fn update_database(&self, caller: &Caller, database: Database) -> Result<Database> {
        let database = Database {
            name: fold(&database.name),
            ..database
        };
        caller.may(
            "glue:UpdateDatabase",
            &self.database_arn(caller, &database.name),
        )?;
        blocking(&self.store, move |store| store.update_database(&database)).await
    }

    /// Removes a database. One with tables is refused unless `with_tables`; the data stays.
    pub async fn delete_database(
        &self,
        caller: &Caller,
        name: &str,
        with_tables: bool,
    ) -> Result<()> {
        let name = fold(name);
        caller.may("glue:DeleteDatabase", &self.database_arn(caller, &name))?;
        blocking(&self.store, move |store| {
            store.delete_database(&name, with_tables)
        })
        .await
    }

    fn arn(&self, caller: &Caller, resource: &str) -> String {
        format!(
            "arn:aws:glue:{}:{}:{resource}",
            self.region,
            caller.account()
        )
    }

    fn database_arn(&self, caller: &Caller, name: &str) -> String {
        self.arn(caller, &format!("database/{name}"))
    }

    fn table_arn(&self, caller: &Caller, database: &str, name: &str) -> String {
        self.arn(caller, &format!("table/{database}/{name}"))
    }
}

/// A name as the catalog keeps it.
fn fold(name: &str) -> String {
    name.to_lowercase()
}
