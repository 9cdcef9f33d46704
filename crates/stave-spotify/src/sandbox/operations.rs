//! Every operation of the Web API, by name: which scopes it asks for, which
//! class of app may call it, which bucket it is counted in, and whether the
//! sandbox answers it. Must not know how it is answered.
//!
//! Names as in Spotify's reference; classes as of February 2026. Spotify doesn't
//! publish its buckets: these follow what users have seen.

use super::options::Profile;

/// An operation that the sandbox answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Me,
    MyTracks,
    MyAlbums,
    MyShows,
    MyEpisodes,
    MyAudiobooks,
    MyFollowing,
    MyTop,
    RecentlyPlayed,
    MyPlaylists,
    MyContains(&'static str),
    FollowingContains,
    LibraryContains,
    Player,
    CurrentlyPlaying,
    Queue,
    Devices,
    Playlist,
    PlaylistItems,
    PlaylistTracks,
    PlaylistImages,
    PlaylistFollowers,
    Track,
    Tracks,
    Album,
    Albums,
    AlbumTracks,
    Artist,
    Artists,
    ArtistAlbums,
    ArtistTopTracks,
    RelatedArtists,
    Show,
    Shows,
    ShowEpisodes,
    Episode,
    Episodes,
    Audiobook,
    Audiobooks,
    AudiobookChapters,
    Chapter,
    Chapters,
    Search,
    NewReleases,
    Categories,
    Category,
    CategoryPlaylists,
    FeaturedPlaylists,
    Markets,
    User,
    UserPlaylists,
    AudioFeatures,
    AudioFeaturesOfMany,
    AudioAnalysis,
    Recommendations,
    GenreSeeds,
}

/// Which classes of app may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    All,
    /// Gone for client ids of development mode from February 2026 on.
    NotNew,
    /// Gone since 2024-11-27 but for apps that had it.
    Extended,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) bucket: &'static str,
    /// The scopes it asks for; one of them is enough when `any_scope`.
    pub(super) scopes: &'static [&'static str],
    pub(super) any_scope: bool,
    /// Whether it needs a user's token.
    pub(super) user: bool,
    access: Access,
    /// None: known, and not implemented.
    pub(super) read: Option<Read>,
}

impl Operation {
    /// Whether an app of a class may call it.
    pub(super) fn open_to(&self, profile: Profile) -> bool {
        match self.access {
            Access::All => true,
            Access::NotNew => profile != Profile::DevNew,
            Access::Extended => profile == Profile::Extended,
        }
    }

    /// What stands in the path's braces, when the path is this operation's.
    fn ids<'a>(&self, segments: &[&'a str]) -> Option<Vec<&'a str>> {
        let mut parts = self.path.split('/').skip(1);
        let mut ids = Vec::new();
        for segment in segments {
            match parts.next()? {
                "{id}" => ids.push(*segment),
                part if part == *segment => {}
                _ => return None,
            }
        }
        parts.next().is_none().then_some(ids)
    }

    const fn scope(mut self, scopes: &'static [&'static str]) -> Self {
        self.scopes = scopes;
        self.user = true;
        self
    }

    const fn any_of(self, scopes: &'static [&'static str]) -> Self {
        let mut operation = self.scope(scopes);
        operation.any_scope = true;
        operation
    }

    const fn user(mut self) -> Self {
        self.user = true;
        self
    }

    const fn not_new(mut self) -> Self {
        self.access = Access::NotNew;
        self
    }

    const fn extended(mut self) -> Self {
        self.access = Access::Extended;
        self
    }
}

/// What a method and a path come to.
pub(super) enum Found<'a> {
    Operation(&'static Operation, Vec<&'a str>),
    WrongMethod,
    Nothing,
}

/// Finds the operation of a path below `/v1`; slashes at its end don't count.
pub(super) fn find<'a>(method: &str, path: &'a str) -> Found<'a> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut wrong_method = false;
    for operation in OPERATIONS {
        if let Some(ids) = operation.ids(&segments) {
            if operation.method == method {
                return Found::Operation(operation, ids);
            }
            wrong_method = true;
        }
    }
    if wrong_method {
        Found::WrongMethod
    } else {
        Found::Nothing
    }
}

/// The buckets that quotas are counted in.
pub(super) fn buckets() -> Vec<&'static str> {
    let mut buckets: Vec<&str> = OPERATIONS
        .iter()
        .map(|operation| operation.bucket)
        .collect();
    buckets.sort_unstable();
    buckets.dedup();
    buckets
}

const fn get(
    path: &'static str,
    name: &'static str,
    bucket: &'static str,
    read: Read,
) -> Operation {
    Operation {
        method: "GET",
        path,
        name,
        bucket,
        scopes: &[],
        any_scope: false,
        user: false,
        access: Access::All,
        read: Some(read),
    }
}

const fn write(method: &'static str, path: &'static str, name: &'static str) -> Operation {
    Operation {
        method,
        path,
        name,
        bucket: "write",
        scopes: &[],
        any_scope: false,
        user: true,
        access: Access::All,
        read: None,
    }
}

const LIBRARY: &[&str] = &["user-library-read"];
const EPISODES: &[&str] = &["user-library-read", "user-read-playback-position"];
const PLAYBACK: &[&str] = &["user-read-playback-state"];
const PLAYING: &[&str] = &["user-read-currently-playing", "user-read-playback-state"];

/// Paths with fixed words stand before those with ids in the same place.
#[rustfmt::skip]
static OPERATIONS: &[Operation] = &[
    get("/me", "Get Current User's Profile", "me", Read::Me).user(),
    get("/me/tracks/contains", "Check User's Saved Tracks", "contains", Read::MyContains("track")).scope(LIBRARY).not_new(),
    get("/me/albums/contains", "Check User's Saved Albums", "contains", Read::MyContains("album")).scope(LIBRARY).not_new(),
    get("/me/shows/contains", "Check User's Saved Shows", "contains", Read::MyContains("show")).scope(LIBRARY).not_new(),
    get("/me/episodes/contains", "Check User's Saved Episodes", "contains", Read::MyContains("episode")).scope(LIBRARY).not_new(),
    get("/me/audiobooks/contains", "Check User's Saved Audiobooks", "contains", Read::MyContains("audiobook")).scope(LIBRARY).not_new(),
    get("/me/following/contains", "Check If User Follows Artists or Users", "contains", Read::FollowingContains).scope(&["user-follow-read"]).not_new(),
    get("/me/library/contains", "Check User's Saved Items", "contains", Read::LibraryContains).scope(LIBRARY),
    get("/me/tracks", "Get User's Saved Tracks", "me.tracks", Read::MyTracks).scope(LIBRARY),
    get("/me/albums", "Get User's Saved Albums", "me.albums", Read::MyAlbums).scope(LIBRARY),
    get("/me/shows", "Get User's Saved Shows", "me.shows", Read::MyShows).scope(LIBRARY),
    get("/me/episodes", "Get User's Saved Episodes", "me.episodes", Read::MyEpisodes).scope(EPISODES),
    get("/me/audiobooks", "Get User's Saved Audiobooks", "me.audiobooks", Read::MyAudiobooks).scope(LIBRARY),
    get("/me/following", "Get Followed Artists", "me.following", Read::MyFollowing).scope(&["user-follow-read"]),
    get("/me/top/{id}", "Get User's Top Items", "me.top", Read::MyTop).scope(&["user-top-read"]),
    get("/me/playlists", "Get Current User's Playlists", "me.playlists", Read::MyPlaylists).scope(&["playlist-read-private"]),
    get("/me/player/recently-played", "Get Recently Played Tracks", "me.plays", Read::RecentlyPlayed).scope(&["user-read-recently-played"]),
    get("/me/player/currently-playing", "Get Currently Playing Track", "me.player", Read::CurrentlyPlaying).any_of(PLAYING),
    get("/me/player/queue", "Get the User's Queue", "me.player", Read::Queue).any_of(PLAYING),
    get("/me/player/devices", "Get Available Devices", "me.player", Read::Devices).scope(PLAYBACK),
    get("/me/player", "Get Playback State", "me.player", Read::Player).scope(PLAYBACK),
    get("/playlists/{id}/followers/contains", "Check if Current User Follows Playlist", "contains", Read::PlaylistFollowers).user().not_new(),
    get("/playlists/{id}/items", "Get Playlist Items", "playlists.items", Read::PlaylistItems),
    get("/playlists/{id}/tracks", "Get Playlist Items [DEPRECATED]", "playlists.items", Read::PlaylistTracks),
    get("/playlists/{id}/images", "Get Playlist Cover Image", "playlists", Read::PlaylistImages),
    get("/playlists/{id}", "Get Playlist", "playlists", Read::Playlist),
    get("/tracks/{id}", "Get Track", "tracks", Read::Track),
    get("/tracks", "Get Several Tracks", "tracks", Read::Tracks).not_new(),
    get("/albums/{id}/tracks", "Get Album Tracks", "albums.tracks", Read::AlbumTracks),
    get("/albums/{id}", "Get Album", "albums", Read::Album),
    get("/albums", "Get Several Albums", "albums", Read::Albums).not_new(),
    get("/artists/{id}/albums", "Get Artist's Albums", "artists.albums", Read::ArtistAlbums),
    get("/artists/{id}/top-tracks", "Get Artist's Top Tracks", "artists.top-tracks", Read::ArtistTopTracks).not_new(),
    get("/artists/{id}/related-artists", "Get Artist's Related Artists", "artists", Read::RelatedArtists).extended(),
    get("/artists/{id}", "Get Artist", "artists", Read::Artist),
    get("/artists", "Get Several Artists", "artists", Read::Artists).not_new(),
    get("/shows/{id}/episodes", "Get Show Episodes", "shows.episodes", Read::ShowEpisodes),
    get("/shows/{id}", "Get Show", "shows", Read::Show),
    get("/shows", "Get Several Shows", "shows", Read::Shows).not_new(),
    get("/episodes/{id}", "Get Episode", "episodes", Read::Episode),
    get("/episodes", "Get Several Episodes", "episodes", Read::Episodes).not_new(),
    get("/audiobooks/{id}/chapters", "Get Audiobook Chapters", "audiobooks", Read::AudiobookChapters),
    get("/audiobooks/{id}", "Get an Audiobook", "audiobooks", Read::Audiobook),
    get("/audiobooks", "Get Several Audiobooks", "audiobooks", Read::Audiobooks).not_new(),
    get("/chapters/{id}", "Get a Chapter", "chapters", Read::Chapter),
    get("/chapters", "Get Several Chapters", "chapters", Read::Chapters).not_new(),
    get("/search", "Search for Item", "search", Read::Search),
    get("/browse/new-releases", "Get New Releases", "browse", Read::NewReleases).not_new(),
    get("/browse/categories/{id}/playlists", "Get Category's Playlists", "browse", Read::CategoryPlaylists).extended(),
    get("/browse/categories/{id}", "Get Single Browse Category", "browse", Read::Category).not_new(),
    get("/browse/categories", "Get Several Browse Categories", "browse", Read::Categories).not_new(),
    get("/browse/featured-playlists", "Get Featured Playlists", "browse", Read::FeaturedPlaylists).extended(),
    get("/markets", "Get Available Markets", "browse", Read::Markets).not_new(),
    get("/users/{id}/playlists", "Get User's Playlists", "users", Read::UserPlaylists).not_new(),
    get("/users/{id}", "Get User's Profile", "users", Read::User).not_new(),
    get("/audio-features/{id}", "Get Track's Audio Features", "audio", Read::AudioFeatures).extended(),
    get("/audio-features", "Get Several Tracks' Audio Features", "audio", Read::AudioFeaturesOfMany).extended(),
    get("/audio-analysis/{id}", "Get Track's Audio Analysis", "audio", Read::AudioAnalysis).extended(),
    get("/recommendations/available-genre-seeds", "Get Available Genre Seeds", "browse", Read::GenreSeeds).extended(),
    get("/recommendations", "Get Recommendations", "browse", Read::Recommendations).extended(),
    write("PUT", "/me/tracks", "Save Tracks for Current User"),
    write("DELETE", "/me/tracks", "Remove User's Saved Tracks"),
    write("PUT", "/me/albums", "Save Albums for Current User"),
    write("DELETE", "/me/albums", "Remove Users' Saved Albums"),
    write("PUT", "/me/shows", "Save Shows for Current User"),
    write("DELETE", "/me/shows", "Remove User's Saved Shows"),
    write("PUT", "/me/episodes", "Save Episodes for Current User"),
    write("DELETE", "/me/episodes", "Remove User's Saved Episodes"),
    write("PUT", "/me/audiobooks", "Save Audiobooks for Current User"),
    write("DELETE", "/me/audiobooks", "Remove User's Saved Audiobooks"),
    write("PUT", "/me/library", "Save Items to Library"),
    write("DELETE", "/me/library", "Remove Items from Library"),
    write("PUT", "/me/following", "Follow Artists or Users"),
    write("DELETE", "/me/following", "Unfollow Artists or Users"),
    write("POST", "/me/playlists", "Create Playlist"),
    write("POST", "/users/{id}/playlists", "Create Playlist for User"),
    write("PUT", "/playlists/{id}", "Change Playlist Details"),
    write("POST", "/playlists/{id}/items", "Add Items to Playlist"),
    write("PUT", "/playlists/{id}/items", "Update Playlist Items"),
    write("DELETE", "/playlists/{id}/items", "Remove Playlist Items"),
    write("POST", "/playlists/{id}/tracks", "Add Items to Playlist [DEPRECATED]"),
    write("PUT", "/playlists/{id}/tracks", "Update Playlist Items [DEPRECATED]"),
    write("DELETE", "/playlists/{id}/tracks", "Remove Playlist Items [DEPRECATED]"),
    write("PUT", "/playlists/{id}/images", "Add Custom Playlist Cover Image"),
    write("PUT", "/playlists/{id}/followers", "Follow Playlist"),
    write("DELETE", "/playlists/{id}/followers", "Unfollow Playlist"),
    write("PUT", "/me/player", "Transfer Playback"),
    write("PUT", "/me/player/play", "Start/Resume Playback"),
    write("PUT", "/me/player/pause", "Pause Playback"),
    write("POST", "/me/player/next", "Skip To Next"),
    write("POST", "/me/player/previous", "Skip To Previous"),
    write("PUT", "/me/player/seek", "Seek To Position"),
    write("PUT", "/me/player/repeat", "Set Repeat Mode"),
    write("PUT", "/me/player/volume", "Set Playback Volume"),
    write("PUT", "/me/player/shuffle", "Toggle Playback Shuffle"),
    write("POST", "/me/player/queue", "Add Item to Playback Queue"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_finds_its_own_operation() {
        // The spec of May 2026 has 96; its two of /me/top are one here.
        assert_eq!(OPERATIONS.len(), 96);
        for operation in OPERATIONS {
            let path = operation.path.replace("{id}", "x1");
            let Found::Operation(found, _) = find(operation.method, &format!("{path}/")) else {
                panic!("{path} is not found");
            };
            assert_eq!(found.path, operation.path);
        }
        assert!(matches!(find("PUT", "/search"), Found::WrongMethod));
        assert!(matches!(find("GET", "/nothing"), Found::Nothing));
    }

    #[test]
    fn only_writing_is_not_implemented() {
        for operation in OPERATIONS {
            assert_eq!(
                operation.read.is_some(),
                operation.method == "GET",
                "{}",
                operation.name
            );
        }
    }
}
