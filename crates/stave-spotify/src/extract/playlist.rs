//! A playlist's id, out of what people paste.

use std::fmt;

use url::Url;

use crate::client::{Error, Result};

/// The 22 characters that name a playlist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaylistId(String);

impl PlaylistId {
    /// Reads an id, a URI (`spotify:playlist:ID`, or the old
    /// `spotify:user:NAME:playlist:ID`) or a URL
    /// (`https://open.spotify.com/[intl-xx/][embed/]playlist/ID?si=…`).
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let id = if text.starts_with("http://") || text.starts_with("https://") {
            of_url(text)
        } else if let Some(uri) = text.strip_prefix("spotify:") {
            of_uri(uri)
        } else {
            Some(text.to_owned())
        };
        id.filter(|id| is_id(id)).map(Self).ok_or_else(|| {
            Error::invalid(format!("{text:.120?} names no playlist")).hint(
                "give its 22-character id, its spotify:playlist: URI, or its open.spotify.com address",
            )
        })
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlaylistId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is an id of Spotify's catalogue; nothing else goes into a path.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn of_uri(uri: &str) -> Option<String> {
    let parts: Vec<&str> = uri.split(':').collect();
    match parts[..] {
        ["playlist", id] | ["user", _, "playlist", id] => Some(id.to_owned()),
        _ => None,
    }
}

fn of_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    if !matches!(url.host_str()?, "open.spotify.com" | "play.spotify.com") {
        return None;
    }
    let mut parts = url.path_segments()?;
    parts.find(|part| *part == "playlist")?;
    parts.next().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_read() {
        let id = "37i9dQZEVXbNG2KDcFcKOF";
        for text in [
            id.to_owned(),
            format!(" {id}\n"),
            format!("spotify:playlist:{id}"),
            format!("spotify:user:spotify:playlist:{id}"),
            format!("https://open.spotify.com/playlist/{id}?si=1333723a6eff4b7f"),
            format!("https://open.spotify.com/intl-de/playlist/{id}"),
            format!("https://open.spotify.com/embed/playlist/{id}/"),
            format!("http://open.spotify.com/user/spotify/playlist/{id}"),
        ] {
            assert_eq!(PlaylistId::parse(&text).unwrap().as_str(), id, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "37i9dQZEVXbNG2KDcFcKO",
            "../../../../me/tracks?x=",
            "37i9dQZEVXbNG2KDcFcKO/",
            "spotify:track:37i9dQZEVXbNG2KDcFcKOF",
            "spotify:album:37i9dQZEVXbNG2KDcFcKOF:playlist",
            "https://open.spotify.com/album/37i9dQZEVXbNG2KDcFcKOF",
            "https://open.spotify.com.example.com/playlist/37i9dQZEVXbNG2KDcFcKOF",
            "https://open.spotify.com/playlist",
        ] {
            assert!(PlaylistId::parse(text).is_err(), "{text}");
        }
    }
}
