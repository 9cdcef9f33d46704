//! What the server does beside its requests: it forgets what nobody waits for any more, and ends
//! objects and uploads whose time a lifecycle rule says is over, and logs whose retention does.

use std::sync::Arc;
use std::time::Duration;

use stave_core::Result;

use crate::compose::Stave;

/// How often it is done. Lifecycle rules count in days.
const EVERY: Duration = Duration::from_mins(15);
/// How long the start is left alone.
const FIRST_AFTER: Duration = Duration::from_secs(20);

/// Keeps the home in order, for ever.
pub async fn run(stave: Arc<Stave>) {
    tokio::time::sleep(FIRST_AFTER).await;
    loop {
        let stave = Arc::clone(&stave);
        match tokio::task::spawn_blocking(move || once(&stave)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the upkeep of the home failed"),
            Err(error) => tracing::error!(%error, "the upkeep of the home broke off"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn once(stave: &Stave) -> Result<()> {
    let swept = stave.sweep()?;
    let orphans = stave.store.sweep_orphans()?;
    let ended = stave.store.buckets().apply_lifecycle(stave.clock.now())?;
    let logs = stave.platform()?.telemetry.maintain()?;
    tracing::debug!(?swept, orphans, ?ended, ?logs, "the home is in order");
    Ok(())
}
