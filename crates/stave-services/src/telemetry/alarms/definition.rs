//! What an alarm is.

use serde::{Deserialize, Serialize};
use stave_core::metrics::{AlarmRule, AlarmState, Comparison, MissingData};
use stave_core::{Error, Result};
use stave_store::telemetry::{AlarmKind, AlarmRow};

use super::from_json;
use crate::telemetry::metrics::{DataQuery, DataSource, MetricStat};
use crate::telemetry::{Tags, Telemetry};

/// What is done when an alarm comes into a state: ARNs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionsOf {
    /// Into `OK`.
    pub ok: Vec<String>,
    /// Into `ALARM`.
    pub alarm: Vec<String>,
    /// Into `INSUFFICIENT_DATA`.
    pub insufficient_data: Vec<String>,
}

impl ActionsOf {
    /// What is done when an alarm comes into `state`.
    pub fn of(&self, state: AlarmState) -> &[String] {
        match state {
            AlarmState::Ok => &self.ok,
            AlarmState::Alarm => &self.alarm,
            AlarmState::InsufficientData => &self.insufficient_data,
        }
    }
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlarmTarget {
    /// A metric.
    Metric(MetricStat),
    /// The one of some metrics and expressions that is returned.
    Expressions(Vec<DataQuery>),
}

impl AlarmTarget {
    /// The period in seconds: of expressions the longest of their metrics'.
    pub fn period_s(&self) -> i64 {
        match self {
            Self::Metric(stat) => stat.period_s,
            Self::Expressions(queries) => {
                let periods = queries.iter().filter_map(|query| match &query.source {
                    DataSource::Metric(stat) => Some(stat.period_s),
                    DataSource::Expression(_) => query.period_s,
                });
                periods.max().unwrap_or(60)
            }
        }
    }
}

/// An alarm on a metric or an expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewAlarm {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it acts.
    pub actions_enabled: bool,
    /// What it does.
    pub actions: ActionsOf,
    /// What it watches.
    pub target: AlarmTarget,
    /// `GreaterThanThreshold` …
    pub comparison: String,
    /// The threshold.
    pub threshold: f64,
    /// N: how many periods are looked at.
    pub evaluation_periods: u32,
    /// M: how many of them must breach; all, where nothing is said.
    pub datapoints_to_alarm: Option<u32>,
    /// `missing`, `notBreaching`, `breaching`, `ignore`; `missing` where nothing is said.
    pub missing: Option<String>,
    /// Whether a percentile of too few samples leaves the state as it is (`ignore`).
    pub few_samples_ignored: bool,
    /// Its tags.
    pub tags: Tags,
}

/// An alarm on other alarms.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewCompositeAlarm {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it acts.
    pub actions_enabled: bool,
    /// What it does.
    pub actions: ActionsOf,
    /// When it is in alarm: `ALARM(a) AND NOT OK(b)`.
    pub rule: String,
    /// Its tags.
    pub tags: Tags,
}

/// An alarm's definition, as its row holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Definition {
    Metric(NewAlarm),
    Composite(NewCompositeAlarm),
}

/// An alarm as it is. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its definition, if it watches a metric or an expression.
    pub metric: Option<NewAlarm>,
    /// Its definition, if it watches other alarms.
    pub composite: Option<NewCompositeAlarm>,
    /// Whether it acts.
    pub actions_enabled: bool,
    /// Its state.
    pub state: AlarmState,
    /// Why.
    pub reason: String,
    /// Why, as JSON.
    pub reason_data: Option<String>,
    /// When the state was last set.
    pub state_ms: i64,
    /// When the state last changed.
    pub transitioned_ms: i64,
    /// When its definition was last set.
    pub updated_ms: i64,
}

impl Definition {
    pub(super) fn read(row: &AlarmRow) -> Result<Self> {
        from_json(&format!("the alarm \"{}\"", row.name), &row.definition)
    }

    pub(super) fn actions(&self) -> &ActionsOf {
        match self {
            Self::Metric(alarm) => &alarm.actions,
            Self::Composite(alarm) => &alarm.actions,
        }
    }

    pub(super) fn description(&self) -> Option<&str> {
        match self {
            Self::Metric(alarm) => alarm.description.as_deref(),
            Self::Composite(alarm) => alarm.description.as_deref(),
        }
    }

    pub(super) fn kind(&self) -> AlarmKind {
        match self {
            Self::Metric(_) => AlarmKind::Metric,
            Self::Composite(_) => AlarmKind::Composite,
        }
    }
}

impl NewAlarm {
    /// What makes it an alarm.
    pub(super) fn rule(&self) -> Result<AlarmRule> {
        let missing = self
            .missing
            .as_deref()
            .map(MissingData::parse)
            .transpose()?;
        Ok(AlarmRule {
            comparison: Comparison::parse(&self.comparison)?,
            threshold: self.threshold,
            evaluation_periods: self.evaluation_periods as usize,
            datapoints_to_alarm: self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
                as usize,
            missing: missing.unwrap_or_default(),
        })
    }
}

impl Telemetry {
    pub(super) fn alarm(&self, row: AlarmRow) -> Result<Alarm> {
        let (metric, composite) = match Definition::read(&row)? {
            Definition::Metric(alarm) => (Some(alarm), None),
            Definition::Composite(alarm) => (None, Some(alarm)),
        };
        Ok(Alarm {
            arn: self.alarm_arn(&row.name),
            name: row.name,
            metric,
            composite,
            actions_enabled: row.actions_enabled,
            state: state_of(&row.state)?,
            reason: row.reason,
            reason_data: row.reason_data,
            state_ms: row.state_ms,
            transitioned_ms: row.transitioned_ms,
            updated_ms: row.updated_ms,
        })
    }
}

pub(super) fn state_of(text: &str) -> Result<AlarmState> {
    AlarmState::parse(text)
        .map_err(|error| Error::internal("the state of an alarm is damaged").caused_by(error))
}
