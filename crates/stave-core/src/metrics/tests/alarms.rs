use super::*;

fn rule(n: usize, m: usize, missing: MissingData) -> AlarmRule {
    AlarmRule {
        comparison: Comparison::Greater,
        threshold: 3.0,
        evaluation_periods: n,
        datapoints_to_alarm: m,
        missing,
    }
}

/// `0 - X` as periods of a minute.
fn periods(text: &str) -> Vec<(i64, Option<f64>)> {
    let values = text.split(' ').map(|point| match point {
        "0" => Some(1.0),
        "X" => Some(5.0),
        _ => None,
    });
    (0..).step_by(60).zip(values).collect()
}

fn state(rule: AlarmRule, text: &str) -> &'static str {
    match rule.evaluate(&periods(text)).state {
        None => "keep",
        Some(AlarmState::Ok) => "ok",
        Some(AlarmState::Alarm) => "alarm",
        Some(AlarmState::InsufficientData) => "insufficient",
    }
}

/// The guide's two tables.
#[test]
fn missing_data() {
    let cases = [
        (3, 3, "0 - X - X", ["ok", "ok", "ok", "ok"]),
        (3, 3, "0 - - - -", ["ok", "ok", "ok", "ok"]),
        (3, 3, "- - - - -", ["insufficient", "keep", "alarm", "ok"]),
        (3, 3, "0 X X - X", ["alarm", "alarm", "alarm", "alarm"]),
        (3, 3, "- - - - X", ["insufficient", "keep", "alarm", "ok"]),
        (3, 3, "X - - - -", ["alarm", "keep", "alarm", "ok"]),
        (3, 2, "0 - X - X", ["alarm", "alarm", "alarm", "alarm"]),
        (3, 2, "0 0 X 0 X", ["alarm", "alarm", "alarm", "alarm"]),
        (3, 2, "0 - X - -", ["ok", "ok", "alarm", "ok"]),
        (3, 2, "- - - - 0", ["ok", "ok", "alarm", "ok"]),
        (3, 2, "- - - - X", ["insufficient", "keep", "alarm", "ok"]),
        // Without gaps.
        (1, 1, "0 0 X", ["alarm", "alarm", "alarm", "alarm"]),
        (1, 1, "X X 0", ["ok", "ok", "ok", "ok"]),
        (1, 1, "0 X -", ["alarm", "alarm", "alarm", "alarm"]),
        (3, 1, "X 0 0 0 X", ["alarm", "alarm", "alarm", "alarm"]),
        (3, 1, "X X 0 0 0", ["ok", "ok", "ok", "ok"]),
    ];
    let all = [
        MissingData::Missing,
        MissingData::Ignore,
        MissingData::Breaching,
        MissingData::NotBreaching,
    ];
    for (n, m, text, expected) in cases {
        for (missing, expected) in all.into_iter().zip(expected) {
            let found = state(rule(n, m, missing), text);
            assert_eq!(found, expected, "{m} of {n}: {text} {missing:?}");
        }
    }
    assert_eq!(rule(3, 3, MissingData::Missing).range(), 5);
}

#[test]
fn comparisons() {
    for (name, below, equal, above) in [
        ("GreaterThanThreshold", false, false, true),
        ("GreaterThanOrEqualToThreshold", false, true, true),
        ("LessThanThreshold", true, false, false),
        ("LessThanOrEqualToThreshold", true, true, false),
    ] {
        let comparison = Comparison::parse(name).expect(name);
        assert_eq!(comparison.as_str(), name);
        let rule = AlarmRule {
            comparison,
            ..rule(1, 1, MissingData::Missing)
        };
        for (value, breaches) in [(2.9, below), (3.0, equal), (3.1, above)] {
            let found = rule.evaluate(&[(0, Some(value))]).state;
            assert_eq!(found == Some(AlarmState::Alarm), breaches, "{name} {value}");
        }
    }
    let error = Comparison::parse("LessThanLowerThreshold").expect_err("refused");
    assert!(error.message().contains("LessThanLowerThreshold"));
    assert!(Comparison::parse("Greater").is_err());
}

#[test]
fn reasons() {
    let (ok, alarm) = (AlarmState::Ok, AlarmState::Alarm);
    let one = rule(1, 1, MissingData::Missing);
    let found = one.evaluate(&periods("0 0 X"));
    assert_eq!(
        one.reason(&found, ok, alarm),
        "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/01/70 00:02:00)] was greater \
         than the threshold (3.0) (minimum 1 datapoint for OK -> ALARM transition)."
    );
    let three = rule(3, 2, MissingData::Missing);
    let found = three.evaluate(&periods("X 0 X"));
    assert_eq!(
        three.reason(&found, ok, alarm),
        "Threshold Crossed: 2 out of the last 3 datapoints [5.0 (01/01/70 00:02:00), 1.0 (01/01/70 \
         00:01:00), 5.0 (01/01/70 00:00:00)] were greater than the threshold (3.0) (minimum 2 \
         datapoints for OK -> ALARM transition)."
    );
    let found = one.evaluate(&periods("X X 0"));
    assert_eq!(
        one.reason(&found, alarm, ok),
        "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/01/70 00:02:00)] was not \
         greater than the threshold (3.0) (minimum 1 datapoint for ALARM -> OK transition)."
    );
    let found = one.evaluate(&periods("- - -"));
    assert_eq!(
        one.reason(&found, ok, AlarmState::InsufficientData),
        "Insufficient Data: 1 datapoint was unknown."
    );
    let breaching = rule(1, 1, MissingData::Breaching);
    let found = breaching.evaluate(&periods("- - -"));
    assert_eq!(
        breaching.reason(&found, ok, alarm),
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was \
         treated as [Breaching]."
    );
}
