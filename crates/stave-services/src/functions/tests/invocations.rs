//! What a handler is given, and what becomes of what it says.

use super::*;

const ECHO: &str = r#"
import json, logging, os
logger = logging.getLogger()
logger.setLevel(logging.INFO)
count = 0

def lambda_handler(event, context):
    global count
    count += 1
    print("first", event)
    logger.info("second\nline")
    print("no end", end="")
    return {
        "event": event, "count": count, "pid": os.getpid(), "cwd": os.getcwd(),
        "id": context.aws_request_id, "name": context.function_name, "version": context.function_version,
        "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
        "group": context.log_group_name, "stream": context.log_stream_name,
        "client": context.client_context and context.client_context.custom,
        "env": dict(os.environ), "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_has_what_lambda_gives() {
    let world = world();
    let settings = Settings {
        environment: Some(BTreeMap::from([("client_id".to_owned(), "me".to_owned())])),
        memory_mb: Some(256),
        timeout_seconds: Some(100),
        ..Settings::default()
    };
    let made = world.make_with("echo", ECHO, settings).await;
    assert_eq!(made.definition.state, State::Active);
    assert_eq!(
        made.arn,
        "arn:aws:lambda:us-east-1:123456789012:function:echo"
    );
    let first = world.invoke("echo", json!({"a": [1, "ü"]})).await;
    assert_eq!((first.status, first.error), (200, None), "{}", tail(&first));
    assert_eq!(first.version.as_deref(), Some("$LATEST"));
    let said = body(&first);
    assert_eq!(said["event"], json!({"a": [1, "ü"]}));
    assert_eq!(said["id"], first.request_id.as_str());
    assert_eq!(said["memory"], "256");
    assert_eq!(said["arn"], made.arn.as_str());
    assert_eq!(said["group"], "/aws/lambda/echo");
    let stream = said["stream"].as_str().expect("text");
    assert!(
        stream.starts_with("2026/11/21/[$LATEST]") && stream.len() == 52,
        "{stream}"
    );
    assert!(said["trace"].as_str().expect("text").contains("Lineage="));

    let env = said["env"].as_object().expect("variables");
    for (name, value) in [
        ("client_id", "me"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "echo"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.8"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("TZ", ":UTC"),
        ("_HANDLER", "lambda_function.lambda_handler"),
    ] {
        assert_eq!(env.get(name).and_then(Value::as_str), Some(value), "{name}");
    }
    assert_eq!(env["LAMBDA_TASK_ROOT"], said["cwd"]);
    // Nothing of ours but what is named.
    let ours: Vec<&String> = env
        .keys()
        .filter(|name| !name.starts_with("AWS_") && !name.starts_with("LAMBDA_"))
        .collect();
    let known = [
        "HOME",
        "LANG",
        "LD_LIBRARY_PATH",
        "PATH",
        "TMPDIR",
        "TZ",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "client_id",
        "LC_CTYPE",
    ];
    assert!(
        ours.iter().all(|name| known.contains(&name.as_str())),
        "{ours:?}"
    );

    let id = env["AWS_ACCESS_KEY_ID"].as_str().expect("text");
    let token = env["AWS_SESSION_TOKEN"].as_str();
    let key = world.iam.known_key(id, token).expect("a session");
    assert_eq!(env["AWS_SECRET_ACCESS_KEY"], key.secret());
    let caller = key.into_caller(&stave_core::iam::Context::new());
    let session = "arn:aws:sts::123456789012:assumed-role/runs/echo";
    assert_eq!(caller.principal().arn(), session);

    // The same process, warm.
    let second = body(&world.invoke("echo", json!({})).await);
    assert_eq!(
        (&second["count"], &second["pid"]),
        (&json!(2), &said["pid"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_as_lambda_writes_it() {
    let world = world();
    world.make("echo", ECHO).await;
    let first = world.invoke("echo", json!({})).await;
    let log = tail(&first);
    let id = &first.request_id;
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[0], format!("START RequestId: {id} Version: $LATEST"));
    assert_eq!(lines[1], "first {}");
    assert!(lines[2].starts_with("[INFO]\t2"), "{log}");
    assert!(lines[2].contains(&format!("Z\t{id}\tsecond")), "{log}");
    assert_eq!((lines[3], lines[4]), ("line", "no end"));
    assert_eq!(lines[5], format!("END RequestId: {id}"));
    let report: Vec<&str> = lines[6].split('\t').collect();
    assert!(
        report[0].starts_with(&format!("REPORT RequestId: {id}")),
        "{log}"
    );
    assert!(
        report[1].starts_with("Duration: ") && report[1].ends_with(" ms"),
        "{log}"
    );
    assert!(report[2].starts_with("Billed Duration: "), "{log}");
    assert_eq!(report[3], "Memory Size: 128 MB");
    assert!(
        report[4].starts_with("Max Memory Used: ") && report[4].ends_with(" MB"),
        "{log}"
    );
    assert_ne!(report[4], "Max Memory Used: 0 MB");
    assert!(report[5].starts_with("Init Duration: "), "{log}");
    world
        .until("all is logged", |world| {
            world.lines().iter().any(|line| line.starts_with("REPORT"))
        })
        .await;
    let lines = world.kept.lines.lock().unwrap().clone();
    assert!(
        lines
            .iter()
            .all(|(group, _, _)| group == "/aws/lambda/echo")
    );
    assert!(
        lines[0]
            .2
            .starts_with("INIT_START Runtime Version: python:3."),
        "{lines:?}"
    );
    // Two lines of one record are one event.
    assert!(
        lines
            .iter()
            .any(|(_, _, line)| line.ends_with("second\nline")),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_is_checked_before_it_runs() {
    let world = world();
    world.make("echo", ECHO).await;
    let invoke = |request: InvocationRequest| world.functions.invoke(&world.root, request);
    assert_eq!(fault(invoke(request("nobody", &json!({}))).await), GONE);
    assert_eq!(fault(invoke(request("echo:7", &json!({}))).await), GONE);
    let garbage = InvocationRequest {
        payload: Bytes::from_static(b"{nonsense"),
        ..request("echo", &json!({}))
    };
    let refused = (ErrorKind::Invalid, "InvalidRequestContentException");
    assert_eq!(fault(invoke(garbage.clone()).await), refused);
    let large = |kind, bytes: usize| InvocationRequest {
        kind,
        payload: Bytes::from(format!("\"{}\"", "x".repeat(bytes - 2))),
        ..request("echo", &json!({}))
    };
    let too_large = (ErrorKind::LimitExceeded, "RequestTooLargeException");
    let (sync, event) = (InvocationType::RequestResponse, InvocationType::Event);
    assert_eq!(fault(invoke(large(sync, 6_291_457)).await), too_large);
    assert_eq!(fault(invoke(large(event, 1_048_577)).await), too_large);
    assert_eq!(
        invoke(large(event, 1_048_576))
            .await
            .expect("queued")
            .status,
        202
    );
    let dry = InvocationRequest {
        kind: InvocationType::DryRun,
        ..request("echo", &json!({}))
    };
    assert_eq!(invoke(dry).await.expect("may").status, 204);
    let empty = InvocationRequest {
        payload: Bytes::new(),
        ..request(
            "arn:aws:lambda:us-east-1:123456789012:function:echo:$LATEST",
            &json!({}),
        )
    };
    let said = body(&invoke(empty).await.expect("invoked"));
    assert_eq!(said["event"], json!({}));
    assert_eq!(
        said["arn"],
        "arn:aws:lambda:us-east-1:123456789012:function:echo:$LATEST"
    );
    let client = InvocationRequest {
        client_context: Some("eyJjdXN0b20iOnsiayI6IsO8In19".to_owned()),
        ..request("123456789012:function:echo", &json!({}))
    };
    assert_eq!(
        body(&invoke(client).await.expect("invoked"))["client"],
        json!({"k": "ü"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_has_an_environment_and_reservations_hold() {
    let world = world();
    let code = "import time, os\ndef lambda_handler(event, context):\n    time.sleep(0.4)\n    return os.getpid()\n";
    world.make("slow", code).await;
    let (a, b) = tokio::join!(
        world.invoke("slow", json!({})),
        world.invoke("slow", json!({}))
    );
    assert_ne!(body(&a), body(&b), "two at once are two processes");

    let root = &world.root;
    world
        .functions
        .put_concurrency(root, "slow", 1)
        .expect("reserved");
    assert_eq!(
        world.functions.get_concurrency(root, "slow").expect("read"),
        Some(1)
    );
    let settings = world.functions.account_settings(root).expect("read");
    assert_eq!(
        (
            settings.concurrency,
            settings.unreserved,
            settings.functions
        ),
        (1000, 999, 1)
    );
    assert_eq!(
        fault(world.functions.put_concurrency(root, "slow", 901)),
        WRONG
    );
    let ask = || world.functions.invoke(root, request("slow", &json!({})));
    let (a, b) = tokio::join!(ask(), ask());
    let (one, other) = if a.is_ok() { (a, b) } else { (b, a) };
    assert!(one.is_ok());
    let error = other.expect_err("one is reserved");
    let reason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
    assert_eq!(ThrottleReason::of(&error), Some(reason));
    assert_eq!(fault::<()>(Err(error)), THROTTLED);
    assert!(world.sum("Throttles") > 0.5);
    world
        .functions
        .put_concurrency(root, "slow", 0)
        .expect("reserved");
    assert_eq!(fault(ask().await), THROTTLED);
    world
        .functions
        .delete_concurrency(root, "slow")
        .expect("taken away");
    assert!(ask().await.is_ok());
    assert!((world.sum("Invocations") - 4.0).abs() < 0.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_comes_to_itself_is_stopped() {
    let world = world();
    let code = "import os\ndef lambda_handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n";
    world.make("loop", code).await;
    let mut trace = None;
    for _ in 0..16 {
        let asked = InvocationRequest {
            trace: trace.clone(),
            ..request("loop", &json!({}))
        };
        let said = world
            .functions
            .invoke(&world.root, asked)
            .await
            .expect("goes on");
        trace = body(&said).as_str().map(str::to_owned);
    }
    for kind in [InvocationType::RequestResponse, InvocationType::Event] {
        let asked = InvocationRequest {
            trace: trace.clone(),
            kind,
            ..request("loop", &json!({}))
        };
        let error = world
            .functions
            .invoke(&world.root, asked)
            .await
            .expect_err("stopped");
        assert_eq!(error.code(), Some("RecursiveInvocationException"));
    }
    assert!(
        world
            .lines()
            .iter()
            .any(|line| line.contains("recursive loop")),
        "{:?}",
        world.lines()
    );
    assert_eq!(world.queued(), 0);
}
