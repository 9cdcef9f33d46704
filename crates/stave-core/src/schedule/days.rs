//! Days of the month and of the week, with `?`, `L`, `W` and `#`.

use jiff::civil::{Date, Weekday};

use super::field::{DAYS_OF_MONTH, DAYS_OF_WEEK};
use crate::error::{Error, Result};

/// Which days are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Days {
    /// These days of the month; the month's last is there too if it is meant by `L`.
    OfMonth(Vec<MonthDay>),
    /// These days of the week.
    OfWeek(Vec<WeekDay>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MonthDay {
    /// `15`.
    Day(i8),
    /// `15W`: the weekday nearest to it, in the same month.
    NearestWeekday(i8),
    /// `L`.
    Last,
    /// `LW`: the last weekday.
    LastWeekday,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WeekDay {
    /// `MON`.
    Every(i8),
    /// `6L`: the month's last Friday.
    Last(i8),
    /// `3#2`: the month's second Tuesday.
    Nth(i8, i8),
}

impl Days {
    /// Reads the two fields, of which one is `?`.
    pub fn parse(of_month: &str, of_week: &str) -> Result<Self> {
        match (of_month, of_week) {
            ("?", "?") => Err(
                Error::invalid("day-of-month and day-of-week can't both be \"?\"")
                    .hint("every day is: * * ? in the fields day-of-month, month, day-of-week"),
            ),
            (of_month, "?") => of_month
                .split(',')
                .map(month_days)
                .collect::<Result<Vec<_>>>()
                .map(|days| Self::OfMonth(days.concat())),
            ("?", of_week) => week_days(of_week).map(Self::OfWeek),
            _ => Err(
                Error::invalid("of day-of-month and day-of-week one has to be \"?\"")
                    .hint("put a ? where any day will do"),
            ),
        }
    }

    /// Whether `date` is meant.
    pub fn contain(&self, date: Date) -> bool {
        match self {
            Self::OfMonth(days) => days.iter().any(|day| day.is(date)),
            Self::OfWeek(days) => days.iter().any(|day| day.is(date)),
        }
    }
}

fn month_days(text: &str) -> Result<Vec<MonthDay>> {
    let upper = text.to_ascii_uppercase();
    if upper == "L" {
        return Ok(vec![MonthDay::Last]);
    }
    if upper == "LW" {
        return Ok(vec![MonthDay::LastWeekday]);
    }
    if let Some(day) = upper.strip_suffix('W') {
        return Ok(vec![MonthDay::NearestWeekday(
            DAYS_OF_MONTH.value(day)? as i8
        )]);
    }
    let days = DAYS_OF_MONTH.item(text)?;
    Ok(days
        .into_iter()
        .map(|day| MonthDay::Day(day as i8))
        .collect())
}

fn week_days(text: &str) -> Result<Vec<WeekDay>> {
    if text.contains('#') && text.contains(',') {
        return Err(
            DAYS_OF_WEEK.wrong(format!("takes one \"#\" and nothing beside it: \"{text}\""))
        );
    }
    let mut days = Vec::new();
    for item in text.split(',') {
        let upper = item.to_ascii_uppercase();
        if let Some((day, nth)) = upper.split_once('#') {
            let nth = match nth {
                "1" | "2" | "3" | "4" | "5" => nth.parse().unwrap_or(1),
                _ => return Err(DAYS_OF_WEEK.wrong(format!("counts from #1 to #5: \"{item}\""))),
            };
            days.push(WeekDay::Nth(DAYS_OF_WEEK.value(day)? as i8, nth));
        } else if upper == "L" {
            // The week's last day.
            days.push(WeekDay::Every(7));
        } else if let Some(day) = upper.strip_suffix('L') {
            days.push(WeekDay::Last(DAYS_OF_WEEK.value(day)? as i8));
        } else {
            let every = DAYS_OF_WEEK.item(item)?;
            days.extend(every.into_iter().map(|day| WeekDay::Every(day as i8)));
        }
    }
    Ok(days)
}

impl MonthDay {
    fn is(self, date: Date) -> bool {
        let last = date.days_in_month();
        match self {
            Self::Day(day) => date.day() == day,
            Self::Last => date.day() == last,
            Self::LastWeekday => weekday_near(date, last) == Some(date.day()),
            Self::NearestWeekday(day) => weekday_near(date, day) == Some(date.day()),
        }
    }
}

/// The weekday nearest to the `day` of the month of `date`, without leaving the month.
fn weekday_near(date: Date, day: i8) -> Option<i8> {
    let last = date.days_in_month();
    let wanted = Date::new(date.year(), date.month(), day).ok()?;
    Some(match wanted.weekday() {
        Weekday::Saturday if day == 1 => 3,
        Weekday::Saturday => day - 1,
        Weekday::Sunday if day == last => day - 2,
        Weekday::Sunday => day + 1,
        _ => day,
    })
}

impl WeekDay {
    fn is(self, date: Date) -> bool {
        let of_week = date.weekday().to_sunday_one_offset();
        match self {
            Self::Every(day) => of_week == day,
            Self::Last(day) => of_week == day && date.day() + 7 > date.days_in_month(),
            Self::Nth(day, nth) => of_week == day && (date.day() - 1) / 7 + 1 == nth,
        }
    }
}
