//! Which reader a table's SerDe stands for, and what its parameters say.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html>

use stave_core::catalog::{
    HIVE_JSON_SERDE, LAZY_SIMPLE_SERDE, OPEN_CSV_SERDE, OPENX_JSON_SERDE, PARQUET_SERDE,
    Parameters, SerdeInfo, Table,
};
use stave_core::{Error, Result};

use crate::text::Dialect;

/// The JSON SerDe of newer Hive versions.
const HIVE_JSON_SERDE_2: &str = "org.apache.hadoop.hive.serde2.JsonSerDe";
/// The delimiter of Hive's text when none is given: Ctrl-A.
const HIVE_DELIMITER: u8 = 1;

/// How the files of a table are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Text in fields, columns by their place.
    Text(Dialect),
    /// One JSON object a line, columns by their names.
    Json,
    /// Parquet, columns by their names.
    Parquet,
}

impl Form {
    /// The form that `serde` reads; an empty one is made up for by the table's classification.
    pub(super) fn new(table: &Table, serde: &SerdeInfo) -> Result<Self> {
        let form = match serde.library.as_str() {
            LAZY_SIMPLE_SERDE => Self::Text(lazy_simple(table, serde)?),
            OPEN_CSV_SERDE => Self::Text(open_csv(table, serde)?),
            OPENX_JSON_SERDE | HIVE_JSON_SERDE | HIVE_JSON_SERDE_2 => Self::Json,
            PARQUET_SERDE => Self::Parquet,
            "" => match table.classification() {
                Some("csv") => Self::Text(lazy_simple(table, serde)?),
                Some("json") => Self::Json,
                Some("parquet") => Self::Parquet,
                other => return Err(unknown("classification", other.unwrap_or_default())),
            },
            other => return Err(unknown("SerDe", other)),
        };
        Ok(form)
    }
}

fn unknown(what: &str, name: &str) -> Error {
    Error::unsupported(format!("the {what} \"{name}\" is not supported")).hint(
        "tables of LazySimpleSerDe, OpenCSVSerde, the JSON SerDes and ParquetHiveSerDe can be queried",
    )
}

fn lazy_simple(table: &Table, serde: &SerdeInfo) -> Result<Dialect> {
    let parameters = &serde.parameters;
    let mut dialect = Dialect::hive(HIVE_DELIMITER);
    let delimiter = parameters
        .get("field.delim")
        .or_else(|| parameters.get("serialization.format"));
    if let Some(delimiter) = delimiter {
        dialect.delimiter = byte("field.delim", delimiter)?;
    } else if table.classification() == Some("csv") {
        dialect.delimiter = b',';
    }
    if let Some(escape) = parameters.get("escape.delim") {
        dialect.escape = Some(byte("escape.delim", escape)?);
    }
    if let Some(null) = parameters.get("serialization.null.format") {
        dialect.null_values = vec![null.clone()];
    }
    dialect.skip_lines = header_lines(table, parameters)?;
    Ok(dialect)
}

fn open_csv(table: &Table, serde: &SerdeInfo) -> Result<Dialect> {
    let parameters = &serde.parameters;
    let mut dialect = Dialect::open_csv();
    if let Some(separator) = parameters.get("separatorChar") {
        dialect.delimiter = byte("separatorChar", separator)?;
    }
    if let Some(quote) = parameters.get("quoteChar") {
        dialect.quote = Some(byte("quoteChar", quote)?);
    }
    if let Some(escape) = parameters.get("escapeChar") {
        dialect.escape = Some(byte("escapeChar", escape)?);
    }
    dialect.skip_lines = header_lines(table, parameters)?;
    Ok(dialect)
}

/// The lines that are passed over: a parameter of the table, or of the SerDe.
fn header_lines(table: &Table, serde: &Parameters) -> Result<u64> {
    const NAME: &str = "skip.header.line.count";
    let Some(text) = table.parameters.get(NAME).or_else(|| serde.get(NAME)) else {
        return Ok(0);
    };
    text.trim().parse().map_err(|_| {
        Error::invalid(format!(
            "the table's parameter {NAME} is \"{text}\", which is no number of lines"
        ))
    })
}

/// One byte as Hive writes it: the character, its number, or an escape such as `\t` or `\001`.
fn byte(name: &str, text: &str) -> Result<u8> {
    let escaped = |prefix: &str, radix| u8::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    let found = match text {
        "\\t" => Some(b'\t'),
        "\\\\" => Some(b'\\'),
        _ => match text.as_bytes() {
            // Hive takes a digit for the number of a byte too.
            [one] if !one.is_ascii_digit() => Some(*one),
            _ => text
                .parse()
                .ok()
                .or(escaped("\\", 8))
                .or(escaped("\\u00", 16)),
        },
    };
    found.filter(u8::is_ascii).ok_or_else(|| {
        Error::unsupported(format!(
            "the SerDe's parameter {name} is \"{}\"",
            text.escape_debug()
        ))
        .hint("it can be one ASCII character")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_written_in_many_ways() {
        for (text, expected) in [
            (",", b','),
            ("\t", b'\t'),
            ("\\t", b'\t'),
            ("9", b'\t'),
            ("\\001", 1),
            ("\u{1}", 1),
            ("\\u0001", 1),
            ("\\", b'\\'),
            ("|", b'|'),
        ] {
            assert_eq!(byte("field.delim", text).expect(text), expected, "{text:?}");
        }
        for text in ["", "||", "é", "300"] {
            assert!(byte("field.delim", text).is_err(), "{text:?}");
        }
    }
}
