//! The keys of raw objects.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::stream::Stream;

/// How many pages an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grain {
    /// One object a page, exactly as it was sent.
    #[default]
    Page,
    /// One object for all pages of a list in a run: the first page's own
    /// fields, and the rows of all pages, each row's bytes unchanged.
    Run,
}

/// Where raw objects go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// As the public pipelines write: playlist items under
    /// `raw_data/to_processed/spotify_raw_<str(datetime.now())>.json`, shaped
    /// as `playlist_tracks` answers, so that other people's transforms read
    /// them. The other streams, which those can't read, go under
    /// `raw_data/<stream>/`.
    #[default]
    Public,
    /// `raw_data/spotify/<account>/<stream>/[<part>/]<begin>/page-00000.json`
    ByStream,
}

/// What a key is made of.
pub(super) struct Name<'a> {
    pub account: &'a str,
    pub stream: Stream,
    pub part: Option<&'a str>,
    /// When the walk began, in microseconds; no two walks of an account share it.
    pub begun: i64,
    /// The page's own moment, in microseconds; no two pages of an account share it.
    pub stamp: i64,
    pub page: u32,
}

impl Layout {
    pub(super) fn key(self, name: &Name<'_>) -> String {
        let stream = name.stream;
        match self {
            Self::Public if stream == Stream::PlaylistItems => format!(
                "raw_data/to_processed/spotify_raw_{}.json",
                python_now(name.stamp)
            ),
            Self::Public => format!(
                "raw_data/{stream}/spotify_{stream}_{}.json",
                python_now(name.stamp)
            ),
            Self::ByStream => {
                let part = name.part.map(|part| format!("{part}/")).unwrap_or_default();
                format!(
                    "raw_data/spotify/{}/{stream}/{part}{}/page-{:05}.json",
                    name.account,
                    compact(name.begun),
                    name.page
                )
            }
        }
    }

    /// What kinds of playlist entries are asked for. The transforms of others
    /// expect a track in every entry; Spotify then shapes episodes as tracks.
    pub(super) fn additional_types(self) -> &'static str {
        match self {
            Self::Public => "track",
            Self::ByStream => "track,episode",
        }
    }
}

fn moment(micros: i64) -> jiff::Zoned {
    Timestamp::from_microsecond(micros)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned(TimeZone::UTC)
}

/// As Python prints `datetime.now()` in UTC: no fraction where it is zero.
fn python_now(micros: i64) -> String {
    let whole = micros.rem_euclid(1_000_000) == 0;
    let format = if whole {
        "%Y-%m-%d %H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S.%6f"
    };
    moment(micros).strftime(format).to_string()
}

pub(super) fn compact(micros: i64) -> String {
    moment(micros).strftime("%Y%m%dT%H%M%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_public_pipelines() {
        let micros = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        for (at, key) in [
            ("2026-11-21T12:31:51.000120Z", "2026-11-21 12:31:51.000120"),
            ("2026-11-21T12:31:51Z", "2026-11-21 12:31:51"),
        ] {
            let name = |stream| Name {
                account: "me",
                stream,
                part: Some("37i9dQZEVXbNG2KDcFcKOF"),
                begun: micros(at),
                stamp: micros(at),
                page: 7,
            };
            assert_eq!(
                Layout::Public.key(&name(Stream::PlaylistItems)),
                format!("raw_data/to_processed/spotify_raw_{key}.json")
            );
            assert_eq!(
                Layout::Public.key(&name(Stream::SavedTracks)),
                format!("raw_data/saved_tracks/spotify_saved_tracks_{key}.json")
            );
        }
    }
}
