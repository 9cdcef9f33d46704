//! What the extractor asks for, over the store: pages as objects, memory as
//! rows, and a clock that one can wait on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;
use stave_core::{Caller, ObjectKey, S3Uri};
use stave_spotify::client::{Clock, Error, Memory, Result};
use stave_spotify::extract::{Pages, RawPage};
use stave_store::{PutBody, PutOptions, Store};

use super::faults::to_spotify;
use super::{Event, Listener, tags};
use crate::blocking::blocking;
use crate::buckets::Buckets;

/// Waits that are shorter than this are not worth a word.
const TOLD_FROM: Duration = Duration::from_secs(2);

/// Pages as objects of a bucket.
pub struct ObjectPages {
    buckets: Buckets,
    caller: Caller,
    target: S3Uri,
    listener: Listener,
}

impl ObjectPages {
    /// Puts pages under `target` as `caller`; `listener` hears of each.
    pub fn new(buckets: Buckets, caller: Caller, target: S3Uri, listener: Listener) -> Self {
        Self {
            buckets,
            caller,
            target,
            listener,
        }
    }

    async fn put_object(&self, page: RawPage) -> stave_core::Result<()> {
        let key = ObjectKey::new(format!("{}{}", self.target.folder(), page.key))?;
        let options = PutOptions {
            content_type: Some("application/json".to_owned()),
            user_metadata: tags::of_page(&page),
            only_if_absent: false,
        };
        let body = PutBody::Bytes(page.bytes.clone());
        self.buckets
            .put(&self.caller, &self.target.bucket, &key, body, options)
            .await?;
        (self.listener)(Event::Page(&page));
        Ok(())
    }
}

impl Pages for ObjectPages {
    fn put(&self, page: RawPage) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.put_object(page).await.map_err(to_spotify) })
    }
}

/// Memory as rows of the store.
pub(super) struct RowMemory(Store);

impl RowMemory {
    pub fn new(store: Store) -> Self {
        Self(store)
    }
}

impl Memory for RowMemory {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Value>>> {
        Box::pin(async move {
            let name = key.to_owned();
            let text = blocking(&self.0, move |store| store.recall(&name)).await;
            let Some(text) = text.map_err(to_spotify)? else {
                return Ok(None);
            };
            serde_json::from_str(&text).map(Some).map_err(|source| {
                Error::internal(format!("what is remembered under {key:?} is no JSON"))
                    .caused_by(source)
            })
        })
    }

    fn save<'a>(&'a self, key: &'a str, value: Value) -> BoxFuture<'a, Result<()>> {
        let (key, text) = (key.to_owned(), value.to_string());
        Box::pin(async move {
            blocking(&self.0, move |store| store.remember(&key, &text))
                .await
                .map_err(to_spotify)
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        let key = key.to_owned();
        Box::pin(async move {
            blocking(&self.0, move |store| store.forget(&key))
                .await
                .map_err(to_spotify)
        })
    }
}

/// Stave's clock, which can be waited on; tells of long waits.
pub struct WaitingClock {
    clock: Arc<dyn stave_core::Clock>,
    listener: Listener,
}

impl WaitingClock {
    /// The time of `clock`; `listener` hears of long waits.
    pub fn new(clock: Arc<dyn stave_core::Clock>, listener: Listener) -> Self {
        Self { clock, listener }
    }
}

impl fmt::Debug for WaitingClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WaitingClock").field(&self.clock).finish()
    }
}

impl Clock for WaitingClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()> {
        if length >= TOLD_FROM {
            (self.listener)(Event::Waiting(length));
        }
        Box::pin(tokio::time::sleep(length))
    }
}
