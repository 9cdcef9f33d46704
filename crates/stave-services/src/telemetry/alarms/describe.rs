//! Lists of alarms, and what became of them.

use stave_core::metrics::{AlarmState, CompositeRule};
use stave_core::{Caller, Error, Result};
use stave_store::telemetry::{AlarmKind, AlarmRow, HistoryRow};

use super::definition::{Alarm, AlarmTarget, Definition, state_of};
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
    /// Those that this alarm looks at, of whatever kind; nothing else may be said then.
    pub children_of: Option<String>,
    /// Those that look at this alarm; nothing else may be said then.
    pub parents_of: Option<String>,
}

/// Which lines of history are listed. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of this alarm.
    pub alarm: Option<String>,
    /// Of alarms of these kinds; of all, where nothing is said.
    pub kinds: Vec<AlarmKind>,
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
        let related = self.related(filter)?;
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
                    [] => row.kind == AlarmKind::Metric || related.is_some(),
                    kinds => kinds.contains(&row.kind),
                };
                let named = match &related {
                    Some(related) => related.contains(&row.name),
                    None => filter.names.is_empty() || filter.names.contains(&row.name),
                };
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

    /// The names of the alarms that stand above or below another, if those are asked for.
    fn related(&self, filter: &AlarmFilter) -> Result<Option<Vec<String>>> {
        let of = match (&filter.children_of, &filter.parents_of) {
            (None, None) => return Ok(None),
            (Some(of), None) | (None, Some(of)) => self.alarm_name(of),
            (Some(_), Some(_)) => {
                return Err(validation(
                    "children and parents of an alarm cannot be asked for together",
                ));
            }
        };
        let others = !filter.names.is_empty()
            || filter.prefix.is_some()
            || !filter.kinds.is_empty()
            || filter.state.is_some()
            || filter.action_prefix.is_some();
        if others {
            return Err(validation(
                "with children or parents of an alarm nothing else can be asked for",
            ));
        }
        let children = |row: &AlarmRow| -> Result<Vec<String>> {
            let Definition::Composite(alarm) = Definition::read(row)? else {
                return Ok(Vec::new());
            };
            let rule = CompositeRule::parse(&alarm.rule)?;
            let names = rule.children().iter().map(|child| self.alarm_name(child));
            Ok(names.map(str::to_owned).collect())
        };
        if filter.children_of.is_some() {
            let row = self.store().read(|rows| rows.alarm(of))?;
            return row.as_ref().map_or(Ok(Vec::new()), children).map(Some);
        }
        let (mut parents, mut after) = (Vec::new(), String::new());
        loop {
            let rows = self.store().read(|rows| rows.alarms("", &after, 1000))?;
            let Some(last) = rows.last() else {
                return Ok(Some(parents));
            };
            after.clone_from(&last.name);
            for row in &rows {
                if children(row)?.iter().any(|name| name == of) {
                    parents.push(row.name.clone());
                }
            }
        }
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
            let wanted = |row: &HistoryRow| {
                filter.item.as_ref().is_none_or(|item| row.item == *item)
                    && (filter.kinds.is_empty() || filter.kinds.contains(&row.kind))
            };
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
        super::from_json("tags", &row.ok_or_else(|| untagged(name))?.tags)
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
            let mut row = rows.alarm(name)?.ok_or_else(|| untagged(name))?;
            let mut tags: Tags = super::from_json("tags", &row.tags)?;
            tags.extend(add.clone());
            tags.retain(|tag, _| !remove.contains(tag));
            crate::telemetry::names::check_tags(&tags, validation)?;
            row.tags = super::to_json("tags", &tags)?;
            rows.put_alarm(&row)
        })
    }
}

/// What has no tags because it is not there: AWS has a code of its own for that.
fn untagged(name: &str) -> Error {
    super::no_such_alarm(name).coded("ResourceNotFoundException")
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
