//! Alarms, what became of them, and what they are to do.

use rusqlite::{Row, params};
use stave_core::Result;

use super::Rows;
use crate::rows::limit;
use crate::statements::{Statements as _, after_prefix};

/// What an alarm looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmKind {
    /// A metric or an expression.
    Metric,
    /// Other alarms.
    Composite,
}

impl AlarmKind {
    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "MetricAlarm",
            Self::Composite => "CompositeAlarm",
        }
    }

    fn read(text: &str) -> Self {
        if text == Self::Composite.as_str() {
            Self::Composite
        } else {
            Self::Metric
        }
    }
}

/// An alarm. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub kind: AlarmKind,
    /// What it is, as JSON.
    pub definition: String,
    /// Its tags as JSON.
    pub tags: String,
    /// Whether it acts.
    pub actions_enabled: bool,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub state: String,
    /// Why.
    pub reason: String,
    /// Why, as JSON.
    pub reason_data: Option<String>,
    /// When the state or its reason was last set.
    pub state_ms: i64,
    /// When the state last changed.
    pub transitioned_ms: i64,
    /// When its definition was last set.
    pub updated_ms: i64,
    /// Up to when it has been evaluated.
    pub evaluated_ms: i64,
}

/// A line of an alarm's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Its place.
    pub seq: i64,
    /// The alarm's name.
    pub alarm: String,
    /// What the alarm looks at.
    pub kind: AlarmKind,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// `ConfigurationUpdate`, `StateUpdate`, `Action`.
    pub item: String,
    /// What happened, in words.
    pub summary: String,
    /// What happened, as JSON.
    pub data: String,
}

/// Something that an alarm is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// Its place.
    pub seq: i64,
    /// The alarm's name.
    pub alarm: String,
    /// What, as JSON.
    pub payload: String,
    /// How often it has been tried.
    pub attempts: u32,
    /// When it is due, in milliseconds since 1970.
    pub due_ms: i64,
}

const ALARM: &str = "SELECT name, kind, definition, tags, actions_enabled, state, reason,
    reason_data, state_at, transitioned_at, updated_at, evaluated_at FROM alarms";

fn read_alarm(row: &Row<'_>) -> rusqlite::Result<AlarmRow> {
    Ok(AlarmRow {
        name: row.get(0)?,
        kind: AlarmKind::read(&row.get::<_, String>(1)?),
        definition: row.get(2)?,
        tags: row.get(3)?,
        actions_enabled: row.get(4)?,
        state: row.get(5)?,
        reason: row.get(6)?,
        reason_data: row.get(7)?,
        state_ms: row.get(8)?,
        transitioned_ms: row.get(9)?,
        updated_ms: row.get(10)?,
        evaluated_ms: row.get(11)?,
    })
}

impl Rows<'_> {
    /// The alarm of that name.
    pub fn alarm(&self, name: &str) -> Result<Option<AlarmRow>> {
        self.tx
            .one(&format!("{ALARM} WHERE name = ?1"), [name], read_alarm)
    }

    /// Alarms whose name begins with `prefix` and comes after `after`, by name.
    pub fn alarms(&self, prefix: &str, after: &str, max: usize) -> Result<Vec<AlarmRow>> {
        self.tx.list(
            &format!("{ALARM} WHERE name >= ?1 AND name < ?2 AND name > ?3 ORDER BY name LIMIT ?4"),
            params![prefix, after_prefix(prefix), after, limit(max)],
            read_alarm,
        )
    }

    /// How many alarms there are.
    pub fn alarm_count(&self) -> Result<i64> {
        let count = self
            .tx
            .one("SELECT count(*) FROM alarms", [], |row| row.get(0))?;
        Ok(count.unwrap_or_default())
    }

    /// Writes an alarm, in the place of the one of its name if there is one.
    pub fn put_alarm(&self, alarm: &AlarmRow) -> Result<()> {
        self.tx.run(
            "INSERT OR REPLACE INTO alarms
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                alarm.name,
                alarm.kind.as_str(),
                alarm.definition,
                alarm.tags,
                alarm.actions_enabled,
                alarm.state,
                alarm.reason,
                alarm.reason_data,
                alarm.state_ms,
                alarm.transitioned_ms,
                alarm.updated_ms,
                alarm.evaluated_ms
            ],
        )?;
        Ok(())
    }

    /// Removes an alarm; says whether there was one.
    pub fn remove_alarm(&self, name: &str) -> Result<bool> {
        self.tx
            .run("DELETE FROM alarm_actions WHERE alarm = ?1", [name])?;
        Ok(self.tx.run("DELETE FROM alarms WHERE name = ?1", [name])? > 0)
    }

    /// Writes a line of history (its place is given).
    pub fn add_history(&self, line: &HistoryRow) -> Result<()> {
        self.tx.run(
            "INSERT INTO alarm_history (alarm, kind, at, item, summary, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                line.alarm,
                line.kind.as_str(),
                line.at_ms,
                line.item,
                line.summary,
                line.data
            ],
        )?;
        Ok(())
    }

    /// Lines of history of an alarm (of all, without one) in a stretch of time, the latest first
    /// or last, behind the line `after`.
    pub fn history(
        &self,
        alarm: Option<&str>,
        (from_ms, to_ms): (i64, i64),
        after: Option<i64>,
        latest_first: bool,
        max: usize,
    ) -> Result<Vec<HistoryRow>> {
        let (compared, order) = if latest_first {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        self.tx.list(
            &format!(
                "SELECT seq, alarm, kind, at, item, summary, data FROM alarm_history
                 WHERE (?1 IS NULL OR alarm = ?1) AND at >= ?2 AND at < ?3
                 AND (?4 IS NULL OR seq {compared} ?4) ORDER BY seq {order} LIMIT ?5"
            ),
            params![alarm, from_ms, to_ms, after, limit(max)],
            |row| {
                Ok(HistoryRow {
                    seq: row.get(0)?,
                    alarm: row.get(1)?,
                    kind: AlarmKind::read(&row.get::<_, String>(2)?),
                    at_ms: row.get(3)?,
                    item: row.get(4)?,
                    summary: row.get(5)?,
                    data: row.get(6)?,
                })
            },
        )
    }

    /// Removes history from before `before_ms`; says how many lines.
    pub fn trim_history(&self, before_ms: i64) -> Result<usize> {
        self.tx
            .run("DELETE FROM alarm_history WHERE at < ?1", [before_ms])
    }

    /// Writes down something to do.
    pub fn add_action(&self, alarm: &str, payload: &str, due_ms: i64) -> Result<()> {
        self.tx.run(
            "INSERT INTO alarm_actions (alarm, payload, attempts, due_at) VALUES (?1, ?2, 0, ?3)",
            (alarm, payload, due_ms),
        )?;
        Ok(())
    }

    /// What is to do now, in the order it was written down.
    pub fn due_actions(&self, now_ms: i64, max: usize) -> Result<Vec<ActionRow>> {
        self.tx.list(
            "SELECT seq, alarm, payload, attempts, due_at FROM alarm_actions
             WHERE due_at <= ?1 ORDER BY seq LIMIT ?2",
            (now_ms, limit(max)),
            |row| {
                Ok(ActionRow {
                    seq: row.get(0)?,
                    alarm: row.get(1)?,
                    payload: row.get(2)?,
                    attempts: row.get(3)?,
                    due_ms: row.get(4)?,
                })
            },
        )
    }

    /// Takes something to do: it is due again only at `again_ms`. Says whether it was still due.
    pub fn take_action(&self, action: &ActionRow, again_ms: i64) -> Result<bool> {
        let taken = self.tx.run(
            "UPDATE alarm_actions SET attempts = attempts + 1, due_at = ?3
             WHERE seq = ?1 AND due_at = ?2",
            (action.seq, action.due_ms, again_ms),
        )?;
        Ok(taken > 0)
    }

    /// Crosses out what was done.
    pub fn remove_action(&self, seq: i64) -> Result<()> {
        self.tx
            .run("DELETE FROM alarm_actions WHERE seq = ?1", [seq])?;
        Ok(())
    }
}
