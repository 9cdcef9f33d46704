//! The Web API client: asks for one page at a time and copes with all that
//! Spotify does meanwhile (two limiters, sporadic errors, shrinking limits).
//!
//! Knows how to ask; must not know what is extracted or where it is kept. Its
//! errors, its clock and its memory serve the other modules of the crate too.

mod answer;
mod clock;
mod config;
mod endpoint;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod http;
mod learned;
mod memory;
mod request;
mod secret;
#[cfg(test)]
pub(crate) mod tests;

pub use clock::{Clock, ManualClock};
pub use config::{Config, Hosts, Patience};
pub use endpoint::Endpoint;
pub use error::{Error, ErrorKind, Result};
pub use http::Client;
pub use learned::{Bucket, Learned, Limit, Refused};
pub use memory::{FileMemory, InMemory, Memory};
pub use request::Request;
pub use secret::Secret;

pub(crate) use answer::{bounded, message_of};
pub(crate) use clock::later;
pub(crate) use config::agent;
pub(crate) use memory::{cannot, random, recall, remember, write_whole};
