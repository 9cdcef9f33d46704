//! Spotify: the Web API client, the extractor, the reader of account exports, the
//! sandbox of the Web API, and the generator of the Spotify 2023 data set.
//!
//! Must not know the rest of Stave.

#![forbid(unsafe_code)]

pub mod auth;
pub mod client;
pub mod extract;
pub mod history;
pub mod sample;
pub mod sandbox;
mod splitmix;
