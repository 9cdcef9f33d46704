//! A crawler's `Configuration`: JSON in a string
//! (<https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html>).

use serde::Deserialize;
use stave_core::{Error, Result};
use stave_engine::crawl::Grouping;

/// The longest text of a configuration, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// What the text says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Configuration {
    version: Option<f64>,
    crawler_output: CrawlerOutput,
    grouping: GroupingSettings,
    /// Partitions are always found by an index here.
    #[serde(rename = "CreatePartitionIndex")]
    _create_partition_index: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct CrawlerOutput {
    partitions: PartitionOutput,
    tables: TableOutput,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct PartitionOutput {
    add_or_update_behavior: Option<PartitionBehavior>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct TableOutput {
    add_or_update_behavior: Option<TableBehavior>,
    table_threshold: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
enum PartitionBehavior {
    InheritFromTable,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
enum TableBehavior {
    MergeNewColumns,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
enum GroupingPolicy {
    CombineCompatibleSchemas,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct GroupingSettings {
    table_grouping_policy: Option<GroupingPolicy>,
    table_level_configuration: Option<usize>,
}

impl Configuration {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = |fault: String| Error::invalid(format!("Configuration: {fault}"));
        if text.len() > MAX_BYTES {
            return Err(wrong(format!("longer than {MAX_BYTES} bytes")));
        }
        let found: Self = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        match found.version {
            Some(version) if (version - 1.0).abs() > f64::EPSILON => {
                Err(wrong(format!("version {version} is not 1.0")))
            }
            _ if found.grouping.table_level_configuration == Some(0) => {
                Err(wrong("TableLevelConfiguration counts from 1".to_owned()))
            }
            _ => Ok(found),
        }
    }

    pub(super) fn merge_new_columns(&self) -> bool {
        self.crawler_output.tables.add_or_update_behavior.is_some()
    }

    pub(super) fn inherit_from_table(&self) -> bool {
        let partitions = &self.crawler_output.partitions;
        partitions.add_or_update_behavior.is_some()
    }

    /// The most tables that a crawl may find.
    pub(super) fn table_threshold(&self) -> Option<usize> {
        self.crawler_output.tables.table_threshold
    }

    pub(super) fn grouping(&self, prefix: &str) -> Grouping {
        Grouping {
            prefix: prefix.to_owned(),
            combine: self.grouping.table_grouping_policy.is_some(),
            table_level: self.grouping.table_level_configuration,
        }
    }
}
