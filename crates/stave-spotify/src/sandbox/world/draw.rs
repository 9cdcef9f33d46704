//! Draws that follow from a seed: the same seed, domain and index always give
//! the same numbers, in any order. The generator is SplitMix64, whose mixing
//! is a bijection and can be undone. Must not know what is drawn.

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes 64 bits; distinct inputs stay distinct.
pub(in crate::sandbox) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Undoes [`mix`].
pub(in crate::sandbox) const fn unmix(value: u64) -> u64 {
    let value = value ^ (value >> 31) ^ (value >> 62);
    let value = value.wrapping_mul(0x3196_42b2_d24d_8ec3);
    let value = value ^ (value >> 27) ^ (value >> 54);
    let value = value.wrapping_mul(0x96de_1b17_3f11_9089);
    value ^ (value >> 30) ^ (value >> 60)
}

/// Folds a text into 64 bits.
pub(in crate::sandbox) fn fold(text: &str) -> u64 {
    text.bytes().fold(GAMMA, |hash, byte| {
        mix(hash ^ u64::from(byte)).wrapping_add(GAMMA)
    })
}

/// What a draw is for. Draws of two domains have nothing to do with each other.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(in crate::sandbox) enum Domain {
    Album = 1,
    AlbumPlan,
    Artist,
    Audiobook,
    Chapter,
    Entry,
    Episode,
    Features,
    Guests,
    Id,
    Library,
    Market,
    OwnerPlan,
    Play,
    Playlist,
    Rank,
    Session,
    Show,
    Song,
    Token,
    Track,
    User,
}

/// The seed, from which every draw follows.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Seed(pub(in crate::sandbox) u64);

impl Seed {
    /// Returns 64 bits that are distinct for every index of a domain.
    pub(in crate::sandbox) const fn unique(self, domain: Domain, index: u64) -> u64 {
        mix(self.key(domain) ^ index)
    }

    /// Returns the index for which [`Self::unique`] gives `value`.
    pub(in crate::sandbox) const fn index_of(self, domain: Domain, value: u64) -> u64 {
        unmix(value) ^ self.key(domain)
    }

    const fn key(self, domain: Domain) -> u64 {
        mix(self.0.wrapping_add((domain as u64).wrapping_mul(GAMMA)))
    }

    /// Starts the stream of draws that belongs to an index of a domain.
    pub(in crate::sandbox) const fn draw(self, domain: Domain, index: u64) -> Draw {
        Draw {
            state: self.unique(domain, index),
        }
    }

    /// Starts the stream of draws that belongs to a pair of numbers.
    pub(in crate::sandbox) const fn draw2(self, domain: Domain, one: u64, two: u64) -> Draw {
        self.draw(domain, mix(one).wrapping_add(two))
    }
}

/// A stream of draws.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Draw {
    state: u64,
}

impl Draw {
    pub(in crate::sandbox) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Returns a number below `bound` (at most 2^32), about evenly spread.
    pub(in crate::sandbox) const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() >> 32) * bound) >> 32
    }

    /// Returns true so many times in a thousand.
    pub(in crate::sandbox) const fn chance(&mut self, in_a_thousand: u64) -> bool {
        self.below(1_000) < in_a_thousand
    }

    pub(in crate::sandbox) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let index = self.below(list.len() as u64) as usize;
        list.get(index).copied().unwrap_or_default()
    }

    /// Puts a list into random order (Fisher and Yates).
    pub(in crate::sandbox) fn shuffle<T>(&mut self, list: &mut [T]) {
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
    fn mixing_is_undone() {
        for value in [0, 1, 42, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(unmix(mix(value)), value);
            let seed = Seed(value);
            assert_eq!(seed.index_of(Domain::Id, seed.unique(Domain::Id, 99)), 99);
        }
    }
}
