//! What belongs to who calls: saved things, followed artists, favourites, plays.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::errors::ApiError;
use crate::sandbox::operations::Read;
use crate::sandbox::params::{PageSize, list_of_ids};
use crate::sandbox::view::{View, second};
use crate::sandbox::world::draw::{Domain, fold};
use crate::sandbox::world::ids::Kind;
use crate::sandbox::world::library::{Shelf, TOP_ITEMS, TimeRange};
use crate::sandbox::world::page;

type Answer = Result<Value, ApiError>;

/// The most ids of a question whether things are saved.
const MOST_IDS: usize = 50;

/// The most URIs of such a question to the whole library.
const MOST_URIS: usize = 40;

/// `GET /me/tracks` and its like: newest first.
pub(super) fn saved(view: &View<'_>, read: Read) -> Answer {
    let window = view.params.window(PageSize::USUAL)?;
    let (shelf, path, key) = match read {
        Read::MyAlbums => (Shelf::Albums, "/me/albums", "album"),
        Read::MyShows => (Shelf::Shows, "/me/shows", "show"),
        Read::MyEpisodes => (Shelf::Episodes, "/me/episodes", "episode"),
        Read::MyAudiobooks => (Shelf::Audiobooks, "/me/audiobooks", "audiobook"),
        _ => (Shelf::Tracks, "/me/tracks", "track"),
    };
    let total = view.world.saved_total(shelf, view.now);
    let items = page(total, window.offset, window.limit)
        .map(|nth| {
            let saved = view.world.saved(view.me(), shelf, nth, view.now);
            let thing = match shelf {
                Shelf::Tracks => view.track(saved.index),
                Shelf::Albums => view.album(saved.index),
                Shelf::Shows => view.simple_show(saved.index),
                Shelf::Episodes => view.episode(saved.index),
                Shelf::Audiobooks => view.simple_audiobook(saved.index),
            };
            json!({ "added_at": second(saved.added_at), key: thing })
        })
        .collect();
    Ok(view.page(path, total, window, items))
}

fn saved_indexes(view: &View<'_>, shelf: Shelf) -> HashSet<u64> {
    (0..view.world.saved_total(shelf, view.now))
        .map(|nth| view.world.saved(view.me(), shelf, nth, view.now).index)
        .collect()
}

/// `GET /me/following`: by cursor, the id of the last artist.
pub(super) fn following(view: &View<'_>) -> Answer {
    if view.params.get("type") != Some("artist") {
        return Err(ApiError::invalid("Invalid type, only artist is supported"));
    }
    let limit = view.params.limit(PageSize::USUAL)?;
    let total = view.world.followed_artists();
    let artist = |nth: u64| view.world.followed_artist(view.me(), nth);
    let start = match view.params.get("after") {
        // What clients send so that the first page leaves nobody out.
        None | Some("0000000000000000000000") => 0,
        Some(after) => view
            .world
            .find(Kind::Artist, after)
            .and_then(|after| (0..total).find(|&nth| artist(nth) == after))
            .map_or(total, |nth| nth + 1),
    };
    let shown = page(total, start, limit);
    let last = shown.clone().last().filter(|last| last + 1 < total);
    let after = last.map(|last| view.world.id(Kind::Artist, artist(last)));
    let next = after.as_ref().map(|after| {
        let base = view.next_base();
        format!("{base}/v1/me/following?type=artist&after={after}&limit={limit}")
    });
    let items: Vec<Value> = shown.map(|nth| view.artist(artist(nth))).collect();
    Ok(json!({ "artists": {
        "href": view.href(&format!("/me/following?type=artist&limit={limit}")),
        "limit": limit,
        "next": next,
        "cursors": { "after": after },
        "total": total,
        "items": items,
    } }))
}

/// `GET /me/top/{type}`.
pub(super) fn top(view: &View<'_>, kind: &str) -> Answer {
    let window = view.params.window(PageSize::USUAL)?;
    let range = match view.params.get("time_range") {
        None | Some("medium_term") => TimeRange::Medium,
        Some("short_term") => TimeRange::Short,
        Some("long_term") => TimeRange::Long,
        Some(_) => return Err(ApiError::invalid("Invalid time range")),
    };
    let total = match kind {
        "tracks" => TOP_ITEMS,
        "artists" => TOP_ITEMS.min(view.world.artists()),
        _ => return Err(ApiError::not_found()),
    };
    let items = page(total, window.offset, window.limit)
        .map(|rank| {
            if kind == "tracks" {
                view.track(view.world.top(view.me(), range, rank, view.now))
            } else {
                view.artist(view.world.top_artist(view.me(), range, rank, view.now))
            }
        })
        .collect();
    Ok(view.page(&format!("/me/top/{kind}"), total, window, items))
}

/// `GET /me/player/recently-played`: fifty plays in all, whatever is asked.
pub(super) fn recently_played(view: &View<'_>) -> Answer {
    let limit = view.params.limit(PageSize::USUAL)?;
    let (after, before) = (cursor(view, "after")?, cursor(view, "before")?);
    if after.is_some() && before.is_some() {
        return Err(ApiError::invalid(
            "Only one of after and before may be given",
        ));
    }
    let mut plays = view.world.plays(view.me(), view.now);
    plays.retain(|play| {
        let at = play.played_at;
        after.is_none_or(|after| at > after) && before.is_none_or(|before| at < before)
    });
    let more = plays.len() as u64 > limit;
    plays.truncate(limit as usize);
    let ms = |at: Timestamp| at.as_millisecond().to_string();
    let (newest, oldest) = match (plays.first(), plays.last()) {
        (Some(newest), Some(oldest)) => (ms(newest.played_at), ms(oldest.played_at)),
        _ => (String::new(), String::new()),
    };
    let path = "/me/player/recently-played";
    let next = (more && after.is_none()).then(|| {
        format!(
            "{}/v1{path}?before={oldest}&limit={limit}",
            view.next_base()
        )
    });
    let cursors = if plays.is_empty() {
        Value::Null
    } else {
        json!({ "after": newest, "before": oldest })
    };
    let items: Vec<Value> = plays.iter().map(|play| view.play(play)).collect();
    Ok(json!({
        "items": items,
        "next": next,
        "cursors": cursors,
        "limit": limit,
        "href": view.href(&format!("{path}?limit={limit}")),
    }))
}

fn cursor(view: &View<'_>, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = view.params.get(name) else {
        return Ok(None);
    };
    text.parse()
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map(Some)
        .ok_or_else(|| ApiError::invalid(format!("Invalid {name}")))
}

/// `GET /me/{kind}s/contains`.
pub(super) fn saved_contains(view: &View<'_>, kind: &str) -> Answer {
    let ids = view
        .params
        .ids(if kind == "album" { 20 } else { MOST_IDS })?;
    Ok(contains(view, ids.into_iter().map(|id| (kind, id))))
}

/// `GET /me/library/contains`: by URI, of every kind.
pub(super) fn library_contains(view: &View<'_>) -> Answer {
    let uris = view.params.get("uris").unwrap_or_default();
    let mut asked = Vec::new();
    for uri in uris.split(',') {
        let mut parts = uri.split(':');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("spotify"), Some(kind), Some(id), None) => asked.push((kind, id)),
            _ => return Err(ApiError::invalid("Invalid uri")),
        }
    }
    if asked.len() > MOST_URIS {
        return Err(ApiError::invalid("Too many uris requested"));
    }
    Ok(contains(view, asked.into_iter()))
}

/// Whether each of so many things is saved or followed.
fn contains<'a>(view: &View<'_>, asked: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let asked: Vec<(&str, &str)> = asked.collect();
    let shelves = [
        ("track", Kind::Track, Shelf::Tracks),
        ("album", Kind::Album, Shelf::Albums),
        ("show", Kind::Show, Shelf::Shows),
        ("episode", Kind::Episode, Shelf::Episodes),
        ("audiobook", Kind::Audiobook, Shelf::Audiobooks),
    ];
    let mut answers = vec![false; asked.len()];
    for (word, kind, shelf) in shelves {
        // The URI of an audiobook says that it is a show.
        let also = word == "audiobook";
        if !asked
            .iter()
            .any(|(of, _)| *of == word || (also && *of == "show"))
        {
            continue;
        }
        let saved = saved_indexes(view, shelf);
        for (answer, (of, id)) in answers.iter_mut().zip(&asked) {
            let index = view.world.find(kind, id);
            let fits = *of == word || (also && *of == "show");
            *answer |= fits && index.is_some_and(|index| saved.contains(&index));
        }
    }
    for (answer, (of, id)) in answers.iter_mut().zip(&asked) {
        *answer |= match *of {
            "artist" => follows(view, id),
            "playlist" => super::playlists::listed(view)
                .iter()
                .any(|listed| listed == id),
            _ => false,
        };
    }
    json!(answers)
}

/// `GET /me/following/contains`.
pub(super) fn following_contains(view: &View<'_>) -> Answer {
    match view.params.get("type") {
        Some("artist") => {
            let ids = view.params.ids(MOST_IDS)?;
            let follows: Vec<bool> = ids.into_iter().map(|id| follows(view, id)).collect();
            Ok(json!(follows))
        }
        Some("user") => {
            let ids = list_of_ids(view.params.get("ids"), MOST_IDS)?;
            let owners = view.world.owners_followed_by(view.me());
            let follows: Vec<bool> = ids
                .map(|id| owners.iter().any(|owner| owner == id))
                .collect();
            Ok(json!(follows))
        }
        _ => Err(ApiError::invalid("Invalid type, it is artist or user")),
    }
}

fn follows(view: &View<'_>, id: &str) -> bool {
    let artist = view.world.find(Kind::Artist, id);
    let total = view.world.followed_artists();
    artist.is_some_and(|artist| {
        (0..total).any(|nth| view.world.followed_artist(view.me(), nth) == artist)
    })
}

/// `GET /me/player` and `/me/player/currently-playing`: nothing when it is silent.
pub(super) fn playing(view: &View<'_>, read: Read) -> Option<Value> {
    let mut playing = view.playing()?;
    if read == Read::Player {
        playing["device"] = view.device(true);
        playing["repeat_state"] = json!("off");
        playing["shuffle_state"] = json!(false);
        playing["smart_shuffle"] = json!(false);
    }
    Some(playing)
}

/// `GET /me/player/queue`.
pub(super) fn queue(view: &View<'_>) -> Value {
    let playing = view.playing();
    let mut draw = view.world.seed.draw2(
        Domain::Play,
        fold(view.me()),
        view.now.as_second() as u64 / 3_600,
    );
    let queue: Vec<Value> = (0..if playing.is_some() { 10 } else { 0 })
        .map(|_| view.track(view.world.known_track(&mut draw)))
        .collect();
    let current = playing.map_or(Value::Null, |mut playing| playing["item"].take());
    json!({ "currently_playing": current, "queue": queue })
}

/// `GET /me/player/devices`.
pub(super) fn devices(view: &View<'_>) -> Value {
    json!({ "devices": [view.device(view.playing().is_some())] })
}
