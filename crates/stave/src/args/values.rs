//! Values of arguments, read with the rules of the core.

use std::time::Duration;

use stave_core::{BucketName, Error, S3Uri, units};
use stave_services::transfer::Place;

/// A size such as `2GiB`, in bytes.
pub fn size(text: &str) -> Result<u64, String> {
    units::parse_bytes(text).map_err(|error| told(&error))
}

/// A whole bucket: `s3://bucket`.
pub fn bucket(text: &str) -> Result<BucketName, String> {
    let uri: S3Uri = text.parse().map_err(|error| told(&error))?;
    if uri.key.is_empty() {
        return Ok(uri.bucket);
    }
    Err(told(
        &Error::invalid(format!("\"{}\" is more than a bucket", uri.key))
            .hint(format!("write it like s3://{}", uri.bucket)),
    ))
}

/// An `s3://` address.
pub fn s3_uri(text: &str) -> Result<S3Uri, String> {
    text.parse().map_err(|error| told(&error))
}

/// A local path or an `s3://` address.
pub fn place(text: &str) -> Result<Place, String> {
    text.parse().map_err(|error| told(&error))
}

/// One end of a copy: a place, or `-` for standard input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyEnd {
    /// A file or an object.
    Place(Place),
    /// Standard input or output.
    Standard,
}

/// Reads one end of a copy.
pub fn copy_end(text: &str) -> Result<CopyEnd, String> {
    if text == "-" {
        return Ok(CopyEnd::Standard);
    }
    place(text).map(CopyEnd::Place)
}

/// A table's name: `database.table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
}

/// Reads `database.table`.
pub fn table_name(text: &str) -> Result<TableName, String> {
    match text.split_once('.') {
        Some((database, table)) if !database.is_empty() && !table.is_empty() => Ok(TableName {
            database: database.to_owned(),
            table: table.to_owned(),
        }),
        _ => Err("write it like database.table".to_owned()),
    }
}

/// Reads `name=value`; the value may hold more of `=`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it like NAME=VALUE".to_owned()),
    }
}

/// A time such as `90s`, `10m`, `1h` or `2d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write it like 30s, 10m, 1h or 2d".to_owned();
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

fn told(error: &Error) -> String {
    match error.hint_text() {
        Some(hint) => format!("{error}\n  hint: {hint}"),
        None => error.to_string(),
    }
}
