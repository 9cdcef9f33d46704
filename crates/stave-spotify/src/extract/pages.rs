//! Where raw pages go.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::stream::Stream;
use crate::client::Result;

/// A page as Spotify sent it, with its key and where it came from.
#[derive(Debug, Clone)]
pub struct RawPage {
    /// Where to put it, relative to the bucket. The same page of the same run
    /// always has the same key, so that a repeat replaces it.
    pub key: String,
    /// The account that it was read with; what `purge` goes by.
    pub account: String,
    /// The stream that it belongs to.
    pub stream: Stream,
    /// The part of the stream: a playlist's id, a range of the top lists.
    pub part: Option<String>,
    /// The run, as the time of its beginning.
    pub run: String,
    /// Which page of its stream or part this is, from 0.
    pub page: u32,
    /// When it was read; what `purge` goes by.
    pub fetched_at: Timestamp,
    /// The bytes, unchanged.
    pub bytes: Bytes,
}

/// Takes raw pages.
///
/// When a put returns, the page is safe: the checkpoint after it is saved next.
pub trait Pages: Send + Sync {
    /// Puts a page under its key, in place of whatever is there.
    fn put(&self, page: RawPage) -> BoxFuture<'_, Result<()>>;
}

/// Pages that are kept in memory, by key.
#[derive(Debug, Default)]
pub struct InMemoryPages(Mutex<BTreeMap<String, RawPage>>);

impl InMemoryPages {
    /// All pages, by key.
    pub fn contents(&self) -> BTreeMap<String, RawPage> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Pages for InMemoryPages {
    fn put(&self, page: RawPage) -> BoxFuture<'_, Result<()>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(page.key.clone(), page);
        Box::pin(std::future::ready(Ok(())))
    }
}
