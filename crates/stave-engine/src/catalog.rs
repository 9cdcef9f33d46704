//! What the engine is handed of the Data Catalog: it asks, somebody else keeps.

use std::fmt::Debug;

use async_trait::async_trait;
use stave_core::Result;
use stave_core::catalog::{Partition, Table};

/// The databases and tables that queries and jobs may name.
#[async_trait]
pub trait Catalog: Send + Sync + Debug {
    /// The names of all databases, sorted.
    async fn databases(&self) -> Result<Vec<String>>;
    /// The names of a database's tables, sorted; NotFound when there is no such database.
    async fn tables(&self, database: &str) -> Result<Vec<String>>;
    /// A table, or none when the database or the table is not there.
    async fn table(&self, database: &str, name: &str) -> Result<Option<Table>>;
    /// The partitions of a table.
    async fn partitions(&self, database: &str, table: &str) -> Result<Vec<Partition>>;
}
