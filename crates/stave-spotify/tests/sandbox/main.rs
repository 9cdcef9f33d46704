//! The sandbox over loopback, with a clock that the tests hold.

// Helpers of tests may say what they expect in the shortest way, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod catalogue;
mod client;
mod library;
mod oauth;
mod playlists;
mod profiles;
mod published;
mod server;
mod shapes;
mod trouble;
