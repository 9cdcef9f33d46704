//! Making, changing and removing alarms.

use stave_core::metrics::{AlarmState, CompositeRule, Statistic};
use stave_core::{Caller, Error, Result};
use stave_store::telemetry::{AlarmRow, HistoryRow, Rows};

use super::definition::Definition;
use super::definition::{ActionsOf, AlarmTarget, NewAlarm, NewCompositeAlarm};
use super::{no_such_alarm, to_json};
use crate::telemetry::errors::validation;
use crate::telemetry::metrics::{check_metric, check_period, check_queries, check_unit};
use crate::telemetry::names::check_tags;
use crate::telemetry::{Tags, Telemetry};

/// The most alarms of an account.
const MAX_ALARMS: i64 = 5000;
/// The most actions of one state.
const MAX_ACTIONS: usize = 5;
/// The most alarms that one request removes.
const MAX_REMOVED: usize = 100;
const DAY_S: i64 = 24 * 60 * 60;

impl Telemetry {
    /// Makes an alarm, or gives the one of its name another definition; its state stays.
    pub fn put_metric_alarm(&self, caller: &Caller, new: &NewAlarm) -> Result<()> {
        caller.may("cloudwatch:PutMetricAlarm", &self.alarm_arn(&new.name))?;
        check_alarm(new)?;
        self.put_alarm(
            &new.name,
            &new.tags,
            new.actions_enabled,
            &Definition::Metric(new.clone()),
        )
    }

    /// Makes an alarm on other alarms, or gives the one of its name another definition.
    pub fn put_composite_alarm(&self, caller: &Caller, new: &NewCompositeAlarm) -> Result<()> {
        caller.may("cloudwatch:PutCompositeAlarm", &self.alarm_arn(&new.name))?;
        check_common(
            &new.name,
            new.description.as_deref(),
            &new.actions,
            &new.tags,
        )?;
        let rule = CompositeRule::parse(&new.rule)?;
        for child in rule.children() {
            let name = self.alarm_name(child);
            if name == new.name {
                return Err(validation(format!("the alarm \"{name}\" watches itself")));
            }
            if self.store().read(|rows| rows.alarm(name))?.is_none() {
                return Err(validation(format!(
                    "Could not save the composite alarm as alarm [{name}] in the alarm rule does not exist"
                )));
            }
        }
        let definition = Definition::Composite(new.clone());
        self.put_alarm(&new.name, &new.tags, new.actions_enabled, &definition)
    }

    fn put_alarm(
        &self,
        name: &str,
        tags: &Tags,
        actions_enabled: bool,
        definition: &Definition,
    ) -> Result<()> {
        let now = self.now_ms();
        let (text, tags) = (to_json("an alarm", definition)?, to_json("tags", tags)?);
        self.store().write(|rows| {
            let known = rows.alarm(name)?;
            if known.is_none() && rows.alarm_count()? >= MAX_ALARMS {
                return Err(Error::limit_exceeded(format!(
                    "there are {MAX_ALARMS} alarms already"
                ))
                .coded("LimitExceeded"));
            }
            if known
                .as_ref()
                .is_some_and(|row| row.kind != definition.kind())
            {
                return Err(validation(format!(
                    "the alarm \"{name}\" is of another type; delete it first"
                )));
            }
            let made = known.is_none();
            let before = known.unwrap_or_else(|| AlarmRow {
                name: name.to_owned(),
                kind: definition.kind(),
                definition: String::new(),
                tags,
                actions_enabled,
                state: AlarmState::InsufficientData.as_str().to_owned(),
                reason: "Unchecked: Initial alarm creation".to_owned(),
                reason_data: None,
                state_ms: now,
                transitioned_ms: now,
                updated_ms: now,
                evaluated_ms: 0,
            });
            // Evaluated anew at the next tick: what was evaluated before was another alarm.
            rows.put_alarm(&AlarmRow {
                definition: text,
                actions_enabled,
                updated_ms: now,
                evaluated_ms: 0,
                ..before
            })?;
            let what = if made { "created" } else { "updated" };
            record(rows, name, definition, now, what)
        })
    }

    /// Removes alarms: all that are named, or none.
    pub fn delete_alarms(&self, caller: &Caller, names: &[String]) -> Result<()> {
        for name in names {
            caller.may("cloudwatch:DeleteAlarms", &self.alarm_arn(name))?;
        }
        if names.len() > MAX_REMOVED {
            return Err(validation(format!(
                "more than {MAX_REMOVED} alarms are named"
            )));
        }
        let now = self.now_ms();
        self.store().write(|rows| {
            for name in names {
                let row = rows.alarm(name)?.ok_or_else(|| no_such_alarm(name))?;
                record(rows, name, &Definition::read(&row)?, now, "deleted")?;
                rows.remove_alarm(name)?;
            }
            Ok(())
        })
    }

    /// Says whether alarms act.
    pub fn enable_alarm_actions(
        &self,
        caller: &Caller,
        names: &[String],
        enabled: bool,
    ) -> Result<()> {
        let action = if enabled {
            "cloudwatch:EnableAlarmActions"
        } else {
            "cloudwatch:DisableAlarmActions"
        };
        for name in names {
            caller.may(action, &self.alarm_arn(name))?;
        }
        self.store().write(|rows| {
            for name in names {
                // Those that are not there are passed over, as with AWS.
                if let Some(row) = rows.alarm(name)? {
                    rows.put_alarm(&AlarmRow {
                        actions_enabled: enabled,
                        ..row
                    })?;
                }
            }
            Ok(())
        })
    }

    /// Sets the state of an alarm until it is evaluated again, with what follows from that.
    pub fn set_alarm_state(
        &self,
        caller: &Caller,
        name: &str,
        state: &str,
        reason: &str,
        reason_data: Option<&str>,
    ) -> Result<()> {
        caller.may("cloudwatch:SetAlarmState", &self.alarm_arn(name))?;
        let state = AlarmState::parse(state)?;
        if reason.chars().count() > 1023 {
            return Err(validation("the reason is longer than 1023 characters"));
        }
        if let Some(data) = reason_data {
            serde_json::from_str::<serde_json::Value>(data).map_err(|error| {
                Error::invalid("StateReasonData is not JSON")
                    .coded("InvalidFormat")
                    .caused_by(error)
            })?;
        }
        self.store().write(|rows| {
            let row = rows.alarm(name)?.ok_or_else(|| no_such_alarm(name))?;
            self.change_state(rows, row, state, reason, reason_data)
        })
    }
}

/// Writes into the history that a definition changed.
fn record(
    rows: &Rows<'_>,
    name: &str,
    definition: &Definition,
    at_ms: i64,
    what: &str,
) -> Result<()> {
    let data = serde_json::json!({"version": "1.0", "type": what, "definition": definition});
    rows.add_history(&HistoryRow {
        seq: 0,
        alarm: name.to_owned(),
        kind: definition.kind(),
        at_ms,
        item: "ConfigurationUpdate".to_owned(),
        summary: format!("Alarm \"{name}\" {what}"),
        data: data.to_string(),
    })
}

fn check_alarm(new: &NewAlarm) -> Result<()> {
    check_common(
        &new.name,
        new.description.as_deref(),
        &new.actions,
        &new.tags,
    )?;
    let rule = new.rule()?;
    if !new.threshold.is_finite() {
        return Err(validation("the threshold is not a number"));
    }
    if rule.evaluation_periods == 0
        || rule.datapoints_to_alarm == 0
        || rule.datapoints_to_alarm > rule.evaluation_periods
    {
        return Err(validation(format!(
            "{} datapoints of {} evaluation periods make no alarm",
            rule.datapoints_to_alarm, rule.evaluation_periods
        )));
    }
    let period = new.target.period_s();
    match &new.target {
        AlarmTarget::Metric(stat) => {
            check_metric(&stat.metric)?;
            stat.statistic.parse::<Statistic>()?;
            stat.unit.as_deref().map_or(Ok(()), check_unit)?;
        }
        AlarmTarget::Expressions(queries) => {
            check_queries(queries)?;
            if queries.iter().filter(|query| query.returned).count() != 1 {
                return Err(validation(
                    "exactly one metric or expression of an alarm is returned",
                ));
            }
        }
    }
    check_period(period)?;
    if matches!(period, 1 | 5) {
        return Err(validation(
            "the period of an alarm is 10, 20, 30 or a multiple of 60 seconds",
        ));
    }
    let most = if period >= 3600 { 7 * DAY_S } else { DAY_S };
    if period * i64::from(new.evaluation_periods) > most {
        return Err(validation(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400), or seven days where the period is an hour or longer",
        ));
    }
    Ok(())
}

fn check_common(
    name: &str,
    description: Option<&str>,
    actions: &ActionsOf,
    tags: &Tags,
) -> Result<()> {
    if !(1..=255).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(validation(format!(
            "the alarm name \"{name}\" is not 1 to 255 characters"
        )));
    }
    if description.is_some_and(|text| text.chars().count() > 1024) {
        return Err(validation("the description is longer than 1024 characters"));
    }
    for list in [&actions.ok, &actions.alarm, &actions.insufficient_data] {
        if list.len() > MAX_ACTIONS {
            return Err(validation(format!(
                "a state has more than {MAX_ACTIONS} actions"
            )));
        }
        for action in list {
            action.parse::<stave_core::Arn>().map_err(|error| {
                validation(format!("Invalid arn syntax: {action}")).caused_by(error)
            })?;
        }
    }
    check_tags(tags, validation)
}
