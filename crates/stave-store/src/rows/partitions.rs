//! Partitions of a table, known by their values.

use rusqlite::{Connection, OptionalExtension, params};
use stave_core::catalog::{Partition, Table};
use stave_core::{Error, Result};

use super::{from_json, limit, tables, to_json};
use crate::faults::SqlContext;
use crate::store::Store;

/// What to do with a partition whose values are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExisting {
    /// Adds none of them.
    Refuse,
    /// Leaves that one as it is.
    Keep,
    /// Puts the new one in its place.
    Replace,
}

impl Store {
    /// Adds partitions, all or none; says how many were written. Their
    /// `created_at` is set to now.
    pub fn create_partitions(
        &self,
        database: &str,
        table: &str,
        partitions: &[Partition],
        on_existing: OnExisting,
    ) -> Result<usize> {
        let now = self.now();
        let verb = match on_existing {
            OnExisting::Replace => "INSERT OR REPLACE",
            OnExisting::Refuse | OnExisting::Keep => "INSERT OR IGNORE",
        };
        self.database().write(|tx| {
            let table = tables::get(tx, database, table)?;
            let mut statement = tx
                .prepare_cached(&format!("{verb} INTO partitions VALUES (?1, ?2, ?3, ?4)"))
                .sql()?;
            let mut written = 0;
            for partition in partitions {
                check_values(&table, &partition.values)?;
                let partition = Partition {
                    created_at: now,
                    ..partition.clone()
                };
                let key = sort_key(&partition.values);
                let definition = to_json("partition", &partition)?;
                let rows = statement
                    .execute(params![database, table.name, key, definition])
                    .sql()?;
                if rows == 0 && on_existing == OnExisting::Refuse {
                    return Err(Error::already_exists(format!(
                        "partition {:?} of table \"{database}.{}\" exists already",
                        partition.values, table.name
                    )));
                }
                written += rows;
            }
            Ok(written)
        })
    }

    /// The partition with these values.
    pub fn get_partition(
        &self,
        database: &str,
        table: &str,
        values: &[String],
    ) -> Result<Partition> {
        self.database().read(|tx| {
            let table = tables::get(tx, database, table)?;
            check_values(&table, values)?;
            find(tx, &table, values)?.ok_or_else(|| absent(&table, values))
        })
    }

    /// Those of the partitions with these values that exist, in the order asked for.
    pub fn get_partitions(
        &self,
        database: &str,
        table: &str,
        values: &[Vec<String>],
    ) -> Result<Vec<Partition>> {
        self.database().read(|tx| {
            let table = tables::get(tx, database, table)?;
            let found = values.iter().map(|values| find(tx, &table, values));
            found.filter_map(Result::transpose).collect()
        })
    }

    /// Partitions after the one with the values `after`, in the order of their values.
    pub fn list_partitions(
        &self,
        database: &str,
        table: &str,
        after: Option<&[String]>,
        max: usize,
    ) -> Result<Vec<Partition>> {
        self.database().read(|tx| {
            let table = tables::get(tx, database, table)?;
            let mut statement = tx
                .prepare_cached(
                    "SELECT definition FROM partitions WHERE database = ?1 AND name = ?2
                     AND partition_values > ?3 ORDER BY partition_values LIMIT ?4",
                )
                .sql()?;
            let after = after.map(sort_key).unwrap_or_default();
            let mut rows = statement
                .query(params![database, table.name, after, limit(max)])
                .sql()?;
            let mut partitions = Vec::new();
            while let Some(row) = rows.next().sql()? {
                partitions.push(from_json("partition", &row.get::<_, String>(0).sql()?)?);
            }
            Ok(partitions)
        })
    }

    /// Removes partitions; says how many there were. Their data stays.
    pub fn delete_partitions(
        &self,
        database: &str,
        table: &str,
        values: &[Vec<String>],
    ) -> Result<usize> {
        self.database().write(|tx| {
            let table = tables::get(tx, database, table)?;
            let mut statement = tx
                .prepare_cached(
                    "DELETE FROM partitions WHERE database = ?1 AND name = ?2 AND partition_values = ?3",
                )
                .sql()?;
            let mut deleted = 0;
            for values in values {
                deleted += statement.execute(params![database, table.name, sort_key(values)]).sql()?;
            }
            Ok(deleted)
        })
    }
}

fn find(tx: &Connection, table: &Table, values: &[String]) -> Result<Option<Partition>> {
    let definition: Option<String> = tx
        .prepare_cached(
            "SELECT definition FROM partitions
             WHERE database = ?1 AND name = ?2 AND partition_values = ?3",
        )
        .sql()?
        .query_row(
            params![table.database, table.name, sort_key(values)],
            |row| row.get(0),
        )
        .optional()
        .sql()?;
    definition
        .map(|definition| from_json("partition", &definition))
        .transpose()
}

fn absent(table: &Table, values: &[String]) -> Error {
    Error::not_found(format!(
        "table \"{}.{}\" has no partition {values:?}",
        table.database, table.name
    ))
}

fn check_values(table: &Table, values: &[String]) -> Result<()> {
    if values.len() != table.partition_keys.len() {
        return Err(Error::invalid(format!(
            "partition {values:?} has {} value(s); table \"{}.{}\" has {} partition key(s)",
            values.len(),
            table.database,
            table.name,
            table.partition_keys.len()
        )));
    }
    Ok(())
}

/// Bytes that sort as the values do, one after the other: each value is ended
/// by two zero bytes, and a zero byte within one is followed by 255.
fn sort_key(values: &[impl AsRef<str>]) -> Vec<u8> {
    let mut key = Vec::new();
    for value in values {
        for byte in value.as_ref().bytes() {
            key.push(byte);
            if byte == 0 {
                key.push(255);
            }
        }
        key.extend([0, 0]);
    }
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_sort_as_values_do(
            a in prop::collection::vec("[\0-\u{2}ab]{0,3}", 2),
            b in prop::collection::vec("[\0-\u{2}ab]{0,3}", 2),
        ) {
            prop_assert_eq!(sort_key(&a).cmp(&sort_key(&b)), a.cmp(&b));
        }
    }
}
