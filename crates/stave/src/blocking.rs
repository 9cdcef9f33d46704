//! Work that blocks, where it holds up nobody.

use stave_core::{Error, Result};

/// Runs `work` on a thread that may block; `broken` says what has not been done when it breaks
/// off.
pub async fn blocking<T: Send + 'static>(
    broken: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal(broken).caused_by(error))?
}
