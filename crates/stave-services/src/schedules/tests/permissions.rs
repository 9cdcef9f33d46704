//! Each operation asks whether the caller may.

use super::super::policy::{NewPermission, PermissionCondition};
use super::super::scheduler::{NewGroup, ScheduleFilter};
use super::*;

fn denied<T: std::fmt::Debug>(action: &str, result: Result<T>) {
    let error = result.expect_err(action);
    assert_eq!(error.kind(), ErrorKind::Denied, "{action}: {error}");
    let wanted = format!(":{action} ");
    assert!(error.message().contains(&wanted), "{action}: {error}");
}

#[test]
fn who_may_nothing_can_do_nothing_with_rules() {
    let world = world();
    let (on, by) = (&world.schedules, &world.user("nobody", &["s3:*"]));
    let page = &PageRequest::default();
    let arn = "arn:aws:events:us-east-1:123456789012:rule/r";
    denied(
        "CreateEventBus",
        on.create_event_bus(by, &NewBus::default()),
    );
    denied("DescribeEventBus", on.describe_event_bus(by, None));
    denied("UpdateEventBus", on.update_event_bus(by, None, None));
    denied("DeleteEventBus", on.delete_event_bus(by, "b"));
    denied("ListEventBuses", on.list_event_buses(by, None, page));
    denied(
        "PutPermission",
        on.put_permission(by, None, &NewPermission::default()),
    );
    denied(
        "RemovePermission",
        on.remove_permission(by, None, None, true),
    );
    denied("PutRule", on.put_rule(by, &matching("r", r#"{"a": [1]}"#)));
    denied("DescribeRule", on.describe_rule(by, None, "r"));
    denied("EnableRule", on.enable_rule(by, None, "r"));
    denied("DisableRule", on.disable_rule(by, None, "r"));
    denied("DeleteRule", on.delete_rule(by, None, "r"));
    denied("ListRules", on.list_rules(by, None, None, page));
    denied("PutTargets", on.put_targets(by, None, "r", &[]));
    denied("RemoveTargets", on.remove_targets(by, None, "r", &[]));
    denied(
        "ListTargetsByRule",
        on.list_targets_by_rule(by, None, "r", page),
    );
    let names = on.list_rule_names_by_target(by, None, FUNCTION, page);
    denied("ListRuleNamesByTarget", names);
    denied("TagResource", on.tag_resource(by, arn, Vec::new()));
    denied("UntagResource", on.untag_resource(by, arn, &[]));
    denied("ListTagsForResource", on.list_tags_for_resource(by, arn));
    denied("PutEvents", on.put_events(by, &[entry("s", "{}")]));
    denied("TestEventPattern", on.test_event_pattern(by, "{}", "{}"));
    denied("ListRules", on.dead_letters(by, None, 1));
}

#[test]
fn who_may_nothing_can_do_nothing_with_schedules() {
    let world = world();
    let (on, by) = (&world.schedules, &world.user("nobody", &["s3:*"]));
    let page = &PageRequest::default();
    let named = Named {
        group: None,
        name: "s",
    };
    let new = NewSchedule {
        named,
        definition: definition("rate(1 hour)"),
    };
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/default";
    denied(
        "CreateScheduleGroup",
        on.create_schedule_group(by, &NewGroup::default()),
    );
    denied("GetScheduleGroup", on.get_schedule_group(by, "default"));
    denied(
        "DeleteScheduleGroup",
        on.delete_schedule_group(by, "default"),
    );
    denied(
        "ListScheduleGroups",
        on.list_schedule_groups(by, None, page),
    );
    denied("CreateSchedule", on.create_schedule(by, &new));
    denied("UpdateSchedule", on.update_schedule(by, &new));
    denied("GetSchedule", on.get_schedule(by, named));
    denied("DeleteSchedule", on.delete_schedule(by, named));
    denied(
        "ListSchedules",
        on.list_schedules(by, &ScheduleFilter::default(), page),
    );
    denied("TagResource", on.tag_schedule_group(by, arn, Vec::new()));
    denied("UntagResource", on.untag_schedule_group(by, arn, &[]));
    denied("ListTagsForResource", on.list_schedule_group_tags(by, arn));
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
