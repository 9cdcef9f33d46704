//! What is queued arrives, is tried again, or is given up; whoever dies meanwhile.

use stave_store::eventing::Kind;

use super::*;

fn one_rule(retry: Option<RetryPolicy>) -> World {
    let world = world();
    world.rule(&matching("r", r#"{"source": ["s"]}"#));
    let target = Target {
        retry_policy: retry,
        ..target("t", FUNCTION)
    };
    world
        .schedules
        .put_targets(&world.root, None, "r", &[target])
        .expect("put");
    world
}

fn letters(world: &World) -> Vec<DeadLetter> {
    world
        .schedules
        .dead_letters(&world.root, None, 10)
        .expect("listed")
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_after_ever_longer_pauses() {
    let world = one_rule(None);
    world.targets.fail(
        FUNCTION,
        &[
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::Conflict,
        ],
    );
    world.put(entry("s", "{}")).expect("accepted");
    for pause in [1, 2, 4] {
        let next = world
            .schedules
            .work()
            .await
            .expect("worked")
            .expect("to be tried again");
        assert_eq!(next.duration_since(world.clock.now()).as_secs(), pause);
        assert!(world.targets.take().is_empty());
        world.clock.set(next);
    }
    assert_eq!(world.schedules.work().await.expect("worked"), None);
    let got = world.targets.take();
    assert_eq!((got.len(), got[0].attempt), (1, 4));
    assert!(letters(&world).is_empty());
}

#[tokio::test]
async fn what_can_never_arrive_is_given_up_at_once() {
    for kind in [
        ErrorKind::NotFound,
        ErrorKind::Denied,
        ErrorKind::Invalid,
        ErrorKind::Unsupported,
    ] {
        let world = one_rule(None);
        world.targets.fail(FUNCTION, &[kind]);
        world.put(entry("s", "{}")).expect("accepted");
        assert_eq!(world.schedules.work().await.expect("worked"), None);
        let letters = letters(&world);
        assert_eq!((letters.len(), letters[0].attempts), (1, 1), "{kind:?}");
        assert_eq!(
            (letters[0].target.as_str(), letters[0].error.as_str()),
            (FUNCTION, "as told")
        );
        assert!(letters[0].source.ends_with("rule/r"));
    }
}

#[tokio::test]
async fn the_retry_policy_bounds_attempts_and_age() {
    let world = one_rule(Some(RetryPolicy {
        max_attempts: 2,
        max_age_seconds: 86_400,
    }));
    world.targets.fail(FUNCTION, &[ErrorKind::Internal; 9]);
    world.put(entry("s", "{}")).expect("accepted");
    while let Some(next) = world.schedules.work().await.expect("worked") {
        world.clock.set(next);
    }
    assert_eq!(letters(&world)[0].attempts, 3);

    let world = one_rule(Some(RetryPolicy {
        max_attempts: 185,
        max_age_seconds: 60,
    }));
    world.targets.fail(FUNCTION, &[ErrorKind::Internal; 99]);
    world.put(entry("s", "{}")).expect("accepted");
    while let Some(next) = world.schedules.work().await.expect("worked") {
        world.clock.set(next);
    }
    // After 1, 3, 7, 15 and 31 seconds; the next would be after 63.
    assert_eq!(letters(&world)[0].attempts, 6);

    // With the defaults, a day of it.
    let world = one_rule(None);
    world.targets.fail(FUNCTION, &[ErrorKind::Internal; 300]);
    world.put(entry("s", "{}")).expect("accepted");
    let begin = world.clock.now();
    while let Some(next) = world.schedules.work().await.expect("worked") {
        world.clock.set(next);
    }
    let took = world.clock.now().duration_since(begin).as_hours();
    assert_eq!(letters(&world)[0].attempts, 186);
    assert!((22..=24).contains(&took), "{took}");
}

#[tokio::test]
async fn who_is_busy_is_tried_as_long_as_there_is_time() {
    let policy = |max_age_seconds| {
        Some(RetryPolicy {
            max_attempts: 0,
            max_age_seconds,
        })
    };
    let world = one_rule(policy(3600));
    world
        .targets
        .fail(FUNCTION, &[ErrorKind::LimitExceeded; 50]);
    world.put(entry("s", "{}")).expect("accepted");
    while let Some(next) = world.schedules.work().await.expect("worked") {
        let pause = next.duration_since(world.clock.now());
        assert!((500..=30_000).contains(&pause.as_millis()), "{pause:?}");
        world.clock.set(next);
    }
    assert_eq!(world.targets.take().len(), 1);
    assert!(letters(&world).is_empty());

    let world = one_rule(policy(60));
    world
        .targets
        .fail(FUNCTION, &[ErrorKind::LimitExceeded; 50]);
    world.put(entry("s", "{}")).expect("accepted");
    while let Some(next) = world.schedules.work().await.expect("worked") {
        world.clock.set(next);
    }
    assert!(world.targets.take().is_empty());
    assert_eq!(letters(&world).len(), 1);
}

#[tokio::test]
async fn what_a_dead_process_had_taken_is_delivered_by_another() {
    let world = one_rule(None);
    world.put(entry("s", "{}")).expect("accepted");
    let take = |owner: &str| {
        let until = world.clock.now() + SignedDuration::from_secs(60);
        let taken = world
            .store
            .eventing_note(|rows| rows.take_deliveries(owner, until, 10));
        taken.expect("taken")
    };
    // A process takes it and hangs.
    let taken = take(&world.store.process().expect("alive"));
    assert_eq!(taken.len(), 1);
    let other = world.other(Missed::RunOnce);
    let next = other.work().await.expect("worked").expect("kept");
    assert!(world.targets.take().is_empty());
    // Another takes it then, and dies before it delivers.
    world.clock.set(next);
    assert_eq!(take("dead").len(), 1);
    other.work().await.expect("worked");
    let got = world.targets.take();
    assert_eq!((got.len(), got[0].attempt), (1, 3));

    // Another delivers and dies before it says so: it comes again, under the same id.
    let id = got[0].id.clone();
    assert_eq!(taken[0].new.id, id);
}

#[tokio::test]
async fn a_firing_is_queued_whole_or_not_at_all() {
    let world = world();
    world.rule(&scheduled("r", "rate(1 minute)"));
    world.wait(60);
    // The transaction that fires dies before it is kept.
    let died: Result<()> = world.store.eventing_write(|rows| {
        for timer in rows.due_timers(rows.now(), 10)? {
            rows.clear_timer(&timer.owner)?;
        }
        Err(Error::internal("killed"))
    });
    assert!(died.is_err());
    world.schedules.work().await.expect("worked");
    assert_eq!(world.targets.take().len(), 1);
}

#[tokio::test]
async fn thousands_of_events_all_arrive_once() {
    let world = one_rule(None);
    for batch in 0..50 {
        let entries: Vec<EventEntry> = (0..10)
            .map(|n| entry("s", &format!("{{\"n\": {}}}", batch * 10 + n)))
            .collect();
        world
            .schedules
            .put_events(&world.root, &entries)
            .expect("put");
    }
    let other = world.other(Missed::RunOnce);
    let (one, two) = tokio::join!(world.schedules.work(), other.work());
    one.and(two).expect("worked");
    let mut payloads: Vec<String> = world
        .targets
        .take()
        .into_iter()
        .map(|shipment| shipment.payload)
        .collect();
    assert_eq!(payloads.len(), 500);
    payloads.sort();
    payloads.dedup();
    assert_eq!(payloads.len(), 500);
}

#[tokio::test]
async fn who_waits_is_woken_by_what_comes() {
    let world = one_rule(None);
    let schedules = world.schedules.clone();
    let waiting = tokio::spawn(async move { schedules.wait(None).await });
    world.put(entry("s", "{}")).expect("accepted");
    waiting.await.expect("woken");
}

#[test]
fn a_home_has_its_bus_and_its_group() {
    let world = world();
    let other = world.other(Missed::RunOnce);
    for kind in [Kind::Bus, Kind::Group] {
        let count = world
            .store
            .eventing_read(|rows| rows.count_documents(kind, ""));
        assert_eq!(count.expect("told"), 1);
    }
    drop(other);
}
