//! What a sandbox can be told, and how each option is read from text.
//!
//! Must not know HTTP.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::Fault;
use super::operations;

/// The tracks that a sandbox can have; the default is 100,000.
pub const TRACKS: std::ops::RangeInclusive<u64> = 1_000..=100_000_000;

/// The most calls that a limiter counts up to.
const MOST_CALLS: u32 = 1_000_000;

/// What a sandbox is like. [`Options::default`] is an extended app without
/// limiters and faults.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything that is made up follows from it.
    pub seed: u64,
    /// How many tracks there are, within [`TRACKS`].
    pub tracks: u64,
    /// Which class of app calls.
    pub profile: Profile,
    /// Under which keys playlists show their entries; by the profile if not set.
    pub shape: Option<Shape>,
    /// The moment it is at the start; the clock's own if not set.
    pub at: Option<Timestamp>,
    /// The clients that are let in; any if empty.
    pub clients: Vec<ClientKey>,
    /// The rolling rate limit of each client; none if not set.
    pub rate_limit: Option<RateLimit>,
    /// The rolling quotas of the developer's account, by bucket.
    pub quotas: Vec<Quota>,
    /// Whether a 429 says how long to wait.
    pub retry_after: bool,
    /// What goes wrong, in the order in which they are tried.
    pub faults: Vec<Fault>,
    /// Whether there are null entries, local files, hybrid episodes, strange
    /// dates. Spotify's own playlists have none in any case.
    pub warts: bool,
    /// The user id of who signs in.
    pub user: String,
    /// What who signs in says.
    pub consent: Consent,
    /// The scheme and host that `next` links name instead of the sandbox's own.
    pub hostile_next: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            tracks: 100_000,
            profile: Profile::Extended,
            shape: None,
            at: None,
            clients: Vec::new(),
            rate_limit: None,
            quotas: Vec::new(),
            retry_after: true,
            faults: Vec::new(),
            warts: true,
            user: "sandbox".to_owned(),
            consent: Consent::Grant,
            hostile_next: None,
        }
    }
}

impl Options {
    /// The shape that counts: the one that is set, or the profile's.
    pub const fn shape(&self) -> Shape {
        match (self.shape, self.profile) {
            (Some(shape), _) => shape,
            (None, Profile::Extended) => Shape::Tracks,
            (None, Profile::DevOld) => Shape::Both,
            (None, Profile::DevNew) => Shape::Items,
        }
    }

    /// Says what is out of range.
    pub(super) fn check(&self) -> Result<(), InvalidOption> {
        if !TRACKS.contains(&self.tracks) {
            return Err(InvalidOption(format!(
                "{} tracks are out of range: it is from {} to {}",
                self.tracks,
                TRACKS.start(),
                TRACKS.end()
            )));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if self.user.is_empty() || self.user.len() > 64 || !self.user.bytes().all(plain) {
            return Err(InvalidOption(format!(
                "{:?} is no user id: it is of 1 to 64 letters, digits, and - . _",
                self.user
            )));
        }
        Ok(())
    }
}

/// An option that can't be: what is wrong and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidOption(pub(super) String);

impl fmt::Display for InvalidOption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for InvalidOption {}

/// The class of app that the sandbox answers as: Spotify has three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Extended quota, and in time for everything that ended in November 2024.
    Extended,
    /// Development mode, client id of before 2026-02-11.
    DevOld,
    /// Development mode, client id of 2026-02-11 or later.
    DevNew,
}

impl FromStr for Profile {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "extended" => Ok(Self::Extended),
            "dev-old" => Ok(Self::DevOld),
            "dev-new" => Ok(Self::DevNew),
            _ => Err(InvalidOption(format!(
                "profile {text:?} is not known: it is extended, dev-old or dev-new"
            ))),
        }
    }
}

/// The keys under which playlists show their entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `tracks` and `track`, as before February 2026.
    Tracks,
    /// `items` and `item`, as since then.
    Items,
    /// Both, as while a client is moved over.
    Both,
}

impl FromStr for Shape {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "tracks" => Ok(Self::Tracks),
            "items" => Ok(Self::Items),
            "both" => Ok(Self::Both),
            _ => Err(InvalidOption(format!(
                "shape {text:?} is not known: it is tracks, items or both"
            ))),
        }
    }
}

/// What who signs in says when asked for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Yes, at once.
    Grant,
    /// No: the client gets `error=access_denied`.
    Deny,
}

/// A client id and its secret. Read from `ID:SECRET`.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: String,
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ClientKey({})", self.id)
    }
}

impl FromStr for ClientKey {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => Ok(Self {
                id: id.to_owned(),
                secret: secret.to_owned(),
            }),
            // The text may hold a secret, so it is not repeated.
            _ => Err(InvalidOption(
                "a client is written ID:SECRET, neither of them empty".to_owned(),
            )),
        }
    }
}

/// So many calls in a rolling window. Read from `180` or `180/30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many calls go through.
    pub calls: u32,
    /// In what time; 30 s unless said otherwise.
    pub window: Duration,
}

impl FromStr for RateLimit {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (calls, window) = allowance(text, Duration::from_secs(30))?;
        Ok(Self { calls, window })
    }
}

/// So many calls to a bucket of endpoints in a rolling day.
///
/// Read from `600`, `artists.albums=100` or `artists.albums=100/24h`; without a
/// bucket it holds for each that has no quota of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The bucket; each one if not set.
    pub bucket: Option<String>,
    /// How many calls go through.
    pub calls: u32,
    /// In what time; a day unless said otherwise.
    pub window: Duration,
}

impl FromStr for Quota {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (bucket, rest) = match text.split_once('=') {
            Some((bucket, rest)) => (Some(bucket.trim().to_owned()), rest),
            None => (None, text),
        };
        if let Some(bucket) = &bucket {
            let known = operations::buckets();
            if !known.contains(&bucket.as_str()) {
                return Err(InvalidOption(format!(
                    "bucket {bucket:?} is not known: it is one of {}",
                    known.join(", ")
                )));
            }
        }
        let (calls, window) = allowance(rest, Duration::from_hours(24))?;
        Ok(Self {
            bucket,
            calls,
            window,
        })
    }
}

fn allowance(text: &str, window: Duration) -> Result<(u32, Duration), InvalidOption> {
    let (calls, window) = match text.split_once('/') {
        Some((calls, window)) => (calls, duration(window)?),
        None => (text, window),
    };
    match calls.trim().parse() {
        Ok(calls) if calls <= MOST_CALLS && !window.is_zero() => Ok((calls, window)),
        _ => Err(InvalidOption(format!(
            "{text:?} is no number of calls: it is written 100 or 100/30s, with up to {MOST_CALLS} calls"
        ))),
    }
}

/// Reads a span of time: a whole number of `ms`, `s`, `m`, `h` or `d`.
pub(super) fn duration(text: &str) -> Result<Duration, InvalidOption> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let number = number.parse::<u64>().ok().filter(|_| ms > 0);
    number
        .and_then(|number| number.checked_mul(ms))
        .filter(|&ms| ms <= 366 * 86_400_000)
        .map(Duration::from_millis)
        .ok_or_else(|| {
            InvalidOption(format!(
                "{text:?} is no time: it is written 250ms, 30s, 15m, 24h or 7d, up to 366d"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_or_refused_with_what_is_allowed() {
        assert_eq!("dev-new".parse(), Ok(Profile::DevNew));
        assert_eq!("both".parse(), Ok(Shape::Both));
        let error = "dev".parse::<Profile>().unwrap_err().to_string();
        assert!(error.contains("dev-old"), "{error}");
        let limit: RateLimit = "5/2s".parse().unwrap();
        assert_eq!((limit.calls, limit.window.as_secs()), (5, 2));
        let quota: Quota = "artists.albums=100".parse().unwrap();
        assert_eq!(quota.bucket.as_deref(), Some("artists.albums"));
        assert_eq!(quota.window.as_secs(), 86_400);
        assert_eq!("3".parse::<Quota>().unwrap().bucket, None);
        let error = "albumz=1".parse::<Quota>().unwrap_err().to_string();
        assert!(error.contains("artists.albums"), "{error}");
        assert!("x/2s".parse::<RateLimit>().is_err());
        assert!("5/0s".parse::<RateLimit>().is_err());
        assert!("5/2 weeks".parse::<RateLimit>().is_err());
        assert!("1000000d".parse::<RateLimit>().is_err());
    }

    #[test]
    fn a_secret_is_not_shown() {
        let client: ClientKey = "me:hush".parse().unwrap();
        assert_eq!(client.secret, "hush");
        assert!(!format!("{client:?}").contains("hush"));
        let error = ":hush".parse::<ClientKey>().unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let few = Options {
            tracks: 3,
            ..Options::default()
        };
        assert!(few.check().unwrap_err().to_string().contains("1000"));
        let odd = Options {
            user: "a/b".to_owned(),
            ..Options::default()
        };
        assert!(odd.check().is_err());
        assert!(Options::default().check().is_ok());
    }
}
