//! Parquet: flat tables by our own column encoders, others by the general writer.

use std::fs::File;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression as Codec, GzipLevel, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use stave_core::{Error, Result};

use super::ParquetCompression;
use super::columns::{ColumnEncoder, can_encode};
use super::encodings::{Choice, choose};
use super::sink::{Encoder, encoding};

/// How many rows are looked at before the encodings are chosen.
const SAMPLE_ROWS: usize = 20_000;
/// The most rows of a row group; what is encoded of one waits in memory.
const ROW_GROUP_ROWS: usize = 256 * 1024;

/// The encoder of a Parquet file with columns of `schema`.
pub(super) fn parquet(
    file: File,
    schema: &SchemaRef,
    compression: ParquetCompression,
) -> Result<Box<dyn Encoder>> {
    let ours = matches!(
        compression,
        ParquetCompression::Snappy | ParquetCompression::None
    );
    if ours && schema.fields().iter().all(|field| can_encode(field)) {
        return Ok(Box::new(FlatParquet::new(file, schema, compression)?));
    }
    let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties(compression)?));
    Ok(Box::new(AnyParquet(writer.map_err(encoding)?)))
}

fn properties(compression: ParquetCompression) -> Result<WriterProperties> {
    let codec = match compression {
        ParquetCompression::Snappy => Codec::SNAPPY,
        ParquetCompression::Gzip => Codec::GZIP(GzipLevel::default()),
        ParquetCompression::Zstd => Codec::ZSTD(ZstdLevel::try_new(3).map_err(encoding)?),
        ParquetCompression::Lz4 => Codec::LZ4_RAW,
        ParquetCompression::None => Codec::UNCOMPRESSED,
    };
    Ok(WriterProperties::builder()
        .set_compression(codec)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by(concat!("stave version ", env!("CARGO_PKG_VERSION")).to_owned())
        .build())
}

/// The general writer.
struct AnyParquet(ArrowWriter<File>);

impl Encoder for AnyParquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.0.write(batch).map_err(encoding)
    }

    fn finish(self: Box<Self>) -> Result<File> {
        self.0.into_inner().map_err(encoding)
    }
}

/// A flat table by our own encoders.
struct FlatParquet {
    writer: SerializedFileWriter<File>,
    schema: SchemaRef,
    snappy: bool,
    /// The first rows wait until there are enough to choose by.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    choices: Option<Vec<Choice>>,
    /// The encoders of the row group at hand.
    group: Vec<ColumnEncoder>,
    group_rows: usize,
}

impl FlatParquet {
    fn new(file: File, schema: &SchemaRef, compression: ParquetCompression) -> Result<Self> {
        let converted = ArrowSchemaConverter::new()
            .convert(schema)
            .map_err(encoding)?;
        let properties = Arc::new(properties(compression)?);
        let root = converted.root_schema_ptr();
        Ok(Self {
            writer: SerializedFileWriter::new(file, root, properties).map_err(encoding)?,
            schema: Arc::clone(schema),
            snappy: compression == ParquetCompression::Snappy,
            waiting: Vec::new(),
            waiting_rows: 0,
            choices: None,
            group: Vec::new(),
            group_rows: 0,
        })
    }

    /// Chooses the encodings by the rows that waited, and writes those.
    fn begin(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let sample = concat_batches(&self.schema, &waiting).map_err(encoding)?;
        let columns = 0..self.schema.fields().len();
        self.choices = Some(columns.map(|index| choose(&sample, index)).collect());
        waiting.iter().try_for_each(|batch| self.encode(batch))
    }

    fn encode(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut at = 0;
        while at < batch.num_rows() {
            if self.group.is_empty() {
                self.group = self.encoders();
            }
            let count = (batch.num_rows() - at).min(ROW_GROUP_ROWS - self.group_rows);
            for (encoder, column) in self.group.iter_mut().zip(batch.columns()) {
                encoder.write(&column.slice(at, count))?;
            }
            self.group_rows += count;
            at += count;
            if self.group_rows == ROW_GROUP_ROWS {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn encoders(&self) -> Vec<ColumnEncoder> {
        let choices = self.choices.iter().flatten();
        let fields = self.schema.fields().iter();
        fields
            .zip(choices)
            .map(|(field, choice)| ColumnEncoder::new(field, *choice, self.snappy))
            .collect()
    }

    fn end_group(&mut self) -> Result<()> {
        let columns = self.writer.schema_descr().columns().to_vec();
        let mut group = self.writer.next_row_group().map_err(encoding)?;
        for (encoder, column) in std::mem::take(&mut self.group).into_iter().zip(&columns) {
            let (bytes, close) = encoder.finish(column)?;
            group.append_column(&bytes, close).map_err(encoding)?;
        }
        group.close().map_err(encoding)?;
        self.group_rows = 0;
        Ok(())
    }
}

impl Encoder for FlatParquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if self.choices.is_some() {
            return self.encode(batch);
        }
        self.waiting_rows += batch.num_rows();
        self.waiting.push(batch.clone());
        if self.waiting_rows >= SAMPLE_ROWS {
            self.begin()
        } else {
            Ok(())
        }
    }

    fn finish(mut self: Box<Self>) -> Result<File> {
        if self.choices.is_none() {
            self.begin()?;
        }
        if self.group_rows > 0 {
            self.end_group()?;
        }
        self.writer.into_inner().map_err(|error| {
            Error::internal("the Parquet footer cannot be written").caused_by(error)
        })
    }
}
