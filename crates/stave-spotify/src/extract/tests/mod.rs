//! The extractor against a scripted Spotify.

mod dimensions;
mod faults;
mod kill;
mod streams;
mod world;
