//! The catalog's view of what a target wrote: the table, and its partitions.

use std::collections::BTreeSet;

use jiff::Timestamp;
use stave_core::catalog::{Column, Parameters, Partition, StorageDescriptor, Table};

use super::run::WrittenOutput;
use super::{JobOutput, TableUpdate};
use crate::storage::StoredAs;
use crate::types;
use crate::write::OutputFormat;

impl JobOutput {
    /// The table that the target keeps up to date, as it is after the run.
    pub fn table(&self, update: &TableUpdate, at: Timestamp) -> Table {
        let (keys, columns): (Vec<Column>, Vec<Column>) = self
            .schema
            .fields()
            .iter()
            .map(|field| {
                let name = field.name().to_lowercase();
                Column::new(name, types::name_of(field.data_type()))
            })
            .partition(|column| {
                let keys = &self.destination.partition_by;
                keys.iter().any(|key| key.to_lowercase() == column.name)
            });
        let classification = match self.destination.format {
            OutputFormat::Parquet(_) => "parquet",
            OutputFormat::Csv { .. } => "csv",
            OutputFormat::Json { .. } => "json",
        };
        let mut parameters = Parameters::new();
        parameters.insert("classification".to_owned(), classification.to_owned());
        if let OutputFormat::Csv { .. } = self.destination.format {
            parameters.insert("skip.header.line.count".to_owned(), "1".to_owned());
        }
        Table {
            database: update.database.clone(),
            name: update.table.clone(),
            description: None,
            owner: None,
            table_type: "EXTERNAL_TABLE".to_owned(),
            storage: self.storage(columns, &self.destination.folder.folder()),
            partition_keys: keys,
            parameters,
            created_at: at,
            updated_at: at,
            version: 0,
        }
    }

    fn storage(&self, columns: Vec<Column>, folder: &str) -> StorageDescriptor {
        let stored = match &self.destination.format {
            OutputFormat::Parquet(_) => StoredAs::Parquet,
            OutputFormat::Json { .. } => StoredAs::Json,
            OutputFormat::Csv { delimiter, .. } => StoredAs::QuotedText(*delimiter),
        };
        let location = format!("s3://{}/{folder}", self.destination.folder.bucket);
        stored.descriptor(columns, location)
    }

    /// The partitions that the files of a run lie in.
    pub fn partitions(&self, written: &WrittenOutput, at: Timestamp) -> Vec<Partition> {
        if self.destination.partition_by.is_empty() {
            return Vec::new();
        }
        let folders: BTreeSet<&str> = written
            .files
            .iter()
            .filter_map(|file| file.key.rsplit_once('/').map(|(folder, _)| folder))
            .collect();
        let columns: Vec<Column> = self
            .schema
            .fields()
            .iter()
            .filter(|field| !self.destination.partition_by.contains(field.name()))
            .map(|field| {
                Column::new(
                    field.name().to_lowercase(),
                    types::name_of(field.data_type()),
                )
            })
            .collect();
        let root = self.destination.folder.folder();
        folders
            .into_iter()
            .map(|folder| Partition {
                values: folder.split('/').map(value_of).collect(),
                storage: self.storage(columns.clone(), &format!("{root}{folder}/")),
                parameters: Parameters::new(),
                created_at: at,
            })
            .collect()
    }
}

/// The value of a folder `name=value`, as Hive unescapes it.
fn value_of(folder: &str) -> String {
    let value = folder.split_once('=').map_or(folder, |(_, value)| value);
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| byte == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        if let Some(escaped) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(escaped);
            rest = &behind[2..];
        } else {
            bytes.push(byte);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_their_values_back() {
        for (folder, value) in [
            ("genre=rock", "rock"),
            ("genre=a%2Fb%25", "a/b%"),
            ("x=%zz", "%zz"),
            ("x=", ""),
        ] {
            assert_eq!(value_of(folder), value);
        }
    }
}
