//! Keeps the catalog's tables up to date with what targets wrote.

use jiff::Timestamp;
use stave_core::catalog::Database;
use stave_core::job::UpdateBehavior;
use stave_core::{Caller, ErrorKind, Result};
use stave_engine::job::{JobOutput, TableUpdate, WrittenOutput};
use stave_store::OnExisting;

use crate::catalog::Catalog;

/// How often a change is tried again when somebody else changed the table meanwhile.
const TRIES: usize = 5;

/// Makes or updates the table of an output, and its partitions.
pub(super) async fn update(
    catalog: &Catalog,
    caller: &Caller,
    output: &JobOutput,
    written: &WrittenOutput,
    at: Timestamp,
) -> Result<()> {
    let Some(update) = &output.destination.table else {
        return Ok(());
    };
    let mut tries = 0;
    loop {
        tries += 1;
        match put(catalog, caller, output, update, at).await {
            Err(error) if error.kind() == ErrorKind::Conflict && tries < TRIES => {}
            other => break other?,
        }
    }
    let partitions = output.partitions(written, at);
    if !partitions.is_empty() {
        catalog
            .create_partitions(
                caller,
                &update.database,
                &update.table,
                partitions,
                OnExisting::Replace,
            )
            .await?;
    }
    Ok(())
}

async fn put(
    catalog: &Catalog,
    caller: &Caller,
    output: &JobOutput,
    update: &TableUpdate,
    at: Timestamp,
) -> Result<()> {
    let table = output.table(update, at);
    let old = match catalog
        .get_table(caller, &update.database, &update.table)
        .await
    {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make_database(catalog, caller, &update.database, at).await?;
            catalog.create_table(caller, table).await?;
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let same = old.storage.columns == table.storage.columns
        && old.storage.location == table.storage.location
        && old.partition_keys == table.partition_keys;
    if same || update.behavior == UpdateBehavior::Log {
        return Ok(());
    }
    let version = old.version;
    let mut next = old;
    next.storage = table.storage;
    next.partition_keys = table.partition_keys;
    next.parameters.extend(table.parameters);
    catalog.update_table(caller, next, version).await?;
    Ok(())
}

async fn make_database(
    catalog: &Catalog,
    caller: &Caller,
    name: &str,
    at: Timestamp,
) -> Result<()> {
    let database = Database {
        name: name.to_owned(),
        description: None,
        location: None,
        parameters: stave_core::catalog::Parameters::new(),
        created_at: at,
    };
    match catalog.create_database(caller, database).await {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map(|_| ()),
    }
}
