//! The six months that a login lasts.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How many months a refresh token lasts after the consent, whatever is refreshed
/// (Spotify's blog of 2026-06-18).
const MONTHS: i64 = 6;

/// Warned of so many weeks ahead.
const WARNED_WEEKS: i64 = 4;

/// How a login stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// When the user agreed.
    pub consented_at: Timestamp,
    /// When the login ends.
    pub ends_at: Timestamp,
    /// What to tell the user: within the last four weeks, and after the end.
    pub warning: Option<String>,
}

/// How a login of `consented_at` stands at `now`.
pub fn consent(consented_at: Timestamp, now: Timestamp) -> Consent {
    let agreed = consented_at.to_zoned(TimeZone::UTC);
    let ends = agreed.checked_add(MONTHS.months()).unwrap_or(agreed);
    let warned = ends.checked_sub(WARNED_WEEKS.weeks());
    let ends_at = ends.timestamp();
    let day = ends.date();
    let warning = if now >= ends_at {
        Some(format!(
            "the Spotify login ended on {day}, six months after it was granted; \
             log in again with `stave spotify login`"
        ))
    } else if warned.is_ok_and(|warned| now >= warned.timestamp()) {
        let days = ends_at.duration_since(now).as_hours() / 24;
        Some(format!(
            "the Spotify login ends on {day}, in {days} days; \
             log in again before that with `stave spotify login`"
        ))
    } else {
        None
    };
    Consent {
        consented_at,
        ends_at,
        warning,
    }
}
