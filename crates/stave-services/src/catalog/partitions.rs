//! Partitions, known by their values.

use stave_core::catalog::Partition;
use stave_core::{Caller, Result};
use stave_store::OnExisting;

use super::{Catalog, fold};
use crate::blocking::blocking;

impl Catalog {
    /// Adds partitions, all or none; says how many were written.
    pub async fn create_partitions(
        &self,
        caller: &Caller,
        database: &str,
        table: &str,
        partitions: Vec<Partition>,
        on_existing: OnExisting,
    ) -> Result<usize> {
        let (database, table) = (fold(database), fold(table));
        caller.may(
            "glue:BatchCreatePartition",
            &self.table_arn(caller, &database, &table),
        )?;
        blocking(&self.store, move |store| {
            store.create_partitions(&database, &table, &partitions, on_existing)
        })
        .await
    }

    /// The partition with these values.
    pub async fn get_partition(
        &self,
        caller: &Caller,
        database: &str,
        table: &str,
        values: Vec<String>,
    ) -> Result<Partition> {
        let (database, table) = (fold(database), fold(table));
        caller.may(
            "glue:GetPartition",
            &self.table_arn(caller, &database, &table),
        )?;
        blocking(&self.store, move |store| {
            store.get_partition(&database, &table, &values)
        })
        .await
    }

    /// At most `max` partitions after the one with the values `after`, in the order of their values.
    pub async fn list_partitions(
        &self,
        caller: &Caller,
        database: &str,
        table: &str,
        after: Option<Vec<String>>,
        max: usize,
    ) -> Result<Vec<Partition>> {
        let (database, table) = (fold(database), fold(table));
        caller.may(
            "glue:GetPartitions",
            &self.table_arn(caller, &database, &table),
        )?;
        blocking(&self.store, move |store| {
            store.list_partitions(&database, &table, after.as_deref(), max)
        })
        .await
    }

    /// Removes partitions; says how many there were. Their data stays.
    pub async fn delete_partitions(
        &self,
        caller: &Caller,
        database: &str,
        table: &str,
        values: Vec<Vec<String>>,
    ) -> Result<usize> {
        let (database, table) = (fold(database), fold(table));
        caller.may(
            "glue:BatchDeletePartition",
            &self.table_arn(caller, &database, &table),
        )?;
        blocking(&self.store, move |store| {
            store.delete_partitions(&database, &table, &values)
        })
        .await
    }
}
