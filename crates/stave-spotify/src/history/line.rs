//! Plays as lines of JSON, the form that crawlers and Athena read.

use jiff::Timestamp;
use serde::Serialize;

use super::play::{Kind, Play};
use crate::client::{Error, Result};

/// A row of the table, as it is written. The partitions say the origin and
/// the account. Texts are written where there is none, too: a crawler takes
/// both partitions for one table when 70 % of their columns are alike; numbers
/// and flags are not, because a column of nothing but `null` is taken for text.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the columns of the table")]
struct Row<'a> {
    play_key: &'a str,
    kind: Kind,
    played_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms_played: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    uri: Option<&'a str>,
    title: Option<&'a str>,
    artist_or_show: Option<&'a str>,
    album_or_book: Option<&'a str>,
    context_uri: Option<&'a str>,
    platform: Option<&'a str>,
    country: Option<&'a str>,
    reason_start: Option<&'a str>,
    reason_end: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shuffle: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offline: Option<bool>,
    offline_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incognito: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_addr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    file: Option<&'a str>,
    row: u64,
}

impl<'a> From<&'a Play> for Row<'a> {
    fn from(play: &'a Play) -> Self {
        Self {
            play_key: &play.play_key,
            kind: play.kind,
            played_at: play.played_at,
            ms_played: play.ms_played,
            duration_ms: play.duration_ms,
            uri: play.uri.as_deref(),
            title: play.title.as_deref(),
            artist_or_show: play.artist_or_show.as_deref(),
            album_or_book: play.album_or_book.as_deref(),
            context_uri: play.context_uri.as_deref(),
            platform: play.platform.as_deref(),
            country: play.country.as_deref(),
            reason_start: play.reason_start.as_deref(),
            reason_end: play.reason_end.as_deref(),
            shuffle: play.shuffle,
            skipped: play.skipped,
            offline: play.offline,
            offline_at: play.offline_at,
            incognito: play.incognito,
            ip_addr: play.ip_addr.as_deref(),
            username: play.username.as_deref(),
            user_agent: play.user_agent.as_deref(),
            file: play.file.as_deref(),
            row: play.row,
        }
    }
}

/// Adds a play as a line of JSON. Of the API and of the export alike: origin and account are
/// told by the partitions.
pub fn write_line(play: &Play, lines: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(&mut *lines, &Row::from(play))
        .map_err(|error| Error::internal("a play can't be written").caused_by(error))?;
    lines.push(b'\n');
    Ok(())
}
