//! Against the test suite of RFC 1321 and the `md-5` crate.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use futures::future::join_all;
use md5::Digest;
use proptest::prelude::*;

use super::*;
use crate::objects::hex;

#[test]
fn the_test_suite_of_rfc_1321() {
    for (bytes, expected) in [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (
            "abcdefghijklmnopqrstuvwxyz",
            "c3fcd3d76192e4007dfb496cca67e13b",
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a",
        ),
    ] {
        assert_eq!(hex(&Md5::of(bytes.as_bytes())), expected, "{bytes:?}");
    }
}

#[test]
fn every_length_around_a_block() {
    let bytes = noise(200);
    for length in 0..bytes.len() {
        assert_eq!(
            Md5::of(&bytes[..length]),
            peer(&bytes[..length]),
            "{length}"
        );
    }
}

#[test]
fn more_bodies_than_lanes_come_at_once() {
    let runtime = runtime();
    let all = SideBySide::default();
    // Of different lengths, so that some end while others go on.
    let bodies: Vec<_> = (0..40_usize).map(|at| noise(at * at * 999)).collect();
    let found = join_all(bodies.iter().map(|body| found(&all, body, 70_001)));
    for (found, body) in runtime.block_on(found).into_iter().zip(&bodies) {
        assert_eq!(found, peer(body), "{} bytes", body.len());
    }
}

proptest! {
    #[test]
    fn pieces_of_any_length_make_the_whole(
        length in 0..3000_usize,
        pieces in prop::collection::vec(1..300_usize, 1..5),
        bodies in 1..12_usize,
    ) {
        let body = noise(length);
        let mut md5 = Md5::default();
        let mut rest = body.as_slice();
        for size in pieces.iter().cycle() {
            let (now, later) = rest.split_at(rest.len().min(*size));
            md5.update(now);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(md5.finish(), peer(&body));

        let all = SideBySide::default();
        let found = join_all((0..bodies).map(|_| found(&all, &body, pieces[0])));
        for found in runtime().block_on(found) {
            prop_assert_eq!(found, peer(&body));
        }
    }
}

/// The MD5 of `body` in two halves, each cut into pieces.
async fn found(all: &SideBySide, body: &[u8], piece: usize) -> [u8; 16] {
    let mut md5 = Md5::default();
    let (first, second) = body.split_at(body.len() / 2);
    for half in [first, second] {
        let pieces = half.chunks(piece).map(Bytes::copy_from_slice).collect();
        md5 = all.update(md5, pieces).await.expect("found");
    }
    md5.finish()
}

fn peer(bytes: &[u8]) -> [u8; 16] {
    ::md5::Md5::digest(bytes).into()
}

fn noise(length: usize) -> Vec<u8> {
    let mut word = 1_u32;
    let next = std::iter::repeat_with(|| {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (word >> 24) as u8
    });
    next.take(length).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).build().expect("a runtime")
}

/// `cargo test --release -p stave-store md5 -- --ignored --nocapture`
#[test]
#[ignore = "it measures"]
fn beside_the_crate() {
    let body = noise(16 << 20);
    let eighths: Vec<&[Block]> = body
        .chunks(2 << 20)
        .map(|part| part.as_chunks().0)
        .collect();
    let one_of_eight = || {
        let mut eight: [Md5; LANES] = Default::default();
        let mut each: Vec<_> = eight.iter_mut().zip(eighths.iter().copied()).collect();
        Md5::take_each(&mut each);
        eight
    };
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..21 {
        times[0].push(seconds(|| peer(&body)));
        times[1].push(seconds(|| Md5::of(&body)));
        times[2].push(seconds(one_of_eight));
    }
    let medians = times.map(|mut times| {
        times.sort_unstable_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let megabytes = body.len() as f64 / 1e6;
    for (name, median) in ["the md-5 crate", "one body", "eight"].iter().zip(medians) {
        let (rate, times) = (megabytes / median, medians[0] / median);
        println!("{name}: {rate:.0} MB/s, {times:.2} times");
    }
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let begun = Instant::now();
    black_box(work());
    begun.elapsed().as_secs_f64()
}
