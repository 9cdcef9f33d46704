//! `GET /search`: looks for words in names. Looks through the first so many of
//! each kind only, so that an answer never takes long.

use serde_json::{Value, json};

use crate::sandbox::errors::ApiError;
use crate::sandbox::params::{PageSize, Window};
use crate::sandbox::view::View;
use crate::sandbox::world::music::song_of_isrc;
use crate::sandbox::world::playlists::WELL_KNOWN;
use crate::sandbox::world::{World, page};

/// How many of a kind are looked through.
const LOOKED_THROUGH: u64 = 20_000;

/// No kind has more results than this, and no offset goes beyond.
const MOST_RESULTS: usize = 1_000;

/// The longest question.
const LONGEST: usize = 1_000;

/// What is looked for: words in any order, and in certain fields.
#[derive(Debug, Default)]
struct Question {
    words: Vec<String>,
    fields: Vec<(String, String)>,
}

/// Answers with a page for each type.
pub(super) fn search(view: &View<'_>) -> Result<Value, ApiError> {
    let text = view.params.get("q").filter(|text| text.len() <= LONGEST);
    let text = text.ok_or_else(|| ApiError::invalid("No search query"))?;
    let types = view
        .params
        .get("type")
        .ok_or_else(|| ApiError::invalid("Missing parameter type"))?;
    let window = view.params.window(PageSize::shrunk(view.profile()))?;
    if window.offset > MOST_RESULTS as u64 {
        return Err(ApiError::invalid("Invalid offset"));
    }
    let question = Question::read(text);
    let mut answer = json!({});
    for kind in types.split(',') {
        let (key, found) = match kind {
            "track" => ("tracks", tracks(view, &question)),
            "album" => ("albums", albums(view, &question)),
            "artist" => ("artists", artists(view, &question)),
            "playlist" => {
                let window = Window { ..window };
                answer["playlists"] = playlists(view, &question, window);
                continue;
            }
            "show" => (
                "shows",
                found(view.world.shows(), &|i| {
                    question.fits(&view.world.show(i).name)
                }),
            ),
            "audiobook" => ("audiobooks", books(view, &question)),
            "episode" => {
                let shows = found(view.world.shows(), &|i| {
                    question.fits(&view.world.show(i).name)
                });
                ("episodes", newest_episodes(view, &shows))
            }
            _ => return Err(ApiError::invalid(format!("Bad search type field {kind}"))),
        };
        answer[key] = result(view, kind, window, &found);
    }
    Ok(answer)
}

fn result(view: &View<'_>, kind: &str, window: Window, found: &[u64]) -> Value {
    let total = found.len() as u64;
    let items = page(total, window.offset, window.limit)
        .map(|nth| {
            let index = found[nth as usize];
            match kind {
                "track" => view.track(index),
                "album" => view.simple_album(&view.world.album(index)),
                "artist" => view.artist(index),
                "show" => view.simple_show(index),
                "episode" => view.simple_episode(index),
                _ => view.simple_audiobook(index),
            }
        })
        .collect();
    view.page("/search", total, window, items)
}

/// The first indexes below a count that fit.
fn found(count: u64, fits: &dyn Fn(u64) -> bool) -> Vec<u64> {
    (0..count.min(LOOKED_THROUGH))
        .filter(|&index| fits(index))
        .take(MOST_RESULTS)
        .collect()
}

fn tracks(view: &View<'_>, question: &Question) -> Vec<u64> {
    let world = view.world;
    if let Some(isrc) = question.field("isrc") {
        let song = song_of_isrc(isrc).filter(|&song| song < world.tracks);
        return song
            .into_iter()
            .flat_map(|song| std::iter::once(song).chain(world.newer_edition(song)))
            .collect();
    }
    let mut tracks = found(world.tracks, &|index| {
        let track = world.track(index);
        let artists = || -> Vec<String> {
            track
                .artists
                .iter()
                .map(|&artist| world.artist_name(artist))
                .collect()
        };
        question.fits_with(&track.name, artists)
            && question.within("track", || track.name.clone())
            && question.within("artist", || artists().join("\n"))
            && question.within("album", || world.album(track.album).name)
            && question.of_year(|| world.album(track.album).release.year())
    });
    // The best known first.
    tracks.sort_by_cached_key(|&index| (u64::MAX - world.track(index).popularity, index));
    tracks
}

fn albums(view: &View<'_>, question: &Question) -> Vec<u64> {
    let world = view.world;
    found(world.albums(), &|index| {
        world.has_album(index) && {
            let album = world.album(index);
            let artist = || vec![world.artist_name(album.artist)];
            question.fits_with(&album.name, artist)
                && question.within("album", || album.name.clone())
                && question.within("artist", || world.artist_name(album.artist))
                && question.of_year(|| album.release.year())
        }
    })
}

fn artists(view: &View<'_>, question: &Question) -> Vec<u64> {
    let world = view.world;
    let mut artists = found(world.artists(), &|index| {
        let name = world.artist_name(index);
        question.fits(&name)
            && question.within("artist", || name.clone())
            && question.within("genre", || world.artist(index).genres.join("\n"))
    });
    artists.sort_by_cached_key(|&index| (u64::MAX - world.artist(index).popularity, index));
    artists
}

fn books(view: &View<'_>, question: &Question) -> Vec<u64> {
    if !view.has_books() {
        return Vec::new();
    }
    found(view.world.audiobooks(), &|index| {
        let book = view.world.audiobook(index);
        question.fits_with(&book.name, || vec![book.author.clone()])
    })
}

fn newest_episodes(view: &View<'_>, shows: &[u64]) -> Vec<u64> {
    let newest = shows.iter().flat_map(|&index| {
        let total = World::episodes_out(&view.world.show(index), view.now);
        (0..total.min(3)).map(move |nth| World::episode_from_newest(index, total, nth))
    });
    newest
        .filter(|&episode| view.is_out(episode))
        .take(MOST_RESULTS)
        .collect()
}

/// Users' playlists, and Spotify's where an app sees them: null where not.
fn playlists(view: &View<'_>, question: &Question, window: Window) -> Value {
    let spotify = WELL_KNOWN.iter().map(|(id, _)| (*id).to_owned());
    let users = (0..40).flat_map(|number| {
        let user = view.world.user(number).id;
        view.state.introduce(&user);
        (6..12).map(move |nth| view.world.playlist_id(&user, nth))
    });
    let ids: Vec<String> = spotify
        .chain(users)
        .filter(|id| question.fits(&view.world.playlist(id, view.now).name))
        .collect();
    super::playlists::list(view, "/search", window, &ids)
}

impl Question {
    /// Reads words and `field:value` or `field:"some values"`.
    fn read(text: &str) -> Self {
        const FIELDS: [&str; 9] = [
            "album", "artist", "track", "year", "upc", "tag", "isrc", "genre", "show",
        ];
        let mut question = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let field = FIELDS
                .iter()
                .find_map(|&field| Some((field, rest.strip_prefix(field)?.strip_prefix(':')?)));
            let (field, value) = field.map_or((None, rest), |(field, value)| (Some(field), value));
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
            };
            let value = value.to_lowercase();
            match field {
                Some(field) => question.fields.push((field.to_owned(), value)),
                None => question
                    .words
                    .extend(value.split_whitespace().map(str::to_owned)),
            }
            rest = after.trim_start();
        }
        question
    }

    fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map(|(_, value)| value.as_str())
    }

    fn fits(&self, name: &str) -> bool {
        self.fits_with(name, Vec::new)
    }

    /// Whether each word is in the name, or else in one of the other names.
    fn fits_with(&self, name: &str, others: impl FnOnce() -> Vec<String>) -> bool {
        let name = name.to_lowercase();
        let mut missing = self
            .words
            .iter()
            .filter(|word| !name.contains(word.as_str()))
            .peekable();
        if missing.peek().is_none() {
            return true;
        }
        let others = others().join("\n").to_lowercase();
        !others.is_empty() && missing.all(|word| others.contains(word.as_str()))
    }

    /// Whether a text has all words that are asked of a field.
    fn within(&self, field: &str, text: impl FnOnce() -> String) -> bool {
        self.field(field).is_none_or(|value| {
            let text = text().to_lowercase();
            value.split_whitespace().all(|word| text.contains(word))
        })
    }

    /// `year:2020` or `year:2010-2020`.
    fn of_year(&self, year: impl FnOnce() -> u64) -> bool {
        self.field("year").is_none_or(|value| {
            let (first, last) = value.split_once('-').unwrap_or((value, value));
            match (first.parse(), last.parse()) {
                (Ok(first), Ok(last)) => (first..=last).contains(&year()),
                _ => false,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_with_their_fields() {
        let question = Question::read("Golden artist:\"The Rivers\" year:1990-1999 night");
        assert_eq!(question.words, ["golden", "night"]);
        assert_eq!(question.field("artist"), Some("the rivers"));
        assert!(question.of_year(|| 1995) && !question.of_year(|| 2000));
        assert!(question.fits("A Golden Night"));
        assert!(!question.fits("A Golden Day"));
        assert!(question.fits_with("Golden Day", || vec!["Night".to_owned()]));
        assert!(question.within("artist", || "The Old Rivers".to_owned()));
        assert!(!question.within("artist", || "The Lakes".to_owned()));
    }
}
