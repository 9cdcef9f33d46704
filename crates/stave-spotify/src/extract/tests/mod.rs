//! The extractor against a scripted Spotify.

mod faults;
mod kill;
mod streams;
mod world;
