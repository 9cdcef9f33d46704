//! Seeded randomness that answers by index: the same seed, domain and index
//! give the same draws, on every platform and in any order.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood: "Fast Splittable
//! Pseudorandom Number Generators", OOPSLA 2014; constants as in Vigna's
//! public-domain `splitmix64.c`). Only integer arithmetic, so no two
//! platforms differ. Must not know what is drawn.

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes 64 bits; a bijection, so distinct inputs stay distinct.
pub(super) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// What a draw is for. Draws of two domains have nothing to do with each other.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Domain {
    TrackId = 1,
    AlbumId,
    ArtistId,
    Title,
    Duration,
    TrackPopularity,
    Explicit,
    Guests,
    Features,
    Album,
    AlbumName,
    Label,
    ArtistName,
    ArtistFigures,
    ArtistWeight,
    ArtistGenres,
    ArtistLabel,
    LabelName,
    LostTrack,
    Plan,
    TrackOrder,
    ArtistOrder,
    FeatureOrder,
    Oddity,
}

/// The seed, from which every draw follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    /// Returns 64 bits that are distinct for every index of a domain.
    pub(super) const fn unique(self, domain: Domain, index: u64) -> u64 {
        let key = mix(self.0.wrapping_add((domain as u64).wrapping_mul(GAMMA)));
        mix(key ^ index)
    }

    /// Starts the stream of draws that belongs to an index of a domain.
    pub(super) const fn draw(self, domain: Domain, index: u64) -> Draw {
        Draw {
            state: self.unique(domain, index),
        }
    }
}

/// A stream of draws.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    state: u64,
}

impl Draw {
    pub(super) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Returns a number below `bound` (at most 2^32), about evenly spread.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() >> 32) * bound) >> 32
    }

    /// Returns true so many times in ten thousand.
    pub(super) const fn chance(&mut self, in_ten_thousand: u64) -> bool {
        self.below(10_000) < in_ten_thousand
    }

    /// Returns a number below `bound` (at most 2^32), small ones far more
    /// often: the cube of an even draw, near Zipf's law with exponent 2/3.
    pub(super) const fn skewed(&mut self, bound: u64) -> u64 {
        let even = self.next() >> 32;
        let square = (even * even) >> 32;
        let cube = (square * even) >> 32;
        (cube * bound) >> 32
    }

    pub(super) fn pick(&mut self, list: &[&'static str]) -> &'static str {
        let index = self.below(list.len() as u64) as usize;
        list.get(index).copied().unwrap_or_default()
    }

    /// Puts a list into random order (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            list.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_splitmix64() {
        // First outputs of the reference implementation with state 1234567.
        let mut draw = Draw { state: 1_234_567 };
        assert_eq!(draw.next(), 6_457_827_717_110_365_317);
        assert_eq!(draw.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_stay_below_their_bound_and_repeat() {
        let mut one = Seed(7).draw(Domain::Title, 3);
        let mut two = Seed(7).draw(Domain::Title, 3);
        let (mut low, mut even) = (0, 0);
        for _ in 0..10_000 {
            let drawn = one.skewed(100);
            assert_eq!(drawn, two.skewed(100));
            assert!(drawn < 100);
            low += u32::from(drawn < 10);
            even += u32::from(one.below(100) < 10);
            let _ = two.next();
        }
        assert!((4_400..4_900).contains(&low), "{low}");
        assert!((850..1_150).contains(&even), "{even}");
    }
}
