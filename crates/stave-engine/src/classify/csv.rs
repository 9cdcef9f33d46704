//! Delimited text: its delimiter, whether it has a header, and the columns' types.
//!
//! Glue's rules: at least two columns and two rows; a header has only strings, each
//! shorter than 150 characters but for the last, above data that has something else.

use stave_core::catalog::Column;

use super::head::Head;
use super::{Classification, CsvFacts, SAMPLE_RECORDS, Sampled};
use crate::text::records::{ANY_WIDTH, Field};
use crate::text::{Dialect, split_records, values};

/// What can stand between fields, the likelier first.
const DELIMITERS: [u8; 5] = [b',', b'|', b'\t', b';', 1];
/// The longest name in a header, in characters.
const MAX_HEADER_CHARS: usize = 150;
/// How many of ten records must have the same number of fields.
const REGULAR_OF_TEN: usize = 7;
/// How many of ten values of strings stand in quotes where all are meant to.
const QUOTED_OF_TEN: usize = 9;

/// What the sample shows; none when it is no delimited text.
pub(super) fn classify(head: &Head) -> Option<Sampled> {
    let text = String::from_utf8_lossy(head.text());
    let binary = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{1}');
    if text.contains(binary) {
        return None;
    }
    let grids = DELIMITERS
        .iter()
        .filter_map(|delimiter| Grid::new(text.as_bytes(), *delimiter, head.whole));
    let grid = grids.reduce(|best, other| if other.is_better(&best) { other } else { best })?;
    Some(grid.sampled(head))
}

/// A field and whether it stood in quotes.
type Cell = (String, bool);

/// The records of a sample, split at one delimiter.
struct Grid {
    delimiter: u8,
    /// The records of the most common width.
    rows: Vec<Vec<Cell>>,
    width: usize,
    /// How many records there are, of any width.
    records: usize,
    /// How many bytes they have.
    bytes: usize,
}

impl Grid {
    /// The grid of `text`; none when it is not regular enough to be one.
    fn new(text: &[u8], delimiter: u8, whole: bool) -> Option<Self> {
        let (records, bytes) = split(text, delimiter, whole);
        let mut widths: Vec<usize> = records.iter().map(Vec::len).collect();
        widths.sort_unstable();
        let common = widths
            .chunk_by(PartialEq::eq)
            .max_by_key(|same| same.len())?;
        let (width, regular) = (common[0], common.len());
        if width < 2 || regular < 2 || regular * 10 < records.len() * REGULAR_OF_TEN {
            return None;
        }
        let count = records.len();
        Some(Self {
            delimiter,
            rows: records
                .into_iter()
                .filter(|row| row.len() == width)
                .collect(),
            width,
            records: count,
            bytes,
        })
    }

    /// Whether more of the records have one width than in `other`, or a larger one.
    fn is_better(&self, other: &Self) -> bool {
        let (mine, theirs) = (
            self.rows.len() * other.records,
            other.rows.len() * self.records,
        );
        mine > theirs || (mine == theirs && self.width > other.width)
    }

    fn sampled(&self, head: &Head) -> Sampled {
        let types = self.types(1);
        let header = self.header(&types);
        let types = if header.is_some() {
            types
        } else {
            self.types(0)
        };
        let quoted = self.is_quoted(&types, usize::from(header.is_some()));
        let facts = CsvFacts {
            delimiter: self.delimiter,
            quoted,
            header: header.is_some(),
        };
        let names =
            header.unwrap_or_else(|| (0..self.width).map(|at| format!("col{at}")).collect());
        let columns = names
            .into_iter()
            .zip(&types)
            .map(|(name, kind)| Column::new(name, kind.name()));
        let data = self.records - usize::from(facts.header);
        let is_all = head.whole && self.records < SAMPLE_RECORDS;
        Sampled {
            classification: Classification::Csv,
            csv: Some(facts),
            columns: columns.collect(),
            records_sampled: data as u64,
            average_record_bytes: (self.bytes / self.records).max(1) as u64,
            exact_records: is_all.then_some(data as u64),
            ..Sampled::unknown(head.compression)
        }
    }

    /// The type of each column over the rows from `first` on.
    fn types(&self, first: usize) -> Vec<Kind> {
        let of_column = |at: usize| {
            let values = self.rows[first..].iter().map(|row| Kind::of(&row[at].0));
            values.fold(Kind::Empty, Kind::or)
        };
        (0..self.width).map(of_column).collect()
    }

    /// The names in the first row, when it is a header above data of these types.
    fn header(&self, types: &[Kind]) -> Option<Vec<String>> {
        let first = &self.rows[0];
        let last = first.len() - 1;
        let differs = types
            .iter()
            .any(|kind| !matches!(kind, Kind::String | Kind::Empty));
        let can_name = |(at, (text, _)): (usize, &Cell)| {
            let string = matches!(Kind::of(text), Kind::String | Kind::Empty);
            let short = at == last || text.chars().count() < MAX_HEADER_CHARS;
            string && short && !text.chars().any(|c| c.is_control() && c != '\t')
        };
        let named = first.iter().any(|(text, _)| !text.trim().is_empty());
        let all = first.iter().enumerate().all(can_name);
        (differs && named && all).then(|| column_names(first))
    }

    /// Whether the values of the string columns stand in quotes, needed or not.
    fn is_quoted(&self, types: &[Kind], first: usize) -> bool {
        let strings = |at: &usize| matches!(types[*at], Kind::String);
        let mut columns: Vec<usize> = (0..self.width).filter(strings).collect();
        if columns.is_empty() {
            columns = (0..self.width).collect();
        }
        let cells = self.rows[first..]
            .iter()
            .flat_map(|row| columns.iter().map(|at| &row[*at]));
        let (mut all, mut quoted) = (0, 0);
        for (text, in_quotes) in cells {
            all += usize::from(*in_quotes || !text.is_empty());
            quoted += usize::from(*in_quotes);
        }
        quoted > 0 && quoted * 10 >= all * QUOTED_OF_TEN
    }
}

/// The first records of `text` and how many bytes they have. Where a quote is
/// opened and never closed, quotes mean nothing.
fn split(text: &[u8], delimiter: u8, whole: bool) -> (Vec<Vec<Cell>>, usize) {
    let quotes = Dialect {
        delimiter,
        header: false,
        ..Dialect::default()
    };
    split_as(text, &quotes, whole)
        .unwrap_or_else(|| split_as(text, &Dialect::hive(delimiter), whole).unwrap_or_default())
}

/// None when a quote is opened in it and not closed.
fn split_as(text: &[u8], dialect: &Dialect, whole: bool) -> Option<(Vec<Vec<Cell>>, usize)> {
    let records = split_records(text, dialect, ANY_WIDTH);
    let mut starts: Vec<usize> = records.starts.iter().map(|start| *start as usize).collect();
    // The last record of a sample goes on behind it, also when that is within quotes.
    match records.bad.first() {
        Some(_) if whole || starts.len() < 2 => return None,
        Some(open) => starts.push(open.range.start),
        None if whole => starts.push(text.len()),
        None => (),
    }
    starts.truncate(SAMPLE_RECORDS + 1);
    let end = *starts.last()?;
    let rows = starts.windows(2).map(|ends| {
        let record = &text[ends[0]..ends[1]];
        let fields = split_records(record, dialect, ANY_WIDTH);
        let cell = |field: &Field| {
            let value = String::from_utf8_lossy(fields.value(record, *field)).into_owned();
            (value, field.is_quoted())
        };
        fields.fields.iter().map(cell).collect::<Vec<Cell>>()
    });
    let blank = |row: &Vec<Cell>| row.len() == 1 && row[0].0.trim().is_empty();
    Some((rows.filter(|row| !blank(row)).collect(), end))
}

/// The names that the catalog has for a header: trimmed, in lower case, `colN`
/// where there is none, and each only once.
fn column_names(header: &[Cell]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    for (at, (text, _)) in header.iter().enumerate() {
        let name = text.trim().to_lowercase();
        let name = if name.is_empty() {
            format!("col{at}")
        } else {
            name.replace('\t', " ")
        };
        let taken = |name: &String| names.contains(name);
        // One of so many is free: there are fewer names than that.
        let others = (1..=header.len()).map(|count| format!("{name}_{count}"));
        let unique = std::iter::once(name.clone())
            .chain(others)
            .find(|name| !taken(name));
        names.push(unique.unwrap_or(name));
    }
    names
}

/// The type of a value or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Empty,
    BigInt,
    Double,
    Boolean,
    String,
}

impl Kind {
    fn of(text: &str) -> Self {
        let text = text.trim();
        let bytes = text.as_bytes();
        if text.is_empty() {
            Self::Empty
        } else if values::integer::<i64>(bytes).is_some() {
            Self::BigInt
        } else if values::boolean(bytes).is_some() {
            Self::Boolean
        } else if is_double(text) {
            Self::Double
        } else {
            Self::String
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Empty, kind) | (kind, Self::Empty) => kind,
            (one, other) if one == other => one,
            (Self::BigInt | Self::Double, Self::BigInt | Self::Double) => Self::Double,
            _ => Self::String,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::BigInt => "bigint",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Empty | Self::String => "string",
        }
    }
}

/// Whether `text` is a number with a fraction or exponent. One of digits only that
/// is too long for a bigint is not: a double would lose some of them.
fn is_double(text: &str) -> bool {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let fraction = text.contains(['.', 'e', 'E']);
    let number = values::float::<f64>(text.as_bytes());
    digits && fraction && number.is_some_and(f64::is_finite)
}
