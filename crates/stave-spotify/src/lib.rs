//! Spotify: the generator of the Spotify 2023 data set, and the sandbox of the Web API.
//!
//! Must not know the rest of Stave.

#![forbid(unsafe_code)]

pub mod sample;
pub mod sandbox;
