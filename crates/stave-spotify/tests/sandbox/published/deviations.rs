//! Where the document is wrong, or behind: what the sandbox answers instead, and why.

/// When it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// In every world.
    Always,
    /// In a world with warts.
    Warts,
}

/// Saved audiobooks are answered as every other shelf, with `added_at`; so Sonallux corrects it.
pub(super) const SAVED_AUDIOBOOKS: (&str, &str) = (
    "GET /me/audiobooks: PagingSimplifiedAudiobookObject",
    "PagingSavedAudiobookObject = PagingObject: items [SavedAudiobookObject]\n\
     SavedAudiobookObject: added_at time, audiobook SimplifiedAudiobookObject\n\
     GET /me/audiobooks: PagingSavedAudiobookObject",
);

/// When, what, and why.
pub(super) const DEVIATIONS: &[(Seen, &[&str], &str)] = &[
    (
        Seen::Always,
        &[
            "CursorPagingPlayHistoryObject.next: null",
            "PlayHistoryObject.context: null",
            "QueueObject.currently_playing: null",
            "RecommendationSeedObject.href: null",
            "PlaylistObject.public: null",
            "SimplifiedPlaylistObject.public: null",
        ],
        "the document's own words say that they can be null, its types don't",
    ),
    (
        Seen::Always,
        &[
            "SimplifiedAlbumObject.available_markets: missing",
            "SimplifiedAlbumObject.is_playable: not in the document",
        ],
        "with a market an album says whether it plays there, as tracks do (track relinking)",
    ),
    (
        Seen::Always,
        &[
            "TrackObject.episode: not in the document",
            "TrackObject.track: not in the document",
            "PlaylistObject.primary_color: not in the document",
            "SimplifiedPlaylistObject.primary_color: not in the document",
            "PlaylistTrackObject.primary_color: not in the document",
            "PlaylistTrackObject.video_thumbnail: not in the document",
            "CurrentlyPlayingContextObject.smart_shuffle: not in the document",
        ],
        "sent, and never documented",
    ),
    (
        Seen::Always,
        &["DisallowsObject.disallows: not in the document"],
        "`actions` holds the flags one level deeper, in `disallows`",
    ),
    (
        Seen::Always,
        &["PrivateUserObject.account_id: not in the document"],
        "came in May 2026",
    ),
    (
        Seen::Warts,
        &[
            "EpisodeObject.episode: not in the document",
            "EpisodeObject.track: not in the document",
            "PlaylistTrackObject.track: an episode as a track",
        ],
        "episodes in playlists: told apart by undocumented flags, or shaped as tracks for clients \
         that did not ask for episodes",
    ),
    (
        Seen::Warts,
        &[
            "PagingSimplifiedEpisodeObject.items: null",
            "PlaylistTrackObject.track: null",
        ],
        "null in place of what is gone",
    ),
    (
        Seen::Warts,
        &[
            "PlaylistTrackObject.added_at: null",
            "PlaylistTrackObject.added_by: null",
        ],
        "very old playlists, as the document's own words say",
    ),
    (
        Seen::Warts,
        &[
            "PlaylistObject.images: null",
            "SimplifiedPlaylistObject.images: null",
        ],
        "null in place of no images, where a playlist is empty",
    ),
    (
        Seen::Warts,
        &[
            "SimplifiedAlbumObject.release_date: null",
            "SimplifiedAlbumObject.release_date_precision: null",
        ],
        "albums whose date nobody knows",
    ),
    (
        Seen::Warts,
        &[
            "local ArtistObject.href: null",
            "local ArtistObject.id: null",
            "local ArtistObject.uri: null",
            "local SimplifiedAlbumObject.album_type: null",
            "local SimplifiedAlbumObject.href: null",
            "local SimplifiedAlbumObject.id: null",
            "local SimplifiedAlbumObject.release_date: null",
            "local SimplifiedAlbumObject.release_date_precision: null",
            "local SimplifiedAlbumObject.total_tracks: missing",
            "local SimplifiedAlbumObject.uri: null",
            "local TrackObject.href: null",
            "local TrackObject.id: null",
        ],
        "files of somebody's own disk have a URI and little else",
    ),
];
