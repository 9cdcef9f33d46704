//! Spotify: the generator of the Spotify 2023 data set.
//!
//! Must not know the rest of Stave.

#![forbid(unsafe_code)]

pub mod sample;
