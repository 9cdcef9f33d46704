//! A play, out of the export or out of the API.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Where a play comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The account's export.
    Export,
    /// `GET /me/player/recently-played`.
    Api,
}

/// What was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A song.
    Track,
    /// An episode of a podcast.
    Episode,
    /// A chapter of an audiobook.
    Audiobook,
    /// The row doesn't say.
    Unknown,
}

/// A play: one row of the table of plays.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Play {
    /// The same for the same play in every export.
    pub play_key: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What was played.
    pub kind: Kind,
    /// When it ended, UTC; for plays of the API sometimes when it began.
    /// Nothing where the row's time can't be read.
    pub played_at: Option<Timestamp>,
    /// How long it was played; the API doesn't say.
    pub ms_played: Option<i64>,
    /// How long the track is; the export doesn't say.
    pub duration_ms: Option<i64>,
    /// `spotify:track:…`, `spotify:episode:…`, or the chapter's URI.
    pub uri: Option<String>,
    /// The track, the episode or the chapter.
    pub title: Option<String>,
    /// The album's artist, the show, or nothing.
    pub artist_or_show: Option<String>,
    /// The album, or the audiobook.
    pub album_or_book: Option<String>,
    /// What it was played from, such as a playlist; only the API says.
    pub context_uri: Option<String>,
    /// The kind of device, as Spotify words it.
    pub platform: Option<String>,
    /// The country of the connection, two letters.
    pub country: Option<String>,
    /// Why it began.
    pub reason_start: Option<String>,
    /// Why it ended.
    pub reason_end: Option<String>,
    /// Whether it was shuffled.
    pub shuffle: Option<bool>,
    /// Whether it was skipped.
    pub skipped: Option<bool>,
    /// Whether the device was offline.
    pub offline: Option<bool>,
    /// When the offline play was, UTC; seconds and milliseconds are told apart.
    pub offline_at: Option<Timestamp>,
    /// Whether it was a private session.
    pub incognito: Option<bool>,
    /// The address it was played from; only where it was asked for.
    pub ip_addr: Option<String>,
    /// The user's name; only where it was asked for.
    pub username: Option<String>,
    /// The user agent; only where it was asked for.
    pub user_agent: Option<String>,
    /// The file in the export.
    pub file: Option<String>,
    /// Which row of that file, from 0.
    pub row: u64,
}

impl Play {
    /// The content's key: 128 bits of SHA-256 over the fields that every
    /// export of both eras has for a play. Address, name, device and whatever
    /// Spotify words differently from export to export stay out of it.
    pub(super) fn key(fields: &[Option<&str>]) -> String {
        let mut bytes = Vec::with_capacity(128);
        for field in fields {
            // Length first, so that no two rows run together; nothing differs from empty.
            match field {
                None => bytes.push(u8::MAX),
                Some(text) => {
                    let length = text.len().min(254) as u8;
                    bytes.push(length);
                    if length == 254 {
                        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    }
                    bytes.extend_from_slice(text.as_bytes());
                }
            }
        }
        let digest = Sha256::digest(&bytes);
        let mut key = String::with_capacity(32);
        for byte in digest.iter().take(16) {
            for digit in [byte >> 4, byte & 15] {
                key.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
        key
    }
}
