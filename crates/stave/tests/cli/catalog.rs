//! `catalog`.

use crate::program::Program;

#[test]
fn databases_come_and_go() {
    let program = Program::new();
    let said = program.run(&["catalog", "databases"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    program.ok(&[
        "catalog",
        "create-database",
        "Spotify",
        "--description",
        "music",
    ]);
    let list = program.json(&["catalog", "databases"]);
    assert_eq!(
        (&list[0]["Name"], &list[0]["Description"]),
        (&"spotify".into(), &"music".into())
    );
    assert!(
        program
            .ok(&["catalog", "databases"])
            .contains("│ spotify ┆ music")
    );
    assert_eq!(
        program.json(&["catalog", "tables", "spotify"]),
        serde_json::json!([])
    );
    let error = program.fails(1, &["catalog", "table", "spotfy.songs"]);
    assert!(error.contains("hint: did you mean \"spotify\"?"), "{error}");
    program.ok(&["catalog", "drop-database", "SPOTIFY"]);
    assert!(
        program
            .fails(1, &["catalog", "drop-database", "spotify"])
            .contains("does not exist")
    );
}
