//! Events that come in reach the targets of the rules that match them.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn an_event_reaches_the_targets_of_the_rules_that_match() {
    let world = world();
    world.rule(&matching(
        "orders",
        r#"{"source": ["shop"], "detail": {"n": [{"numeric": [">", 1]}]}}"#,
    ));
    world.rule(&matching("all", r#"{"account": ["123456789012"]}"#));
    let off = NewRule {
        is_enabled: false,
        ..matching("off", r#"{"source": ["shop"]}"#)
    };
    world.rule(&off);
    let id = world.put(entry("shop", r#"{"n": 2}"#)).expect("accepted");
    world.put(entry("shop", r#"{"n": 1}"#)).expect("accepted");
    world.schedules.work().await.expect("worked");
    let got = world.targets.take();
    assert_eq!(got.len(), 3);
    let orders = got
        .iter()
        .find(|shipment| shipment.source_arn.ends_with("rule/orders"));
    let orders = orders.expect("there");
    assert_eq!(orders.sender, Sender::Rule);
    assert_eq!((orders.target_arn.as_str(), orders.attempt), (FUNCTION, 1));
    let event: Value = serde_json::from_str(&orders.payload).expect("JSON");
    assert_eq!(
        event,
        json!({"version": "0", "id": id, "detail-type": "t", "source": "shop",
            "account": ACCOUNT, "time": "2026-11-21T10:00:00Z", "region": "us-east-1",
            "resources": [], "detail": {"n": 2}})
    );
    world.schedules.work().await.expect("worked");
    assert!(world.targets.take().is_empty());
}

#[tokio::test]
async fn a_target_is_given_what_it_asks_for() {
    let world = world();
    world.rule(&matching("r", r#"{"source": ["s"]}"#));
    let targets = [
        Target {
            input: Some("{\"fixed\": 1}".to_owned()),
            ..target("1", FUNCTION)
        },
        Target {
            input_path: Some("$.detail.a".to_owned()),
            ..target("2", FUNCTION)
        },
        Target {
            input_path: Some("$.detail.none".to_owned()),
            ..target("3", FUNCTION)
        },
        Target {
            input_transformer: Some(TargetTemplate {
                paths: [("a".to_owned(), "$.detail.a.b".to_owned())].into(),
                template: r#"{"b": <a>, "rule": <aws.events.rule-name>}"#.to_owned(),
            }),
            ..target("4", FUNCTION)
        },
    ];
    world
        .schedules
        .put_targets(&world.root, None, "r", &targets)
        .expect("put");
    world
        .put(entry("s", r#"{"a": {"b": 7}}"#))
        .expect("accepted");
    world.schedules.work().await.expect("worked");
    let payloads: Vec<String> = world
        .targets
        .take()
        .into_iter()
        .map(|s| s.payload)
        .collect();
    assert_eq!(
        payloads[..4],
        [
            "{\"fixed\": 1}",
            "{\"b\":7}",
            "null",
            r#"{"b": 7, "rule": "r"}"#
        ]
    );
}

#[test]
fn entries_fail_one_by_one_in_the_words_of_aws() {
    let world = world();
    let without = |change: fn(&mut EventEntry)| {
        let mut entry = entry("s", "{}");
        change(&mut entry);
        entry
    };
    let entries = [
        entry("s", "{}"),
        without(|entry| entry.source = None),
        without(|entry| entry.detail = None),
        without(|entry| entry.detail_type = Some(String::new())),
        entry("s", "text"),
        entry("s", "[1]"),
        entry("aws.s3", "{}"),
        without(|entry| entry.bus = Some("none".to_owned())),
        without(|entry| entry.detail_type = Some("x".repeat(129))),
    ];
    let results = world
        .schedules
        .put_events(&world.root, &entries)
        .expect("put");
    let said: Vec<_> = results
        .into_iter()
        .map(|result| {
            result.map_or_else(
                |(code, text)| format!("{code}: {text}"),
                |_| "ok".to_owned(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "ok",
            "InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.",
            "InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.",
            "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.",
            "MalformedDetail: Detail is malformed.",
            "MalformedDetail: Detail is malformed.",
            "NotAuthorizedForSourceException: Not authorized for the source.",
            "ok",
            "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType has more than 128 characters.",
        ]
    );
    let put = |entries: &[EventEntry]| fault(world.schedules.put_events(&world.root, entries));
    assert!(
        put(&vec![entry("s", "{}"); 11])
            .1
            .ends_with("less than or equal to 10")
    );
    assert!(put(&[]).1.ends_with("greater than or equal to 1"));
    let large = format!("{{\"x\": \"{}\"}}", "y".repeat(600 << 10));
    assert_eq!(
        put(&[entry("s", &large), entry("s", &large)]),
        validation("Total size of the entries in the request is over the limit.")
    );
}

#[test]
fn patterns_are_tested_on_whole_events() {
    let world = world();
    let test = |pattern: &str, event: &str| {
        world
            .schedules
            .test_event_pattern(&world.root, pattern, event)
    };
    let event = json!({"id": "1", "source": "order", "detail-type": "Test", "account": ACCOUNT,
        "region": "us-east-1", "time": "2022-07-13T13:48:01Z"})
    .to_string();
    assert!(test(r#"{"source": ["order"], "detail-type": ["Test"]}"#, &event).expect("told"));
    assert!(!test(r#"{"source": ["shipment"]}"#, &event).expect("told"));
    assert_eq!(fault(test("[]", &event)).0, "InvalidEventPatternException");
    for bad in ["text", "plain string", r#"{"source": "order"}"#, "[]"] {
        let wrong = test(r#"{"source": ["order"]}"#, bad);
        assert_eq!(fault(wrong), validation("Parameter Event is not valid."));
    }
}

#[tokio::test]
async fn a_bus_passes_on_to_another_but_not_to_a_third() {
    let world = world();
    for name in ["second", "third"] {
        let new = NewBus {
            name: name.to_owned(),
            ..NewBus::default()
        };
        world
            .schedules
            .create_event_bus(&world.root, &new)
            .expect("made");
    }
    let bus = |name: &str| format!("arn:aws:events:us-east-1:123456789012:event-bus/{name}");
    for (on, name, to) in [
        ("default", "first", bus("second")),
        ("second", "here", FUNCTION.to_owned()),
        ("second", "further", bus("third")),
        ("third", "never", FUNCTION.to_owned()),
    ] {
        let new = NewRule {
            bus: Some(on.to_owned()),
            ..matching(name, r#"{"source": ["s"]}"#)
        };
        world.schedules.put_rule(&world.root, &new).expect("put");
        let passed = world
            .schedules
            .put_targets(&world.root, Some(on), name, &[target("t", &to)]);
        passed.expect("put");
    }
    let id = world.put(entry("s", "{}")).expect("accepted");
    world.schedules.work().await.expect("worked");
    let got = world.targets.take();
    assert_eq!(got.len(), 1);
    assert!(
        got[0].source_arn.ends_with("rule/second/here"),
        "{:?}",
        got[0]
    );
    assert!(got[0].payload.contains(&id));
}

#[tokio::test]
async fn the_platform_speaks_on_the_default_bus() {
    let world = world();
    world.rule(&matching(
        "failed",
        r#"{"source": ["aws.glue"], "detail": {"state": ["FAILED"]}}"#,
    ));
    let said = ["SUCCEEDED", "FAILED"]
        .map(|state| stave_core::events::platform::job_state("etl", "jr_1", state, None));
    world
        .schedules
        .put_platform_events(said.to_vec())
        .expect("put");
    world.schedules.work().await.expect("worked");
    let got = world.targets.take();
    assert_eq!(got.len(), 1);
    assert!(got[0].payload.contains("\"Glue Job State Change\""));
}

#[tokio::test]
async fn what_is_changed_counts_at_once_also_from_elsewhere() {
    let world = world();
    let other = world.other(Missed::RunOnce);
    world.rule(&matching("r", r#"{"source": ["s"]}"#));
    let put = |schedules: &Schedules| {
        schedules
            .put_events(&world.root, &[entry("s", "{}")])
            .expect("put");
    };
    put(&other);
    world
        .schedules
        .disable_rule(&world.root, None, "r")
        .expect("switched");
    put(&other);
    world
        .schedules
        .enable_rule(&world.root, None, "r")
        .expect("switched");
    put(&other);
    other.work().await.expect("worked");
    assert_eq!(world.targets.take().len(), 2);
}
