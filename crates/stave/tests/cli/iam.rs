//! `stave iam`: who may do what, from the command line.

use crate::program::{Program, Said};

const READ: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets", "s3:ListBucket"], "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/raw/*",
     "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}"#;

fn given(program: &Program, args: &[&str], input: &str) -> Said {
    program.run_with(args, input.as_bytes())
}

#[test]
fn a_user_is_made_changes_its_password_and_may_what_it_may() {
    let program = Program::with_bucket("lake");
    program.file("read.json", READ);
    let said = program.run(&["iam", "policy", "create", "readers", "read.json"]);
    assert_eq!(
        said.err,
        "made policy arn:aws:iam::123456789012:policy/readers\n"
    );
    let made = "made user arn:aws:iam::123456789012:user/staff/ann\n";
    let said = program.run(&[
        "iam",
        "user",
        "create",
        "ann",
        "--path",
        "/staff/",
        "--tag",
        "team=data",
        "--attach",
        "readers",
        "--attach",
        "IAMUserChangePassword",
    ]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), made));

    let create = [
        "iam",
        "login",
        "create",
        "ann",
        "--password-stdin",
        "--must-change",
    ];
    let said = given(&program, &create, "Start-1234\n");
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (
            Some(0),
            "",
            "user ann can sign in, and must then choose another password\n"
        )
    );
    let wrong = given(
        &program,
        &["iam", "change-password", "ann"],
        "Wrong-1234\nOther-5678\n",
    );
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong
            .err
            .contains("authentication information is incorrect"),
        "{}",
        wrong.err
    );
    let weak = given(
        &program,
        &["iam", "change-password", "ann"],
        "Start-1234\nshort\n",
    );
    assert!(weak.err.contains("minimum length of 8"), "{}", weak.err);
    let right = given(
        &program,
        &["--as", "ann", "iam", "change-password"],
        "Start-1234\nOther-5678\n",
    );
    assert_eq!(
        (right.code, right.err.as_str()),
        (Some(0), "user ann has another password\n")
    );
    let shown = program.json(&["iam", "login", "show", "ann"]);
    assert_eq!(shown["PasswordResetRequired"], false);

    let me = program.json(&["--as", "ann", "iam", "whoami"]);
    assert_eq!(me["Arn"], "arn:aws:iam::123456789012:user/staff/ann");
    assert!(program.ok(&["--as", "ann", "ls"]).contains("lake"));
    let denied = program.fails(1, &["--as", "ann", "iam", "user", "ls"]);
    assert!(
        denied.contains("is not authorized to perform: iam:ListUsers"),
        "{denied}"
    );
    let shown = program.json(&["iam", "user", "show", "ann"]);
    assert_eq!(shown["Password"], "set");
    assert_eq!(shown["Tags"], serde_json::json!(["team=data"]));
}

#[test]
fn a_simulation_says_what_would_be_denied() {
    let program = Program::new();
    program.file("read.json", READ);
    program.ok(&["iam", "user", "create", "ann"]);
    program.ok(&["iam", "policy", "put", "own", "read.json", "--user", "ann"]);
    let listed = program.ok(&["iam", "simulate", "ann", "s3:ListAllMyBuckets"]);
    assert!(
        listed.contains("allowed") && listed.contains("user_ann_own"),
        "{listed}"
    );
    let object = [
        "iam",
        "simulate",
        "ann",
        "s3:GetObject",
        "arn:aws:s3:::lake/raw/a.csv",
    ];
    let said = program.run(&object);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out.contains("implicitDeny") && said.out.contains("aws:SecureTransport"),
        "{}",
        said.out
    );
    assert!(said.err.contains("1 of 1 would be denied"), "{}", said.err);
    let with_tls = [&object[..], &["--context", "aws:SecureTransport=true"]].concat();
    let rows = program.json(&with_tls);
    assert_eq!(rows[0]["EvalDecision"], "allowed");
    program.fails(2, &["iam", "simulate", "ann", "arn:aws:s3:::lake"]);
    let nobody = program.fails(1, &["iam", "simulate", "ben", "s3:GetObject"]);
    assert!(
        nobody.contains("The user with name ben cannot be found."),
        "{nobody}"
    );
}

#[test]
fn keys_and_passwords_are_made_and_shown_once() {
    let program = Program::new();
    program.ok(&["iam", "user", "create", "etl"]);
    let key = program.json(&["iam", "key", "create", "etl"]);
    let id = key["AccessKeyId"].as_str().expect("an id").to_owned();
    assert_eq!(key["SecretAccessKey"].as_str().map(str::len), Some(40));
    program.ok(&["iam", "key", "disable", &id, "--user", "etl"]);
    let keys = program.json(&["iam", "key", "ls", "etl"]);
    assert_eq!(
        (&keys[0]["AccessKeyId"], &keys[0]["Status"]),
        (&key["AccessKeyId"], &"Inactive".into())
    );
    assert!(!program.ok(&["iam", "key", "ls", "etl"]).contains("Secret"));
    program.ok(&["iam", "key", "enable", &id, "--user", "etl"]);
    program.ok(&["iam", "key", "rm", &id, "--user", "etl"]);
    assert_eq!(
        program.json(&["iam", "key", "ls", "etl"]),
        serde_json::json!([])
    );

    let password = program.ok(&["iam", "login", "create", "etl"]);
    assert_eq!(password.trim_end().len(), 20, "{password}");
    let old = password.trim_end();
    let update = program.run(&["iam", "login", "update", "etl", "--must-change"]);
    assert_eq!((update.code, update.out.as_str()), (Some(0), ""));
    let other = program.ok(&["iam", "login", "update", "etl"]);
    assert_ne!(other.trim_end(), old);
    program.ok(&["iam", "login", "rm", "etl"]);
    program.fails(1, &["iam", "login", "show", "etl"]);
}

#[test]
fn groups_and_roles_come_and_go() {
    let program = Program::new();
    program.ok(&["iam", "user", "create", "ann"]);
    program.ok(&[
        "iam",
        "group",
        "create",
        "team",
        "--attach",
        "AmazonS3ReadOnlyAccess",
    ]);
    program.ok(&["iam", "group", "add", "team", "ann"]);
    let team = program.json(&["iam", "group", "show", "team"]);
    assert_eq!(team["Users"], serde_json::json!(["ann"]));
    let full = program.fails(1, &["iam", "group", "rm", "team"]);
    assert!(full.contains("hint: add --cascade"), "{full}");
    program.ok(&["iam", "group", "rm", "team", "--cascade"]);
    assert_eq!(program.json(&["iam", "group", "ls"]), serde_json::json!([]));

    let service = "lambda.amazonaws.com";
    program.ok(&[
        "iam",
        "role",
        "create",
        "etl",
        "--service",
        service,
        "--attach",
        "AWSGlueServiceRole",
    ]);
    let role = program.json(&["iam", "role", "show", "etl"]);
    assert_eq!(
        role["AttachedPolicies"][0],
        "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"
    );
    let trusted = &role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"];
    assert_eq!(trusted, service);
    program.fails(2, &["iam", "role", "create", "open"]);
    program.fails(1, &["iam", "role", "rm", "etl"]);
    program.ok(&["iam", "role", "rm", "etl", "--cascade"]);
    program.ok(&["iam", "user", "rm", "ann", "--cascade"]);
}

#[test]
fn a_policy_has_versions_and_is_found_by_name() {
    let program = Program::new();
    program.file("read.json", READ);
    program.ok(&["iam", "policy", "create", "readers", "read.json"]);
    for version in 2..8 {
        let said = program.run(&["iam", "policy", "update", "readers", "read.json"]);
        assert!(
            said.err.contains(&format!("is at version v{version}")),
            "{}",
            said.err
        );
    }
    program.ok(&["iam", "user", "create", "ann", "--attach", "readers"]);
    let list = program.json(&["iam", "policy", "ls"]);
    assert_eq!(
        (&list[0]["PolicyName"], &list[0]["AttachmentCount"]),
        (&"readers".into(), &1.into())
    );
    assert!(
        program
            .ok(&["iam", "policy", "ls", "--all"])
            .contains("AdministratorAccess")
    );
    let shown = program.ok(&["iam", "policy", "show", "readers"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"),
        serde_json::from_str::<serde_json::Value>(READ).expect("JSON")
    );
    let none = program.fails(1, &["iam", "policy", "attach", "none", "--user", "ann"]);
    assert!(none.contains("hint: stave iam policy ls --all"), "{none}");
    program.ok(&["iam", "policy", "detach", "readers", "--user", "ann"]);
    program.ok(&["iam", "policy", "attach", "readers", "--user", "ann"]);
    program.fails(1, &["iam", "policy", "rm", "readers"]);
    program.ok(&["iam", "policy", "rm", "readers", "--cascade"]);
    let aws = program.fails(
        1,
        &[
            "iam",
            "policy",
            "update",
            "AdministratorAccess",
            "read.json",
        ],
    );
    assert!(
        aws.contains("a policy that AWS manages cannot be changed"),
        "{aws}"
    );
}
