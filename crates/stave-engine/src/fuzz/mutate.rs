//! Makes one file out of others.

/// The longest input, in bytes.
const MAX_BYTES: usize = 8 << 10;

/// The same numbers from the same seed (`SplitMix64`, <https://prng.di.unimi.it/splitmix64.c>).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, or 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }

    fn range(&mut self, bytes: &[u8], longest: usize) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let length = self.below(longest) + 1;
        start..bytes.len().min(start + length)
    }
}

/// `one` with a few changes, some of which take parts of `other` or `pieces`.
pub(super) fn mutated(one: &[u8], other: &[u8], pieces: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = one.to_vec();
    for _ in 0..=dice.below(8) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(9) {
            0 => drop(bytes.drain(dice.range(&bytes, 30))),
            1..=3 => insert(&mut bytes, at, pieces[dice.below(pieces.len())].as_bytes()),
            4 => {
                let part = bytes[dice.range(&bytes, 80)].to_vec();
                insert(&mut bytes, at, &part);
            }
            5 => {
                let part = other[dice.range(other, 200)].to_vec();
                insert(&mut bytes, at, &part);
            }
            6 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
            7 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = dice.below(256) as u8;
                }
            }
            _ => bytes.truncate(bytes.len() - dice.below(bytes.len() / 8 + 1)),
        }
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    bytes.splice(at..at, part.iter().copied());
}
