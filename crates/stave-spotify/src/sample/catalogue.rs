//! Which artist has which albums and which tracks are on them: the shape of
//! the data set, with its skew.
//!
//! A track is known by its row in the albums file, an album by its first row,
//! an artist by an index. Everything follows from seed and number, so the
//! files agree without a list of ids in memory. Rows are planned in blocks of
//! [`BLOCK_ROWS`], the only thing that is held. Must not know text or CSV.

use std::ops::Range;

use super::random::{Domain, Draw, Seed};

/// Rows that are planned at once.
pub(super) const BLOCK_ROWS: u64 = 37_500;

/// Added to a row or an index for an id that is in one of two files only.
const STRAY: u64 = 1 << 40;

/// One in so many rows of the albums file has a track id without a match.
const LOST_TRACK_EVERY: u64 = 50;

/// Steps through the artists from the most famous down, so that they don't
/// stand together. A prime above every number of artists.
const FAME_STRIDE: u64 = 2_147_483_647;

/// Fame and the like are places in an order, from 0 to below this.
pub(super) const PLACES: u64 = 1 << 24;

/// The size of the data set and its seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Catalogue {
    pub(super) seed: Seed,
    pub(super) rows: u64,
    pub(super) artists: u64,
    fame_of_index: u64,
}

/// An album: what its rows share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Album {
    pub(super) first_row: u64,
    pub(super) tracks: u64,
    pub(super) artist: u64,
    /// Its artist is missing in the artists file.
    pub(super) stray: bool,
    /// One of many artists' album, found under a famous one.
    pub(super) compilation: bool,
    pub(super) popularity: u64,
}

impl Album {
    pub(super) fn rows(&self) -> Range<u64> {
        self.first_row..self.first_row + self.tracks
    }
}

/// A date as precise as is known: month and day are 0 where not.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReleaseDate {
    pub(super) year: u64,
    pub(super) month: u64,
    pub(super) day: u64,
}

impl Catalogue {
    pub(super) fn new(rows: u64, artists: u64, seed: u64) -> Self {
        Self {
            seed: Seed(seed),
            rows,
            artists,
            fame_of_index: inverse(FAME_STRIDE % artists, artists),
        }
    }

    pub(super) const fn blocks(&self) -> u64 {
        self.rows.div_ceil(BLOCK_ROWS)
    }

    pub(super) const fn block_rows(&self, block: u64) -> Range<u64> {
        part(self.rows, self.blocks(), block)
    }

    pub(super) const fn block_artists(&self, block: u64) -> Range<u64> {
        part(self.artists, self.blocks(), block)
    }

    /// Plans the albums of a block, in the order of their rows: the rows are
    /// shared out among the block's artists by weight, then cut into albums.
    pub(super) fn albums(&self, block: u64) -> Vec<Album> {
        let rows = self.block_rows(block);
        let mut draw = self.seed.draw(Domain::Plan, block);
        let mut artists: Vec<u64> = self.block_artists(block).collect();
        draw.shuffle(&mut artists);
        let weights: u64 = artists.iter().map(|&artist| self.weight(artist)).sum();
        let mut albums = Vec::with_capacity(8 * 1024);
        let (mut row, mut weight) = (rows.start, 0);
        for artist in artists {
            weight += self.weight(artist);
            let end = if weight == weights {
                rows.end
            } else {
                rows.start + (rows.end - rows.start) * weight / weights
            };
            while row < end {
                let tracks = album_size(&mut draw).min(end - row);
                albums.push(self.album(row, tracks, artist));
                row += tracks;
            }
        }
        albums
    }

    fn album(&self, first_row: u64, tracks: u64, artist: u64) -> Album {
        let mut draw = self.seed.draw(Domain::Album, first_row);
        let compilation = draw.chance(800);
        let artist = if compilation {
            draw.skewed(self.artists) * (FAME_STRIDE % self.artists) % self.artists
        } else {
            artist
        };
        let share = if draw.chance(2_500) {
            draw.below(30)
        } else {
            20 + draw.below(80)
        };
        Album {
            first_row,
            tracks,
            artist,
            stray: draw.chance(50),
            compilation,
            popularity: (self.figures(artist).0 * share / 100).min(100),
        }
    }

    /// Near Zipf's law: an even draw's reciprocal. A few artists have nothing.
    fn weight(&self, artist: u64) -> u64 {
        let mut draw = self.seed.draw(Domain::ArtistWeight, artist);
        if draw.chance(400) {
            return 0;
        }
        let weight = (1 << 40) / (draw.below(1 << 32) + (1 << 23));
        if self.fame(artist) > PLACES / 16 * 15 {
            weight * 2
        } else {
            weight
        }
    }

    /// The artist's place among all, the most famous last.
    pub(super) fn fame(&self, artist: u64) -> u64 {
        let rank = artist * self.fame_of_index % self.artists;
        (self.artists - 1 - rank) * PLACES / self.artists
    }

    /// Returns an artist's popularity (0 to 100) and followers.
    pub(super) fn figures(&self, artist: u64) -> (u64, u64) {
        let mut draw = self.seed.draw(Domain::ArtistFigures, artist);
        let fame = self.fame(artist);
        (
            at_place(POPULARITY, nearby(&mut draw, fame)),
            at_place(FOLLOWERS, nearby(&mut draw, fame)),
        )
    }

    pub(super) const fn release_date(&self, album: &Album) -> ReleaseDate {
        let mut draw = self.seed.draw(Domain::Album, album.first_row + STRAY);
        let year = 2023 - draw.skewed(72);
        let month = 1 + draw.below(12);
        let day = 1 + draw.below(days_of(year, month));
        match draw.below(1000) {
            0..30 => ReleaseDate {
                year,
                month: 0,
                day: 0,
            },
            30..50 => ReleaseDate {
                year,
                month,
                day: 0,
            },
            // A date known by its year is often written as its first day.
            50..120 => ReleaseDate {
                year,
                month: 1,
                day: 1,
            },
            _ => ReleaseDate { year, month, day },
        }
    }

    pub(super) fn duration_ms(&self, row: u64) -> u64 {
        let mut draw = self.seed.draw(Domain::Duration, row);
        let bell = 40_000 + draw.below(120_000) + draw.below(120_000) + draw.below(110_000);
        let length = match draw.below(100) {
            0..3 => 4_000 + draw.below(60_000),
            3..9 => bell + draw.skewed(2_400_000),
            _ => bell,
        };
        if draw.chance(700) {
            length / 1000 * 1000
        } else {
            length
        }
    }

    /// Returns a track's popularity (0 to 100), given its album's.
    pub(super) fn track_popularity(&self, row: u64, album: u64) -> u64 {
        let mut draw = self.seed.draw(Domain::TrackPopularity, row);
        match draw.below(100) {
            0..30 => 0,
            30..40 => draw.below(8),
            _ => (album * (30 + draw.below(70)) / 100).min(100),
        }
    }

    /// Whether a row's track id is missing in the track file: exactly one row
    /// in every fifty, at an even place among them.
    pub(super) const fn is_lost(&self, row: u64) -> bool {
        let group = self.seed.unique(Domain::LostTrack, row / LOST_TRACK_EVERY);
        row % LOST_TRACK_EVERY == group % LOST_TRACK_EVERY
    }

    pub(super) const fn track_id(&self, row: u64) -> u64 {
        self.seed.unique(Domain::TrackId, row)
    }

    /// The id that the track file has in the place of a lost one.
    pub(super) const fn track_file_id(&self, row: u64) -> u64 {
        let stray = if self.is_lost(row) { STRAY } else { 0 };
        self.seed.unique(Domain::TrackId, row + stray)
    }

    pub(super) const fn album_id(&self, album: &Album) -> u64 {
        self.seed.unique(Domain::AlbumId, album.first_row)
    }

    pub(super) const fn artist_id(&self, artist: u64, stray: bool) -> u64 {
        let stray = if stray { STRAY } else { 0 };
        self.seed.unique(Domain::ArtistId, artist + stray)
    }
}

const fn part(whole: u64, parts: u64, index: u64) -> Range<u64> {
    whole * index / parts..whole * (index + 1) / parts
}

/// The inverse of `value` modulo `modulus` (extended Euclid); 0 for modulus 1.
const fn inverse(value: u64, modulus: u64) -> u64 {
    let (mut old, mut new) = ((modulus as i64, 0_i64), (value as i64, 1_i64));
    while new.0 != 0 {
        let times = old.0 / new.0;
        (old, new) = (new, (old.0 - times * new.0, old.1 - times * new.1));
    }
    old.1.rem_euclid(modulus as i64) as u64
}

const fn album_size(draw: &mut Draw) -> u64 {
    match draw.below(100) {
        0..40 => 1,
        40..58 => 2 + draw.below(5),
        58..94 => 7 + draw.below(10),
        _ => 17 + draw.below(16),
    }
}

const fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && !year.is_multiple_of(100) => 29,
        // 2000 is the only century among the years.
        2 if year == 2000 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Moves a place a little, and back inside where it would leave the order.
fn nearby(draw: &mut Draw, place: u64) -> u64 {
    let (moved, last) = (place + draw.below(PLACES / 64), PLACES - 1 + PLACES / 128);
    let inside = moved.min(2 * last - moved);
    inside.saturating_sub(PLACES / 128)
}

/// Places (in 65,536ths) and what is found there, between them on a line.
type Curve = &'static [(u64, u64)];

const POPULARITY: Curve = &[
    (0, 0),
    (17_700, 0),
    (32_768, 7),
    (49_152, 26),
    (58_982, 45),
    (62_259, 56),
    (64_880, 73),
    (65_470, 85),
    (65_536, 101),
];

const FOLLOWERS: Curve = &[
    (0, 0),
    (1_750, 0),
    (6_500, 7),
    (16_400, 38),
    (24_500, 110),
    (32_800, 300),
    (41_000, 1_100),
    (49_200, 4_400),
    (54_000, 16_000),
    (59_000, 67_000),
    (62_300, 380_000),
    (63_700, 1_300_000),
    (64_880, 5_200_000),
    (65_470, 31_000_000),
    (65_536, 117_000_000),
];

fn at_place(curve: Curve, place: u64) -> u64 {
    const FINE: u64 = PLACES / 65_536;
    for pair in curve.windows(2) {
        let &[(from, low), (to, high)] = pair else {
            continue;
        };
        if place < to * FINE {
            return low + (high - low) * (place - from * FINE) / ((to - from) * FINE);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_cover_every_row_once() {
        for (rows, artists) in [(1, 1), (375, 37), (37_501, 3_700), (375_000, 37_000)] {
            let catalogue = Catalogue::new(rows, artists, 5);
            let mut next = 0;
            for block in 0..catalogue.blocks() {
                for album in catalogue.albums(block) {
                    assert_eq!(album.first_row, next);
                    assert!(album.artist < artists && (1..=32).contains(&album.tracks));
                    next = album.rows().end;
                }
            }
            assert_eq!(next, rows);
        }
    }

    #[test]
    fn fame_orders_the_artists() {
        let catalogue = Catalogue::new(375_000, 37_000, 5);
        let mut places: Vec<u64> = (0..37_000).map(|artist| catalogue.fame(artist)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 37_000);
        let most_famous = FAME_STRIDE % 37_000;
        assert_eq!(catalogue.fame(0), (36_999 * PLACES) / 37_000);
        assert!(catalogue.fame(most_famous) > PLACES / 1000 * 999);
    }

    #[test]
    fn curves_start_and_end_where_they_say() {
        assert_eq!(at_place(POPULARITY, 0), 0);
        assert_eq!(at_place(POPULARITY, PLACES - 1), 100);
        assert_eq!(at_place(FOLLOWERS, PLACES / 2), 299);
        assert!(at_place(FOLLOWERS, PLACES - 1) > 116_000_000);
    }

    #[test]
    fn months_have_their_days() {
        assert_eq!(
            [
                days_of(2023, 2),
                days_of(2000, 2),
                days_of(1996, 2),
                days_of(2023, 4)
            ],
            [28, 29, 29, 30]
        );
    }
}
