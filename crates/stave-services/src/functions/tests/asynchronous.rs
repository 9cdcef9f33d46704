//! The queue: retries by a clock that is turned, destinations, and the death of a worker.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};

use super::*;

const FAILS: &str = "def lambda_handler(event, context):\n    print('tried', event)\n    raise RuntimeError('no')\n";

fn tries(world: &World) -> usize {
    world
        .lines()
        .iter()
        .filter(|line| line.starts_with("tried "))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_tried_after_one_minute_and_after_two() {
    let world = world();
    let _workers = world.functions.start().await.expect("started");
    world.make("fails", FAILS).await;
    assert_eq!(world.send("fails", json!({"n": 1})).await.status, 202);
    // What is due when is told by the rows: nothing depends on how long a try takes.
    let due = |seconds| {
        Some(
            at().saturating_add(SignedDuration::from_secs(seconds))
                .expect("in range"),
        )
    };
    world
        .until("the first try", |world| {
            tries(world) == 1 && world.next_due() == due(60)
        })
        .await;
    world.turn(59);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(tries(&world), 1, "a minute is not over");
    world.turn(2);
    world
        .until("the second try", |world| {
            tries(world) == 2 && world.next_due() == due(61 + 120)
        })
        .await;
    world.turn(118);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(tries(&world), 2, "two minutes are not over");
    world.turn(3);
    world
        .until("the third try, and the last", |world| {
            tries(world) == 3 && world.queued() == 0
        })
        .await;
    assert!((world.sum("Errors") - 3.0).abs() < 0.1);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn an_outcome_goes_to_its_destination() {
    let world = world();
    let _workers = world.functions.start().await.expect("started");
    world.make("fails", FAILS).await;
    world
        .make(
            "works",
            "def lambda_handler(event, context):\n    return event['n'] + 1\n",
        )
        .await;
    world.make("told", "import json\ndef lambda_handler(event, context):\n    print('told', json.dumps(event))\n").await;
    let (root, functions) = (&world.root, &world.functions);
    let told = "arn:aws:lambda:us-east-1:123456789012:function:told".to_owned();
    let set = |max_retries, on_success, on_failure| EventSettingsChange {
        max_retries,
        max_age_seconds: None,
        on_success,
        on_failure,
    };
    let put = |name: &str, set| functions.put_event_settings(root, name, None, set, false);
    let bucket = Some("arn:aws:s3:::failed".to_owned());
    put("works", set(None, Some(told.clone()), None)).expect("set");
    put("fails", set(Some(0), None, bucket.clone())).expect("set");
    assert_eq!(fault(put("fails", set(Some(3), None, None))), WRONG);
    let queue = Some("arn:aws:sqs:us-east-1:123456789012:q".to_owned());
    assert_eq!(
        fault(put("fails", set(None, None, queue))).0,
        ErrorKind::Unsupported
    );

    // The role may not yet: it is said, and the record is given up.
    world.send("works", json!({"n": 1})).await;
    world
        .until("it is given up", |world| {
            world.queued() == 0 && world.sum("DestinationDeliveryFailures") > 0.5
        })
        .await;
    assert!(
        world
            .lines()
            .iter()
            .any(|line| line.contains("could not be delivered")
                && line.contains("lambda:InvokeFunction"))
    );

    world.let_role("lambda:InvokeFunction");
    world.let_role("s3:PutObject");
    let sent = world.send("works", json!({"n": 1})).await;
    world
        .until("it is told", |world| {
            world.lines().iter().any(|line| line.starts_with("told "))
        })
        .await;
    let line = world
        .lines()
        .into_iter()
        .find(|line| line.starts_with("told "));
    let record: Value =
        serde_json::from_str(line.expect("told").trim_start_matches("told ")).expect("JSON");
    assert_eq!(
        record,
        json!({
            "version": "1.0",
            "timestamp": "2026-11-21T10:00:00.000Z",
            "requestContext": {
                "requestId": sent.request_id,
                "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:works:$LATEST",
                "condition": "Success",
                "approximateInvokeCount": 1,
            },
            "requestPayload": {"n": 1},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
            "responsePayload": 2,
        })
    );

    let sent = world.send("fails", json!({"n": 2})).await;
    world
        .until("it is delivered", |world| {
            world.kept.deliveries.lock().unwrap().len() == 1
        })
        .await;
    let (arn, delivery) = world.kept.deliveries.lock().unwrap()[0].clone();
    assert_eq!(Some(arn), bucket);
    assert_eq!(
        delivery.object_key(),
        format!(
            "aws/lambda/async/fails/2026/11/21/2026-11-21T10.00.00-{}",
            sent.request_id
        )
    );
    let record: Value = serde_json::from_str(&delivery.record).expect("JSON");
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["responseContext"]["functionError"], "Unhandled");
    assert_eq!(record["responsePayload"]["errorMessage"], "no");

    // What cannot be run at all goes there, too.
    functions
        .put_concurrency(root, "fails", 0)
        .expect("reserved");
    world.send("fails", json!({"n": 3})).await;
    world
        .until("it is delivered", |world| {
            world.kept.deliveries.lock().unwrap().len() == 2
        })
        .await;
    let record = world.kept.deliveries.lock().unwrap()[1].1.record.clone();
    assert!(record.contains("ZeroReservedConcurrency"), "{record}");
    world
        .until("the queue is empty", |world| world.queued() == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_old_is_not_run() {
    let world = world();
    world.make("fails", FAILS).await;
    let set = EventSettingsChange {
        max_age_seconds: Some(60),
        ..EventSettingsChange::default()
    };
    world
        .functions
        .put_event_settings(&world.root, "fails", None, set, false)
        .expect("set");
    world.send("fails", json!({})).await;
    world.turn(61);
    let _workers = world.functions.start().await.expect("started");
    world
        .until("it is dropped", |world| world.queued() == 0)
        .await;
    assert_eq!(tries(&world), 0);
    assert!((world.sum("AsyncEventsDropped") - 1.0).abs() < 0.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_events_run_once_each_under_a_reservation() {
    let world = world();
    let _workers = world.functions.start().await.expect("started");
    let code = "import time\ndef lambda_handler(event, context):\n    time.sleep(0.01)\n    print('ran', event)\n";
    world.make("many", code).await;
    world
        .functions
        .put_concurrency(&world.root, "many", 2)
        .expect("reserved");
    for n in 0..100 {
        world.send("many", json!(n)).await;
    }
    let ran = |world: &World| {
        let mut ran: Vec<String> = world
            .lines()
            .into_iter()
            .filter(|line| line.starts_with("ran "))
            .collect();
        ran.sort();
        ran
    };
    for _ in 0..3000 {
        if ran(&world).len() >= 100 && world.queued() == 0 {
            break;
        }
        // Those that were turned away wait for the clock.
        world.turn(1);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut wanted: Vec<String> = (0..100).map(|n| format!("ran {n}")).collect();
    wanted.sort();
    assert_eq!(ran(&world), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_had_is_taken_back_and_its_processes_are_killed() {
    let world = world();
    let code = "import os, time\ndef lambda_handler(event, context):\n    print('began', os.getpid(), flush=True)\n    time.sleep(event)\n    print('ended')\n";
    let settings = Settings {
        timeout_seconds: Some(900),
        ..Settings::default()
    };
    world.make_with("long", code, settings).await;
    world.send("long", json!(600)).await;
    let store = world.functions.store().clone();
    // Another process's worker takes it, starts something, and is killed: its lock is gone.
    let other = store.function_worker().expect("a worker");
    let taken = store
        .functions_write(|rows| rows.take_due(other.id(), &[], 10))
        .expect("taken");
    assert_eq!(taken.len(), 1);
    let left = other.folder().join("environment");
    std::fs::create_dir(&left).expect("made");
    let mut child = std::process::Command::new("sleep")
        .arg("600")
        .process_group(0)
        .spawn()
        .expect("started");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("there");
    let started = stat
        .rsplit_once(')')
        .expect("named")
        .1
        .split_whitespace()
        .nth(19)
        .expect("a time")
        .to_owned();
    std::fs::write(left.join("pid"), format!("{} {started}", child.id())).expect("noted");
    // Alive, it keeps what it has.
    let _workers = world.functions.start().await.expect("started");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(world.lines().is_empty(), "{:?}", world.lines());
    assert!(child.try_wait().expect("asked").is_none());
    let (folder, id) = (other.folder().to_owned(), other.id().to_owned());
    drop(other);
    // Dropped in order it removes its folder; a killed one leaves it.
    std::fs::create_dir_all(folder.join("environment")).expect("made");
    std::fs::write(
        folder.join("environment/pid"),
        format!("{} {started}", child.id()),
    )
    .expect("noted");
    let _again = world.functions.start().await.expect("started");
    assert_eq!(child.wait().expect("waited").signal(), Some(9));
    world
        .until("it runs here", |world| {
            world.lines().iter().any(|line| line.starts_with("began "))
        })
        .await;
    assert!(!folder.exists(), "{id} is buried");
    assert_eq!(
        world
            .lines()
            .iter()
            .filter(|line| line.starts_with("began "))
            .count(),
        1
    );
}
