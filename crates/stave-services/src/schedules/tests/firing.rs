//! What is due is fired once, at its time, whoever fires it and whatever was missed.

use serde_json::{Value, json};

use super::*;

/// Works, and says what came: for each its time in the event, or its whole payload.
async fn fired(world: &World) -> Vec<String> {
    world.schedules.work().await.expect("worked");
    let got = world.targets.take().into_iter();
    got.map(|shipment| {
        let event: Value = serde_json::from_str(&shipment.payload).unwrap_or_default();
        event["time"]
            .as_str()
            .map_or(shipment.payload, str::to_owned)
    })
    .collect()
}

#[tokio::test]
async fn a_rule_fires_by_its_rate() {
    let world = world();
    let arn = world.rule(&scheduled("r", "rate(5 minutes)"));
    assert!(fired(&world).await.is_empty());
    world.wait(299);
    assert!(fired(&world).await.is_empty());
    world.wait(1);
    world.schedules.work().await.expect("worked");
    let got = world.targets.take();
    let event: Value = serde_json::from_str(&got[0].payload).expect("JSON");
    let id = event["id"].clone();
    assert_eq!(
        event,
        json!({"version": "0", "id": id, "detail-type": "Scheduled Event", "source": "aws.events",
            "account": ACCOUNT, "time": "2026-11-21T10:05:00Z", "region": "us-east-1",
            "resources": [arn], "detail": {}})
    );
    world.wait(300);
    assert_eq!(fired(&world).await, ["2026-11-21T10:10:00Z"]);
    world
        .schedules
        .disable_rule(&world.root, None, "r")
        .expect("switched");
    world.wait(300);
    assert!(fired(&world).await.is_empty());
    // Its rate counts from when it is enabled.
    world
        .schedules
        .enable_rule(&world.root, None, "r")
        .expect("switched");
    world.wait(299);
    assert!(fired(&world).await.is_empty());
    world.wait(1);
    assert_eq!(fired(&world).await, ["2026-11-21T10:20:00Z"]);
    // To put it as it is does not begin it anew; another rate does.
    world.wait(100);
    world
        .schedules
        .put_rule(&world.root, &scheduled("r", "rate(5 minutes)"))
        .expect("put");
    world.wait(200);
    assert_eq!(fired(&world).await, ["2026-11-21T10:25:00Z"]);
    world
        .schedules
        .put_rule(&world.root, &scheduled("r", "rate(1 hour)"))
        .expect("put");
    world.wait(300);
    assert!(fired(&world).await.is_empty());
}

#[tokio::test]
async fn a_rule_fires_by_its_cron_expression_and_is_told_when() {
    let world = world();
    world.rule(&scheduled("r", "cron(30 10 * * ? *)"));
    let next = world.schedules.work().await.expect("worked");
    assert_eq!(next, Some(at("2026-11-21T10:30:00Z")));
    world.wait(1800);
    assert_eq!(fired(&world).await, ["2026-11-21T10:30:00Z"]);
    let next = world.schedules.work().await.expect("worked");
    assert_eq!(next, Some(at("2026-11-22T10:30:00Z")));
    world
        .schedules
        .remove_targets(&world.root, None, "r", &["t".to_owned()])
        .expect("removed");
    world
        .schedules
        .delete_rule(&world.root, None, "r")
        .expect("deleted");
    assert_eq!(world.schedules.work().await.expect("worked"), None);
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_once_or_left_out() {
    for (missed, hourly, daily) in [
        (
            Missed::RunOnce,
            Some("2026-11-23T12:00:00Z"),
            Some("2026-11-23T11:00:00Z"),
        ),
        (Missed::Skip, None, None),
    ] {
        let world = world_with(missed);
        world.rule(&scheduled("hourly", "rate(1 hour)"));
        // Nothing ran for two days, two hours and a half.
        world.wait((50 * 60 + 30) * 60);
        assert_eq!(fired(&world).await, Vec::from_iter(hourly), "{missed:?}");
        world.wait(30 * 60);
        assert_eq!(fired(&world).await, ["2026-11-23T13:00:00Z"], "{missed:?}");

        let world = world_with(missed);
        world.rule(&scheduled("daily", "cron(0 11 * * ? *)"));
        world.wait((50 * 60 + 30) * 60);
        assert_eq!(fired(&world).await, Vec::from_iter(daily), "{missed:?}");
        // A little late is not missed.
        world.clock.set(at("2026-11-24T11:00:59Z"));
        assert_eq!(fired(&world).await, ["2026-11-24T11:00:00Z"], "{missed:?}");
    }
}

#[tokio::test]
async fn years_by_the_minute_are_made_up_for_in_no_time() {
    let world = world();
    world.rule(&scheduled("minutely", "cron(* * * * ? *)"));
    world.clock.set(at("2036-11-21T10:00:30Z"));
    assert_eq!(fired(&world).await, ["2036-11-21T10:00:00Z"]);
}

#[tokio::test]
async fn a_one_time_schedule_fires_once_and_may_go() {
    let world = world();
    let once = |ends| ScheduleDefinition {
        is_deleted_after: ends,
        ..definition("at(2026-11-21T12:00:00)")
    };
    world.schedule("stays", once(false));
    world.schedule("goes", once(true));
    world.wait(2 * 3600);
    assert_eq!(fired(&world).await, ["2026-11-21T12:00:00Z"; 2]);
    world.wait(3600);
    assert!(fired(&world).await.is_empty());
    let listed = world
        .schedules
        .list_schedules(
            &world.root,
            &super::super::scheduler::ScheduleFilter::default(),
            &PageRequest::default(),
        )
        .expect("listed");
    let names: Vec<&str> = listed
        .items
        .iter()
        .map(|schedule| schedule.name.as_str())
        .collect();
    assert_eq!(names, ["stays"]);
}

#[tokio::test]
async fn a_rate_of_the_scheduler_begins_at_once_or_at_its_start_and_ends() {
    let world = world();
    world.schedule(
        "now",
        ScheduleDefinition {
            end_at: Some(at("2026-11-21T10:15:00Z")),
            is_deleted_after: true,
            ..definition("rate(10 minutes)")
        },
    );
    world.schedule(
        "later",
        ScheduleDefinition {
            start_at: Some(at("2026-11-21T10:12:00Z")),
            ..definition("rate(10 minutes)")
        },
    );
    assert_eq!(fired(&world).await, ["2026-11-21T10:00:00Z"]);
    world.wait(600);
    assert_eq!(fired(&world).await, ["2026-11-21T10:10:00Z"]);
    world.wait(120);
    assert_eq!(fired(&world).await, ["2026-11-21T10:12:00Z"]);
    world.wait(600);
    assert_eq!(fired(&world).await, ["2026-11-21T10:22:00Z"]);
    let gone = world.schedules.get_schedule(
        &world.root,
        Named {
            group: None,
            name: "now",
        },
    );
    assert_eq!(fault(gone).0, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_schedule_follows_the_clock_of_its_zone() {
    let world = world();
    let zone = jiff::tz::TimeZone::get("America/New_York");
    let Ok(_) = zone else {
        // Without a time zone database on the machine there is nothing to follow.
        return;
    };
    world.clock.set(at("2026-03-07T00:00:00Z"));
    world.schedule(
        "r",
        ScheduleDefinition {
            time_zone: Some("America/New_York".to_owned()),
            ..definition("cron(30 2 * * ? *)")
        },
    );
    // 02:30 on 8 March is not there.
    for (now, expected) in [
        ("2026-03-07T07:30:00Z", Some("2026-03-07T07:30:00Z")),
        ("2026-03-08T07:30:00Z", None),
        ("2026-03-09T06:30:00Z", Some("2026-03-09T06:30:00Z")),
    ] {
        world.clock.set(at(now));
        assert_eq!(fired(&world).await, Vec::from_iter(expected), "{now}");
    }
}

#[tokio::test]
async fn a_flexible_window_spreads_and_never_doubles() {
    let world = world();
    for n in 0..20 {
        world.schedule(
            &format!("s{n}"),
            ScheduleDefinition {
                window_minutes: Some(15),
                ..definition("cron(0 11 * * ? *)")
            },
        );
    }
    let mut count = 0;
    let mut minutes = 0;
    for minute in 0..90 {
        let some = fired(&world).await;
        assert!(
            some.iter().all(|at| at == "2026-11-21T11:00:00Z"),
            "{some:?}"
        );
        assert!(some.is_empty() || (60..=75).contains(&minute), "{minute}");
        minutes += usize::from(!some.is_empty());
        count += some.len();
        world.wait(60);
    }
    assert_eq!(count, 20);
    assert!(minutes > 5, "{minutes}");
}

#[test]
fn of_many_processes_one_fires() {
    let world = world();
    for n in 0..10 {
        world.rule(&scheduled(&format!("r{n}"), "rate(1 minute)"));
        world.schedule(&format!("s{n}"), definition("cron(* * * * ? *)"));
    }
    let others: Vec<Schedules> = (0..4).map(|_| world.other(Missed::RunOnce)).collect();
    let mut ids = Vec::new();
    for _ in 0..5 {
        world.wait(60);
        std::thread::scope(|scope| {
            for other in &others {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build();
                    let runtime = runtime.expect("a runtime");
                    runtime.block_on(other.work()).expect("worked");
                });
            }
        });
        let got = world.targets.take();
        assert_eq!(got.len(), 20);
        ids.extend(
            got.into_iter()
                .map(|shipment| (shipment.source_arn, shipment.payload)),
        );
    }
    let before = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), before);
}
