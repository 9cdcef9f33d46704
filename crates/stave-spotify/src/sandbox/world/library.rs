//! What belongs to one user: what they saved, follow, like most, and played.
//! All of it grows with time. Must not know scopes or pages.

use jiff::Timestamp;

use super::draw::{Domain, fold};
use super::music::Track;
use super::{DAWN, DAY_SECONDS, World, moment};

/// A prime above every count, to step through a list without meeting anything twice.
const STRIDE: u64 = 2_147_483_647;

const SLOT_SECONDS: i64 = 240;
const SLOTS_AN_HOUR: i64 = 15;

/// So far back plays are looked for.
const PLAYS_DAYS: i64 = 30;

/// How many plays Spotify remembers.
pub(in crate::sandbox) const PLAYS_KEPT: usize = 50;

/// How many artists everybody follows.
pub(in crate::sandbox) const FOLLOWED_ARTISTS: u64 = 130;

/// How many top artists and top tracks there are.
pub(in crate::sandbox) const TOP_ITEMS: u64 = 80;

/// What can be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Shelf {
    Tracks,
    Albums,
    Shows,
    Episodes,
    Audiobooks,
}

impl Shelf {
    /// How many were saved at the dawn, and how many days pass until one more is.
    const fn growth(self) -> (u64, i64) {
        match self {
            Self::Tracks => (640, 2),
            Self::Albums => (87, 30),
            Self::Shows => (12, 90),
            Self::Episodes => (60, 20),
            Self::Audiobooks => (5, 200),
        }
    }
}

/// Something saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Saved {
    pub(in crate::sandbox) index: u64,
    pub(in crate::sandbox) added_at: Timestamp,
}

/// A play.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Play {
    pub(in crate::sandbox) track: Track,
    pub(in crate::sandbox) played_at: Timestamp,
    pub(in crate::sandbox) context: Context,
}

/// From where something was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Context {
    Playlist(String),
    Album(u64),
    Artist(u64),
    Collection,
    None,
}

/// The span that top items are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum TimeRange {
    Short,
    Medium,
    Long,
}

impl TimeRange {
    /// Days until the ranking changes.
    const fn days(self) -> i64 {
        match self {
            Self::Short => 1,
            Self::Medium => 7,
            Self::Long => 30,
        }
    }
}

impl World {
    /// How many things there are to save of a kind.
    const fn stock(&self, shelf: Shelf) -> u64 {
        match shelf {
            Shelf::Tracks => self.tracks,
            // Whole groups of 320 tracks with 64 albums.
            Shelf::Albums => self.tracks / 320 * 64,
            Shelf::Shows | Shelf::Episodes => self.shows(),
            Shelf::Audiobooks => self.audiobooks(),
        }
    }

    /// How many things a user has saved.
    pub(in crate::sandbox) fn saved_total(&self, shelf: Shelf, now: Timestamp) -> u64 {
        let (base, days) = shelf.growth();
        let grown = (now.as_second() - DAWN).max(0) / (days * DAY_SECONDS);
        (base + grown as u64).min(self.stock(shelf))
    }

    /// The nth thing a user saved, counted from the newest.
    pub(in crate::sandbox) fn saved(
        &self,
        user: &str,
        shelf: Shelf,
        nth: u64,
        now: Timestamp,
    ) -> Saved {
        let (base, days) = shelf.growth();
        let grown = (now.as_second() - DAWN).max(0) / (days * DAY_SECONDS);
        let sequence = (base as i64 + grown - 1 - nth as i64).max(0) as u64;
        let index = self.step(user, shelf as u64, sequence, self.stock(shelf));
        let since = sequence as i64 - base as i64;
        let added_at = if since >= 0 {
            DAWN + (since + 1) * days * DAY_SECONDS
        } else {
            DAWN + since * 5 * 3_600
        };
        Saved {
            index: match shelf {
                // One episode a show: an early one, so that it stays.
                Shelf::Episodes => Self::episode_from_newest(index, 1, 0),
                _ => index,
            },
            added_at: moment(added_at),
        }
    }

    /// The nth artist that a user follows.
    pub(in crate::sandbox) fn followed_artist(&self, user: &str, nth: u64) -> u64 {
        self.step(user, 9, nth, self.artists())
    }

    /// How many artists a user follows.
    pub(in crate::sandbox) fn followed_artists(&self) -> u64 {
        FOLLOWED_ARTISTS.min(self.artists())
    }

    fn step(&self, user: &str, what: u64, nth: u64, count: u64) -> u64 {
        let start = self
            .seed
            .draw2(Domain::Library, fold(user), what)
            .below(count);
        let stride = STRIDE % count.max(1);
        (start + nth % count.max(1) * stride) % count.max(1)
    }

    /// The track or artist at a rank of a user's favourites.
    pub(in crate::sandbox) fn top(
        &self,
        user: &str,
        range: TimeRange,
        rank: u64,
        now: Timestamp,
    ) -> u64 {
        let mut phase = self.seed.draw2(Domain::Rank, fold(user), rank);
        let period = (now.as_second() - DAWN).max(0) / (range.days() * DAY_SECONDS);
        let period = (period as u64 + phase.below(7)) / 7;
        let key = fold(user) ^ (period << 2 | range as u64);
        let mut draw = self.seed.draw2(Domain::Rank, key, rank);
        self.chart_track(&mut draw, rank, TOP_ITEMS)
    }

    /// The artist at a rank of a user's favourites.
    pub(in crate::sandbox) fn top_artist(
        &self,
        user: &str,
        range: TimeRange,
        rank: u64,
        now: Timestamp,
    ) -> u64 {
        let weeks = (now.as_second() - DAWN).max(0) / (range.days() * 7 * DAY_SECONDS);
        self.step(user, 10 + range as u64, rank + weeks as u64, self.artists())
    }

    /// The last plays of a user, newest first, at most fifty.
    pub(in crate::sandbox) fn plays(&self, user: &str, now: Timestamp) -> Vec<Play> {
        let last = now.as_second().div_euclid(SLOT_SECONDS);
        let mut plays = Vec::with_capacity(PLAYS_KEPT);
        let mut slot = last;
        while plays.len() < PLAYS_KEPT && slot > last - PLAYS_DAYS * 24 * SLOTS_AN_HOUR {
            if self.listens(user, slot.div_euclid(SLOTS_AN_HOUR)) {
                plays.extend(self.play(user, slot, now));
                slot -= 1;
            } else {
                slot = slot.div_euclid(SLOTS_AN_HOUR) * SLOTS_AN_HOUR - 1;
            }
        }
        plays
    }

    fn listens(&self, user: &str, hour: i64) -> bool {
        let often = match hour.rem_euclid(24) {
            0..6 => 20,
            6..17 => 280,
            _ => 500,
        };
        self.seed
            .draw2(Domain::Session, fold(user), hour as u64)
            .chance(often)
    }

    fn play(&self, user: &str, slot: i64, now: Timestamp) -> Option<Play> {
        let mut draw = self.seed.draw2(Domain::Play, fold(user), slot as u64);
        if !draw.chance(850) {
            return None;
        }
        let played_at =
            Timestamp::from_millisecond(slot * SLOT_SECONDS * 1_000 + draw.below(60_000) as i64)
                .ok()?;
        // What was played without a network arrives two hours late.
        let late = if draw.chance(40) { 2 * 3_600 } else { 0 };
        if played_at.as_second() + late >= now.as_second() {
            return None;
        }
        let track = self.track(self.known_track(&mut draw));
        let context = match draw.below(10) {
            0..5 => Context::Playlist(self.playlist_id(user, 6 + draw.below(6))),
            5..7 => Context::Album(track.album),
            7 => Context::Artist(track.artists.first().copied().unwrap_or_default()),
            8 => Context::Collection,
            _ => Context::None,
        };
        Some(Play {
            track,
            played_at,
            context,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::sandbox::world::draw::Seed;

    const WORLD: World = World {
        seed: Seed(7),
        tracks: 20_000,
        warts: true,
    };

    #[test]
    fn saved_things_are_distinct_newest_first_and_grow() {
        let now: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
        for shelf in [
            Shelf::Tracks,
            Shelf::Albums,
            Shelf::Shows,
            Shelf::Episodes,
            Shelf::Audiobooks,
        ] {
            let total = WORLD.saved_total(shelf, now);
            let all: Vec<Saved> = (0..total)
                .map(|nth| WORLD.saved("me", shelf, nth, now))
                .collect();
            let distinct: HashSet<u64> = all.iter().map(|saved| saved.index).collect();
            assert_eq!(distinct.len() as u64, total, "{shelf:?}");
            assert!(
                all.is_sorted_by(|one, two| one.added_at > two.added_at),
                "{shelf:?}"
            );
            assert!(all[0].added_at <= now);
        }
        let later: Timestamp = "2026-11-03T12:00:00Z".parse().unwrap();
        let grown = WORLD.saved_total(Shelf::Tracks, later);
        assert_eq!(grown, WORLD.saved_total(Shelf::Tracks, now) + 1);
        assert_eq!(
            WORLD.saved("me", Shelf::Tracks, 1, later),
            WORLD.saved("me", Shelf::Tracks, 0, now)
        );
    }

    #[test]
    fn fifty_plays_newest_first_and_more_with_time() {
        let now: Timestamp = "2026-11-01T21:00:00Z".parse().unwrap();
        let plays = WORLD.plays("me", now);
        assert_eq!(plays.len(), PLAYS_KEPT);
        assert!(plays.is_sorted_by(|one, two| one.played_at > two.played_at));
        assert!(plays[0].played_at < now);
        let later = WORLD.plays("me", now + jiff::SignedDuration::from_hours(24));
        assert!(later[0].played_at > now);
    }
}
