//! What a JSON number is, and whether a type can hold it without loss.

use crate::text::values;

/// A number, as narrow as it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// Fits 32 bits.
    Int,
    /// Fits 64 bits.
    BigInt,
    /// Has a fraction or exponent, or is exact as a double.
    Double,
    /// No type of number holds it: only its text does.
    Text,
}

/// What kind of number `token` is.
pub(super) fn classify(token: &str) -> Number {
    if values::integer::<i32>(token.as_bytes()).is_some() {
        return Number::Int;
    }
    if values::integer::<i64>(token.as_bytes()).is_some() {
        return Number::BigInt;
    }
    let whole = !token.contains(['.', 'e', 'E', 'N', 'I']);
    match double(token) {
        Some(number) if !whole || number.to_string() == token => Number::Double,
        _ => Number::Text,
    }
}

/// The double that `token` means; none when it is too large for one.
pub(super) fn double(token: &str) -> Option<f64> {
    match token {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        token => token.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// The whole number that `token` means, also when it is written as `1.0` or `1e3`.
pub(super) fn integer(token: &str) -> Option<i64> {
    /// Up to here every whole number is a double of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    values::integer(token.as_bytes()).or_else(|| {
        let number = double(token).filter(|number| number.fract() == 0.0)?;
        (number.abs() <= EXACT).then_some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_narrow_as_they_can_be() {
        for (token, expected) in [
            ("0", Number::Int),
            ("-2147483648", Number::Int),
            ("2147483648", Number::BigInt),
            ("9223372036854775807", Number::BigInt),
            ("9223372036854775808", Number::Text),
            ("12345678901234567891", Number::Text),
            ("100000000000000000000", Number::Double),
            ("1.5", Number::Double),
            ("1e3", Number::Double),
            ("1e400", Number::Text),
            ("NaN", Number::Double),
        ] {
            assert_eq!(classify(token), expected, "{token}");
        }
    }

    #[test]
    fn whole_numbers_have_many_writings() {
        for (token, expected) in [
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("1e3", Some(1000)),
            ("7.5", None),
            ("1e30", None),
            ("NaN", None),
        ] {
            assert_eq!(integer(token), expected, "{token}");
        }
    }
}
