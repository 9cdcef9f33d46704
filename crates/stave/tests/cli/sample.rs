//! `sample`.

use crate::program::{Program, files};

#[test]
fn a_sample_is_the_same_in_a_folder_and_in_a_bucket() {
    let program = Program::with_bucket("lake");
    let sample = [
        "sample",
        "spotify-2023",
        "--scale",
        "0.01",
        "--seed",
        "7",
        "--out",
    ];
    let to = |out: &'static str| [&sample[..], &[out]].concat();
    let said = program.run(&to("staging"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("albums.csv: 3,750 rows"), "{}", said.err);
    program.ok(&to("s3://lake/staging"));
    program.ok(&["cp", "-r", "s3://lake/staging/", "back"]);
    let written = files(&program.path("staging"));
    let names: Vec<_> = written.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["albums.csv", "artists.csv", "track.csv"]);
    assert_eq!(files(&program.path("back")), written);
    program.ok(&[&to("wide")[..], &["--wide"]].concat());
    assert_eq!(files(&program.path("wide")).len(), 5);
    assert!(
        program
            .fails(1, &to("s3://none"))
            .contains("stave mb s3://none")
    );
}
