//! What is taken as an expression, and what is not.

use super::*;

#[test]
fn rates_have_a_number_and_its_unit() {
    for (text, grammar, seconds) in [
        ("rate(1 minute)", Grammar::Rule, Some(60)),
        ("rate(5 minutes)", Grammar::Rule, Some(300)),
        ("rate(1 hour)", Grammar::Rule, Some(3_600)),
        ("rate(2 days)", Grammar::Rule, Some(172_800)),
        ("rate(  2   days )", Grammar::Rule, Some(172_800)),
        ("rate(1 hours)", Grammar::Rule, None),
        ("rate(1 hours)", Grammar::Scheduler, Some(3_600)),
        ("rate(5 hour)", Grammar::Rule, None),
        ("rate(5 hour)", Grammar::Scheduler, None),
        ("rate(0 minutes)", Grammar::Rule, None),
        ("rate(-1 minutes)", Grammar::Rule, None),
        ("rate(1.5 hours)", Grammar::Rule, None),
        ("rate(1 week)", Grammar::Rule, None),
        ("rate(9999999999 minutes)", Grammar::Rule, None),
        ("rate(5minutes)", Grammar::Rule, None),
        ("rate(5 minutes", Grammar::Rule, None),
        ("Rate(5 minutes)", Grammar::Rule, None),
        ("rate()", Grammar::Rule, None),
    ] {
        let period = Schedule::parse(text, grammar)
            .ok()
            .map(|schedule| match schedule {
                Schedule::Rate { period_seconds } => period_seconds,
                other => panic!("{other:?}"),
            });
        assert_eq!(period, seconds, "{text}");
    }
}

#[test]
fn one_time_schedules_are_the_schedulers() {
    for (text, grammar, good) in [
        ("at(2026-01-31T12:00:00)", Grammar::Scheduler, true),
        ("at(2026-01-31T12:00:00)", Grammar::Rule, false),
        ("at(2026-02-31T12:00:00)", Grammar::Scheduler, false),
        ("at(2026-01-31)", Grammar::Scheduler, false),
        ("at(2026-01-31T12:00:00Z)", Grammar::Scheduler, false),
        ("at(2026-01-31 12:00:00)", Grammar::Scheduler, false),
    ] {
        assert_eq!(Schedule::parse(text, grammar).is_ok(), good, "{text}");
    }
}

#[test]
fn cron_expressions_are_checked() {
    for good in [
        "0 10 * * ? *",
        "15 12 * * ? *",
        "0 18 ? * MON-FRI *",
        "0 8 1 * ? *",
        "0/10 * ? * MON-FRI *",
        "0/5 8-17 ? * MON-FRI *",
        "0/30 20-23,0-2 ? * MON-FRI *",
        "0 9 ? * 2#1 *",
        "0 9 ? * mon#5 *",
        "0 9 L * ? *",
        "0 9 LW * ? *",
        "0 9 3W * ? *",
        "0 9 ? * 6L *",
        "0 9 ? * L *",
        "0 9 1,15,L JAN,MAR-MAY ? 2026-2030/2",
        "10-50/20 */6 */2 */3 ? 1970-2199",
    ] {
        assert!(Cron::parse(good).is_ok(), "{good}");
    }
    for (bad, fault) in [
        ("", "0 fields"),
        ("0 10 * * ?", "5 fields"),
        ("0 0 10 * * ? *", "7 fields"),
        ("0 10 * * * *", "one has to be"),
        ("0 10 1 * MON *", "one has to be"),
        ("0 10 ? * ? *", "can't both"),
        ("60 10 * * ? *", "0 to 59"),
        ("0 24 * * ? *", "0 to 23"),
        ("0 10 0 * ? *", "1 to 31"),
        ("0 10 32 * ? *", "1 to 31"),
        ("0 10 * 13 ? *", "1 to 12"),
        ("0 10 ? * 0 *", "1 to 7"),
        ("0 10 ? * 8 *", "1 to 7"),
        ("0 10 * * ? 1969", "1970 to 2199"),
        ("0 10 * * ? 2200", "1970 to 2199"),
        ("0/0 10 * * ? *", "step"),
        ("0/99 10 * * ? *", "step"),
        ("/5 10 * * ? *", "no value"),
        ("5,, 10 * * ? *", "no value"),
        ("+5 10 * * ? *", "no value"),
        ("0 22-2 * * ? *", "ends before"),
        ("0 10 ? * FRI-MON *", "ends before"),
        ("0 10 ? * MON/2 *", "takes no"),
        ("0 10 ? * 3#1,6#3 *", "one \"#\""),
        ("0 10 ? * 3#6 *", "#1 to #5"),
        ("0 10 ? * 3#0 *", "#1 to #5"),
        ("0 10 W * ? *", "no value"),
        ("0 10 1-5W * ? *", "no value"),
        ("0 10 * FOO ? *", "no value"),
        ("L 10 * * ? *", "no value"),
        ("? 10 * * ? *", "no value"),
    ] {
        let error = Schedule::parse(&format!("cron({bad})"), Grammar::Rule).unwrap_err();
        assert!(error.to_string().contains(fault), "{bad}: {error}");
        assert!(error.to_string().starts_with("schedule \"cron("), "{error}");
    }
    let error = Schedule::parse("every day", Grammar::Rule).unwrap_err();
    assert!(
        error
            .hint_text()
            .is_some_and(|hint| hint.contains("rate(5 minutes)"))
    );
}
