//! Numbers and days as Java prints them: Spark's casts and Athena's results are in its words.

use std::fmt::Write;

/// Appends a number as `Double.toString` prints it
/// (<https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Double.html>).
pub(crate) fn double(out: &mut String, value: f64) {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        let _ = write!(out, "{value:?}");
    } else {
        scientific(out, value, &format!("{value:E}"));
    }
}

/// Appends a number as `Float.toString` prints it.
pub(crate) fn float(out: &mut String, value: f32) {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        let _ = write!(out, "{value:?}");
    } else {
        scientific(out, f64::from(value), &format!("{value:E}"));
    }
}

/// What is very small or large; `digits` is it as `digits[.digits]E<exponent>`.
fn scientific(out: &mut String, value: f64, digits: &str) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else if let Some((mantissa, exponent)) = digits.split_once('E') {
        let point = if mantissa.contains('.') { "" } else { ".0" };
        let _ = write!(out, "{mantissa}{point}E{exponent}");
    }
}

/// Appends the day `days` after 1970-01-01 as `YYYY-MM-DD`
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
pub(crate) fn date(out: &mut String, days: i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let _ = write!(out, "{year:04}-{month:02}-{day:02}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them() {
        for (value, expected) in [
            (91.0, "91.0"),
            (201_051.670_103_092_8, "201051.6701030928"),
            (1e20, "1.0E20"),
            (1.5e7, "1.5E7"),
            (9_999_999.0, "9999999.0"),
            (0.001, "0.001"),
            (0.000_12, "1.2E-4"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (-1e7, "-1.0E7"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut text = String::new();
            double(&mut text, value);
            assert_eq!(text, expected);
        }
        let mut text = String::new();
        float(&mut text, 0.1);
        assert_eq!(text, "0.1");
    }

    #[test]
    fn days_are_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (19_723, "2024-01-01"),
        ] {
            let mut text = String::new();
            date(&mut text, days);
            assert_eq!(text, expected);
        }
    }
}
