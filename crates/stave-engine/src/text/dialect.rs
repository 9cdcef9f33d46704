//! The ways in which text is split into records and fields.

use stave_core::{Error, Result};

/// Whose rules a text file follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grammar {
    /// CSV with quotes, doubled quotes and line breaks inside quotes
    /// (<https://www.rfc-editor.org/rfc/rfc4180>), read as leniently as Python's
    /// `csv` module reads it.
    #[default]
    Rfc4180,
    /// Hive's LazySimpleSerDe: a record is a line, every delimiter splits, quotes mean nothing
    /// (<https://cwiki.apache.org/confluence/display/Hive/LanguageManual+DDL#LanguageManualDDL-RowFormats>).
    Hive,
    /// Hive's OpenCSVSerde: a record is a line, quotes and a backslash escape are honoured
    /// (<https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html>).
    OpenCsv,
}

/// How a text file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Whose rules hold.
    pub grammar: Grammar,
    /// What stands between fields; one ASCII byte.
    pub delimiter: u8,
    /// What values that hold a delimiter stand in; one ASCII byte.
    pub quote: Option<u8>,
    /// What takes the meaning from the byte behind it; a quote is always escaped by doubling.
    pub escape: Option<u8>,
    /// Lines that begin with this byte are passed over (not in Hive's grammars).
    pub comment: Option<u8>,
    /// Lines to pass over before anything else.
    pub skip_lines: u64,
    /// Whether the first record names the columns.
    pub header: bool,
    /// Unquoted values that mean NULL.
    pub null_values: Vec<String>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            grammar: Grammar::Rfc4180,
            delimiter: b',',
            quote: Some(b'"'),
            escape: None,
            comment: None,
            skip_lines: 0,
            header: true,
            null_values: Vec::new(),
        }
    }
}

impl Dialect {
    /// Delimited text as LazySimpleSerDe reads it by default: `\N` is NULL.
    pub fn hive(delimiter: u8) -> Self {
        Self {
            grammar: Grammar::Hive,
            delimiter,
            quote: None,
            header: false,
            null_values: vec!["\\N".to_owned()],
            ..Self::default()
        }
    }

    /// CSV as OpenCSVSerde reads it by default.
    pub fn open_csv() -> Self {
        Self {
            grammar: Grammar::OpenCsv,
            escape: Some(b'\\'),
            header: false,
            ..Self::default()
        }
    }

    /// Whether a record can hold a line break.
    pub fn multiline(&self) -> bool {
        self.grammar == Grammar::Rfc4180 && (self.quote.is_some() || self.escape.is_some())
    }

    /// Whether records and fields are cut at ASCII bytes only.
    pub fn is_ascii(&self) -> bool {
        let bytes = [Some(self.delimiter), self.quote, self.escape, self.comment];
        bytes.iter().flatten().all(u8::is_ascii)
    }

    /// Checks that the parts can be told apart.
    pub fn check(&self) -> Result<()> {
        let bytes = [Some(self.delimiter), self.quote, self.escape, self.comment];
        for (at, byte) in bytes.iter().enumerate() {
            let Some(byte) = byte else { continue };
            if !byte.is_ascii() || matches!(byte, b'\n' | b'\r') {
                return Err(Error::invalid(
                    "delimiter, quote, escape and comment are single ASCII characters other than line breaks",
                ));
            }
            let same_as_escape = self.grammar != Grammar::Rfc4180 && at == 2;
            if !same_as_escape && bytes[..at].contains(&Some(*byte)) {
                return Err(Error::invalid(format!(
                    "'{}' has two meanings among delimiter, quote, escape and comment",
                    char::from(*byte)
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_has_one_meaning() {
        assert!(Dialect::default().check().is_ok());
        assert!(Dialect::hive(1).check().is_ok());
        let comment = Dialect {
            comment: Some(b','),
            ..Dialect::default()
        };
        assert!(comment.check().is_err());
        let delimiter = Dialect {
            delimiter: b'\n',
            ..Dialect::default()
        };
        assert!(delimiter.check().is_err());
    }
}
