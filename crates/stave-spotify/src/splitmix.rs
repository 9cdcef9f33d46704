//! Seeded randomness that answers by index: the same seed, domain and index
//! give the same draws, on every platform and in any order.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood: "Fast Splittable
//! Pseudorandom Number Generators", OOPSLA 2014; constants as in Vigna's
//! public-domain `splitmix64.c`). Only integer arithmetic, so no two
//! platforms differ. Must not know what is drawn.

pub(crate) const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes 64 bits; a bijection, so distinct inputs stay distinct.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Undoes [`mix`].
pub(crate) const fn unmix(value: u64) -> u64 {
    let value = value ^ (value >> 31) ^ (value >> 62);
    let value = value.wrapping_mul(0x3196_42b2_d24d_8ec3);
    let value = value ^ (value >> 27) ^ (value >> 54);
    let value = value.wrapping_mul(0x96de_1b17_3f11_9089);
    value ^ (value >> 30) ^ (value >> 60)
}

/// The key of a domain of draws. Two domains have nothing to do with each other.
pub(crate) const fn key(seed: u64, domain: u64) -> u64 {
    mix(seed.wrapping_add(domain.wrapping_mul(GAMMA)))
}

/// A stream of draws; chances are so many in `OF`.
#[derive(Clone, Debug)]
pub(crate) struct Draw<const OF: u64> {
    state: u64,
}

impl<const OF: u64> Draw<OF> {
    pub(crate) const fn new(state: u64) -> Self {
        Self { state }
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Returns a number below `bound` (at most 2^32), about evenly spread.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() >> 32) * bound) >> 32
    }

    /// Returns true so many times in `OF`.
    pub(crate) const fn chance(&mut self, times: u64) -> bool {
        self.below(OF) < times
    }

    /// Returns a number below `bound` (at most 2^32), small ones far more
    /// often: the cube of an even draw, near Zipf's law with exponent 2/3.
    pub(crate) const fn skewed(&mut self, bound: u64) -> u64 {
        let even = self.next() >> 32;
        let square = (even * even) >> 32;
        let cube = (square * even) >> 32;
        (cube * bound) >> 32
    }

    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let index = self.below(list.len() as u64) as usize;
        list.get(index).copied().unwrap_or_default()
    }

    /// Puts a list into random order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
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
        let mut draw = Draw::<1>::new(1_234_567);
        assert_eq!(draw.next(), 6_457_827_717_110_365_317);
        assert_eq!(draw.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn mixing_is_undone() {
        for value in [0, 1, 42, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(unmix(mix(value)), value);
        }
    }

    #[test]
    fn draws_stay_below_their_bound_and_repeat() {
        let (mut one, mut two) = (Draw::<1>::new(7), Draw::<1>::new(7));
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
