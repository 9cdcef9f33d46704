//! `config` and `doctor`.

use crate::program::Program;

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let program = Program::new()
        .variable("STAVE_REMOTE_BUCKETS", "raw,lake-*")
        .variable("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .variable("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", "do-not-print");
    std::fs::create_dir_all(program.home()).expect("made");
    std::fs::write(
        program.home().join("config.toml"),
        "region = \"eu-west-1\"\n",
    )
    .expect("written");
    let shown = program.ok(&["config", "show"]);
    assert!(
        !shown.contains("do-not-print") && !shown.contains("AKIAIO"),
        "{shown}"
    );
    let rows = program.json(&["--memory", "1GiB", "config", "show"]);
    let row = |name: &str| {
        let rows = rows.as_array().expect("rows").iter();
        let found = rows.filter(|row| row["Setting"] == name);
        let found: Vec<_> = found
            .map(|row| (row["Value"].to_string(), row["Origin"].to_string()))
            .collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0].clone()
    };
    let pair = |value: &str, origin: &str| (format!("\"{value}\""), format!("\"{origin}\""));
    assert_eq!(row("memory"), pair("1.0 GiB", "flag --memory"));
    assert_eq!(row("region"), pair("eu-west-1", "config.toml"));
    assert_eq!(row("account"), pair("123456789012", "default"));
    assert_eq!(row("home").1, "\"environment STAVE_HOME\"");
    assert_eq!(
        row("remote 1: endpoint"),
        pair("http://127.0.0.1:1", "environment AWS_ENDPOINT_URL")
    );
    assert_eq!(row("remote 1: access_key_id").0, "\"****MPLE\"");
    assert_eq!(row("remote 1: secret_access_key").0, "\"****\"");
}

#[test]
fn a_wrong_configuration_is_refused() {
    let program = Program::new();
    std::fs::create_dir_all(program.home()).expect("made");
    std::fs::write(program.home().join("config.toml"), "memroy = \"1GiB\"\n").expect("written");
    let error = program.fails(1, &["ls"]);
    assert!(
        error.contains("config.toml: line 1: unknown key \"memroy\""),
        "{error}"
    );
    assert!(error.contains("hint: did you mean \"memory\"?"), "{error}");
}

#[test]
fn the_doctor_finds_a_new_home_in_order() {
    let program = Program::new();
    let said = program.run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for check in [
        "home",
        "memory",
        "database",
        "durable writes",
        "locks",
        "free space",
    ] {
        assert!(
            said.out.contains(&format!("ok       {check}: ")),
            "{check}: {}",
            said.out
        );
    }
    let sick = Program::new();
    std::fs::create_dir_all(sick.home()).expect("made");
    std::fs::write(sick.home().join("stave.db"), vec![b'x'; 8192]).expect("written");
    let said = sick.run(&["--json", "doctor"]);
    assert_eq!(said.code, Some(1));
    let checks: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let problems = checks
        .as_array()
        .expect("rows")
        .iter()
        .filter(|check| check["State"] == "problem");
    assert_eq!(problems.count(), 1, "{checks}");
    assert!(said.err.contains("error: 1 problem found"), "{}", said.err);
}

#[test]
fn a_remote_that_does_not_answer_is_a_problem() {
    let program = Program::new()
        .variable("STAVE_REMOTE_BUCKETS", "far-away")
        .variable("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .variable("AWS_ACCESS_KEY_ID", "x")
        .variable("AWS_SECRET_ACCESS_KEY", "y");
    let said = program.run(&["doctor"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out
            .contains("problem  remote bucket far-away at http://127.0.0.1:9"),
        "{}",
        said.out
    );
    assert!(said.out.contains("hint: "), "{}", said.out);
}
