//! The credential scope and the time of a request.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// For which day, region and service a key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The day, UTC: `20150830`.
    pub date: String,
    /// The region.
    pub region: String,
    /// The service's signing name: `s3`, `iam`, `glue`.
    pub service: String,
}

impl Scope {
    /// The scope of a request at `now`.
    pub fn new(now: Timestamp, region: &str, service: &str) -> Self {
        Self {
            date: now.strftime("%Y%m%d").to_string(),
            region: region.to_owned(),
            service: service.to_owned(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            date,
            region,
            service,
        } = self;
        write!(f, "{date}/{region}/{service}/aws4_request")
    }
}

/// The time in the form that is signed: `20150830T123600Z`.
pub(super) fn basic(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads `20150830T123600Z`.
pub(super) fn parse_basic(text: &str) -> Option<Timestamp> {
    let form = text.bytes().enumerate().all(|(at, b)| match at {
        8 => b == b'T',
        15 => b == b'Z',
        _ => b.is_ascii_digit(),
    });
    if text.len() != 16 || !form {
        return None;
    }
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// Reads a Date header: the basic form, or that of HTTP.
pub(super) fn parse_date_header(text: &str) -> Option<Timestamp> {
    parse_basic(text).or_else(|| {
        jiff::fmt::rfc2822::parse(text)
            .ok()
            .map(|time| time.timestamp())
    })
}
