//! The help of every command, as it was agreed on. `STAVE_BLESS=1` writes what
//! the program says now into `tests/snapshots`.

use std::path::Path;

use crate::program::Program;

/// The commands that have a help page, found by reading those above them.
fn commands(program: &Program, above: &[String], all: &mut Vec<Vec<String>>) {
    all.push(above.to_vec());
    let help = help(program, above);
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return;
    };
    for line in list.lines().take_while(|line| line.starts_with("  ")) {
        // Deeper lines go on with a description.
        let Some(name) = line[2..].split(' ').next().filter(|name| !name.is_empty()) else {
            continue;
        };
        if name != "help" {
            let mut command = above.to_vec();
            command.push(name.to_owned());
            commands(program, &command, all);
        }
    }
}

fn help(program: &Program, command: &[String]) -> String {
    let mut args: Vec<&str> = command.iter().map(String::as_str).collect();
    args.push("--help");
    program.ok(&args)
}

#[test]
fn the_help_is_as_it_was_agreed_on() {
    let program = Program::new();
    let mut all = Vec::new();
    commands(&program, &[], &mut all);
    assert!(all.len() > 15, "{all:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let bless = std::env::var_os("STAVE_BLESS").is_some();
    let mut changed = Vec::new();
    for command in &all {
        let name = std::iter::once("stave").chain(command.iter().map(String::as_str));
        let path = folder.join(format!("{}.txt", name.collect::<Vec<_>>().join("-")));
        let said = help(&program, command);
        if bless {
            std::fs::write(&path, said).expect("written");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(said.as_str()) {
            changed.push(format!("{}:\n{said}", path.display()));
        }
    }
    assert!(
        changed.is_empty(),
        "these have changed; look at them, then run this test with STAVE_BLESS=1\n{}",
        changed.join("\n")
    );
}

#[test]
fn the_version_is_told() {
    let program = Program::new();
    let version = program.ok(&["--version"]);
    assert_eq!(version, format!("stave {}\n", env!("CARGO_PKG_VERSION")));
    assert!(!program.home().exists(), "nothing was opened");
}
