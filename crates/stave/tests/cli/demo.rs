//! `demo`.

use crate::program::Program;

/// The first cells of the lines of a result.
fn rows(program: &Program, sql: &str) -> Vec<Vec<String>> {
    let lines = program.csv("spotify", sql);
    let cells = |line: &String| {
        line.split(',')
            .map(|cell| cell.trim_matches('"').to_owned())
            .collect()
    };
    lines.iter().skip(1).map(cells).collect()
}

#[test]
fn the_api_pipeline_ends_with_the_playlists_tables() {
    let program = Program::new();
    let said = program.run(&["demo", "--pipeline", "api", "--scale", "0.02"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for part in [
        "Top tracks",
        "Artists by their songs",
        "Newest albums",
        "SUCCEEDED",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    // Every song has its album and its artist, once.
    let counts = "SELECT count(*), count(DISTINCT song_id), count(a.album_id), count(r.artist_id) \
                  FROM songs_data s LEFT JOIN album_data a ON s.album_id = a.album_id \
                  LEFT JOIN artist_data r ON s.artist_id = r.artist_id";
    let counts = rows(&program, counts);
    let songs: u64 = counts[0][0].parse().expect("a number");
    assert!(songs >= 50, "{counts:?}");
    assert!(
        counts[0].iter().all(|count| *count == songs.to_string()),
        "{counts:?}"
    );
    let types = program.csv("spotify", "DESCRIBE songs_data").join("\n");
    for column in ["duration_ms", "bigint", "song_added", "timestamp"] {
        assert!(types.contains(column), "{types}");
    }
    let raw = |folder: &str| program.ok(&["ls", &format!("s3://stave-demo/raw_data/{folder}/")]);
    assert!(
        raw("processed").contains("spotify_raw_"),
        "{}",
        raw("processed")
    );
    let left = program.fails(1, &["ls", "s3://stave-demo/raw_data/to_processed/"]);
    assert!(left.contains("there is nothing at"), "{left}");

    // A second run finds nothing new; the next demo begins anew.
    let again = program.run(&[
        "job",
        "run",
        "spotify-transform",
        "--arg",
        "bucket=s3://stave-demo",
    ]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.err.contains("nothing new to read"), "{}", again.err);
    let shown = program.json(&["job", "bookmark", "show", "spotify-transform"]);
    assert!(
        shown.as_array().is_some_and(|objects| !objects.is_empty()),
        "{shown}"
    );
    program.ok(&["demo", "--pipeline", "api", "--scale", "0.02"]);
    let doubled = rows(
        &program,
        "SELECT count(*) - count(DISTINCT song_id) FROM songs_data",
    );
    assert_eq!(doubled, [["0"]]);
}

#[test]
fn what_the_api_pipeline_cannot_take_is_told() {
    let program = Program::new();
    let said = program.fails(2, &["demo", "--pipeline", "api", "--scale", "1e9"]);
    assert!(
        said.contains("the scale 1000000000 is out of range"),
        "{said}"
    );
    let said = program.fails(2, &["demo", "--pipeline", "api", "--from", "."]);
    assert!(said.contains("--from is for the batch pipeline"), "{said}");
}
