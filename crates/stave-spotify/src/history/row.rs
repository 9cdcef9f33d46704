//! A row of the export, as either era writes it, into a play.
//!
//! A field of the wrong type is a field that is not there: no row is lost for
//! it. The row is counted as odd.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::play::{Kind, Origin, Play};

/// Offline times above this are milliseconds: in seconds it is the year 5138.
const SECONDS_MAX: i64 = 100_000_000_000;

/// Which personal fields are kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Keep {
    pub ip: bool,
    pub user: bool,
}

/// A field that may be of any type.
#[derive(Default)]
enum Field<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Number(i64),
    Flag(bool),
    Odd,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    ts: Field<'a>,
    #[serde(borrow)]
    username: Field<'a>,
    #[serde(borrow)]
    platform: Field<'a>,
    ms_played: Field<'a>,
    #[serde(borrow)]
    conn_country: Field<'a>,
    #[serde(borrow)]
    ip_addr: Field<'a>,
    #[serde(borrow)]
    ip_addr_decrypted: Field<'a>,
    #[serde(borrow)]
    user_agent_decrypted: Field<'a>,
    #[serde(borrow)]
    master_metadata_track_name: Field<'a>,
    #[serde(borrow)]
    master_metadata_album_artist_name: Field<'a>,
    #[serde(borrow)]
    master_metadata_album_album_name: Field<'a>,
    #[serde(borrow)]
    spotify_track_uri: Field<'a>,
    #[serde(borrow)]
    episode_name: Field<'a>,
    #[serde(borrow)]
    episode_show_name: Field<'a>,
    #[serde(borrow)]
    spotify_episode_uri: Field<'a>,
    #[serde(borrow)]
    audiobook_title: Field<'a>,
    #[serde(borrow)]
    audiobook_uri: Field<'a>,
    #[serde(borrow)]
    audiobook_chapter_uri: Field<'a>,
    #[serde(borrow)]
    audiobook_chapter_title: Field<'a>,
    #[serde(borrow)]
    reason_start: Field<'a>,
    #[serde(borrow)]
    reason_end: Field<'a>,
    shuffle: Field<'a>,
    skipped: Field<'a>,
    offline: Field<'a>,
    offline_timestamp: Field<'a>,
    incognito_mode: Field<'a>,
}

/// A play, and whether its row was odd: a time that can't be read, a field of
/// the wrong type, a negative length.
pub(super) fn play(row: &[u8], keep: Keep) -> serde_json::Result<(Play, bool)> {
    // Once for the row, and not once for each of its texts.
    let readable = String::from_utf8_lossy(row);
    let mut odd = matches!(readable, Cow::Owned(_));
    let mut row: Row<'_> = serde_json::from_str(&readable)?;
    let mut text = |field: &mut Field<'_>| match std::mem::take(field) {
        Field::Text(text) => Some(text.into_owned()),
        Field::Absent => None,
        _ => {
            odd = true;
            None
        }
    };
    let ts = text(&mut row.ts);
    let track = [
        text(&mut row.spotify_track_uri),
        text(&mut row.master_metadata_track_name),
        text(&mut row.master_metadata_album_artist_name),
        text(&mut row.master_metadata_album_album_name),
    ];
    let episode = [
        text(&mut row.spotify_episode_uri),
        text(&mut row.episode_name),
        text(&mut row.episode_show_name),
        None,
    ];
    let chapter = text(&mut row.audiobook_chapter_uri);
    let book = text(&mut row.audiobook_uri);
    let audiobook = [
        chapter.or(book),
        text(&mut row.audiobook_chapter_title),
        None,
        text(&mut row.audiobook_title),
    ];
    let (kind, [uri, title, artist_or_show, album_or_book]) = content(track, episode, audiobook);
    let [platform, country, reason_start, reason_end] = [
        text(&mut row.platform),
        text(&mut row.conn_country),
        text(&mut row.reason_start),
        text(&mut row.reason_end),
    ];
    let ip = text(&mut row.ip_addr).or(text(&mut row.ip_addr_decrypted));
    let [username, user_agent] = [text(&mut row.username), text(&mut row.user_agent_decrypted)];

    let ms_played = number(&row.ms_played, &mut odd);
    let played_at = ts.as_deref().and_then(|ts| ts.parse::<Timestamp>().ok());
    odd |= played_at.is_none() || ms_played.is_none_or(|ms| ms < 0);
    let length = ms_played.map(|ms| ms.to_string());
    // A URI says it all; names are changed now and then.
    let names = [&title, &artist_or_show].map(|name| name.as_deref().filter(|_| uri.is_none()));
    let play_key = Play::key(&[
        ts.as_deref(),
        length.as_deref(),
        uri.as_deref(),
        names[0],
        names[1],
        reason_start.as_deref(),
        reason_end.as_deref(),
    ]);
    let play = Play {
        play_key,
        origin: Origin::Export,
        kind,
        played_at,
        ms_played,
        duration_ms: None,
        uri,
        title,
        artist_or_show,
        album_or_book,
        context_uri: None,
        platform,
        country,
        reason_start,
        reason_end,
        shuffle: flag(&row.shuffle, &mut odd),
        skipped: flag(&row.skipped, &mut odd),
        offline: flag(&row.offline, &mut odd),
        offline_at: number(&row.offline_timestamp, &mut odd).and_then(offline_at),
        incognito: flag(&row.incognito_mode, &mut odd),
        ip_addr: ip.filter(|_| keep.ip),
        username: username.filter(|_| keep.user),
        user_agent: user_agent.filter(|_| keep.user),
        file: None,
        row: 0,
    };
    Ok((play, odd))
}

type Content = [Option<String>; 4];

/// What was played: by its URI first, by its name where there is no URI.
fn content(track: Content, episode: Content, audiobook: Content) -> (Kind, Content) {
    for field in [0, 1] {
        if track[field].is_some() {
            return (Kind::Track, track);
        }
        if episode[field].is_some() {
            return (Kind::Episode, episode);
        }
        if audiobook[field].is_some() {
            return (Kind::Audiobook, audiobook);
        }
    }
    (Kind::Unknown, [None, None, None, None])
}

/// The time of an offline play: seconds in some eras, milliseconds in others;
/// 0 means that there is none.
fn offline_at(number: i64) -> Option<Timestamp> {
    match number {
        ..=0 => None,
        1..SECONDS_MAX => Timestamp::from_second(number).ok(),
        _ => Timestamp::from_millisecond(number).ok(),
    }
}

fn number(field: &Field<'_>, odd: &mut bool) -> Option<i64> {
    match field {
        Field::Number(number) => Some(*number),
        Field::Absent => None,
        _ => {
            *odd = true;
            None
        }
    }
}

fn flag(field: &Field<'_>, odd: &mut bool) -> Option<bool> {
    match field {
        Field::Flag(flag) => Some(*flag),
        Field::Absent => None,
        _ => {
            *odd = true;
            None
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a field of a row")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Field::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Field::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Field::Odd, Field::Number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // Some exports pass through tools that write 1234.0.
        let whole = number.fract() == 0.0 && number.abs() < 9e15;
        Ok(if whole {
            Field::Number(number as i64)
        } else {
            Field::Odd
        })
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Odd)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Odd)
    }
}

/// What a file holds, by the keys of its first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Plays of the extended streaming history.
    History,
    /// Plays of the small "account data" package.
    AccountData,
    /// Something else.
    Other,
}

impl Looks {
    /// What a row with these keys is.
    pub fn of(row: &[u8]) -> Self {
        let Ok(keys) = serde_json::from_slice::<BTreeMap<Cow<'_, str>, Field<'_>>>(row) else {
            return Self::Other;
        };
        let has = |names: [&str; 2]| names.iter().all(|name| keys.contains_key(*name));
        if has(["ts", "ms_played"]) {
            Self::History
        } else if has(["endTime", "msPlayed"]) {
            Self::AccountData
        } else {
            Self::Other
        }
    }
}
