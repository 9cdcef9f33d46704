//! Work that blocks, where it holds up nobody.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use stave_core::{Error, Result};
use tokio::task::JoinHandle;

/// Runs `work` on a thread that may block; `broken` says what has not been done when it breaks
/// off.
///
/// The work travels in a box and its answer in a slot: the machinery of a task is then compiled
/// once, and not for each of some 150 closures in each program that has them.
pub fn blocking<T: Send + 'static>(
    broken: impl Into<Cow<'static, str>>,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    answer_of(broken.into(), Box::new(work))
}

async fn answer_of<T: Send + 'static>(
    broken: Cow<'static, str>,
    work: Box<dyn FnOnce() -> Result<T> + Send>,
) -> Result<T> {
    let slot = Arc::new(Mutex::new(None));
    let answer = Arc::clone(&slot);
    let done = begin(Box::new(move || {
        let answered = work();
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answered);
    }));
    if let Err(error) = done.await {
        return Err(Error::internal(broken).caused_by(error));
    }
    let answered = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    answered.unwrap_or_else(|| Err(Error::internal(broken)))
}

/// Begins `work` on a thread that may block.
pub(crate) fn begin(work: Box<dyn FnOnce() + Send>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(work)
}
