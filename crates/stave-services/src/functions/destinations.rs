//! Where the outcome of an asynchronous invocation goes.
//!
//! The record is written beside the invocation before it is delivered, so that it is delivered
//! after a restart, too: at least once.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use bytes::Bytes;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stave_core::{Caller, Error, ErrorKind, Result};
use stave_store::functions::Invocation;

use super::Functions;
use super::definition::FunctionVersion;
use super::events::EventSettingsChange;
use super::invoke::{InvocationRequest, InvocationType};
use super::names::{Named, Qualifier};
use super::ports::{Delivery, LogEvent};
use super::run::Outcome;

/// How long a record is tried to be delivered after its event was queued.
const PATIENCE: SignedDuration = SignedDuration::from_hours(12);

/// Why an invocation is at an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
    ZeroReservedConcurrency,
}

/// A record, and where it goes.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    destination: String,
    succeeded: bool,
    at: jiff::Timestamp,
    record: String,
}

impl Functions {
    /// Ends an invocation: its record is delivered if there is somewhere to deliver it to.
    pub(super) async fn conclude(
        &self,
        mut invocation: Invocation,
        version: &FunctionVersion,
        events: &EventSettingsChange,
        outcome: Option<Outcome>,
        condition: Condition,
    ) -> Result<()> {
        let succeeded = condition == Condition::Success;
        let destination = if succeeded {
            &events.on_success
        } else {
            &events.on_failure
        };
        let Some(destination) = destination.clone() else {
            return self.done(&invocation).await;
        };
        let at = self.now();
        let pending = Pending {
            record: record(&invocation, version, outcome.as_ref(), condition, at).to_string(),
            destination,
            succeeded,
            at,
        };
        let pending = serde_json::to_string(&pending)
            .map_err(|error| Error::internal("a record cannot be written").caused_by(error))?;
        invocation.outcome = Some(pending);
        invocation.setbacks = 0;
        self.put_back(invocation, at).await?;
        self.wake();
        Ok(())
    }

    /// Delivers the record of an invocation that is at an end.
    pub(super) async fn deliver(&self, invocation: Invocation) -> Result<()> {
        let pending: Pending =
            serde_json::from_str(invocation.outcome.as_deref().unwrap_or_default())
                .map_err(|error| Error::internal("a record cannot be read").caused_by(error))?;
        let (this, function) = (self.clone(), invocation.function.clone());
        let qualifier = invocation.qualifier.clone();
        let role = crate::blocking::blocking(self.store(), move |store| {
            let named = Named {
                name: function,
                qualifier: qualifier.as_deref().map(Qualifier::parse).transpose()?,
            };
            let version = store.functions_read(|rows| this.version(rows, &named))?;
            Ok((this.role_caller(&version)?, version))
        })
        .await;
        let (caller, version) = match role {
            Ok(role) => role,
            // The function is gone, and with it the role that could deliver.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.done(&invocation).await;
            }
            Err(error) => return Err(error),
        };
        let Err(error) = self.hand_over(&caller, &invocation, &pending).await else {
            return self.done(&invocation).await;
        };
        let again = matches!(
            error.kind(),
            ErrorKind::Unavailable
                | ErrorKind::Timeout
                | ErrorKind::Internal
                | ErrorKind::LimitExceeded
        );
        if again && self.now().duration_since(invocation.queued_at) < PATIENCE {
            return self.set_back(invocation).await;
        }
        self.give_up(&version, &invocation, &pending, &error).await
    }

    async fn hand_over(
        &self,
        caller: &Caller,
        invocation: &Invocation,
        pending: &Pending,
    ) -> Result<()> {
        if pending.destination.starts_with(&self.function_arn("")) {
            let request = InvocationRequest {
                name: pending.destination.clone(),
                kind: InvocationType::Event,
                payload: Bytes::from(pending.record.clone()),
                trace: invocation.trace.clone(),
                ..InvocationRequest::default()
            };
            // One that invokes itself asks itself to be awaited.
            return Box::pin(self.invoke(caller, request)).await.map(drop);
        }
        let delivery = Delivery {
            function: invocation.function.clone(),
            request_id: invocation.id.clone(),
            at: pending.at,
            succeeded: pending.succeeded,
            record: pending.record.clone(),
        };
        let destinations = &self.ports().destinations;
        destinations
            .deliver(caller, &pending.destination, &delivery)
            .await
    }

    async fn give_up(
        &self,
        version: &FunctionVersion,
        invocation: &Invocation,
        pending: &Pending,
        error: &Error,
    ) -> Result<()> {
        self.measure(version, "DestinationDeliveryFailures", 1.0, "Count");
        let event = LogEvent {
            at: self.now(),
            message: format!(
                "[ERROR] RequestId: {} the record could not be delivered to {}: {}",
                invocation.id,
                pending.destination,
                error.message()
            ),
        };
        let stream = format!("{}/[destinations]", self.now().strftime("%Y/%m/%d"));
        let logs = &self.ports().logs;
        // The metric says it, too.
        let _ = logs.put(&version.log_group(), &stream, vec![event]).await;
        self.done(invocation).await
    }
}

/// The record as AWS writes it.
fn record(
    invocation: &Invocation,
    version: &FunctionVersion,
    outcome: Option<&Outcome>,
    condition: Condition,
    at: jiff::Timestamp,
) -> Value {
    let qualifier = invocation.qualifier.as_deref();
    let arn = match version.arn.rsplit_once(":function:") {
        Some((before, _)) => format!(
            "{before}:function:{}:{}",
            version.name,
            qualifier.unwrap_or(super::names::LATEST_NAME)
        ),
        None => version.arn.clone(),
    };
    let mut record = json!({
        "version": "1.0",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        "requestContext": {
            "requestId": invocation.id,
            "functionArn": arn,
            "condition": format!("{condition:?}"),
            "approximateInvokeCount": invocation.attempts,
        },
        "requestPayload": value(&invocation.payload),
    });
    if let Some(outcome) = outcome {
        let mut context = json!({"statusCode": 200, "executedVersion": version.version});
        if let Some(error) = outcome.error {
            context["functionError"] = json!(error.as_str());
        }
        record["responseContext"] = context;
        record["responsePayload"] = value(&outcome.payload);
    }
    record
}

/// JSON, or what is none as text.
fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes)))
}
