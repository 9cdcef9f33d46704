//! A file that rows are written to, whatever its form.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use stave_core::{Error, ErrorKind, Result};

use super::parquet::parquet;
use super::text::{CsvSink, JsonSink};
use super::{OutputFormat, WrittenFile};
use crate::fault;

/// The encoder of one form.
pub(super) trait Encoder: Send {
    /// Encodes rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;
    /// Writes what is left; the file is whole afterwards.
    fn finish(self: Box<Self>) -> Result<File>;
}

/// An open file.
pub(super) struct Sink {
    encoder: Box<dyn Encoder>,
    path: PathBuf,
    key: String,
    rows: u64,
}

impl Sink {
    /// Creates `key` below `directory`.
    pub(super) fn create(
        directory: &Path,
        key: String,
        format: &OutputFormat,
        schema: &SchemaRef,
    ) -> Result<Self> {
        let path = directory.join(&key);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| at(&path, error))?;
        }
        let file = File::create_new(&path).map_err(|error| at(&path, error))?;
        let encoder: Box<dyn Encoder> = match format {
            OutputFormat::Parquet(compression) => parquet(file, schema, *compression)?,
            OutputFormat::Csv {
                delimiter,
                compression,
            } => Box::new(CsvSink::new(file, *delimiter, *compression)?),
            OutputFormat::Json { compression } => Box::new(JsonSink::new(file, *compression)?),
        };
        Ok(Self {
            encoder,
            path,
            key,
            rows: 0,
        })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.encoder
            .write(batch)
            .map_err(|error| error.within(&self.key))
    }

    pub(super) fn finish(self) -> Result<WrittenFile> {
        let file = self
            .encoder
            .finish()
            .map_err(|error| error.within(&self.key))?;
        let bytes = file
            .metadata()
            .map_err(|error| at(&self.path, error))?
            .len();
        Ok(WrittenFile {
            path: self.path,
            key: self.key,
            rows: self.rows,
            bytes,
        })
    }
}

fn at(path: &Path, error: std::io::Error) -> Error {
    fault::io(error).within(path.display())
}

/// An error of an encoder; a full disk stays recognisable.
pub(super) fn encoding(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let text = error.to_string();
    let full = text.contains("No space left") || text.contains("os error 28");
    let kind = if full {
        ErrorKind::LimitExceeded
    } else {
        ErrorKind::Internal
    };
    Error::new(kind, format!("the file cannot be written: {text}")).caused_by(error)
}
