//! What a crawler is to do, in Glue's names
//! (<https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html>).

use serde::{Deserialize, Serialize};
use stave_core::catalog::check_name;
use stave_core::{Error, Result, S3Uri};
use stave_engine::crawl::{ChangePolicy, DeleteBehavior, UpdateBehavior};

use super::configuration::Configuration;

/// The most targets of one crawler.
const MAX_TARGETS: usize = 100;
/// The most exclusions of one target.
const MAX_EXCLUSIONS: usize = 100;
/// The longest exclusion in bytes, as in Glue.
const MAX_EXCLUSION_BYTES: usize = 1024;
/// The longest prefix of tables' names in bytes, as in Glue.
const MAX_PREFIX_BYTES: usize = 128;
/// The most files of a folder that may be asked to be looked into, as in Glue.
const MAX_SAMPLE_SIZE: usize = 249;

/// What a crawler is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CrawlerDefinition {
    /// Where it looks.
    pub targets: Targets,
    /// The database that its tables go to; made if it is not there.
    pub database_name: String,
    /// What its tables' names begin with.
    #[serde(default)]
    pub table_prefix: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What happens to tables that changed or vanished.
    #[serde(default)]
    pub schema_change_policy: SchemaChangePolicy,
    /// More settings, as the JSON text that Glue takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
}

/// Where a crawler looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Folders in buckets.
    #[serde(rename = "S3Targets")]
    pub s3_targets: Vec<S3Target>,
}

/// A folder in a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct S3Target {
    /// Its `s3://` address.
    pub path: String,
    /// Patterns of what is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<String>,
    /// How many files of each folder are looked into; as many as are useful when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_size: Option<usize>,
}

/// What happens to tables that changed or vanished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SchemaChangePolicy {
    /// To a table that changed.
    pub update_behavior: UpdateWord,
    /// To a table that vanished.
    pub delete_behavior: DeleteWord,
}

/// Glue's words for what happens to a table that changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UpdateWord {
    /// It is changed.
    #[default]
    UpdateInDatabase,
    /// The change is logged.
    Log,
}

/// Glue's words for what happens to a table that vanished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeleteWord {
    /// It is deleted.
    DeleteFromDatabase,
    /// It is marked.
    #[default]
    DeprecateInDatabase,
    /// It is logged.
    Log,
}

impl CrawlerDefinition {
    /// A definition with Glue's defaults.
    pub fn new(database: impl Into<String>, targets: Vec<S3Target>) -> Self {
        Self {
            targets: Targets {
                s3_targets: targets,
            },
            database_name: database.into(),
            table_prefix: String::new(),
            description: None,
            schema_change_policy: SchemaChangePolicy::default(),
            configuration: None,
        }
    }

    /// The definition as it is kept: names in lower case, everything checked.
    pub(super) fn checked(mut self) -> Result<Self> {
        self.database_name = self.database_name.to_lowercase();
        check_name("database", &self.database_name)?;
        if self.table_prefix.len() > MAX_PREFIX_BYTES {
            return Err(Error::invalid(format!(
                "TablePrefix is longer than {MAX_PREFIX_BYTES} bytes"
            )));
        }
        let count = self.targets.s3_targets.len();
        if !(1..=MAX_TARGETS).contains(&count) {
            return Err(Error::invalid(format!(
                "a crawler has 1 to {MAX_TARGETS} S3Targets, not {count}"
            )));
        }
        for target in &self.targets.s3_targets {
            target.check()?;
        }
        self.settings()?;
        Ok(self)
    }

    pub(super) fn settings(&self) -> Result<Configuration> {
        self.configuration
            .as_deref()
            .map_or_else(|| Ok(Configuration::default()), Configuration::parse)
    }

    pub(super) fn policy(&self) -> Result<ChangePolicy> {
        let settings = self.settings()?;
        Ok(ChangePolicy {
            update: match self.schema_change_policy.update_behavior {
                UpdateWord::UpdateInDatabase => UpdateBehavior::UpdateInDatabase,
                UpdateWord::Log => UpdateBehavior::Log,
            },
            delete: match self.schema_change_policy.delete_behavior {
                DeleteWord::DeleteFromDatabase => DeleteBehavior::DeleteFromDatabase,
                DeleteWord::DeprecateInDatabase => DeleteBehavior::DeprecateInDatabase,
                DeleteWord::Log => DeleteBehavior::Log,
            },
            merge_new_columns: settings.merge_new_columns(),
            inherit_from_table: settings.inherit_from_table(),
        })
    }
}

impl S3Target {
    /// The folder at `path`, with nothing left out.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    pub(super) fn uri(&self) -> Result<S3Uri> {
        self.path
            .parse()
            .map_err(|error: Error| error.within("S3Targets"))
    }

    fn check(&self) -> Result<()> {
        self.uri()?;
        if self.exclusions.len() > MAX_EXCLUSIONS
            || self
                .exclusions
                .iter()
                .any(|glob| glob.len() > MAX_EXCLUSION_BYTES)
        {
            return Err(Error::invalid(format!(
                "target {}: at most {MAX_EXCLUSIONS} Exclusions of {MAX_EXCLUSION_BYTES} bytes",
                self.path
            )));
        }
        match self.sample_size {
            Some(size) if !(1..=MAX_SAMPLE_SIZE).contains(&size) => Err(Error::invalid(format!(
                "target {}: SampleSize {size} is not 1 to {MAX_SAMPLE_SIZE}",
                self.path
            ))),
            _ => Ok(()),
        }
    }
}
