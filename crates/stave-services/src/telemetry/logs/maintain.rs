//! What is done from time to time: segments are sealed, old events and points go.

use stave_core::Result;

use super::DAY_MS;
use crate::telemetry::Telemetry;

/// How long an alarm's history is kept.
const HISTORY_MS: i64 = 30 * DAY_MS;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Segments of logs that were sealed.
    pub sealed: usize,
    /// Segments of logs that were removed.
    pub removed: usize,
    /// Hours of metrics that grew coarser or were removed.
    pub aged: usize,
    /// Lines of alarms' history that were removed.
    pub history: usize,
}

impl Telemetry {
    /// Seals segments, makes metrics coarser, and removes what is older than its retention. For
    /// a worker, every few minutes; several processes may do it at once.
    pub fn maintain(&self) -> Result<Maintained> {
        let now_ms = self.now_ms();
        let mut done = Maintained::default();
        let mut after = String::new();
        loop {
            let groups = self.store().read(|rows| rows.groups("", &after, 1000))?;
            let Some(last) = groups.last() else { break };
            after.clone_from(&last.name);
            for group in &groups {
                let expired = group
                    .retention_days
                    .map(|_| self.kept_from(group.retention_days));
                let logs = self.store().maintain_logs(group.id, now_ms, expired)?;
                done.sealed += logs.sealed;
                done.removed += logs.removed;
            }
        }
        loop {
            let aged = self.store().age_points(now_ms.div_euclid(1000))?;
            if aged.coarser + aged.removed == 0 {
                break;
            }
            done.aged += aged.coarser + aged.removed;
        }
        done.history = self
            .store()
            .write(|rows| rows.trim_history(now_ms - HISTORY_MS))?;
        Ok(done)
    }
}
