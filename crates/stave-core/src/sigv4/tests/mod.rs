//! Signatures: published vectors, refusals, streams.

mod refusals;
mod round_trips;
mod s3_examples;
mod streams;
mod vectors;

use jiff::Timestamp;

use super::*;

/// Owned headers as a request borrows them.
fn borrowed(headers: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect()
}

fn time(text: &str) -> Timestamp {
    scope::parse_basic(text).unwrap()
}
