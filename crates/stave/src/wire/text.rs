//! How moments, numbers and texts are written over the wire, whatever the protocol.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::shape::TimestampFormat;

/// A moment as text.
pub fn time(at: Timestamp, format: TimestampFormat) -> String {
    match format {
        TimestampFormat::Iso8601 => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        TimestampFormat::Rfc822 => at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        TimestampFormat::UnixTimestamp => seconds(at).to_string(),
    }
}

/// A moment as seconds since 1970, to the millisecond.
pub fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

/// The moment of so many seconds since 1970.
pub fn from_seconds(seconds: f64) -> Option<Timestamp> {
    let micros = (seconds * 1e6).round();
    // Beyond this a number of microseconds is no whole number any more.
    (micros.abs() < 9e15)
        .then(|| Timestamp::from_microsecond(micros as i64).ok())
        .flatten()
}

/// The moment that `text` says in that form.
pub fn parse_time(text: &str, format: TimestampFormat) -> Option<Timestamp> {
    match format {
        TimestampFormat::Iso8601 => text.parse().ok(),
        TimestampFormat::Rfc822 => DateTimeParser::new().parse_timestamp(text).ok(),
        TimestampFormat::UnixTimestamp => from_seconds(text.parse().ok()?),
    }
}

/// `text` with all but letters, digits and `-._~` written as `%20`: a policy document as IAM
/// gives it (RFC 3986).
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// What `%20` and the like in a path stand for; none if it is no text.
pub fn percent_decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
            decoded.push((digit(at + 1)? * 16 + digit(at + 2)?) as u8);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_go_there_and_back() {
        let at: Timestamp = "2026-11-21T12:34:56Z".parse().expect("a moment");
        for (format, text) in [
            (TimestampFormat::Iso8601, "2026-11-21T12:34:56Z"),
            (TimestampFormat::Rfc822, "Sat, 21 Nov 2026 12:34:56 GMT"),
            (TimestampFormat::UnixTimestamp, "1795264496"),
        ] {
            assert_eq!(time(at, format), text);
            assert_eq!(parse_time(text, format), Some(at), "{text}");
            assert_eq!(parse_time("soon", format), None);
        }
        assert_eq!(from_seconds(1.5), Timestamp::from_millisecond(1500).ok());
        assert_eq!(from_seconds(f64::NAN), None);
        assert_eq!(from_seconds(1e300), None);
    }

    #[test]
    fn texts_are_encoded_as_policies_are() {
        let policy = "{\"a b\": \"c*~ü\"}";
        let encoded = percent_encoded(policy);
        assert_eq!(encoded, "%7B%22a%20b%22%3A%20%22c%2A~%C3%BC%22%7D");
        assert_eq!(percent_decoded(&encoded).as_deref(), Some(policy));
        for wrong in ["%", "%4", "%zz", "%ff", "%+1"] {
            assert_eq!(percent_decoded(wrong), None, "{wrong}");
        }
    }
}
