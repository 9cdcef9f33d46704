//! The whole files: their bytes, their quirks and how they join.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use super::{Sample, SampleFile};

/// FNV-1a, 64 bits.
struct Fnv(u64);

impl Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sample(scale: f64, seed: u64, wide: bool) -> Sample {
    Sample::new(scale, seed).unwrap().with_wide(wide)
}

fn hashes(scale: f64, seed: u64, wide: bool) -> Vec<String> {
    let sample = sample(scale, seed, wide);
    let hash = |file: &SampleFile| {
        let mut out = Fnv(0xcbf2_9ce4_8422_2325);
        sample.write(file, &mut out, &mut |_| {}).unwrap();
        format!("{} {:016x}", file.name, out.0)
    };
    sample.files().iter().map(hash).collect()
}

/// A reader of RFC 4180 that knows nothing else.
fn parse(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            char => cell.push(char),
        }
    }
    assert!(
        !quoted && row.is_empty() && cell.is_empty(),
        "the last row has no end"
    );
    rows
}

fn text(sample: &Sample, name: &str) -> String {
    let files = sample.files();
    let file = files.iter().find(|file| file.name == name).unwrap();
    let (mut out, mut told) = (Vec::new(), 0);
    let rows = sample
        .write(file, &mut out, &mut |bytes| told += bytes)
        .unwrap();
    assert_eq!(rows, file.rows, "{name}");
    assert_eq!(told, out.len() as u64, "{name}");
    let ratio = out.len() as f64 / file.bytes as f64;
    assert!(
        rows < 3_000 || (0.95..1.05).contains(&ratio),
        "{name} is {ratio} times its estimate"
    );
    String::from_utf8(out).unwrap()
}

/// A file's columns by name.
fn columns(sample: &Sample, name: &str) -> HashMap<String, Vec<String>> {
    let mut rows = parse(&text(sample, name)).into_iter();
    let header = rows.next().unwrap();
    let mut columns = vec![Vec::new(); header.len()];
    for row in rows {
        assert_eq!(row.len(), header.len(), "{name}: {row:?}");
        for (column, cell) in columns.iter_mut().zip(row) {
            column.push(cell);
        }
    }
    header.into_iter().zip(columns).collect()
}

fn share(column: &[String], is: impl Fn(&str) -> bool) -> f64 {
    column.iter().filter(|cell| is(cell)).count() as f64 / column.len() as f64
}

fn distinct(column: &[String]) -> HashSet<&str> {
    column.iter().map(String::as_str).collect()
}

#[test]
fn the_bytes_are_always_the_same() {
    for (scale, seed, wide, expected) in GOLDEN {
        assert_eq!(
            hashes(*scale, *seed, *wide),
            *expected,
            "scale {scale}, seed {seed}"
        );
    }
}

const GOLDEN: &[(f64, u64, bool, &[&str])] = &[
    (
        0.001,
        1,
        false,
        &[
            "albums.csv 0b6169ec1c316668",
            "artists.csv 34b4ccc7b5039515",
            "track.csv ee1e2fcfce5c9b33",
        ],
    ),
    (
        0.001,
        42,
        false,
        &[
            "albums.csv 838fa07ec4214c49",
            "artists.csv 41cf8befc89f72c3",
            "track.csv c32eff380738e69d",
        ],
    ),
    (
        0.01,
        1,
        false,
        &[
            "albums.csv c0f5935ff5bbd76b",
            "artists.csv b75e4ca8d1dd98ea",
            "track.csv 5404a436266f1034",
        ],
    ),
    (
        0.01,
        42,
        false,
        &[
            "albums.csv 8abc5bb384e4fab7",
            "artists.csv 55a6e53f2b11d6e6",
            "track.csv cda155a8597aa7e1",
        ],
    ),
    (
        0.001,
        1,
        true,
        &[
            "albums.csv ed1095f6a1d2ca0e",
            "artists.csv 921a02f1c51796a6",
            "tracks.csv eca8399e48956cd8",
            "features.csv 92841f38eda51fb2",
            "data.csv 929cd0d734e7d465",
        ],
    ),
    (
        0.001,
        42,
        true,
        &[
            "albums.csv e46a0718c5eb405b",
            "artists.csv 504b1537d20f3381",
            "tracks.csv 969b37fc16410e39",
            "features.csv 806a3f74a8da0272",
            "data.csv aa4413662dbc2c59",
        ],
    ),
    (
        0.01,
        1,
        true,
        &[
            "albums.csv f5127d2bed9d8bc6",
            "artists.csv f6e71ca15767ee31",
            "tracks.csv 7f5d249cb947bbd5",
            "features.csv 022bb1b64b7f6daf",
            "data.csv 10a8ba32c958b05c",
        ],
    ),
    (
        0.01,
        42,
        true,
        &[
            "albums.csv 8a0ea98ac115f6fe",
            "artists.csv 183358135085878b",
            "tracks.csv 51d82e48e203e05b",
            "features.csv aaba8a4456e357bd",
            "data.csv 550af7c493c2be58",
        ],
    ),
];

#[test]
fn scales_out_of_range_are_refused() {
    for scale in [0.0, 0.0009, 100.1, -1.0, f64::NAN, f64::INFINITY] {
        let error = Sample::new(scale, 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("from 0.001 to 100"), "{error}");
    }
    assert_eq!(sample(100.0, 1, false).files()[0].rows, 37_500_000);
    assert_eq!(sample(1.0, 1, false).files()[1].rows, 37_000);
}

#[test]
fn headers_are_the_originals() {
    let header = |wide, name| {
        let text = text(&sample(0.001, 1, wide), name);
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        header(false, "albums.csv"),
        "track_name,track_id,duration_ms,album_name,release_date,label,album_popularity,album_id,artist_id,duration_sec"
    );
    assert_eq!(
        header(false, "artists.csv"),
        "id,name,artist_popularity,followers,genre"
    );
    assert_eq!(header(false, "track.csv"), "track_id,track_popularity");
    assert_eq!(
        header(true, "albums.csv"),
        "track_name,track_id,track_number,duration_ms,album_type,artists,total_tracks,album_name,release_date,label,album_popularity,album_id,artist_id,artist_0,artist_1,artist_2,artist_3,artist_4,artist_5,artist_6,artist_7,artist_8,artist_9,artist_10,artist_11,duration_sec"
    );
    assert_eq!(
        header(true, "artists.csv"),
        "id,name,artist_popularity,artist_genres,followers,genre_0,genre_1,genre_2,genre_3,genre_4,genre_5,genre_6"
    );
    assert_eq!(header(true, "tracks.csv"), "id,track_popularity,explicit");
    assert_eq!(
        header(true, "features.csv"),
        "danceability,energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,type,id,uri,track_href,analysis_url,duration_ms,time_signature"
    );
    assert_eq!(
        header(true, "data.csv"),
        "album_id,album_name,album_popularity,album_type,artists,artist_0,artist_1,artist_2,artist_3,artist_4,artist_id,duration_sec,label,release_date,total_tracks,track_id,track_name,track_number,artist_genres,artist_popularity,followers,name,genre_0,genre_1,genre_2,genre_3,genre_4,acousticness,analysis_url,danceability,duration_ms,energy,instrumentalness,key,liveness,loudness,mode,speechiness,tempo,time_signature,track_href,type,uri,valence,explicit,track_popularity,release_year,release_month,rn"
    );
}

#[test]
fn names_hold_what_breaks_readers() {
    let sample = sample(0.01, 42, false);
    let albums = columns(&sample, "albums.csv");
    let names = &albums["track_name"];
    for (what, least, is) in [
        (
            "comma",
            0.02,
            (|name| name.contains(',')) as fn(&str) -> bool,
        ),
        ("quote", 0.003, |name| name.contains('"')),
        ("line break", 0.003, |name| name.contains('\n')),
        ("CRLF", 0.0005, |name| name.contains("\r\n")),
        ("LF alone", 0.001, |name| {
            name.replace("\r\n", "").contains('\n')
        }),
        ("CJK", 0.01, |name| {
            name.contains(|c| ('\u{3040}'..'\u{d7a4}').contains(&c))
        }),
        ("accent", 0.02, |name| {
            name.contains(|c| ('\u{c0}'..'\u{250}').contains(&c))
        }),
        ("emoji", 0.001, |name| name.contains(|c| c >= '\u{1f300}')),
        ("leading space", 0.0005, |name| name.starts_with(' ')),
        ("trailing space", 0.0005, |name| name.ends_with(' ')),
        ("a number", 0.0005, |name| name.parse::<f64>().is_ok()),
        ("a date", 0.0002, |name| {
            name == "2020-01-01" || name == "12/31/1999"
        }),
    ] {
        let share = share(names, is);
        assert!(share >= least && share < 0.15, "{what}: {share}");
    }
    let all = distinct(names);
    for oddity in ["1999", "2020-01-01", "007", "1e5", "NULL", "true"] {
        assert!(all.contains(oddity), "{oddity}");
    }
    let text = text(&sample, "albums.csv");
    assert!(text.contains("\"\""), "no doubled quote");
    assert!(
        text.lines().count() > names.len() + 10,
        "no line break inside quotes"
    );
    assert!(text.ends_with("\r\n"));
}

#[test]
fn cells_have_the_shape_of_the_originals() {
    let albums = columns(&sample(0.01, 42, false), "albums.csv");
    let dates = &albums["release_date"];
    let day = share(dates, |date| {
        date.len() == 23 && date.ends_with(" 00:00:00 UTC")
    });
    let month = share(dates, |date| date.len() == 7);
    let year = share(dates, |date| date.len() == 4);
    assert!(
        (0.9..0.98).contains(&day) && month > 0.005 && year > 0.01,
        "{day} {month} {year}"
    );
    assert!((day + month + year - 1.0).abs() < 1e-9);
    for (ms, sec) in albums["duration_ms"].iter().zip(&albums["duration_sec"]) {
        let ms: u32 = ms.parse().unwrap();
        assert_eq!(format!("{:?}", f64::from(ms) / 1000.0), *sec);
    }
    let artists = columns(&sample(0.1, 42, false), "artists.csv");
    let empty = share(&artists["genre"], str::is_empty);
    assert!((0.68..0.72).contains(&empty), "{empty}");
    let unpopular = share(&artists["artist_popularity"], |cell| cell == "0");
    assert!((0.2..0.35).contains(&unpopular), "{unpopular}");
    let mut followers: Vec<u64> = artists["followers"]
        .iter()
        .map(|f| f.parse().unwrap())
        .collect();
    followers.sort_unstable();
    let median = followers[followers.len() / 2];
    assert!(
        (200..400).contains(&median) && followers[followers.len() - 1] > 30_000_000,
        "{median}"
    );
}

#[test]
fn keys_join_but_for_a_few() {
    for seed in [1, 42] {
        let sample = sample(0.05, seed, false);
        let (albums, artists) = (
            columns(&sample, "albums.csv"),
            columns(&sample, "artists.csv"),
        );
        let tracks = columns(&sample, "track.csv");
        let track_ids = distinct(&tracks["track_id"]);
        let artist_ids = distinct(&artists["id"]);
        assert_eq!(track_ids.len(), tracks["track_id"].len());
        assert_eq!(artist_ids.len(), artists["id"].len());
        assert_eq!(
            distinct(&albums["track_id"]).len(),
            albums["track_id"].len()
        );
        assert!(track_ids.iter().chain(&artist_ids).all(|id| id.len() == 22));
        let lost = share(&albums["track_id"], |id| !track_ids.contains(id));
        assert!((0.017..0.023).contains(&lost), "{lost}");
        let strays = share(&albums["artist_id"], |id| !artist_ids.contains(id));
        assert!((0.002..0.01).contains(&strays), "{strays}");
        let used = distinct(&albums["artist_id"]);
        let idle = share(&artists["id"], |id| !used.contains(id));
        assert!((0.02..0.12).contains(&idle), "{idle}");
        assert_ne!(albums["track_id"][..50], tracks["track_id"][..50]);
    }
}

#[test]
fn a_few_artists_have_many_tracks_and_albums_hang_together() {
    let albums = columns(&sample(0.1, 42, false), "albums.csv");
    let mut of_artist: HashMap<&str, usize> = HashMap::new();
    for artist in &albums["artist_id"] {
        *of_artist.entry(artist).or_default() += 1;
    }
    let mut counts: Vec<usize> = of_artist.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let top: usize = counts[..counts.len() / 100].iter().sum();
    let rows = albums["artist_id"].len();
    assert!(top * 100 / rows >= 10, "the top 1 % have {top} of {rows}");
    assert!(counts[counts.len() / 2] < 8);
    let mut artist_of: HashMap<&str, [&str; 5]> = HashMap::new();
    let mut of_album: HashMap<&str, usize> = HashMap::new();
    for (row, album) in albums["album_id"].iter().enumerate() {
        let shared = [
            "artist_id",
            "album_name",
            "release_date",
            "label",
            "album_popularity",
        ]
        .map(|column| albums[column][row].as_str());
        assert_eq!(*artist_of.entry(album).or_insert(shared), shared);
        *of_album.entry(album).or_default() += 1;
    }
    let sizes: Vec<usize> = of_album.into_values().collect();
    assert!(sizes.iter().any(|size| *size > 15) && sizes.contains(&1));
    let mean = rows as f64 / sizes.len() as f64;
    assert!((3.0..6.0).contains(&mean), "{mean}");
    let names = distinct(&albums["track_name"]).len() as f64 / rows as f64;
    let labels = distinct(&albums["label"]).len() as f64 / rows as f64;
    assert!(
        (0.5..0.85).contains(&names) && (0.05..0.15).contains(&labels),
        "{names} {labels}"
    );
}

#[test]
fn the_wide_files_agree_with_each_other() {
    let sample = sample(0.01, 42, true);
    let [albums, artists, tracks, features, data] = [
        "albums.csv",
        "artists.csv",
        "tracks.csv",
        "features.csv",
        "data.csv",
    ]
    .map(|name| columns(&sample, name));
    assert_eq!(distinct(&tracks["id"]), distinct(&features["id"]));
    assert_ne!(tracks["id"], features["id"]);
    assert_eq!(albums["track_id"], data["track_id"]);
    let popularity: HashMap<&str, &String> = tracks["id"]
        .iter()
        .map(String::as_str)
        .zip(&tracks["track_popularity"])
        .collect();
    let valence: HashMap<&str, &String> = features["id"]
        .iter()
        .map(String::as_str)
        .zip(&features["valence"])
        .collect();
    let followers: HashMap<&str, &String> = artists["id"]
        .iter()
        .map(String::as_str)
        .zip(&artists["followers"])
        .collect();
    let none = String::new();
    for (row, id) in data["track_id"].iter().enumerate() {
        assert_eq!(
            data["track_popularity"][row],
            **popularity.get(id.as_str()).unwrap_or(&&none)
        );
        assert_eq!(
            data["valence"][row],
            **valence.get(id.as_str()).unwrap_or(&&none)
        );
        let artist = data["artist_id"][row].as_str();
        assert_eq!(
            data["followers"][row],
            **followers.get(artist).unwrap_or(&&none)
        );
    }
    assert!(albums["artist_1"].iter().any(|name| !name.is_empty()));
    for list in &albums["artists"] {
        assert!(list.starts_with("['") || list.starts_with("[\""), "{list}");
    }
    assert!(share(&artists["artist_genres"], |list| list == "[]") > 0.6);
    assert!(share(&features["instrumentalness"], |cell| cell.contains("e-0")) > 0.1);
}

#[test]
fn narrow_and_wide_tell_of_the_same_tracks() {
    let narrow = columns(&sample(0.001, 7, false), "albums.csv");
    let wide = columns(&sample(0.001, 7, true), "albums.csv");
    for (name, column) in &narrow {
        assert_eq!(column, &wide[name], "{name}");
    }
}

#[test]
fn an_error_of_the_writer_comes_back() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sample = sample(0.001, 1, false);
    for file in sample.files() {
        let error = sample.write(&file, &mut Full, &mut |_| {}).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
