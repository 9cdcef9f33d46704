//! What is counted of rules and schedules.

use std::collections::BTreeMap;

use super::*;

/// What was counted since this was last asked: `Invocations RuleName=r`, and how often.
fn counted(world: &World) -> BTreeMap<String, u32> {
    let figures = std::mem::take(&mut *world.targets.figures.lock().expect("unpoisoned"));
    let mut counted = BTreeMap::new();
    for figure in figures {
        assert_eq!((figure.value, figure.unit), (1.0, "Count"));
        let mut words = vec![figure.name.to_owned()];
        let pairs = figure.dimensions.iter();
        words.extend(pairs.map(|(name, value)| format!("{name}={value}")));
        *counted.entry(words.join(" ")).or_default() += 1;
    }
    counted
}

fn expected(counts: &[(&str, u32)]) -> BTreeMap<String, u32> {
    let counts = counts.iter();
    counts
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

#[tokio::test]
async fn events_that_match_and_deliveries_that_arrive() {
    let world = world();
    world.rule(&matching("r", r#"{"source": ["s"]}"#));
    // It has no targets.
    let idle = matching("idle", r#"{"source": ["s"]}"#);
    world.schedules.put_rule(&world.root, &idle).expect("put");
    for source in ["s", "s", "other"] {
        world.put(entry(source, "{}")).expect("accepted");
    }
    let matched = [
        ("MatchedEvents EventBusName=default", 2),
        ("MatchedEvents RuleName=idle", 2),
        ("MatchedEvents RuleName=r", 2),
        ("TriggeredRules", 4),
        ("TriggeredRules EventBusName=default", 4),
        ("TriggeredRules RuleName=idle", 2),
        ("TriggeredRules RuleName=r", 2),
    ];
    assert_eq!(counted(&world), expected(&matched));
    world.schedules.work().await.expect("worked");
    let invoked = [
        ("InvocationAttempts", 2),
        ("InvocationAttempts EventBusName=default", 2),
        ("InvocationAttempts RuleName=r", 2),
        ("Invocations", 2),
        ("Invocations RuleName=r", 2),
        ("SuccessfulInvocationAttempts", 2),
        ("SuccessfulInvocationAttempts EventBusName=default", 2),
        ("SuccessfulInvocationAttempts RuleName=r", 2),
    ];
    assert_eq!(counted(&world), expected(&invoked));
}

#[tokio::test]
async fn a_rule_of_another_bus_is_counted_with_it() {
    let world = world();
    let new = NewBus {
        name: "orders".to_owned(),
        ..NewBus::default()
    };
    world
        .schedules
        .create_event_bus(&world.root, &new)
        .expect("made");
    world.rule(&NewRule {
        bus: Some("orders".to_owned()),
        ..matching("r", r#"{"source": ["s"]}"#)
    });
    let said = EventEntry {
        bus: Some("orders".to_owned()),
        ..entry("s", "{}")
    };
    world.put(said).expect("accepted");
    world.schedules.work().await.expect("worked");
    let counted = counted(&world);
    for name in ["MatchedEvents", "TriggeredRules", "Invocations"] {
        let with_bus = format!("{name} EventBusName=orders RuleName=r");
        assert_eq!(counted.get(&with_bus), Some(&1), "{counted:?}");
        assert_eq!(counted.get(&format!("{name} RuleName=r")), None);
    }
    assert_eq!(counted.get("MatchedEvents EventBusName=orders"), Some(&1));
}

#[tokio::test]
async fn attempts_that_fail() {
    let world = world();
    world.rule(&matching("r", r#"{"source": ["s"]}"#));
    world
        .targets
        .fail(FUNCTION, &[ErrorKind::Unavailable, ErrorKind::Denied]);
    world.put(entry("s", "{}")).expect("accepted");
    let next = world.schedules.work().await.expect("worked");
    let first = counted(&world);
    assert_eq!(first.get("InvocationAttempts RuleName=r"), Some(&1));
    let ended = [
        "Invocations",
        "FailedInvocations",
        "RetryInvocationAttempts",
    ];
    for name in ended {
        assert_eq!(first.get(&format!("{name} RuleName=r")), None, "{name}");
    }
    world.clock.set(next.expect("to be tried again"));
    world.schedules.work().await.expect("worked");
    let last = counted(&world);
    for name in ended {
        assert_eq!(last.get(&format!("{name} RuleName=r")), Some(&1), "{name}");
    }
    assert_eq!(last.get("SuccessfulInvocationAttempts"), None);
    assert_eq!(last.get("FailedInvocations"), None, "only of rules");
}

#[tokio::test]
async fn what_waits_for_a_busy_target_is_no_attempt() {
    let world = world();
    world.rule(&matching("r", r#"{"source": ["s"]}"#));
    world.targets.fail(FUNCTION, &[ErrorKind::LimitExceeded]);
    world.put(entry("s", "{}")).expect("accepted");
    counted(&world);
    world.schedules.work().await.expect("worked");
    assert_eq!(counted(&world), BTreeMap::new());
}

#[tokio::test]
async fn firings_and_schedules() {
    let world = world();
    world.rule(&scheduled("r", "rate(1 minute)"));
    world.schedule("s", definition("rate(1 minute)"));
    world.wait(60);
    world.schedules.work().await.expect("worked");
    let counted_now = counted(&world);
    assert_eq!(counted_now.get("TriggeredRules RuleName=r"), Some(&1));
    assert_eq!(counted_now.get("MatchedEvents RuleName=r"), None);
    let group = "ScheduleGroup=default";
    let attempts = format!("InvocationAttemptCount {group}");
    assert_eq!(counted_now.get(&attempts), Some(&1));

    let world = super::world();
    let mut once = definition("rate(1 minute)");
    once.target.retry_policy = Some(RetryPolicy {
        max_attempts: 0,
        max_age_seconds: 60,
    });
    world.schedule("s", once);
    world.targets.fail(FUNCTION, &[ErrorKind::Internal]);
    world.wait(60);
    world.schedules.work().await.expect("worked");
    let failed = [
        (attempts.as_str(), 1),
        ("InvocationDroppedCount ScheduleGroup=default", 1),
        ("TargetErrorCount ScheduleGroup=default", 1),
    ];
    assert_eq!(counted(&world), expected(&failed));
}
