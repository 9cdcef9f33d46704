//! Parquet.

use std::fs::File;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{
    DEFAULT_MAX_ROW_GROUP_ROW_COUNT, EnabledStatistics, WriterProperties, WriterPropertiesBuilder,
};
use parquet::schema::types::ColumnPath;
use stave_core::Result;

use super::ParquetCompression;
use super::encodings::{Choice, choose};
use super::sink::{Encoder, encoding};

/// How many rows are looked at before the encodings are chosen.
const SAMPLE_ROWS: usize = 20_000;
/// The most rows of a row group; what is encoded of one waits in memory.
const ROW_GROUP_ROWS: usize = DEFAULT_MAX_ROW_GROUP_ROW_COUNT / 2;

/// Writes Parquet.
pub(super) struct ParquetSink {
    state: State,
    schema: SchemaRef,
    compression: ParquetCompression,
}

enum State {
    /// The first rows wait until there are enough to choose by.
    Sampling(File, Vec<RecordBatch>, usize),
    Writing(Box<ArrowWriter<File>>),
    /// Only while one state becomes the other.
    Moving,
}

impl ParquetSink {
    pub(super) fn new(
        file: File,
        schema: &SchemaRef,
        compression: ParquetCompression,
    ) -> Result<Self> {
        Ok(Self {
            state: State::Sampling(file, Vec::new(), 0),
            schema: Arc::clone(schema),
            compression,
        })
    }

    fn begin(&mut self) -> Result<()> {
        let state = std::mem::replace(&mut self.state, State::Moving);
        self.state = match state {
            State::Sampling(file, waiting, _) => {
                let sample = concat_batches(&self.schema, &waiting).map_err(encoding)?;
                let properties = properties(&sample, self.compression)?;
                let schema = Arc::clone(&self.schema);
                let mut writer =
                    ArrowWriter::try_new(file, schema, Some(properties)).map_err(encoding)?;
                for batch in waiting {
                    writer.write(&batch).map_err(encoding)?;
                }
                State::Writing(Box::new(writer))
            }
            other => other,
        };
        Ok(())
    }
}

fn properties(sample: &RecordBatch, compression: ParquetCompression) -> Result<WriterProperties> {
    let codec = match compression {
        ParquetCompression::Snappy => Codec::SNAPPY,
        ParquetCompression::Gzip => Codec::GZIP(GzipLevel::default()),
        ParquetCompression::Zstd => Codec::ZSTD(ZstdLevel::try_new(3).map_err(encoding)?),
        ParquetCompression::Lz4 => Codec::LZ4_RAW,
        ParquetCompression::None => Codec::UNCOMPRESSED,
    };
    let builder = WriterProperties::builder()
        .set_compression(codec)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by(concat!("stave version ", env!("CARGO_PKG_VERSION")).to_owned());
    let columns = 0..sample.num_columns();
    Ok(columns.fold(builder, |builder, index| encode(builder, sample, index)).build())
}

fn encode(
    builder: WriterPropertiesBuilder,
    sample: &RecordBatch,
    index: usize,
) -> WriterPropertiesBuilder {
    let path = ColumnPath::new(vec![sample.schema().field(index).name().clone()]);
    match choose(sample, index) {
        Choice::Dictionary => builder,
        Choice::Plain => builder.set_column_dictionary_enabled(path, false),
        Choice::Lengths => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_LENGTH_BYTE_ARRAY),
    }
}

impl Encoder for ParquetSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match &mut self.state {
            State::Writing(writer) => writer.write(batch).map_err(encoding),
            State::Sampling(_, waiting, rows) => {
                waiting.push(batch.clone());
                *rows += batch.num_rows();
                if *rows >= SAMPLE_ROWS { self.begin() } else { Ok(()) }
            }
            State::Moving => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<File> {
        self.begin()?;
        match self.state {
            State::Writing(writer) => writer.into_inner().map_err(encoding),
            State::Sampling(file, ..) => Ok(file),
            State::Moving => Err(stave_core::Error::internal("the Parquet file was not begun")),
        }
    }
}
