//! The Data Catalog's nouns, as Glue has them.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Names and values that a table, partition or SerDe carries.
pub type Parameters = BTreeMap<String, String>;

/// The SerDe of delimited text without quotes.
pub const LAZY_SIMPLE_SERDE: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
/// The SerDe of CSV with quotes.
pub const OPEN_CSV_SERDE: &str = "org.apache.hadoop.hive.serde2.OpenCSVSerde";
/// The SerDe of JSON that crawlers write.
pub const OPENX_JSON_SERDE: &str = "org.openx.data.jsonserde.JsonSerDe";
/// Hive's own SerDe of JSON.
pub const HIVE_JSON_SERDE: &str = "org.apache.hive.hcatalog.data.JsonSerDe";
/// The SerDe of Parquet.
pub const PARQUET_SERDE: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

/// The input format of text.
pub const TEXT_INPUT: &str = "org.apache.hadoop.mapred.TextInputFormat";
/// The output format of text.
pub const TEXT_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
/// The input format of Parquet.
pub const PARQUET_INPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
/// The output format of Parquet.
pub const PARQUET_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";

/// The longest name of a database or table.
const MAX_NAME_BYTES: usize = 255;

/// A database: a name that tables stand under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// The name, lower case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where tables without a location of their own go.
    pub location: Option<String>,
    /// Free parameters.
    pub parameters: Parameters,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A column of a table, or a partition key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name, lower case.
    pub name: String,
    /// A type in Hive's writing; see [`crate::hive::HiveType`].
    pub type_name: String,
    /// What it holds.
    pub comment: Option<String>,
}

impl Column {
    /// A column without a comment.
    pub fn new(name: impl Into<String>, type_name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            type_name: type_name.into(),
            comment: None,
        }
    }
}

/// How rows become bytes: a SerDe and its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SerdeInfo {
    /// The class name of the SerDe.
    pub library: String,
    /// `field.delim`, `separatorChar`, `paths`, …
    pub parameters: Parameters,
}

/// Where a table's or partition's data is, and in which form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageDescriptor {
    /// The columns that the data holds (partition keys are not among them).
    pub columns: Vec<Column>,
    /// An `s3://` folder.
    pub location: String,
    /// Hadoop's input format class.
    pub input_format: String,
    /// Hadoop's output format class.
    pub output_format: String,
    /// Whether the files are compressed as a whole.
    pub compressed: bool,
    /// How rows become bytes.
    pub serde: SerdeInfo,
    /// Free parameters.
    pub parameters: Parameters,
}

/// A table of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The database it stands in.
    pub database: String,
    /// The name, lower case.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Who owns it.
    pub owner: Option<String>,
    /// `EXTERNAL_TABLE` or `VIRTUAL_VIEW`.
    pub table_type: String,
    /// Where the data is.
    pub storage: StorageDescriptor,
    /// The columns that folders stand for.
    pub partition_keys: Vec<Column>,
    /// `classification`, `recordCount`, …
    pub parameters: Parameters,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the table's versions from 0, as Glue's `VersionId` does.
    pub version: u64,
}

impl Table {
    /// The value of a table parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// `csv`, `json`, `parquet`: what a crawler or its maker says the files are.
    pub fn classification(&self) -> Option<&str> {
        self.parameter("classification")
    }

    /// All columns as a query sees them: those of the data, then the partition keys.
    pub fn all_columns(&self) -> impl Iterator<Item = &Column> {
        self.storage.columns.iter().chain(&self.partition_keys)
    }
}

/// A part of a table in a folder of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// One value for each partition key, in their order.
    pub values: Vec<String>,
    /// Where this part is, and in which form.
    pub storage: StorageDescriptor,
    /// Free parameters.
    pub parameters: Parameters,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// Checks the name of a database or table: lower case, 1 to 255 bytes, without control characters.
pub fn check_name(what: &str, name: &str) -> Result<()> {
    let fault = if name.is_empty() {
        "is empty"
    } else if name.len() > MAX_NAME_BYTES {
        "is longer than 255 bytes"
    } else if name.chars().any(char::is_control) {
        "holds a control character"
    } else if name.chars().any(char::is_uppercase) {
        "has upper-case letters; the catalog keeps names in lower case"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("{what} name \"{name}\" {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_bounded() {
        for good in ["spotify", "top_50", "a-b", "år"] {
            assert!(check_name("database", good).is_ok(), "{good}");
        }
        for bad in ["", "Spotify", "a\nb", &"x".repeat(256)] {
            assert!(check_name("database", bad).is_err(), "{bad}");
        }
    }
}
