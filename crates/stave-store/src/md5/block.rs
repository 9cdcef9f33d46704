//! The blocks of one body. Each step waits for the one before it, so that what counts is how
//! many instructions lie between the two.

use super::steps::{four, steps};
use super::{Block, State};

/// Takes `blocks` into `state`.
pub(super) fn take(state: &mut State, blocks: &[Block]) {
    // No iterators: calls between the steps take a tenth longer.
    let [mut a, mut b, mut c, mut d] = *state;
    for block in blocks {
        let (words, _) = block.as_chunks();
        let before = [a, b, c, d];
        macro_rules! step {
            ($round:ident $a:ident $b:ident $c:ident $d:ident, $shift:literal, $word:literal, $k:literal) => {
                let word = u32::from_le_bytes(words[$word]);
                let early = first($a.wrapping_add(word).wrapping_add($k));
                $a = $round(early, $b, $c, $d)
                    .rotate_left($shift)
                    .wrapping_add($b);
            };
        }
        steps!(step, a b c d);
        a = a.wrapping_add(before[0]);
        b = b.wrapping_add(before[1]);
        c = c.wrapping_add(before[2]);
        d = d.wrapping_add(before[3]);
    }
    *state = [a, b, c, d];
}

// Of the words, `b` comes last.

#[inline]
fn f(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    sum.wrapping_add(d ^ (b & (c ^ d)))
}

#[inline]
fn g(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    // The two have no bit in common: added, the first need not wait for the second.
    first(sum.wrapping_add(c & !d)).wrapping_add(b & d)
}

#[inline]
fn h(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    sum.wrapping_add(b ^ (c ^ d))
}

#[inline]
fn i(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    sum.wrapping_add(c ^ (b | !d))
}

/// `sum`, added up before what follows: the compiler would put it into an order with fewer
/// instructions and a longer chain of them, which takes a quarter longer.
#[cfg(target_arch = "x86_64")]
#[inline]
fn first(mut sum: u32) -> u32 {
    // SAFETY: no instruction.
    #[expect(unsafe_code, reason = "measured; see above")]
    unsafe {
        std::arch::asm!("/* {0:e} */", inout(reg) sum, options(pure, nomem, nostack, preserves_flags));
    }
    sum
}

#[cfg(not(target_arch = "x86_64"))]
fn first(sum: u32) -> u32 {
    sum
}
