//! Numbers and moments as text in the way of the JVM.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use arrow::datatypes::{DataType, Float32Type, Float64Type, TimestampMicrosecondType};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Prints a column of floats.
pub(super) fn floats(array: &ArrayRef) -> ArrayRef {
    let mut out = StringViewBuilder::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            out.append_null();
        } else if *array.data_type() == DataType::Float32 {
            let value = array.as_primitive::<Float32Type>().value(row);
            out.append_value(java_float(f64::from(value), &format!("{value:e}")));
        } else {
            let value = array.as_primitive::<Float64Type>().value(row);
            out.append_value(java_float(value, &format!("{value:e}")));
        }
    }
    Arc::new(out.finish())
}

/// A number as `Double.toString` prints it; `shortest` is it as `digits[.digits]e<exponent>`.
fn java_float(value: f64, shortest: &str) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}Infinity");
    }
    let unsigned = shortest.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if value == 0.0 {
        return format!("{sign}0.0");
    }
    if !(-3..7).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        return format!("{sign}{first}.{rest}E{exponent}");
    }
    let places = usize::try_from(exponent + 1).unwrap_or(0);
    let whole: String = digits
        .chars()
        .chain(std::iter::repeat('0'))
        .take(places)
        .collect();
    let leading = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
    let fraction: String = digits.chars().skip(places).collect();
    let whole = if whole.is_empty() { "0" } else { &whole };
    let fraction = format!("{leading}{fraction}");
    let fraction = if fraction.is_empty() { "0" } else { &fraction };
    format!("{sign}{whole}.{fraction}")
}

/// Prints a column of moments in UTC: `yyyy-MM-dd HH:mm:ss[.ffffff]`.
pub(super) fn timestamps(array: &ArrayRef) -> ArrayRef {
    let moments = array.as_primitive::<TimestampMicrosecondType>();
    let mut out = StringViewBuilder::with_capacity(array.len());
    for moment in moments {
        match moment {
            Some(micros) => out.append_value(spark_timestamp(micros)),
            None => out.append_null(),
        }
    }
    Arc::new(out.finish())
}

fn spark_timestamp(micros: i64) -> String {
    let (year, month, day) = civil(micros.div_euclid(MICROS_PER_DAY));
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut out = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    if fraction > 0 {
        let _ = write!(out, ".{}", format!("{fraction:06}").trim_end_matches('0'));
    }
    out
}

/// Year, month and day of a day since 1970
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
