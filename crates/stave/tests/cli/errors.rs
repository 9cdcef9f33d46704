//! What goes wrong: told with a hint, with the right exit code, leaving nothing half.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::program::{Program, files, said};

#[test]
fn wrong_use_exits_with_2_and_failure_with_1() {
    let program = Program::with_bucket("lake");
    program.file("a", "1");
    for (args, said) in [
        (&["mb", "s3://UPPER"][..], "hint: 3 to 63 characters"),
        (&["lss"], "unrecognized subcommand"),
        (&["cp", "a", "b"], "both on this machine"),
        (&["rm", "s3://lake"], "--recursive"),
        (&["cat", "s3://lake"], "stave ls"),
        (
            &["sample", "spotify-2023", "--scale", "1000", "--out", "x"],
            "out of range",
        ),
    ] {
        let error = program.fails(2, args);
        assert!(error.contains(said), "{args:?}: {error}");
    }
    for (args, said) in [
        (
            &["ls", "s3://none"][..],
            "hint: make it with: stave mb s3://none",
        ),
        (
            &["cat", "s3://lake/none"],
            "error: s3://lake/none does not exist",
        ),
        (&["cp", "none", "s3://lake"], "cannot read none"),
        (&["cp", "a", "s3://none"], "stave mb s3://none"),
        (
            &["ls", "s3://laek"],
            "hint: did you mean s3://lake? If not, make it with: stave mb s3://laek",
        ),
        (&["cp", "a", "s3://lakes/a"], "did you mean s3://lake?"),
        (&["cat", "s3://lak/none"], "did you mean s3://lake?"),
        (
            &["catalog", "tables", "none"],
            "database \"none\" does not exist",
        ),
        (
            &["catalog", "table", "none.x"],
            "database \"none\" does not exist",
        ),
        (&["--home", "a", "ls"], "a"),
    ] {
        let error = program.fails(1, args);
        assert!(
            error.starts_with("error: ") && error.contains(said),
            "{args:?}: {error}"
        );
    }
}

#[test]
fn nothing_is_coloured_without_a_terminal() {
    let program = Program::new();
    for args in [
        &["--help"][..],
        &["ls", "s3://none"],
        &["lss"],
        &["config", "show"],
    ] {
        let said = program.run(args);
        assert!(
            !said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'),
            "{args:?}"
        );
    }
}

#[test]
fn an_interrupt_ends_it_promptly_and_leaves_nothing_half() {
    let program = Program::with_bucket("lake");
    for (args, code, signal) in [
        (&["cp", "-", "s3://lake/half"][..], 130, "-INT"),
        (&["cp", "-", "s3://lake/half"], 143, "-TERM"),
        (
            &[
                "sample",
                "spotify-2023",
                "--scale",
                "50",
                "--out",
                "s3://lake/data",
            ],
            130,
            "-INT",
        ),
        (
            &["sample", "spotify-2023", "--scale", "50", "--out", "data"],
            130,
            "-INT",
        ),
    ] {
        let mut child = program.start(args);
        // Held open: the end of its input would be an end like any other.
        let input = child.stdin.take();
        until_it_has_begun(&program);
        let pid = child.id().to_string();
        let sent = Command::new("kill")
            .args([signal, &pid])
            .status()
            .expect("sent");
        assert!(sent.success());
        let told = said(&child.wait_with_output().expect("ended"));
        assert_eq!(told.code, Some(code), "{args:?}: {}", told.err);
        drop(input);
    }
    assert_eq!(
        program
            .json(&["ls", "-r", "s3://lake"])
            .as_array()
            .map(Vec::len),
        Some(0)
    );
    assert!(files(&program.path("")).is_empty(), "no parts");
    assert!(
        files(&program.home().join("tmp/uploads")).is_empty(),
        "no uploads"
    );
}

/// Waits until there is something to leave half.
fn until_it_has_begun(program: &Program) {
    let folders = [program.home().join("tmp/uploads"), program.path("data")];
    let has_entry = |folder: &PathBuf| {
        std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    };
    for _ in 0..6000 {
        if folders.iter().any(has_entry) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("nothing was begun");
}
