//! Exports of both eras, whole and broken.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::client::{ErrorKind, Result};

/// A row as exports have it since 2024.
fn new_row() -> Value {
    json!({
        "ts": "2022-03-04T05:06:07Z", "platform": "android", "ms_played": 184_000,
        "conn_country": "DE", "ip_addr": "192.0.2.7",
        "master_metadata_track_name": "Söng \"1\"", "master_metadata_album_artist_name": "Artist",
        "master_metadata_album_album_name": "Album",
        "spotify_track_uri": "spotify:track:6rqhFgbbKwnb9MLmUQDhG6",
        "episode_name": null, "episode_show_name": null, "spotify_episode_uri": null,
        "audiobook_title": null, "audiobook_uri": null,
        "audiobook_chapter_uri": null, "audiobook_chapter_title": null,
        "reason_start": "trackdone", "reason_end": "fwdbtn", "shuffle": true, "skipped": false,
        "offline": false, "offline_timestamp": 1_646_370_183, "incognito_mode": false,
    })
}

/// The same play, as exports had it before.
fn old_row() -> Value {
    let mut row = new_row();
    let fields = row.as_object_mut().unwrap();
    fields.retain(|name, _| !name.starts_with("audiobook") && name != "ip_addr");
    fields.insert("username".to_owned(), json!("somebody"));
    fields.insert("ip_addr_decrypted".to_owned(), json!("192.0.2.7"));
    fields.insert("user_agent_decrypted".to_owned(), json!("Agent/1"));
    fields.insert(
        "platform".to_owned(),
        json!("Android OS 9 API 28 (HUAWEI, X)"),
    );
    fields.insert("skipped".to_owned(), Value::Null);
    fields.insert("offline_timestamp".to_owned(), json!(1_646_370_183_456_i64));
    row
}

fn account_row() -> Value {
    json!({"endTime": "2022-03-04 05:06", "artistName": "Artist", "trackName": "Song", "msPlayed": 1000})
}

fn text(rows: &[Value]) -> String {
    serde_json::to_string_pretty(rows).unwrap()
}

struct Export {
    folder: tempfile::TempDir,
}

impl Export {
    fn new(files: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The same files in a zip.
    fn zip(&self, names: &[&str]) -> PathBuf {
        let path = self.path().join("my_spotify_data.zip");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        for name in names {
            zip.start_file(*name, options).unwrap();
            zip.write_all(&std::fs::read(self.path().join(name)).unwrap())
                .unwrap();
        }
        zip.finish().unwrap();
        path
    }
}

fn read(path: &Path, options: Options) -> Result<(Vec<Play>, Summary)> {
    let mut plays = Vec::new();
    let summary = read_export(path, options, |play| {
        plays.push(play);
        Ok(())
    })?;
    Ok((plays, summary))
}

const NEW: &str = "Spotify Extended Streaming History/Streaming_History_Audio_2022_1.json";
const OLD: &str = "MyData/endsong_0.json";

#[test]
fn both_eras_are_read_from_a_folder_and_from_a_zip() {
    let export = Export::new(&[
        (NEW, text(&[new_row(), new_row()])),
        (OLD, text(&[old_row()])),
        ("MyData/Userdata.json", r#"{"username": "x"}"#.to_owned()),
        ("MyData/ReadMe.txt", "hello".to_owned()),
        ("MyData/Playlist1.json", r#"[{"name": "x"}]"#.to_owned()),
        ("__MACOSX/._endsong_0.json", "nonsense".to_owned()),
    ]);
    let (plays, summary) = read(export.path(), Options::default()).unwrap();
    assert_eq!(summary.rows, 3);
    assert_eq!(summary.odd, 0);
    assert_eq!(
        summary.passed_over,
        ["MyData/Playlist1.json", "MyData/Userdata.json"]
    );
    let rows: Vec<_> = summary
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.rows))
        .collect();
    assert_eq!(rows, [(OLD, 1), (NEW, 2)]);

    let zip = export.zip(&[NEW, OLD, "MyData/Userdata.json", "MyData/Playlist1.json"]);
    assert_eq!(read(&zip, Options::default()).unwrap(), (plays, summary));
    // One file by itself.
    let (one, _) = read(&export.path().join(OLD), Options::default()).unwrap();
    assert_eq!(one.len(), 1);
}

#[test]
fn the_same_play_of_both_eras_has_one_key_and_the_same_times() {
    let export = Export::new(&[
        (NEW, text(&[new_row(), new_row()])),
        (OLD, text(&[old_row()])),
    ]);
    let (plays, _) = read(export.path(), Options::default()).unwrap();
    let [old, new, again] = plays.as_slice() else {
        panic!("{} plays", plays.len());
    };
    assert_eq!(old.play_key, new.play_key);
    assert_eq!(old.play_key.len(), 32);
    assert_eq!(new.play_key, again.play_key);
    assert_eq!((new.row, again.row), (0, 1));
    assert_eq!(
        new.offline_at,
        Some("2022-03-04T05:03:03Z".parse().unwrap())
    );
    assert_eq!(
        old.offline_at,
        Some("2022-03-04T05:03:03.456Z".parse().unwrap())
    );
    assert_eq!(old.skipped, None);
    assert_eq!(new.skipped, Some(false));
    assert_eq!(new.title.as_deref(), Some("Söng \"1\""));
    assert_eq!(new.kind, Kind::Track);

    let mut later = new_row();
    later["ts"] = json!("2022-03-04T05:06:08Z");
    let export = Export::new(&[(NEW, text(&[later]))]);
    let (plays, _) = read(export.path(), Options::default()).unwrap();
    assert_ne!(plays[0].play_key, new.play_key);
}

#[test]
fn what_is_personal_is_dropped_unless_it_is_asked_for() {
    let export = Export::new(&[(NEW, text(&[new_row()])), (OLD, text(&[old_row()]))]);
    let (plays, _) = read(export.path(), Options::default()).unwrap();
    let shown = serde_json::to_string(&plays).unwrap();
    for personal in ["192.0.2.7", "somebody", "Agent/1"] {
        assert!(!shown.contains(personal), "{personal}");
    }
    let options = Options {
        keep_ip: true,
        keep_user: true,
    };
    let (plays, _) = read(export.path(), options).unwrap();
    assert_eq!(plays[0].ip_addr.as_deref(), Some("192.0.2.7"));
    assert_eq!(plays[1].ip_addr.as_deref(), Some("192.0.2.7"));
    assert_eq!(plays[0].username.as_deref(), Some("somebody"));
    assert_eq!(plays[0].user_agent.as_deref(), Some("Agent/1"));
}

#[test]
fn podcasts_audiobooks_and_rows_about_nothing_are_plays_too() {
    let mut episode = new_row();
    let mut book = new_row();
    let mut nothing = new_row();
    for row in [&mut episode, &mut book, &mut nothing] {
        for (name, value) in row.as_object_mut().unwrap() {
            if name.starts_with("master") || name == "spotify_track_uri" {
                *value = Value::Null;
            }
        }
    }
    episode["spotify_episode_uri"] = json!("spotify:episode:e");
    episode["episode_name"] = json!("E");
    episode["episode_show_name"] = json!("Show");
    book["audiobook_uri"] = json!("spotify:show:b");
    book["audiobook_chapter_uri"] = json!("spotify:episode:c");
    book["audiobook_title"] = json!("Book");
    book["audiobook_chapter_title"] = json!("1");
    let export = Export::new(&[(NEW, text(&[episode, book, nothing]))]);
    let (plays, summary) = read(export.path(), Options::default()).unwrap();
    let kinds: Vec<_> = plays.iter().map(|play| play.kind).collect();
    assert_eq!(kinds, [Kind::Episode, Kind::Audiobook, Kind::Unknown]);
    assert_eq!(plays[0].artist_or_show.as_deref(), Some("Show"));
    assert_eq!(plays[1].uri.as_deref(), Some("spotify:episode:c"));
    assert_eq!(plays[1].album_or_book.as_deref(), Some("Book"));
    assert_eq!(summary.odd, 0);
}

#[test]
fn nasty_rows_are_kept_and_counted() {
    let with = |name: &str, value: Value| {
        let mut row = new_row();
        row[name] = value;
        row
    };
    let rows = [
        with("ms_played", json!(-5)),
        with("ms_played", json!("184000")),
        with("ms_played", json!(184_000.0)),
        with("ms_played", json!(1e300)),
        with("ts", json!("2022-03-04 05:06")),
        with("ts", Value::Null),
        with("shuffle", json!("yes")),
        with("platform", json!({"deep": [1, {"er": null}]})),
        with("offline_timestamp", json!(0)),
        with("offline_timestamp", json!(18_446_744_073_709_551_615_u64)),
        with("conn_country", json!("ZZ")),
        with("reason_end", json!("")),
        with("something_new", json!([1, 2])),
        json!({"ts": "2022-03-04T05:06:07Z", "ms_played": 1}),
        json!({}),
    ];
    let export = Export::new(&[(NEW, text(&rows))]);
    let (plays, summary) = read(export.path(), Options::default()).unwrap();
    assert_eq!(plays.len(), rows.len());
    let lengths: Vec<_> = plays.iter().take(4).map(|play| play.ms_played).collect();
    assert_eq!(lengths, [Some(-5), None, Some(184_000), None]);
    assert_eq!(plays[4].played_at, None);
    assert_eq!(plays[8].offline_at, None);
    assert_eq!(plays[11].reason_end.as_deref(), Some(""));
    assert_eq!(summary.odd, 9);
    assert_eq!(summary.odd_rows.len(), 5);
    assert_eq!(summary.odd_rows[1], format!("{NEW}, row 1"));
    assert_eq!(
        summary.first_at,
        Some("2022-03-04T05:06:07Z".parse().unwrap())
    );
}

#[test]
fn a_row_that_is_no_text_is_kept_too() {
    let export = Export::new(&[]);
    let mut bytes = text(&[new_row(), new_row()]).into_bytes();
    let at = bytes
        .windows(6)
        .position(|window| window == b"Artist")
        .unwrap();
    bytes[at] = 0xff;
    let path = export.path().join("endsong_1.json");
    std::fs::write(&path, bytes).unwrap();
    let (plays, summary) = read(&path, Options::default()).unwrap();
    assert_eq!((plays.len(), summary.odd), (2, 1));
    assert_eq!(plays[0].artist_or_show.as_deref(), Some("\u{fffd}rtist"));
}

#[test]
fn the_small_package_is_refused_with_what_to_request() {
    let export = Export::new(&[
        (
            "MyData/StreamingHistory_music_0.json",
            text(&[account_row()]),
        ),
        ("MyData/Userdata.json", "{}".to_owned()),
    ]);
    let error = read(export.path(), Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("Account data"), "{error}");
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("Extended streaming history")
    );
    // Beside the right files it does no harm.
    let export = Export::new(&[
        ("StreamingHistory0.json", text(&[account_row()])),
        (NEW, text(&[new_row()])),
    ]);
    assert_eq!(read(export.path(), Options::default()).unwrap().0.len(), 1);
}

#[test]
fn a_file_that_is_cut_off_is_no_complete_import() {
    let whole = text(&[new_row(), new_row(), new_row()]);
    for length in [whole.len() - 1, whole.len() / 2, 40, 1] {
        let export = Export::new(&[(NEW, whole[..length].to_owned())]);
        let mut rows = 0;
        let result = read_export(export.path(), Options::default(), |_| {
            rows += 1;
            Ok(())
        });
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().starts_with(NEW), "{error}");
        assert!(
            error.message().contains(&format!("after {rows} rows")),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_export_says_so() {
    let export = Export::new(&[
        ("a.json", "[1, 2]".to_owned()),
        ("b.zip", "no zip".to_owned()),
    ]);
    for (path, kind) in [
        (export.path().to_owned(), ErrorKind::Invalid),
        (export.path().join("a.json"), ErrorKind::Invalid),
        (export.path().join("b.zip"), ErrorKind::Invalid),
        (export.path().join("c.zip"), ErrorKind::NotFound),
    ] {
        let error = read(&path, Options::default()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.hint_text().is_some() || kind == ErrorKind::NotFound);
    }
}

#[test]
fn an_empty_list_is_a_whole_export_of_no_plays() {
    let export = Export::new(&[(NEW, "[]".to_owned())]);
    let (plays, summary) = read(export.path(), Options::default()).unwrap();
    assert_eq!((plays.len(), summary.rows, summary.files.len()), (0, 0, 1));
}

#[test]
fn whoever_takes_the_plays_can_stop() {
    let export = Export::new(&[(NEW, text(&[new_row(), new_row()]))]);
    let mut rows = 0;
    let error = read_export(export.path(), Options::default(), |_| {
        rows += 1;
        Err(crate::client::Error::internal("disk full"))
    })
    .unwrap_err();
    assert_eq!(rows, 1);
    assert!(error.message().ends_with("disk full"));
}

#[test]
fn plays_of_the_api_are_rows_of_the_same_table() {
    let page = json!({"items": [
        {"played_at": "2022-03-04T05:06:07.123Z", "context": {"uri": "spotify:playlist:p"},
         "track": {"uri": "spotify:track:t", "name": "S", "duration_ms": 1000,
                   "artists": [{"name": "A"}], "album": {"name": "L"}}},
        null,
        {"played_at": "2022-03-04T05:06:07.123Z", "context": null, "track": null},
    ]});
    let plays = plays_of_page(page.to_string().as_bytes(), "key").unwrap();
    assert_eq!(plays.len(), 2);
    assert_eq!(plays[0].artist_or_show.as_deref(), Some("A"));
    assert_eq!(plays[0].context_uri.as_deref(), Some("spotify:playlist:p"));
    assert_eq!(plays[0].duration_ms, Some(1000));
    assert_eq!((plays[1].kind, plays[1].row), (Kind::Unknown, 2));
}

/// 280,000 rows out of a zip: `cargo test --release -p stave-spotify -- --ignored 280`.
#[test]
#[ignore = "a measurement; needs a release build"]
fn speed_of_280_000_rows() {
    let mut rows = Vec::new();
    for n in 0..14_000 {
        let mut row = new_row();
        row["ms_played"] = json!(n);
        rows.push(row);
    }
    let file = text(&rows);
    let names: Vec<String> = (0..20)
        .map(|n| format!("Streaming_History_Audio_{n}.json"))
        .collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), file.clone()))
        .collect();
    let export = Export::new(&files);
    let zip = export.zip(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for path in [export.path(), &zip] {
        let begun = std::time::Instant::now();
        let mut played = 0;
        let summary = read_export(path, Options::default(), |play| {
            played += play.ms_played.unwrap_or(0);
            Ok(())
        });
        println!("{} MB: {:?}", file.len() * 20 / 1_000_000, begun.elapsed());
        assert_eq!(summary.unwrap().rows, 280_000);
        assert!(played > 0);
    }
}
