//! What a schedule says, and whether it can be said.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stave_core::schedule::{Grammar, Schedule};
use stave_core::{Caller, Result};
use stave_store::eventing::NewDelivery;

use super::super::documents::write;
use super::super::errors::validation;
use super::super::fire::Firing;
use super::super::names::check_length;
use super::super::plan::{Plan, zone};
use super::super::route::{expires_at, scheduler_event};
use super::super::targets::{RetryPolicy, no_queue};
use super::super::{Schedules, Sender};

/// The largest input, in bytes.
const MAX_INPUT_BYTES: usize = 256 << 10;
/// How far in the past a start may lie.
const PAST_START: SignedDuration = SignedDuration::from_mins(5);

/// A target of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleTarget {
    /// Its ARN.
    pub arn: String,
    /// The role that it is reached with.
    pub role_arn: String,
    /// What it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// How often and how long a delivery is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// What becomes an event, where the target is a bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<BusParameters>,
    /// Where AWS sends what was given up: a queue, which Stave does not have.
    #[serde(skip)]
    pub dead_letter_arn: Option<String>,
}

/// The event that a schedule puts on a bus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusParameters {
    /// What is in the detail.
    pub detail_type: String,
    /// Who says it.
    pub source: String,
}

/// What a schedule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleDefinition {
    /// `at(…)`, `rate(…)` or `cron(…)`.
    pub expression: String,
    /// Where its clock hangs; UTC unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// It is not due before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Timestamp>,
    /// It is not due after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Timestamp>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it does anything.
    pub is_enabled: bool,
    /// Within how many minutes after it is due it fires; exactly then unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_minutes: Option<u32>,
    /// Whether it goes when it is not due any more.
    pub is_deleted_after: bool,
    /// What it sends to.
    pub target: ScheduleTarget,
    /// What tells a request that is repeated from a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

impl Default for ScheduleDefinition {
    fn default() -> Self {
        Self {
            expression: String::new(),
            time_zone: None,
            start_at: None,
            end_at: None,
            description: None,
            is_enabled: true,
            window_minutes: None,
            is_deleted_after: false,
            target: ScheduleTarget::default(),
            client_token: None,
        }
    }
}

impl ScheduleDefinition {
    /// What it does, with what its rate counts from.
    pub(in super::super) fn firing(&self, owner: &str, anchor: Timestamp) -> Result<Firing> {
        let schedule = Schedule::parse(&self.expression, Grammar::Scheduler).map_err(|error| {
            validation(format!("Invalid Schedule Expression {}.", self.expression))
                .hint(error.message().to_owned())
        })?;
        let plan = Plan {
            owner: owner.to_owned(),
            schedule,
            zone: zone(self.time_zone.as_deref().unwrap_or("UTC"))?,
            anchor,
            start: self.start_at,
            end: self.end_at,
            window_minutes: self.window_minutes.unwrap_or_default(),
        };
        Ok(Firing {
            plan,
            ends: self.is_deleted_after,
        })
    }

    /// Whether it is due at the same times as `other`.
    pub(super) fn has_times_of(&self, other: &Self) -> bool {
        let times = |of: &Self| {
            (
                of.expression.clone(),
                of.time_zone.clone(),
                of.start_at,
                of.end_at,
                of.window_minutes,
                of.is_enabled,
            )
        };
        times(self) == times(other)
    }

    fn check(&self, now: Timestamp) -> Result<()> {
        check_length("description", self.description.as_deref(), 512)?;
        check_length("scheduleExpression", Some(&self.expression), 256)?;
        if self
            .window_minutes
            .is_some_and(|minutes| !(1..=1440).contains(&minutes))
        {
            return Err(validation(
                "FlexibleTimeWindow is not valid: MaximumWindowInMinutes is 1 to 1440.",
            ));
        }
        let too_old = now.saturating_sub(PAST_START).unwrap_or(now);
        if self.start_at.is_some_and(|start| start < too_old) {
            return Err(validation(
                "The StartDate you specify cannot be earlier than 5 minutes ago.",
            ));
        }
        if self.end_at.is_some_and(|end| end < now) {
            return Err(validation("The EndDate you specify cannot be in the past."));
        }
        if let (Some(start), Some(end)) = (self.start_at, self.end_at)
            && start >= end
        {
            return Err(validation("The StartDate must come before the EndDate."));
        }
        self.firing("", now).map(drop)
    }
}

impl Schedules {
    /// Checks a schedule that is to be kept.
    pub(super) fn check_schedule(
        &self,
        caller: &Caller,
        arn: &str,
        definition: &ScheduleDefinition,
    ) -> Result<()> {
        let target = &definition.target;
        self.check_role(caller, &target.role_arn, Sender::Schedule.principal())?;
        definition.check(self.store().clock_now())?;
        target.retry_policy.unwrap_or_default().check()?;
        if let Some(queue) = &target.dead_letter_arn {
            return Err(no_queue(queue));
        }
        let input = target.input.as_deref();
        if input.is_some_and(|input| input.is_empty() || input.len() > MAX_INPUT_BYTES) {
            return Err(validation(format!(
                "Target Input is not valid: it has 1 to {MAX_INPUT_BYTES} bytes."
            )));
        }
        let target_arn = Self::target_arn(&target.arn)?;
        if self.own_bus(&target.arn).is_none() {
            if target.bus.is_some() {
                return Err(validation(
                    "EventBridgeParameters is only for a target that is an event bus.",
                ));
            }
            return self.0.targets.check(Sender::Schedule, arn, &target_arn);
        }
        let Some(parameters) = &target.bus else {
            return Err(validation(
                "EventBridgeParameters must be specified for a target that is an event bus.",
            ));
        };
        if parameters.source.starts_with("aws.") || parameters.source.is_empty() {
            return Err(validation("EventBridgeParameters.Source is not valid."));
        }
        check_length("detailType", Some(&parameters.detail_type), 128)?;
        let is_object = |text: &str| {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
        };
        if !input.is_some_and(is_object) {
            return Err(validation(
                "Target Input must be a JSON object for a target that is an event bus.",
            ));
        }
        Ok(())
    }

    /// What a schedule sends because it is due.
    pub(in super::super) fn schedule_delivery(
        &self,
        arn: &str,
        definition: &ScheduleDefinition,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<NewDelivery> {
        let target = &definition.target;
        let id = self.new_id();
        let payload = if let Some(input) = &target.input {
            let due_at = stave_core::events::seconds(due_at);
            input
                .replace("<aws.scheduler.schedule-arn>", arn)
                .replace("<aws.scheduler.scheduled-time>", &due_at)
                .replace("<aws.scheduler.execution-id>", &id)
        } else {
            let of = (self.account(), self.region());
            scheduler_event(&id, of, arn, due_at).to_string()
        };
        let retry = target.retry_policy.unwrap_or_default();
        Ok(NewDelivery {
            id: format!("{arn}@{}", due_at.as_microsecond()),
            source: arn.to_owned(),
            target: target.arn.clone(),
            role: Some(target.role_arn.clone()),
            payload,
            details: target.bus.as_ref().map(write).transpose()?,
            max_attempts: retry.max_attempts + 1,
            expires_at: expires_at(now, retry)?,
        })
    }
}
