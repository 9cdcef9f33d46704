//! Schedules as tables, and against a model that looks at every minute.

mod expressions;
mod firing;
mod model;

use jiff::tz::TimeZone;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// New York's rules, without a time zone database.
fn new_york() -> TimeZone {
    TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap()
}

fn cron(fields: &str) -> Cron {
    Cron::parse(fields).unwrap_or_else(|error| panic!("{fields}: {error}"))
}

/// The next `count` times after `after`, as text.
fn next(cron: &Cron, after: &str, zone: &TimeZone, count: usize) -> Vec<String> {
    std::iter::successors(cron.next_after(at(after), zone), |last| {
        cron.next_after(*last, zone)
    })
    .take(count)
    .map(|at| at.to_string())
    .collect()
}
