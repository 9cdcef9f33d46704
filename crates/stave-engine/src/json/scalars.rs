//! Reads single values as the type that a column wants; none for what is not of it.

use arrow::datatypes::{DataType, TimeUnit};

use super::cursor::{Cursor, Fault, Kind};
use super::numbers;
use crate::text::values;

/// Appends a value as text: strings as they are, everything else as its JSON.
pub(super) fn read_text(
    text: &mut Vec<u8>,
    kind: Kind,
    cursor: &mut Cursor<'_>,
) -> Result<(), Fault> {
    match kind {
        Kind::String => text.extend_from_slice(cursor.string()?.as_bytes()),
        Kind::Object | Kind::Array => compact(text, cursor.skip()?),
        _ => text.extend_from_slice(cursor.skip()?.as_bytes()),
    }
    Ok(())
}

/// Appends JSON text without the spaces between its parts.
fn compact(out: &mut Vec<u8>, json: &str) {
    let (mut quoted, mut escaped) = (false, false);
    for &byte in json.as_bytes() {
        if quoted {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            quoted = !closes;
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            quoted = byte == b'"';
        }
        out.push(byte);
    }
}

pub(super) fn integer(wanted: &DataType, token: &str) -> Option<i64> {
    let number = numbers::integer(token)?;
    let fits = match wanted {
        DataType::Int8 => i8::try_from(number).is_ok(),
        DataType::Int16 => i16::try_from(number).is_ok(),
        DataType::Int32 => i32::try_from(number).is_ok(),
        DataType::Int64 => true,
        _ => false,
    };
    fits.then_some(number)
}

/// A whole number, day or time that is written as a string.
pub(super) fn from_text(wanted: &DataType, text: &str) -> Option<i64> {
    let time = |divisor: i64| {
        values::timestamp_nanos(text.as_bytes()).map(|nanos| nanos.div_euclid(divisor))
    };
    match wanted {
        DataType::Date32 => values::date(text.as_bytes()).map(i64::from),
        DataType::Timestamp(TimeUnit::Millisecond, _) => time(1_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => time(1_000),
        DataType::Timestamp(_, _) => time(1),
        _ => integer(wanted, text),
    }
}

pub(super) fn float(wanted: &DataType, token: &str) -> Option<f64> {
    let number = numbers::double(token)?;
    let fits = *wanted != DataType::Float32 || !number.is_finite() || (number as f32).is_finite();
    fits.then_some(number)
}

pub(super) fn decimal(wanted: &DataType, token: &str) -> Option<i128> {
    match wanted {
        DataType::Decimal128(precision, scale) => {
            values::decimal(token.as_bytes(), *precision, *scale)
        }
        _ => None,
    }
}
