//! The streams that can be extracted.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::client::{Endpoint, Error, Result};

/// A stream of the extractor. The order is that of a run: what perishes first
/// comes first, what needs the others' rows comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// The recently played tracks: the last 50 plays, no more.
    Plays,
    /// The account itself.
    Me,
    /// The top artists of three ranges, once a day.
    TopArtists,
    /// The top tracks of three ranges, once a day.
    TopTracks,
    /// The liked songs, by `added_at`.
    SavedTracks,
    /// The saved albums, by `added_at`.
    SavedAlbums,
    /// The saved shows, by `added_at`.
    SavedShows,
    /// The saved episodes, by `added_at`.
    SavedEpisodes,
    /// The saved audiobooks, by `added_at`; in the six markets that have them.
    SavedAudiobooks,
    /// The followed artists; always all of them.
    FollowedArtists,
    /// The list of the user's playlists.
    Playlists,
    /// What is in the playlists, where their `snapshot_id` has changed.
    PlaylistItems,
    /// Tracks by id that no other stream embeds, once each.
    Tracks,
    /// The albums of all tracks seen, once each.
    Albums,
    /// The artists of all tracks seen, once each.
    Artists,
}

impl Stream {
    /// Every stream, in the order of a run.
    pub const ALL: [Self; 15] = [
        Self::Plays,
        Self::Me,
        Self::TopArtists,
        Self::TopTracks,
        Self::SavedTracks,
        Self::SavedAlbums,
        Self::SavedShows,
        Self::SavedEpisodes,
        Self::SavedAudiobooks,
        Self::FollowedArtists,
        Self::Playlists,
        Self::PlaylistItems,
        Self::Tracks,
        Self::Albums,
        Self::Artists,
    ];

    /// Its name, as on the command line and in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plays => "plays",
            Self::Me => "me",
            Self::TopArtists => "top_artists",
            Self::TopTracks => "top_tracks",
            Self::SavedTracks => "saved_tracks",
            Self::SavedAlbums => "saved_albums",
            Self::SavedShows => "saved_shows",
            Self::SavedEpisodes => "saved_episodes",
            Self::SavedAudiobooks => "saved_audiobooks",
            Self::FollowedArtists => "followed_artists",
            Self::Playlists => "playlists",
            Self::PlaylistItems => "playlist_items",
            Self::Tracks => "tracks",
            Self::Albums => "albums",
            Self::Artists => "artists",
        }
    }

    /// The stream of that name.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|stream| stream.name() == name)
            .ok_or_else(|| {
                Error::invalid(format!("there is no stream {name:.40?}")).hint(format!(
                    "the streams are {}",
                    Self::ALL.map(Self::name).join(", ")
                ))
            })
    }

    /// The endpoint that its first page comes from.
    pub fn endpoint(self) -> Endpoint {
        match self {
            Self::Plays => Endpoint::RecentlyPlayed,
            Self::Me => Endpoint::Me,
            Self::TopArtists => Endpoint::TopArtists,
            Self::TopTracks => Endpoint::TopTracks,
            Self::SavedTracks => Endpoint::SavedTracks,
            Self::SavedAlbums => Endpoint::SavedAlbums,
            Self::SavedShows => Endpoint::SavedShows,
            Self::SavedEpisodes => Endpoint::SavedEpisodes,
            Self::SavedAudiobooks => Endpoint::SavedAudiobooks,
            Self::FollowedArtists => Endpoint::FollowedArtists,
            Self::Playlists => Endpoint::MyPlaylists,
            Self::PlaylistItems => Endpoint::Playlist,
            Self::Tracks => Endpoint::Track,
            Self::Albums => Endpoint::Album,
            Self::Artists => Endpoint::Artist,
        }
    }

    /// Whether it is filled id by id, within a budget.
    pub fn is_dimension(self) -> bool {
        matches!(self, Self::Tracks | Self::Albums | Self::Artists)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
