//! Values and types in the words of Athena's results: doubles as Java prints them,
//! timestamps to the millisecond, arrays, maps and rows in brackets and braces.

use std::borrow::Cow;
use std::fmt::Write;

use arrow::array::{Array, AsArray, OffsetSizeTrait};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::java::{date, double, float};

const DAY_MS: i64 = 86_400_000;

/// The text of a value, or none for NULL.
pub(super) fn text(array: &dyn Array, row: usize) -> Option<Cow<'_, str>> {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return None;
    }
    match array.data_type() {
        DataType::Utf8 => Some(Cow::Borrowed(array.as_string::<i32>().value(row))),
        DataType::LargeUtf8 => Some(Cow::Borrowed(array.as_string::<i64>().value(row))),
        DataType::Utf8View => Some(Cow::Borrowed(array.as_string_view().value(row))),
        _ => {
            let mut text = String::new();
            write(&mut text, array, row);
            Some(Cow::Owned(text))
        }
    }
}

/// Appends a value to `out`; NULL is the word.
fn write(out: &mut String, array: &dyn Array, row: usize) {
    if array.is_null(row) {
        out.push_str("null");
        return;
    }
    macro_rules! number {
        ($type:ty) => {{
            let _ = write!(out, "{}", array.as_primitive::<$type>().value(row));
        }};
    }
    match array.data_type() {
        DataType::Boolean => out.push_str(if array.as_boolean().value(row) {
            "true"
        } else {
            "false"
        }),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float16 => float(out, array.as_primitive::<Float16Type>().value(row).to_f32()),
        DataType::Float32 => float(out, array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => double(out, array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal32(..) => decimal::<Decimal32Type>(out, array, row),
        DataType::Decimal64(..) => decimal::<Decimal64Type>(out, array, row),
        DataType::Decimal128(..) => decimal::<Decimal128Type>(out, array, row),
        DataType::Decimal256(..) => decimal::<Decimal256Type>(out, array, row),
        DataType::Utf8 => out.push_str(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => out.push_str(array.as_string::<i64>().value(row)),
        DataType::Utf8View => out.push_str(array.as_string_view().value(row)),
        DataType::Binary => hex(out, array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => hex(out, array.as_binary::<i64>().value(row)),
        DataType::BinaryView => hex(out, array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => hex(out, array.as_fixed_size_binary().value(row)),
        DataType::Date32 => date(
            out,
            i64::from(array.as_primitive::<Date32Type>().value(row)),
        ),
        DataType::Date64 => {
            date(
                out,
                array
                    .as_primitive::<Date64Type>()
                    .value(row)
                    .div_euclid(DAY_MS),
            );
        }
        DataType::Time32(_) | DataType::Time64(_) => time(out, time_ms(array, row)),
        DataType::Timestamp(unit, zone) if zone.as_deref().is_none_or(is_utc) => {
            timestamp(out, timestamp_ms(array, *unit, row));
            if zone.is_some() {
                out.push_str(" UTC");
            }
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys()[row];
            write(out, dictionary.values().as_ref(), key);
        }
        _ => nested(out, array, row),
    }
}

fn nested(out: &mut String, array: &dyn Array, row: usize) {
    match array.data_type() {
        DataType::List(_) => list::<i32>(out, array, row),
        DataType::LargeList(_) => list::<i64>(out, array, row),
        DataType::FixedSizeList(..) => {
            elements(out, array.as_fixed_size_list().value(row).as_ref());
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            out.push('{');
            for (at, (field, column)) in fields.iter().zip(columns).enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                let _ = write!(out, "{comma}{}=", field.name());
                write(out, column.as_ref(), row);
            }
            out.push('}');
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            out.push('{');
            for at in 0..entries.len() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(out, keys.as_ref(), at);
                out.push('=');
                write(out, values.as_ref(), at);
            }
            out.push('}');
        }
        _ => {
            // Intervals, zones other than UTC and the like, in arrow's own words.
            if let Ok(formatter) = ArrayFormatter::try_new(array, &FormatOptions::default()) {
                let _ = write!(out, "{}", formatter.value(row));
            }
        }
    }
}

fn list<O: OffsetSizeTrait>(out: &mut String, array: &dyn Array, row: usize) {
    elements(out, array.as_list::<O>().value(row).as_ref());
}

fn elements(out: &mut String, values: &dyn Array) {
    out.push('[');
    for at in 0..values.len() {
        if at > 0 {
            out.push_str(", ");
        }
        write(out, values, at);
    }
    out.push(']');
}

fn decimal<T: DecimalType>(out: &mut String, array: &dyn Array, row: usize) {
    out.push_str(&array.as_primitive::<T>().value_as_string(row));
}

fn hex(out: &mut String, bytes: &[u8]) {
    for (at, byte) in bytes.iter().enumerate() {
        let space = if at == 0 { "" } else { " " };
        let _ = write!(out, "{space}{byte:02x}");
    }
}

fn time(out: &mut String, ms: i64) {
    let (s, ms) = (ms.div_euclid(1_000), ms.rem_euclid(1_000));
    let _ = write!(
        out,
        "{:02}:{:02}:{:02}.{ms:03}",
        s / 3_600,
        s / 60 % 60,
        s % 60
    );
}

fn timestamp(out: &mut String, ms: i64) {
    date(out, ms.div_euclid(DAY_MS));
    out.push(' ');
    time(out, ms.rem_euclid(DAY_MS));
}

fn timestamp_ms(array: &dyn Array, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row) * 1_000,
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => array
            .as_primitive::<TimestampMicrosecondType>()
            .value(row)
            .div_euclid(1_000),
        TimeUnit::Nanosecond => array
            .as_primitive::<TimestampNanosecondType>()
            .value(row)
            .div_euclid(1_000_000),
    }
}

fn time_ms(array: &dyn Array, row: usize) -> i64 {
    match array.data_type() {
        DataType::Time32(TimeUnit::Second) => {
            i64::from(array.as_primitive::<Time32SecondType>().value(row)) * 1_000
        }
        DataType::Time32(_) => i64::from(array.as_primitive::<Time32MillisecondType>().value(row)),
        DataType::Time64(TimeUnit::Nanosecond) => {
            array.as_primitive::<Time64NanosecondType>().value(row) / 1_000_000
        }
        _ => array.as_primitive::<Time64MicrosecondType>().value(row) / 1_000,
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Z" | "+00:00" | "+00" | "+0000" | "Etc/UTC")
}

/// The name that Athena gives a type: `varchar`, `row(id bigint)`.
pub(super) fn type_name(arrow: &DataType) -> String {
    let name = match arrow {
        DataType::Null => "unknown",
        DataType::Boolean => "boolean",
        DataType::Int8 => "tinyint",
        DataType::Int16 | DataType::UInt8 => "smallint",
        DataType::Int32 | DataType::UInt16 => "integer",
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "bigint",
        DataType::Float16 | DataType::Float32 => "float",
        DataType::Float64 => "double",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Timestamp(_, None) => "timestamp",
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone",
        DataType::Interval(_) | DataType::Duration(_) => "interval day to second",
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "varbinary",
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => return format!("decimal({precision},{scale})"),
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => {
            return format!("array({})", type_name(element.data_type()));
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => {
                let (key, value) = (
                    type_name(pair[0].data_type()),
                    type_name(pair[1].data_type()),
                );
                return format!("map({key}, {value})");
            }
            _ => "map",
        },
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{} {}", field.name(), type_name(field.data_type())))
                .collect();
            return format!("row({})", fields.join(", "));
        }
        DataType::Dictionary(_, value) => return type_name(value),
        _ => "varchar",
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_of_the_calendar() {
        for (ms, expected) in [
            (0, "1970-01-01 00:00:00.000"),
            (1_704_067_200_123, "2024-01-01 00:00:00.123"),
            (-1, "1969-12-31 23:59:59.999"),
            (951_782_400_000, "2000-02-29 00:00:00.000"),
        ] {
            let mut text = String::new();
            timestamp(&mut text, ms);
            assert_eq!(text, expected);
        }
    }
}
