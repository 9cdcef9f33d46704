//! Groups and schedules come back, and what is wrong is refused.

use super::super::scheduler::{BusParameters, NewGroup, ScheduleFilter};
use super::*;

fn named(group: Option<&'static str>, name: &'static str) -> Named<'static> {
    Named { group, name }
}

#[test]
fn a_schedule_is_made_replaced_listed_and_deleted() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    let group = NewGroup {
        name: "nightly".to_owned(),
        ..NewGroup::default()
    };
    let group_arn = schedules.create_schedule_group(root, &group).expect("made");
    assert_eq!(
        group_arn,
        "arn:aws:scheduler:us-east-1:123456789012:schedule-group/nightly"
    );
    assert_eq!(
        fault(schedules.create_schedule_group(root, &group)),
        (
            "ConflictException",
            "Schedule group nightly already exists.".to_owned()
        )
    );
    let full = ScheduleDefinition {
        time_zone: Some("UTC".to_owned()),
        description: Some("d".to_owned()),
        window_minutes: Some(5),
        client_token: Some("token".to_owned()),
        ..definition("cron(0 3 * * ? *)")
    };
    let new = NewSchedule {
        named: named(Some("nightly"), "etl"),
        definition: full.clone(),
    };
    let arn = schedules.create_schedule(root, &new).expect("made");
    assert_eq!(
        arn,
        "arn:aws:scheduler:us-east-1:123456789012:schedule/nightly/etl"
    );
    // A request that is repeated is answered as before; another is not.
    assert_eq!(schedules.create_schedule(root, &new).expect("known"), arn);
    let other = ScheduleDefinition {
        client_token: None,
        ..full.clone()
    };
    let again = NewSchedule {
        definition: other,
        ..new.clone()
    };
    assert_eq!(
        fault(schedules.create_schedule(root, &again)),
        (
            "ConflictException",
            "Schedule etl already exists.".to_owned()
        )
    );
    let info = schedules.get_schedule(root, new.named).expect("there");
    assert_eq!((info.definition, info.group.as_str()), (full, "nightly"));
    let changed = NewSchedule {
        definition: definition("rate(1 hour)"),
        ..new.clone()
    };
    schedules.update_schedule(root, &changed).expect("replaced");
    let info = schedules.get_schedule(root, new.named).expect("there");
    assert_eq!(info.definition, definition("rate(1 hour)"));
    schedules.delete_schedule(root, new.named).expect("deleted");
    assert_eq!(
        fault(schedules.delete_schedule(root, new.named)),
        (
            "ResourceNotFoundException",
            "Schedule etl does not exist.".to_owned()
        )
    );
}

#[test]
fn schedules_are_listed_by_group_name_and_state_and_go_with_their_group() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    let group = NewGroup {
        name: "nightly".to_owned(),
        ..NewGroup::default()
    };
    schedules.create_schedule_group(root, &group).expect("made");
    let new = NewSchedule {
        named: named(Some("nightly"), "etl"),
        definition: definition("rate(1 hour)"),
    };
    schedules.create_schedule(root, &new).expect("made");
    world.schedule(
        "other",
        ScheduleDefinition {
            is_enabled: false,
            ..definition("rate(1 day)")
        },
    );
    let list = |filter: &ScheduleFilter| -> Vec<String> {
        let page = PageRequest {
            limit: Some(1),
            ..PageRequest::default()
        };
        let mut names = Vec::new();
        let mut page = Some(page);
        while let Some(request) = page {
            let some = schedules
                .list_schedules(root, filter, &request)
                .expect("listed");
            names.extend(some.items.into_iter().map(|schedule| schedule.name));
            page = some.next_token.map(|token| PageRequest {
                next_token: Some(token),
                ..request
            });
        }
        names
    };
    assert_eq!(list(&ScheduleFilter::default()), ["other", "etl"]);
    let filter = |group: Option<&str>, prefix: Option<&str>, is_enabled| ScheduleFilter {
        group: group.map(str::to_owned),
        prefix: prefix.map(str::to_owned),
        is_enabled,
    };
    assert_eq!(list(&filter(Some("nightly"), None, None)), ["etl"]);
    assert_eq!(list(&filter(None, Some("ot"), None)), ["other"]);
    assert_eq!(list(&filter(None, None, Some(true))), ["etl"]);
    schedules
        .delete_schedule(root, named(None, "other"))
        .expect("deleted");
    assert_eq!(
        fault(schedules.delete_schedule(root, named(None, "other"))),
        (
            "ResourceNotFoundException",
            "Schedule other does not exist.".to_owned()
        )
    );
    schedules
        .delete_schedule_group(root, "nightly")
        .expect("deleted");
    assert!(list(&ScheduleFilter::default()).is_empty());
    assert_eq!(schedules.tick().expect("nothing is due"), None);
}

#[test]
fn groups_have_tags_and_the_default_one_stays() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/default";
    let tag = |key: &str| (key.to_owned(), "v".to_owned());
    schedules
        .tag_schedule_group(root, arn, vec![tag("a"), tag("b")])
        .expect("set");
    schedules
        .untag_schedule_group(root, arn, &["a".to_owned()])
        .expect("taken");
    assert_eq!(
        schedules
            .list_schedule_group_tags(root, arn)
            .expect("listed"),
        [tag("b")]
    );
    let groups = schedules.list_schedule_groups(root, Some("d"), &PageRequest::default());
    assert_eq!(groups.expect("listed").items[0].arn, arn);
    assert_eq!(
        fault(schedules.delete_schedule_group(root, "default")),
        validation("Default schedule group cannot be deleted.")
    );
    assert_eq!(
        fault(schedules.get_schedule_group(root, "none")),
        (
            "ResourceNotFoundException",
            "Schedule group none does not exist.".to_owned()
        )
    );
}

/// Schedules that are wrong, and what is to be found in the words.
fn wrong() -> Vec<(ScheduleDefinition, &'static str)> {
    let good = || definition("rate(1 hour)");
    let to = |target: ScheduleTarget| ScheduleDefinition {
        target: ScheduleTarget {
            role_arn: SENDER.to_owned(),
            ..target
        },
        ..good()
    };
    let bus = || ScheduleTarget {
        arn: "arn:aws:events:us-east-1:123456789012:event-bus/default".to_owned(),
        bus: Some(BusParameters {
            detail_type: "t".to_owned(),
            source: "s".to_owned(),
        }),
        input: Some("{}".to_owned()),
        ..ScheduleTarget::default()
    };
    vec![
        (
            definition("every day"),
            "Invalid Schedule Expression every day.",
        ),
        (
            ScheduleDefinition {
                time_zone: Some("Mars/Crater".to_owned()),
                ..good()
            },
            "Invalid Schedule Expression Timezone Mars/Crater.",
        ),
        (
            ScheduleDefinition {
                window_minutes: Some(1441),
                ..good()
            },
            "1 to 1440",
        ),
        (
            ScheduleDefinition {
                start_at: Some(at("2026-11-21T09:54:59Z")),
                ..good()
            },
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        (
            ScheduleDefinition {
                end_at: Some(at("2026-11-21T09:59:59Z")),
                ..good()
            },
            "The EndDate you specify cannot be in the past.",
        ),
        (
            ScheduleDefinition {
                start_at: Some(at("2026-11-22T00:00:00Z")),
                end_at: Some(at("2026-11-22T00:00:00Z")),
                ..good()
            },
            "The StartDate must come before the EndDate.",
        ),
        (
            to(ScheduleTarget {
                arn: "arn:aws:scheduler:::aws-sdk:sqs:sendMessage".to_owned(),
                ..ScheduleTarget::default()
            }),
            "targets of scheduler are not implemented",
        ),
        (
            to(ScheduleTarget {
                bus: bus().bus,
                arn: FUNCTION.to_owned(),
                ..ScheduleTarget::default()
            }),
            "only for a target that is an event bus",
        ),
        (
            to(ScheduleTarget { bus: None, ..bus() }),
            "EventBridgeParameters must be specified",
        ),
        (
            to(ScheduleTarget {
                input: None,
                ..bus()
            }),
            "must be a JSON object",
        ),
        (
            to(ScheduleTarget {
                input: Some("[]".to_owned()),
                ..bus()
            }),
            "must be a JSON object",
        ),
    ]
}

#[test]
fn wrong_schedules_are_refused() {
    let world = world();
    let make = |definition: ScheduleDefinition| {
        let new = NewSchedule {
            named: named(None, "s"),
            definition,
        };
        fault(world.schedules.create_schedule(&world.root, &new))
    };
    for (bad, message) in wrong() {
        let found = make(bad).1;
        assert!(found.contains(message), "{found}");
    }
    let nobody = ScheduleDefinition {
        target: ScheduleTarget {
            role_arn: "arn:aws:iam::123456789012:role/none".to_owned(),
            ..definition("rate(1 hour)").target
        },
        ..definition("rate(1 hour)")
    };
    assert_eq!(make(nobody).0, "NoSuchEntity");
    let nowhere = NewSchedule {
        named: named(Some("none"), "s"),
        definition: definition("rate(1 hour)"),
    };
    let refused = world.schedules.create_schedule(&world.root, &nowhere);
    assert_eq!(fault(refused).1, "Schedule group none does not exist.");
}

#[tokio::test]
async fn an_input_is_filled_in_and_a_bus_gets_an_event() {
    let world = world();
    let may = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}}"#;
    world
        .iam
        .put_inline_policy(&world.root, EntityKind::Role, "sender", "may", may)
        .expect("put");
    world.schedule("text", ScheduleDefinition {
        target: ScheduleTarget {
            input: Some(
                r#"{"arn": "<aws.scheduler.schedule-arn>", "at": "<aws.scheduler.scheduled-time>", "n": <aws.scheduler.attempt-number>}"#
                    .to_owned(),
            ),
            ..definition("").target
        },
        ..definition("at(2026-11-21T10:30:00)")
    });
    world.rule(&matching(
        "r",
        r#"{"source": ["clock"], "detail": {"a": [1]}}"#,
    ));
    world.schedule(
        "event",
        ScheduleDefinition {
            target: ScheduleTarget {
                arn: "arn:aws:events:us-east-1:123456789012:event-bus/default".to_owned(),
                role_arn: SENDER.to_owned(),
                input: Some("{\"a\": 1}".to_owned()),
                bus: Some(BusParameters {
                    detail_type: "Tick".to_owned(),
                    source: "clock".to_owned(),
                }),
                ..ScheduleTarget::default()
            },
            ..definition("at(2026-11-21T10:30:00)")
        },
    );
    world.targets.fail(FUNCTION, &[ErrorKind::Unavailable; 1]);
    world.wait(1800);
    while let Some(next) = world.schedules.work().await.expect("worked") {
        world.clock.set(next);
    }
    let mut payloads: Vec<String> = world
        .targets
        .take()
        .into_iter()
        .map(|shipment| shipment.payload)
        .collect();
    payloads.sort_by_key(String::len);
    assert_eq!(payloads.len(), 2);
    assert!(
        payloads[0].starts_with(r#"{"arn": "arn:aws:scheduler:us-east-1:123456789012:schedule/default/text", "at": "2026-11-21T10:30:00Z", "n": "#),
        "{payloads:?}"
    );
    assert!(
        payloads[1].contains("\"detail-type\":\"Tick\""),
        "{payloads:?}"
    );
}
