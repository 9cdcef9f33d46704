//! Makes a batch of typed columns of a chunk's values, and sets the values that
//! are no rows beside it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use stave_core::{Error, Result};

use super::builders::Members;
use super::cursor::{Fault, Kind};
use super::cut::{Form, JsonFeed};
use super::paths::{RowPath, for_each_row};
use super::scanner::ranges;
use crate::scan::{BadRow, Decoded, Feed, Format};
use crate::text::{CHUNK_BYTES, Chunk, OpenFile, TextFile};

/// JSON as a format of the scan: every row is an object, its columns are found by their names.
#[derive(Debug, Clone)]
pub struct JsonFormat {
    /// The columns of the files, all of them.
    pub columns: SchemaRef,
    /// Whether names match in any case, as the JSON SerDes match them.
    pub fold_case: bool,
    /// Where the rows are in the values of a file; the values themselves when empty.
    pub paths: Vec<RowPath>,
    /// How many bytes are cut off at a time; tests make it small.
    pub chunk_bytes: usize,
}

impl JsonFormat {
    /// A format that matches names exactly, with chunks of the usual size.
    pub fn new(columns: SchemaRef) -> Self {
        Self {
            columns,
            fold_case: false,
            paths: Vec::new(),
            chunk_bytes: CHUNK_BYTES,
        }
    }

    /// The same format, matching names in any case.
    pub fn folding_case(self) -> Self {
        Self {
            fold_case: true,
            ..self
        }
    }
}

impl Format for JsonFormat {
    fn name(&self) -> &'static str {
        "json"
    }

    fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    fn feed(&self, files: Vec<TextFile>) -> Box<dyn Feed> {
        Box::new(JsonFeed::new(files, self.chunk_bytes))
    }

    fn check_file(&self, _file: &OpenFile) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn decode(&self, chunk: Chunk, _projection: &[usize], schema: &SchemaRef) -> Result<Decoded> {
        let mut rows = Members::new(schema.fields(), self.fold_case)?;
        let whole = simdutf8::basic::from_utf8(&chunk.bytes).ok();
        let mut places = Places::new(&chunk);
        let (mut count, mut bad) = (0, Vec::new());
        let mut take = |range: Range<usize>| {
            let text = match whole {
                Some(text) => text.get(range.clone()),
                None => simdutf8::basic::from_utf8(&chunk.bytes[range.clone()]).ok(),
            };
            let read = match text {
                Some(text) => read_rows(&mut rows, text, &self.paths, count),
                None => Err(Fault::new("it is not UTF-8")),
            };
            match read {
                Ok(now) => count = now,
                Err(fault) => {
                    rows.truncate(count);
                    bad.push(places.bad_row(range, fault));
                }
            }
        };
        match Form::of(&chunk.file) {
            Form::Lines => lines(&chunk.bytes).for_each(&mut take),
            Form::Values => ranges(&chunk.bytes).for_each(&mut take),
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(Arc::clone(schema), rows.finish()?, &options)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(Decoded { batch, bad })
    }
}

/// Reads the rows of one value behind `count` others, and says how many there are now; what
/// it has left behind when it fails is the caller's to take back.
fn read_rows(
    rows: &mut Members,
    text: &str,
    paths: &[RowPath],
    mut count: usize,
) -> Result<usize, Fault> {
    for_each_row(text, paths, &mut |cursor| {
        if cursor.kind()? != Kind::Object {
            return Err(Fault::new("it is not a JSON object"));
        }
        rows.read(cursor, count)?;
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

/// The lines of `chunk` that are not blank.
pub(crate) fn lines(chunk: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', chunk).chain(std::iter::once(chunk.len()));
    ends.map(move |end| std::mem::replace(&mut start, end + 1)..end)
        .filter(|line| !chunk[line.clone()].trim_ascii().is_empty())
}

/// Says where bad rows stand; counts each line once.
struct Places<'a> {
    chunk: &'a Chunk,
    line: u64,
    counted: usize,
}

impl<'a> Places<'a> {
    fn new(chunk: &'a Chunk) -> Self {
        Self {
            chunk,
            line: chunk.first_line,
            counted: 0,
        }
    }

    fn bad_row(&mut self, range: Range<usize>, fault: Fault) -> BadRow {
        let passed = &self.chunk.bytes[self.counted..range.start];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.counted = range.start;
        BadRow {
            file: self.chunk.file.name.clone(),
            line: self.line,
            column: fault.column,
            reason: fault.reason,
            record: String::from_utf8_lossy(&self.chunk.bytes[range]).into_owned(),
        }
    }
}
