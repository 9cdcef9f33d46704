//! Columns of numbers: a dictionary where values repeat, deltas or the plain
//! values where they do not.

use std::hash::Hash;
use std::ops::Neg;

use arrow::buffer::NullBuffer;
use bytes::Bytes;
use foldhash::fast::FixedState;
use parquet::basic::Encoding;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;
use stave_core::Result;

use super::pages::Chunk;
use super::{PAGE_ROWS, bits, delta, valid_rows};
use crate::write::encodings::Choice;

/// The most different numbers that a dictionary holds.
const DICTIONARY_VALUES: usize = 1 << 16;

/// A number as Parquet stores it.
pub(in crate::write) trait Number: Copy + PartialOrd + Default {
    /// What tells two values apart in a dictionary (0.0 and -0.0, one NaN and another).
    type Bits: Copy + Eq + Hash;

    fn bits(self) -> Self::Bits;
    fn plain(self, out: &mut Vec<u8>);
    /// Writes values that do not repeat.
    fn encode(values: &[Self], out: &mut Vec<u8>) -> Encoding {
        for value in values {
            value.plain(out);
        }
        Encoding::PLAIN
    }
    /// Widens `range` to `self`; NaN, which has no order, belongs to no range.
    fn widen(self, range: &mut Option<(Self, Self)>) {
        if self.partial_cmp(&self).is_some() {
            let (min, max) = range.unwrap_or((self, self));
            let min = if self < min { self } else { min };
            let max = if self > max { self } else { max };
            *range = Some((min, max));
        }
    }
    fn statistics(range: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

impl Number for i64 {
    type Bits = i64;

    fn bits(self) -> i64 {
        self
    }

    fn plain(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn encode(values: &[Self], out: &mut Vec<u8>) -> Encoding {
        delta::encode(values, out);
        Encoding::DELTA_BINARY_PACKED
    }

    fn statistics(range: Option<(Self, Self)>, nulls: u64) -> Statistics {
        let (min, max) = range.unzip();
        Statistics::int64(min, max, None, Some(nulls), false)
    }
}

impl Number for i32 {
    type Bits = i32;

    fn bits(self) -> i32 {
        self
    }

    fn plain(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(range: Option<(Self, Self)>, nulls: u64) -> Statistics {
        let (min, max) = range.unzip();
        Statistics::int32(min, max, None, Some(nulls), false)
    }
}

impl Number for f64 {
    type Bits = u64;

    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn plain(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(range: Option<(Self, Self)>, nulls: u64) -> Statistics {
        let (min, max) = with_both_zeros(range).unzip();
        Statistics::double(min, max, None, Some(nulls), false)
    }
}

impl Number for f32 {
    type Bits = u32;

    fn bits(self) -> u32 {
        self.to_bits()
    }

    fn plain(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(range: Option<(Self, Self)>, nulls: u64) -> Statistics {
        let (min, max) = with_both_zeros(range).unzip();
        Statistics::float(min, max, None, Some(nulls), false)
    }
}

/// The specification's rule for zeros: a range that ends in one holds both.
fn with_both_zeros<F: Number + Neg<Output = F>>(range: Option<(F, F)>) -> Option<(F, F)> {
    let zero = F::default();
    range.map(|(min, max)| {
        (
            if min == zero { -zero } else { min },
            if max == zero { zero } else { max },
        )
    })
}

/// The encoder of a column of numbers.
pub(in crate::write) struct NumberColumn<N: Number> {
    chunk: Chunk,
    began_with_dictionary: bool,
    /// The dictionary, while it pays.
    places: Option<hashbrown::HashMap<N::Bits, u32, FixedState>>,
    dictionary: Vec<N>,
    indices: Vec<u32>,
    /// The values of the page at hand, without a dictionary.
    values: Vec<N>,
    range: Option<(N, N)>,
}

impl<N: Number> NumberColumn<N> {
    pub(super) fn new(chunk: Chunk, choice: Choice) -> Self {
        let places = (choice == Choice::Dictionary)
            .then(|| hashbrown::HashMap::with_hasher(FixedState::default()));
        Self {
            chunk,
            began_with_dictionary: places.is_some(),
            places,
            dictionary: Vec::new(),
            indices: Vec::new(),
            values: Vec::new(),
            range: None,
        }
    }

    pub(super) fn write(&mut self, values: &[N], nulls: Option<&NullBuffer>) -> Result<()> {
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
            self.add(values, rows, nulls);
            if self.chunk.rows() == PAGE_ROWS {
                self.end_page()?;
            }
            at += count;
        }
        Ok(())
    }

    fn add(&mut self, values: &[N], rows: std::ops::Range<usize>, nulls: Option<&NullBuffer>) {
        let Some(places) = &mut self.places else {
            for row in valid_rows(rows, nulls) {
                values[row].widen(&mut self.range);
                self.values.push(values[row]);
            }
            return;
        };
        let mut last = None;
        for row in valid_rows(rows, nulls) {
            let value = values[row];
            let place = match last {
                Some((before, place)) if before == value.bits() => place,
                _ => *places.entry(value.bits()).or_insert_with(|| {
                    value.widen(&mut self.range);
                    self.dictionary.push(value);
                    self.dictionary.len() as u32 - 1
                }),
            };
            last = Some((value.bits(), place));
            self.indices.push(place);
        }
    }

    fn end_page(&mut self) -> Result<()> {
        if self.places.is_none() {
            let mut encoded = Vec::with_capacity(self.values.len() * size_of::<N>());
            let encoding = N::encode(&self.values, &mut encoded);
            self.values.clear();
            return self
                .chunk
                .end_page(encoding, |page| page.extend_from_slice(&encoded));
        }
        let width = bits::width(self.dictionary.len().saturating_sub(1) as u64);
        let indices = std::mem::take(&mut self.indices);
        self.chunk.end_page(Encoding::RLE_DICTIONARY, |page| {
            page.push(width as u8);
            bits::hybrid(&indices, width, page);
        })?;
        if self.dictionary.len() > DICTIONARY_VALUES {
            self.places = None;
        }
        self.indices = indices;
        self.indices.clear();
        Ok(())
    }

    pub(super) fn finish(mut self, column: &ColumnDescPtr) -> Result<(Bytes, ColumnCloseResult)> {
        if self.chunk.rows() > 0 {
            self.end_page()?;
        }
        // Also an empty one: the pages say that there is one.
        if self.began_with_dictionary {
            let mut plain = Vec::with_capacity(self.dictionary.len() * size_of::<N>());
            for value in &self.dictionary {
                value.plain(&mut plain);
            }
            self.chunk.set_dictionary(&plain, self.dictionary.len())?;
        }
        let statistics = N::statistics(self.range, self.chunk.nulls());
        self.chunk.finish(column, Some(statistics))
    }
}
