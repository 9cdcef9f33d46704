//! Cron expressions of six fields: minutes, hours, day-of-month, month, day-of-week, year.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::days::Days;
use super::field::{HOURS, MINUTES, MONTHS, YEARS};
use crate::error::{Error, Result};

/// The times that a cron expression describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<u16>,
    hours: Vec<u16>,
    days: Days,
    months: Vec<u16>,
    years: Vec<u16>,
}

impl Cron {
    /// Reads the six fields: `0 12 * * ? *`.
    pub fn parse(text: &str) -> Result<Self> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, of_month, month, of_week, year] = fields[..] else {
            return Err(
                Error::invalid(format!("it has {} fields, not six", fields.len()))
                    .hint("minutes, hours, day-of-month, month, day-of-week, year"),
            );
        };
        Ok(Self {
            minutes: MINUTES.values(minutes)?,
            hours: HOURS.values(hours)?,
            days: Days::parse(of_month, of_week)?,
            months: MONTHS.values(month)?,
            years: YEARS.values(year)?,
        })
    }

    /// The first time after `after` that is meant in `zone`; none when no more comes until 2199.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        // What is not later on the local clock is not later at all: where the clock shows a
        // time twice, the first is meant.
        let local = zone.to_datetime(after);
        self.dates_from(local.date()).find_map(|date| {
            let from_hour = if date == local.date() {
                local.hour()
            } else {
                0
            };
            self.times_from(from_hour)
                .map(|time| DateTime::from_parts(date, time))
                .filter(|candidate| *candidate > local)
                .filter_map(|candidate| due(candidate, zone))
                .find(|at| *at > after)
        })
    }

    /// The days that are meant, from `first` on.
    fn dates_from(&self, first: Date) -> impl Iterator<Item = Date> {
        let from = (first.year(), first.month());
        let passed = self.years.partition_point(|year| (*year as i16) < from.0);
        self.years[passed..]
            .iter()
            .flat_map(|year| self.months.iter().map(move |month| (*year, *month)))
            .map(|(year, month)| (year as i16, month as i8))
            .filter(move |month| *month >= from)
            .filter_map(|(year, month)| Date::new(year, month, 1).ok())
            .flat_map(|month| {
                month
                    .series(jiff::Span::new().days(1))
                    .take(month.days_in_month() as usize)
            })
            .filter(move |date| *date >= first && self.days.contain(*date))
    }

    /// The times of a day that are meant, from an hour on.
    fn times_from(&self, hour: i8) -> impl Iterator<Item = Time> {
        let passed = self.hours.partition_point(|other| (*other as i8) < hour);
        self.hours[passed..].iter().flat_map(|hour| {
            self.minutes
                .iter()
                .filter_map(|minute| Time::new(*hour as i8, *minute as i8, 0, 0).ok())
        })
    }
}

/// When the local clock shows `local`: the first time if it does so twice, never if it skips it.
fn due(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return None;
    }
    ambiguous.earlier().ok()
}
