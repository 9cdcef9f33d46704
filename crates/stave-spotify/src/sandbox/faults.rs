//! What goes wrong on demand: `GET /v1/me/tracks: 502 x3`.
//!
//! A fault is written `METHOD PATH: WHAT [HOW OFTEN] [after N]`. The path may
//! hold `*` for one segment, end in `**` for all below, and name query
//! parameters that must be there. Must not know what the sandbox answers.

use std::str::FromStr;
use std::time::Duration;

use super::options::{InvalidOption, duration};

/// The most faults of one sandbox.
const MOST_FAULTS: usize = 1_000;

const FORM: &str = "a fault is written `GET /v1/me/tracks: 502 x3`: a method or *, a path, and one of \
    STATUS [WORDS], delay TIME, truncate, html; then `once`, `xN` or nothing for always; then maybe `after N`";

/// A fault: which calls it hits, how, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    method: String,
    path: Vec<String>,
    query: Vec<(String, String)>,
    effect: Effect,
    skip: u64,
    times: Option<u64>,
}

/// What a fault does to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// An error is answered.
    Status(Refusal),
    /// The answer comes late.
    Delay(Duration),
    /// The answer breaks off in its middle.
    Truncate,
    /// A page of HTML is answered, with status 200.
    Html,
}

/// An error that is answered instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) flavour: Flavour,
    pub(super) retry_after_s: Option<u64>,
}

/// The kind of body that an error has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// What Spotify sends with this status.
    Usual,
    /// An error object without a message.
    NoMessage,
    /// Nothing at all.
    Empty,
    /// 400: pages are not that long.
    Limit,
    /// 403: a scope is missing.
    Scope,
    /// 403: the user is not on the app's list.
    Unregistered,
    /// 403: the owner of the app has no Premium.
    Premium,
    /// 429: the day's quota is used up.
    Quota,
    /// The proxy's own words, as plain text.
    Text,
}

impl Flavour {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "no-message" => Self::NoMessage,
            "empty" => Self::Empty,
            "limit" => Self::Limit,
            "scope" => Self::Scope,
            "unregistered" => Self::Unregistered,
            "premium" => Self::Premium,
            "quota" => Self::Quota,
            "text" => Self::Text,
            _ => return None,
        })
    }
}

impl Fault {
    /// Reads faults from a text with one on each line; `#` starts a comment.
    pub fn read_all(text: &str) -> Result<Vec<Self>, InvalidOption> {
        let mut faults = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let fault = line.parse().map_err(|InvalidOption(why)| {
                InvalidOption(format!("line {}: {why}", number + 1))
            })?;
            faults.push(fault);
        }
        if faults.len() > MOST_FAULTS {
            return Err(InvalidOption(format!(
                "{} faults are too many: up to {MOST_FAULTS} are taken",
                faults.len()
            )));
        }
        Ok(faults)
    }

    fn hits(&self, method: &str, path: &str, query: &str) -> bool {
        (self.method == "*" || self.method == method)
            && path_matches(&self.path, path)
            && self.query.iter().all(|wanted| {
                url::form_urlencoded::parse(query.as_bytes())
                    .any(|(name, value)| name == wanted.0.as_str() && value == wanted.1.as_str())
            })
    }
}

fn path_matches(pattern: &[String], path: &str) -> bool {
    let mut segments = path.trim_matches('/').split('/');
    for part in pattern {
        if part == "**" {
            return true;
        }
        match segments.next() {
            Some(segment) if part == "*" || part == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

impl FromStr for Fault {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |what: &str| InvalidOption(format!("fault {text:?}: {what}; {FORM}"));
        let (target, effect) = text.split_once(": ").ok_or_else(|| wrong("no `: `"))?;
        let (method, path) = target
            .trim()
            .split_once(' ')
            .ok_or_else(|| wrong("no path"))?;
        if !["GET", "POST", "PUT", "DELETE", "*"].contains(&method) {
            return Err(wrong("the method is not GET, POST, PUT, DELETE or *"));
        }
        let (path, query) = path.trim().split_once('?').unwrap_or((path.trim(), ""));
        if !path.starts_with('/') {
            return Err(wrong("the path does not begin with /"));
        }
        let words: Vec<&str> = effect.split_whitespace().collect();
        let (effect, times, skip) = read_effect(&words).map_err(|what| wrong(&what))?;
        Ok(Self {
            method: method.to_owned(),
            path: path
                .trim_matches('/')
                .split('/')
                .map(str::to_owned)
                .collect(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            effect,
            skip,
            times,
        })
    }
}

fn read_effect(words: &[&str]) -> Result<(Effect, Option<u64>, u64), String> {
    let (&first, mut rest) = words.split_first().ok_or("nothing goes wrong")?;
    let mut effect = match first {
        "truncate" => Effect::Truncate,
        "html" => Effect::Html,
        "delay" => {
            let (time, after) = rest.split_first().ok_or("delay needs a time")?;
            rest = after;
            Effect::Delay(duration(time).map_err(|InvalidOption(why)| why)?)
        }
        status => match status.parse() {
            Ok(status @ 400..=599) => Effect::Status(Refusal {
                status,
                flavour: Flavour::Usual,
                retry_after_s: None,
            }),
            _ => return Err(format!("{status:?} is not known")),
        },
    };
    let (mut times, mut skip) = (None, 0);
    let mut words = rest.iter();
    while let Some(&word) = words.next() {
        let flavour = Flavour::read(word);
        if word == "once" {
            times = Some(1);
        } else if word == "after" {
            let count = words.next().and_then(|count| count.parse().ok());
            skip = count.ok_or("after needs a number of calls")?;
        } else if let Some(count) = word.strip_prefix('x').and_then(|n| n.parse().ok()) {
            times = Some(count);
        } else if let (Effect::Status(refusal), Some(flavour)) = (&mut effect, flavour) {
            refusal.flavour = flavour;
        } else if let (Effect::Status(refusal), Some(wait)) =
            (&mut effect, word.strip_prefix("retry-after="))
        {
            refusal.retry_after_s = Some(
                wait.parse()
                    .map_err(|_| "retry-after= needs a number of seconds")?,
            );
        } else {
            return Err(format!("{word:?} is not known"));
        }
    }
    Ok((effect, times, skip))
}

/// Faults and how often each has still to come.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) const fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    /// Adds one, to be tried after the others.
    pub(super) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// What happens to a call: the delays of all that hit it, and the first of
    /// the other effects. Counts them.
    pub(super) fn next(&mut self, method: &str, path: &str, query: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for fault in &mut self.0 {
            if fault.times == Some(0) || !fault.hits(method, path, query) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            effects.push(fault.effect.clone());
            if !matches!(fault.effect, Effect::Delay(_)) {
                break;
            }
        }
        self.0.retain(|fault| fault.times != Some(0));
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_comes_as_often_as_it_says() {
        let faults = Fault::read_all(
            "# three bad gateways, then one late answer\n\
             GET /v1/me/tracks: 502 x3 after 1\n\n\
             * /v1/**: delay 5ms   # always\n",
        )
        .unwrap();
        let mut faults = Faults::new(faults);
        let mut hit = |path: &str| faults.next("GET", path, "").len();
        assert_eq!(hit("/v1/me/tracks"), 1);
        assert_eq!(hit("/v1/me/tracks/"), 1, "the first call is let through");
        assert_eq!(hit("/v1/me/albums"), 1);
        assert_eq!(hit("/authorize"), 0);
    }

    #[test]
    fn delays_add_to_another_effect() {
        let mut faults = Faults::new(
            Fault::read_all("GET /v1/*/x: delay 1s\nGET /v1/me/*?offset=50: 502 x1\n").unwrap(),
        );
        assert_eq!(faults.next("GET", "/v1/me/x", "limit=1&offset=50").len(), 2);
        assert_eq!(faults.next("GET", "/v1/me/x", "limit=1&offset=50").len(), 1);
        assert_eq!(faults.next("GET", "/v1/me/y", "offset=0").len(), 0);
        assert_eq!(faults.next("POST", "/v1/me/x", "offset=50").len(), 0);
    }

    #[test]
    fn words_of_an_error_are_read() {
        let fault: Fault = "GET /v1/x: 429 quota retry-after=86000 once"
            .parse()
            .unwrap();
        assert_eq!(fault.times, Some(1));
        assert_eq!(
            fault.effect,
            Effect::Status(Refusal {
                status: 429,
                flavour: Flavour::Quota,
                retry_after_s: Some(86_000)
            })
        );
    }

    #[test]
    fn what_is_no_fault_is_refused_with_the_form() {
        for text in [
            "",
            "GET /v1/me",
            "GET: 502",
            "FETCH /v1/me: 502",
            "GET v1/me: 502",
            "GET /v1/me: 200",
            "GET /v1/me: 502 twice",
            "GET /v1/me: delay",
            "GET /v1/me: delay 5",
            "GET /v1/me: truncate quota",
            "GET /v1/me: 502 after",
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains("GET /v1/me/tracks: 502 x3"), "{error}");
        }
        let error = Fault::read_all("\nGET /v1/me: 9").unwrap_err().to_string();
        assert!(error.starts_with("line 2: "), "{error}");
    }
}
