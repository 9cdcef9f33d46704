//! Numbers of few bits: variable-length integers, bit packing, and the hybrid of
//! runs and packed groups that levels and dictionary places are written in.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>

/// How many bits the largest of `0..=max` needs.
pub(super) fn width(max: u64) -> u32 {
    u64::BITS - max.leading_zeros()
}

/// Writes a ULEB128 integer.
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Maps small negative and positive numbers to small ones.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Packs values of `width` bits, the first in the lowest ones.
pub(super) fn pack(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let (mut held, mut bits) = (0_u128, 0_u32);
    for value in values {
        held |= u128::from(value) << bits;
        bits += width;
        while bits >= 64 {
            out.extend_from_slice(&(held as u64).to_le_bytes());
            held >>= 64;
            bits -= 64;
        }
    }
    let left = bits.div_ceil(8) as usize;
    out.extend_from_slice(&held.to_le_bytes()[..left]);
}

/// Writes `values` of `width` bits as runs and packed groups of eight.
pub(super) fn hybrid(values: &[u32], width: u32, out: &mut Vec<u8>) {
    let (mut at, mut packed_from) = (0, 0);
    while at < values.len() {
        let value = values[at];
        let equal = values[at..]
            .iter()
            .take_while(|next| **next == value)
            .count();
        let padding = (8 - (at - packed_from) % 8) % 8;
        if equal >= padding + 8 {
            let run_from = at + padding;
            packed(&values[packed_from..run_from], width, out);
            run(value, at + equal - run_from, width, out);
            packed_from = at + equal;
        }
        at += equal;
    }
    packed(&values[packed_from..], width, out);
}

fn packed(values: &[u32], width: u32, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(8);
    varint((groups as u64) << 1 | 1, out);
    let padding = groups * 8 - values.len();
    let padded = values
        .iter()
        .copied()
        .chain(std::iter::repeat_n(0, padding));
    pack(padded.map(u64::from), width, out);
}

/// Writes `count` times `value`.
pub(super) fn run(value: u32, count: usize, width: u32, out: &mut Vec<u8>) {
    varint((count as u64) << 1, out);
    let bytes = width.div_ceil(8) as usize;
    out.extend_from_slice(&value.to_le_bytes()[..bytes]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_zigzag() {
        assert_eq!([width(0), width(1), width(255), width(256)], [0, 1, 8, 9]);
        assert_eq!(
            [zigzag(0), zigzag(-1), zigzag(1), zigzag(i64::MIN)],
            [0, 1, 2, u64::MAX]
        );
    }

    #[test]
    fn packing_is_that_of_the_specification() {
        let mut out = Vec::new();
        pack(0..8, 3, &mut out);
        assert_eq!(out, [0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    #[test]
    fn runs_and_groups_are_told_apart() {
        let mut out = Vec::new();
        hybrid(&[7; 100], 3, &mut out);
        assert_eq!(out, [200, 1, 7]);
        out.clear();
        hybrid(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut out);
        assert_eq!(out, [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }
}
