//! How the catalog describes the files of a table: Hadoop's formats and Hive's SerDes
//! for what the engine writes and what a crawl finds.

use stave_core::catalog::{
    Column, LAZY_SIMPLE_SERDE, OPEN_CSV_SERDE, OPENX_JSON_SERDE, PARQUET_INPUT, PARQUET_OUTPUT,
    PARQUET_SERDE, SerdeInfo, StorageDescriptor, TEXT_INPUT, TEXT_OUTPUT,
};

/// The form of a table's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoredAs {
    /// Parquet.
    Parquet,
    /// JSON.
    Json,
    /// Text that may stand in quotes, with this byte between fields.
    QuotedText(u8),
    /// Text that every such byte splits.
    DelimitedText(u8),
}

impl StoredAs {
    /// The descriptor of files of `columns` at `location`.
    pub(crate) fn descriptor(self, columns: Vec<Column>, location: String) -> StorageDescriptor {
        let (input, output) = match self {
            Self::Parquet => (PARQUET_INPUT, PARQUET_OUTPUT),
            Self::Json | Self::QuotedText(_) | Self::DelimitedText(_) => (TEXT_INPUT, TEXT_OUTPUT),
        };
        StorageDescriptor {
            columns,
            location,
            input_format: input.to_owned(),
            output_format: output.to_owned(),
            serde: self.serde(),
            ..StorageDescriptor::default()
        }
    }

    fn serde(self) -> SerdeInfo {
        let text = |byte: u8| char::from(byte).to_string();
        let (library, parameters) = match self {
            Self::Parquet => (PARQUET_SERDE, Vec::new()),
            Self::Json => (OPENX_JSON_SERDE, Vec::new()),
            Self::QuotedText(delimiter) => (
                OPEN_CSV_SERDE,
                vec![
                    ("separatorChar", text(delimiter)),
                    ("quoteChar", text(b'"')),
                ],
            ),
            Self::DelimitedText(delimiter) => {
                (LAZY_SIMPLE_SERDE, vec![("field.delim", text(delimiter))])
            }
        };
        SerdeInfo {
            library: library.to_owned(),
            parameters: parameters
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }
}
