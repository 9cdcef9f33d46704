//! Blocking work on the home's database, where it holds up nobody.

use stave_core::{Error, Result};
use stave_store::Store;

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
) -> Result<T> {
    let store = store.clone();
    tokio::task::spawn_blocking(move || work(&store))
        .await
        .map_err(|error| {
            Error::internal("work on the home's database ended before its time").caused_by(error)
        })?
}
