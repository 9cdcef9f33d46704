//! The seeded world: artists, albums, tracks, shows, episodes, audiobooks,
//! users and playlists. Nothing is held in memory: everything follows from the
//! seed, an index and the time. Must not know HTTP, JSON, or what the API shows
//! of it to whom.

pub(super) mod draw;
mod groups;
pub(super) mod ids;
pub(super) mod library;
pub(super) mod music;
pub(super) mod playlists;
pub(super) mod spoken;
pub(super) mod words;

use draw::{Domain, Seed};
use ids::Kind;
use jiff::Timestamp;

/// The moment before which nothing changed: 2020-01-01T00:00:00Z.
pub(super) const DAWN: i64 = 1_577_836_800;

pub(super) const DAY_SECONDS: i64 = 86_400;

/// The seed and the size of the world.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) seed: Seed,
    /// How many tracks there are.
    pub(super) tracks: u64,
    /// Whether there are null entries, local files, strange dates.
    pub(super) warts: bool,
}

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) display_name: String,
    pub(super) followers: u64,
}

impl World {
    pub(super) fn id(&self, kind: Kind, index: u64) -> String {
        ids::id(self.seed, kind, index)
    }

    /// The index of an id, when the world has such a thing.
    pub(super) fn find(&self, kind: Kind, id: &str) -> Option<u64> {
        let index = ids::index(self.seed, kind, id)?;
        let there = match kind {
            Kind::Track => index < self.tracks,
            Kind::Album => self.has_album(index),
            Kind::Artist => index < self.artists(),
            Kind::Playlist => true,
            Kind::Show => index < self.shows(),
            Kind::Episode => self.has_episode(index),
            Kind::Audiobook => index < self.audiobooks(),
            Kind::Chapter => self.has_chapter(index),
        };
        there.then_some(index)
    }

    /// A user by number.
    pub(super) fn user(&self, index: u64) -> User {
        let mut draw = self.seed.draw(Domain::User, index);
        let id = words::user(&mut draw);
        self.user_named(&id)
    }

    /// A user by id. Every id has one.
    pub(super) fn user_named(&self, id: &str) -> User {
        let mut draw = self.seed.draw(Domain::User, draw::fold(id));
        let display_name = match id {
            playlists::SPOTIFY => "Spotify".to_owned(),
            _ if draw.chance(200) => id.to_owned(),
            _ => words::person(&mut draw),
        };
        User {
            id: id.to_owned(),
            display_name,
            followers: draw.below(400),
        }
    }
}

/// So many seconds after 1970, as a moment.
pub(super) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or_default()
}

/// The common letters of `FROM..TO`, as an iterator of page positions.
pub(super) fn page(total: u64, offset: u64, limit: u64) -> std::ops::Range<u64> {
    offset.min(total)..offset.saturating_add(limit).min(total)
}
