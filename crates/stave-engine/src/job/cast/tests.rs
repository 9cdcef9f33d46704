//! The casts against what Spark 3.5 answers.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{TIMESTAMP, cast, common_type, possible};

fn shown(array: &ArrayRef, wanted: &DataType) -> Vec<String> {
    let done = cast(array, wanted).expect("a cast");
    assert_eq!(done.data_type(), wanted);
    let options = FormatOptions::default().with_null("NULL");
    let formatter = ArrayFormatter::try_new(&done, &options).expect("printable");
    (0..done.len())
        .map(|row| formatter.value(row).to_string())
        .collect()
}

fn text_to(wanted: &DataType, cases: &[(&str, &str)]) {
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(
        cases.iter().map(|case| case.0),
    ));
    let done = shown(&texts, wanted);
    for ((text, expected), found) in cases.iter().zip(done) {
        assert_eq!(found, *expected, "{text:?} to {wanted}");
    }
}

#[test]
fn text_becomes_whole_numbers() {
    text_to(
        &DataType::Int64,
        &[
            ("91", "91"),
            ("91.7", "91"),
            ("-91.9", "-91"),
            (" \t+7\n", "7"),
            ("1.", "1"),
            (".5", "0"),
            (".", "0"),
            ("", "NULL"),
            (" ", "NULL"),
            ("-", "NULL"),
            ("1e5", "NULL"),
            ("1.2.3", "NULL"),
            ("1.x", "NULL"),
            ("abc", "NULL"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775808", "NULL"),
            ("a text longer than twelve bytes", "NULL"),
            ("00000000000000000000042", "42"),
        ],
    );
    text_to(
        &DataType::Int8,
        &[("127", "127"), ("128", "NULL"), ("-128.9", "-128")],
    );
}

#[test]
fn text_becomes_fractions() {
    text_to(
        &DataType::Float64,
        &[
            ("91.7", "91.7"),
            (" 1e3 ", "1000.0"),
            ("1.5d", "1.5"),
            ("NaN", "NaN"),
            ("-Infinity", "-inf"),
            ("", "NULL"),
            ("d", "NULL"),
            ("1,5", "NULL"),
        ],
    );
    text_to(
        &DataType::Decimal128(6, 2),
        &[
            ("12.345", "12.35"),
            ("-12.345", "-12.35"),
            ("1e3", "1000.00"),
            ("0.004", "0.00"),
            ("9999.994", "9999.99"),
            ("9999.995", "NULL"),
            ("5e-3", "0.01"),
            ("5e-9", "0.00"),
            ("1e400", "NULL"),
            (".", "NULL"),
            ("", "NULL"),
        ],
    );
}

#[test]
fn text_becomes_truth_values_and_days() {
    text_to(
        &DataType::Boolean,
        &[
            ("TRUE", "true"),
            (" y ", "true"),
            ("0", "false"),
            ("no", "false"),
            ("2", "NULL"),
            ("", "NULL"),
        ],
    );
    text_to(
        &DataType::Date32,
        &[
            ("2023-05-17", "2023-05-17"),
            ("2023-5-7", "2023-05-07"),
            ("2023-05", "2023-05-01"),
            ("2023", "2023-01-01"),
            ("2023-05-17T10:00:00", "2023-05-17"),
            ("2023-05-17 whatever", "2023-05-17"),
            ("2023-02-29", "NULL"),
            ("2024-02-29", "2024-02-29"),
            ("17/05/2023", "NULL"),
            ("23-05-17", "NULL"),
            ("2023-13-01", "NULL"),
            ("", "NULL"),
        ],
    );
}

#[test]
fn text_becomes_moments() {
    text_to(
        &TIMESTAMP,
        &[
            ("2023-05-17", "2023-05-17T00:00:00"),
            ("2023", "2023-01-01T00:00:00"),
            ("2023-05-17 10:11:12", "2023-05-17T10:11:12"),
            (
                "2023-05-17T10:11:12.345678912Z",
                "2023-05-17T10:11:12.345678",
            ),
            ("2023-05-17 10:11+02:00", "2023-05-17T08:11:00"),
            ("2023-05-17 10:11:12 UTC", "2023-05-17T10:11:12"),
            ("1969-12-31 23:59:59.5", "1969-12-31T23:59:59.500"),
            ("2023-05-17 25:00:00", "NULL"),
            ("2023-05-17 10:11:12 nowhere", "NULL"),
            ("", "NULL"),
        ],
    );
}

#[test]
fn numbers_wrap_and_saturate_as_on_the_jvm() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![
        1.9,
        -1.9,
        1e20,
        f64::NAN,
        70_000.0,
    ]));
    assert_eq!(
        shown(&floats, &DataType::Int64),
        ["1", "-1", "9223372036854775807", "0", "70000"]
    );
    assert_eq!(
        shown(&floats, &DataType::Int16),
        ["1", "-1", "-1", "0", "4464"]
    );
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![Some(1 << 32), Some(5), None]));
    assert_eq!(shown(&whole, &DataType::Int32), ["0", "5", "NULL"]);
    assert_eq!(shown(&whole, &DataType::Boolean), ["true", "true", "NULL"]);
    let truth: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    assert_eq!(shown(&truth, &DataType::Int32), ["1", "0"]);
}

#[test]
fn numbers_print_as_java_prints_them() {
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![
        91.0,
        201_051.670_103_092_8,
        1e7,
        9_999_999.0,
        0.001,
        0.000_1,
        -0.0,
        1.5e-10,
        f64::INFINITY,
    ]));
    let expected = [
        "91.0",
        "201051.6701030928",
        "1.0E7",
        "9999999.0",
        "0.001",
        "1.0E-4",
        "-0.0",
        "1.5E-10",
        "Infinity",
    ];
    assert_eq!(shown(&numbers, &DataType::Utf8View), expected);
    let small: ArrayRef = Arc::new(Float32Array::from(vec![0.1_f32, 16_777_216.0]));
    assert_eq!(shown(&small, &DataType::Utf8View), ["0.1", "1.6777216E7"]);
    let moments: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0, -500_000]));
    let expected = ["1970-01-01 00:00:00", "1969-12-31 23:59:59.5"];
    assert_eq!(shown(&moments, &DataType::Utf8View), expected);
    assert_eq!(shown(&moments, &DataType::Int64), ["0", "-1"]);
}

#[test]
fn types_meet_or_do_not() {
    use DataType::{Boolean, Date32, Float64, Int32, Int64, Utf8, Utf8View};
    for (a, b, common) in [
        (Utf8, Utf8View, Some(Utf8View)),
        (Utf8View, Int32, Some(Int64)),
        (Utf8View, Float64, Some(Float64)),
        (Int32, Int64, Some(Int64)),
        (Int64, Float64, Some(Float64)),
        (Date32, Int64, None),
        (Boolean, Int64, None),
    ] {
        assert_eq!(common_type(&a, &b), common, "{a} {b}");
        assert_eq!(common_type(&b, &a), common, "{b} {a}");
    }
    assert!(!possible(&Date32, &Int64));
    assert!(possible(&Utf8, &Date32));
}
