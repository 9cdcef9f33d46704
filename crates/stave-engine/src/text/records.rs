//! Splits a chunk of whole records into fields.
//!
//! The result is a table of byte ranges, row by row, all rows of one width; a
//! record of another width is set aside with its reason (or, in Hive's
//! grammars, cut or filled up as Hive does).

use super::dialect::{Dialect, Grammar};
use super::open_csv;
use super::special::{Specials, Wanted};

const FLAG: u32 = 1 << 31;

/// The longest chunk that can be split: positions have 31 bits.
pub const MAX_CHUNK_BYTES: usize = (FLAG - 1) as usize;

/// The width that takes every record as it is.
pub(crate) const ANY_WIDTH: usize = usize::MAX;

/// Where a field's bytes are: in the chunk, or among the unescaped ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    start: u32,
    end: u32,
}

impl Field {
    /// A value that the record does not have.
    pub const MISSING: Self = Self {
        start: FLAG | (FLAG - 1),
        end: FLAG | (FLAG - 1),
    };

    pub(super) fn plain(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    pub(super) fn quoted(start: usize, end: usize) -> Self {
        Self {
            start: start as u32 | FLAG,
            end: end as u32,
        }
    }

    pub(super) fn unescaped(start: usize, end: usize, quoted: bool) -> Self {
        Self {
            start: start as u32 | if quoted { FLAG } else { 0 },
            end: end as u32 | FLAG,
        }
    }

    /// Whether the value stood in quotes.
    pub fn is_quoted(self) -> bool {
        self.start & FLAG != 0
    }

    /// Whether the range is one of [`Records::unescaped`].
    pub fn is_unescaped(self) -> bool {
        self.end & FLAG != 0
    }

    /// Whether the record had no such field.
    pub fn is_missing(self) -> bool {
        self == Self::MISSING
    }

    /// The byte range.
    pub fn range(self) -> std::ops::Range<usize> {
        (self.start & !FLAG) as usize..(self.end & !FLAG) as usize
    }
}

/// Why a record is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It has another number of fields than the file's header.
    Width {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A quote is opened and never closed.
    OpenQuote,
    /// A value is not UTF-8.
    Utf8 {
        /// The column's place in the file, from 0.
        column: usize,
    },
    /// A value is not of its column's type.
    Value {
        /// The column's place in the file, from 0.
        column: usize,
        /// The type that it is not of.
        wanted: String,
    },
}

/// A record that is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// Its bytes in the chunk.
    pub range: std::ops::Range<usize>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// The records of a chunk as a table of fields.
#[derive(Debug, Default)]
pub struct Records {
    /// How many fields each row has.
    pub width: usize,
    /// The fields, row by row.
    pub fields: Vec<Field>,
    /// Where each row's record begins in the chunk.
    pub starts: Vec<u32>,
    /// Values that had to be rewritten without their quotes and escapes.
    pub unescaped: Vec<u8>,
    /// The records that are no rows.
    pub bad: Vec<BadRecord>,
}

impl Records {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The bytes of a field.
    pub fn value<'a>(&'a self, chunk: &'a [u8], field: Field) -> &'a [u8] {
        if field.is_missing() {
            &[]
        } else if field.is_unescaped() {
            &self.unescaped[field.range()]
        } else {
            &chunk[field.range()]
        }
    }

    /// Ends a record that began at `start` and whose fields begin at `first_field`.
    pub(super) fn end_record(
        &mut self,
        dialect: &Dialect,
        first_field: usize,
        range: std::ops::Range<usize>,
    ) {
        let found = self.fields.len() - first_field;
        if found != self.width && self.width != ANY_WIDTH {
            if dialect.grammar == Grammar::Rfc4180 {
                self.fields.truncate(first_field);
                self.bad.push(BadRecord {
                    range,
                    fault: Fault::Width {
                        found,
                        expected: self.width,
                    },
                });
                return;
            }
            self.fields.resize(first_field + self.width, Field::MISSING);
        }
        self.starts.push(range.start as u32);
    }
}

/// Splits `chunk`, which begins and ends with a record, into rows of `width` fields.
pub fn split_records(chunk: &[u8], dialect: &Dialect, width: usize) -> Records {
    debug_assert!(chunk.len() <= MAX_CHUNK_BYTES);
    let mut records = Records {
        width,
        ..Records::default()
    };
    let guess = chunk.len() / 8;
    records.fields.reserve(guess);
    match dialect.grammar {
        Grammar::Rfc4180 => Splitter::new(chunk, dialect, &mut records).run(),
        Grammar::Hive => split_hive(chunk, dialect, &mut records),
        Grammar::OpenCsv => open_csv::split(chunk, dialect, &mut records),
    }
    records
}

/// The state of splitting RFC 4180 text.
struct Splitter<'a> {
    chunk: &'a [u8],
    dialect: &'a Dialect,
    records: &'a mut Records,
    specials: Specials<'a>,
    record_start: usize,
    first_field: usize,
    field_start: usize,
    /// Where the quote that closed the present field stands.
    closed_at: Option<usize>,
    in_quotes: bool,
    quoted: bool,
    /// The field holds quotes or escapes that are not part of its value.
    rewrite: bool,
}

impl<'a> Splitter<'a> {
    fn new(chunk: &'a [u8], dialect: &'a Dialect, records: &'a mut Records) -> Self {
        let delimiter = dialect.delimiter;
        let wanted = Wanted([
            delimiter,
            dialect.quote.unwrap_or(delimiter),
            b'\n',
            b'\r',
            dialect.escape.unwrap_or(delimiter),
        ]);
        Self {
            chunk,
            dialect,
            records,
            specials: Specials::new(chunk, wanted),
            record_start: 0,
            first_field: 0,
            field_start: 0,
            closed_at: None,
            in_quotes: false,
            quoted: false,
            rewrite: false,
        }
    }

    fn run(mut self) {
        self.skip_comments();
        while let Some(at) = self.specials.next() {
            let byte = self.chunk[at];
            if self.dialect.escape == Some(byte) {
                self.rewrite = true;
                self.specials.skip_to(at + 2);
            } else if self.in_quotes {
                self.inside_quotes(at, byte);
            } else if byte == self.dialect.delimiter {
                self.end_field(at);
                self.field_start = at + 1;
            } else if byte == b'\n' || byte == b'\r' {
                self.end_line(at, byte);
            } else if at == self.field_start {
                self.in_quotes = true;
                self.quoted = true;
            }
        }
        self.finish();
    }

    fn inside_quotes(&mut self, at: usize, byte: u8) {
        if Some(byte) != self.dialect.quote {
            return;
        }
        if self.chunk.get(at + 1) == Some(&byte) {
            self.rewrite = true;
            self.specials.skip_to(at + 2);
        } else {
            self.in_quotes = false;
            self.closed_at = Some(at);
        }
    }

    fn end_field(&mut self, end: usize) {
        let raw = &self.chunk[self.field_start..end];
        let field = if !self.quoted && (!self.rewrite || is_null(raw, self.dialect)) {
            Field::plain(self.field_start, end)
        } else if !self.rewrite && self.closed_at == Some(end - 1) {
            Field::quoted(self.field_start + 1, end - 1)
        } else {
            let from = self.records.unescaped.len();
            unescape(raw, self.dialect, &mut self.records.unescaped);
            Field::unescaped(from, self.records.unescaped.len(), self.quoted)
        };
        self.records.fields.push(field);
        self.quoted = false;
        self.rewrite = false;
        self.closed_at = None;
    }

    fn end_line(&mut self, at: usize, byte: u8) {
        let next = if byte == b'\r' && self.chunk.get(at + 1) == Some(&b'\n') {
            self.specials.skip_to(at + 2);
            at + 2
        } else {
            at + 1
        };
        if at > self.record_start {
            self.end_field(at);
            self.end_record(at);
        }
        self.begin_record(next);
        self.skip_comments();
    }

    fn end_record(&mut self, end: usize) {
        let range = self.record_start..end;
        self.records
            .end_record(self.dialect, self.first_field, range);
        self.first_field = self.records.fields.len();
    }

    fn begin_record(&mut self, at: usize) {
        self.record_start = at;
        self.field_start = at;
    }

    fn skip_comments(&mut self) {
        let Some(comment) = self.dialect.comment else {
            return;
        };
        while self.chunk.get(self.record_start) == Some(&comment) {
            let rest = &self.chunk[self.record_start..];
            let line = line_end(rest).map_or(rest.len(), |(_, next)| next);
            self.begin_record(self.record_start + line);
            self.specials.skip_to(self.record_start);
        }
    }

    fn finish(mut self) {
        let end = self.chunk.len();
        if self.in_quotes {
            self.records.fields.truncate(self.first_field);
            self.records.bad.push(BadRecord {
                range: self.record_start..end,
                fault: Fault::OpenQuote,
            });
        } else if end > self.record_start {
            self.end_field(end);
            self.end_record(end);
        }
    }
}

/// Whether `raw` is one of the dialect's words for NULL, which are compared before unescaping.
pub(super) fn is_null(raw: &[u8], dialect: &Dialect) -> bool {
    dialect
        .null_values
        .iter()
        .any(|null| null.as_bytes() == raw)
}

/// Writes a field's value without its quotes and escapes, as Python's `csv` reads it.
fn unescape(raw: &[u8], dialect: &Dialect, out: &mut Vec<u8>) {
    let mut bytes = raw.iter().copied().peekable();
    let mut in_quotes = false;
    if dialect.quote.is_some() && bytes.peek().copied() == dialect.quote {
        bytes.next();
        in_quotes = true;
    }
    while let Some(byte) = bytes.next() {
        if dialect.escape == Some(byte) {
            out.extend(bytes.next());
        } else if in_quotes && dialect.quote == Some(byte) {
            if bytes.peek().copied() == dialect.quote {
                bytes.next();
                out.push(byte);
            } else {
                in_quotes = false;
            }
        } else {
            out.push(byte);
        }
    }
}

/// Where the first line of `data` ends, and where the next begins.
pub(super) fn line_end(data: &[u8]) -> Option<(usize, usize)> {
    let end = memchr::memchr2(b'\n', b'\r', data)?;
    let pair = data[end] == b'\r' && data.get(end + 1) == Some(&b'\n');
    Some((end, end + 1 + usize::from(pair)))
}

/// Splits delimited text as LazySimpleSerDe does: lines, then every delimiter.
fn split_hive(chunk: &[u8], dialect: &Dialect, records: &mut Records) {
    let escape = dialect.escape.unwrap_or(dialect.delimiter);
    let wanted = Wanted([dialect.delimiter, b'\n', b'\r', escape, escape]);
    let mut specials = Specials::new(chunk, wanted);
    let (mut record_start, mut field_start, mut first_field) = (0, 0, 0);
    let mut rewrite = false;
    let end_field = |records: &mut Records, start: usize, end: usize, rewrite: &mut bool| {
        let raw = &chunk[start..end];
        let field = if std::mem::take(rewrite) && !is_null(raw, dialect) {
            let from = records.unescaped.len();
            unescape(raw, dialect, &mut records.unescaped);
            Field::unescaped(from, records.unescaped.len(), false)
        } else {
            Field::plain(start, end)
        };
        records.fields.push(field);
    };
    while let Some(at) = specials.next() {
        let byte = chunk[at];
        if dialect.escape == Some(byte) {
            rewrite = true;
            // A line break ends the record whatever stands before it.
            if !matches!(chunk.get(at + 1), Some(b'\n' | b'\r')) {
                specials.skip_to(at + 2);
            }
            continue;
        }
        end_field(records, field_start, at, &mut rewrite);
        field_start = at + 1;
        if byte == dialect.delimiter {
            continue;
        }
        if byte == b'\r' && chunk.get(at + 1) == Some(&b'\n') {
            specials.skip_to(at + 2);
            field_start = at + 2;
        }
        records.end_record(dialect, first_field, record_start..at);
        first_field = records.fields.len();
        record_start = field_start;
    }
    if record_start < chunk.len() {
        end_field(records, field_start, chunk.len(), &mut rewrite);
        records.end_record(dialect, first_field, record_start..chunk.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, dialect: &Dialect, width: usize) -> Vec<Vec<Option<String>>> {
        let records = split_records(text.as_bytes(), dialect, width);
        records
            .fields
            .chunks(width)
            .map(|row| {
                row.iter()
                    .map(|field| show(&records, text, *field))
                    .collect()
            })
            .collect()
    }

    fn show(records: &Records, text: &str, field: Field) -> Option<String> {
        (!field.is_missing()).then(|| {
            String::from_utf8(records.value(text.as_bytes(), field).to_vec()).expect("UTF-8")
        })
    }

    fn strings(rows: &[&[&str]]) -> Vec<Vec<Option<String>>> {
        rows.iter()
            .map(|row| row.iter().map(|value| Some((*value).to_owned())).collect())
            .collect()
    }

    #[test]
    fn quotes_hold_delimiters_line_breaks_and_quotes() {
        let text = "a,\"b,1\"\r\n\"x\ny\",\"say \"\"hi\"\"\"\n\"\",\n";
        let expected = strings(&[&["a", "b,1"], &["x\ny", "say \"hi\""], &["", ""]]);
        assert_eq!(rows(text, &Dialect::default(), 2), expected);
    }

    #[test]
    fn stray_quotes_are_text_as_in_python() {
        let text = "5\" disc,\"a\"b\n\"a\"b\"c\",x";
        let expected = strings(&[&["5\" disc", "ab"], &["ab\"c\"", "x"]]);
        assert_eq!(rows(text, &Dialect::default(), 2), expected);
    }

    #[test]
    fn all_three_line_ends_end_a_record_and_blank_lines_are_none() {
        let expected = strings(&[&["a", "b"], &["c", "d"], &["e", "f"]]);
        assert_eq!(
            rows("a,b\rc,d\r\n\n\ne,f", &Dialect::default(), 2),
            expected
        );
    }

    #[test]
    fn an_escape_takes_the_meaning_from_the_next_byte() {
        let dialect = Dialect {
            escape: Some(b'\\'),
            ..Dialect::default()
        };
        let expected = strings(&[&["a\"b", "c,d"]]);
        assert_eq!(rows("\"a\\\"b\",c\\,d\n", &dialect, 2), expected);
    }

    #[test]
    fn comments_are_passed_over() {
        let dialect = Dialect {
            comment: Some(b'#'),
            ..Dialect::default()
        };
        let expected = strings(&[&["a", "b"], &["c", "d"]]);
        assert_eq!(rows("# it's \"x\na,b\n#\n#y\nc,d", &dialect, 2), expected);
    }

    #[test]
    fn a_record_of_another_width_is_set_aside() {
        let records = split_records(b"a,b\nc\nd,e,f\ng,h\n", &Dialect::default(), 2);
        assert_eq!(records.len(), 2);
        let widths: Vec<_> = records.bad.iter().map(|bad| bad.fault.clone()).collect();
        let width = |found| Fault::Width { found, expected: 2 };
        assert_eq!(widths, [width(1), width(3)]);
        assert_eq!(records.bad[1].range, 6..11);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_a_fault() {
        let records = split_records(b"a,b\n\"c,d\ne,f\n", &Dialect::default(), 2);
        assert_eq!(records.len(), 1);
        assert_eq!(records.bad[0].fault, Fault::OpenQuote);
    }

    #[test]
    fn hive_splits_on_every_delimiter_and_fills_up() {
        let text = "\"a,b\",c\nd\n\ne,f,g,h\n";
        let some = |value: &str| Some(value.to_owned());
        let expected = vec![
            vec![some("\"a"), some("b\""), some("c")],
            vec![some("d"), None, None],
            vec![some(""), None, None],
            vec![some("e"), some("f"), some("g")],
        ];
        assert_eq!(rows(text, &Dialect::hive(b','), 3), expected);
    }
}
