//! `mb rb ls cp mv rm cat`.

use std::io::Read;

use crate::program::{Program, files};

const ODD: [&str; 6] = [
    "a b.csv",
    "time 10:30:00",
    "quote\"s and 'more'",
    "日本/é ü",
    "deep/er/and deeper/x",
    "-dash",
];

#[test]
fn trees_with_odd_names_come_back_the_same() {
    let program = Program::with_bucket("lake");
    for name in ODD {
        program.file(&format!("in/{name}"), name);
    }
    program.file("in/empty", "");
    program.file("in/large", vec![7; 9 << 20]);
    let said = program.run(&["cp", "--recursive", "in", "s3://lake/to"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.is_empty(), "words go to standard error");
    assert!(
        said.err
            .contains("upload: in/a b.csv to s3://lake/to/a b.csv"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("copied 8 objects, 9.0 MiB"),
        "{}",
        said.err
    );
    program.ok(&["cp", "-r", "s3://lake/to/", "s3://lake/again/"]);
    program.ok(&["cp", "-r", "--quiet", "s3://lake/again", "out"]);
    assert_eq!(files(&program.path("out")), files(&program.path("in")));
    let bucket = files(&program.home().join("buckets/lake/to"));
    assert_eq!(
        bucket,
        files(&program.path("in")),
        "objects are plain files"
    );
    for name in ODD {
        assert_eq!(program.ok(&["cat", &format!("s3://lake/to/{name}")]), name);
    }
}

#[test]
fn keys_that_no_folder_holds_are_kept_and_never_leave() {
    let program = Program::with_bucket("lake");
    let keys = [
        "../x",
        "/etc/passwd",
        "a",
        "a/b",
        "a//b",
        "a/",
        "..",
        "p/../../y",
    ];
    for key in keys {
        let said = program.run_with(&["cp", "-", &format!("s3://lake/{key}")], key.as_bytes());
        let is_folder = key.ends_with('/');
        assert_eq!(
            said.code,
            Some(if is_folder { 2 } else { 0 }),
            "{key}: {}",
            said.err
        );
        if !is_folder {
            assert_eq!(program.ok(&["cat", &format!("s3://lake/{key}")]), key);
        }
    }
    let error = program.fails(1, &["cp", "-r", "s3://lake", "out"]);
    for key in ["../x", "/etc/passwd", "..", "p/../../y", "a//b"] {
        assert!(
            error.contains(&format!("left out: s3://lake/{key}: ")),
            "{key}: {error}"
        );
    }
    let out: Vec<_> = files(&program.path(""))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(out, ["out/a/b"], "nothing but what can be there");
    assert!(
        error.contains("error: ") && error.contains("hint: "),
        "{error}"
    );
}

#[test]
fn buckets_are_listed_and_removed() {
    let program = Program::new();
    let said = program.run(&["ls"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert!(said.err.contains("stave mb"), "{}", said.err);
    program.ok(&["mb", "s3://one", "s3://two"]);
    let list = program.json(&["ls"]);
    assert_eq!(
        (&list[0]["Name"], &list[1]["Name"]),
        (&"one".into(), &"two".into())
    );
    assert!(
        program
            .fails(1, &["mb", "s3://one"])
            .contains("exists already")
    );
    program.run_with(&["cp", "-", "s3://one/a"], b"1");
    let error = program.fails(1, &["rb", "s3://one"]);
    assert!(
        error.contains("not empty") && error.contains("--force"),
        "{error}"
    );
    program.ok(&["rb", "--force", "s3://one"]);
    let names: Vec<_> = program
        .ok(&["ls"])
        .lines()
        .map(|line| line[20..].to_owned())
        .collect();
    assert_eq!(names, ["two"]);
}

#[test]
fn a_listing_folds_folders_and_sorts_by_bytes() {
    let program = Program::with_bucket("lake");
    for key in ["b", "a/1", "a/2", "a.csv", "Z", "é"] {
        program.run_with(&["cp", "-", &format!("s3://lake/{key}")], b"123");
    }
    let names = |args: &[&str]| -> Vec<String> {
        let list = program.ok(args);
        list.lines().map(|line| line[31..].to_owned()).collect()
    };
    let list = program.ok(&["ls", "s3://lake"]);
    assert!(
        list.lines()
            .nth(2)
            .is_some_and(|line| line.ends_with("PRE a/")),
        "{list}"
    );
    assert_eq!(names(&["ls", "s3://lake"]), ["Z", "a.csv", "a/", "b", "é"]);
    assert_eq!(names(&["ls", "s3://lake/a/"]), ["1", "2"]);
    assert_eq!(names(&["ls", "s3://lake/a"]), ["a.csv", "a/"]);
    assert_eq!(names(&["ls", "-r", "s3://lake/a"]), ["a.csv", "a/1", "a/2"]);
    let json = program.json(&["ls", "s3://lake/a"]);
    assert_eq!(json[0]["Key"], "a.csv");
    assert_eq!(json[0]["Size"], 3);
    assert_eq!(json[0]["ETag"], "202cb962ac59075b964b07152d234b70");
    assert_eq!(json[1]["Prefix"], "a/");
    let said = program.run(&["ls", "-r", "--human", "--summarize", "s3://lake"]);
    assert!(said.out.contains("       3 B Z"), "{}", said.out);
    assert!(said.err.contains("6 objects, 18 B"), "{}", said.err);
    assert!(
        program
            .fails(1, &["ls", "s3://lake/none"])
            .contains("nothing at s3://lake/none")
    );
}

#[test]
fn moves_and_deletes_do_what_they_say() {
    let program = Program::with_bucket("lake");
    for name in ["raw/1.json", "raw/2.json", "keep"] {
        program.file(&format!("in/{name}"), name);
    }
    program.ok(&["mv", "-r", "in", "s3://lake"]);
    assert!(files(&program.path("in")).is_empty());
    let said = program.run(&["mv", "-r", "--dryrun", "s3://lake/raw", "s3://lake/done"]);
    assert!(
        said.err
            .contains("(dryrun) move: s3://lake/raw/1.json to s3://lake/done/1.json")
    );
    program.ok(&["mv", "-r", "s3://lake/raw", "s3://lake/done"]);
    program.ok(&["mv", "s3://lake/done/1.json", "here.json"]);
    assert_eq!(
        files(&program.path("")),
        [("here.json".to_owned(), b"raw/1.json".to_vec())]
    );
    assert!(
        program
            .fails(1, &["rm", "s3://lake/done"])
            .contains("--recursive")
    );
    let said = program.run(&["rm", "-r", "--dryrun", "s3://lake/done"]);
    assert!(said.err.contains("would delete 1 object"), "{}", said.err);
    program.ok(&["rm", "-r", "s3://lake/done"]);
    program.ok(&["rm", "s3://lake/absent"]);
    let left = program.json(&["ls", "-r", "s3://lake"]);
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(left[0]["Key"], "keep");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let program = Program::with_bucket("lake");
    program.file("large", vec![b'x'; 20 << 20]);
    program.ok(&["cp", "large", "s3://lake"]);
    let mut child = program.start(&["cat", "s3://lake/large"]);
    let mut first = [0; 10];
    let mut out = child.stdout.take().expect("piped");
    out.read_exact(&mut first).expect("read");
    drop(out);
    let said = crate::program::said(&child.wait_with_output().expect("ran"));
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn local_folders_and_buckets_mix_in_one_tree() {
    let program = Program::with_bucket("lake");
    program.ok(&["mb", "s3://copy"]);
    for (name, content) in [("a.csv", "1"), ("deep/b.csv", "2"), ("deep/é ü", "3")] {
        program.file(&format!("in/{name}"), content);
    }
    program.put("s3://lake/tree/a.csv", "old");
    program.put("s3://lake/tree/kept", "4");
    program.ok(&["cp", "--recursive", "in/", "s3://lake/tree/"]);
    program.ok(&["cp", "--recursive", "s3://lake/tree", "s3://copy"]);
    program.file("out/deep/b.csv", "old");
    program.file("out/own", "5");
    program.ok(&["cp", "--recursive", "s3://copy/", "out"]);
    let expected = [
        ("a.csv", "1"),
        ("deep/b.csv", "2"),
        ("deep/é ü", "3"),
        ("kept", "4"),
        ("own", "5"),
    ];
    let expected = expected.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec()));
    assert_eq!(files(&program.path("out")), expected);
    // One that is in the way as a folder fails by itself, and is told.
    program.ok(&["rm", "s3://copy/kept"]);
    program.put("s3://copy/own/x", "6");
    let error = program.fails(1, &["cp", "--recursive", "s3://copy", "out"]);
    assert!(error.contains("own/x"), "{error}");
    assert_eq!(files(&program.path("out")), expected);
}
