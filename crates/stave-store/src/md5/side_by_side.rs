//! The MD5s of bodies that come at the same time, found side by side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::vec::IntoIter;

use bytes::{Buf, Bytes};
use stave_core::Result;

use super::{Block, LANES, Md5};
use crate::blocking::begin;
use crate::together::{Lead, Outcome, Together};

/// How many blocks of each are taken before others may come in.
const BLOCKS: usize = 1024;

/// Bodies whose MD5 is being found, by as many threads.
#[derive(Debug)]
pub(crate) struct SideBySide {
    threads: Vec<Together<Body, Md5>>,
    next: AtomicUsize,
}

impl Default for SideBySide {
    fn default() -> Self {
        // With more, each would have fewer bodies, and nobody would receive them.
        let threads = available_parallelism().map_or(1, usize::from).div_ceil(2);
        Self {
            threads: std::iter::repeat_with(Together::default)
                .take(threads)
                .collect(),
            next: AtomicUsize::new(0),
        }
    }
}

impl SideBySide {
    /// `md5` with `pieces` added.
    pub(crate) async fn update(&self, md5: Md5, pieces: Vec<Bytes>) -> Result<Md5> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let thread = &self.threads[next % self.threads.len()];
        let (mut awaited, lead) = thread.join(Body::new(md5, pieces));
        if let Some(lead) = lead {
            begin(Box::new(move || run(lead)));
        }
        awaited.told().await
    }
}

/// More of a body.
#[derive(Debug)]
struct Body {
    md5: Md5,
    piece: Bytes,
    pieces: IntoIter<Bytes>,
}

impl Body {
    fn new(md5: Md5, pieces: Vec<Bytes>) -> Self {
        Self {
            md5,
            piece: Bytes::new(),
            pieces: pieces.into_iter(),
        }
    }

    /// Takes what fills no block of its own; whether there is more.
    fn has_blocks(&mut self) -> bool {
        loop {
            let rest = self.md5.fill(&self.piece).len();
            self.piece.advance(self.piece.len() - rest);
            if rest >= size_of::<Block>() {
                return true;
            }
            if rest == 0 {
                match self.pieces.next() {
                    Some(piece) => self.piece = piece,
                    None => return false,
                }
            }
        }
    }
}

fn blocks_of(piece: &Bytes) -> &[Block] {
    piece.as_chunks().0
}

/// Takes what waits, and what comes meanwhile, until nothing does.
fn run(lead: Lead<Body, Md5>) {
    let (mut lead, mut bodies) = (Some(lead), Vec::new());
    while let Some(leading) = lead {
        bodies.extend(leading.take());
        for (body, outcome) in bodies.extract_if(.., |(body, _)| !body.has_blocks()) {
            outcome.set(Ok(body.md5));
        }
        for some in bodies.chunks_mut(LANES) {
            take_some(some);
        }
        lead = if bodies.is_empty() {
            leading.unless_done()
        } else {
            Some(leading)
        };
    }
}

/// Takes blocks of each of `bodies`, as many as all of them have.
fn take_some(bodies: &mut [(Body, Outcome<Md5>)]) {
    let counts = bodies.iter().map(|(body, _)| blocks_of(&body.piece).len());
    let count = counts.min().unwrap_or(0).min(BLOCKS);
    let mut each: Vec<_> = bodies
        .iter_mut()
        .map(|(body, _)| (&mut body.md5, &blocks_of(&body.piece)[..count]))
        .collect();
    Md5::take_each(&mut each);
    for (body, _) in bodies {
        body.piece.advance(count * size_of::<Block>());
    }
}
