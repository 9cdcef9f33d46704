//! The sandbox over loopback, with a clock that the tests hold.

mod catalogue;
mod library;
mod oauth;
mod playlists;
mod profiles;
mod server;
mod shapes;
mod trouble;
