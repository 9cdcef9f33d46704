//! Stretches of time and moments, as arguments say them.

use jiff::{SignedDuration, Timestamp};

/// The longest stretch of time that can be said: ten years, in seconds.
const MAX_S: i64 = 10 * 366 * 24 * 60 * 60;

/// A moment: so long ago, or at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long before now.
    Ago(SignedDuration),
    /// At this time.
    At(Timestamp),
}

impl Moment {
    /// The time that it is, seen from `now`.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(duration) => now.saturating_sub(duration).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

/// A stretch of time such as `30s`, `5m`, `1h`, `7d` or `2w`.
pub fn stretch(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("\"{text}\" is not a stretch of time: write it like 30s, 5m, 1h or 7d");
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: i64 = text[..split].parse().map_err(|_| wrong())?;
    let factor = match &text[split..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    match number.checked_mul(factor) {
        Some(seconds) if seconds <= MAX_S => Ok(SignedDuration::from_secs(seconds)),
        _ => Err(wrong()),
    }
}

/// A moment: `1h` ago, or a time such as `2026-11-21T10:00:00Z`.
pub fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(at) = text.parse() {
        return Ok(Moment::At(at));
    }
    stretch(text).map(Moment::Ago).map_err(|_| {
        format!("\"{text}\" is not a moment: write it like 1h or 7d (ago), or 2026-11-21T10:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_and_moments_are_read() {
        for (text, seconds) in [
            ("0s", 0),
            ("30s", 30),
            ("5m", 300),
            ("2h", 7200),
            ("1w", 604_800),
        ] {
            assert_eq!(
                stretch(text),
                Ok(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
        for wrong in [
            "",
            "5",
            "m",
            "-5m",
            "5 m",
            "1.5h",
            "9999999999d",
            "99999999999999999999s",
        ] {
            assert!(stretch(wrong).is_err(), "{wrong}");
            assert!(moment(wrong).is_err(), "{wrong}");
        }
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("a time");
        let of = |text: &str| moment(text).map(|moment| moment.from(now).to_string());
        assert_eq!(of("1h").as_deref(), Ok("2026-11-21T09:00:00Z"));
        assert_eq!(
            of("2026-01-01T00:00:00Z").as_deref(),
            Ok("2026-01-01T00:00:00Z")
        );
    }
}
