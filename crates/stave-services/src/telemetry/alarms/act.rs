//! Doing what is to do about changes of state: durably, at least once.

use stave_core::{ErrorKind, Result};
use stave_store::telemetry::{ActionRow, AlarmKind, HistoryRow};

use super::change::{StateChange, Todo};
use super::from_json;
use crate::telemetry::Telemetry;

/// How many things one tick does.
const AT_ONCE: usize = 100;
/// For how long something is another's to do, after which it is taken to have died.
const LEASE_MS: i64 = 60_000;
/// How often something is tried.
const MAX_ATTEMPTS: u32 = 5;

/// Who is told of changes and does what alarms say. What it has done twice must do no harm:
/// after a death it may be asked again.
pub trait AlarmPort {
    /// Tells of a change (AWS: the event `CloudWatch Alarm State Change`).
    fn state_changed(&self, change: &StateChange) -> Result<()>;

    /// Does what an alarm says.
    fn act(&self, action: &Action<'_>) -> Result<()>;
}

/// Something that an alarm says to do.
#[derive(Debug, Clone, Copy)]
pub struct Action<'a> {
    /// What: the ARN of a function, a topic …
    pub arn: &'a str,
    /// Why.
    pub change: &'a StateChange,
}

impl Telemetry {
    /// Does what is due; says how many things were done.
    pub(super) fn act_on_due(&self, port: &dyn AlarmPort) -> Result<usize> {
        let now = self.now_ms();
        let due = self.store().read(|rows| rows.due_actions(now, AT_ONCE))?;
        let mut done = 0;
        for action in due {
            // Only one of several processes gets it.
            if !self
                .store()
                .write(|rows| rows.take_action(&action, now + LEASE_MS))?
            {
                continue;
            }
            done += usize::from(self.act_on(&action, port)?);
        }
        Ok(done)
    }

    fn act_on(&self, row: &ActionRow, port: &dyn AlarmPort) -> Result<bool> {
        let todo: Todo = from_json("an action of an alarm", &row.payload)?;
        let outcome = match &todo.action {
            None => port.state_changed(&todo.change),
            Some(arn) => port.act(&Action {
                arn,
                change: &todo.change,
            }),
        };
        let now = self.now_ms();
        let error = match outcome {
            Ok(()) => None,
            Err(error) => {
                let hopeless = matches!(
                    error.kind(),
                    ErrorKind::Unsupported
                        | ErrorKind::Invalid
                        | ErrorKind::NotFound
                        | ErrorKind::Denied
                );
                if !hopeless && row.attempts + 1 < MAX_ATTEMPTS {
                    // Its lease runs out, and it is tried again.
                    return Ok(false);
                }
                Some(error.to_string())
            }
        };
        self.store().write(|rows| {
            rows.remove_action(row.seq)?;
            let Some(arn) = &todo.action else {
                return Ok(());
            };
            let summary = match &error {
                None => format!("Successfully executed action {arn}"),
                Some(_) => format!("Failed to execute action {arn}"),
            };
            let data = serde_json::json!({
                "actionState": if error.is_none() { "Succeeded" } else { "Failed" },
                "notificationResource": arn,
                "stateUpdateTimestamp": todo.change.at_ms,
                "error": error,
            });
            let kind = rows
                .alarm(&row.alarm)?
                .map_or(AlarmKind::Metric, |alarm| alarm.kind);
            rows.add_history(&HistoryRow {
                seq: 0,
                alarm: row.alarm.clone(),
                kind,
                at_ms: now,
                item: "Action".to_owned(),
                summary,
                data: data.to_string(),
            })
        })?;
        Ok(error.is_none())
    }
}

#[cfg(test)]
impl Telemetry {
    /// Does what is due without evaluating anything; says how many things were done.
    pub(in crate::telemetry) fn act_for_test(&self, port: &dyn AlarmPort) -> usize {
        self.act_on_due(port).expect("acted")
    }
}
