//! Shows, episodes, audiobooks and chapters as the API shows them.

use serde_json::{Value, json};

use super::music::merge;
use super::{View, images, second};
use crate::sandbox::params::{Window, markets};
use crate::sandbox::sent::first_markets;
use crate::sandbox::world::World;
use crate::sandbox::world::ids::Kind;
use crate::sandbox::world::page;
use crate::sandbox::world::spoken::{Audiobook, Chapter, Show};

/// The page of episodes or chapters inside a show or a book.
const WITHIN: Window = Window {
    limit: 50,
    offset: 0,
};

/// Where there are audiobooks at all.
pub(in crate::sandbox) const BOOK_MARKETS: [&str; 6] = ["AU", "CA", "GB", "IE", "NZ", "US"];

impl View<'_> {
    /// A show as it stands in episodes and lists.
    pub(in crate::sandbox) fn simple_show(&self, index: u64) -> Value {
        let show = self.world.show(index);
        let identity = self.identity(Kind::Show, index);
        json!({
            "available_markets": first_markets(markets().count()),
            "copyrights": [],
            "description": show.description,
            "explicit": show.explicit,
            "external_urls": identity.external_urls,
            "href": identity.href,
            "html_description": format!("<p>{}</p>", show.description),
            "id": identity.id,
            "images": images(index ^ self.world.seed.0 ^ 2),
            "is_externally_hosted": false,
            "languages": [show.language],
            "media_type": "audio",
            "name": show.name,
            "publisher": show.publisher,
            "total_episodes": World::episodes_out(&show, self.now),
            "type": "show",
            "uri": identity.uri,
        })
    }

    /// A show with its first page of episodes.
    pub(in crate::sandbox) fn show(&self, index: u64) -> Value {
        let show = self.world.show(index);
        let mut value = self.simple_show(index);
        let total = World::episodes_out(&show, self.now);
        let path = format!("/shows/{}/episodes", self.world.id(Kind::Show, index));
        let items = self.episodes(&show, WITHIN);
        value["episodes"] = self.page_within(&path, total, WITHIN, WITHIN.limit, items);
        value
    }

    /// The episodes of a show that a window shows, newest first; now and then null.
    pub(in crate::sandbox) fn episodes(&self, show: &Show, window: Window) -> Vec<Value> {
        let total = World::episodes_out(show, self.now);
        page(total, window.offset, window.limit)
            .map(|nth| {
                let index = World::episode_from_newest(show.index, total, nth);
                if self.world.warts && index % 97 == 13 {
                    Value::Null
                } else {
                    self.simple_episode(index)
                }
            })
            .collect()
    }

    /// Whether an episode is out.
    pub(in crate::sandbox) fn is_out(&self, episode: u64) -> bool {
        self.world.episode(episode).released_at <= self.now
    }

    /// An episode with its show.
    pub(in crate::sandbox) fn episode(&self, index: u64) -> Value {
        let mut value = self.simple_episode(index);
        value["show"] = self.simple_show(self.world.episode(index).show);
        value
    }

    /// An episode as it stands in its show's list.
    pub(in crate::sandbox) fn simple_episode(&self, index: u64) -> Value {
        let episode = self.world.episode(index);
        let language = self.world.show(episode.show).language;
        let identity = self.identity(Kind::Episode, index);
        let mut value = json!({
            "audio_preview_url": null,
            "description": episode.description,
            "duration_ms": episode.duration_ms,
            "explicit": episode.explicit,
            "external_urls": identity.external_urls,
            "href": identity.href,
            "html_description": format!("<p>{}</p>", episode.description),
            "id": identity.id,
            "images": images(index ^ self.world.seed.0 ^ 3),
            "is_externally_hosted": false,
            "is_playable": true,
            "language": language,
            "languages": [language],
            "name": episode.name,
            "release_date": second(episode.released_at).get(..10),
            "release_date_precision": "day",
            "type": "episode",
            "uri": identity.uri,
        });
        if self.has_scope("user-read-playback-position") {
            value["resume_point"] = json!({
                "fully_played": episode.resume_ms == episode.duration_ms,
                "resume_position_ms": episode.resume_ms % episode.duration_ms,
            });
        }
        value
    }

    /// Whether audiobooks are there in the market.
    pub(in crate::sandbox) fn has_books(&self) -> bool {
        self.market
            .is_none_or(|market| BOOK_MARKETS.contains(&market))
    }

    /// An audiobook as it stands in chapters and lists.
    pub(in crate::sandbox) fn simple_audiobook(&self, index: u64) -> Value {
        let Audiobook {
            name,
            description,
            author,
            narrator,
            publisher,
            chapters,
            ..
        } = self.world.audiobook(index);
        let identity = self.identity(Kind::Audiobook, index);
        json!({
            "authors": [{ "name": author }],
            "available_markets": BOOK_MARKETS,
            "copyrights": [],
            "description": description,
            "edition": "Unabridged",
            "explicit": false,
            "external_urls": identity.external_urls,
            "href": identity.href,
            "html_description": format!("<p>{description}</p>"),
            "id": identity.id,
            "images": images(index ^ self.world.seed.0 ^ 4),
            "languages": ["en"],
            "media_type": "audio",
            "name": name,
            "narrators": [{ "name": narrator }],
            "publisher": publisher,
            "total_chapters": chapters,
            "type": "audiobook",
            "uri": identity.uri,
        })
    }

    /// An audiobook with its first page of chapters.
    pub(in crate::sandbox) fn audiobook(&self, index: u64) -> Value {
        let book = self.world.audiobook(index);
        let mut value = self.simple_audiobook(index);
        let path = format!(
            "/audiobooks/{}/chapters",
            self.world.id(Kind::Audiobook, index)
        );
        let items = self.chapters(&book, WITHIN);
        value["chapters"] = self.page_within(&path, book.chapters, WITHIN, WITHIN.limit, items);
        value
    }

    /// The chapters of a book that a window shows.
    pub(in crate::sandbox) fn chapters(&self, book: &Audiobook, window: Window) -> Vec<Value> {
        page(book.chapters, window.offset, window.limit)
            .map(|number| self.simple_chapter(World::chapter_index(book.index, number)))
            .collect()
    }

    /// A chapter with its book.
    pub(in crate::sandbox) fn chapter(&self, index: u64) -> Value {
        let mut value = self.simple_chapter(index);
        let book = self.simple_audiobook(self.world.chapter(index).book);
        merge(&mut value, json!({ "audiobook": book }));
        value
    }

    fn simple_chapter(&self, index: u64) -> Value {
        let Chapter {
            number,
            name,
            description,
            duration_ms,
            ..
        } = self.world.chapter(index);
        let identity = self.identity(Kind::Chapter, index);
        let mut value = json!({
            "audio_preview_url": null,
            "available_markets": BOOK_MARKETS,
            "chapter_number": number,
            "description": description,
            "duration_ms": duration_ms,
            "explicit": false,
            "external_urls": identity.external_urls,
            "href": identity.href,
            "html_description": format!("<p>{description}</p>"),
            "id": identity.id,
            "images": images(index ^ self.world.seed.0 ^ 5),
            "is_playable": true,
            "languages": ["en"],
            "name": name,
            "release_date": "2022-06-01",
            "release_date_precision": "day",
            // So it says in Spotify's schema, too.
            "type": "episode",
            "uri": identity.uri,
        });
        if self.has_scope("user-read-playback-position") {
            value["resume_point"] = json!({ "fully_played": false, "resume_position_ms": 0 });
        }
        value
    }
}
