//! Alarms: on a metric or an expression, and on other alarms.

mod act;
mod change;
mod configuration;
mod definition;
mod describe;
mod evaluate;
mod put;

pub use self::act::{Action, AlarmPort};
pub use self::change::StateChange;
pub use self::definition::{ActionsOf, Alarm, AlarmTarget, NewAlarm, NewCompositeAlarm};
pub use self::describe::{AlarmFilter, AlarmHistory, HistoryFilter};
pub use self::evaluate::Ticked;

use stave_core::{Error, Result};

use super::Telemetry;

/// What is not there.
fn no_such_alarm(name: &str) -> Error {
    Error::not_found(format!("the alarm \"{name}\" does not exist")).coded("ResourceNotFound")
}

fn to_json(what: &str, value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal(format!("{what} is no JSON")).caused_by(error))
}

fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal(format!("{what} is damaged")).caused_by(error))
}

impl Telemetry {
    /// The ARN of an alarm.
    pub(super) fn alarm_arn(&self, name: &str) -> String {
        self.arn("cloudwatch", &format!("alarm:{name}"))
    }

    /// The name of an alarm that may be given by its ARN.
    pub(super) fn alarm_name<'a>(&self, name_or_arn: &'a str) -> &'a str {
        let prefix = self.arn("cloudwatch", "alarm:");
        name_or_arn.strip_prefix(&prefix).unwrap_or(name_or_arn)
    }
}
