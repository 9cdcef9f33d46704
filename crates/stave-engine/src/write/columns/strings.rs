//! Columns of strings: a dictionary where values repeat, lengths and bytes apart
//! where they do not.

use std::hash::BuildHasher;

use arrow::array::{Array, StringViewArray};
use arrow::buffer::NullBuffer;
use bytes::Bytes;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;
use stave_core::Result;

use super::pages::Chunk;
use super::{PAGE_ROWS, bits, delta, valid_rows};
use crate::write::encodings::Choice;

/// The most bytes that a dictionary holds.
const DICTIONARY_BYTES: usize = 2 << 20;
/// The longest value that is noted as the smallest or largest.
const STATISTICS_BYTES: usize = 64;

/// Strings in the order of their first appearance, and the place of each.
#[derive(Default)]
struct Dictionary {
    bytes: Vec<u8>,
    /// Where each value ends in `bytes`.
    ends: Vec<u32>,
    places: HashTable<u32>,
    hasher: FixedState,
}

impl Dictionary {
    fn get(&self, place: u32) -> &[u8] {
        value_at(&self.bytes, &self.ends, place)
    }

    fn place_of(&mut self, value: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(value);
        let found = self.places.find(hash, |place| self.get(*place) == value);
        if let Some(place) = found {
            return *place;
        }
        let place = self.ends.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        self.places.insert_unique(hash, place, |place| {
            hasher.hash_one(value_at(bytes, ends, *place))
        });
        place
    }

    fn plain(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + self.ends.len() * 4);
        for place in 0..self.ends.len() as u32 {
            let value = self.get(place);
            out.extend_from_slice(&(value.len() as u32).to_le_bytes());
            out.extend_from_slice(value);
        }
        out
    }
}

fn value_at<'a>(bytes: &'a [u8], ends: &[u32], place: u32) -> &'a [u8] {
    let place = place as usize;
    let start = if place == 0 {
        0
    } else {
        ends[place - 1] as usize
    };
    &bytes[start..ends[place] as usize]
}

/// The smallest and largest value so far.
#[derive(Default)]
struct Range {
    ends: Option<(Vec<u8>, Vec<u8>)>,
    /// The first bytes of both: most values are between them, and need no longer look.
    starts: (u64, u64),
}

impl Range {
    fn widen(&mut self, value: &[u8]) {
        let start = first_bytes(value);
        match &mut self.ends {
            None => {
                self.ends = Some((value.to_vec(), value.to_vec()));
                self.starts = (start, start);
            }
            Some(_) if self.starts.0 < start && start < self.starts.1 => {}
            Some((min, max)) => {
                if value < min.as_slice() {
                    value.clone_into(min);
                    self.starts.0 = start;
                } else if value > max.as_slice() {
                    value.clone_into(max);
                    self.starts.1 = start;
                }
            }
        }
    }

    fn statistics(self, nulls: u64) -> Statistics {
        let short =
            |value: Vec<u8>| (value.len() <= STATISTICS_BYTES).then(|| ByteArray::from(value));
        let (min, max) = match self.ends {
            Some((min, max)) => (short(min), short(max)),
            None => (None, None),
        };
        // Half a range would be read as none by some, as a whole one by others.
        let (min, max) = if min.is_some() && max.is_some() {
            (min, max)
        } else {
            (None, None)
        };
        Statistics::byte_array(min, max, None, Some(nulls), false)
    }
}

/// The first eight bytes as a number that sorts as they do.
fn first_bytes(value: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = value.len().min(first.len());
    first[..length].copy_from_slice(&value[..length]);
    u64::from_be_bytes(first)
}

/// The encoder of a column of strings.
pub(in crate::write) struct StringColumn {
    chunk: Chunk,
    dictionary: Dictionary,
    began_with_dictionary: bool,
    with_dictionary: bool,
    indices: Vec<u32>,
    /// The values of the page at hand, without a dictionary.
    lengths: Vec<i64>,
    bytes: Vec<u8>,
    range: Range,
}

impl StringColumn {
    pub(super) fn new(chunk: Chunk, choice: Choice) -> Self {
        Self {
            chunk,
            dictionary: Dictionary::default(),
            began_with_dictionary: choice == Choice::Dictionary,
            with_dictionary: choice == Choice::Dictionary,
            indices: Vec::new(),
            lengths: Vec::new(),
            bytes: Vec::new(),
            range: Range::default(),
        }
    }

    pub(super) fn write(&mut self, values: &StringViewArray) -> Result<()> {
        let nulls = values.nulls();
        let mut at = 0;
        while at < values.len() {
            let count = (values.len() - at).min(PAGE_ROWS - self.chunk.rows());
            let rows = at..at + count;
            match nulls.filter(|nulls| nulls.null_count() > 0) {
                Some(nulls) => self
                    .chunk
                    .add_levels(rows.clone().map(|row| nulls.is_valid(row))),
                None => self.chunk.add_valid(count),
            }
            if self.with_dictionary {
                self.add_places(values, rows, nulls);
            } else {
                self.add_values(values, rows, nulls);
            }
            if self.chunk.rows() == PAGE_ROWS {
                self.end_page()?;
            }
            at += count;
        }
        Ok(())
    }

    fn add_places(
        &mut self,
        values: &StringViewArray,
        rows: std::ops::Range<usize>,
        nulls: Option<&NullBuffer>,
    ) {
        let mut last = None;
        for row in valid_rows(rows, nulls) {
            let value = values.value(row).as_bytes();
            let place = match last {
                Some(place) if self.dictionary.get(place) == value => place,
                _ => self.dictionary.place_of(value),
            };
            last = Some(place);
            self.indices.push(place);
        }
    }

    fn add_values(
        &mut self,
        values: &StringViewArray,
        rows: std::ops::Range<usize>,
        nulls: Option<&NullBuffer>,
    ) {
        for row in valid_rows(rows, nulls) {
            let value = values.value(row).as_bytes();
            self.lengths.push(value.len() as i64);
            self.bytes.extend_from_slice(value);
            self.range.widen(value);
        }
    }

    fn end_page(&mut self) -> Result<()> {
        if !self.with_dictionary {
            let (lengths, bytes) = (&self.lengths, &self.bytes);
            self.chunk
                .end_page(Encoding::DELTA_LENGTH_BYTE_ARRAY, |page| {
                    delta::encode(lengths, page);
                    page.extend_from_slice(bytes);
                })?;
            self.lengths.clear();
            self.bytes.clear();
            return Ok(());
        }
        let width = bits::width(self.dictionary.ends.len().saturating_sub(1) as u64);
        let indices = &self.indices;
        self.chunk.end_page(Encoding::RLE_DICTIONARY, |page| {
            page.push(width as u8);
            bits::hybrid(indices, width, page);
        })?;
        self.indices.clear();
        self.with_dictionary = self.dictionary.bytes.len() <= DICTIONARY_BYTES;
        Ok(())
    }

    pub(super) fn finish(mut self, column: &ColumnDescPtr) -> Result<(Bytes, ColumnCloseResult)> {
        if self.chunk.rows() > 0 {
            self.end_page()?;
        }
        // Also an empty one: the pages say that there is one.
        if self.began_with_dictionary {
            let count = self.dictionary.ends.len();
            for place in 0..count as u32 {
                self.range.widen(self.dictionary.get(place));
            }
            let plain = self.dictionary.plain();
            self.chunk.set_dictionary(&plain, count)?;
        }
        let statistics = self.range.statistics(self.chunk.nulls());
        self.chunk.finish(column, Some(statistics))
    }
}
