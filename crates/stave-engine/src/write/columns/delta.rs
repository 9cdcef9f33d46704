//! DELTA_BINARY_PACKED: what a number adds to the one before, in blocks of 128.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC>

use super::bits::{pack, varint, width, zigzag};

const BLOCK: usize = 128;
const MINI_BLOCKS: usize = 4;
const MINI_BLOCK: usize = BLOCK / MINI_BLOCKS;

/// Writes `values`.
pub(super) fn encode(values: &[i64], out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint(MINI_BLOCKS as u64, out);
    varint(values.len() as u64, out);
    varint(zigzag(values.first().copied().unwrap_or_default()), out);
    let mut deltas = [0_i64; BLOCK];
    let mut at = 1;
    while at < values.len() {
        let count = BLOCK.min(values.len() - at);
        for (delta, index) in deltas.iter_mut().zip(at..at + count) {
            *delta = values[index].wrapping_sub(values[index - 1]);
        }
        block(&deltas[..count], out);
        at += count;
    }
}

fn block(deltas: &[i64], out: &mut Vec<u8>) {
    let least = deltas.iter().copied().min().unwrap_or_default();
    varint(zigzag(least), out);
    let over = |delta: &i64| delta.wrapping_sub(least) as u64;
    let widths_at = out.len();
    out.extend_from_slice(&[0; MINI_BLOCKS]);
    for (mini, part) in deltas.chunks(MINI_BLOCK).enumerate() {
        let bits = width(part.iter().map(over).max().unwrap_or_default());
        out[widths_at + mini] = bits as u8;
        let padding = std::iter::repeat_n(0, MINI_BLOCK - part.len());
        pack(part.iter().map(over).chain(padding), bits, out);
    }
}
