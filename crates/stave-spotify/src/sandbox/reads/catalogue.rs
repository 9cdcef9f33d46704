//! Single things and batches of the catalogue, and the lists inside them.

use serde_json::{Value, json};

use crate::sandbox::errors::ApiError;
use crate::sandbox::operations::Read;
use crate::sandbox::params::{PageSize, path_id};
use crate::sandbox::view::View;
use crate::sandbox::world::ids::Kind;
use crate::sandbox::world::{World, page};

type Answer = Result<Value, ApiError>;

/// Answers what is about one thing or a batch.
pub(super) fn catalogue(view: &View<'_>, read: Read, id: &str) -> Answer {
    match read {
        Read::Track => Ok(view.track(find(view, Kind::Track, id)?)),
        Read::Album => Ok(view.album(find(view, Kind::Album, id)?)),
        Read::Artist => Ok(view.artist(find(view, Kind::Artist, id)?)),
        Read::Show => Ok(view.show(find(view, Kind::Show, id)?)),
        Read::Episode => Ok(view.episode(find(view, Kind::Episode, id)?)),
        Read::Audiobook => Ok(view.audiobook(find(view, Kind::Audiobook, id)?)),
        Read::Chapter => Ok(view.chapter(find(view, Kind::Chapter, id)?)),
        Read::AudioFeatures => Ok(view.audio_features(find(view, Kind::Track, id)?)),
        Read::AudioAnalysis => Ok(view.audio_analysis(find(view, Kind::Track, id)?)),
        Read::Tracks => many(view, Kind::Track, "tracks", 50, &|index| view.track(index)),
        Read::Albums => many(view, Kind::Album, "albums", 20, &|index| view.album(index)),
        Read::Artists => many(view, Kind::Artist, "artists", 50, &|index| {
            view.artist(index)
        }),
        Read::Shows => many(view, Kind::Show, "shows", 50, &|index| {
            view.simple_show(index)
        }),
        Read::Episodes => many(view, Kind::Episode, "episodes", 50, &|index| {
            view.episode(index)
        }),
        Read::Audiobooks => many(view, Kind::Audiobook, "audiobooks", 50, &|index| {
            view.audiobook(index)
        }),
        Read::Chapters => many(view, Kind::Chapter, "chapters", 50, &|index| {
            view.chapter(index)
        }),
        Read::AudioFeaturesOfMany => many(view, Kind::Track, "audio_features", 100, &|index| {
            view.audio_features(index)
        }),
        Read::AlbumTracks => album_tracks(view, id),
        Read::ArtistAlbums => artist_albums(view, id),
        Read::ArtistTopTracks => artist_top_tracks(view, id),
        Read::RelatedArtists => related_artists(view, id),
        Read::ShowEpisodes => show_episodes(view, id),
        Read::AudiobookChapters => audiobook_chapters(view, id),
        // Everything else is answered by the other files.
        _ => Err(ApiError::not_found()),
    }
}

fn find(view: &View<'_>, kind: Kind, id: &str) -> Result<u64, ApiError> {
    look_up(view, kind, path_id(id)?).ok_or_else(ApiError::not_found)
}

/// The index of an id, when it is there and shown in this market at this moment.
fn look_up(view: &View<'_>, kind: Kind, id: &str) -> Option<u64> {
    let index = view.world.find(kind, id)?;
    let shown = match kind {
        Kind::Episode => view.is_out(index),
        Kind::Audiobook | Kind::Chapter => view.has_books(),
        _ => true,
    };
    shown.then_some(index)
}

/// A batch: null for each id that there isn't.
fn many(
    view: &View<'_>,
    kind: Kind,
    key: &str,
    most: usize,
    show: &dyn Fn(u64) -> Value,
) -> Answer {
    let things: Vec<Value> = view
        .params
        .ids(most)?
        .into_iter()
        .map(|id| look_up(view, kind, id).map_or(Value::Null, show))
        .collect();
    Ok(json!({ key: things }))
}

fn album_tracks(view: &View<'_>, id: &str) -> Answer {
    let album = view.world.album(find(view, Kind::Album, id)?);
    let window = view.params.window(PageSize::USUAL)?;
    let items = view.album_tracks(&album, window);
    Ok(view.page(
        &format!("/albums/{id}/tracks"),
        album.total_tracks(),
        window,
        items,
    ))
}

fn artist_albums(view: &View<'_>, id: &str) -> Answer {
    let artist = find(view, Kind::Artist, id)?;
    let window = view.params.window(PageSize::shrunk(view.profile()))?;
    let known = ["album", "single", "appears_on", "compilation"];
    let groups = view
        .params
        .get("include_groups")
        .or_else(|| view.params.get("album_type"));
    let groups: Vec<&str> = groups.map_or(known.to_vec(), |groups| groups.split(',').collect());
    if groups.iter().any(|group| !known.contains(group)) {
        return Err(ApiError::invalid("Invalid album type"));
    }
    let own = view.world.albums_of(artist);
    let own = own.into_iter().map(|album| (album.kind(), album));
    let others = view.world.appearances_of(artist);
    let others = others.into_iter().map(|album| ("appears_on", album));
    // All of a group, then all of the next, as the API does.
    let all: Vec<_> = own.chain(others).collect();
    let albums: Vec<_> = known
        .iter()
        .filter(|group| groups.contains(group))
        .flat_map(|group| all.iter().filter(move |(of, _)| of == group))
        .collect();
    let items = page(albums.len() as u64, window.offset, window.limit)
        .map(|nth| {
            let (group, album) = &albums[nth as usize];
            let mut value = view.simple_album(album);
            value["album_group"] = json!(group);
            value
        })
        .collect();
    Ok(view.page(
        &format!("/artists/{id}/albums"),
        albums.len() as u64,
        window,
        items,
    ))
}

fn artist_top_tracks(view: &View<'_>, id: &str) -> Answer {
    let artist = find(view, Kind::Artist, id)?;
    let tracks: Vec<Value> = view
        .world
        .top_tracks_of(artist)
        .into_iter()
        .map(|track| view.track(track.index))
        .collect();
    Ok(json!({ "tracks": tracks }))
}

/// The artists that an artist shares a stage with.
fn related_artists(view: &View<'_>, id: &str) -> Answer {
    let artist = find(view, Kind::Artist, id)?;
    let first = artist / 16 * 16;
    let artists: Vec<Value> = (first..first + 16)
        .filter(|&other| other != artist)
        .map(|other| view.artist(other))
        .collect();
    Ok(json!({ "artists": artists }))
}

fn show_episodes(view: &View<'_>, id: &str) -> Answer {
    let show = view.world.show(find(view, Kind::Show, id)?);
    let window = view.params.window(PageSize::USUAL)?;
    let total = World::episodes_out(&show, view.now);
    let items = view.episodes(&show, window);
    Ok(view.page(&format!("/shows/{id}/episodes"), total, window, items))
}

fn audiobook_chapters(view: &View<'_>, id: &str) -> Answer {
    let book = view.world.audiobook(find(view, Kind::Audiobook, id)?);
    let window = view.params.window(PageSize::USUAL)?;
    let items = view.chapters(&book, window);
    Ok(view.page(
        &format!("/audiobooks/{id}/chapters"),
        book.chapters,
        window,
        items,
    ))
}
