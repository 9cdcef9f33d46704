//! What targets are given.

use super::*;

fn event() -> Value {
    json!({
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": "EC2 Instance State-change Notification",
        "source": "aws.ec2",
        "time": "2026-11-21T10:00:00Z",
        "resources": ["arn:one", "arn:two"],
        "detail": {
            "instance-id": "i-0123456789",
            "state": "RUNNING",
            "count": 3,
            "quoted": "say \"hi\"",
            "items": [{"id": 1}, {"id": 2}, {}],
        },
    })
}

#[test]
fn paths_lead_into_the_event() {
    for (path, expected) in [
        ("$.detail.state", Some(json!("RUNNING"))),
        ("$.detail.instance-id", Some(json!("i-0123456789"))),
        (
            "$.detail-type",
            Some(json!("EC2 Instance State-change Notification")),
        ),
        ("$.resources[1]", Some(json!("arn:two"))),
        ("$.resources[2]", None),
        ("$.resources", Some(json!(["arn:one", "arn:two"]))),
        ("$.resources[*]", Some(json!(["arn:one", "arn:two"]))),
        ("$.detail.items[*].id", Some(json!([1, 2]))),
        ("$.detail.items[0].id", Some(json!(1))),
        ("$.detail.none", None),
        ("$.detail.state.more", None),
        ("$", Some(event())),
    ] {
        let read = InputPath::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(read.select(&event()), expected, "{path}");
    }
    for bad in [
        "", "detail", "$detail", "$.", "$..a", "$.a b", "$.a[", "$.a[x]", "$.a[-1]", "$['a']",
    ] {
        assert!(InputPath::parse(bad).is_err(), "{bad}");
    }
    assert!(InputPath::parse(&format!("$.{}", "x".repeat(255))).is_err());
}

const PATHS: &[(&str, &str)] = &[
    ("instance", "$.detail.instance-id"),
    ("state", "$.detail.state"),
    ("count", "$.detail.count"),
    ("items", "$.detail.items"),
    ("first", "$.detail.items[0]"),
    ("none", "$.detail.none"),
    ("quoted", "$.detail.quoted"),
];

fn fill(template: &str) -> String {
    let transformer = InputTransformer::new(PATHS.iter().copied(), template)
        .unwrap_or_else(|error| panic!("{template}: {error}"));
    let matched = Matched {
        rule_arn: "arn:aws:events:us-east-1:123456789012:rule/r",
        rule_name: "r",
        ingested_at: "2026-11-21T10:00:01.5Z".parse().expect("a time"),
    };
    transformer.apply(&event(), &matched)
}

#[test]
fn templates_are_filled_in() {
    for (template, expected) in [
        (
            r#""instance <instance> is in state <state>""#,
            r#""instance i-0123456789 is in state RUNNING""#,
        ),
        (
            r#"{"instance": <instance>, "state": "<state>"}"#,
            r#"{"instance": "i-0123456789", "state": "RUNNING"}"#,
        ),
        (
            r#"{"s": "instance \"<instance>\" is <state>"}"#,
            r#"{"s": "instance \"i-0123456789\" is RUNNING"}"#,
        ),
        (
            r#"{"instance": ["prefix", <instance>, <count>]}"#,
            r#"{"instance": ["prefix", "i-0123456789", 3]}"#,
        ),
        (r#""<count> of <items>""#, r#""3 of [{id:1},{id:2},{}]""#),
        (
            r#"{"a": <items>, "b": <first>}"#,
            r#"{"a": [{"id":1},{"id":2},{}], "b": {"id":1}}"#,
        ),
        (r#"{"a": <none>, "b": "<none>"}"#, r#"{"a": "", "b": ""}"#),
        (r#"{"a": <quoted>}"#, r#"{"a": "say \"hi\""}"#),
        (r#""<quoted>""#, r#""say "hi"""#),
        (
            r#"{"arn": <aws.events.rule-arn>, "name": "<aws.events.rule-name>"}"#,
            r#"{"arn": "arn:aws:events:us-east-1:123456789012:rule/r", "name": "r"}"#,
        ),
        (
            "<aws.events.event.ingestion-time>",
            r#""2026-11-21T10:00:01Z""#,
        ),
        ("\"one\"\n\"two <state>\"", "\"one\"\n\"two RUNNING\""),
        ("<items>", r#"[{"id":1},{"id":2},{}]"#),
    ] {
        assert_eq!(fill(template), expected, "{template}");
    }
    assert_eq!(fill("<aws.events.event.json>"), event().to_string());
    let bare: Value = serde_json::from_str(&fill(r#"{"e": <aws.events.event>}"#)).unwrap();
    assert_eq!(
        bare["e"]["detailType"],
        "EC2 Instance State-change Notification"
    );
    assert_eq!(bare["e"]["detail"], Value::Null);
}

#[test]
fn bad_templates_are_refused() {
    for (template, fault) in [
        ("EC2 instance <instance>", "no JSON"),
        (r#"{"a": <other>}"#, "invalid placeholder other"),
        (r#"{"<state>": 1}"#, "name of a member"),
        ("{<state>: 1}", "no JSON"),
        (r#"{"a": 1} {"b": 2}"#, "no JSON"),
        (r#"{"a": "#, "no JSON"),
        ("", "0 characters"),
    ] {
        let error = InputTransformer::new(PATHS.iter().copied(), template).expect_err(template);
        assert!(error.message().contains(fault), "{template}: {error}");
    }
    for (name, path) in [("aws.x", "$.a"), ("", "$.a"), ("a>", "$.a"), ("a", "a")] {
        assert!(
            InputTransformer::new([(name, path)], "{}").is_err(),
            "{name} {path}"
        );
    }
    let names: Vec<String> = (0..101).map(|n| format!("v{n}")).collect();
    let many = || names.iter().map(|name| (name.as_str(), "$.a"));
    assert!(InputTransformer::new(many().take(100), "{}").is_ok());
    assert!(InputTransformer::new(many(), "{}").is_err());
    assert!(InputTransformer::new([], &format!("\"{}\"", "x".repeat(8191))).is_err());
}
