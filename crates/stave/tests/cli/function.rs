//! `function`: functions made, run, changed, watched and removed by commands alone.

use std::io::{BufRead, BufReader};
use std::process::Command;

use serde_json::json;

use super::program::Program;

/// A home whose Python functions run on what the interpreter has.
fn program() -> Program {
    let program = Program::new();
    std::fs::create_dir_all(program.home()).expect("made");
    std::fs::write(
        program.home().join("config.toml"),
        "[functions]\npackages = []\n",
    )
    .expect("written");
    program
}

const GREET: &str = "import os

def lambda_handler(event, context):
    print('greets', event.get('name'))
    if event.get('fail'):
        raise KeyError('client_id')
    return {'hello': event.get('name'), 'mood': os.environ.get('mood')}
";

fn create(program: &Program, name: &str, words: &[&str]) -> String {
    let mut args = vec![
        "function",
        "create",
        name,
        "--code",
        "greet.py",
        "--no-packages",
    ];
    args.extend(words);
    let said = program.run(&args);
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.err
}

fn invoke(program: &Program, event: &str) -> serde_json::Value {
    let out = program.ok(&["function", "invoke", "greet", "--event", event]);
    serde_json::from_str(&out).expect("JSON")
}

#[test]
fn a_function_lives_by_commands_alone() {
    let program = program();
    program.file("greet.py", GREET);
    let said = create(
        &program,
        "greet",
        &["--env", "mood=fine", "--timeout", "30"],
    );
    for part in ["AmazonS3FullAccess", "greet-role", "greet.lambda_handler"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let fine = json!({"hello": "ann", "mood": "fine"});
    assert_eq!(invoke(&program, "{\"name\": \"ann\"}"), fine);

    let listed = program.json(&["function", "ls"]);
    assert_eq!(listed[0]["FunctionName"], "greet");
    let shown = program.json(&["function", "show", "greet"]);
    assert_eq!(shown["Environment"], json!({"mood": "fine"}));
    assert_eq!(
        (&shown["Timeout"], &shown["Packages"]),
        (&30.into(), &"none".into())
    );
    let again = program.fails(1, &["function", "create", "greet", "--code", "greet.py"]);
    assert!(again.contains("stave function update"), "{again}");

    // What is given changes, and nothing else.
    program.ok(&[
        "function",
        "update",
        "greet",
        "--env",
        "more=1",
        "--unset-env",
        "mood",
    ]);
    let shown = program.json(&["function", "show", "greet"]);
    assert_eq!(shown["Environment"], json!({"more": "1"}));
    assert_eq!(shown["Timeout"], 30);
    program.file(
        "greet.py",
        "def lambda_handler(event, context):\n    return 'new'\n",
    );
    program.ok(&["function", "update", "greet", "--code", "greet.py"]);
    assert_eq!(invoke(&program, "{}"), "new");

    program.ok(&["function", "rm", "greet"]);
    assert_eq!(program.json(&["function", "ls"]), json!([]));
    assert_eq!(
        program.json(&["iam", "role", "ls"]),
        json!([]),
        "its role went with it"
    );
    let gone = program.fails(1, &["function", "invoke", "greet"]);
    assert!(gone.contains("Function not found"), "{gone}");
}

#[test]
fn a_failure_is_shown_and_logged() {
    let program = program();
    program.file("greet.py", GREET);
    create(&program, "greet", &[]);
    let nothing = program.run(&["function", "logs", "greet"]);
    assert_eq!(
        (nothing.code, nothing.out.as_str()),
        (Some(0), ""),
        "{}",
        nothing.err
    );
    let said = program.run(&[
        "function",
        "invoke",
        "greet",
        "--event",
        "{\"fail\": 1}",
        "--log",
    ]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    for part in [
        "error: greet failed: KeyError: 'client_id'",
        "greet.py",
        "REPORT RequestId",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    let answer = program.run(&[
        "--json",
        "function",
        "invoke",
        "greet",
        "--event",
        "{\"fail\": 1}",
    ]);
    assert_eq!(answer.code, Some(1));
    let answer: serde_json::Value = serde_json::from_str(&answer.out).expect("JSON");
    assert_eq!(answer["FunctionError"], "Unhandled");
    assert_eq!(answer["Payload"]["errorType"], "KeyError");

    let log = program.ok(&["function", "logs", "greet"]);
    for part in [
        "START RequestId",
        "greets None",
        "KeyError",
        "END RequestId",
        "REPORT",
    ] {
        assert_eq!(log.matches(part).count().min(2), 2, "{part}: {log}");
    }
    let only = program.json(&["function", "logs", "greet", "--filter", "greets"]);
    assert_eq!(only.as_array().map(Vec::len), Some(2), "{only}");
    program.ok(&["function", "rm", "greet"]);
    assert_eq!(
        program.ok(&["function", "logs", "greet"]),
        log,
        "the log stays"
    );
    let none = program.fails(1, &["function", "logs", "nobody"]);
    assert!(none.contains("no function nobody"), "{none}");
}

#[test]
fn what_starts_a_function_is_set_and_taken_back() {
    let program = program();
    program.file("greet.py", GREET);
    program.ok(&["mb", "s3://lake"]);
    program.ok(&["mb", "s3://pond.x"]);
    create(
        &program,
        "greet",
        &[
            "--schedule",
            "rate(1 hour)",
            "--on",
            "s3://lake/raw/*.json",
            "--on",
            "s3://pond.x/in/",
        ],
    );
    create(&program, "other", &["--on", "s3://lake/raw/*.csv"]);
    let shown = |name: &str| program.json(&["function", "show", name]);
    assert_eq!(
        shown("greet")["Rules"],
        json!(["greet-schedule: rate(1 hour)"])
    );
    let both = json!(["s3://lake/raw/*.json", "s3://pond.x/in/*"]);
    assert_eq!(shown("greet")["Notifications"], both);

    // A new one takes the place of what of the same kind there was; others' stay.
    program.ok(&[
        "function",
        "update",
        "greet",
        "--on",
        "s3://lake/new/*",
        "--schedule",
        "cron(0 6 * * ? *)",
    ]);
    assert_eq!(shown("greet")["Notifications"], json!(["s3://lake/new/*"]));
    assert_eq!(
        shown("greet")["Rules"],
        json!(["greet-schedule: cron(0 6 * * ? *)"])
    );
    assert_eq!(
        shown("other")["Notifications"],
        json!(["s3://lake/raw/*.csv"])
    );
    let meets = program.fails(
        1,
        &["function", "update", "greet", "--on", "s3://lake/raw/*"],
    );
    assert!(meets.contains("ambiguously"), "{meets}");

    program.ok(&["function", "update", "greet", "--no-on", "--no-schedule"]);
    assert_eq!(shown("greet")["Notifications"], json!([]));
    assert_eq!(shown("greet")["Rules"], json!([]));
    program.ok(&["function", "rm", "other"]);
    // Nothing is left of it: what it was told another may be told.
    program.ok(&["function", "update", "greet", "--on", "s3://lake/raw/*.csv"]);
}

#[test]
fn what_cannot_be_is_told_before_anything_is_made() {
    let program = program();
    program.file("greet.py", GREET);
    program.file("two/a.py", "");
    program.file("two/b.py", "");
    program.ok(&["mb", "s3://lake"]);
    for (code, words, part) in [
        (2, &["--on", "s3://lake/*/x/*.json"][..], "more than one *"),
        (2, &["--on", "s3://lake/one.json"], "PREFIX*SUFFIX"),
        (2, &["--on", "lake/*"], "s3://"),
        (2, &["--schedule", "hourly"], "rate(5 minutes)"),
        (2, &["--schedule", "rate(1 hours)"], "rate(1 hours)"),
        (1, &["--on", "s3://nowhere/*"], "nowhere"),
        (1, &["--runtime", "java21"], "java21"),
        (1, &["--runtime", "python9"], "python9"),
        (1, &["--role", "nobody"], "nobody"),
        (1, &["--timeout", "901"], "900"),
        (1, &["--memory-size", "64"], "128"),
        (1, &["--env", "AWS_REGION=x"], "AWS_REGION"),
        (
            1,
            &[
                "--layer",
                "arn:aws:lambda:us-east-1:123456789012:layer:no:1",
            ],
            "layer:no:1",
        ),
    ] {
        let mut args = vec!["function", "create", "f", "--code", "greet.py"];
        args.extend(words);
        let said = program.fails(code, &args);
        assert!(said.contains(part), "{words:?}: {said}");
    }
    for (path, part) in [("none", "none"), ("two", "--handler")] {
        let said = program.fails(1, &["function", "create", "f", "--code", path]);
        assert!(said.contains(part), "{path}: {said}");
    }
    assert_eq!(program.json(&["function", "ls"]), json!([]));
    assert_eq!(program.json(&["iam", "role", "ls"]), json!([]));

    create(&program, "greet", &[]);
    for event in ["{", "", "{} x"] {
        let said = program.fails(2, &["function", "invoke", "greet", "--event", event]);
        assert!(said.contains("is no JSON"), "{said}");
    }
    let said = program.fails(1, &["function", "update", "greet", "--unset-env", "none"]);
    assert!(said.contains("none"), "{said}");
    for command in ["update", "invoke", "show", "rm"] {
        let said = program.fails(1, &["function", command, "nobody"]);
        assert!(said.contains("nobody"), "{command}: {said}");
    }
}

#[test]
fn code_that_is_watched_is_rebuilt() {
    let program = program();
    program.file("greet.py", GREET);
    let args = [
        "function",
        "create",
        "greet",
        "--code",
        "greet.py",
        "--no-packages",
        "--watch",
    ];
    let mut child = program.start(&args);
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let mut until = |part: &str| {
        let mut lines = lines.by_ref().map(|line| line.expect("read"));
        assert!(lines.any(|line| line.contains(part)), "{part}");
    };
    until("watches greet.py");
    program.file(
        "greet.py",
        "def lambda_handler(event, context):\n    return 'rebuilt'\n",
    );
    until("rebuilt greet in");
    assert_eq!(invoke(&program, "{}"), "rebuilt");
    let id = child.id().to_string();
    let interrupted = Command::new("kill").args(["-INT", &id]).status();
    assert!(interrupted.expect("ran").success());
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

#[test]
fn an_event_is_queued_and_read_from_anywhere() {
    let program = program();
    program.file("greet.py", GREET);
    program.file("event.json", "{\"name\": \"file\"}");
    create(&program, "greet", &[]);
    assert_eq!(invoke(&program, "@event.json")["hello"], "file");
    let said = program.run_with(
        &["function", "invoke", "greet", "--event", "-"],
        b"{\"name\": \"in\"}",
    );
    assert!(said.out.contains("\"in\""), "{said:?}");
    let said = program.run(&["function", "invoke", "greet", "--async"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), ""),
        "{}",
        said.err
    );
    assert!(said.err.contains("stave serve"), "{}", said.err);
}
