//! A table as a crawl found it, and how the catalog writes it.

use jiff::Timestamp;
use stave_core::catalog::{Column, Parameters, Partition, StorageDescriptor, Table};

use crate::classify::{Classification, CsvFacts};
use crate::storage::StoredAs;
use crate::text::Compression;

/// Which crawl found it.
#[derive(Debug, Clone)]
pub struct Crawl {
    /// The crawler's name.
    pub crawler: String,
    /// The crawl's id.
    pub run_id: String,
    /// When it ran.
    pub at: Timestamp,
}

/// How much data there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// How many objects.
    pub objects: u64,
    /// How many bytes, as stored.
    pub bytes: u64,
    /// How many bytes a record has on average.
    pub average_record_bytes: u64,
    /// How many records: what the files hold, or bytes by average where they are long.
    pub records: u64,
}

/// A table that a crawl found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTable {
    /// Its name, with the crawler's prefix.
    pub name: String,
    /// Its folder (ends in `/`) or its one file.
    pub location: String,
    /// The format of its files.
    pub classification: Classification,
    /// How they are compressed as a whole.
    pub compression: Compression,
    /// How they are written, for delimited text.
    pub csv: Option<CsvFacts>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The names of JSON members as they are written.
    pub paths: Vec<String>,
    /// The keys that its folders stand for.
    pub partition_keys: Vec<Column>,
    /// Its partitions; none when it has no keys.
    pub partitions: Vec<FoundPartition>,
    /// Objects in it that are of no known format; a crawl's log names them.
    pub strange: Vec<String>,
    /// How much data there is.
    pub statistics: Statistics,
}

/// A partition that a crawl found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPartition {
    /// One value for each key.
    pub values: Vec<String>,
    /// Its folder.
    pub location: String,
    /// Its own columns, which may be fewer than the table's.
    pub columns: Vec<Column>,
    /// The names of JSON members as they are written.
    pub paths: Vec<String>,
    /// How its files are written, for delimited text.
    pub csv: Option<CsvFacts>,
    /// How much data there is.
    pub statistics: Statistics,
}

impl FoundTable {
    /// The table as the catalog has it.
    pub fn table(&self, database: &str, crawl: &Crawl) -> Table {
        let parameters = self.parameters(self.csv, self.statistics, crawl);
        Table {
            database: database.to_owned(),
            name: self.name.clone(),
            description: None,
            owner: Some("owner".to_owned()),
            table_type: "EXTERNAL_TABLE".to_owned(),
            storage: self.storage(
                &self.location,
                &self.columns,
                &self.paths,
                self.csv,
                parameters.clone(),
            ),
            partition_keys: self.partition_keys.clone(),
            parameters,
            created_at: crawl.at,
            updated_at: crawl.at,
            version: 0,
        }
    }

    /// The partitions as the catalog has them.
    pub fn partitions(&self, crawl: &Crawl) -> Vec<Partition> {
        let partition = |found: &FoundPartition| {
            let parameters = self.parameters(found.csv, found.statistics, crawl);
            let (columns, paths) = (&found.columns, &found.paths);
            Partition {
                values: found.values.clone(),
                storage: self.storage(
                    &found.location,
                    columns,
                    paths,
                    found.csv,
                    parameters.clone(),
                ),
                parameters,
                created_at: crawl.at,
            }
        };
        self.partitions.iter().map(partition).collect()
    }

    fn storage(
        &self,
        location: &str,
        columns: &[Column],
        paths: &[String],
        csv: Option<CsvFacts>,
        parameters: Parameters,
    ) -> StorageDescriptor {
        let mut storage =
            stored_as(self.classification, csv).descriptor(columns.to_vec(), location.to_owned());
        // What Glue's crawlers write beside what the SerDes need.
        let told = match self.classification {
            Classification::Parquet => Some(("serialization.format", "1".to_owned())),
            Classification::Json => Some(("paths", paths.join(","))),
            _ => None,
        };
        let told = told.map(|(name, value)| (name.to_owned(), value));
        storage.serde.parameters.extend(told);
        storage.compressed = self.compression != Compression::None;
        storage.parameters = parameters;
        storage
    }

    fn parameters(
        &self,
        csv: Option<CsvFacts>,
        statistics: Statistics,
        crawl: &Crawl,
    ) -> Parameters {
        let mut all = vec![
            ("classification", self.classification.name().to_owned()),
            ("compressionType", self.compression.name().to_owned()),
            ("typeOfData", "file".to_owned()),
            ("sizeKey", statistics.bytes.to_string()),
            ("objectCount", statistics.objects.to_string()),
            ("recordCount", statistics.records.to_string()),
            (
                "averageRecordSize",
                statistics.average_record_bytes.to_string(),
            ),
            ("UPDATED_BY_CRAWLER", crawl.crawler.clone()),
            ("CrawlerSchemaSerializerVersion", "1.0".to_owned()),
            ("CrawlerSchemaDeserializerVersion", "1.0".to_owned()),
            ("CRAWL_RUN_ID", crawl.run_id.clone()),
        ];
        if let Some(csv) = csv {
            all.push(("delimiter", char::from(csv.delimiter).to_string()));
            all.push(("columnsOrdered", "true".to_owned()));
            all.push(("areColumnsQuoted", csv.quoted.to_string()));
            if csv.header {
                all.push(("skip.header.line.count", "1".to_owned()));
            }
        }
        all.into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn stored_as(classification: Classification, csv: Option<CsvFacts>) -> StoredAs {
    let delimiter = csv.map_or(b',', |csv| csv.delimiter);
    match (classification, csv) {
        (Classification::Parquet, _) => StoredAs::Parquet,
        (Classification::Json, _) => StoredAs::Json,
        (_, Some(CsvFacts { quoted: true, .. })) => StoredAs::QuotedText(delimiter),
        _ => StoredAs::DelimitedText(delimiter),
    }
}
