//! Puts the parts together: a chunk in, a batch of typed columns out, and the
//! records that are no rows beside it.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use stave_core::{Error, Result};

use super::chunks::{CHUNK_BYTES, Chunk, Chunks, OpenFile, TextFile, count_lines, record_end};
use super::columns::{self, ColumnFields, Text};
use super::dialect::{Dialect, Grammar};
use super::records::{BadRecord, Fault, Records, split_records};
use crate::scan::{BadRow, Decoded, Feed, Format};

/// How the columns of a file find those of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// By the names in its header.
    ByName,
    /// By their place, whatever the header says.
    ByPosition,
}

/// CSV and its relatives as a format of the scan.
#[derive(Debug)]
pub struct CsvFormat {
    /// How the text is written.
    pub dialect: Dialect,
    /// How columns are matched.
    pub matching: Matching,
    /// The columns of the files, all of them.
    pub columns: SchemaRef,
    /// How many bytes are cut off at a time; tests make it small.
    pub chunk_bytes: usize,
}

impl CsvFormat {
    /// A format with chunks of the usual size.
    pub fn new(dialect: Dialect, matching: Matching, columns: SchemaRef) -> Self {
        Self {
            dialect,
            matching,
            columns,
            chunk_bytes: CHUNK_BYTES,
        }
    }

    /// Where column `index` of the table stands in `file`.
    fn place_in(&self, file: &OpenFile, index: usize) -> Option<usize> {
        match (&file.header, self.matching) {
            (Some(header), Matching::ByName) => {
                let wanted = self.columns.field(index).name();
                header.iter().position(|name| name == wanted)
            }
            _ => (index < self.width_of(file)).then_some(index),
        }
    }

    /// How many fields a record of `file` must have.
    fn width_of(&self, file: &OpenFile) -> usize {
        match (&file.header, self.dialect.grammar) {
            (Some(header), Grammar::Rfc4180) => header.len(),
            (None, Grammar::Rfc4180) => file.width,
            _ => self.columns.fields().len(),
        }
    }
}

/// A bad record with its place in the file.
fn bad_row(chunk: &Chunk, text: &[u8], bad: &BadRecord) -> BadRow {
    let (column, reason) = reason(&chunk.file, &bad.fault);
    BadRow {
        file: chunk.file.name.clone(),
        line: chunk.first_line + count_lines(&text[..bad.range.start]),
        column,
        reason,
        record: String::from_utf8_lossy(&text[bad.range.clone()]).into_owned(),
    }
}

/// The column that is wrong, where it is one, and what is wrong.
fn reason(file: &OpenFile, fault: &Fault) -> (Option<String>, String) {
    let name = |place: usize| match &file.header {
        Some(header) => header.get(place).cloned(),
        None => Some(format!("col{place}")),
    };
    match fault {
        Fault::Width { found, expected } => {
            let few = if found < expected { "few" } else { "many" };
            (
                None,
                format!("too {few} fields: {found} instead of {expected}"),
            )
        }
        Fault::OpenQuote => (None, "a quote is opened and never closed".to_owned()),
        Fault::Utf8 { column } => (name(*column), "the value is not UTF-8".to_owned()),
        Fault::Value { column, wanted } => {
            (name(*column), format!("the value is not of type {wanted}"))
        }
    }
}

/// The names of a file's columns: those of its header, `colN` where it names none.
pub fn column_names(header: &[String]) -> Vec<String> {
    header
        .iter()
        .enumerate()
        .map(|(at, name)| match name.trim() {
            "" => format!("col{at}"),
            name => name.to_owned(),
        })
        .collect()
}

#[async_trait]
impl Feed for Chunks {
    async fn next(&mut self) -> Result<Option<Chunk>> {
        Chunks::next(self).await
    }
}

impl Format for CsvFormat {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    fn feed(&self, files: Vec<TextFile>) -> Box<dyn Feed> {
        Box::new(Chunks::new(files, self.dialect.clone(), self.chunk_bytes))
    }

    fn check_file(&self, file: &OpenFile) -> Result<Vec<String>> {
        let Some(names) = file
            .header
            .as_ref()
            .filter(|_| self.matching == Matching::ByName)
        else {
            return Ok(Vec::new());
        };
        if let Some(twice) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
            return Err(Error::invalid(format!(
                "{}: the header names the column \"{}\" twice",
                file.name, names[twice]
            ))
            .hint("rename one of them, or read the file with WithHeader: false and SkipLines: 1"));
        }
        let unknown = names
            .iter()
            .filter(|name| self.columns.column_with_name(name).is_none())
            .map(|name| {
                format!(
                    "{}: column \"{name}\" is not among the table's; it is not read",
                    file.name
                )
            });
        let missing = self
            .columns
            .fields()
            .iter()
            .filter(|field| !names.contains(field.name()))
            .map(|field| {
                format!(
                    "{}: column \"{}\" is missing; it is NULL",
                    file.name,
                    field.name()
                )
            });
        Ok(unknown.chain(missing).collect())
    }

    fn decode(
        &self,
        mut chunk: Chunk,
        projection: &[usize],
        schema: &SchemaRef,
    ) -> Result<Decoded> {
        let mut bytes = std::mem::take(&mut chunk.bytes);
        let mut whole = simdutf8::basic::from_utf8(&bytes).is_ok();
        if !whole && self.dialect.grammar != Grammar::Rfc4180 {
            // Hadoop's Text decodes with replacement characters.
            bytes = String::from_utf8_lossy(&bytes).into_owned().into_bytes();
            whole = true;
        }
        // Text that is cut inside characters has fields that are no UTF-8.
        whole &= self.dialect.is_ascii();
        let mut records = split_records(&bytes, &self.dialect, self.width_of(&chunk.file));
        let text = Text::new(bytes, &mut records);
        let mut bad: Vec<BadRecord> = std::mem::take(&mut records.bad);
        if !whole {
            drop_rows_not_utf8(&text, &self.dialect, &mut records, &mut bad);
        }
        let mut reading = Reading {
            format: self,
            text: &text,
            records: &records,
            faults: Vec::new(),
        };
        let columns = reading.columns(&chunk.file, projection, schema)?;
        let faults = reading.faults;
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        let mut batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
            .map_err(|error| Error::internal(error.to_string()))?;
        if !faults.is_empty() {
            let range_of = |row| record_range(&records, row, text.chunk(), &self.dialect);
            batch = without_rows(&batch, faults, range_of, &mut bad)?;
        }
        bad.sort_by_key(|bad| bad.range.start);
        let bad = bad
            .iter()
            .map(|bad| bad_row(&chunk, text.chunk(), bad))
            .collect();
        Ok(Decoded { batch, bad })
    }
}

struct Reading<'a> {
    format: &'a CsvFormat,
    text: &'a Text,
    records: &'a Records,
    faults: Vec<(usize, Fault)>,
}

impl Reading<'_> {
    fn columns(
        &mut self,
        file: &OpenFile,
        projection: &[usize],
        schema: &SchemaRef,
    ) -> Result<Vec<ArrayRef>> {
        projection
            .iter()
            .zip(schema.fields())
            .map(|(&index, field)| match self.format.place_in(file, index) {
                Some(place) => self.column(place, field.data_type()),
                None => Ok(columns::missing(field.data_type(), self.records.len())),
            })
            .collect()
    }

    fn column(&mut self, place: usize, wanted: &DataType) -> Result<ArrayRef> {
        let fields = ColumnFields {
            text: self.text,
            records: self.records,
            dialect: &self.format.dialect,
            place,
        };
        let mut wrong = Vec::new();
        let column = fields.read(wanted, &mut wrong)?;
        // LazySimpleSerDe reads what is not of the type as NULL.
        if self.format.dialect.grammar != Grammar::Hive {
            let wanted = crate::types::name_of(wanted);
            self.faults.extend(wrong.into_iter().map(|row| {
                let wanted = wanted.clone();
                (
                    row,
                    Fault::Value {
                        column: place,
                        wanted,
                    },
                )
            }));
        }
        Ok(column)
    }
}

/// Takes the rows with bytes that are no UTF-8 out of `records`.
fn drop_rows_not_utf8(
    text: &Text,
    dialect: &Dialect,
    records: &mut Records,
    bad: &mut Vec<BadRecord>,
) {
    let mut wrong: Vec<(usize, usize)> = (0..records.width)
        .flat_map(|place| {
            let rows = columns::rows_not_utf8(text, records, place);
            rows.into_iter().map(move |row| (row, place))
        })
        .collect();
    wrong.sort_unstable();
    wrong.dedup_by_key(|(row, _)| *row);
    for &(row, column) in &wrong {
        bad.push(BadRecord {
            range: record_range(records, row, text.chunk(), dialect),
            fault: Fault::Utf8 { column },
        });
    }
    for (row, _) in wrong.into_iter().rev() {
        records.starts.remove(row);
        let first = row * records.width;
        records.fields.drain(first..first + records.width);
    }
}

/// The bytes of a row's record. What follows is no measure: it may be no row.
fn record_range(
    records: &Records,
    row: usize,
    text: &[u8],
    dialect: &Dialect,
) -> std::ops::Range<usize> {
    let start = records.starts[row] as usize;
    let length = record_end(&text[start..], dialect, true).unwrap_or(0);
    start..start + length
}

fn without_rows(
    batch: &RecordBatch,
    mut faults: Vec<(usize, Fault)>,
    range_of: impl Fn(usize) -> std::ops::Range<usize>,
    bad: &mut Vec<BadRecord>,
) -> Result<RecordBatch> {
    faults.sort_by_key(|(row, _)| *row);
    faults.dedup_by_key(|(row, _)| *row);
    let mut keep = vec![true; batch.num_rows()];
    for (row, fault) in faults {
        keep[row] = false;
        let range = range_of(row);
        bad.push(BadRecord { range, fault });
    }
    filter_record_batch(batch, &BooleanArray::from(keep))
        .map_err(|error| Error::internal(error.to_string()))
}
