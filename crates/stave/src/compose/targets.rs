//! What rules, schedules and buckets can send to, and how it is sent there.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use stave_core::iam::Context;
use stave_core::{Arn, Caller, Error, Result};
use stave_services::functions::{InvocationRequest, InvocationType};
use stave_services::iam::AssumeRole;
use stave_services::schedules::{EventEntry, Sender, Shipment, Targets};
use stave_services::{Functions, Iam, Telemetry};

use super::destination::Destination;
use super::platform::Opened;
use super::work;

/// Sends to functions, buses and log groups, and starts jobs, crawlers and extracts.
#[derive(Debug)]
pub(super) struct PlatformTargets {
    iam: Iam,
    functions: Functions,
    telemetry: Telemetry,
    opened: Arc<Opened>,
    home: PathBuf,
    region: String,
}

impl PlatformTargets {
    pub fn new(
        iam: Iam,
        functions: Functions,
        telemetry: Telemetry,
        opened: Arc<Opened>,
        (home, region): (PathBuf, String),
    ) -> Self {
        Self {
            iam,
            functions,
            telemetry,
            opened,
            home,
            region,
        }
    }

    /// Who sends: a session of the role, or the service, which functions let in by their policy.
    async fn sender(&self, shipment: &Shipment) -> Result<Caller> {
        let principal = shipment.sender.principal();
        let Some(role) = shipment.role_arn.clone() else {
            return Ok(self
                .functions
                .service_caller(principal, &shipment.source_arn));
        };
        let iam = self.iam.clone();
        let assumed = tokio::task::spawn_blocking(move || {
            let request = AssumeRole {
                role_arn: role,
                session_name: "delivery".to_owned(),
                ..AssumeRole::default()
            };
            let assumed = iam.assume_role_as_service(principal, &request)?;
            let credentials = &assumed.credentials;
            let token = credentials.session_token.expose();
            iam.known_key(&credentials.access_key_id, Some(token))
        });
        let known = assumed
            .await
            .map_err(|error| Error::internal("a role was not assumed").caused_by(error))??;
        Ok(known.into_caller(&Context::new()))
    }

    async fn invoke(&self, caller: &Caller, function: &str, payload: Bytes) -> Result<()> {
        let request = InvocationRequest {
            name: function.to_owned(),
            kind: InvocationType::Event,
            payload,
            ..InvocationRequest::default()
        };
        self.functions.invoke(caller, request).await.map(drop)
    }

    /// Puts an event that another rule has passed on, or a schedule's, on a bus.
    async fn put_on_bus(&self, caller: Caller, bus: String, shipment: &Shipment) -> Result<()> {
        let entry = entry(&shipment.payload, &bus)?;
        let schedules = self.opened.schedules.get().cloned();
        let schedules = schedules.ok_or_else(|| Error::unavailable("rules are not there yet"))?;
        let put = tokio::task::spawn_blocking(move || schedules.put_events(&caller, &[entry]));
        let put = put
            .await
            .map_err(|error| Error::internal("an event was not passed on").caused_by(error))?;
        match put?.into_iter().next() {
            Some(Err((code, message))) => Err(Error::invalid(message).coded(code)),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// Starts what works on for a while, in a process of its own.
    fn start(&self, caller: &Caller, what: &work::Work) -> Result<()> {
        let resource = format!(
            "arn:aws:{}:{}:{}:{}",
            what.service(),
            self.region,
            self.iam.account(),
            what.resource()
        );
        caller.may(what.action(), &resource)?;
        work::start(&self.home, what, &self.telemetry)
    }
}

#[async_trait]
impl Targets for PlatformTargets {
    fn check(&self, sender: Sender, source_arn: &str, target: &Arn) -> Result<()> {
        let destination = Destination::of(target)?;
        if sender != Sender::Bucket {
            return Ok(());
        }
        let Destination::Function(function) = destination else {
            return Err(Error::unsupported(format!(
                "a bucket cannot send to {target}: functions and EventBridge are implemented"
            )));
        };
        let principal = sender.principal();
        let bucket = self.functions.service_caller(principal, source_arn);
        self.functions.may_invoke(&bucket, &function)
    }

    async fn deliver(&self, shipment: &Shipment) -> Result<()> {
        let target: Arn = shipment.target_arn.parse()?;
        let caller = self.sender(shipment).await?;
        let payload = || Bytes::from(shipment.payload.clone());
        match Destination::of(&target)? {
            Destination::Function(function) => self.invoke(&caller, &function, payload()).await,
            Destination::CalledFunction => {
                let (function, payload) = super::destination::invocation(&shipment.payload)?;
                self.invoke(&caller, &function, payload).await
            }
            Destination::Bus(bus) => self.put_on_bus(caller, bus, shipment).await,
            Destination::LogGroup(group) => {
                let stream = shipment.id.replace([':', '*'], "-");
                let sink = self.telemetry.sink();
                sink.put_line(&group, &stream, shipment.payload.clone());
                Ok(())
            }
            Destination::Work(kind) => {
                self.start(&caller, &work::Work::read(&kind, &shipment.payload)?)
            }
        }
    }
}

/// What a payload says, as an entry of a bus: an event as it stands, anything else as a detail.
fn entry(payload: &str, bus: &str) -> Result<EventEntry> {
    let wrong = |error: serde_json::Error| {
        Error::invalid(format!("what goes to a bus is not JSON: {error}"))
    };
    let value: serde_json::Value = serde_json::from_str(payload).map_err(wrong)?;
    let text = |name: &str| value.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    let resources = value.get("resources").and_then(|v| v.as_array());
    let resources = resources.into_iter().flatten();
    let detail = value.get("detail").unwrap_or(&value);
    Ok(EventEntry {
        at: text("time").and_then(|time| time.parse().ok()),
        source: text("source").or_else(|| Some("aws.scheduler".to_owned())),
        resources: resources
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        detail_type: text("detail-type").or_else(|| Some("Scheduled Event".to_owned())),
        detail: Some(detail.to_string()),
        bus: Some(bus.to_owned()),
    })
}
