//! When something is due: `rate(…)`, `cron(…)` and `at(…)`, as EventBridge's rules and its
//! Scheduler understand them.
//!
//! Must not know: what is run, the present moment, or where time zones are kept: all are handed
//! in.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

mod cron;
mod days;
mod field;
#[cfg(test)]
mod tests;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use cron::Cron;

use crate::error::{Error, Result};

/// Whose expressions they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// A scheduled rule's: rate and cron.
    Rule,
    /// The Scheduler's: also `at`, and the unit of a rate may be in the plural for 1.
    Scheduler,
}

/// A schedule's expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// Every so many seconds, counted on the clock: a day is 24 hours.
    Rate {
        /// A whole number of minutes.
        period_seconds: i64,
    },
    /// At the times that six fields describe.
    Cron(Cron),
    /// Once, at a local time.
    At(DateTime),
}

impl Schedule {
    /// Reads an expression.
    pub fn parse(text: &str, grammar: Grammar) -> Result<Self> {
        let inside = |name: &str| {
            text.strip_prefix(name)?
                .strip_prefix('(')?
                .strip_suffix(')')
        };
        let schedule = if let Some(fields) = inside("cron") {
            Cron::parse(fields).map(Self::Cron)
        } else if let Some(rate) = inside("rate") {
            period_seconds(rate, grammar).map(|period_seconds| Self::Rate { period_seconds })
        } else if let Some(at) = inside("at").filter(|_| grammar == Grammar::Scheduler) {
            local_time(at).map(Self::At)
        } else {
            let forms = match grammar {
                Grammar::Rule => "rate(5 minutes) or cron(0 12 * * ? *)",
                Grammar::Scheduler => {
                    "rate(5 minutes), cron(0 12 * * ? *) or at(2026-01-31T12:00:00)"
                }
            };
            Err(Error::invalid("it has none of the forms of a schedule")
                .hint(format!("write it like {forms}")))
        };
        let shown: String = text.chars().take(80).collect();
        schedule.map_err(|error| error.within(format!("schedule \"{shown}\"")))
    }

    /// The first time after `after` that is due in `zone`; none when there is no more.
    ///
    /// A rate counts from `start`, which is itself due. A local time that the clock skips in
    /// spring is left out; one that comes twice in autumn is due the first time only. One-time
    /// schedules are due even so: a skipped one when the clock has gone on by as much.
    pub fn next_after(
        &self,
        after: Timestamp,
        zone: &TimeZone,
        start: Timestamp,
    ) -> Option<Timestamp> {
        match self {
            Self::Rate { period_seconds } => next_of_rate(*period_seconds, after, start),
            Self::Cron(cron) => cron.next_after(after, zone),
            Self::At(local) => {
                let at = zone.to_ambiguous_timestamp(*local).compatible().ok()?;
                (at > after).then_some(at)
            }
        }
    }
}

fn next_of_rate(period_seconds: i64, after: Timestamp, start: Timestamp) -> Option<Timestamp> {
    if start > after {
        return Some(start);
    }
    let periods = after.duration_since(start).as_secs() / period_seconds + 1;
    let passed = SignedDuration::from_secs(period_seconds.checked_mul(periods)?);
    start.checked_add(passed).ok()
}

/// `5 minutes`, `1 hour`.
fn period_seconds(text: &str, grammar: Grammar) -> Result<i64> {
    let wrong = |fault: String| {
        Error::invalid(fault).hint("a rate is a number and minutes, hours or days: rate(5 minutes)")
    };
    let mut words = text.split_ascii_whitespace();
    let (Some(value), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong("the rate is not a number and a unit".to_owned()));
    };
    let number: i64 = Some(value)
        .filter(|value| value.len() <= 9 && value.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|value| value.parse().ok())
        .filter(|number| *number > 0)
        .ok_or_else(|| wrong(format!("\"{value}\" is not a number from 1")))?;
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    let unit_seconds = match singular {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return Err(wrong(format!("there is no unit \"{unit}\""))),
    };
    let is_plural = unit != singular;
    if is_plural != (number > 1) && !(grammar == Grammar::Scheduler && is_plural) {
        let right = if number > 1 {
            format!("{singular}s")
        } else {
            singular.to_owned()
        };
        return Err(wrong(format!(
            "\"{number} {unit}\" has to be \"{number} {right}\""
        )));
    }
    Ok(number * unit_seconds)
}

/// `2026-01-31T12:00:00`.
fn local_time(text: &str) -> Result<DateTime> {
    let form = "dddd-dd-ddTdd:dd:dd";
    let has_form = text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                wanted => byte == wanted,
            });
    Some(text)
        .filter(|_| has_form)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            Error::invalid(format!("\"{text}\" is no date and time"))
                .hint("write it like at(2026-01-31T12:00:00)")
        })
}
