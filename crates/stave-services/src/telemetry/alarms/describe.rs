//! Lists of alarms, and what became of them.

use stave_core::metrics::AlarmState;
use stave_core::{Caller, Result};
use stave_store::telemetry::{AlarmKind, HistoryRow};

use super::definition::{Alarm, AlarmTarget, state_of};
use super::no_such_alarm;
use crate::telemetry::errors::{bad_token, validation};
use crate::telemetry::metrics::Metric;
use crate::telemetry::pages::page;
use crate::telemetry::{Page, PageRequest, Tags, Telemetry};

/// Which alarms are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// These, where any are named.
    pub names: Vec<String>,
    /// The name begins so.
    pub prefix: Option<String>,
    /// Of these kinds: those on metrics, where nothing is said.
    pub kinds: Vec<AlarmKind>,
    /// In this state.
    pub state: Option<String>,
    /// With an action that begins so.
    pub action_prefix: Option<String>,
}

/// Which lines of history are listed. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of this alarm.
    pub alarm: Option<String>,
    /// `ConfigurationUpdate`, `StateUpdate`, `Action`.
    pub item: Option<String>,
    /// From this time on.
    pub from_ms: Option<i64>,
    /// Before this time.
    pub to_ms: Option<i64>,
    /// The oldest first.
    pub ascending: bool,
}

/// A line of an alarm's history.
pub type AlarmHistory = HistoryRow;

impl Telemetry {
    /// A page of the alarms, by name.
    pub fn describe_alarms(
        &self,
        caller: &Caller,
        filter: &AlarmFilter,
        request: &PageRequest,
    ) -> Result<Page<Alarm>> {
        caller.may("cloudwatch:DescribeAlarms", &self.alarm_arn("*"))?;
        if !filter.names.is_empty() && filter.prefix.is_some() {
            return Err(validation(
                "alarm names and a prefix cannot be given together",
            ));
        }
        let state = filter.state.as_deref().map(AlarmState::parse).transpose()?;
        let limit = request.limit(100, validation)?;
        let mut after = request.after("InvalidNextToken")?.unwrap_or_default();
        let prefix = filter.prefix.as_deref().unwrap_or_default();
        let mut found = Vec::new();
        loop {
            let rows = self
                .store()
                .read(|rows| rows.alarms(prefix, &after, 1000))?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.name);
            for row in rows {
                let kind = match filter.kinds.as_slice() {
                    [] => row.kind == AlarmKind::Metric,
                    kinds => kinds.contains(&row.kind),
                };
                let named = filter.names.is_empty() || filter.names.contains(&row.name);
                let in_state = match state {
                    Some(state) => state_of(&row.state)? == state,
                    None => true,
                };
                if !kind || !named || !in_state {
                    continue;
                }
                let alarm = self.alarm(row)?;
                if filter
                    .action_prefix
                    .as_deref()
                    .is_none_or(|prefix| acts(&alarm, prefix))
                {
                    found.push(alarm);
                }
            }
            if found.len() > limit {
                break;
            }
        }
        Ok(page(found, limit, |alarm| alarm.name.clone()))
    }

    /// The alarms that watch a metric.
    pub fn describe_alarms_for_metric(
        &self,
        caller: &Caller,
        metric: &Metric,
    ) -> Result<Vec<Alarm>> {
        let mut found = Vec::new();
        let mut request = PageRequest::default();
        loop {
            let some = self.describe_alarms(caller, &AlarmFilter::default(), &request)?;
            found.extend(some.items.into_iter().filter(|alarm| {
                let target = alarm.metric.as_ref().map(|alarm| &alarm.target);
                matches!(target, Some(AlarmTarget::Metric(stat)) if stat.metric == *metric)
            }));
            if some.next.is_none() {
                return Ok(found);
            }
            request.token = some.next;
        }
    }

    /// A page of what became of alarms, the latest first unless asked otherwise.
    pub fn describe_alarm_history(
        &self,
        caller: &Caller,
        filter: &HistoryFilter,
        request: &PageRequest,
    ) -> Result<Page<AlarmHistory>> {
        let name = filter.alarm.as_deref();
        caller.may(
            "cloudwatch:DescribeAlarmHistory",
            &self.alarm_arn(name.unwrap_or("*")),
        )?;
        let limit = request.limit(100, validation)?;
        let token = request.after("InvalidNextToken")?;
        let mut after = match token {
            None => None,
            Some(text) => Some(
                text.parse::<i64>()
                    .map_err(|_| bad_token("InvalidNextToken"))?,
            ),
        };
        let range = (
            filter.from_ms.unwrap_or(0),
            filter.to_ms.unwrap_or(i64::MAX),
        );
        let mut found: Vec<HistoryRow> = Vec::new();
        loop {
            let some = self
                .store()
                .read(|rows| rows.history(name, range, after, !filter.ascending, 1000))?;
            let Some(last) = some.last() else { break };
            after = Some(last.seq);
            let wanted =
                |row: &HistoryRow| filter.item.as_ref().is_none_or(|item| row.item == *item);
            found.extend(some.into_iter().filter(wanted));
            if found.len() > limit {
                break;
            }
        }
        Ok(page(found, limit, |row| row.seq.to_string()))
    }

    /// The tags of an alarm, by its ARN.
    pub fn alarm_tags(&self, caller: &Caller, arn: &str) -> Result<Tags> {
        caller.may("cloudwatch:ListTagsForResource", arn)?;
        let name = self.alarm_name(arn);
        let row = self.store().read(|rows| rows.alarm(name))?;
        super::from_json("tags", &row.ok_or_else(|| no_such_alarm(name))?.tags)
    }

    /// Adds tags to an alarm and removes others.
    pub fn tag_alarm(
        &self,
        caller: &Caller,
        arn: &str,
        add: &Tags,
        remove: &[String],
    ) -> Result<()> {
        if !add.is_empty() || remove.is_empty() {
            caller.may("cloudwatch:TagResource", arn)?;
        }
        if !remove.is_empty() {
            caller.may("cloudwatch:UntagResource", arn)?;
        }
        let name = self.alarm_name(arn);
        self.store().write(|rows| {
            let mut row = rows.alarm(name)?.ok_or_else(|| no_such_alarm(name))?;
            let mut tags: Tags = super::from_json("tags", &row.tags)?;
            tags.extend(add.clone());
            tags.retain(|tag, _| !remove.contains(tag));
            crate::telemetry::names::check_tags(&tags, validation)?;
            row.tags = super::to_json("tags", &tags)?;
            rows.put_alarm(&row)
        })
    }
}

fn acts(alarm: &Alarm, prefix: &str) -> bool {
    let of_metric = alarm.metric.as_ref().map(|alarm| &alarm.actions);
    let of_composite = alarm.composite.as_ref().map(|alarm| &alarm.actions);
    of_metric.or(of_composite).is_some_and(|actions| {
        let mut all = actions
            .ok
            .iter()
            .chain(&actions.alarm)
            .chain(&actions.insufficient_data);
        all.any(|action| action.starts_with(prefix))
    })
}
