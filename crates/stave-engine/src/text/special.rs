//! Finds the bytes that mean something (delimiters, quotes, line breaks), 64 at a time.
//!
//! Written so that the compiler turns the comparisons into vector instructions
//! on every target, without `unsafe`.

const BLOCK: usize = 64;

/// The bytes to look for; unused places repeat a used one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted(pub [u8; 5]);

impl Wanted {
    #[allow(clippy::many_single_char_names, reason = "five bytes, all of one kind")]
    fn mask(self, block: &[u8; BLOCK]) -> u64 {
        let [a, b, c, d, e] = self.0;
        let mut hits = [0_u8; BLOCK];
        for (hit, &byte) in hits.iter_mut().zip(block) {
            *hit = u8::from(byte == a)
                | u8::from(byte == b)
                | u8::from(byte == c)
                | u8::from(byte == d)
                | u8::from(byte == e);
        }
        let mut mask = 0;
        for (at, eight) in hits.as_chunks::<8>().0.iter().enumerate() {
            // Each byte is 0 or 1; the product gathers the eight of them in the top byte.
            let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            mask |= gathered << (at * 8);
        }
        mask
    }
}

/// Yields the positions of the wanted bytes of a slice, in order.
pub(super) struct Specials<'a> {
    data: &'a [u8],
    wanted: Wanted,
    base: usize,
    mask: u64,
}

impl<'a> Specials<'a> {
    pub(super) fn new(data: &'a [u8], wanted: Wanted) -> Self {
        let mut specials = Self {
            data,
            wanted,
            base: 0,
            mask: 0,
        };
        specials.mask = specials.mask_at(0);
        specials
    }

    fn mask_at(&self, base: usize) -> u64 {
        let rest = &self.data[base..];
        if let Some(block) = rest.first_chunk::<BLOCK>() {
            return self.wanted.mask(block);
        }
        let mut block = [0_u8; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        let inside = (1_u64 << rest.len()) - 1;
        self.wanted.mask(&block) & inside
    }

    /// Skips every position before `position`.
    pub(super) fn skip_to(&mut self, position: usize) {
        if position >= self.base + BLOCK {
            self.base = (position.min(self.data.len()) / BLOCK) * BLOCK;
            self.mask = self.mask_at(self.base);
        }
        let inside = position.saturating_sub(self.base).min(BLOCK);
        self.mask &= u64::MAX.checked_shl(inside as u32).unwrap_or(0);
    }
}

impl Iterator for Specials<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            self.base += BLOCK;
            if self.base >= self.data.len() {
                self.base = self.data.len() / BLOCK * BLOCK;
                return None;
            }
            self.mask = self.mask_at(self.base);
        }
        let position = self.base + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wanted_byte_is_found_once() {
        for length in [0, 1, 63, 64, 65, 127, 128, 129, 1000] {
            let data: Vec<u8> = (0..length)
                .map(|at| b"abc,d\"e\nf\rg"[at * 7 % 11])
                .collect();
            let wanted = Wanted(*b",\"\n\r\r");
            let found: Vec<usize> = Specials::new(&data, wanted).collect();
            let expected: Vec<usize> = (0..length)
                .filter(|&at| b",\"\n\r".contains(&data[at]))
                .collect();
            assert_eq!(found, expected, "length {length}");
            for from in [0, 1, 5, 63, 64, 70, 128, 500] {
                let mut specials = Specials::new(&data, wanted);
                specials.skip_to(from);
                let rest: Vec<usize> = specials.collect();
                let expected: Vec<usize> =
                    expected.iter().copied().filter(|&at| at >= from).collect();
                assert_eq!(rest, expected, "length {length}, from {from}");
            }
        }
    }
}
