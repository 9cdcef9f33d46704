//! The extractor: walks through the streams of an account, hands every raw
//! page on unchanged, and knows at each page where it is.
//!
//! Knows what is asked in which order and when a stream is complete. Must not
//! know where pages and checkpoints are kept ([`Pages`], [`Memory`]), nor
//! change a byte of a page.
//!
//! [`Memory`]: crate::client::Memory

mod count;
mod dimension;
mod layout;
mod listing;
mod pages;
mod plan;
mod playlist;
mod playlists;
mod progress;
mod put;
mod report;
mod run;
mod settle;
mod stream;
#[cfg(test)]
mod tests;
pub mod view;
mod walk;

pub use layout::{Grain, Layout};
pub use pages::{InMemoryPages, Pages, RawPage};
pub use plan::{Plan, StreamCost};
pub use playlist::PlaylistId;
pub use report::{Missing, Report, Standing, StreamReport};
pub use run::{Extractor, Selection, Settings};
pub use stream::Stream;
