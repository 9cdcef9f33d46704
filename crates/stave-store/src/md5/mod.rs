//! MD5, which S3's ETags are made of, and most of what receiving a large object costs.
//!
//! Ours, because one body takes four fifths of the time that the `md-5` crate takes, and eight that
//! come at the same time a sixth (`tests::beside_the_crate`).
//! <https://www.rfc-editor.org/rfc/rfc1321>

mod block;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod side_by_side;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use side_by_side::SideBySide;

type State = [u32; 4];
type Block = [u8; 64];

/// How many bodies are taken at once.
const LANES: usize = 8;
/// What the state is before the first block.
const START: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// An MD5 under way.
#[derive(Debug, Clone)]
pub(crate) struct Md5 {
    state: State,
    /// How many bytes came so far.
    length: u64,
    /// Those of them that fill no block yet.
    tail: Block,
}

impl Default for Md5 {
    fn default() -> Self {
        Self {
            state: START,
            length: 0,
            tail: [0; 64],
        }
    }
}

impl Md5 {
    /// Of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> [u8; 16] {
        let mut md5 = Self::default();
        md5.update(bytes);
        md5.finish()
    }

    /// Adds `bytes`.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let rest = self.fill(bytes);
        let (blocks, tail) = rest.as_chunks();
        self.take(blocks);
        self.fill(tail);
    }

    /// The MD5 of what came.
    pub(crate) fn finish(mut self) -> [u8; 16] {
        let bits = self.length.wrapping_mul(8).to_le_bytes();
        self.fill(&[0x80]);
        while self.kept() != 56 {
            self.fill(&[0]);
        }
        self.fill(&bits);
        let mut digest = [0; 16];
        let (words, _) = digest.as_chunks_mut();
        for (bytes, word) in words.iter_mut().zip(self.state) {
            *bytes = word.to_le_bytes();
        }
        digest
    }

    /// How many bytes fill no block yet.
    fn kept(&self) -> usize {
        (self.length % 64) as usize
    }

    /// Adds what belongs to a block that is begun, or all that begins one and fills none; gives
    /// back the rest.
    fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let kept = self.kept();
        if kept == 0 && bytes.len() >= 64 {
            return bytes;
        }
        let (now, rest) = bytes.split_at(bytes.len().min(64 - kept));
        self.tail[kept..kept + now.len()].copy_from_slice(now);
        self.length += now.len() as u64;
        if !now.is_empty() && self.kept() == 0 {
            block::take(&mut self.state, &[self.tail]);
        }
        rest
    }

    /// Adds `blocks`, where none is begun.
    fn take(&mut self, blocks: &[Block]) {
        block::take(&mut self.state, blocks);
        self.length += blocks.as_flattened().len() as u64;
    }

    /// Adds blocks to each of up to [`LANES`], to each as many, where none is begun.
    fn take_each(each: &mut [(&mut Self, &[Block])]) {
        #[cfg(target_arch = "x86_64")]
        if each.len() > 1 && lanes::take(each) {
            return;
        }
        for (md5, blocks) in each {
            md5.take(blocks);
        }
    }
}
