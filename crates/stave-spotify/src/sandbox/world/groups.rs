//! How tracks are cut into albums, and whose those are: groups of 320 tracks,
//! 64 albums and 16 artists, each laid out in one of a few dozen ways.
//!
//! Must not know what a track or an album is called.

use std::ops::Range;
use std::sync::LazyLock;

use super::World;
use super::draw::{Domain, Seed};

pub(super) const GROUP_TRACKS: u64 = 320;
pub(super) const GROUP_ALBUMS: u64 = 64;
pub(super) const GROUP_ARTISTS: u64 = 16;

/// How many albums of a group have so many tracks.
const SIZES: [(u64, u64); 8] = [
    (25, 1),
    (12, 2),
    (6, 4),
    (8, 6),
    (6, 10),
    (5, 12),
    (1, 11),
    (1, 68),
];

/// How many albums of a group each of its artists has.
const SHARES: [u64; 16] = [18, 10, 8, 6, 5, 4, 3, 3, 2, 1, 1, 1, 1, 1, 0, 0];

/// How many ways there are to lay a group out.
const LAYOUTS: u64 = 64;

static TABLE: LazyLock<Vec<Layout>> = LazyLock::new(|| (0..LAYOUTS).map(Layout::new).collect());

/// One way to cut a group: where its albums start, and which artist has which.
struct Layout {
    starts: Vec<u64>,
    owners: Vec<u64>,
    album_of: Vec<u64>,
}

impl Layout {
    fn new(number: u64) -> Self {
        let mut sizes: Vec<u64> = SIZES
            .iter()
            .flat_map(|&(count, size)| std::iter::repeat_n(size, count as usize))
            .collect();
        let mut owners: Vec<u64> = (0..GROUP_ARTISTS)
            .zip(SHARES)
            .flat_map(|(artist, share)| std::iter::repeat_n(artist, share as usize))
            .collect();
        // Layouts are the same for every seed; the seed chooses among them.
        Seed(0).draw(Domain::AlbumPlan, number).shuffle(&mut sizes);
        Seed(0).draw(Domain::OwnerPlan, number).shuffle(&mut owners);
        let mut starts = vec![0];
        let mut album_of = Vec::new();
        for (album, size) in (0..).zip(sizes) {
            album_of.extend(std::iter::repeat_n(album, size as usize));
            starts.push(album_of.len() as u64);
        }
        Self {
            starts,
            owners,
            album_of,
        }
    }
}

/// A group: its layout, and who takes which part in it.
pub(super) struct Group {
    layout: &'static Layout,
    number: u64,
    turn: u64,
}

impl World {
    pub(super) fn group(&self, number: u64) -> Group {
        let mut draw = self.seed.draw(Domain::AlbumPlan, number);
        Group {
            layout: &TABLE[draw.below(LAYOUTS) as usize],
            number,
            turn: draw.below(GROUP_ARTISTS),
        }
    }
}

impl Group {
    pub(super) const fn first_track(&self) -> u64 {
        self.number * GROUP_TRACKS
    }

    /// The tracks of an album, which is given by its place in the group.
    pub(super) fn range(&self, place: u64) -> Range<u64> {
        let start = |place: u64| self.first_track() + self.layout.starts[place as usize];
        start(place)..start(place + 1)
    }

    /// The place of the album that a track of the group is on.
    pub(super) fn album_of(&self, track: u64) -> u64 {
        self.layout.album_of[(track % GROUP_TRACKS) as usize]
    }

    /// The artist of an album, which is given by its place in the group.
    pub(super) fn owner(&self, place: u64) -> u64 {
        let part = self.layout.owners[place as usize] + self.turn;
        self.number * GROUP_ARTISTS + part % GROUP_ARTISTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_as_many_as_it_should() {
        let tracks: u64 = SIZES.iter().map(|(count, size)| count * size).sum();
        let albums: u64 = SIZES.iter().map(|(count, _)| count).sum();
        assert_eq!((tracks, albums), (GROUP_TRACKS, GROUP_ALBUMS));
        assert_eq!(SHARES.iter().sum::<u64>(), GROUP_ALBUMS);
    }
}
