//! Shows with their episodes, audiobooks with their chapters. Must not know
//! playlists.

use jiff::Timestamp;

use super::draw::Domain;
use super::{DAWN, DAY_SECONDS, World, moment, words};

/// Places in the numbering that each show and each book has.
const PLACES: u64 = 1 << 20;

const LANGUAGES: [&str; 8] = ["en", "en-US", "es", "de", "pt-BR", "sv", "fr", "ja"];

/// A show (podcast).
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Show {
    pub(in crate::sandbox) index: u64,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) description: String,
    pub(in crate::sandbox) publisher: String,
    pub(in crate::sandbox) language: &'static str,
    pub(in crate::sandbox) explicit: bool,
    first_at: i64,
    every_days: i64,
}

/// An episode of a show.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Episode {
    pub(in crate::sandbox) show: u64,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) description: String,
    pub(in crate::sandbox) duration_ms: u64,
    pub(in crate::sandbox) explicit: bool,
    pub(in crate::sandbox) released_at: Timestamp,
    pub(in crate::sandbox) resume_ms: u64,
}

/// An audiobook.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Audiobook {
    pub(in crate::sandbox) index: u64,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) description: String,
    pub(in crate::sandbox) author: String,
    pub(in crate::sandbox) narrator: String,
    pub(in crate::sandbox) publisher: String,
    pub(in crate::sandbox) chapters: u64,
}

/// A chapter of an audiobook.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Chapter {
    pub(in crate::sandbox) book: u64,
    pub(in crate::sandbox) number: u64,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) description: String,
    pub(in crate::sandbox) duration_ms: u64,
}

impl World {
    pub(in crate::sandbox) const fn shows(&self) -> u64 {
        60 + self.tracks / 500
    }

    pub(in crate::sandbox) const fn audiobooks(&self) -> u64 {
        40 + self.tracks / 2_000
    }

    pub(in crate::sandbox) fn has_episode(&self, index: u64) -> bool {
        // Up to a hundred years of daily episodes: whether it is out yet is asked elsewhere.
        index / PLACES < self.shows() && index % PLACES < 36_500
    }

    pub(in crate::sandbox) fn has_chapter(&self, index: u64) -> bool {
        let book = index / PLACES;
        book < self.audiobooks() && index % PLACES < self.audiobook(book).chapters
    }

    pub(in crate::sandbox) fn show(&self, index: u64) -> Show {
        let mut draw = self.seed.draw(Domain::Show, index);
        Show {
            index,
            name: format!("{} Podcast", words::title(&mut draw)),
            description: words::sentence(&mut draw),
            publisher: words::label(&mut draw),
            language: draw.pick(&LANGUAGES),
            explicit: draw.chance(200),
            first_at: DAWN + draw.below(1_500) as i64 * DAY_SECONDS + 3_600 * 6,
            every_days: [1, 7, 7, 14, 30][draw.below(5) as usize],
        }
    }

    /// How many episodes of a show are out: it gets new ones.
    pub(in crate::sandbox) fn episodes_out(show: &Show, now: Timestamp) -> u64 {
        let seconds = (now.as_second() - show.first_at).max(0);
        seconds as u64 / (show.every_days * DAY_SECONDS) as u64 + 1
    }

    /// The index of an episode, counted from the newest.
    pub(in crate::sandbox) const fn episode_from_newest(show: u64, total: u64, nth: u64) -> u64 {
        show * PLACES + (total - 1 - nth)
    }

    pub(in crate::sandbox) fn episode(&self, index: u64) -> Episode {
        let show = self.show(index / PLACES);
        let number = index % PLACES;
        let mut draw = self.seed.draw(Domain::Episode, index);
        let duration_ms = 900_000 + draw.below(5_400_000);
        Episode {
            show: show.index,
            name: format!("#{}: {}", number + 1, words::title(&mut draw)),
            description: words::sentence(&mut draw),
            duration_ms,
            explicit: show.explicit && draw.chance(500),
            released_at: moment(show.first_at + number as i64 * show.every_days * DAY_SECONDS),
            resume_ms: match draw.below(4) {
                0 => duration_ms,
                1 => draw.below(duration_ms),
                _ => 0,
            },
        }
    }

    pub(in crate::sandbox) fn audiobook(&self, index: u64) -> Audiobook {
        let mut draw = self.seed.draw(Domain::Audiobook, index);
        Audiobook {
            index,
            name: words::title(&mut draw),
            description: words::sentence(&mut draw),
            author: words::person(&mut draw),
            narrator: words::person(&mut draw),
            publisher: words::label(&mut draw),
            chapters: 8 + draw.below(70),
        }
    }

    pub(in crate::sandbox) const fn chapter_index(book: u64, number: u64) -> u64 {
        book * PLACES + number
    }

    pub(in crate::sandbox) fn chapter(&self, index: u64) -> Chapter {
        let mut draw = self.seed.draw(Domain::Chapter, index);
        let number = index % PLACES;
        Chapter {
            book: index / PLACES,
            number,
            name: format!("Chapter {}: {}", number + 1, words::title(&mut draw)),
            description: words::sentence(&mut draw),
            duration_ms: 300_000 + draw.below(3_000_000),
        }
    }
}
