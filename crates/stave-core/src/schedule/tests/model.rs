//! A model that knows nothing of searching: it looks at every minute, and at every day.

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

/// An item of a list, as it is written and as it is meant.
#[derive(Debug, Clone)]
enum Item {
    All,
    One(u16),
    Range(u16, u16),
    Step(u16, u16),
    RangeStep(u16, u16, u16),
}

impl Item {
    fn text(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::One(value) => value.to_string(),
            Self::Range(from, to) => format!("{from}-{to}"),
            Self::Step(from, step) => format!("{from}/{step}"),
            Self::RangeStep(from, to, step) => format!("{from}-{to}/{step}"),
        }
    }

    fn has(&self, value: u16) -> bool {
        match *self {
            Self::All => true,
            Self::One(one) => value == one,
            Self::Range(from, to) => from <= value && value <= to,
            Self::Step(from, step) => from <= value && (value - from).is_multiple_of(step),
            Self::RangeStep(from, to, step) => {
                from <= value && value <= to && (value - from).is_multiple_of(step)
            }
        }
    }
}

fn item(first: u16, last: u16) -> impl Strategy<Value = Item> {
    let range = (first..=last, first..=last).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![
        Just(Item::All),
        (first..=last).prop_map(Item::One),
        range.clone().prop_map(|(from, to)| Item::Range(from, to)),
        (first..=last, 1..=last).prop_map(|(from, step)| Item::Step(from, step)),
        (range, 1..=last).prop_map(|((from, to), step)| Item::RangeStep(from, to, step)),
    ]
}

fn field(first: u16, last: u16) -> impl Strategy<Value = Vec<Item>> {
    proptest::collection::vec(item(first, last), 1..4)
}

fn text(items: &[Item]) -> String {
    items.iter().map(Item::text).collect::<Vec<_>>().join(",")
}

fn has(items: &[Item], value: u16) -> bool {
    items.iter().any(|item| item.has(value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_minute_that_is_meant_is_due_and_no_other(
        minutes in field(0, 59),
        hours in field(0, 23),
        days in field(1, 31),
        start in prop::sample::select(vec![
            "2026-03-07T12:00:00Z", "2026-10-31T12:00:00Z", "2026-12-30T21:17:31Z", "2028-02-28T06:00:00Z",
        ]),
        in_new_york in any::<bool>(),
    ) {
        let zone = if in_new_york { new_york() } else { TimeZone::UTC };
        let cron = cron(&format!("{} {} {} * ? *", text(&minutes), text(&hours), text(&days)));
        let start = at(start);
        let end = start + SignedDuration::from_hours(36);
        let mut expected = Vec::new();
        let first = start.as_second().div_euclid(60) * 60 + 60;
        for second in (first..end.as_second()).step_by(60) {
            let now = Timestamp::from_second(second).unwrap();
            let local = zone.to_datetime(now);
            let meant = has(&minutes, local.minute() as u16)
                && has(&hours, local.hour() as u16)
                && has(&days, local.day() as u16);
            // An hour before the clock showed the same: it is the second time.
            let hour_before = zone.to_datetime(now - SignedDuration::from_hours(1));
            if meant && hour_before != local {
                expected.push(now);
            }
        }
        let found: Vec<Timestamp> =
            std::iter::successors(cron.next_after(start, &zone), |last| cron.next_after(*last, &zone))
                .take_while(|at| *at < end)
                .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn every_month_and_year_that_is_meant_is_due_and_no_other(
        months in field(1, 12),
        years in proptest::collection::vec((2020_u16..=2040).prop_map(Item::One), 1..9),
    ) {
        let cron = cron(&format!("0 0 1 {} ? {}", text(&months), text(&years)));
        let mut expected = Vec::new();
        for year in 2021..=2040_i16 {
            for month in 1..=12_i8 {
                if has(&months, month as u16) && has(&years, year as u16) {
                    expected.push(Date::new(year, month, 1).unwrap());
                }
            }
        }
        let found: Vec<Date> = std::iter::successors(
            cron.next_after(at("2020-12-31T23:59:59Z"), &TimeZone::UTC),
            |last| cron.next_after(*last, &TimeZone::UTC),
        )
        .map(|at| TimeZone::UTC.to_datetime(at).date())
        .collect();
        prop_assert_eq!(found, expected);
    }
}

/// All days from 2024 to 2031 that a cron expression's two day fields mean.
fn days(of_month: &str, of_week: &str) -> Vec<Date> {
    let cron = cron(&format!("0 0 {of_month} * {of_week} 2024-2031"));
    std::iter::successors(
        cron.next_after(at("2023-12-31T23:59:59Z"), &TimeZone::UTC),
        |last| cron.next_after(*last, &TimeZone::UTC),
    )
    .map(|at| TimeZone::UTC.to_datetime(at).date())
    .collect()
}

fn every_day() -> impl Iterator<Item = Date> {
    Date::constant(2024, 1, 1)
        .series(jiff::Span::new().days(1))
        .take_while(|date| date.year() < 2032)
}

fn is_weekday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[test]
fn the_nearest_weekday_is_the_nearest() {
    for day in 1..=31_i8 {
        let expected: Vec<Date> = every_day()
            .filter(|date| date.day() == 1 && day <= date.days_in_month())
            .map(|month| {
                // The nearest in the month; of two, the earlier can't be: one of them is none.
                (1..=month.days_in_month())
                    .map(|other| Date::new(month.year(), month.month(), other).unwrap())
                    .filter(|date| is_weekday(*date))
                    .min_by_key(|date| (date.day() - day).abs())
                    .unwrap()
            })
            .collect();
        assert_eq!(days(&format!("{day}W"), "?"), expected, "{day}W");
    }
    let last: Vec<Date> = every_day()
        .filter(|date| is_weekday(*date))
        .filter(|date| {
            (date.day() + 1..=date.days_in_month())
                .all(|later| !is_weekday(Date::new(date.year(), date.month(), later).unwrap()))
        })
        .collect();
    assert_eq!(days("LW", "?"), last);
}

#[test]
fn the_nth_and_the_last_are_counted() {
    let names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    for (number, name) in (1_i8..).zip(names) {
        let same = |date: &Date| date.weekday().to_sunday_one_offset() == number;
        let count_until = |date: Date| {
            (1..=date.day())
                .filter(|day| same(&Date::new(date.year(), date.month(), *day).unwrap()))
                .count()
        };
        for nth in 1..=5 {
            let expected: Vec<Date> = every_day()
                .filter(|date| same(date) && count_until(*date) == nth)
                .collect();
            assert_eq!(days("?", &format!("{name}#{nth}")), expected);
            assert_eq!(days("?", &format!("{number}#{nth}")), expected);
        }
        let last: Vec<Date> = every_day()
            .filter(same)
            .filter(|date| {
                date.checked_add(jiff::Span::new().days(7)).unwrap().month() != date.month()
            })
            .collect();
        assert_eq!(days("?", &format!("{number}L")), last);
        assert_eq!(days("?", &format!("{name}L")), last);
    }
}
