//! CSV and JSON lines.

use std::fs::File;
use std::io::{BufWriter, Write};

use arrow::array::RecordBatch;
use stave_core::Result;

use super::sink::{Encoder, encoding};
use crate::fault;
use crate::text::Compression;

const BUFFER_BYTES: usize = 1 << 18;

/// A file that compresses what is written to it.
enum Out {
    Plain(BufWriter<File>),
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
    Bzip2(bzip2::write::BzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

impl Out {
    fn new(file: File, compression: Compression) -> Result<Self> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(match compression {
            Compression::None => Self::Plain(file),
            Compression::Gzip => {
                let level = flate2::Compression::default();
                Self::Gzip(flate2::write::GzEncoder::new(file, level))
            }
            Compression::Bzip2 => {
                let level = bzip2::Compression::default();
                Self::Bzip2(bzip2::write::BzEncoder::new(file, level))
            }
            Compression::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(file, 0).map_err(fault::io)?;
                Self::Zstd(encoder)
            }
        })
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(out) => out,
            Self::Gzip(out) => out,
            Self::Bzip2(out) => out,
            Self::Zstd(out) => out,
        }
    }

    fn finish(self) -> Result<File> {
        let buffered = match self {
            Self::Plain(out) => Ok(out),
            Self::Gzip(out) => out.finish(),
            Self::Bzip2(out) => out.finish(),
            Self::Zstd(out) => out.finish(),
        };
        let buffered = buffered.map_err(fault::io)?;
        buffered
            .into_inner()
            .map_err(|error| fault::io(error.into_error()))
    }
}

/// Writes CSV with a header; NULL is an empty cell, values are quoted where needed.
pub(super) struct CsvSink {
    out: Out,
    delimiter: u8,
    begun: bool,
}

impl CsvSink {
    pub(super) fn new(file: File, delimiter: u8, compression: Compression) -> Result<Self> {
        Ok(Self {
            out: Out::new(file, compression)?,
            delimiter,
            begun: false,
        })
    }
}

impl Encoder for CsvSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut writer = arrow::csv::WriterBuilder::new()
            .with_header(!std::mem::replace(&mut self.begun, true))
            .with_delimiter(self.delimiter)
            .build(self.out.writer());
        writer.write(batch).map_err(encoding)
    }

    fn finish(self: Box<Self>) -> Result<File> {
        self.out.finish()
    }
}

/// Writes one JSON object a line, without the fields that are NULL.
pub(super) struct JsonSink {
    out: Out,
}

impl JsonSink {
    pub(super) fn new(file: File, compression: Compression) -> Result<Self> {
        Ok(Self {
            out: Out::new(file, compression)?,
        })
    }
}

impl Encoder for JsonSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut writer = arrow::json::LineDelimitedWriter::new(self.out.writer());
        writer.write(batch).map_err(encoding)?;
        writer.finish().map_err(encoding)
    }

    fn finish(self: Box<Self>) -> Result<File> {
        self.out.finish()
    }
}
