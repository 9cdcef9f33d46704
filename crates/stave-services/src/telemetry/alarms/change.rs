//! What follows from another state: the row, the history, and what is to do about it.

use serde::{Deserialize, Serialize};
use stave_core::Result;
use stave_core::metrics::AlarmState;
use stave_store::telemetry::{AlarmRow, HistoryRow, Rows};

use super::configuration::configuration;
use super::definition::{Definition, state_of};
use super::to_json;
use crate::telemetry::Telemetry;

/// A change of an alarm's state. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateChange {
    /// The alarm's name.
    pub alarm: String,
    /// The alarm's ARN.
    pub arn: String,
    /// What the alarm is for.
    pub description: Option<String>,
    /// The state it was in: `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub old_state: String,
    /// Why it was.
    pub old_reason: String,
    /// Why it was, as JSON.
    pub old_reason_data: Option<String>,
    /// Since when it was.
    pub old_state_ms: i64,
    /// The state it is in.
    pub state: String,
    /// Why.
    pub reason: String,
    /// Why, as JSON.
    pub reason_data: Option<String>,
    /// Since when.
    pub at_ms: i64,
    /// What the alarm looks at, as events tell it.
    #[serde(default)]
    pub configuration: serde_json::Value,
}

/// Something to do about a change: an action by its ARN, or to tell of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Todo {
    pub(super) action: Option<String>,
    pub(super) change: StateChange,
}

impl Telemetry {
    /// Puts an alarm into a state, with a line of history and what is to do where it is another.
    pub(super) fn change_state(
        &self,
        rows: &Rows<'_>,
        row: AlarmRow,
        state: AlarmState,
        reason: &str,
        reason_data: Option<&str>,
    ) -> Result<()> {
        let now = self.now_ms();
        let old = state_of(&row.state)?;
        let definition = Definition::read(&row)?;
        let changed = old != state;
        let change = StateChange {
            alarm: row.name.clone(),
            arn: self.alarm_arn(&row.name),
            description: definition.description().map(str::to_owned),
            old_state: row.state.clone(),
            old_reason: row.reason.clone(),
            old_reason_data: row.reason_data.clone(),
            old_state_ms: row.state_ms,
            state: state.as_str().to_owned(),
            reason: reason.to_owned(),
            reason_data: reason_data.map(str::to_owned),
            at_ms: now,
            configuration: configuration(&definition, &self.alarm_arn(&row.name)),
        };
        rows.put_alarm(&AlarmRow {
            state: change.state.clone(),
            reason: change.reason.clone(),
            reason_data: change.reason_data.clone(),
            state_ms: now,
            transitioned_ms: if changed { now } else { row.transitioned_ms },
            ..row
        })?;
        if !changed {
            return Ok(());
        }
        rows.add_history(&history(&change, &definition))?;
        let mut todo = Todo {
            action: None,
            change,
        };
        let name = todo.change.alarm.clone();
        rows.add_action(&name, &to_json("a change", &todo)?, now)?;
        if row.actions_enabled {
            for action in definition.actions().of(state) {
                todo.action = Some(action.clone());
                rows.add_action(&name, &to_json("an action", &todo)?, now)?;
            }
        }
        Ok(())
    }
}

fn history(change: &StateChange, definition: &Definition) -> HistoryRow {
    let data = |text: &Option<String>| {
        let read = text
            .as_deref()
            .map(serde_json::from_str::<serde_json::Value>);
        read.and_then(Result::ok).unwrap_or_default()
    };
    let said = serde_json::json!({
        "version": "1.0",
        "oldState": {
            "stateValue": change.old_state,
            "stateReason": change.old_reason,
            "stateReasonData": data(&change.old_reason_data),
        },
        "newState": {
            "stateValue": change.state,
            "stateReason": change.reason,
            "stateReasonData": data(&change.reason_data),
        },
    });
    HistoryRow {
        seq: 0,
        alarm: change.alarm.clone(),
        kind: definition.kind(),
        at_ms: change.at_ms,
        item: "StateUpdate".to_owned(),
        summary: format!(
            "Alarm updated from {} to {}",
            change.old_state, change.state
        ),
        data: said.to_string(),
    }
}
