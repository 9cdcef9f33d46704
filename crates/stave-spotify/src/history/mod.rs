//! The account's export ("Extended streaming history"): reads the plays of
//! both eras out of a zip or a folder, without a single call.
//!
//! Every row of the export comes out, repeats and all: what is one play is
//! decided later, by [`doubles`]. IP addresses, user names and user agents are
//! dropped unless asked for. Must not know where plays are put, nor ask
//! Spotify anything.

mod api;
mod archive;
mod doubles;
mod line;
mod play;
mod read;
mod row;
mod rows;
#[cfg(test)]
mod tests;

pub use api::plays_of_page;
pub use doubles::{Moment, doubles};
pub use line::write_line;
pub use play::{Kind, Origin, Play};
pub use read::{FileSummary, Options, Summary, read_export};
