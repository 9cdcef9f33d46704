//! Writes results to files: CSV as Athena writes it, JSON lines, Parquet.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use futures::future::BoxFuture;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use stave_core::{Error, Result};

use super::result::QueryResult;
use crate::fault;

/// How much text is gathered before it is handed to the writer.
const BUFFER_BYTES: usize = 1 << 16;

impl QueryResult {
    /// Writes a header and the rows left as CSV, every value in quotes and NULL as
    /// nothing, the way of Athena's result files; gives the number of rows.
    pub fn write_csv<'a>(
        &'a mut self,
        out: &'a mut (dyn Write + Send),
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let mut text = String::new();
            for (at, column) in self.columns().iter().enumerate() {
                quoted(&mut text, at, Some(&column.name));
            }
            text.push('\n');
            let mut count = 0;
            while let Some(rows) = self.next().await? {
                for row in 0..rows.len() {
                    for (at, cell) in rows.row(row).enumerate() {
                        quoted(&mut text, at, cell.as_deref());
                    }
                    text.push('\n');
                    if text.len() >= BUFFER_BYTES {
                        drain(&mut text, out)?;
                    }
                }
                count += rows.len() as u64;
            }
            drain(&mut text, out)?;
            out.flush().map_err(fault::io)?;
            Ok(count)
        })
    }

    /// Writes the rows left as one JSON object a line, numbers as numbers and NULL as
    /// null; gives the number of rows.
    pub fn write_json<'a>(
        &'a mut self,
        out: &'a mut (dyn Write + Send),
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let mut count = 0;
            while let Some(batch) = self.next_renamed().await? {
                let mut lines = Vec::new();
                let mut writer = WriterBuilder::new()
                    .with_explicit_nulls(true)
                    .build::<_, LineDelimited>(&mut lines);
                writer.write(&batch).map_err(|error| encoding(&error))?;
                writer.finish().map_err(|error| encoding(&error))?;
                out.write_all(&lines).map_err(fault::io)?;
                count += batch.num_rows() as u64;
            }
            out.flush().map_err(fault::io)?;
            Ok(count)
        })
    }

    /// Writes the rows left into a Parquet file with Snappy, which appears at `path`
    /// when it is whole; gives the number of rows.
    pub fn write_parquet<'a>(&'a mut self, path: &'a Path) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let names = self.columns();
            if let Some(twice) = (1..names.len()).find(|&at| {
                names[..at]
                    .iter()
                    .any(|column| column.name == names[at].name)
            }) {
                let name = &names[twice].name;
                return Err(Error::invalid(format!(
                    "two columns of the result are called \"{name}\""
                ))
                .hint("a Parquet file names every column once; rename one with AS"));
            }
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let aside = tempfile::Builder::new()
                .prefix(".result-")
                // Who may read it is for the umask to say.
                .permissions(std::fs::Permissions::from_mode(0o666))
                .tempfile_in(folder.unwrap_or(Path::new(".")))
                .map_err(|error| at(path, error))?;
            let file = aside
                .as_file()
                .try_clone()
                .map_err(|error| at(path, error))?;
            let count = self.encode_parquet(file).await?;
            aside
                .as_file()
                .sync_all()
                .map_err(|error| at(path, error))?;
            aside.persist(path).map_err(|error| at(path, error.error))?;
            Ok(count)
        })
    }

    async fn encode_parquet(&mut self, file: File) -> Result<u64> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let schema = Arc::clone(self.schema());
        let mut writer = ArrowWriter::try_new(file, schema, Some(properties))
            .map_err(|error| encoding(&error))?;
        let mut count = 0;
        while let Some(batch) = self.next_renamed().await? {
            writer.write(&batch).map_err(|error| encoding(&error))?;
            count += batch.num_rows() as u64;
        }
        writer.close().map_err(|error| encoding(&error))?;
        Ok(count)
    }

    /// The next rows under the names of the result.
    async fn next_renamed(&mut self) -> Result<Option<RecordBatch>> {
        let Some(batch) = self.next_batch().await? else {
            return Ok(None);
        };
        let options =
            arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = Arc::clone(self.schema());
        RecordBatch::try_new_with_options(schema, batch.columns().to_vec(), &options)
            .map(Some)
            .map_err(|error| encoding(&error))
    }
}

fn quoted(text: &mut String, at: usize, value: Option<&str>) {
    if at > 0 {
        text.push(',');
    }
    let Some(value) = value else {
        return;
    };
    text.push('"');
    for (part, piece) in value.split('"').enumerate() {
        if part > 0 {
            text.push_str("\"\"");
        }
        text.push_str(piece);
    }
    text.push('"');
}

fn drain(text: &mut String, out: &mut (dyn Write + Send)) -> Result<()> {
    out.write_all(text.as_bytes()).map_err(fault::io)?;
    text.clear();
    Ok(())
}

fn at(path: &Path, error: std::io::Error) -> Error {
    fault::io(error).within(path.display())
}

fn encoding(error: &(impl std::error::Error + 'static)) -> Error {
    Error::invalid(format!(
        "the result cannot be written in this form: {error}"
    ))
}
