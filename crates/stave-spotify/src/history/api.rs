//! The plays of the API's recently played tracks, as rows of the same table.

use jiff::Timestamp;
use serde::Deserialize;

use super::play::{Kind, Origin, Play};
use crate::client::{Error, Result};
use crate::extract::view::Paging;

#[derive(Deserialize)]
struct Item {
    track: Option<Track>,
    played_at: Option<String>,
    context: Option<Context>,
}

#[derive(Deserialize)]
struct Context {
    uri: Option<String>,
}

#[derive(Deserialize)]
struct Track {
    uri: Option<String>,
    name: Option<String>,
    duration_ms: Option<i64>,
    album: Option<Named>,
    #[serde(default)]
    artists: Option<Vec<Named>>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// The plays in a raw page of `GET /me/player/recently-played`; `file` is the
/// page's key. A `null` row is no play.
pub fn plays_of_page(bytes: &[u8], file: &str) -> Result<Vec<Play>> {
    let page = Paging::read(bytes, None)?;
    let mut plays = Vec::new();
    for (at, raw) in page.items.unwrap_or_default().into_iter().enumerate() {
        let Some(raw) = raw else { continue };
        let item: Item = serde_json::from_str(raw.get()).map_err(|error| {
            Error::invalid(format!("{file}, row {at} is no play")).caused_by(error)
        })?;
        plays.push(play(item, file, at as u64));
    }
    Ok(plays)
}

fn play(item: Item, file: &str, row: u64) -> Play {
    let track = item.track;
    let uri = track.as_ref().and_then(|track| track.uri.clone());
    let at = item.played_at.as_deref();
    let artist = track
        .as_ref()
        .and_then(|track| track.artists.as_ref()?.first()?.name.clone());
    let album = track
        .as_ref()
        .and_then(|track| track.album.as_ref()?.name.clone());
    Play {
        play_key: Play::key(&[Some("api"), at, uri.as_deref()]),
        origin: Origin::Api,
        kind: if uri.is_some() {
            Kind::Track
        } else {
            Kind::Unknown
        },
        played_at: at.and_then(|at| at.parse::<Timestamp>().ok()),
        ms_played: None,
        duration_ms: track.as_ref().and_then(|track| track.duration_ms),
        uri,
        title: track.and_then(|track| track.name),
        artist_or_show: artist,
        album_or_book: album,
        context_uri: item.context.and_then(|context| context.uri),
        platform: None,
        country: None,
        reason_start: None,
        reason_end: None,
        shuffle: None,
        skipped: None,
        offline: None,
        offline_at: None,
        incognito: None,
        ip_addr: None,
        username: None,
        user_agent: None,
        file: Some(file.to_owned()),
        row,
    }
}
