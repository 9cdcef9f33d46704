//! New releases, categories, markets, recommendations.

use serde_json::{Value, json};

use crate::sandbox::errors::ApiError;
use crate::sandbox::operations::Read;
use crate::sandbox::params::{PageSize, markets};
use crate::sandbox::view::{View, images, second};
use crate::sandbox::world::draw::{Domain, fold};
use crate::sandbox::world::ids::Kind;
use crate::sandbox::world::page;
use crate::sandbox::world::playlists::WELL_KNOWN;
use crate::sandbox::world::words::genres;

type Answer = Result<Value, ApiError>;

/// The year of what counts as new: no album of the world is younger.
const NEW_YEAR: u64 = 2025;

/// How many albums are looked through for new ones, and how many are enough.
const LOOKED_THROUGH: u64 = 3_000;
const ENOUGH: usize = 100;

/// The most seeds of a recommendation.
const MOST_SEEDS: usize = 5;

/// Answers what is there to look around in.
pub(super) fn browse(view: &View<'_>, read: Read, id: &str) -> Answer {
    match read {
        Read::NewReleases => new_releases(view),
        Read::Categories => categories(view),
        Read::Category => category(view, id).ok_or_else(ApiError::not_found),
        Read::CategoryPlaylists => category_playlists(view, id),
        Read::FeaturedPlaylists => featured_playlists(view),
        Read::Recommendations => recommendations(view),
        Read::GenreSeeds => Ok(json!({ "genres": genres() })),
        _ => Ok(json!({ "markets": markets().collect::<Vec<_>>() })),
    }
}

fn new_releases(view: &View<'_>) -> Answer {
    let window = view.params.window(PageSize::USUAL)?;
    let albums: Vec<_> = (0..view.world.albums().min(LOOKED_THROUGH))
        .filter(|&index| view.world.has_album(index))
        .map(|index| view.world.album(index))
        .filter(|album| album.release.year() == NEW_YEAR)
        .take(ENOUGH)
        .collect();
    let total = albums.len() as u64;
    let items = page(total, window.offset, window.limit)
        .map(|nth| view.simple_album(&albums[nth as usize]))
        .collect();
    Ok(json!({ "albums": view.page("/browse/new-releases", total, window, items) }))
}

/// A category is a genre; its id is the genre without spaces.
fn category_id(genre: &str) -> String {
    genre.replace([' ', '&', '\''], "_")
}

fn category(view: &View<'_>, id: &str) -> Option<Value> {
    let genre = genres().iter().find(|genre| category_id(genre) == id)?;
    Some(json!({
        "href": view.href(&format!("/browse/categories/{id}")),
        "icons": [images(fold(id))[1]],
        "id": id,
        "name": genre,
    }))
}

fn categories(view: &View<'_>) -> Answer {
    let window = view.params.window(PageSize::USUAL)?;
    let total = genres().len() as u64;
    let items = page(total, window.offset, window.limit)
        .filter_map(|nth| category(view, &category_id(genres()[nth as usize])))
        .collect();
    Ok(json!({ "categories": view.page("/browse/categories", total, window, items) }))
}

fn well_known() -> Vec<String> {
    WELL_KNOWN.iter().map(|(id, _)| (*id).to_owned()).collect()
}

fn category_playlists(view: &View<'_>, id: &str) -> Answer {
    let category = category(view, id).ok_or_else(ApiError::not_found)?;
    let window = view.params.window(PageSize::USUAL)?;
    let mut ids = well_known();
    let turn = fold(id) as usize % ids.len();
    ids.rotate_left(turn);
    ids.truncate(6);
    let path = format!("/browse/categories/{id}/playlists");
    let playlists = super::playlists::list(view, &path, window, &ids);
    Ok(json!({ "message": category["name"], "playlists": playlists }))
}

fn featured_playlists(view: &View<'_>) -> Answer {
    let window = view.params.window(PageSize::USUAL)?;
    let path = "/browse/featured-playlists";
    let playlists = super::playlists::list(view, path, window, &well_known());
    let message = format!("Popular at {}", second(view.now));
    Ok(json!({ "message": message, "playlists": playlists }))
}

/// Tracks that follow from the seeds: of the same artists, and known ones.
fn recommendations(view: &View<'_>) -> Answer {
    let limit = view.params.limit(PageSize(20, 100))?;
    let mut seeds = Vec::new();
    for kind in ["artist", "track", "genre"] {
        let ids = view
            .params
            .get(&format!("seed_{kind}s"))
            .unwrap_or_default();
        for id in ids.split(',').filter(|id| !id.is_empty()) {
            seeds.push((kind, id.to_owned()));
        }
    }
    if seeds.is_empty() || seeds.len() > MOST_SEEDS {
        return Err(ApiError::invalid("Between 1 and 5 seeds are required"));
    }
    let mut near = Vec::new();
    for (kind, id) in &seeds {
        let artist = match *kind {
            "artist" => view.world.find(Kind::Artist, id),
            "track" => view
                .world
                .find(Kind::Track, id)
                .and_then(|track| view.world.track(track).artists.first().copied()),
            _ if genres().contains(&id.as_str()) => continue,
            _ => None,
        };
        let artist = artist.ok_or_else(|| ApiError::invalid(format!("invalid {kind} seed")))?;
        near.extend(
            view.world
                .top_tracks_of(artist)
                .into_iter()
                .map(|track| track.index),
        );
    }
    let key = seeds
        .iter()
        .fold(0_u64, |key, (_, id)| key.rotate_left(7) ^ fold(id));
    let mut draw = view.world.seed.draw(Domain::Rank, key);
    // So many draws find enough that differ; if not, there are fewer.
    for _ in 0..limit * 2 {
        near.push(view.world.known_track(&mut draw));
    }
    let mut seen = std::collections::HashSet::new();
    near.retain(|&track| seen.insert(track));
    near.truncate(limit as usize);
    let tracks: Vec<Value> = near.into_iter().map(|track| view.track(track)).collect();
    let seeds: Vec<Value> = seeds
        .into_iter()
        .map(|(kind, id)| {
            let href = (kind != "genre").then(|| view.href(&format!("/{kind}s/{id}")));
            json!({ "initialPoolSize": 500, "afterFilteringSize": 500, "afterRelinkingSize": 500,
                "id": id, "type": kind.to_uppercase(), "href": href })
        })
        .collect();
    Ok(json!({ "tracks": tracks, "seeds": seeds }))
}
