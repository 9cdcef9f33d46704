//! Reads text as Spark's casts read it: blanks around it do not count, what is not of
//! the type is none.
//!
//! The rules are those of `UTF8String.toLong`, `Cast.castToDouble`, `StringUtils` and
//! `SparkDateTimeUtils` of Apache Spark 3.5.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray, StringViewArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowPrimitiveType, Decimal128Type};
use datafusion::common::Result as EngineResult;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads each value of a column; none becomes NULL.
pub(super) fn column<T: ArrowPrimitiveType>(
    array: &StringViewArray,
    read: impl Fn(&[u8]) -> Option<T::Native>,
) -> ArrayRef {
    Arc::new(primitives::<T>(array, read))
}

fn primitives<T: ArrowPrimitiveType>(
    array: &StringViewArray,
    read: impl Fn(&[u8]) -> Option<T::Native>,
) -> PrimitiveArray<T> {
    let mut values: Vec<T::Native> = Vec::with_capacity(array.len());
    let mut valid: Vec<bool> = Vec::new();
    for (row, bytes) in array.bytes_iter().enumerate() {
        let value = read(bytes);
        if value.is_none() && valid.is_empty() {
            valid = vec![true; array.len()];
        }
        if value.is_none() {
            valid[row] = false;
        }
        values.push(value.unwrap_or_default());
    }
    PrimitiveArray::new(ScalarBuffer::from(values), nulls(array, valid))
}

/// The rows that were NULL before, and those that `valid` says are now.
fn nulls(array: &StringViewArray, valid: Vec<bool>) -> Option<NullBuffer> {
    let own = (!valid.is_empty()).then(|| NullBuffer::from(valid));
    NullBuffer::union(array.nulls(), own.as_ref())
}

/// Reads a column of truth values.
pub(super) fn booleans(array: &StringViewArray) -> ArrayRef {
    let read: Vec<Option<bool>> = array.bytes_iter().map(boolean).collect();
    let values: Vec<bool> = read.iter().map(|value| value.unwrap_or_default()).collect();
    let valid = read.iter().map(Option::is_some).collect();
    Arc::new(BooleanArray::new(
        BooleanBuffer::from(values),
        nulls(array, valid),
    ))
}

/// Reads a column of decimals.
pub(super) fn decimals(
    array: &StringViewArray,
    precision: u8,
    scale: i8,
) -> EngineResult<ArrayRef> {
    let read: Decimal128Array =
        primitives::<Decimal128Type>(array, |bytes| decimal(bytes, precision, scale));
    Ok(Arc::new(read.with_precision_and_scale(precision, scale)?))
}

/// Without what Java calls white space or a control character, at both ends.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    let Some(first) = bytes.iter().position(|byte| !blank(byte)) else {
        return &[];
    };
    let last = bytes.iter().rposition(|byte| !blank(byte)).unwrap_or(first);
    &bytes[first..=last]
}

/// A whole number; a fraction is cut off.
pub(super) fn integer<N: TryFrom<i64>>(bytes: &[u8]) -> Option<N> {
    let (negative, digits) = match trimmed(bytes) {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    // Counting downwards reaches the smallest number too.
    let mut number = 0_i64;
    let mut rest = digits.iter();
    for byte in rest.by_ref() {
        let digit = i64::from(byte.wrapping_sub(b'0'));
        if digit > 9 {
            if *byte == b'.' {
                break;
            }
            return None;
        }
        number = number.checked_mul(10)?.checked_sub(digit)?;
    }
    if !rest.all(u8::is_ascii_digit) {
        return None;
    }
    let number = if negative {
        number
    } else {
        number.checked_neg()?
    };
    N::try_from(number).ok()
}

/// A number as Java's `Double.parseDouble` takes it, but for its hexadecimal form.
pub(super) fn float<N: std::str::FromStr>(bytes: &[u8]) -> Option<N> {
    let bytes = match trimmed(bytes) {
        [number @ .., b'd' | b'D' | b'f' | b'F']
            if number
                .last()
                .is_some_and(|last| last.is_ascii_digit() || *last == b'.') =>
        {
            number
        }
        all => all,
    };
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// The words that Spark takes for true and false.
pub(super) fn boolean(bytes: &[u8]) -> Option<bool> {
    let word = trimmed(bytes);
    let is = |words: [&str; 5]| {
        words
            .iter()
            .any(|other| word.eq_ignore_ascii_case(other.as_bytes()))
    };
    if is(["t", "true", "y", "yes", "1"]) {
        Some(true)
    } else if is(["f", "false", "n", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// A decimal, rounded half up to `scale`; none when it has more than `precision` digits.
pub(super) fn decimal(bytes: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (negative, rest) = match trimmed(bytes) {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let exponent_at = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match exponent_at {
        Some(at) => (
            &rest[..at],
            std::str::from_utf8(&rest[at + 1..])
                .ok()?
                .parse::<i32>()
                .ok()?,
        ),
        None => (rest, 0),
    };
    let point = mantissa.iter().position(|byte| *byte == b'.');
    let whole = &mantissa[..point.unwrap_or(mantissa.len())];
    let fraction = point.map_or(&[][..], |at| &mantissa[at + 1..]);
    let digits = || whole.iter().chain(fraction);
    if digits().next().is_none() || !digits().all(u8::is_ascii_digit) {
        return None;
    }
    // How many of the digits stand before the last one that is kept.
    let kept = i64::from(exponent) + whole.len() as i64 + i64::from(scale);
    let mut number = 0_i128;
    for digit in digits().take(usize::try_from(kept).unwrap_or(0)) {
        number = number
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
    }
    let missing = kept - digits().count() as i64;
    if number != 0 && missing > 0 {
        number = number.checked_mul(10_i128.checked_pow(u32::try_from(missing).ok()?)?)?;
    }
    let next = usize::try_from(kept)
        .ok()
        .and_then(|kept| digits().nth(kept));
    if next.is_some_and(|digit| *digit >= b'5') {
        number += 1;
    }
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    (number < limit).then_some(if negative { -number } else { number })
}

/// A date: `yyyy`, `yyyy-m` or `yyyy-m-d`, also with a time behind it; days since 1970.
pub(super) fn date(bytes: &[u8]) -> Option<i32> {
    let (days, rest) = day(trimmed(bytes))?;
    matches!(rest, [] | [b' ' | b'T', ..]).then_some(days)
}

/// The day at the beginning of `bytes`, and what follows; only a full one may be followed.
fn day(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (negative, rest) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let (year, rest) = digits(rest, 4, 7)?;
    let year = if negative { -year } else { year };
    let [b'-', rest @ ..] = rest else {
        return rest
            .is_empty()
            .then(|| Some((days_of(year, 1, 1)?, rest)))?;
    };
    let (month, rest) = digits(rest, 1, 2)?;
    let [b'-', rest @ ..] = rest else {
        return rest
            .is_empty()
            .then(|| Some((days_of(year, month, 1)?, rest)))?;
    };
    let (day, rest) = digits(rest, 1, 2)?;
    Some((days_of(year, month, day)?, rest))
}

/// `fewest` to `most` digits, and what follows.
fn digits(bytes: &[u8], fewest: usize, most: usize) -> Option<(i64, &[u8])> {
    let count = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count < fewest || count > most {
        return None;
    }
    let (digits, rest) = bytes.split_at(count);
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some((number, rest))
}

/// Days since 1970-01-01 in the Gregorian calendar; none for a day that does not exist.
/// (<https://howardhinnant.github.io/date_algorithms.html#days_from_civil>)
fn days_of(year: i64, month: i64, day: i64) -> Option<i32> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

/// A moment: a date as in [`date`], then `T` or a blank, `h:m[:s[.fraction]]` and a zone
/// (`Z`, `UTC`, `GMT`, `+h[:mm]`); microseconds since 1970. Without a zone it is UTC.
pub(super) fn timestamp(bytes: &[u8]) -> Option<i64> {
    let (days, rest) = day(trimmed(bytes))?;
    let seconds = i64::from(days) * SECONDS_PER_DAY;
    let micros = match rest {
        [] => Some(0),
        [b' ' | b'T', time @ ..] => time_of_day(time),
        _ => None,
    }?;
    seconds.checked_mul(MICROS_PER_SECOND)?.checked_add(micros)
}

fn time_of_day(bytes: &[u8]) -> Option<i64> {
    let (hour, rest) = digits(bytes, 1, 2)?;
    let (minute, rest) = match rest {
        [b':', rest @ ..] => digits(rest, 1, 2)?,
        rest => (0, rest),
    };
    let (second, rest) = match rest {
        [b':', rest @ ..] => digits(rest, 1, 2)?,
        rest => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, rest) = match rest {
        [b'.', rest @ ..] => fraction(rest),
        rest => (0, rest),
    };
    let offset = zone(trimmed(rest))?;
    Some((hour * 3_600 + minute * 60 + second - offset) * MICROS_PER_SECOND + micros)
}

/// Microseconds; digits beyond the sixth are cut off.
fn fraction(bytes: &[u8]) -> (i64, &[u8]) {
    let count = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits, rest) = bytes.split_at(count);
    let mut micros = 0;
    for at in 0..6 {
        micros = micros * 10 + digits.get(at).map_or(0, |digit| i64::from(digit - b'0'));
    }
    (micros, rest)
}

/// Seconds east of Greenwich.
fn zone(bytes: &[u8]) -> Option<i64> {
    let offset = match bytes {
        [] | b"Z" | b"z" => return Some(0),
        [b'U', b'T', b'C', rest @ ..] | [b'G', b'M', b'T', rest @ ..] | [b'U', b'T', rest @ ..] => {
            rest
        }
        rest => rest,
    };
    let (sign, rest) = match offset {
        [] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hour, minute) = match rest.len() {
        4 if !rest.contains(&b':') => (digits(&rest[..2], 2, 2)?.0, digits(&rest[2..], 2, 2)?.0),
        _ => {
            let (hour, rest) = digits(rest, 1, 2)?;
            match rest {
                [] => (hour, 0),
                [b':', rest @ ..] => {
                    let (minute, rest) = digits(rest, 1, 2)?;
                    rest.is_empty().then_some((hour, minute))?
                }
                _ => return None,
            }
        }
    };
    (hour <= 18 && minute <= 59).then_some(sign * (hour * 3_600 + minute * 60))
}
