//! The grammar as tables: what is taken and what is refused.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use stave_services::transfer::Place;

use super::values::{self, CopyEnd};
use super::*;

fn parse(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(std::iter::once("stave").chain(line.split_whitespace()))
}

#[test]
fn the_grammar_holds_together() {
    Args::command().debug_assert();
}

#[test]
fn global_options_stand_anywhere() {
    for line in ["--json --memory 2GiB ls", "ls --memory 2GiB --json"] {
        let args = parse(line).expect(line);
        assert_eq!(
            (args.global.json, args.global.memory),
            (true, Some(2 << 30)),
            "{line}"
        );
    }
}

#[test]
fn copies_know_their_ends() {
    let Command::Cp(args) = parse("cp -r - s3://lake/a/b").expect("parsed").command else {
        panic!("no copy");
    };
    assert_eq!(args.from, CopyEnd::Standard);
    let CopyEnd::Place(Place::Object(uri)) = args.to else {
        panic!("no object");
    };
    assert_eq!((uri.bucket.as_str(), uri.key.as_str()), ("lake", "a/b"));
    assert!(args.flags.recursive && !args.flags.dryrun);
}

#[test]
fn what_is_not_meant_is_refused() {
    for (line, kind) in [
        ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("lss", ErrorKind::InvalidSubcommand),
        ("mb", ErrorKind::MissingRequiredArgument),
        ("mb lake", ErrorKind::ValueValidation),
        ("mb s3://UPPER", ErrorKind::ValueValidation),
        ("mb s3://lake/key", ErrorKind::ValueValidation),
        ("ls s3://", ErrorKind::ValueValidation),
        ("cp a", ErrorKind::MissingRequiredArgument),
        ("cat", ErrorKind::MissingRequiredArgument),
        ("--memory lots ls", ErrorKind::ValueValidation),
        ("sample spotify-2024 --out x", ErrorKind::InvalidValue),
        ("sample spotify-2023", ErrorKind::MissingRequiredArgument),
        ("catalog table songs", ErrorKind::ValueValidation),
        ("logs query limit", ErrorKind::MissingRequiredArgument),
        ("logs tail --since soon g", ErrorKind::ValueValidation),
        (
            "logs tail --stream a --stream-prefix b g",
            ErrorKind::ArgumentConflict,
        ),
        ("metrics get Pipeline", ErrorKind::MissingRequiredArgument),
        ("alarm put a", ErrorKind::MissingRequiredArgument),
        (
            "alarm put a --metric N M",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "alarm put a --rule TRUE --when gt 0",
            ErrorKind::ArgumentConflict,
        ),
        ("alarm set a off", ErrorKind::InvalidValue),
        (
            "function create extract",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "function create x --code . --env x",
            ErrorKind::ValueValidation,
        ),
        (
            "function create x --code . --spotify y",
            ErrorKind::InvalidValue,
        ),
        (
            "function update x --watch",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "function update x --on s3://a --no-on",
            ErrorKind::ArgumentConflict,
        ),
        (
            "function logs x --since yesterday",
            ErrorKind::ValueValidation,
        ),
        (
            "catalog",
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ),
    ] {
        assert_eq!(parse(line).expect_err(line).kind(), kind, "{line}");
    }
}

#[test]
fn times_are_read_with_their_unit() {
    for (text, seconds) in [("90s", 90), ("10m", 600), ("1h", 3600), ("2d", 172_800)] {
        assert_eq!(
            values::duration(text).map(|time| time.as_secs()),
            Ok(seconds),
            "{text}"
        );
    }
    for wrong in ["", "h", "10", "1.5h", "-1s", "1w", "1ö", "99999999999s"] {
        assert!(values::duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn names_and_values_are_taken_apart() {
    let name = values::table_name("spotify.songs").expect("a name");
    assert_eq!(
        (name.database.as_str(), name.table.as_str()),
        ("spotify", "songs")
    );
    for wrong in ["songs", ".songs", "spotify."] {
        assert!(values::table_name(wrong).is_err(), "{wrong}");
    }
    assert!(
        values::bucket("s3://Lake")
            .expect_err("refused")
            .contains("hint: ")
    );
}
