//! The blocks of eight bodies side by side: eight chains of steps take little longer than one.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_extract_epi32,
    _mm256_or_si256, _mm256_permute2x128_si256, _mm256_set1_epi32, _mm256_setr_epi32,
    _mm256_setzero_si256, _mm256_slli_epi32, _mm256_srli_epi32, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64, _mm256_xor_si256,
};

use super::steps::{four, steps};
use super::{Block, LANES, Md5, State};

/// Adds blocks to each of up to [`LANES`], to each as many; whether the processor can.
pub(super) fn take(each: &mut [(&mut Md5, &[Block])]) -> bool {
    let Some((_, blocks)) = each.first().filter(|_| is_x86_feature_detected!("avx2")) else {
        return false;
    };
    // Lanes without a body take the first one's blocks, for nothing.
    let mut blocks = [*blocks; LANES];
    let mut states = [State::default(); LANES];
    for (lane, (md5, of_it)) in each.iter().enumerate() {
        blocks[lane] = of_it;
        states[lane] = md5.state;
    }
    // SAFETY: the processor has what the function is compiled for.
    #[expect(unsafe_code, reason = "measured; see the module")]
    unsafe {
        take_blocks(&mut states, blocks);
    }
    for ((md5, blocks), state) in each.iter_mut().zip(states) {
        md5.state = state;
        md5.length += blocks.as_flattened().len() as u64;
    }
    true
}

#[target_feature(enable = "avx2")]
fn take_blocks(states: &mut [State; LANES], blocks: [&[Block]; LANES]) {
    let count = blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
    let mut a = in_lanes(words_of_states(states, 0));
    let mut b = in_lanes(words_of_states(states, 1));
    let mut c = in_lanes(words_of_states(states, 2));
    let mut d = in_lanes(words_of_states(states, 3));
    for at in 0..count {
        let words = words(&blocks, at);
        let before = [a, b, c, d];
        macro_rules! step {
            ($round:ident $a:ident $b:ident $c:ident $d:ident, $shift:literal, $word:literal, $k:literal) => {
                let constant = _mm256_set1_epi32(const { u32::cast_signed($k) });
                let sum = $round(add(add($a, words[$word]), constant), $b, $c, $d);
                let (left, right) = (
                    _mm256_slli_epi32::<$shift>(sum),
                    _mm256_srli_epi32::<{ 32 - $shift }>(sum),
                );
                $a = add(or(left, right), $b);
            };
        }
        steps!(step, a b c d);
        a = add(a, before[0]);
        b = add(b, before[1]);
        c = add(c, before[2]);
        d = add(d, before[3]);
    }
    let ends = [spread(a), spread(b), spread(c), spread(d)];
    for (lane, state) in states.iter_mut().enumerate() {
        *state = [ends[0][lane], ends[1][lane], ends[2][lane], ends[3][lane]];
    }
}

// What calls closures has no feature: with it they would not be inlined into `from_fn`.

/// The word at `at` of each state.
fn words_of_states(states: &[State; LANES], at: usize) -> [i32; LANES] {
    std::array::from_fn(|lane| states[lane][at].cast_signed())
}

/// Eight words of a block, from the word `from` on.
fn words_of_block(block: &Block, from: usize) -> [i32; 8] {
    let (words, _) = block.as_chunks();
    std::array::from_fn(|at| i32::from_le_bytes(words[from + at]))
}

#[target_feature(enable = "avx2")]
#[inline]
fn in_lanes(words: [i32; 8]) -> __m256i {
    _mm256_setr_epi32(
        words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7],
    )
}

/// The words of each lane.
#[target_feature(enable = "avx2")]
fn spread(words: __m256i) -> [u32; LANES] {
    [
        _mm256_extract_epi32::<0>(words),
        _mm256_extract_epi32::<1>(words),
        _mm256_extract_epi32::<2>(words),
        _mm256_extract_epi32::<3>(words),
        _mm256_extract_epi32::<4>(words),
        _mm256_extract_epi32::<5>(words),
        _mm256_extract_epi32::<6>(words),
        _mm256_extract_epi32::<7>(words),
    ]
    .map(i32::cast_unsigned)
}

/// Each word of the blocks at `at`, of all lanes.
#[target_feature(enable = "avx2")]
#[inline]
fn words(blocks: &[&[Block]; LANES], at: usize) -> [__m256i; 16] {
    let mut words = [_mm256_setzero_si256(); 16];
    words[..8].copy_from_slice(&columns(&half(blocks, at, 0)));
    words[8..].copy_from_slice(&columns(&half(blocks, at, 8)));
    words
}

/// Eight words of a block of each lane, from the word `from` on.
#[target_feature(enable = "avx2")]
#[inline]
fn half(blocks: &[&[Block]; LANES], at: usize, from: usize) -> [__m256i; LANES] {
    [
        in_lanes(words_of_block(&blocks[0][at], from)),
        in_lanes(words_of_block(&blocks[1][at], from)),
        in_lanes(words_of_block(&blocks[2][at], from)),
        in_lanes(words_of_block(&blocks[3][at], from)),
        in_lanes(words_of_block(&blocks[4][at], from)),
        in_lanes(words_of_block(&blocks[5][at], from)),
        in_lanes(words_of_block(&blocks[6][at], from)),
        in_lanes(words_of_block(&blocks[7][at], from)),
    ]
}

/// The columns of eight rows.
#[target_feature(enable = "avx2")]
#[inline]
fn columns(rows: &[__m256i; 8]) -> [__m256i; 8] {
    let upper = columns_of_four(rows[0], rows[1], rows[2], rows[3]);
    let lower = columns_of_four(rows[4], rows[5], rows[6], rows[7]);
    [
        _mm256_permute2x128_si256::<0x20>(upper[0], lower[0]),
        _mm256_permute2x128_si256::<0x20>(upper[1], lower[1]),
        _mm256_permute2x128_si256::<0x20>(upper[2], lower[2]),
        _mm256_permute2x128_si256::<0x20>(upper[3], lower[3]),
        _mm256_permute2x128_si256::<0x31>(upper[0], lower[0]),
        _mm256_permute2x128_si256::<0x31>(upper[1], lower[1]),
        _mm256_permute2x128_si256::<0x31>(upper[2], lower[2]),
        _mm256_permute2x128_si256::<0x31>(upper[3], lower[3]),
    ]
}

/// The columns of four rows: beside each of the first four the one that is four further on.
#[target_feature(enable = "avx2")]
#[inline]
fn columns_of_four(a: __m256i, b: __m256i, c: __m256i, d: __m256i) -> [__m256i; 4] {
    let upper = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let lower = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(upper.0, lower.0),
        _mm256_unpackhi_epi64(upper.0, lower.0),
        _mm256_unpacklo_epi64(upper.1, lower.1),
        _mm256_unpackhi_epi64(upper.1, lower.1),
    ]
}

#[target_feature(enable = "avx2")]
#[inline]
fn f(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    add(sum, xor(d, and(b, xor(c, d))))
}

#[target_feature(enable = "avx2")]
#[inline]
fn g(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    add(sum, or(and(b, d), _mm256_andnot_si256(d, c)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn h(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    add(sum, xor(b, xor(c, d)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn i(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    add(sum, xor(c, or(b, xor(d, _mm256_set1_epi32(-1)))))
}

#[target_feature(enable = "avx2")]
#[inline]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn and(a: __m256i, b: __m256i) -> __m256i {
    _mm256_and_si256(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn or(a: __m256i, b: __m256i) -> __m256i {
    _mm256_or_si256(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}
