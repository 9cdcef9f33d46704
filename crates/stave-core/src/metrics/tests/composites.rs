use super::*;

#[test]
fn rules() {
    let state = |name: &str| match name {
        "up" => Some(AlarmState::Ok),
        "down" | "cpu high" => Some(AlarmState::Alarm),
        "new" => Some(AlarmState::InsufficientData),
        _ => None,
    };
    for (text, expected) in [
        ("TRUE", true),
        ("FALSE", false),
        ("ALARM(down)", true),
        ("ALARM(\"cpu high\")", true),
        ("ALARM('cpu high') AND OK(up)", true),
        ("ALARM(up)", false),
        ("OK(up)", true),
        ("INSUFFICIENT_DATA(new)", true),
        ("NOT ALARM(up)", true),
        ("NOT NOT ALARM(up)", false),
        ("ALARM(down) AND ALARM(up)", false),
        ("ALARM(down) OR ALARM(up)", true),
        ("ALARM(down) OR ALARM(up) AND ALARM(up)", true),
        ("(ALARM(down) OR ALARM(up)) AND ALARM(up)", false),
        ("(ALARM( down )  AND (NOT OK(new)))", true),
        ("ALARM(gone)", false),
        ("NOT ALARM(gone)", true),
    ] {
        let rule = CompositeRule::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(rule.holds(&state), expected, "{text}");
    }
    let rule = CompositeRule::parse("ALARM(a) OR OK(b) OR ALARM(b)").expect("read");
    assert_eq!(rule.children(), ["a", "b"]);
}

#[test]
fn faults_are_refused() {
    let many: Vec<String> = (0..101).map(|n| format!("ALARM(a{n})")).collect();
    let (many, deep) = (many.join(" OR "), format!("{}TRUE", "NOT ".repeat(100)));
    for text in [
        "",
        "a",
        "ALARM",
        "ALARM(",
        "ALARM()",
        "ALARM(a",
        "ALARM(a) ALARM(b)",
        "ALARM(\"a)",
        "AND",
        "(TRUE",
        "ALARM(a) and OK(b)",
        "AT_LEAST(1, ALARM, (a))",
        &many,
        &deep,
        &"(".repeat(1000),
        &"x".repeat(10_241),
    ] {
        assert!(CompositeRule::parse(text).is_err(), "{text}");
    }
}
