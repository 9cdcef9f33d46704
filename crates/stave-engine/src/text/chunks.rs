//! Cuts the objects of a table into chunks of whole records, in order.
//!
//! One reader at a time cuts; what it hands out is split into fields by as many
//! cores as there are. Cutting looks at quotes only (a vector search), so it
//! keeps ahead of the cores also where quoted values hold line breaks.

use std::collections::VecDeque;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use stave_core::{Error, Result};

use super::blocks::Blocks;
use super::compression::Compression;
use super::decode::column_names;
use super::dialect::Dialect;
use super::records::{ANY_WIDTH, MAX_CHUNK_BYTES, line_end, split_records};

/// How many bytes a chunk has at least, but for the last of an object.
pub const CHUNK_BYTES: usize = 1 << 20;
/// The longest record that is read.
pub const MAX_RECORD_BYTES: usize = 256 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One object of text.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// Where it is read from.
    pub store: Arc<dyn ObjectStore>,
    /// Its place and size.
    pub meta: ObjectMeta,
    /// Its name for people: `s3://bucket/key`.
    pub name: String,
    /// How it is compressed.
    pub compression: Compression,
}

/// What is known of a file once its header has been read.
#[derive(Debug)]
pub struct OpenFile {
    /// Its name for people.
    pub name: String,
    /// The names that its header gives its columns, if it has one.
    pub header: Option<Vec<String>>,
    /// How many fields its first record has; 0 where records have none.
    pub width: usize,
    /// Whether a line is a record whatever it holds, as in a file of JSON lines.
    pub is_lines: bool,
    /// Its place among the files of the scan.
    pub index: usize,
}

/// Whole records of one file.
#[derive(Debug)]
pub struct Chunk {
    /// The file they stand in.
    pub file: Arc<OpenFile>,
    /// Their bytes.
    pub bytes: Vec<u8>,
    /// The line on which they begin, from 1.
    pub first_line: u64,
}

struct Current {
    file: Arc<OpenFile>,
    blocks: Blocks,
    rest: Vec<u8>,
    line: u64,
    ended: bool,
}

/// Yields the chunks of a list of files.
pub struct Chunks {
    files: VecDeque<(usize, TextFile)>,
    dialect: Dialect,
    chunk_bytes: usize,
    current: Option<Current>,
}

impl Chunks {
    /// The chunks of `files`, each of about `chunk_bytes`.
    pub fn new(files: Vec<TextFile>, dialect: Dialect, chunk_bytes: usize) -> Self {
        Self {
            files: files.into_iter().enumerate().collect(),
            dialect,
            chunk_bytes: chunk_bytes.clamp(1, MAX_CHUNK_BYTES),
            current: None,
        }
    }

    /// The next chunk, or none when all files are read.
    pub async fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            let Some(current) = &mut self.current else {
                let Some((index, file)) = self.files.pop_front() else {
                    return Ok(None);
                };
                self.current = open(&self.dialect, self.chunk_bytes, index, &file).await?;
                continue;
            };
            match cut(current, &self.dialect, self.chunk_bytes).await {
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) => self.current = None,
                Err(error) => return Err(error.within(&current.file.name)),
            }
        }
    }
}

/// Opens a file and reads its header; none when it holds no record.
async fn open(
    dialect: &Dialect,
    chunk_bytes: usize,
    index: usize,
    file: &TextFile,
) -> Result<Option<Current>> {
    let opening = Opening {
        dialect,
        rest: Vec::new(),
        line: 1,
        ended: false,
    };
    let path: &Path = &file.meta.location;
    let opened = async {
        let blocks = Blocks::open(file.store.as_ref(), path, file.compression).await?;
        opening.run(blocks, chunk_bytes).await
    };
    let opened = opened.await.map_err(|error| error.within(&file.name))?;
    Ok(opened.map(|opened| Current {
        file: Arc::new(OpenFile {
            name: file.name.clone(),
            header: opened.header,
            width: opened.width,
            is_lines: !dialect.multiline(),
            index,
        }),
        blocks: opened.blocks,
        rest: opened.rest,
        line: opened.line,
        ended: opened.ended,
    }))
}

struct Opened {
    blocks: Blocks,
    rest: Vec<u8>,
    line: u64,
    ended: bool,
    header: Option<Vec<String>>,
    width: usize,
}

struct Opening<'a> {
    dialect: &'a Dialect,
    rest: Vec<u8>,
    line: u64,
    ended: bool,
}

impl Opening<'_> {
    async fn run(mut self, mut blocks: Blocks, wanted: usize) -> Result<Option<Opened>> {
        self.fill(&mut blocks, wanted).await?;
        if self.rest.starts_with(BYTE_ORDER_MARK) {
            self.rest.drain(..BYTE_ORDER_MARK.len());
        }
        for _ in 0..self.dialect.skip_lines {
            self.skip_line(&mut blocks, wanted).await?;
        }
        let Some(first) = self.first_record(&mut blocks, wanted).await? else {
            return Ok(None);
        };
        let names = self.fields_of(&self.rest[..first])?;
        let width = names.len();
        let header = if self.dialect.header {
            self.line += count_lines(&self.rest[..first]);
            self.rest.drain(..first);
            Some(column_names(&self.header_names(names)?))
        } else {
            None
        };
        Ok(Some(Opened {
            blocks,
            rest: self.rest,
            line: self.line,
            ended: self.ended,
            header,
            width,
        }))
    }

    async fn fill(&mut self, blocks: &mut Blocks, wanted: usize) -> Result<()> {
        while !self.ended && self.rest.len() < wanted.max(BYTE_ORDER_MARK.len()) {
            self.ended = !blocks.read(&mut self.rest, wanted).await?;
        }
        Ok(())
    }

    async fn skip_line(&mut self, blocks: &mut Blocks, wanted: usize) -> Result<()> {
        loop {
            match line_end(&self.rest) {
                // A CR at the very end may be half of a CRLF.
                Some((_, next)) if next < self.rest.len() || self.ended => {
                    self.line += 1;
                    self.rest.drain(..next);
                    return Ok(());
                }
                None if self.ended => {
                    self.rest.clear();
                    return Ok(());
                }
                _ => self.ended = !blocks.read(&mut self.rest, wanted).await?,
            }
        }
    }

    /// Where the first record ends, comments and blank lines before it included.
    async fn first_record(&mut self, blocks: &mut Blocks, wanted: usize) -> Result<Option<usize>> {
        loop {
            let mut end = 0;
            while let Some(next) = record_end(&self.rest[end..], self.dialect, self.ended) {
                let begin = end;
                end += next;
                if !self.is_blank(&self.rest[begin..end]) {
                    return Ok(Some(end));
                }
            }
            if self.ended {
                return Ok(None);
            }
            check_record_length(self.rest.len())?;
            self.ended = !blocks.read(&mut self.rest, wanted).await?;
        }
    }

    fn is_blank(&self, record: &[u8]) -> bool {
        self.dialect.grammar == super::Grammar::Rfc4180
            && record.first().is_none_or(|first| {
                matches!(first, b'\n' | b'\r') || self.dialect.comment == Some(*first)
            })
    }

    /// The fields of one record, of whatever number.
    fn fields_of(&self, record: &[u8]) -> Result<Vec<Vec<u8>>> {
        let records = split_records(record, self.dialect, ANY_WIDTH);
        if !records.bad.is_empty() {
            return Err(Error::invalid(format!(
                "line {}: a quote is opened in the first record and never closed",
                self.line
            )));
        }
        Ok(records
            .fields
            .iter()
            .map(|field| records.value(record, *field).to_vec())
            .collect())
    }

    fn header_names(&self, names: Vec<Vec<u8>>) -> Result<Vec<String>> {
        names
            .into_iter()
            .map(|name| {
                String::from_utf8(name).map_err(|_| {
                    Error::invalid(format!("line {}: the header is not UTF-8", self.line))
                        .hint("save the file as UTF-8")
                })
            })
            .collect()
    }
}

/// The next chunk of an open file.
async fn cut(current: &mut Current, dialect: &Dialect, wanted: usize) -> Result<Option<Chunk>> {
    loop {
        while !current.ended && current.rest.len() < wanted {
            let missing = wanted - current.rest.len();
            current.ended = !current.blocks.read(&mut current.rest, missing).await?;
        }
        if current.rest.is_empty() {
            return Ok(None);
        }
        let end = if current.ended {
            Some(current.rest.len())
        } else {
            last_record_end(&current.rest, dialect)
        };
        if let Some(end) = end {
            let tail = current.rest[end..].to_vec();
            let mut bytes = std::mem::take(&mut current.rest);
            bytes.truncate(end);
            current.rest.reserve(wanted + tail.len());
            current.rest.extend_from_slice(&tail);
            let first_line = current.line;
            current.line += count_lines(&bytes);
            return Ok(Some(Chunk {
                file: Arc::clone(&current.file),
                bytes,
                first_line,
            }));
        }
        check_record_length(current.rest.len())?;
        let more = current.rest.len();
        current.ended = !current.blocks.read(&mut current.rest, more).await?;
    }
}

fn check_record_length(length: usize) -> Result<()> {
    if length <= MAX_RECORD_BYTES {
        return Ok(());
    }
    Err(Error::limit_exceeded(format!(
        "a record is longer than {}",
        stave_core::units::bytes(MAX_RECORD_BYTES as u64)
    ))
    .hint("a quote that is opened and never closed swallows all lines behind it; check QuoteChar"))
}

/// How many lines end in `data`, by LF, CR or both; `data` does not end between the two.
pub(super) fn count_lines(data: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', data).count();
    let alone = memchr::memchr_iter(b'\r', data)
        .filter(|at| data.get(at + 1) != Some(&b'\n'))
        .count();
    (feeds + alone) as u64
}

/// Where the last whole record of `data` ends; `data` begins with a record and goes on.
fn last_record_end(data: &[u8], dialect: &Dialect) -> Option<usize> {
    // A CR at the very end may be half of a CRLF.
    let data = data.strip_suffix(b"\r").unwrap_or(data);
    if !dialect.multiline() {
        return memchr::memrchr2(b'\n', b'\r', data).map(|at| at + 1);
    }
    if dialect.escape.is_some() || dialect.comment.is_some() {
        return last_record_end_slowly(data, dialect);
    }
    let quote = dialect.quote?;
    let mut last = None;
    for outside in OutsideQuotes::new(data, dialect.delimiter, quote) {
        if let Some(at) = memchr::memrchr2(b'\n', b'\r', &data[outside.clone()]) {
            last = Some(outside.start + at + 1);
        }
    }
    last
}

fn last_record_end_slowly(data: &[u8], dialect: &Dialect) -> Option<usize> {
    let mut end = 0;
    while let Some(next) = record_end(&data[end..], dialect, false) {
        end += next;
    }
    (end > 0).then_some(end)
}

/// The stretches of `data` that stand outside quotes.
struct OutsideQuotes<'a> {
    data: &'a [u8],
    delimiter: u8,
    quote: u8,
    at: usize,
}

impl<'a> OutsideQuotes<'a> {
    fn new(data: &'a [u8], delimiter: u8, quote: u8) -> Self {
        Self {
            data,
            delimiter,
            quote,
            at: 0,
        }
    }

    /// Where the quote that opens a field stands, at or behind `from`.
    fn opening(&self, from: usize) -> Option<usize> {
        memchr::memchr_iter(self.quote, &self.data[from..])
            .map(|found| from + found)
            .find(|&at| {
                at == 0
                    || self.data[at - 1] == self.delimiter
                    || matches!(self.data[at - 1], b'\n' | b'\r')
            })
    }

    /// What follows the quote that closes a field whose content begins at `from`.
    fn closing(&self, mut from: usize) -> Option<usize> {
        loop {
            let at = from + memchr::memchr(self.quote, &self.data[from..])?;
            match self.data.get(at + 1) {
                Some(next) if *next == self.quote => from = at + 2,
                _ => return Some(at + 1),
            }
        }
    }
}

impl Iterator for OutsideQuotes<'_> {
    type Item = std::ops::Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at > self.data.len() {
            return None;
        }
        let start = self.at;
        let Some(opening) = self.opening(start) else {
            self.at = self.data.len() + 1;
            return Some(start..self.data.len());
        };
        self.at = self.closing(opening + 1).unwrap_or(self.data.len() + 1);
        Some(start..opening)
    }
}

/// Where the first record of `data` ends (behind its line break); none when it
/// goes on, unless `last`.
pub(super) fn record_end(data: &[u8], dialect: &Dialect, last: bool) -> Option<usize> {
    let (mut in_quotes, mut field_start) = (false, true);
    let comment = dialect.comment.is_some() && data.first().copied() == dialect.comment;
    let mut at = 0;
    while at < data.len() {
        let byte = data[at];
        let was_start = std::mem::take(&mut field_start);
        if comment || !in_quotes {
            if byte == b'\n' {
                return Some(at + 1);
            } else if byte == b'\r' {
                return match data.get(at + 1) {
                    Some(b'\n') => Some(at + 2),
                    None if !last => None,
                    _ => Some(at + 1),
                };
            }
        }
        if comment || !dialect.multiline() {
            // Only a line break means something.
        } else if dialect.escape == Some(byte) {
            at += 1;
        } else if in_quotes && dialect.quote == Some(byte) {
            if data.get(at + 1) == Some(&byte) {
                at += 1;
            } else {
                in_quotes = false;
            }
        } else if !in_quotes && dialect.quote == Some(byte) && was_start {
            in_quotes = true;
        } else if byte == dialect.delimiter && !in_quotes {
            field_start = true;
        }
        at += 1;
    }
    (last && !data.is_empty()).then_some(data.len())
}
