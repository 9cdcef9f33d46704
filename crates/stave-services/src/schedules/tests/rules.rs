//! Buses, rules and targets come back, and what is wrong is refused.

use super::*;

#[test]
fn a_rule_is_put_described_listed_switched_and_deleted() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    let new = NewRule {
        description: Some("d".to_owned()),
        role_arn: Some(SENDER.to_owned()),
        tags: vec![("team".to_owned(), "data".to_owned())],
        ..matching("orders", r#"{"source": ["shop"]}"#)
    };
    let arn = schedules.put_rule(root, &new).expect("put");
    assert_eq!(arn, "arn:aws:events:us-east-1:123456789012:rule/orders");
    let rule = schedules
        .describe_rule(root, None, "orders")
        .expect("there");
    assert_eq!(
        rule,
        Rule {
            name: "orders".to_owned(),
            arn: arn.clone(),
            bus: "default".to_owned(),
            description: new.description.clone(),
            schedule: None,
            pattern: new.pattern.clone(),
            is_enabled: true,
            role_arn: new.role_arn.clone(),
            created_by: ACCOUNT.to_owned(),
        }
    );
    schedules
        .disable_rule(root, None, "orders")
        .expect("switched");
    let bus_arn = "arn:aws:events:us-east-1:123456789012:event-bus/default";
    let rule = schedules
        .describe_rule(root, Some(bus_arn), "orders")
        .expect("there");
    assert!(!rule.is_enabled);
    schedules
        .enable_rule(root, None, "orders")
        .expect("switched");
    // What is put anew is replaced, but for its tags.
    schedules
        .put_rule(root, &scheduled("orders", "rate(1 hour)"))
        .expect("put");
    let rule = schedules
        .describe_rule(root, None, "orders")
        .expect("there");
    assert_eq!((rule.pattern, rule.description), (None, None));
    let tags = schedules
        .list_tags_for_resource(root, &arn)
        .expect("listed");
    assert_eq!(tags, new.tags);
    schedules
        .tag_resource(root, &arn, vec![("a".to_owned(), "1".to_owned())])
        .expect("set");
    schedules
        .untag_resource(root, &arn, &["team".to_owned()])
        .expect("taken");
    let tags = schedules
        .list_tags_for_resource(root, &arn)
        .expect("listed");
    assert_eq!(tags, [("a".to_owned(), "1".to_owned())]);
    schedules
        .delete_rule(root, None, "orders")
        .expect("deleted");
    schedules
        .delete_rule(root, None, "orders")
        .expect("not there");
    assert_eq!(
        fault(schedules.describe_rule(root, None, "orders")),
        (
            "ResourceNotFoundException",
            "Rule orders does not exist on EventBus default.".to_owned()
        )
    );
}

#[test]
fn wrong_rules_are_refused() {
    let world = world();
    let put = |new: &NewRule| fault(world.schedules.put_rule(&world.root, new));
    let neither = NewRule {
        pattern: None,
        ..matching("r", "")
    };
    assert_eq!(
        put(&neither),
        validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    );
    for schedule in [
        "rate(1 minutes)",
        "at(2027-01-01T00:00:00)",
        "cron(0 10 * * *)",
        "daily",
    ] {
        assert_eq!(
            put(&scheduled("r", schedule)),
            validation("Parameter ScheduleExpression is not valid.")
        );
    }
    assert_eq!(put(&matching("r", "{}")).0, "InvalidEventPatternException");
    assert_eq!(put(&matching("a b", "{}")).0, "ValidationException");
    assert_eq!(
        put(&matching(&"x".repeat(65), "{}")).0,
        "ValidationException"
    );
    let elsewhere = NewRule {
        bus: Some("none".to_owned()),
        ..matching("r", r#"{"a": [1]}"#)
    };
    assert_eq!(
        put(&elsewhere),
        (
            "ResourceNotFoundException",
            "Event bus none does not exist.".to_owned()
        )
    );
    let bus = NewBus {
        name: "mine".to_owned(),
        ..NewBus::default()
    };
    world
        .schedules
        .create_event_bus(&world.root, &bus)
        .expect("made");
    let custom = NewRule {
        bus: Some("mine".to_owned()),
        ..scheduled("r", "rate(1 hour)")
    };
    assert_eq!(
        put(&custom),
        validation("ScheduleExpression is supported only on the default event bus.")
    );
    let untrusted = NewRule {
        role_arn: Some("arn:aws:iam::123456789012:role/none".to_owned()),
        ..matching("r", r#"{"a": [1]}"#)
    };
    assert_eq!(put(&untrusted).0, "NoSuchEntity");
}

#[test]
fn targets_are_put_listed_and_removed() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    schedules
        .put_rule(root, &matching("r", r#"{"source": ["s"]}"#))
        .expect("put");
    let put = |targets: &[Target]| schedules.put_targets(root, None, "r", targets);
    let template = Target {
        input_transformer: Some(TargetTemplate {
            paths: [("a".to_owned(), "$.detail.a".to_owned())].into(),
            template: "\"<a>\"".to_owned(),
        }),
        retry_policy: Some(RetryPolicy {
            max_attempts: 0,
            max_age_seconds: 60,
        }),
        role_arn: Some(SENDER.to_owned()),
        ..target("2", FUNCTION)
    };
    assert!(
        put(&[target("1", FUNCTION), template.clone()])
            .expect("put")
            .is_empty()
    );
    let listed = schedules
        .list_targets_by_rule(root, None, "r", &PageRequest::default())
        .expect("listed");
    assert_eq!(listed.items, [target("1", FUNCTION), template]);
    let page = PageRequest {
        limit: Some(1),
        ..PageRequest::default()
    };
    let first = schedules
        .list_targets_by_rule(root, None, "r", &page)
        .expect("listed");
    let page = PageRequest {
        next_token: first.next_token,
        ..page
    };
    let second = schedules
        .list_targets_by_rule(root, None, "r", &page)
        .expect("listed");
    assert_eq!(
        (second.items[0].id.as_str(), second.next_token),
        ("2", None)
    );
    let names = schedules
        .list_rule_names_by_target(root, None, FUNCTION, &PageRequest::default())
        .expect("listed");
    assert_eq!(names.items, ["r"]);
    assert_eq!(
        fault(schedules.delete_rule(root, None, "r")),
        validation("Rule can't be deleted since it has targets.")
    );
    let failed = schedules
        .remove_targets(root, None, "r", &["1".to_owned(), "9".to_owned()])
        .expect("removed");
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (failed[0].id.as_str(), failed[0].code.as_str()),
        ("9", "ResourceNotFoundException")
    );
    let many: Vec<Target> = (0..5).map(|n| target(&format!("m{n}"), FUNCTION)).collect();
    assert_eq!(fault(put(&many)).0, "LimitExceededException");
    assert!(put(&many[..4]).is_ok());
}

#[test]
fn wrong_targets_are_refused() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    schedules
        .put_rule(root, &matching("r", r#"{"source": ["s"]}"#))
        .expect("put");
    let good = || target("t", FUNCTION);
    for (bad, message) in [
        (
            target("t", "function"),
            "Provided Arn is not in correct format.",
        ),
        (
            target("a b", FUNCTION),
            "at 'id' failed to satisfy constraint",
        ),
        (
            Target {
                input: Some("{}".to_owned()),
                input_path: Some("$".to_owned()),
                ..good()
            },
            "Only one of Input, InputPath, or InputTransformer",
        ),
        (
            Target {
                input: Some("text".to_owned()),
                ..good()
            },
            "Invalid Input for target t.",
        ),
        (
            Target {
                input_path: Some("detail".to_owned()),
                ..good()
            },
            "Invalid InputPath for target t.",
        ),
        (
            Target {
                input_transformer: Some(TargetTemplate {
                    template: "<x>".to_owned(),
                    ..TargetTemplate::default()
                }),
                ..good()
            },
            "contains invalid placeholder x",
        ),
        (
            Target {
                retry_policy: Some(RetryPolicy {
                    max_attempts: 186,
                    max_age_seconds: 60,
                }),
                ..good()
            },
            "RetryPolicy is not valid",
        ),
        (
            target("t", "arn:aws:sqs:us-east-1:123456789012:q"),
            "targets of sqs are not implemented",
        ),
        (
            Target {
                dead_letter_arn: Some("arn:aws:sqs:us-east-1:123456789012:q".to_owned()),
                ..good()
            },
            "DeadLetterConfig is not implemented",
        ),
    ] {
        let found = fault(schedules.put_targets(root, None, "r", &[bad])).1;
        assert!(found.contains(message), "{found}");
    }
    assert_eq!(
        fault(schedules.put_targets(root, None, "r", &[])).0,
        "ValidationException"
    );
    let none = schedules.put_targets(root, None, "none", &[good()]);
    assert_eq!(fault(none).0, "ResourceNotFoundException");
}

#[test]
fn buses_are_made_described_and_deleted() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    let new = NewBus {
        name: "mine".to_owned(),
        description: Some("d".to_owned()),
        tags: Vec::new(),
    };
    let bus = schedules.create_event_bus(root, &new).expect("made");
    assert_eq!(
        bus.arn,
        "arn:aws:events:us-east-1:123456789012:event-bus/mine"
    );
    assert_eq!(
        fault(schedules.create_event_bus(root, &new)),
        (
            "ResourceAlreadyExistsException",
            "Event bus mine already exists.".to_owned()
        )
    );
    schedules
        .update_event_bus(root, Some("mine"), None)
        .expect("changed");
    let listed = schedules
        .list_event_buses(root, None, &PageRequest::default())
        .expect("listed");
    let names: Vec<&str> = listed.items.iter().map(|bus| bus.name.as_str()).collect();
    assert_eq!(names, ["default", "mine"]);
    assert_eq!(listed.items[1].description, None);
    world.rule(&NewRule {
        bus: Some("mine".to_owned()),
        ..matching("r", r#"{"source": ["s"]}"#)
    });
    assert_eq!(
        fault(schedules.delete_event_bus(root, "mine")).0,
        "ValidationException"
    );
    schedules
        .remove_targets(root, Some("mine"), "r", &["t".to_owned()])
        .expect("removed");
    schedules
        .delete_rule(root, Some("mine"), "r")
        .expect("deleted");
    schedules.delete_event_bus(root, "mine").expect("deleted");
    schedules.delete_event_bus(root, "mine").expect("not there");
    assert_eq!(
        fault(schedules.delete_event_bus(root, "default")),
        validation("Cannot delete event bus default.")
    );
    let slash = NewBus {
        name: "a/b".to_owned(),
        ..NewBus::default()
    };
    assert_eq!(
        fault(schedules.create_event_bus(root, &slash)),
        validation("Event bus name must not contain '/'.")
    );
}
