//! What alarms do: they tell the default bus, and invoke functions.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use stave_core::events::platform::{AlarmState, alarm_state};
use stave_core::{Arn, Error, Result};
use stave_services::functions::{InvocationRequest, InvocationType};
use stave_services::telemetry::{Action, AlarmPort, StateChange};
use stave_services::{Functions, Schedules};
use tokio::runtime::Handle;

use super::Platform;

/// Who invokes functions for alarms.
const PRINCIPAL: &str = "lambda.alarms.cloudwatch.amazonaws.com";

/// Does what alarms say. Its methods block, and are called where that is allowed.
#[derive(Debug, Clone)]
pub struct AlarmActions {
    functions: Functions,
    schedules: Schedules,
    runtime: Handle,
}

impl AlarmActions {
    /// The actions on `platform`, whose futures run on `runtime`.
    pub fn new(platform: &Platform, runtime: Handle) -> Self {
        Self {
            functions: platform.functions.clone(),
            schedules: platform.schedules.clone(),
            runtime,
        }
    }
}

impl AlarmPort for AlarmActions {
    fn state_changed(&self, change: &StateChange) -> Result<()> {
        let [previous, now] = states(change)?;
        let configuration = &change.configuration;
        let event = alarm_state(&change.arn, &change.alarm, previous, now, configuration);
        self.schedules.put_platform_events(vec![event])
    }

    fn act(&self, action: &Action<'_>) -> Result<()> {
        let arn: Arn = action.arn.parse()?;
        if (arn.service(), arn.typed_resource().0) != ("lambda", "function") {
            return Err(Error::unsupported(format!(
                "the action {arn} is not implemented: functions are"
            )));
        }
        let caller = self.functions.service_caller(PRINCIPAL, &action.change.arn);
        let request = InvocationRequest {
            name: action.arn.to_owned(),
            kind: InvocationType::Event,
            payload: Bytes::from(payload(action.change)?.to_string()),
            ..InvocationRequest::default()
        };
        let invoked = self
            .runtime
            .block_on(self.functions.invoke(&caller, request));
        invoked.map(drop)
    }
}

/// The state that an alarm was in, and the one that it is in.
fn states(change: &StateChange) -> Result<[AlarmState<'_>; 2]> {
    let previous = AlarmState {
        value: &change.old_state,
        reason: &change.old_reason,
        reason_data: change.old_reason_data.as_deref(),
        at: at(change.old_state_ms)?,
    };
    let now = AlarmState {
        value: &change.state,
        reason: &change.reason,
        reason_data: change.reason_data.as_deref(),
        at: at(change.at_ms)?,
    };
    Ok([previous, now])
}

fn at(ms: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|error| {
        Error::internal("an alarm changed at a time that there is not").caused_by(error)
    })
}

/// What a function is given.
fn payload(change: &StateChange) -> Result<Value> {
    let arn: Arn = change.arn.parse()?;
    let [previous, now] = states(change)?;
    let mut configuration = change.configuration.clone();
    if let (Value::Object(members), Some(description)) = (&mut configuration, &change.description) {
        members.insert("description".to_owned(), Value::from(description.as_str()));
    }
    let now = now.to_json();
    Ok(json!({
        "source": "aws.cloudwatch",
        "alarmArn": change.arn,
        "accountId": arn.account(),
        "time": now["timestamp"],
        "region": arn.region(),
        "alarmData": {
            "alarmName": change.alarm,
            "state": now,
            "previousState": previous.to_json(),
            "configuration": configuration,
        },
    }))
}
