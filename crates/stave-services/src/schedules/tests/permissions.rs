//! Each operation asks whether the caller may.

use super::super::policy::{NewPermission, PermissionCondition};
use super::super::scheduler::ScheduleFilter;
use super::*;

#[test]
fn who_may_nothing_is_denied_everything() {
    let world = world();
    let (schedules, nobody) = (&world.schedules, &world.user("nobody", &["s3:*"]));
    let page = &PageRequest::default();
    let rule = matching("r", r#"{"a": [1]}"#);
    let named = Named {
        group: None,
        name: "s",
    };
    let new = NewSchedule {
        named,
        definition: definition("rate(1 hour)"),
    };
    let arn = "arn:aws:events:us-east-1:123456789012:rule/r";
    let denials: Vec<(&str, Error)> = vec![
        (
            "CreateEventBus",
            schedules
                .create_event_bus(nobody, &NewBus::default())
                .expect_err(""),
        ),
        (
            "DescribeEventBus",
            schedules.describe_event_bus(nobody, None).expect_err(""),
        ),
        (
            "UpdateEventBus",
            schedules
                .update_event_bus(nobody, None, None)
                .expect_err(""),
        ),
        (
            "DeleteEventBus",
            schedules.delete_event_bus(nobody, "b").expect_err(""),
        ),
        (
            "ListEventBuses",
            schedules
                .list_event_buses(nobody, None, page)
                .expect_err(""),
        ),
        (
            "PutPermission",
            schedules
                .put_permission(nobody, None, &NewPermission::default())
                .expect_err(""),
        ),
        (
            "RemovePermission",
            schedules
                .remove_permission(nobody, None, None, true)
                .expect_err(""),
        ),
        ("PutRule", schedules.put_rule(nobody, &rule).expect_err("")),
        (
            "DescribeRule",
            schedules.describe_rule(nobody, None, "r").expect_err(""),
        ),
        (
            "EnableRule",
            schedules.enable_rule(nobody, None, "r").expect_err(""),
        ),
        (
            "DisableRule",
            schedules.disable_rule(nobody, None, "r").expect_err(""),
        ),
        (
            "DeleteRule",
            schedules.delete_rule(nobody, None, "r").expect_err(""),
        ),
        (
            "ListRules",
            schedules
                .list_rules(nobody, None, None, page)
                .expect_err(""),
        ),
        (
            "PutTargets",
            schedules.put_targets(nobody, None, "r", &[]).expect_err(""),
        ),
        (
            "RemoveTargets",
            schedules
                .remove_targets(nobody, None, "r", &[])
                .expect_err(""),
        ),
        (
            "ListTargetsByRule",
            schedules
                .list_targets_by_rule(nobody, None, "r", page)
                .expect_err(""),
        ),
        (
            "ListRuleNamesByTarget",
            schedules
                .list_rule_names_by_target(nobody, None, FUNCTION, page)
                .expect_err(""),
        ),
        (
            "TagResource",
            schedules
                .tag_resource(nobody, arn, Vec::new())
                .expect_err(""),
        ),
        (
            "UntagResource",
            schedules.untag_resource(nobody, arn, &[]).expect_err(""),
        ),
        (
            "ListTagsForResource",
            schedules.list_tags_for_resource(nobody, arn).expect_err(""),
        ),
        (
            "PutEvents",
            schedules
                .put_events(nobody, &[entry("s", "{}")])
                .expect_err(""),
        ),
        (
            "TestEventPattern",
            schedules
                .test_event_pattern(nobody, "{}", "{}")
                .expect_err(""),
        ),
        (
            "CreateScheduleGroup",
            schedules
                .create_schedule_group(nobody, &Default::default())
                .expect_err(""),
        ),
        (
            "GetScheduleGroup",
            schedules
                .get_schedule_group(nobody, "default")
                .expect_err(""),
        ),
        (
            "DeleteScheduleGroup",
            schedules
                .delete_schedule_group(nobody, "default")
                .expect_err(""),
        ),
        (
            "ListScheduleGroups",
            schedules
                .list_schedule_groups(nobody, None, page)
                .expect_err(""),
        ),
        (
            "CreateSchedule",
            schedules.create_schedule(nobody, &new).expect_err(""),
        ),
        (
            "UpdateSchedule",
            schedules.update_schedule(nobody, &new).expect_err(""),
        ),
        (
            "GetSchedule",
            schedules.get_schedule(nobody, named).expect_err(""),
        ),
        (
            "DeleteSchedule",
            schedules.delete_schedule(nobody, named).expect_err(""),
        ),
        (
            "ListSchedules",
            schedules
                .list_schedules(nobody, &ScheduleFilter::default(), page)
                .expect_err(""),
        ),
        (
            "TagResource",
            schedules
                .tag_schedule_group(nobody, arn, Vec::new())
                .expect_err(""),
        ),
        (
            "UntagResource",
            schedules
                .untag_schedule_group(nobody, arn, &[])
                .expect_err(""),
        ),
        (
            "ListTagsForResource",
            schedules
                .list_schedule_group_tags(nobody, arn)
                .expect_err(""),
        ),
        (
            "ListRules",
            schedules.dead_letters(nobody, None, 1).expect_err(""),
        ),
    ];
    for (action, error) in denials {
        assert_eq!(error.kind(), ErrorKind::Denied, "{action}: {error}");
        assert!(
            error.message().contains(&format!(":{action} ")),
            "{action}: {error}"
        );
    }
}

#[test]
fn a_role_is_passed_only_by_who_may() {
    let world = world();
    let maya = world.user("maya", &["events:*", "scheduler:*"]);
    let with_role = NewRule {
        role_arn: Some(SENDER.to_owned()),
        ..matching("r", r#"{"a": [1]}"#)
    };
    let pass = |result: Result<String>| {
        let error = result.expect_err("denied");
        assert!(error.message().contains("iam:PassRole"), "{error}");
    };
    pass(world.schedules.put_rule(&maya, &with_role));
    world
        .schedules
        .put_rule(&maya, &matching("r", r#"{"a": [1]}"#))
        .expect("put");
    let targets = [Target {
        role_arn: Some(SENDER.to_owned()),
        ..target("t", FUNCTION)
    }];
    let put = world.schedules.put_targets(&maya, None, "r", &targets);
    pass(put.map(|_| String::new()));
    let new = NewSchedule {
        named: Named {
            group: None,
            name: "s",
        },
        definition: definition("rate(1 hour)"),
    };
    pass(world.schedules.create_schedule(&maya, &new));
}

#[test]
fn a_bus_lets_others_in_by_its_policy() {
    let world = world();
    let (schedules, root) = (&world.schedules, &world.root);
    let guest = world.user("guest", &["s3:*"]);
    let put = || {
        schedules
            .put_events(&guest, &[entry("s", "{}")])
            .map(|results| results.len())
    };
    assert_eq!(fault(put()).0, "AccessDenied");
    let everybody = NewPermission {
        statement_id: Some("all".to_owned()),
        action: Some("events:PutEvents".to_owned()),
        principal: Some("*".to_owned()),
        ..NewPermission::default()
    };
    schedules
        .put_permission(root, None, &everybody)
        .expect("put");
    assert_eq!(put().expect("let in"), 1);
    let bus = schedules.describe_event_bus(root, None).expect("there");
    assert_eq!(
        bus.policy.as_deref(),
        Some(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"all","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"arn:aws:events:us-east-1:123456789012:event-bus/default"}]}"#
        )
    );
    let remove = |id| schedules.remove_permission(root, None, Some(id), false);
    assert_eq!(
        fault(remove("none")),
        (
            "ResourceNotFoundException",
            "Statement with the provided id does not exist.".to_owned()
        )
    );
    remove("all").expect("removed");
    assert_eq!(fault(put()).0, "AccessDenied");
    assert_eq!(fault(remove("all")).1, "EventBus does not have a policy.");

    let only_shop = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "events:PutEvents", "Resource": "*",
        "Condition": {"StringEquals": {"events:source": "shop"}}}]}"#;
    let whole = |policy: &str| {
        let new = NewPermission {
            policy: Some(policy.to_owned()),
            ..NewPermission::default()
        };
        schedules.put_permission(root, None, &new)
    };
    whole(only_shop).expect("put");
    assert_eq!(fault(put()).0, "AccessDenied");
    assert!(schedules.put_events(&guest, &[entry("shop", "{}")]).is_ok());
    assert_eq!(
        fault(whole("text")),
        validation("This policy contains invalid Json")
    );
    assert_eq!(fault(whole("{\"Statement\": 1}")).0, "ValidationException");
    let long = only_shop.replace("shop", &"x".repeat(11 << 10));
    assert_eq!(fault(whole(&long)).0, "PolicyLengthExceededException");
    for (bad, message) in [
        (
            NewPermission {
                principal: None,
                ..everybody.clone()
            },
            "Parameter Principal must be specified.",
        ),
        (
            NewPermission {
                action: Some("events:PutRule".to_owned()),
                ..everybody.clone()
            },
            "Provided value in parameter 'action' is not supported.",
        ),
        (
            NewPermission {
                principal: Some("999988887777".to_owned()),
                condition: Some(PermissionCondition {
                    operator: "StringEquals".to_owned(),
                    key: "aws:PrincipalOrgID".to_owned(),
                    value: "o-1".to_owned(),
                }),
                ..everybody.clone()
            },
            "must be '*'",
        ),
    ] {
        let found = fault(schedules.put_permission(root, None, &bad)).1;
        assert!(found.contains(message), "{found}");
    }
}
