//! The lists of each stream: where they begin, and how they are walked.

use super::stream::Stream;
use crate::client::Request;

/// The three ranges of the top lists.
const RANGES: [&str; 3] = ["short_term", "medium_term", "long_term"];

/// How a list is shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One object that is no list.
    Single,
    /// Pages; all of them.
    Pages,
    /// Pages inside the member of that name.
    Wrapped(&'static str),
    /// Pages, newest first: until what the last run has seen.
    NewestFirst,
    /// The plays: followed only while nothing is known.
    Plays,
    /// The list of playlists.
    Playlists,
    /// A playlist with its first page in it, then pages.
    Playlist,
}

/// A list to walk through.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    /// Its name among the checkpoints.
    pub key: String,
    pub stream: Stream,
    pub part: Option<String>,
    pub first: Request,
    pub shape: Shape,
}

impl Listing {
    fn new(stream: Stream, path: &str, shape: Shape) -> Self {
        Self {
            key: stream.name().to_owned(),
            stream,
            part: None,
            first: Request::new(stream.endpoint(), path),
            shape,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.first = self.first.with(name, value);
        self
    }

    /// The playlist `id` with its entries.
    pub fn playlist(id: &str, additional_types: &str) -> Self {
        let mut listing = Self::new(
            Stream::PlaylistItems,
            &format!("playlists/{id}"),
            Shape::Playlist,
        )
        .with("additional_types", additional_types);
        listing.key = format!("{}/{id}", listing.stream);
        listing.part = Some(id.to_owned());
        listing
    }

    /// The name that its mark is kept under.
    pub fn mark(&self) -> String {
        match (&self.part, self.stream) {
            (Some(range), Stream::TopArtists | Stream::TopTracks) => {
                format!("{}/{range}", self.stream)
            }
            _ => self.key.clone(),
        }
    }

    pub fn wrapped(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Wrapped(name) => Some(name),
            _ => None,
        }
    }

    /// Whether its rows are what a newer mark is made of.
    pub fn is_incremental(&self) -> bool {
        matches!(self.shape, Shape::NewestFirst | Shape::Plays)
    }
}

/// The lists of `stream`; none where they aren't known beforehand. `day` is today in UTC.
pub(super) fn listings(stream: Stream, day: &str) -> Vec<Listing> {
    let paged = |path, shape| vec![Listing::new(stream, path, shape).with("limit", "50")];
    match stream {
        Stream::Me => vec![Listing::new(stream, "me", Shape::Single)],
        Stream::Plays => paged("me/player/recently-played", Shape::Plays),
        Stream::SavedTracks => paged("me/tracks", Shape::NewestFirst),
        Stream::SavedAlbums => paged("me/albums", Shape::NewestFirst),
        Stream::SavedShows => paged("me/shows", Shape::NewestFirst),
        Stream::SavedEpisodes => paged("me/episodes", Shape::NewestFirst),
        Stream::SavedAudiobooks => paged("me/audiobooks", Shape::NewestFirst),
        Stream::Playlists => paged("me/playlists", Shape::Playlists),
        Stream::FollowedArtists => vec![
            Listing::new(stream, "me/following", Shape::Wrapped("artists"))
                .with("type", "artist")
                .with("limit", "50"),
        ],
        Stream::TopArtists => top(stream, "me/top/artists", day),
        Stream::TopTracks => top(stream, "me/top/tracks", day),
        Stream::PlaylistItems | Stream::Tracks | Stream::Albums | Stream::Artists => Vec::new(),
    }
}

fn top(stream: Stream, path: &str, day: &str) -> Vec<Listing> {
    let range = |range: &str| {
        let mut listing = Listing::new(stream, path, Shape::Pages)
            .with("time_range", range)
            .with("limit", "50");
        listing.key = format!("{stream}/{range}/{day}");
        listing.part = Some(range.to_owned());
        listing
    };
    RANGES.map(range).into()
}
