//! Blocking work on the home's database, where it holds up nobody.

use stave_core::Result;
use stave_store::Store;

/// Runs `work` on a thread that may block.
pub(crate) fn blocking<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    let store = store.clone();
    stave_store::blocking(
        "work on the home's database ended before its time",
        move || work(&store),
    )
}
