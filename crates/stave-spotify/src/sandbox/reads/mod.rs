//! The answers of all reading operations, one file a part of the reference.
//! Must not know HTTP, nor who may call.

mod browse;
mod catalogue;
mod personal;
mod playlists;
mod search;

use serde_json::Value;

use super::errors::ApiError;
use super::operations::Read;
use super::view::View;

/// What is answered: JSON, or nothing with status 204.
pub(super) type Reply = Result<Option<Value>, ApiError>;

/// Answers an operation; `ids` are what stands in its path's braces.
pub(super) fn answer(view: &View<'_>, read: Read, ids: &[&str]) -> Reply {
    let id = ids.first().copied().unwrap_or_default();
    let answered = match read {
        Read::Player | Read::CurrentlyPlaying => return Ok(personal::playing(view, read)),
        Read::Me => Ok(view.own_profile()),
        Read::MyTracks | Read::MyAlbums | Read::MyShows | Read::MyEpisodes | Read::MyAudiobooks => {
            personal::saved(view, read)
        }
        Read::MyFollowing => personal::following(view),
        Read::MyTop => personal::top(view, id),
        Read::RecentlyPlayed => personal::recently_played(view),
        Read::MyContains(kind) => personal::saved_contains(view, kind),
        Read::FollowingContains => personal::following_contains(view),
        Read::LibraryContains => personal::library_contains(view),
        Read::Queue => Ok(personal::queue(view)),
        Read::Devices => Ok(personal::devices(view)),
        Read::MyPlaylists => playlists::mine(view),
        Read::Playlist => playlists::playlist(view, id),
        Read::PlaylistItems | Read::PlaylistTracks => playlists::entries(view, read, id),
        Read::PlaylistImages => playlists::images(view, id),
        Read::PlaylistFollowers => playlists::followers(view, id),
        Read::UserPlaylists => playlists::of_user(view, id),
        Read::User => Ok(view.user(&view.world.user_named(id))),
        Read::Search => search::search(view),
        Read::NewReleases
        | Read::Categories
        | Read::Category
        | Read::CategoryPlaylists
        | Read::FeaturedPlaylists
        | Read::Markets
        | Read::Recommendations
        | Read::GenreSeeds => browse::browse(view, read, id),
        _ => catalogue::catalogue(view, read, id),
    };
    answered.map(Some)
}
