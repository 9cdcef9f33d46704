//! Node.js, `provided`, interpreters and virtual environments.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn has_node() -> bool {
    let asked = std::process::Command::new("node").arg("--version").output();
    asked.is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn node_runs_all_kinds_of_handlers() {
    if !has_node() {
        println!("skipped: there is no node");
        return;
    }
    let world = world();
    let settings = || Settings {
        runtime: Some("nodejs12.x".to_owned()),
        handler: Some("index.handler".to_owned()),
        ..Settings::default()
    };
    for (name, file, code, said) in [
        (
            "async",
            "index.js",
            "exports.handler = async (event, context) => { console.log('hi', event.n); return { n: event.n, name: context.functionName } }",
            json!({"n": 1, "name": "async"}),
        ),
        (
            "callback",
            "index.js",
            "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, event.n + 1), 5) }",
            json!(2),
        ),
        (
            "module",
            "index.mjs",
            "export const handler = async (event) => [event.n]",
            json!([1]),
        ),
        (
            "nothing",
            "index.cjs",
            "exports.handler = () => 5",
            json!(null),
        ),
    ] {
        world
            .make_zip(name, zipped(&[(file, code)]), settings())
            .await;
        for _ in 0..2 {
            let done = world.invoke(name, json!({"n": 1})).await;
            assert_eq!(
                (done.error, body(&done)),
                (None, said.clone()),
                "{name}: {}",
                tail(&done)
            );
        }
    }
    let done = world.invoke("async", json!({"n": 1})).await;
    assert!(
        tail(&done).contains(&format!("\t{}\tINFO\thi 1\n", done.request_id)),
        "{}",
        tail(&done)
    );
    for (name, code, kind, message) in [
        (
            "throws",
            "exports.handler = async () => { throw new TypeError('bad') }",
            "TypeError",
            "bad",
        ),
        (
            "fails",
            "exports.handler = (e, c, callback) => callback('no')",
            "string",
            "no",
        ),
        (
            "later",
            "exports.handler = (e, c, callback) => { setTimeout(() => { throw new RangeError('far') }, 5) }",
            "RangeError",
            "far",
        ),
        (
            "missing",
            "require('./nothing_like_this')",
            "Runtime.ImportModuleError",
            "nothing_like_this",
        ),
        (
            "unnamed",
            "exports.other = 1",
            "Runtime.HandlerNotFound",
            "index.handler is undefined or not exported",
        ),
    ] {
        world
            .make_zip(name, zipped(&[("index.js", code)]), settings())
            .await;
        let failed = world.invoke(name, json!({})).await;
        assert_eq!(failed.error, Some(FunctionError::Unhandled), "{name}");
        let error = body(&failed);
        assert_eq!(error["errorType"], kind, "{error}");
        assert!(
            error["errorMessage"]
                .as_str()
                .is_some_and(|said| said.contains(message)),
            "{error}"
        );
        assert!(error["trace"].is_array(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_executable_is_a_bootstrap() {
    let world = world();
    let settings = || Settings {
        runtime: Some("provided.al2023".to_owned()),
        handler: Some("whatever".to_owned()),
        ..Settings::default()
    };
    let bootstrap = format!(
        r#"#!{}
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    body = event.read()
    path = "/2018-06-01/runtime/invocation/" + event.headers["Lambda-Runtime-Aws-Request-Id"]
    print("got", event.headers["Lambda-Runtime-Deadline-Ms"], flush=True)
    if body == b'"handled"':
        api.request("POST", path + "/error", b'{{"errorMessage":"m","errorType":"t"}}', {{"Lambda-Runtime-Function-Error-Type": "Handled"}})
    else:
        api.request("POST", "/2018-06-01/runtime/invocation/wrong/response", b"1")
        wrong = api.getresponse()
        assert wrong.status == 400, wrong.status
        assert b"InvalidRequestID" in wrong.read()
        api.request("POST", path + "/response", body + b"!")
    answer = api.getresponse()
    assert answer.status == 202, answer.status
    answer.read()
"#,
        python().display()
    );
    world
        .make_zip("own", zipped(&[("bootstrap", &bootstrap)]), settings())
        .await;
    let done = world.invoke("own", json!([1])).await;
    assert_eq!(
        (done.error, &done.payload[..]),
        (None, &b"[1]!"[..]),
        "{}",
        tail(&done)
    );
    let deadline = at().as_millisecond() + 120_000;
    assert!(
        tail(&done).contains(&format!("got {deadline}\n")),
        "{}",
        tail(&done)
    );
    let handled = world.invoke("own", json!("handled")).await;
    assert_eq!(handled.error, Some(FunctionError::Handled));
    assert_eq!(body(&handled)["errorType"], "t");

    world
        .make_zip("none", zipped(&[("other", "")]), settings())
        .await;
    let failed = world.invoke("none", json!({})).await;
    assert_eq!(body(&failed)["errorType"], "Runtime.InvalidEntrypoint");
    assert!(
        tail(&failed).contains("Couldn't find valid bootstrap(s)"),
        "{}",
        tail(&failed)
    );
    world
        .make_zip(
            "broken",
            zipped(&[("bootstrap", "#!/nothing/like/this\n")]),
            settings(),
        )
        .await;
    let failed = world.invoke("broken", json!({})).await;
    assert_eq!(body(&failed)["errorType"], "Runtime.InvalidEntrypoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_newer_interpreter_stands_in() {
    let dir = tempfile::tempdir().expect("a directory");
    let fake = |name: &str, version: &str, status: u8| {
        let path = dir.path().join(name);
        let text = format!(
            "#!/bin/sh\necho {}\necho {version}\necho boto3\nexit {status}\n",
            path.display()
        );
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("changed");
        path
    };
    let newest = fake("python3.14", "3.14.1", 0);
    fake("python3.12", "3.12.9", 127);
    let near = fake("python3.13", "3.13.5", 0);
    let plain = fake("python3", "3.9.2", 0);
    let node = fake("node", "20.1.0", 0);
    let find = |runtime: &str, configured: BTreeMap<String, PathBuf>| {
        let found = super::super::runtimes::Interpreters::new(
            format!("/usr/bin/../nowhere:{}", dir.path().display()).into(),
            configured,
            vec!["boto3".to_owned()],
        );
        let runtime: Runtime = runtime.parse().expect("a runtime");
        async move { found.find(runtime).await }
    };
    for (runtime, path, is_exact) in [
        ("python3.9", &plain, true),
        ("python3.8", &plain, false),
        ("python3.12", &near, false),
        ("python3.13", &near, true),
        ("python3.14", &newest, true),
        ("nodejs18.x", &node, false),
        ("nodejs20.x", &node, true),
    ] {
        let found = find(runtime, BTreeMap::new()).await.expect("found");
        assert_eq!((&found.path, found.is_exact), (path, is_exact), "{runtime}");
    }
    let error = find("python3.15", BTreeMap::new())
        .await
        .expect_err("not there");
    assert_eq!(
        error.message(),
        "there is no Python 3.15, and no newer one, in the search path"
    );
    assert!(find("nodejs22.x", BTreeMap::new()).await.is_err());
    let configured = BTreeMap::from([("python3.15".to_owned(), plain.clone())]);
    let found = find("python3.15", configured).await.expect("configured");
    assert_eq!((found.path, found.version), (plain, (3, 9, 2)));
}

/// A wheel, as small as it can be.
fn wheel(folder: &std::path::Path, version: &str) -> String {
    let info = format!("demo-{version}.dist-info");
    let metadata = format!("Metadata-Version: 2.1\nName: demo\nVersion: {version}\n");
    let wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let record = format!("demo.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n");
    let files = [
        ("demo.py".to_owned(), format!("version = '{version}'\n")),
        (format!("{info}/METADATA"), metadata),
        (format!("{info}/WHEEL"), wheel.to_owned()),
        (format!("{info}/RECORD"), record),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let path = folder.join(format!("demo-{version}-py3-none-any.whl"));
    std::fs::write(&path, zipped(&files)).expect("written");
    path.to_string_lossy().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_function_has_the_packages_that_it_asks_for() {
    let world = world();
    let wheels = tempfile::tempdir().expect("a directory");
    let code = "import demo, sys\ndef lambda_handler(event, context):\n    return [demo.version, sys.prefix]\n";
    let one = wheel(wheels.path(), "1.0");
    let two = wheel(wheels.path(), "2.0");
    let zip = zipped(&[("lambda_function.py", code), ("requirements.txt", &one)]);
    let made = world.make_zip("one", zip, Settings::default()).await;
    assert_eq!(made.definition.state, State::Pending);
    assert_eq!(
        made.definition.state_reason.expect("a reason").code,
        "Creating"
    );
    let early = world
        .functions
        .invoke(&world.root, request("one", &json!({})))
        .await;
    assert_eq!(fault(early), TAKEN);
    let settings = |list: &str| Settings {
        packages: Some(Packages::These(vec![list.to_owned()])),
        ..Settings::default()
    };
    world.make_with("two", code, settings(&two)).await;
    world.make_with("same", code, settings(&two)).await;
    world
        .make_with("bad", code, settings("/nowhere/none-1.0-py3-none-any.whl"))
        .await;
    let state = |world: &World, name: &str| {
        let read = world.functions.get_configuration(&world.root, name, None);
        read.expect("there").definition
    };
    for name in ["one", "two", "same"] {
        world
            .until("it is ready", |world| {
                state(world, name).state == State::Active
            })
            .await;
    }
    world
        .until("it has failed", |world| {
            state(world, "bad").state == State::Failed
        })
        .await;
    let reason = state(&world, "bad").state_reason.expect("a reason");
    assert_eq!(reason.code, "DependencyError");
    assert!(
        reason.message.contains("none-1.0-py3-none-any.whl"),
        "{}",
        reason.message
    );
    let one = body(&world.invoke("one", json!({})).await);
    let two = body(&world.invoke("two", json!({})).await);
    let same = body(&world.invoke("same", json!({})).await);
    assert_eq!((&one[0], &two[0]), (&json!("1.0"), &json!("2.0")));
    assert_eq!(two, same, "one environment for one list");
    assert_ne!(one[1], two[1]);
}
