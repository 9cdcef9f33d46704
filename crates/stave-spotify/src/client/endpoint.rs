//! The endpoints that are read, with their scope, page size and quota bucket.

use serde::{Deserialize, Serialize};

/// A read endpoint of the Web API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `GET /me`
    Me,
    /// `GET /me/tracks`
    SavedTracks,
    /// `GET /me/albums`
    SavedAlbums,
    /// `GET /me/shows`
    SavedShows,
    /// `GET /me/episodes`
    SavedEpisodes,
    /// `GET /me/audiobooks`
    SavedAudiobooks,
    /// `GET /me/following?type=artist`
    FollowedArtists,
    /// `GET /me/top/artists`
    TopArtists,
    /// `GET /me/top/tracks`
    TopTracks,
    /// `GET /me/player/recently-played`
    RecentlyPlayed,
    /// `GET /me/playlists`
    MyPlaylists,
    /// `GET /playlists/{id}`
    Playlist,
    /// `GET /playlists/{id}/items`, and `/tracks` as it was called before
    PlaylistItems,
    /// `GET /tracks/{id}`
    Track,
    /// `GET /albums/{id}`
    Album,
    /// `GET /artists/{id}`
    Artist,
    /// `GET /tracks?ids=`
    Tracks,
    /// `GET /albums?ids=`
    Albums,
    /// `GET /artists?ids=`
    Artists,
}

impl Endpoint {
    /// Every endpoint that is read.
    pub const ALL: [Self; 19] = [
        Self::Me,
        Self::SavedTracks,
        Self::SavedAlbums,
        Self::SavedShows,
        Self::SavedEpisodes,
        Self::SavedAudiobooks,
        Self::FollowedArtists,
        Self::TopArtists,
        Self::TopTracks,
        Self::RecentlyPlayed,
        Self::MyPlaylists,
        Self::Playlist,
        Self::PlaylistItems,
        Self::Track,
        Self::Album,
        Self::Artist,
        Self::Tracks,
        Self::Albums,
        Self::Artists,
    ];

    /// The quota bucket. Spotify doesn't publish its buckets; what has been
    /// seen fits one for each endpoint.
    pub fn bucket(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::SavedTracks => "me-tracks",
            Self::SavedAlbums => "me-albums",
            Self::SavedShows => "me-shows",
            Self::SavedEpisodes => "me-episodes",
            Self::SavedAudiobooks => "me-audiobooks",
            Self::FollowedArtists => "me-following",
            Self::TopArtists => "me-top-artists",
            Self::TopTracks => "me-top-tracks",
            Self::RecentlyPlayed => "recently-played",
            Self::MyPlaylists => "me-playlists",
            Self::Playlist => "playlist",
            Self::PlaylistItems => "playlist-items",
            Self::Track => "track",
            Self::Album => "album",
            Self::Artist => "artist",
            Self::Tracks => "tracks",
            Self::Albums => "albums",
            Self::Artists => "artists",
        }
    }

    /// The scopes a user has to grant; all are needed.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::SavedTracks | Self::SavedAlbums | Self::SavedShows | Self::SavedAudiobooks => {
                &["user-library-read"]
            }
            Self::SavedEpisodes => &["user-library-read", "user-read-playback-position"],
            Self::FollowedArtists => &["user-follow-read"],
            Self::TopArtists | Self::TopTracks => &["user-top-read"],
            Self::RecentlyPlayed => &["user-read-recently-played"],
            Self::MyPlaylists => &["playlist-read-private"],
            _ => &[],
        }
    }

    /// Whether it answers only for a user that has logged in.
    pub fn needs_user(self) -> bool {
        !matches!(
            self,
            Self::Playlist
                | Self::PlaylistItems
                | Self::Track
                | Self::Album
                | Self::Artist
                | Self::Tracks
                | Self::Albums
                | Self::Artists
        )
    }

    /// The most ids or rows that one call is known to give to some app.
    pub fn widest(self) -> u32 {
        match self {
            Self::PlaylistItems => 100,
            Self::Albums => 20,
            Self::Me | Self::Playlist | Self::Track | Self::Album | Self::Artist => 1,
            _ => 50,
        }
    }
}
