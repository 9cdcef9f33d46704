//! The pages of a column chunk: levels and values together, compressed.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use stave_core::{Error, Result};

use super::bits;
use crate::write::sink::encoding as fault;

/// The finished pages of a column chunk, and the levels of the one at hand.
pub(super) struct Chunk {
    nullable: bool,
    snappy: Option<snap::raw::Encoder>,
    /// One for each row of the page at hand, kept only once there is a NULL in it.
    levels: Vec<u32>,
    rows: usize,
    nulls: u64,
    rows_done: u64,
    uncompressed_bytes: i64,
    dictionary: Option<CompressedPage>,
    pages: Vec<CompressedPage>,
    encodings: Vec<Encoding>,
    scratch: Vec<u8>,
}

impl Chunk {
    pub(super) fn new(nullable: bool, snappy: bool) -> Self {
        Self {
            nullable,
            snappy: snappy.then(snap::raw::Encoder::new),
            levels: Vec::new(),
            rows: 0,
            nulls: 0,
            rows_done: 0,
            uncompressed_bytes: 0,
            dictionary: None,
            pages: Vec::new(),
            encodings: vec![Encoding::RLE],
            scratch: Vec::new(),
        }
    }

    /// Rows of the page at hand.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// NULLs of the whole chunk.
    pub(super) fn nulls(&self) -> u64 {
        self.nulls
    }

    /// Notes `rows` rows whose values are all there.
    pub(super) fn add_valid(&mut self, rows: usize) {
        if !self.levels.is_empty() {
            self.levels.extend(std::iter::repeat_n(1, rows));
        }
        self.rows += rows;
    }

    /// Notes rows of which some are NULL.
    pub(super) fn add_levels(&mut self, valid: impl Iterator<Item = bool>) {
        if self.levels.is_empty() {
            self.levels.resize(self.rows, 1);
        }
        for valid in valid {
            self.levels.push(u32::from(valid));
            self.nulls += u64::from(!valid);
            self.rows += 1;
        }
    }

    /// Ends the page at hand; `values` appends the encoded values that are there.
    pub(super) fn end_page(
        &mut self,
        encoding: Encoding,
        values: impl FnOnce(&mut Vec<u8>),
    ) -> Result<()> {
        let mut page = std::mem::take(&mut self.scratch);
        page.clear();
        if self.nullable {
            page.extend_from_slice(&[0; 4]);
            if self.levels.is_empty() {
                bits::run(1, self.rows, 1, &mut page);
            } else {
                bits::hybrid(&self.levels, 1, &mut page);
            }
            let length = (page.len() - 4) as u32;
            page[..4].copy_from_slice(&length.to_le_bytes());
        }
        values(&mut page);
        let data = Page::DataPage {
            buf: self.compress(&page)?,
            num_values: self.rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.pages.push(CompressedPage::new(data, page.len()));
        self.note(encoding);
        self.scratch = page;
        self.levels.clear();
        self.rows_done += self.rows as u64;
        self.rows = 0;
        Ok(())
    }

    /// Sets the dictionary, whose values are written plainly.
    pub(super) fn set_dictionary(&mut self, values: &[u8], count: usize) -> Result<()> {
        let page = Page::DictionaryPage {
            buf: self.compress(values)?,
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.dictionary = Some(CompressedPage::new(page, values.len()));
        self.note(Encoding::PLAIN);
        Ok(())
    }

    fn note(&mut self, encoding: Encoding) {
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
    }

    fn compress(&mut self, page: &[u8]) -> Result<Bytes> {
        match &mut self.snappy {
            Some(encoder) => Ok(encoder.compress_vec(page).map_err(fault)?.into()),
            None => Ok(Bytes::copy_from_slice(page)),
        }
    }

    /// Puts the pages in their order and describes them.
    pub(super) fn finish(
        mut self,
        column: &ColumnDescPtr,
        statistics: Option<Statistics>,
    ) -> Result<(Bytes, ColumnCloseResult)> {
        let mut out = TrackedWrite::new(Vec::new());
        let mut writer = SerializedPageWriter::new(&mut out);
        let mut dictionary_offset = None;
        let mut data_offset = None;
        let pages = self.dictionary.take().into_iter().chain(self.pages);
        for page in pages {
            let is_dictionary = page.page_type() == parquet::basic::PageType::DICTIONARY_PAGE;
            let header = page.uncompressed_size() as i64 - page.compressed_size() as i64;
            let written = writer.write_page(page).map_err(fault)?;
            let offset = written.offset as i64;
            let slot = if is_dictionary {
                &mut dictionary_offset
            } else {
                &mut data_offset
            };
            slot.get_or_insert(offset);
            self.uncompressed_bytes += written.bytes_written as i64 + header;
        }
        let bytes = out.into_inner().map_err(fault)?;
        let codec = match self.snappy {
            Some(_) => Compression::SNAPPY,
            None => Compression::UNCOMPRESSED,
        };
        let mut metadata = ColumnChunkMetaData::builder(column.clone())
            .set_encodings(self.encodings)
            .set_compression(codec)
            .set_num_values(self.rows_done as i64)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed_bytes)
            .set_data_page_offset(data_offset.unwrap_or_default())
            .set_dictionary_page_offset(dictionary_offset);
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows_done,
            metadata: metadata
                .build()
                .map_err(|error| Error::internal(error.to_string()))?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((bytes.into(), close))
    }
}
