//! Playlists, their entries, and lists of them.

use serde_json::{Value, json};

use crate::sandbox::errors::ApiError;
use crate::sandbox::fields::Fields;
use crate::sandbox::operations::Read;
use crate::sandbox::options::Profile;
use crate::sandbox::params::{PageSize, Window};
use crate::sandbox::view::View;
use crate::sandbox::world::page;
use crate::sandbox::world::playlists::{SPOTIFY, WELL_KNOWN};

type Answer = Result<Value, ApiError>;

/// So far lists of playlists can be paged.
const LAST_OFFSET: u64 = 100_000;

/// `GET /playlists/{id}`.
pub(super) fn playlist(view: &View<'_>, id: &str) -> Answer {
    let playlist = view.find_playlist(id)?;
    filtered(view, view.playlist(&playlist))
}

/// `GET /playlists/{id}/items`, and `/tracks` as it was called before.
pub(super) fn entries(view: &View<'_>, read: Read, id: &str) -> Answer {
    let new_app = view.profile() == Profile::DevNew;
    let old_path = read == Read::PlaylistTracks;
    if new_app && old_path {
        return Err(ApiError::forbidden_without_words());
    }
    let size = match (new_app, old_path) {
        (_, true) => PageSize(100, 100),
        (true, false) => PageSize::USUAL,
        (false, false) => PageSize(20, 100),
    };
    let window = view.params.window(size)?;
    let playlist = view.find_playlist(id)?;
    if !view.sees_entries(&playlist) {
        return Err(ApiError::forbidden());
    }
    let items = view.entries(&playlist, window);
    let last = if old_path { "tracks" } else { "items" };
    let path = format!("/playlists/{id}/{last}");
    filtered(view, view.page(&path, playlist.total, window, items))
}

fn filtered(view: &View<'_>, value: Value) -> Answer {
    match view.params.get("fields").map(Fields::read) {
        None => Ok(value),
        Some(Some(fields)) => Ok(fields.filter(value)),
        Some(None) => Err(ApiError::invalid("Invalid fields parameter")),
    }
}

/// `GET /playlists/{id}/images`.
pub(super) fn images(view: &View<'_>, id: &str) -> Answer {
    let playlist = view.find_playlist(id)?;
    Ok(match view.playlist_images(&playlist) {
        Value::Null => json!([]),
        images => images,
    })
}

/// `GET /playlists/{id}/followers/contains`: whether who calls does.
pub(super) fn followers(view: &View<'_>, id: &str) -> Answer {
    let playlist = view.find_playlist(id)?;
    Ok(json!([listed(view).contains(&playlist.id)]))
}

/// The ids of all playlists that who calls owns or follows.
pub(super) fn listed(view: &View<'_>) -> Vec<String> {
    let me = view.me();
    let own = (0..view.world.playlists_of(me)).map(|nth| view.world.playlist_id(me, nth));
    own.chain(view.world.followed(me)).collect()
}

/// `GET /me/playlists`.
pub(super) fn mine(view: &View<'_>) -> Answer {
    let window = window(view)?;
    let ids = listed(view).into_iter().filter(|id| {
        view.has_scope("playlist-read-collaborative")
            || !view.world.playlist(id, view.now).collaborative
    });
    Ok(list(
        view,
        "/me/playlists",
        window,
        &ids.collect::<Vec<_>>(),
    ))
}

/// `GET /users/{id}/playlists`: the public ones.
pub(super) fn of_user(view: &View<'_>, user: &str) -> Answer {
    let window = window(view)?;
    let path = format!("/users/{user}/playlists");
    let ids: Vec<String> = if user == SPOTIFY {
        WELL_KNOWN.iter().map(|(id, _)| (*id).to_owned()).collect()
    } else {
        view.state.introduce(user);
        (0..view.world.playlists_of(user))
            .map(|nth| view.world.playlist_id(user, nth))
            .filter(|id| view.world.playlist(id, view.now).public == Some(true))
            .collect()
    };
    Ok(list(view, &path, window, &ids))
}

fn window(view: &View<'_>) -> Result<Window, ApiError> {
    let window = view.params.window(PageSize::USUAL)?;
    if window.offset > LAST_OFFSET {
        return Err(ApiError::invalid("Invalid offset"));
    }
    Ok(window)
}

/// A page of playlists.
pub(super) fn list(view: &View<'_>, path: &str, window: Window, ids: &[String]) -> Value {
    let total = ids.len() as u64;
    let items = page(total, window.offset, window.limit)
        .map(|nth| view.simple_playlist(&ids[nth as usize]))
        .collect();
    view.page(path, total, window, items)
}
