//! When schedules are due.

use super::*;

#[test]
fn a_rate_counts_from_its_start() {
    let schedule = Schedule::parse("rate(5 minutes)", Grammar::Rule).unwrap();
    let start = at("2026-03-08T00:00:30Z");
    for (after, expected) in [
        ("2026-03-07T00:00:00Z", "2026-03-08T00:00:30Z"),
        ("2026-03-08T00:00:29Z", "2026-03-08T00:00:30Z"),
        ("2026-03-08T00:00:30Z", "2026-03-08T00:05:30Z"),
        ("2026-03-08T00:05:29.999Z", "2026-03-08T00:05:30Z"),
        ("2026-03-08T00:05:30Z", "2026-03-08T00:10:30Z"),
        ("2027-03-08T00:00:30Z", "2027-03-08T00:05:30Z"),
    ] {
        let next = schedule.next_after(at(after), &new_york(), start);
        assert_eq!(next, Some(at(expected)), "{after}");
    }
    // A day is 24 hours, whatever the clock does in spring.
    let daily = Schedule::parse("rate(1 day)", Grammar::Rule).unwrap();
    let next = daily.next_after(start, &new_york(), start);
    assert_eq!(next, Some(at("2026-03-09T00:00:30Z")));
}

/// Checks the next times after one; the times are given without seconds and zone.
fn check(rows: &[(&str, &str, &[&str])]) {
    for (fields, after, expected) in rows {
        let found = next(&cron(fields), after, &TimeZone::UTC, expected.len().max(1));
        let expected: Vec<String> = expected.iter().map(|at| format!("{at}:00Z")).collect();
        assert_eq!(found, expected, "{fields} after {after}");
    }
}

#[test]
fn times_of_day_and_days_of_the_week() {
    let (friday, saturday) = ("2026-11-20T17:52:00Z", "2026-11-21T10:00:00Z");
    let year_end = "2026-12-31T23:40:10Z";
    check(&[
        (
            "0 10 * * ? *",
            saturday,
            &["2026-11-22T10:00", "2026-11-23T10:00"],
        ),
        (
            "1 10 * * ? *",
            saturday,
            &["2026-11-21T10:01", "2026-11-22T10:01"],
        ),
        (
            "0 18 ? * MON-FRI *",
            friday,
            &["2026-11-20T18:00", "2026-11-23T18:00"],
        ),
        (
            "0 8 1 * ? *",
            saturday,
            &["2026-12-01T08:00", "2027-01-01T08:00"],
        ),
        (
            "0/15 * * * ? *",
            year_end,
            &["2026-12-31T23:45", "2027-01-01T00:00"],
        ),
        (
            "0/5 8-17 ? * MON-FRI *",
            friday,
            &["2026-11-20T17:55", "2026-11-23T08:00"],
        ),
        (
            "0/30 20-23,0-2 ? * 2-6 *",
            friday,
            &["2026-11-20T20:00", "2026-11-20T20:30"],
        ),
        (
            "0 9 ? * 2#1 *",
            saturday,
            &["2026-12-07T09:00", "2027-01-04T09:00"],
        ),
        (
            "0 9 ? * 3#5 *",
            saturday,
            &["2026-12-29T09:00", "2027-03-30T09:00"],
        ),
        (
            "15 10 ? * 6L 2026",
            saturday,
            &["2026-11-27T10:15", "2026-12-25T10:15"],
        ),
        (
            "0 9 ? * L *",
            saturday,
            &["2026-11-28T09:00", "2026-12-05T09:00"],
        ),
    ]);
}

#[test]
fn days_of_the_month_and_years() {
    let saturday = "2026-11-21T10:00:00Z";
    let (july, december) = ("2026-07-31T00:00:00Z", "2026-12-31T10:00:00Z");
    check(&[
        (
            "0 9 L * ? *",
            "2027-02-01T00:00:00Z",
            &["2027-02-28T09:00", "2027-03-31T09:00"],
        ),
        (
            "0 9 L FEB ? *",
            "2027-03-01T00:00:00Z",
            &["2028-02-29T09:00", "2029-02-28T09:00"],
        ),
        (
            "0 9 29 2 ? *",
            "2096-03-01T00:00:00Z",
            &["2104-02-29T09:00", "2108-02-29T09:00"],
        ),
        // 1 August 2026 is a Saturday, 15 November and 31 January 2027 are Sundays.
        (
            "0 9 1W 8-9 ? *",
            july,
            &["2026-08-03T09:00", "2026-09-01T09:00"],
        ),
        (
            "0 9 31W * ? *",
            december,
            &["2027-01-29T09:00", "2027-03-31T09:00"],
        ),
        (
            "0 9 LW * ? *",
            december,
            &["2027-01-29T09:00", "2027-02-26T09:00"],
        ),
        (
            "0 9 15W 11 ? *",
            july,
            &["2026-11-16T09:00", "2027-11-15T09:00"],
        ),
        ("0 0 1 1 ? 2030", saturday, &["2030-01-01T00:00"]),
        ("0 0 1 1 ? 2020", saturday, &[]),
        ("0 0 30 2 ? *", saturday, &[]),
        (
            "59 23 31 12 ? *",
            "2198-12-31T23:59:00Z",
            &["2199-12-31T23:59"],
        ),
    ]);
}

#[test]
fn a_time_that_spring_skips_is_left_out() {
    // 02:00 to 03:00 on 8 March 2026 is not there in New York.
    for (fields, after, expected) in [
        (
            "30 2 * * ? *",
            "2026-03-07T00:00:00Z",
            ["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"],
        ),
        (
            "0 3 * * ? *",
            "2026-03-08T00:00:00Z",
            ["2026-03-08T07:00:00Z", "2026-03-09T07:00:00Z"],
        ),
        (
            "30 * * * ? *",
            "2026-03-08T06:00:00Z",
            ["2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"],
        ),
    ] {
        assert_eq!(
            next(&cron(fields), after, &new_york(), 2),
            expected,
            "{fields}"
        );
    }
}

#[test]
fn a_time_that_autumn_repeats_is_due_once() {
    // 01:00 to 02:00 on 1 November 2026 comes twice in New York: from 05:00 and 06:00 UTC.
    for (fields, after, expected) in [
        (
            "30 1 * * ? *",
            "2026-11-01T00:00:00Z",
            ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
        (
            "30 1 * * ? *",
            "2026-11-01T05:30:00Z",
            ["2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z"],
        ),
        (
            "0 2 * * ? *",
            "2026-11-01T00:00:00Z",
            ["2026-11-01T07:00:00Z", "2026-11-02T07:00:00Z"],
        ),
        (
            "30 * * * ? *",
            "2026-11-01T05:00:00Z",
            ["2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z"],
        ),
        (
            "30 * * * ? *",
            "2026-11-01T06:45:00Z",
            ["2026-11-01T07:30:00Z", "2026-11-01T08:30:00Z"],
        ),
    ] {
        assert_eq!(
            next(&cron(fields), after, &new_york(), 2),
            expected,
            "{fields} {after}"
        );
    }
}

#[test]
fn a_one_time_schedule_is_due_once() {
    for (text, zone, expected) in [
        (
            "at(2026-11-21T12:00:00)",
            TimeZone::UTC,
            "2026-11-21T12:00:00Z",
        ),
        (
            "at(2026-11-21T12:00:00)",
            new_york(),
            "2026-11-21T17:00:00Z",
        ),
        // Skipped, and repeated.
        (
            "at(2026-03-08T02:30:00)",
            new_york(),
            "2026-03-08T07:30:00Z",
        ),
        (
            "at(2026-11-01T01:30:00)",
            new_york(),
            "2026-11-01T05:30:00Z",
        ),
    ] {
        let schedule = Schedule::parse(text, Grammar::Scheduler).unwrap();
        let start = at("2026-01-01T00:00:00Z");
        let due = schedule.next_after(start, &zone, start);
        assert_eq!(due, Some(at(expected)), "{text}");
        assert_eq!(schedule.next_after(at(expected), &zone, start), None);
    }
}
