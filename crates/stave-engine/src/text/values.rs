//! Reads single values of text: numbers, dates, booleans. All take trimmed,
//! non-empty bytes and give none for what is not of the type.

use arrow::compute::kernels::cast_utils::{Parser, parse_decimal, string_to_timestamp_nanos};
use arrow::datatypes::{Date32Type, Decimal128Type};

/// A whole number with an optional sign.
pub(crate) fn integer<N: TryFrom<i64>>(value: &[u8]) -> Option<N> {
    let (negative, digits) = match value {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_i64;
    for byte in digits {
        let digit = i64::from(byte.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        // Counting downwards reaches the smallest number too.
        number = number.checked_mul(10)?.checked_sub(digit)?;
    }
    let number = if negative {
        number
    } else {
        number.checked_neg()?
    };
    N::try_from(number).ok()
}

/// A number with an optional fraction and exponent, `NaN` and `inf` among them.
pub(crate) fn float<N: std::str::FromStr>(value: &[u8]) -> Option<N> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// `true` or `false`, in any case.
pub(crate) fn boolean(value: &[u8]) -> Option<bool> {
    if value.eq_ignore_ascii_case(b"true") {
        Some(true)
    } else if value.eq_ignore_ascii_case(b"false") {
        Some(false)
    } else {
        None
    }
}

/// `YYYY-MM-DD`, as days since 1970-01-01.
pub(crate) fn date(value: &[u8]) -> Option<i32> {
    let shape = value.len() == 10 && value[4] == b'-' && value[7] == b'-';
    shape
        .then(|| Date32Type::parse(std::str::from_utf8(value).ok()?))
        .flatten()
}

/// `YYYY-MM-DD HH:MM:SS[.fraction]`, also with `T`, a zone or a trailing ` UTC`; nanoseconds since 1970.
pub(crate) fn timestamp_nanos(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?;
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    string_to_timestamp_nanos(text).ok()
}

/// A decimal of at most `precision` digits, `scale` of them behind the point.
pub(crate) fn decimal(value: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let text = std::str::from_utf8(value).ok()?;
    parse_decimal::<Decimal128Type>(text, precision, scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact_or_none() {
        for (text, number) in [
            ("0", Some(0)),
            ("+7", Some(7)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("1.0", None),
            ("1e5", None),
            ("-", None),
            ("1 2", None),
        ] {
            assert_eq!(integer::<i64>(text.as_bytes()), number, "{text}");
        }
        assert_eq!(integer::<i8>(b"128"), None);
        assert_eq!(integer::<i8>(b"-128"), Some(-128));
    }

    #[test]
    fn dates_and_times_are_iso() {
        assert_eq!(date(b"1970-01-02"), Some(1));
        assert_eq!(date(b"1970-13-02"), None);
        assert_eq!(date(b"1970-01"), None);
        assert_eq!(
            timestamp_nanos(b"1970-01-01 00:00:01 UTC"),
            Some(1_000_000_000)
        );
        assert_eq!(
            timestamp_nanos(b"1970-01-01T00:00:00.5Z"),
            Some(500_000_000)
        );
        assert_eq!(timestamp_nanos(b"yesterday"), None);
    }

    #[test]
    fn other_values_read() {
        assert_eq!(float::<f64>(b"-2.5e3"), Some(-2500.0));
        assert_eq!(float::<f64>(b"2,5"), None);
        assert_eq!(boolean(b"TRUE"), Some(true));
        assert_eq!(boolean(b"1"), None);
        assert_eq!(decimal(b"12.345", 10, 2), Some(1234));
        assert_eq!(decimal(b"123456789012", 10, 2), None);
    }
}
