//! How handlers fail: each in AWS's words.

use super::*;

async fn fails(world: &World, name: &str, code: &str) -> (Value, String) {
    world.make(name, code).await;
    let failed = world.invoke(name, json!({})).await;
    assert_eq!(failed.status, 200);
    assert_eq!(
        failed.error,
        Some(FunctionError::Unhandled),
        "{}",
        tail(&failed)
    );
    (body(&failed), tail(&failed))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_is_shaped_as_python_shapes_it() {
    let world = world();
    let code = "def inner():\n    raise ValueError('bad')\n\ndef lambda_handler(event, context):\n    inner()\n";
    let (error, log) = fails(&world, "raises", code).await;
    assert_eq!(error["errorMessage"], "bad");
    assert_eq!(error["errorType"], "ValueError");
    assert!(
        error["requestId"]
            .as_str()
            .is_some_and(|id| log.contains(id))
    );
    let trace = error["stackTrace"].as_array().expect("a list");
    assert_eq!(trace.len(), 2, "{trace:?}");
    let first = trace[0].as_str().expect("text");
    assert!(
        first.starts_with("  File \"/")
            && first.contains("lambda_function.py\", line 5, in lambda_handler\n    inner()\n"),
        "{first}"
    );
    assert!(
        log.contains("[ERROR] ValueError: bad\nTraceback (most recent call last):\n  File"),
        "{log}"
    );
    assert!((world.sum("Errors") - 1.0).abs() < 0.1);
    // The process lives on.
    let again = world.invoke("raises", json!({})).await;
    assert!(!tail(&again).contains("Init Duration"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_handler_from_running_is_named() {
    let world = world();
    for (name, code, kind, message) in [
        (
            "missing",
            "import nothing_like_this\n",
            "Runtime.ImportModuleError",
            "Unable to import module 'lambda_function': No module named 'nothing_like_this'",
        ),
        (
            "other",
            "def other(): pass\n",
            "Runtime.HandlerNotFound",
            "Handler 'lambda_handler' missing on module 'lambda_function'",
        ),
        ("top", "raise KeyError('k')\n", "KeyError", "'k'"),
        (
            "json",
            "def lambda_handler(e, c):\n    return {1, 2}\n",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
    ] {
        let (error, log) = fails(&world, name, code).await;
        assert_eq!(error["errorType"], kind, "{log}");
        assert_eq!(error["errorMessage"], message, "{log}");
        assert!(log.starts_with("START RequestId: "), "{log}");
        assert!(log.contains("\nEND RequestId: "), "{log}");
    }
    let (error, _) = fails(&world, "syntax", "def lambda_handler(:\n").await;
    assert_eq!(error["errorType"], "Runtime.UserCodeSyntaxError");
    let message = error["errorMessage"].as_str().expect("text");
    assert!(
        message.starts_with("Syntax error in module 'lambda_function': "),
        "{message}"
    );
    world
        .until("the start is logged", |world| {
            world.lines().iter().any(|line| {
                line.starts_with("INIT_REPORT Init Duration: ")
                    && line.ends_with(
                        "\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError",
                    )
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_the_process_is_told() {
    let world = world();
    for (name, code, how) in [
        (
            "exit",
            "import sys\ndef lambda_handler(e, c):\n    sys.exit(3)\n",
            "Runtime exited with error: exit status 3",
        ),
        (
            "zero",
            "import os\ndef lambda_handler(e, c):\n    os._exit(0)\n",
            "Runtime exited without providing a reason",
        ),
        (
            "killed",
            "import os\ndef lambda_handler(e, c):\n    os.kill(os.getpid(), 9)\n",
            "Runtime exited with error: signal: killed",
        ),
        (
            "abort",
            "import os\ndef lambda_handler(e, c):\n    os.abort()\n",
            "Runtime exited with error: signal: aborted",
        ),
    ] {
        let (error, log) = fails(&world, name, code).await;
        assert_eq!(error["errorType"], "Runtime.ExitError");
        let message = error["errorMessage"].as_str().expect("text");
        assert!(
            message.starts_with("RequestId: ") && message.ends_with(&format!(" Error: {how}")),
            "{message}"
        );
        assert!(
            log.contains(&format!("{message}\nRuntime.ExitError\nEND")),
            "{log}"
        );
        assert!(
            log.trim_end()
                .ends_with("Status: error\tError Type: Runtime.ExitError"),
            "{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_too_long_is_killed_with_all_it_started() {
    let world = world();
    let code = "import subprocess, sys, time\ndef lambda_handler(event, context):\n    child = subprocess.Popen(['sleep', '600'])\n    print('child', child.pid, context.get_remaining_time_in_millis() >= 0)\n    time.sleep(600)\n";
    let settings = Settings {
        timeout_seconds: Some(3),
        ..Settings::default()
    };
    world.make_with("late", code, settings).await;
    let failed = world.invoke("late", json!({})).await;
    let log = tail(&failed);
    assert_eq!(failed.error, Some(FunctionError::Unhandled));
    let error = body(&failed);
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let said = format!(
        "RequestId: {} Error: Task timed out after 3.00 seconds",
        failed.request_id
    );
    assert_eq!(error["errorMessage"], said.as_str());
    assert!(
        log.contains(&format!(
            "2026-11-21T10:00:00.000Z {} Task timed out after 3.00 seconds",
            failed.request_id
        )),
        "{log}"
    );
    assert!(log.trim_end().ends_with("Status: timeout"), "{log}");
    let child = log
        .lines()
        .find_map(|line| line.strip_prefix("child "))
        .expect("printed");
    let child = child.split(' ').next().expect("a pid").to_owned();
    world
        .until("the child is gone", |_| !is_running(&child))
        .await;
}

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_eats_memory_is_killed_and_who_shares_it_is_not() {
    let world = world();
    let eater = "import time\ndef lambda_handler(e, c):\n    kept = []\n    for _ in range(200):\n        kept.append(bytearray(4 << 20))\n        time.sleep(0.005)\n    return len(kept)\n";
    let settings = Settings {
        timeout_seconds: Some(120),
        ..Settings::default()
    };
    world.make_with("eater", eater, settings.clone()).await;
    let failed = world.invoke("eater", json!({})).await;
    assert_eq!(
        failed.error,
        Some(FunctionError::Unhandled),
        "{}",
        tail(&failed)
    );
    let message = body(&failed)["errorMessage"]
        .as_str()
        .expect("text")
        .to_owned();
    assert!(
        message.ends_with("Error: Runtime exited with error: signal: killed"),
        "{message}"
    );
    assert!(
        tail(&failed).contains("Max Memory Used: 128 MB"),
        "{}",
        tail(&failed)
    );

    // Three processes of 70 MB that are the same 70 MB.
    let forks = "import os, time\nkept = bytearray(b'x') * (70 << 20)\ndef lambda_handler(e, c):\n    children = []\n    for _ in range(3):\n        pid = os.fork()\n        if pid == 0:\n            time.sleep(0.4)\n            os._exit(0)\n        children.append(pid)\n    for pid in children:\n        os.waitpid(pid, 0)\n    return len(kept)\n";
    world.make_with("forks", forks, settings).await;
    let done = world.invoke("forks", json!({})).await;
    assert_eq!(done.error, None, "{}", tail(&done));
    assert_eq!(body(&done), json!(70 << 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_be_six_megabytes() {
    let world = world();
    let code = "def lambda_handler(event, context):\n    return 'x' * (event - 2)\n";
    let settings = Settings {
        memory_mb: Some(512),
        ..Settings::default()
    };
    world.make_with("big", code, settings).await;
    let whole = world.invoke("big", json!(6_291_556)).await;
    assert_eq!((whole.error, whole.payload.len()), (None, 6_291_556));
    let over = world.invoke("big", json!(6_291_557)).await;
    assert_eq!(over.error, Some(FunctionError::Unhandled));
    assert_eq!(body(&over)["errorType"], "Function.ResponseSizeTooLarge");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_prints_a_lot_is_all_there() {
    let world = world();
    let code = "def lambda_handler(event, context):\n    for n in range(50000):\n        print('line', n)\n";
    let settings = Settings {
        timeout_seconds: Some(120),
        ..Settings::default()
    };
    world.make_with("prints", code, settings).await;
    let done = world.invoke("prints", json!({})).await;
    assert_eq!(done.error, None, "{}", tail(&done));
    assert!(tail(&done).len() <= 4096);
    world
        .until("all is logged", |world| {
            world.lines().iter().any(|line| line.starts_with("REPORT"))
        })
        .await;
    let lines = world.lines();
    let printed: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with("line "))
        .collect();
    assert_eq!(printed.len(), 50_000);
    assert!(
        printed
            .iter()
            .enumerate()
            .all(|(n, line)| **line == format!("line {n}"))
    );
}
