//! Numbers and moments as text in the way of the JVM.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use arrow::datatypes::{DataType, Float32Type, Float64Type, TimestampMicrosecondType};

use crate::java;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Prints a column of floats.
pub(super) fn floats(array: &ArrayRef) -> ArrayRef {
    let mut out = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            out.append_null();
            continue;
        }
        text.clear();
        if *array.data_type() == DataType::Float32 {
            java::float(&mut text, array.as_primitive::<Float32Type>().value(row));
        } else {
            java::double(&mut text, array.as_primitive::<Float64Type>().value(row));
        }
        out.append_value(&text);
    }
    Arc::new(out.finish())
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
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut out = String::new();
    java::date(&mut out, micros.div_euclid(MICROS_PER_DAY));
    let _ = write!(out, " {hour:02}:{minute:02}:{second:02}");
    if fraction > 0 {
        let _ = write!(out, ".{}", format!("{fraction:06}").trim_end_matches('0'));
    }
    out
}
