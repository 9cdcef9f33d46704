//! How a function, a version or an alias is invoked asynchronously: how often it is tried, for
//! how long, and where the outcome goes.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html>

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stave_core::{Caller, Error, Result};
use stave_store::functions::{Rows, Setting};

use super::Functions;
use super::errors::{invalid, not_found};
use super::lookup::{Page, PageRequest};
use super::names::{Named, Qualifier};

const KIND: &str = "events";

/// How asynchronous invocations go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSettings {
    /// The ARN of the function, version or alias.
    pub arn: String,
    /// When it was set.
    pub modified_at: Timestamp,
    /// What is set.
    pub set: EventSettingsChange,
}

/// What can be set of asynchronous invocations; what is none is as it is by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSettingsChange {
    /// How often a failed invocation is tried again: 0 to 2; 2 by default.
    pub max_retries: Option<u32>,
    /// How old an event may become, in seconds: 60 to 21,600, which is the default.
    pub max_age_seconds: Option<u32>,
    /// Where the record of a success goes: the ARN of a function or an event bus.
    pub on_success: Option<String>,
    /// Where the record of a failure goes: a bucket's, too.
    pub on_failure: Option<String>,
}

impl EventSettingsChange {
    /// How often a failed invocation is tried again.
    pub(super) fn retries(&self) -> u32 {
        self.max_retries.unwrap_or(2)
    }

    /// How old an event may become, in seconds.
    pub(super) fn age_seconds(&self) -> u32 {
        self.max_age_seconds.unwrap_or(21_600)
    }

    fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            Error::internal("an event configuration cannot be read").caused_by(error)
        })
    }
}

fn scope(named: &Named) -> String {
    named
        .qualifier
        .as_ref()
        .map(Qualifier::to_string)
        .unwrap_or_default()
}

impl Functions {
    /// Sets how asynchronous invocations go; with `keep`, what is none stays as it is
    /// (`UpdateFunctionEventInvokeConfig`).
    pub fn put_event_settings(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
        set: EventSettingsChange,
        keep: bool,
    ) -> Result<EventSettings> {
        let named = self.named(name, qualifier)?;
        let action = if keep {
            "lambda:UpdateFunctionEventInvokeConfig"
        } else {
            "lambda:PutFunctionEventInvokeConfig"
        };
        self.store().functions_write(|rows| {
            self.permitted(rows, caller, action, &named)?;
            self.version(rows, &named)?;
            self.check_events(&set)?;
            let old = rows.setting(&named.name, KIND, &scope(&named))?;
            let old = match old.filter(|_| keep) {
                Some(old) => EventSettingsChange::read(&old.document)?,
                None => EventSettingsChange::default(),
            };
            let set = EventSettingsChange {
                max_retries: set.max_retries.or(old.max_retries),
                max_age_seconds: set.max_age_seconds.or(old.max_age_seconds),
                // An empty destination takes away the one that was there.
                on_success: set
                    .on_success
                    .or(old.on_success)
                    .filter(|arn| !arn.is_empty()),
                on_failure: set
                    .on_failure
                    .or(old.on_failure)
                    .filter(|arn| !arn.is_empty()),
            };
            let document = serde_json::to_string(&set).map_err(|error| {
                Error::internal("an event configuration cannot be written").caused_by(error)
            })?;
            let setting = Setting {
                qualifier: scope(&named),
                revision: String::new(),
                updated_at: rows.now(),
                document,
            };
            rows.put_setting(&named.name, KIND, &setting)?;
            self.event_settings(&named.name, &setting)
        })
    }

    fn check_events(&self, set: &EventSettingsChange) -> Result<()> {
        if set.max_retries.is_some_and(|retries| retries > 2) {
            return Err(invalid("MaximumRetryAttempts must be 0 to 2"));
        }
        if set
            .max_age_seconds
            .is_some_and(|age| !(60..=21_600).contains(&age))
        {
            return Err(invalid("MaximumEventAgeInSeconds must be 60 to 21600"));
        }
        for (arn, on_success) in [(&set.on_success, true), (&set.on_failure, false)] {
            let Some(arn) = arn.as_deref().filter(|arn| !arn.is_empty()) else {
                continue;
            };
            if arn.starts_with(&self.function_arn("")) {
                self.named(arn, None)?;
            } else {
                self.ports().destinations.check(arn, on_success)?;
            }
        }
        Ok(())
    }

    fn event_settings(&self, function: &str, setting: &Setting) -> Result<EventSettings> {
        let arn = self.function_arn(function);
        let qualifier = match setting.qualifier.as_str() {
            "" => super::names::LATEST_NAME,
            qualifier => qualifier,
        };
        Ok(EventSettings {
            arn: format!("{arn}:{qualifier}"),
            modified_at: setting.updated_at,
            set: EventSettingsChange::read(&setting.document)?,
        })
    }

    fn no_events(&self, named: &Named) -> Error {
        not_found(format!(
            "The function {} doesn't have an EventInvokeConfig",
            self.named_arn(named)
        ))
    }

    /// How asynchronous invocations go.
    pub fn get_event_settings(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<EventSettings> {
        let named = self.named(name, qualifier)?;
        self.store().functions_read(|rows| {
            self.permitted(rows, caller, "lambda:GetFunctionEventInvokeConfig", &named)?;
            let setting = rows.setting(&named.name, KIND, &scope(&named))?;
            let setting = setting.ok_or_else(|| self.no_events(&named))?;
            self.event_settings(&named.name, &setting)
        })
    }

    /// Forgets what is set of asynchronous invocations.
    pub fn delete_event_settings(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<()> {
        let named = self.named(name, qualifier)?;
        self.store().functions_write(|rows| {
            self.permitted(
                rows,
                caller,
                "lambda:DeleteFunctionEventInvokeConfig",
                &named,
            )?;
            if rows.remove_setting(&named.name, KIND, &scope(&named))? {
                Ok(())
            } else {
                Err(self.no_events(&named))
            }
        })
    }

    /// A page of what is set for the function, its versions and aliases.
    pub fn list_event_settings(
        &self,
        caller: &Caller,
        name: &str,
        page: &PageRequest,
    ) -> Result<Page<EventSettings>> {
        let named = self.named(name, None)?;
        let after = page.after()?;
        let found = self.store().functions_read(|rows| {
            self.permitted(
                rows,
                caller,
                "lambda:ListFunctionEventInvokeConfigs",
                &named,
            )?;
            rows.settings(&named.name, KIND, after.as_deref(), page.max()? + 1)
        })?;
        let page = page.page(found, |setting| setting.qualifier.clone())?;
        page.try_map(|setting| self.event_settings(&named.name, &setting))
    }

    /// How asynchronous invocations of what was named go.
    pub(super) fn events_of(rows: &Rows<'_>, named: &Named) -> Result<EventSettingsChange> {
        let setting = rows.setting(&named.name, KIND, &scope(named))?;
        setting.map_or_else(
            || Ok(EventSettingsChange::default()),
            |setting| EventSettingsChange::read(&setting.document),
        )
    }
}
